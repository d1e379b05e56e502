"""Activations: their formulas written out, finite differences, and the ends of the range."""

import math

import numpy as np
import pytest

from autograd import Value, grad, gradients, primitive
from nn import activation, init
from nn.functional import activation as F  # noqa: N812
from nn.functional.erf import erf, erfc, normal_cdf
from tests.numeric import check_first_order, check_higher_orders

X = np.array([[-4.2, -2.5, -0.7, -0.15], [0.2, 0.65, 2.1, 5.0]])  # away from every kink


def sigma(x):
    return 1 / (1 + math.exp(-x))


FORMULAS = {
    "relu": lambda x: max(x, 0),
    "relu6": lambda x: min(max(x, 0), 6),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "celu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "silu": lambda x: x * sigma(x),
    "mish": lambda x: x * math.tanh(math.log(1 + math.exp(x))),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "softshrink": lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0,
    "hardshrink": lambda x: x if abs(x) > 0.5 else 0,
    "tanhshrink": lambda x: x - math.tanh(x),
    "hardtanh": lambda x: min(max(x, -1), 1),
    "hardsigmoid": lambda x: min(max(x / 6 + 0.5, 0), 1),
    "hardswish": lambda x: x * min(max(x / 6 + 0.5, 0), 1),
    "sigmoid": sigma,
    "logsigmoid": lambda x: math.log(sigma(x)),
    "tanh": math.tanh,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_and_three_orders_of_derivatives(name):
    f = getattr(F, name)
    expected = [[FORMULAS[name](x) for x in row] for row in X.tolist()]
    np.testing.assert_allclose(f(X), expected, rtol=1e-13)
    np.testing.assert_array_equal(f(Value(X)).data, f(X))
    check_first_order(f, [X], 1)
    check_higher_orders(f, [X], 2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.gelu(x, "tanh"),
        lambda x: F.elu(x, 0.4),
        lambda x: F.celu(x, 2.5),
        lambda x: F.softplus(x, 2.0, 3.0),
        lambda x: F.hardtanh(x, -3.0, 0.4),
        lambda x: F.threshold(x, 0.3, 7.0),
        lambda x: F.softmax(x, 0),
        lambda x: F.softmin(x, -1),
        lambda x: F.log_softmax(x, 1),
        F.glu,
        lambda x: F.prelu(x, np.array([0.1, 0.2, 0.3, 0.4])),
    ],
)
def test_functions_with_options(f):
    check_first_order(f, [X], 3)
    check_higher_orders(f, [X], 4)


def test_options_by_hand():
    assert float(F.gelu(1.0, "tanh")) == pytest.approx(0.8411919906082768, abs=1e-15)
    assert F.celu(-2.0, 2.0) == pytest.approx(2 * (math.exp(-1) - 1))
    assert F.softplus(10.0, beta=2.0, threshold=19.0) == 10.0
    assert F.threshold(np.array([0.1, 0.2]), 0.1, 9.0).tolist() == [9.0, 0.2]
    np.testing.assert_allclose(F.softmax(np.log([1.0, 3.0]), 0), [0.25, 0.75])
    np.testing.assert_allclose(F.softmin(np.log([1.0, 3.0]), 0), [0.75, 0.25])
    np.testing.assert_allclose(F.log_softmax([1e4, -1e4], 0), [0, -2e4])
    np.testing.assert_allclose(F.glu([3.0, 4.0, 0.0, 1e3]), [1.5, 4.0])


def test_prelu_of_one_weight():
    x, w = Value([[-2.0, 3.0], [4.0, -5.0]]), Value([0.25])
    y = F.prelu(x, w)
    y.sum().backward()
    assert y.data.tolist() == [[-0.5, 3.0], [4.0, -1.25]]
    assert (x.grad.tolist(), w.grad.tolist()) == ([[0.25, 1.0], [1.0, 0.25]], [-7.0])
    assert F.prelu(np.array([-2.0, 4.0]), 0.5).tolist() == [-1.0, 4.0]


def test_prelu_by_channel_and_its_weight():
    x, w = Value([[-2.0, -3.0], [4.0, -5.0]]), Value([0.5, 0.1])
    y = F.prelu(x, w)
    assert y.data.tolist() == [[-1.0, -3.0 * 0.1], [4.0, -0.5]]
    y.sum().backward()
    assert x.grad.tolist() == [[0.5, 0.1], [1.0, 0.1]]
    assert w.grad.tolist() == [-2.0, -8.0]
    with pytest.raises(ValueError, match=r"weight has shape \(3,\), input \(2, 2\) has 2 channels"):
        F.prelu(x, np.zeros(3))


# --- the ends of the range ------------------------------------------------------------------

