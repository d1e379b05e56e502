"""SGD and Adam against their formulas written out, and their refusals."""

import math

import numpy as np
import pytest

import optim
from autograd import Value

RNG = np.random.default_rng(3)


def descend(make, w0, steps=20):
    """The path of `make`'s optimizer on 0.5 |A w|^2."""
    a = np.array([[2.0, 0.3], [0.1, 1.0]])
    w = Value(w0)
    optimizer = make([w])
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        (0.5 * ((a @ w) ** 2).sum()).backward()
        optimizer.step()
        path.append(np.array(w.data))
    return np.array(path), lambda v: a.T @ (a @ v)


def written_out_sgd(g, w, steps, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    b, path = None, []
    for _ in range(steps):
        d = g(w) + weight_decay * w
        if momentum:
            b = d if b is None else momentum * b + (1 - dampening) * d
            d = d + momentum * b if nesterov else b
        w = w - lr * d
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize(
    "options",
    [
        dict(lr=0.1),
        dict(lr=0.1, weight_decay=0.2),
        dict(lr=0.05, momentum=0.9),
        dict(lr=0.05, momentum=0.9, dampening=0.4),
        dict(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    ],
)
def test_sgd(options):
    w0 = np.array([1.0, -2.0])
    path, g = descend(lambda ps: optim.SGD(ps, **options), w0)
    np.testing.assert_allclose(path, written_out_sgd(g, w0, 20, **options), rtol=1e-13)


@pytest.mark.parametrize(("amsgrad", "weight_decay"), [(False, 0.0), (True, 0.0), (False, 0.1)])
def test_adam(amsgrad, weight_decay):
    w0, lr, b1, b2, eps = np.array([1.0, -2.0]), 0.1, 0.9, 0.999, 1e-8
    path, g = descend(lambda ps: optim.Adam(ps, lr=lr, amsgrad=amsgrad, weight_decay=weight_decay), w0)
    w, m, v, top, expected = w0, np.zeros(2), np.zeros(2), np.zeros(2), []
    for t in range(1, 21):
        d = g(w) + weight_decay * w
        m, v = b1 * m + (1 - b1) * d, b2 * v + (1 - b2) * d * d
        top = np.maximum(top, v)
        used = top if amsgrad else v
        w = w - lr * (m / (1 - b1**t)) / (np.sqrt(used / (1 - b2**t)) + eps)
        expected.append(w)
    np.testing.assert_allclose(path, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
def test_scalars_and_arrays_take_the_same_path(kind):
    s, a = Value(1.5), Value([1.5])
    one, two = kind([s], lr=0.1), kind([a], lr=0.1)
    for _ in range(10):
        one.zero_grad()
        two.zero_grad()
        (s**4).backward()
        (a**4).sum().backward()
        one.step()
        two.step()
        assert s.item() == a.item()


def test_an_array_is_updated_in_place_and_keeps_its_dtype():
    w = Value(np.ones(3, dtype=np.float32))
    buffer = w.data
    for optimizer in (optim.SGD([w], lr=0.1, momentum=0.9), optim.Adam([w])):
        w.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        assert w.data is buffer
        assert w.dtype == np.float32


def test_maximize_climbs():
    for kind in (optim.SGD, optim.Adam):
        w = Value(1.0)
        optimizer = kind([w], lr=0.1, maximize=True)
        (w * w).backward()
        optimizer.step()
        assert w.item() > 1.0


def test_a_parameter_without_gradient_stays():
    used, unused = Value(1.0), Value(2.0)
    optimizer = optim.Adam([used, unused], lr=0.5)
    (used * 3).backward()
    optimizer.step()
    assert unused.item() == 2.0
    assert used.item() == pytest.approx(0.5)


def test_groups_have_options_of_their_own():
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    (a + b).backward()
    optimizer.step()
    assert (a.item(), b.item()) == (0.9, 0.0)
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert a.item() == 0.9


def test_a_closure_is_run_and_its_loss_returned():
    w = Value(2.0)
    optimizer = optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = w * w
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert w.item() == 1.0


def test_a_step_makes_older_graphs_unusable():
    w = Value(2.0)
    y = w * w
    z = y + 1.0
    y.backward()
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"spent|changed in place"):
        z.backward()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w: optim.SGD([], lr=0.1), ValueError, "empty"),
        (lambda w: optim.SGD([w, w], lr=0.1), ValueError, "twice"),
        (lambda w: optim.SGD([w], lr=-0.1), ValueError, r"lr=-0\.1"),
        (lambda w: optim.SGD([w], lr=math.nan), ValueError, "lr=nan"),
        (lambda w: optim.SGD([w], lr=0.1, nesterov=True), ValueError, "momentum"),
        (lambda w: optim.Adam([w * 2]), ValueError, "leaf"),
        (lambda w: optim.Adam([w.detach()]), ValueError, "requires grad"),
        (lambda w: optim.Adam([1.0]), TypeError, r"Value\(\.\.\.\)"),
        (lambda w: optim.Adam(w), TypeError, "list"),
        (lambda w: optim.Adam([w], betas=(1.0, 0.9)), ValueError, "betas"),
        (lambda w: optim.SGD([{"params": [w], "speed": 1}], lr=0.1), TypeError, "speed"),
    ],
)
def test_refusals_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call(Value(1.0))


def test_zero_grad_forgets_or_fills_with_zeros():
    a, b = Value([1.0, 2.0]), Value(3.0)
    optimizer = optim.SGD([a, b], lr=0.1)
    (a * a).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert (a.grad.tolist(), b.grad) == ([0.0, 0.0], None)
    optimizer.zero_grad()
    assert a.grad is None
