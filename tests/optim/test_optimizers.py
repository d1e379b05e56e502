"""Every optimizer against its formula written out, and what all of them must keep."""

import math

import numpy as np
import pytest

from autograd import Value
from optim.adadelta import Adadelta
from optim.adafactor import Adafactor
from optim.adagrad import Adagrad
from optim.adam import Adam, AdamW
from optim.adamax import Adamax
from optim.asgd import ASGD
from optim.ftrl import Ftrl
from optim.lamb import Lamb
from optim.lion import Lion
from optim.muon import Muon, orthogonal
from optim.nadam import NAdam
from optim.optimizer import Optimizer
from optim.radam import RAdam
from optim.rmsprop import RMSprop
from optim.rprop import Rprop
from optim.sgd import SGD

STEPS = 30
W0 = np.array([1.3, -0.7, 0.4, 2.0])


def slope(w):
    """The gradient of sum 2 (w_{i+1} - w_i^2)^2 + (1 - w_i)^2."""
    x = np.ravel(w)
    g, d = -2 * (1 - x), x[1:] - x[:-1] ** 2
    g[1:] += 4 * d
    g[:-1] -= 8 * d * x[:-1]
    return g.reshape(np.shape(w))


# --- formulas: each takes (w, g, t, state, options) and returns the new w -------------------------


def sgd_inside(w, g, t, s, lr, momentum, nesterov=False):
    s.b = momentum * s.b + lr * g
    return w - (momentum * s.b + lr * g if nesterov else s.b)


def adam(w, g, t, s, lr, b1=0.9, b2=0.999, eps=1e-8, wd=0.0, hat=False):
    w = w - lr * wd * w
    s.m, s.v = b1 * s.m + (1 - b1) * g, b2 * s.v + (1 - b2) * g**2
    if hat:
        return w - lr * math.sqrt(1 - b2**t) / (1 - b1**t) * s.m / (np.sqrt(s.v) + eps)
    return w - lr * (s.m / (1 - b1**t)) / (np.sqrt(s.v / (1 - b2**t)) + eps)


def asgd(w, g, t, s, lr, lambd, alpha):
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    return w * (1 - lambd * eta) - eta * g


def adagrad(w, g, t, s, lr, decay=0.0, start=0.0, eps=1e-10, inside=False):
    s.v = (start if t == 1 else s.v) + g**2
    return w - lr / (1 + (t - 1) * decay) * g / (np.sqrt(s.v + eps) if inside else np.sqrt(s.v) + eps)


def adadelta(w, g, t, s, lr, rho=0.9, eps=1e-6):
    s.v = rho * s.v + (1 - rho) * g**2
    d = np.sqrt(s.b + eps) / np.sqrt(s.v + eps) * g
    s.b = rho * s.b + (1 - rho) * d**2
    return w - lr * d


def adafactor(w, g, t, s, lr):
    beta, new = t**-0.8, g**2
    if w.ndim == 2:
        s.m = (1 - beta) * s.m + beta * new.mean(1, keepdims=True)
        s.b = (1 - beta) * s.b + beta * new.mean(0, keepdims=True)
        v = s.m @ s.b / max(s.m.mean(), np.finfo(float).eps)
    else:
        v = s.v = (1 - beta) * s.v + beta * new
    u = g / np.sqrt(np.maximum(v, np.finfo(float).eps ** 2))
    size = max(1e-3, math.sqrt(np.mean(w**2))) * min(lr, 1 / math.sqrt(t))
    return w - size * u / max(1, math.sqrt(np.mean(u**2)))


def adamax(w, g, t, s, lr, eps=1e-8, outside=False):
    s.m = 0.9 * s.m + 0.1 * g
    s.v = np.maximum(0.999 * s.v, np.abs(g) + (0 if outside else eps))
    return w - lr / (1 - 0.9**t) * s.m / (s.v + (eps if outside else 0))


