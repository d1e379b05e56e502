"""Losses, activations, layers, training and files at their edges, and gradients that others get wrong.

Rows 81 to 85 and 161 to 172 go on with those of tests/test_edge_cases.py, 39 and 40 with those of
tests/test_wrong_gradients.py.  What is decided where libraries differ stands in docs/decisions.md.
"""

import signal
import sys

import numpy as np
import pytest

import nn
import nn.functional as F  # noqa: N812
import optim
from autograd import Value, gradients, hessian, is_grad_enabled

INF, NAN = np.inf, np.nan


def check(f, x, value, gradient):
    """f(x) and the gradient of its sum, by backward() and by a recorded backward."""
    with np.errstate(all="ignore"):
        v = Value(x)
        y = f(v)
        np.testing.assert_allclose(y.data, value, rtol=1e-13)
        y.sum().backward()
        np.testing.assert_allclose(v.grad, gradient, rtol=1e-13)
        v = Value(x)
        (again,) = gradients(f(v).sum(), [v], create_graph=True)
    np.testing.assert_allclose(again.data, gradient, rtol=1e-13)


# --- E. losses and activations at +-1000 ----------------------------------------------------------


def test_row_81_bce_with_logits():
    for x, t, value, slope in ((1000.0, 0.0, 1000.0, 1.0), (-1000.0, 0.0, 0.0, 0.0),
                               (1000.0, 1.0, 0.0, 0.0), (-1000.0, 1.0, 1000.0, -1.0)):  # fmt: skip
        check(lambda v, t=t: nn.BCEWithLogitsLoss()(v, np.array([t])), [x], value, [slope])


def test_row_82_cross_entropy():
    loss = nn.CrossEntropyLoss()
    check(lambda v: loss(v, np.array([1])), [[1e4, -1e4]], 20000.0, [[1.0, -1.0]])
    check(lambda v: loss(v, np.array([1])), [[0.0, -INF]], INF, [[1.0, -1.0]])
    for label in (2, -1):
        with pytest.raises((ValueError, IndexError), match=str(label)):
            loss(Value([[0.0, 1.0]]), np.array([label]))
    empty = loss(Value(np.zeros((0, 2))), np.zeros(0, int))
    assert np.isnan(empty.item())


def test_row_83_bce_at_its_ends():
    check(lambda p: nn.BCELoss()(p, np.array([1.0])), [0.0], 100.0, [-1e12])
    for p in (1.5, -0.1):
        with pytest.raises(ValueError, match=r"\[0, 1\]|between 0 and 1"):
            nn.BCELoss()(Value([p]), np.array([1.0]))


@pytest.mark.parametrize("kind", [nn.GELU, nn.SiLU, nn.Mish])
def test_row_84_smooth_gates_far_out(kind):
    check(kind(), [-1000.0, 1000.0], [0.0, 1000.0], [0.0, 1.0])


def test_row_85_layer_norm_of_a_constant_row():
    x = np.full((1, 4), 7.0)
    g = np.array([[1.0, 0.0, 0.0, 0.0]])
    v = Value(x)
    y = nn.LayerNorm(4)(v)
    np.testing.assert_array_equal(y.data, np.zeros((1, 4)))
    y.backward(g)
    np.testing.assert_allclose(v.grad, (g - g.mean()) / np.sqrt(1e-5), rtol=1e-12)


# --- K. training and files ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")
def test_row_161_a_parameter_without_gradient_stays():
    a, b = Value([1.0]), Value([2.0])
    for kind in (optim.SGD, optim.Adam, optim.Muon):
        optimizer = kind([Value(np.ones((2, 2))), a, b][: 1 if kind is optim.Muon else 3], lr=0.1)
        before = [p.data.copy() for p in optimizer.parameters()]
        optimizer.step()
        for p, data in zip(optimizer.parameters(), before, strict=True):
            np.testing.assert_array_equal(p.data, data)


def test_row_162_a_nan_gradient_goes_through_a_bare_step_and_is_stopped_by_fit():
    w = Value([1.0, 2.0])
    w.grad = np.array([NAN, 1.0])
    optim.SGD([w], lr=0.1).step()
    assert np.isnan(w.data).tolist() == [True, False]  # as written by hand
    model = nn.Linear(1, 1)
    with pytest.raises(nn.NonFiniteError, match="gradient of 'weight'"):
        nn.fit(model, np.ones((2, 1)), np.ones((2, 1)), lambda o, t: _infinite_slope(o).sum(),
               optim.SGD(model.parameters()), verbose=0)  # fmt: skip
    assert np.isfinite(model.weight.data).all()


def _infinite_slope(x):
    return np.sqrt((x - x.data) ** 2)


def test_row_164_mse_of_a_column_and_a_row():
    with pytest.raises(ValueError, match=r"\(3, 1\).*\(3,\)"):
        nn.MSELoss()(Value(np.ones((3, 1))), np.ones(3))


def test_row_165_dropout_at_its_ends():
    x = np.arange(1.0, 7.0)
    check(nn.Dropout(0.0), x, x, np.ones(6))
    check(nn.Dropout(1.0), x, np.zeros(6), np.zeros(6))
    check(nn.Dropout(1.0).eval(), x, x, np.ones(6))
    nn.manual_seed(5)
    one = nn.Dropout(0.5)(Value(x)).data
    nn.manual_seed(5)
    np.testing.assert_array_equal(nn.Dropout(0.5)(Value(x)).data, one)
    assert set(np.unique(one / x)) == {0.0, 2.0}