SLOPES_FAR_OUT = [  # function, x, slope: the formulas for large |x|, by hand
    (F.sigmoid, 50.0, math.exp(-50)),
    (F.sigmoid, -50.0, math.exp(-50)),
    (F.sigmoid, 700.0, math.exp(-700)),
    (F.tanh, 50.0, 4 * math.exp(-100)),
    (F.tanh, -50.0, 4 * math.exp(-100)),
    (F.tanh, 350.0, 4 * math.exp(-700)),
    (F.logsigmoid, 50.0, math.exp(-50)),
    (F.logsigmoid, -1000.0, 1.0),
    (F.softplus, -700.0, math.exp(-700)),
    (F.silu, -700.0, -699 * math.exp(-700)),
    (F.mish, -700.0, -699 * math.exp(-700)),
    (F.elu, -700.0, math.exp(-700)),
]


@pytest.mark.parametrize(("f", "x", "slope"), SLOPES_FAR_OUT)
def test_slopes_underflow_only_with_the_numbers(f, x, slope):
    assert grad(f)(x) == pytest.approx(slope, rel=1e-12)


def test_second_slopes_underflow_only_with_the_numbers():
    for f, x, second in [
        (F.sigmoid, 50.0, -math.exp(-50)),
        (F.softplus, -50.0, math.exp(-50)),
        (lambda x: F.softplus(x, threshold=100.0), 50.0, math.exp(-50)),
        (F.logsigmoid, 50.0, -math.exp(-50)),
        (F.tanh, 50.0, -8 * math.exp(-100)),
    ]:
        assert grad(grad(f))(x) == pytest.approx(second, rel=1e-12)


@pytest.mark.parametrize("name", [*FORMULAS, "gelu_tanh"])
def test_nothing_overflows_in_value_or_two_derivatives(name):
    f = (lambda x: F.gelu(x, "tanh")) if name == "gelu_tanh" else getattr(F, name)
    for big in (1e3, 1e150):
        x = Value([-big, big])
        y = f(x)
        (g,) = gradients([y], [x], [np.ones(2)], create_graph=True)
        h = [None] if not g.requires_grad else gradients([g], [x], [np.ones(2)], allow_unused=True)
        assert np.all(np.isfinite(y.data)) and np.all(np.isfinite(g.data)), name
        assert h[0] is None or np.all(h[0] == 0) or (name == "softsign" and np.all(abs(h[0]) < 1e-8))
        left, right = g.data
        if name in ("gelu", "gelu_tanh", "silu", "mish", "hardswish", "relu", "softplus", "elu", "celu"):
            assert (left, right) == (0.0, 1.0), name


def test_kinks_have_the_slope_of_the_flat_side():
    flat = [
        (F.relu, 0.0),
        (F.relu6, 0.0),
        (F.relu6, 6.0),
        (F.hardtanh, -1.0),
        (F.hardtanh, 1.0),
        (F.hardsigmoid, -3.0),
        (F.hardsigmoid, 3.0),
        (F.hardswish, -3.0),
        (F.hardshrink, 0.5),
        (F.softshrink, -0.5),
        (lambda x: F.threshold(x, 0.2, 0.2), 0.2),
    ]
    assert [float(grad(f)(x)) for f, x in flat] == [0.0] * len(flat)
    assert grad(F.leaky_relu)(0.0) == 0.01
    assert [grad(f)(0.0) for f in (F.elu, F.celu)] == [1.0, 1.0]


def test_dtypes_and_numbers():
    for name in FORMULAS:
        f = getattr(F, name)
        x = Value(X.astype(np.float32))
        y = f(x)
        y.sum().backward()
        assert y.dtype == f(X.astype(np.float32)).dtype == x.grad.dtype == np.float32, name
        assert not isinstance(f(0.3), np.ndarray) and f(np.array(-2.0)).shape == ()
        assert f(Value(0.3)).shape == ()
        assert f([1, 2]).tolist() == f([1.0, 2.0]).tolist()
        assert f(np.zeros((0, 3))).shape == (0, 3)
        assert np.isnan(f(math.nan)), name


# --- erf ------------------------------------------------------------------------------------


def test_erf_to_its_last_digits():
    x = np.concatenate([np.linspace(-7, 7, 4001), np.linspace(-0.6, 0.6, 1001), [1e-300, -1e-8, 26.0]])
    for ours, reference, units in ((erf, math.erf, 4), (erfc, math.erfc, 8)):
        expected = np.array([reference(v) for v in x])
        assert np.max(abs(ours(x) - expected) / np.spacing(abs(expected))) <= units
    assert erf(np.array([np.inf, -np.inf])).tolist() == [1.0, -1.0]
    assert erfc(np.array([np.inf, -np.inf])).tolist() == [0.0, 2.0]
    assert np.isnan(erf(np.nan)) and math.copysign(1, erf(-0.0)) == -1
    assert normal_cdf(-10.0) == pytest.approx(7.619853024160527e-24, rel=1e-14)
    for f in (erf, erfc, normal_cdf):
        check_first_order(f, [X], 5)
        check_higher_orders(f, [X], 6)


# --- modules --------------------------------------------------------------------------------