def nadam(w, g, t, s, lr, psi=4e-3, eps=1e-8):
    mu = [0.9 * (1 - 0.5 * 0.96 ** (i * psi)) for i in range(1, t + 2)]
    s.m, s.v = 0.9 * s.m + 0.1 * g, 0.999 * s.v + 0.001 * g**2
    m = mu[t] * s.m / (1 - math.prod(mu)) + (1 - mu[t - 1]) * g / (1 - math.prod(mu[:t]))
    return w - lr * m / (np.sqrt(s.v / (1 - 0.999**t)) + eps)


def radam(w, g, t, s, lr, b2):
    s.m, s.v = 0.9 * s.m + 0.1 * g, b2 * s.v + (1 - b2) * g**2
    m, top = s.m / (1 - 0.9**t), 2 / (1 - b2) - 1
    rho = top - 2 * t * b2**t / (1 - b2**t)
    if rho <= 5:
        return w - lr * m
    r = math.sqrt((rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho))
    return w - lr * r * m * math.sqrt(1 - b2**t) / (np.sqrt(s.v) + 1e-8)


def rmsprop(w, g, t, s, lr, alpha=0.99, eps=1e-8, momentum=0.0, centered=False, keras=False):
    s.v, s.m = alpha * s.v + (1 - alpha) * g**2, alpha * s.m + (1 - alpha) * g
    v = s.v - s.m**2 if centered else s.v
    d = g / (np.sqrt(v + eps) if keras else np.sqrt(v) + eps)
    s.b = momentum * s.b + (lr * d if keras else d)
    return w - s.b if keras else w - lr * s.b


def rprop(w, g, t, s, lr):
    size = np.full_like(w, lr) if t == 1 else s.v
    turn = g * s.b
    s.v = np.clip(size * np.where(turn > 0, 1.2, np.where(turn < 0, 0.5, 1)), 1e-6, 50)
    s.b = np.where(turn < 0, 0, g)
    return w - s.v * np.sign(s.b)


def lion(w, g, t, s, lr, wd=0.0):
    c = 0.9 * s.m + 0.1 * g
    s.m = 0.99 * s.m + 0.01 * g
    return w * (1 - lr * wd) - lr * np.sign(c)


def ftrl(w, g, t, s, lr, power=0.5, start=0.1, l1=0.0, l2=0.0, shrink=0.0, beta=0.0):
    old = start if t == 1 else s.v
    s.v = old + g**2
    s.b = s.b + g + 2 * shrink * w - (s.v**power - old**power) / lr * w
    return np.where(np.abs(s.b) <= l1, 0.0, (np.sign(s.b) * l1 - s.b) / ((beta + s.v**power) / lr + 2 * l2))


def lamb(w, g, t, s, lr, wd=0.0):
    s.m, s.v = 0.9 * s.m + 0.1 * g, 0.999 * s.v + 0.001 * g**2
    u = s.m / (1 - 0.9**t) / (np.sqrt(s.v / (1 - 0.999**t)) + 1e-6) + wd * w
    return w - lr * math.sqrt(np.sum(w**2)) / math.sqrt(np.sum(u**2)) * u


def muon(w, g, t, s, lr, nesterov=True):
    s.m = 0.95 * s.m + 0.05 * g
    x = 0.05 * g + 0.95 * s.m if nesterov else s.m
    u, d, v = np.linalg.svd(x, full_matrices=False)
    d = d / np.linalg.norm(d)
    for _ in range(5):  # the iteration acts on the singular values alone
        d = 3.4445 * d - 4.7750 * d**3 + 2.0315 * d**5
    return w * (1 - lr * 0.1) - lr * math.sqrt(max(1, w.shape[0] / w.shape[1])) * (u * d) @ v


class Slots:
    """m, v, b: what a formula remembers, 0 at first."""

    m = v = b = 0.0