def test_row_166_batch_norm_with_one_sample():
    layer = nn.BatchNorm1d(2)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        layer(np.ones((1, 2)))
    np.testing.assert_array_equal(layer.running_mean.data, [0.0, 0.0])
    np.testing.assert_allclose(layer.eval()(np.ones((1, 2))).data, 1 / np.sqrt(1 + 1e-5), rtol=1e-15)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("moment", ["forward", "backward"])
def test_row_172_ctrl_c_inside_a_pass(moment):
    """Gradients are all there or all gone, and gradients are recorded as before."""
    model = nn.Linear(2, 1)

    def press(*given):
        signal.raise_signal(signal.SIGINT)

    hooked = nn.Sequential(model, nn.Tanh())
    register = {"forward": hooked[1].register_forward_hook, "backward": hooked[1].register_full_backward_hook}
    handle = register[moment](press)
    with pytest.raises(KeyboardInterrupt):
        hooked(np.ones((3, 2))).sum().backward()
    assert all(p.grad is None for p in hooked.parameters())
    assert is_grad_enabled()
    handle.remove()
    handle = register[moment](press)
    before = model.weight.data.copy()
    history = nn.fit(hooked, np.ones((3, 2)), np.zeros((3, 1)), nn.MSELoss(),
                     optim.SGD(hooked.parameters()), epochs=5, verbose=0)  # fmt: skip
    assert history.interrupted
    assert history.epoch == []
    assert all(p.grad is None for p in hooked.parameters())
    assert (model.weight.data != before).any()  # the batch it fell into was finished
    assert is_grad_enabled()


# --- gradients that others get wrong --------------------------------------------------------------


def central(f, x, h=1e-6):
    """The Jacobian of f by central differences."""
    x = np.asarray(x, float)
    columns = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size).reshape(-1, *x.shape)]
    return np.stack(columns, axis=-1)


POINTS = np.array([-30.0, -2.5, -0.1, 0.3, 1.7, 30.0])
SECOND = {  # loss of a vector, and its second derivative, by hand
    "poisson": (lambda x: F.poisson_nll_loss(x, np.full(6, 0.5), reduction="sum"), np.exp),
    "poisson of rates": (
        lambda x: F.poisson_nll_loss(np.abs(x), np.full(6, 0.5), log_input=False, reduction="sum", eps=0.0),
        lambda x: 0.5 / x**2,
    ),
    "poisson with Stirling's term": (
        lambda x: F.poisson_nll_loss(x, np.full(6, 4.0), full=True, reduction="sum"),
        np.exp,
    ),
    "bce with logits": (
        lambda x: F.binary_cross_entropy_with_logits(x, np.full(6, 0.3), reduction="sum"),
        lambda x: np.exp(-abs(x)) / (1 + np.exp(-abs(x))) ** 2,
    ),
    "bce with logits and weights": (
        lambda x: F.binary_cross_entropy_with_logits(
            x, np.full(6, 0.3), np.full(6, 2.0), reduction="sum", pos_weight=np.array(3.0)
        ),
        lambda x: 2 * (0.3 * 3 + 0.7) * np.exp(-abs(x)) / (1 + np.exp(-abs(x))) ** 2,
    ),
}


@pytest.mark.parametrize("name", SECOND)
def test_row_39_second_derivatives_of_losses(name):
    f, expected = SECOND[name]
    np.testing.assert_allclose(hessian(f)(POINTS), np.diag(expected(POINTS)), rtol=1e-12, atol=0)


def test_row_39_derivatives_by_the_target():
    x = POINTS[1:5]
    for f, slope in (
        (lambda t: F.poisson_nll_loss(x, t, reduction="sum"), -x),
        (lambda t: F.binary_cross_entropy_with_logits(x, t, reduction="sum"), -x),
    ):
        t = Value(np.full(4, 0.4))
        f(t).backward()
        np.testing.assert_allclose(t.grad, slope, rtol=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, INF])
def test_row_40_normalize(p):
    zero = Value(np.zeros((2, 3)))
    y = F.normalize(zero, p)
    np.testing.assert_array_equal(y.data, np.zeros((2, 3)))
    y.sum().backward()
    # 1 / eps, the slope of x / max(norm, eps), not nan: as decided
    np.testing.assert_array_equal(zero.grad, np.full((2, 3), 1e12))
    x = np.array([[3.0, -4.0, 1.5]])
    v = Value(x)
    F.normalize(v, p).backward(np.array([[1.0, 2.0, -1.0]]))
    expected = np.array([[1.0, 2.0, -1.0]]) @ central(lambda a: F.normalize(a, p)[0], x[0][None]).reshape(
        3, 3
    )
    np.testing.assert_allclose(v.grad, expected, rtol=1e-7, atol=1e-9)


def test_row_40_normalize_near_zero():
    x = np.array([[1e-200, 0.0], [3e-6, 4e-6], [1e200, 1e200]])
    v = Value(x)
    with np.errstate(all="ignore"):
        y = F.normalize(v)
    np.testing.assert_allclose(y.data[1], [0.6, 0.8], rtol=1e-12)
    np.testing.assert_allclose(y.data[0], [1e-188, 0.0], rtol=1e-12)
