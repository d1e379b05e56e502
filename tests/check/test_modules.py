"""check_module, check_loss, check_optimizer, check_primitive, check_value_and_grad."""

import numpy as np
import pytest

import nn
import optim
from autograd import Value, primitive
from autograd.check import GradientError, Verdict
from autograd.check.modules import (
    check_loss,
    check_module,
    check_optimizer,
    check_primitive,
    check_value_and_grad,
)


class Unreadable:
    """A callable without a signature, as some that are written in C."""

    __signature__ = "none"

    def __init__(self, f):
        self.f = f

    def __call__(self, *args):
        return self.f(*args)


X = np.random.default_rng(0).normal(size=(4, 3))


def test_a_module_and_its_state():
    nn.manual_seed(0)
    m = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5, rng=3), nn.Linear(4, 2))
    before = {k: np.array(v) for k, v in m.state_dict().items()}
    for train in (True, False):
        report = check_module(m, X, train=train)
        assert report.ok and len({f.arg for f in report.findings}) == 7 and "0.weight" in str(report.findings)
    assert all(np.array_equal(v, before[k]) for k, v in m.state_dict().items()) and m.training
    assert [p.name for p in m.parameters()] == [None] * 6
    assert {f.arg for f in check_module(m, X, params=False).findings} == {"argument 0"}


def test_what_to_differentiate_a_module_by():
    layer = nn.Linear(3, 2, rng=0)
    assert {f.arg for f in check_module(layer, X, inputs_too=False).findings} == {"weight", "bias"}
    with pytest.raises(
        TypeError, match="nothing to differentiate; the module has no parameters, no input floats"
    ):
        check_module(nn.ReLU(), np.arange(3))


def test_a_wrong_module():
    class Scaled(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(np.ones(3))

        def forward(self, x):
            return primitive(lambda g, out, w: g.sum(axis=0), name="scale")(lambda w: w * X)(self.w)

    with pytest.raises(GradientError, match=r"d/dw\[0\](.|\n)*scale"):
        check_module(Scaled(), X)


def test_losses_with_every_reduction():
    assert check_loss(nn.CrossEntropyLoss(), X, np.array([0, 2, 1, 1])).counts[Verdict.PASS] == 36
    assert check_loss(nn.functional.huber_loss, X, X[::-1] * 2).ok

    assert check_loss(nn.MSELoss(), X, X[::-1], reductions=("mean",)).counts[Verdict.PASS] == 12
    plain = lambda p, t: np.sum((p - t) ** 2)
    report = check_loss(plain, X, X[::-1], name="plain")
    assert report.counts[Verdict.PASS] == 12 and "reduction" not in str(report.findings)
    plain = Unreadable(np.hypot)
    assert check_loss(plain, X, X + 5, name="hypot").ok

    def crooked(p, t, reduction="mean"):
        e = (p - t) ** 2
        return {"mean": np.mean(e), "sum": 2 * np.sum(e), "none": e}[reduction]

    with pytest.raises(GradientError, match="'sum' gives"):
        check_loss(crooked, X, X + 1)


def test_optimizers_against_their_formula():
    def momentum(x, g, state, t):
        state["v"] = 0.9 * state.get("v", 0.0) + g
        return x - 0.1 * state["v"]

    check_optimizer(lambda ps: optim.SGD(ps, lr=0.1, momentum=0.9), reference=momentum)
    with pytest.raises(AssertionError, match=r"SGD: step 2, parameter 0 of shape \(\)"):
        check_optimizer(lambda ps: optim.SGD(ps, lr=0.1), reference=momentum)


def test_rules_of_ones_own():
    assert check_primitive(primitive(lambda g, out, x: g * 3 * x**2)(lambda x: x**3), X).ok
    two_faced = lambda g, out, x: g * 3 * x**2 * (1 + 1e-9 * isinstance(x, Value))
    with pytest.raises(GradientError, match="another gradient for Values"):
        check_primitive(primitive(two_faced)(lambda x: x**3), X)
    cubed = primitive(lambda g, out, x: g * 3 * x**2)(lambda x: x**3)
    with pytest.raises(GradientError, match="something else for Values than for arrays"):
        check_primitive(
            lambda x: cubed(x) if isinstance(x, Value) else cubed(x) * (1 + 2.0**-40), X, rtol=1e-3
        )
    with pytest.raises(GradientError, match="wrong sign") as raised:
        check_primitive(primitive(lambda g, out, x: -g * 3 * x**2)(lambda x: x**3), X)
    assert "another gradient for Values" not in str(raised.value)


def test_value_and_grad_of_another_library():
    assert check_value_and_grad(lambda x: (np.sum(x**3), 3 * x**2), X).ok
    with pytest.raises(GradientError, match="3 times too large"):
        check_value_and_grad(lambda x: (np.sum(x**2), 6 * x), X)