MATRIX = np.stack([W0, W0[::-1] * 0.5, -W0 + 0.3]).T.copy()
FORMULAS = [
    (SGD, dict(lr=0.02, momentum=0.9, lr_inside=True), sgd_inside, dict(momentum=0.9)),
    (
        SGD,
        dict(lr=0.02, momentum=0.9, nesterov=True, lr_inside=True),
        sgd_inside,
        dict(momentum=0.9, nesterov=True),
    ),
    (Adam, dict(lr=0.1, epsilon_hat=True, eps=1e-3), adam, dict(hat=True, eps=1e-3)),
    (AdamW, dict(lr=0.1), adam, dict(wd=1e-2)),
    (AdamW, dict(lr=0.1, betas=(0.5, 0.9), weight_decay=0.3), adam, dict(wd=0.3, b1=0.5, b2=0.9)),
    (ASGD, dict(lr=0.02, lambd=0.5, alpha=0.6), asgd, dict(lambd=0.5, alpha=0.6)),
    (Adagrad, dict(lr=0.1), adagrad, dict()),
    (Adagrad, dict(lr=0.1, lr_decay=0.2, initial_accumulator_value=0.3), adagrad, dict(decay=0.2, start=0.3)),
    (Adagrad, dict(lr=0.1, eps=0.1, eps_inside=True), adagrad, dict(eps=0.1, inside=True)),
    (Adadelta, dict(lr=1.0), adadelta, dict()),
    (Adadelta, dict(lr=0.5, rho=0.8, eps=1e-3), adadelta, dict(rho=0.8, eps=1e-3)),
    (Adafactor, dict(lr=0.05), adafactor, dict()),
    (Adamax, dict(lr=0.1), adamax, dict()),
    (Adamax, dict(lr=0.1, eps=0.1, eps_outside=True), adamax, dict(eps=0.1, outside=True)),
    (NAdam, dict(lr=0.1), nadam, dict()),
    (NAdam, dict(lr=0.1, momentum_decay=1.0), nadam, dict(psi=1.0)),
    (RAdam, dict(lr=0.1, betas=(0.9, 0.9)), radam, dict(b2=0.9)),
    (RAdam, dict(lr=0.1), radam, dict(b2=0.999)),
    (RMSprop, dict(lr=0.05), rmsprop, dict()),
    (RMSprop, dict(lr=0.05, momentum=0.5, centered=True), rmsprop, dict(momentum=0.5, centered=True)),
    (
        RMSprop,
        dict(lr=0.05, momentum=0.5, eps=0.1, keras=True),
        rmsprop,
        dict(momentum=0.5, eps=0.1, keras=True),
    ),
    (Rprop, dict(lr=0.05), rprop, dict()),
    (Lion, dict(lr=0.05), lion, dict()),
    (Lion, dict(lr=0.05, weight_decay=0.3), lion, dict(wd=0.3)),
    (Ftrl, dict(lr=0.3), ftrl, dict()),
    (
        Ftrl,
        dict(lr=0.3, lr_power=-0.7, l1=2.0, l2=0.1, l2_shrinkage=0.05, beta=0.5),
        ftrl,
        dict(power=0.7, l1=2.0, l2=0.1, shrink=0.05, beta=0.5),
    ),
    (Lamb, dict(lr=0.05), lamb, dict()),
    (Lamb, dict(lr=0.05, weight_decay=0.2), lamb, dict(wd=0.2)),
]
KINDS = [
    SGD,
    Adam,
    AdamW,
    ASGD,
    Adagrad,
    Adadelta,
    Adafactor,
    Adamax,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
    Lion,
    Ftrl,
    Lamb,
]
DECAYS = [
    SGD,
    Adam,
    ASGD,
    Adagrad,
    Adadelta,
    Adamax,
    NAdam,
    RAdam,
    RMSprop,
]  # weight_decay joins the gradient


def flat_slope(w):
    return 1e-3 * slope(w)


def walked(optimizer, w, steps=STEPS, slope=slope):
    path = []
    for _ in range(steps):
        w.grad = slope(np.asarray(w.data))
        optimizer.step()
        path.append(np.array(w.data))
    return np.array(path)


@pytest.mark.parametrize("w0", [W0, MATRIX], ids=["vector", "matrix"])
@pytest.mark.parametrize(
    ("kind", "options", "formula", "names"), FORMULAS, ids=lambda x: getattr(x, "__name__", "")
)
def test_formula(kind, options, formula, names, w0):
    w = Value(w0)
    path = walked(kind([w], **options), w)
    expected, x, s = [], w0, Slots()
    for t in range(1, STEPS + 1):
        x = formula(x, slope(x), t, s, lr=options["lr"], **names)
        expected.append(x)
    np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-12)
    assert np.max(np.abs(path[-1] - w0)) > 1e-2 or kind is Adadelta


