"""Sixty steps of every scheduler beside PyTorch's, to 1e-12: learning rates, momenta, SequentialLR, restarts."""

import math
import warnings

import numpy as np
import pytest
import torch

from autograd import Value
from optim import lr_scheduler as ours
from optim.adam import Adam
from optim.sgd import SGD

# schedules are the same without gradients
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning"),
]
theirs = torch.optim.lr_scheduler
theirs.SWALR = torch.optim.swa_utils.SWALR
STEPS = 60


def wobble(t):
    return 0.1 + 1 / (1 + t) + 0.1 * math.sin(t)


CASES = [
    ("LambdaLR", dict(lr_lambda=wobble)),
    ("LambdaLR", dict(lr_lambda=[wobble, lambda t: 0.9**t])),
    ("MultiplicativeLR", dict(lr_lambda=lambda t: 0.9 + 0.01 * t)),
    ("StepLR", dict(step_size=7)),
    ("StepLR", dict(step_size=1, gamma=0.9)),
    ("MultiStepLR", dict(milestones=[3, 8, 8, 30])),
    ("MultiStepLR", dict(milestones=[1, 5], gamma=0.5)),
    ("ConstantLR", dict()),
    ("ConstantLR", dict(factor=0.7, total_iters=12)),
    ("LinearLR", dict()),
    ("LinearLR", dict(start_factor=0.9, end_factor=0.1, total_iters=20)),
    ("ExponentialLR", dict(gamma=0.93)),
    ("PolynomialLR", dict()),
    ("PolynomialLR", dict(total_iters=40, power=2.5)),
    ("CosineAnnealingLR", dict(T_max=10)),
    ("CosineAnnealingLR", dict(T_max=25, eta_min=0.003)),
    ("CosineAnnealingWarmRestarts", dict(T_0=7)),
    ("CosineAnnealingWarmRestarts", dict(T_0=5, T_mult=2, eta_min=0.001)),
    ("CyclicLR", dict(base_lr=0.01, max_lr=0.1, step_size_up=6)),
    (
        "CyclicLR",
        dict(base_lr=[0.01, 0.02], max_lr=0.1, step_size_up=6, step_size_down=3, mode="triangular2"),
    ),
    ("CyclicLR", dict(base_lr=0.01, max_lr=0.1, step_size_up=5, mode="exp_range", gamma=0.97)),
    ("CyclicLR", dict(base_lr=0.01, max_lr=0.1, step_size_up=5, scale_fn=lambda x: 1 / x, base_momentum=0.7)),
    ("CyclicLR", dict(base_lr=0.01, max_lr=0.1, step_size_up=5, cycle_momentum=False)),
    ("OneCycleLR", dict(max_lr=0.3, total_steps=STEPS)),
    ("OneCycleLR", dict(max_lr=[0.3, 0.2], epochs=6, steps_per_epoch=10, anneal_strategy="linear")),
    ("OneCycleLR", dict(max_lr=0.3, total_steps=STEPS, three_phase=True, pct_start=0.25, div_factor=10.0)),
    ("OneCycleLR", dict(max_lr=0.3, total_steps=STEPS, cycle_momentum=False, final_div_factor=100.0)),
    ("SWALR", dict(swa_lr=0.02)),
    ("SWALR", dict(swa_lr=[0.02, 0.05], anneal_epochs=5, anneal_strategy="linear")),
    ("SWALR", dict(swa_lr=0.02, anneal_epochs=0)),
]


def pair(kind="SGD"):
    """The same optimizer twice, with two groups of other learning rates."""
    v, t = [Value(1.0), Value(2.0)], [torch.ones(1, requires_grad=True) for _ in range(2)]
    options = dict(lr=0.1, momentum=0.9) if kind == "SGD" else dict(lr=0.1)
    mine = (SGD if kind == "SGD" else Adam)([{"params": v[:1]}, {"params": v[1:], "lr": 0.05}], **options)
    other = getattr(torch.optim, kind)([{"params": t[:1]}, {"params": t[1:], "lr": 0.05}], **options)
    return mine, other


def momenta(optimizer):
    return [g["betas"][0] if "betas" in g else g["momentum"] for g in optimizer.param_groups]