MODULES = {
    "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky_relu", "ELU": "elu", "CELU": "celu", "SELU": "selu",
    "GELU": "gelu", "SiLU": "silu", "Mish": "mish", "Softplus": "softplus", "Softsign": "softsign",
    "Softshrink": "softshrink", "Hardshrink": "hardshrink", "Tanhshrink": "tanhshrink", "Hardtanh": "hardtanh",
    "Hardsigmoid": "hardsigmoid", "Hardswish": "hardswish", "Sigmoid": "sigmoid", "LogSigmoid": "logsigmoid",
    "Tanh": "tanh",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_its_function(name):
    layer = getattr(activation, name)()
    np.testing.assert_array_equal(layer(X), getattr(F, MODULES[name])(X))
    assert layer.parameters() == []


def test_options_reach_the_function_and_the_repr():
    assert repr(activation.LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"
    assert activation.LeakyReLU(0.2)(-1.0) == -0.2
    layer = activation.ELU(2.0)
    layer.alpha = 3.0
    assert layer(-1e3) == -3.0
    assert activation.ReLU(inplace=True)(Value([-1.0])).data.tolist() == [0.0]
    assert repr(activation.Softmax(dim=1)) == "Softmax(dim=1)"
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 2))
    np.testing.assert_allclose(activation.Softmax2d()(x).sum(axis=1), 1.0)
    np.testing.assert_allclose(activation.PReLU(3, 0.5)(x).data, np.where(x > 0, x, x / 2))
    assert activation.PReLU(3).state_dict()["weight"].tolist() == [0.25] * 3


def test_rrelu_is_random_in_training_and_repeatable():
    x = -np.ones(1000)
    layer = activation.RReLU(0.1, 0.3)
    init.manual_seed(5)
    first = layer(x)
    assert np.all((first >= -0.3) & (first <= -0.1)) and np.ptp(first) > 0.19
    init.manual_seed(5)
    np.testing.assert_array_equal(layer(x), first)
    np.testing.assert_array_equal(activation.RReLU(rng=1)(x), activation.RReLU(rng=1)(x))
    assert layer.eval()(x).tolist() == [-0.2] * 1000
    v = Value(x)
    y = F.rrelu(v, training=True, rng=2)
    y.sum().backward()
    np.testing.assert_array_equal(v.grad, -y.data)


def test_bad_options():
    for call, error, text in [
        (lambda: F.gelu(1.0, "fast"), ValueError, "approximate='fast'"),
        (lambda: F.glu(np.zeros((2, 3))), ValueError, r"axis -1 of shape \(2, 3\) has odd length"),
        (lambda: F.softshrink(1.0, -1), ValueError, "lambd=-1"),
        (lambda: F.hardtanh(1.0, 2, 1), ValueError, "min_val=2"),
        (lambda: F.celu(1.0, 0), ValueError, "alpha"),
        (lambda: activation.Softmax2d()(np.zeros((2, 2))), ValueError, r"\(2, 2\)"),
        (lambda: activation.Hardtanh(1.0, 1.0), ValueError, "min_val=1.0"),
        (lambda: activation.RReLU(0.4, 0.1), ValueError, "lower=0.4"),
        (lambda: F.softmax(np.zeros((2, 2)), 2), np.exceptions.AxisError, "2"),
    ]:
        with pytest.raises(error, match=text):
            call()


def test_softmax_without_dim_warns_and_takes_pytorchs_axis():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for shaped, axis in ((x[0, 0], 0), (x[0], 1), (x, 0)):
        with pytest.warns(UserWarning, match=f"dim={axis}"):
            y = F.softmax(shaped)
        np.testing.assert_array_equal(y, F.softmax(shaped, axis))


def test_a_wrong_rule_would_be_found():
    wrong = primitive(lambda g, out, x: g * out)(lambda x: F.sigmoid(x))
    with pytest.raises(AssertionError):
        check_first_order(wrong, [X], 1)


@pytest.mark.parametrize("dim", [0, -1])
def test_gumbel_softmax_draws_classes_in_proportion(dim):
    p = np.array([0.5, 0.2, 0.3])
    logits = np.log(np.broadcast_to(p, (20_000, 3)))
    logits = logits if dim else logits.T.copy()
    hard = F.gumbel_softmax(logits, hard=True, dim=dim, rng=0)
    assert set(np.unique(hard)) == {0.0, 1.0}
    np.testing.assert_array_equal(hard.sum(axis=dim), 1)
    np.testing.assert_allclose(hard.mean(axis=0 if dim else 1), p, atol=0.01)


def test_gumbel_softmax_hands_the_gradient_of_the_soft_rows_on():
    x = np.random.default_rng(1).normal(size=(4, 5))
    g = np.random.default_rng(2).normal(size=(4, 5))
    grads = []
    for hard in (False, True):
        v = Value(x)
        y = F.gumbel_softmax(v, tau=0.7, hard=hard, rng=3)
        y.backward(g)
        grads.append(v.grad)
    np.testing.assert_array_equal(*grads)
    noise = np.random.default_rng(3).gumbel(size=(4, 5))
    e = np.exp((x + noise) / 0.7)
    s = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        grads[0], s * (g - (g * s).sum(axis=1, keepdims=True)) / 0.7, rtol=1e-11, atol=1e-15
    )
    assert F.gumbel_softmax(x.astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="tau=0"):
        F.gumbel_softmax(x, tau=0.0)