@pytest.mark.parametrize("w0", [W0, MATRIX], ids=["vector", "matrix"])
def test_adafactor_takes_small_gradients_as_well(w0):
    w, x, s = Value(w0), w0, Slots()
    for t, reached in enumerate(walked(Adafactor([w], lr=0.05), w, slope=flat_slope), 1):
        x = adafactor(x, flat_slope(x), t, s, 0.05)
        np.testing.assert_allclose(reached, x, rtol=1e-9)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
@pytest.mark.parametrize("nesterov", [True, False])
def test_muon(nesterov, shape):
    w0 = MATRIX.reshape(shape)
    w = Value(w0)
    path = walked(Muon([w], lr=0.05, nesterov=nesterov), w)
    x, s = w0, Slots()
    for t, reached in enumerate(path, 1):
        x = muon(x, slope(x), t, s, 0.05, nesterov)
        np.testing.assert_allclose(reached, x, rtol=1e-9)


def test_the_iteration_of_muon_makes_singular_values_near_one():
    values = np.linalg.svd(orthogonal(MATRIX, (3.4445, -4.7750, 2.0315), 5, 1e-7), compute_uv=False)
    assert np.all((values > 0.6) & (values < 1.3))


def test_ftrl_with_l1_makes_exact_zeros():
    w = Value(np.zeros(3))
    optimizer = Ftrl([w], lr=0.5, l1=1.0)
    walked(optimizer, w, 50, lambda x: x - np.array([3.0, 0.01, -0.01]))
    assert w.data[0] > 0.5 and np.all(w.data[1:] == 0)


def test_asgd_keeps_the_mean_from_t0_on():
    w = Value(W0)
    optimizer = ASGD([w], lr=0.01, t0=10)
    path = walked(optimizer, w)
    # mu is that of the step before: the average begins with the point of step t0 + 2
    np.testing.assert_allclose(optimizer.state[0]["ax"], path[11:].mean(0), rtol=1e-12)


def test_lr_inside_differs_where_lr_changes():
    ends = []
    for inside in (False, True):
        w = Value(W0)
        optimizer = SGD([w], lr=0.02, momentum=0.9, lr_inside=inside)
        same = walked(optimizer, w, 5)
        optimizer.param_groups[0]["lr"] = 0.002
        ends.append((same, walked(optimizer, w, 5)))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-12)
    assert np.max(np.abs(ends[0][1] - ends[1][1])) > 1e-3


# --- what all of them keep ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_scalars_and_arrays_take_the_same_path(kind):
    s, a = Value(1.5), Value([1.5])
    one, two = kind([s], lr=0.1), kind([a], lr=0.1)
    paths = [walked(o, w, 20, lambda w: 4 * w**3 + 1) for o, w in ((one, s), (two, a))]
    np.testing.assert_array_equal(paths[0], paths[1][:, 0])
    assert isinstance(s.data, np.float64) and s.item() != 1.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [*KINDS, Muon])
def test_arrays_are_updated_in_place_and_keep_dtype_and_gradient(kind, dtype):
    w = Value(MATRIX.astype(dtype))
    buffer, optimizer = w.data, kind([w], lr=0.1)
    for _ in range(3):
        w.grad = g = slope(w.data).astype(dtype)
        kept = g.copy()
        optimizer.step()
        assert w.data is buffer and w.dtype == dtype
        np.testing.assert_array_equal(g, kept)
    assert all(x.dtype == dtype for x in optimizer.state[0].values() if isinstance(x, np.ndarray))


@pytest.mark.parametrize("kind", [*KINDS, Muon])
def test_maximize_is_descent_on_the_negative(kind):
    up, down = Value(MATRIX), Value(MATRIX)
    climbed = walked(kind([up], lr=0.01, maximize=True), up, 10, lambda w: -slope(w))
    np.testing.assert_array_equal(climbed, walked(kind([down], lr=0.01), down, 10))