def same(mine, other, one, two):
    rates = [g["lr"] for g in other.param_groups]
    np.testing.assert_allclose([g["lr"] for g in mine.param_groups], rates, rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(one.get_last_lr(), two.get_last_lr(), rtol=1e-12, atol=1e-18)
    np.testing.assert_allclose(momenta(mine), momenta(other), rtol=1e-12)


def walk(mine, other, one, two, steps=STEPS):
    same(mine, other, one, two)
    for _ in range(steps):
        mine.step()
        other.step()
        one.step()
        with warnings.catch_warnings():  # PyTorch's own, about its SequentialLR
            warnings.simplefilter("ignore")
            two.step()
        same(mine, other, one, two)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda x: str(x)[:60])
def test_rates_and_momenta(name, options, kind):
    mine, other = pair(kind)
    walk(mine, other, getattr(ours, name)(mine, **options), getattr(theirs, name)(other, **options))


@pytest.mark.parametrize(
    ("name", "options"), [c for c in CASES if c[0] != "SWALR"], ids=lambda x: str(x)[:60]
)
def test_going_on_from_last_epoch(name, options):
    mine, other = pair()
    walk(mine, other, getattr(ours, name)(mine, **options), getattr(theirs, name)(other, **options), 9)
    one = getattr(ours, name)(mine, **options, last_epoch=8)
    walk(mine, other, one, getattr(theirs, name)(other, **options, last_epoch=8), 20)


@pytest.mark.parametrize(
    "parts",
    [
        [("ConstantLR", dict(factor=0.1, total_iters=4)), ("ExponentialLR", dict(gamma=0.9))],
        [("LinearLR", dict()), ("StepLR", dict(step_size=3)), ("MultiStepLR", dict(milestones=[4]))],
        [("LinearLR", dict(total_iters=9)), ("CosineAnnealingLR", dict(T_max=20))],
        [("PolynomialLR", dict(total_iters=30)), ("LambdaLR", dict(lr_lambda=wobble))],
    ],
    ids=lambda parts: "+".join(name for name, _ in parts),
)
class TestCombined:
    def made(self, parts):
        mine, other = pair()
        lists = [
            [getattr(module, name)(optimizer, **options) for name, options in parts]
            for module, optimizer in ((ours, mine), (theirs, other))
        ]
        return mine, other, *lists

    def test_chained(self, parts):
        mine, other, one, two = self.made(parts)
        walk(mine, other, ours.ChainedScheduler(one), theirs.ChainedScheduler(two))

    def test_sequential(self, parts):
        mine, other, one, two = self.made(parts)
        milestones = [10, 25][: len(parts) - 1]
        walk(
            mine, other, ours.SequentialLR(mine, one, milestones), theirs.SequentialLR(other, two, milestones)
        )


def test_sequential_into_warm_restarts():
    mine, other = pair()
    made = []
    for module, optimizer in ((ours, mine), (theirs, other)):
        parts = [module.LinearLR(optimizer), module.CosineAnnealingWarmRestarts(optimizer, T_0=6, T_mult=2)]
        made.append(module.SequentialLR(optimizer, parts, [5]))
    walk(mine, other, *made)


@pytest.mark.parametrize(("t_0", "t_mult"), [(5, 1), (4, 2), (3, 3)])
def test_warm_restarts_at_any_epoch(t_0, t_mult):
    mine, other = pair()
    one = ours.CosineAnnealingWarmRestarts(mine, T_0=t_0, T_mult=t_mult)
    two = theirs.CosineAnnealingWarmRestarts(other, T_0=t_0, T_mult=t_mult)
    mine.step()
    other.step()
    for epoch in [0, 0.5, 1.25, 3, 7.75, 11, 20.5, 2, 2.5]:
        one.step(epoch)
        two.step(epoch)
        same(mine, other, one, two)


@pytest.mark.parametrize(
    "options",
    [
        dict(patience=2),
        dict(mode="max", factor=0.5, patience=1, threshold=0.05, threshold_mode="abs"),
        dict(patience=0, cooldown=3, min_lr=[0.001, 0.03]),
        dict(mode="max", patience=1, threshold=0.1),
        dict(patience=1, threshold=0.1, threshold_mode="abs", eps=0.01),
    ],
    ids=str,
)
def test_plateau(options):
    mine, other = pair()
    one, two = ours.ReduceLROnPlateau(mine, **options), theirs.ReduceLROnPlateau(other, **options)
    for loss in np.abs(np.sin(np.arange(80) * 0.7) + 1.2) / np.linspace(1, 3, 80):
        one.step(loss)
        two.step(loss)
        same(mine, other, one, two)
    assert mine.param_groups[0]["lr"] < 0.1