@pytest.mark.parametrize("kind", DECAYS)
def test_weight_decay_is_a_gradient(kind):
    a, b = Value(W0), Value(W0)
    one = walked(kind([a], lr=0.01, weight_decay=0.3), a)
    two = walked(kind([b], lr=0.01), b, slope=lambda w: slope(w) + 0.3 * w)
    np.testing.assert_allclose(one, two, rtol=1e-12)


@pytest.mark.parametrize("kind", [Adam, NAdam, RAdam])
def test_decoupled_weight_decay_shrinks_first(kind):
    a, b = Value(W0), Value(W0)
    one, two = kind([a], lr=0.1, weight_decay=0.3, decoupled_weight_decay=True), kind([b], lr=0.1)
    for _ in range(10):
        a.grad = b.grad = slope(a.data)
        one.step()
        b.data = b.data * (1 - 0.1 * 0.3)
        two.step()
        np.testing.assert_allclose(a.data, b.data, rtol=1e-12)


@pytest.mark.parametrize("kind", [*KINDS, Muon])
def test_it_goes_down(kind):
    def loss(w):
        d = w[1:] - w[:-1] ** 2
        return float(np.sum(2 * d**2) + np.sum((1 - w) ** 2))

    w = Value(MATRIX[:3] / 2)
    before = loss(w.data.ravel())
    walked(kind([w], lr=2.0 if kind is Ftrl else 0.01), w, 100)
    assert loss(w.data.ravel()) < before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: Adagrad([w], lr_decay=-1), "lr_decay=-1"),
        (lambda w: Adadelta([w], rho=1.5), "rho=1.5"),
        (lambda w: Adafactor([w], beta2_decay=0.5), "beta2_decay"),
        (lambda w: Adafactor([w], d=0.5), "d=0.5"),
        (lambda w: Adafactor([w], eps=(-1.0, 1.0)), "eps"),
        (lambda w: Rprop([w], etas=(1.1, 1.2)), "etas"),
        (lambda w: Muon([w]), "matrices"),
        (lambda w: Muon([Value(MATRIX)], adjust_lr_fn="other"), "adjust_lr_fn"),
        (lambda w: Muon([Value(MATRIX)], ns_steps=100), "ns_steps"),
        (lambda w: Muon([Value(MATRIX)], ns_coefficients=(1, 2)), "ns_coefficients"),
        (lambda w: Ftrl([w], lr=0.0), "lr=0"),
        (lambda w: Ftrl([w], lr_power=0.5), "lr_power"),
        (lambda w: SGD([w], momentum=0.9, dampening=0.1, lr_inside=True), "lr_inside"),
        (lambda w: SGD([{"params": [w], "lr": -1.0}]), "lr=-1"),
        *[(lambda w, kind=kind: kind([w], lr=-0.1), "lr=-0.1") for kind in KINDS],
        *[
            (lambda w, kind=kind: kind([w], betas=(0.9, 1.0)), "betas")
            for kind in (Adamax, NAdam, RAdam, Lion, Lamb)
        ],
    ],
)
def test_refusals_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make(Value(W0))


def test_an_infinite_gradient_warns_of_nothing():
    w = Value(W0)
    for kind in KINDS:
        optimizer = kind([w], lr=0.1)
        w.grad = np.array([np.inf, np.nan, 0.0, -np.inf])
        optimizer.step()
        w.data = W0


def test_an_optimizer_of_ones_own():
    class Sign(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))

        def update(self, p, g, state, group):
            state["n"] = state.get("n", 0) + 1
            p -= group["lr"] * np.sign(g)
            return p

    w = Value([1.0, -1.0])
    optimizer = Sign([w], 0.25)
    (w * w).sum().backward()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.75, -0.75])
    saved = optimizer.state_dict()
    other = Sign([Value([0.0, 0.0])], 1.0)
    other.load_state_dict(saved)
    assert other.state[0] == {"n": 1} and other.param_groups[0]["lr"] == 0.25
