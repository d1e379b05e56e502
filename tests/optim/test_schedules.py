"""Schedules against their formulas: phases of one cycle, warm restarts at any epoch, a restart of each schedule."""

import math

import numpy as np
import pytest

import optim
from autograd import Value
from optim import lr_scheduler as schedules

# schedules are the same without gradients
pytestmark = pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")


def rates(make, steps, lr=0.8, **options):
    optimizer = optim.SGD([Value(1.0)], lr=lr, **options)
    scheduler = make(optimizer)
    found = [scheduler.get_last_lr()[0]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append(scheduler.get_last_lr()[0])
    return found


def test_one_cycle_in_straight_lines():
    found = rates(
        lambda o: schedules.OneCycleLR(
            o, 1.0, epochs=5, steps_per_epoch=2, pct_start=0.5, anneal_strategy="linear", cycle_momentum=False
        ),
        9,
    )
    up = np.linspace(0.04, 1.0, 5)
    down = np.linspace(1.0, 0.04e-4, 6)[1:]
    np.testing.assert_allclose(found, [*up, *down], rtol=1e-12, atol=1e-15)


def test_one_cycle_of_three_phases():
    found = rates(
        lambda o: schedules.OneCycleLR(
            o,
            1.0,
            total_steps=10,
            pct_start=0.4,
            anneal_strategy="linear",
            three_phase=True,
            cycle_momentum=False,
        ),
        9,
    )
    up, down, out = np.linspace(0.04, 1, 4), np.linspace(1, 0.04, 4)[1:], np.linspace(0.04, 0.04e-4, 4)[1:]
    np.testing.assert_allclose(found, [*up, *down, *out], rtol=1e-12)


def test_one_cycle_moves_momentum_the_other_way():
    optimizer = optim.SGD([Value(1.0)], lr=0.1, momentum=0.9)
    scheduler = schedules.OneCycleLR(optimizer, 1.0, total_steps=7, pct_start=3 / 7, anneal_strategy="linear")
    found = [optimizer.param_groups[0]["momentum"]]
    for _ in range(6):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["momentum"])
    np.testing.assert_allclose(found, [0.95, 0.9, 0.85, 0.875, 0.9, 0.925, 0.95], rtol=1e-12)


@pytest.mark.parametrize("mult", [1, 2])
@pytest.mark.parametrize("epoch", [0, 1.5, 3, 4.25, 9.5, 20])
def test_warm_restarts_at_any_epoch(mult, epoch):
    optimizer = optim.SGD([Value(1.0)], lr=1.0)
    scheduler = schedules.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=mult, eta_min=0.2)
    optimizer.step()
    scheduler.step(epoch)
    length, since = 3, epoch
    while since >= length:
        since, length = since - length, length * mult
    expected = 0.2 + 0.8 * (1 + math.cos(math.pi * since / length)) / 2
    np.testing.assert_allclose(scheduler.get_last_lr(), [expected], rtol=1e-12)


RESTARTED = {
    "StepLR": (lambda o: schedules.StepLR(o, 2, 0.5), lambda n: 0.8 * 0.5 ** (n // 2)),
    "MultiStepLR": (
        lambda o: schedules.MultiStepLR(o, [1, 3], 0.5),
        lambda n: 0.8 * 0.5 ** ((n >= 1) + (n >= 3)),
    ),
    "LinearLR": (
        lambda o: schedules.LinearLR(o, 0.25, 1.0, total_iters=3),
        lambda n: 0.8 * (0.25 + 0.75 * min(n, 3) / 3),
    ),
    "PolynomialLR": (
        lambda o: schedules.PolynomialLR(o, total_iters=4, power=2.0),
        lambda n: 0.8 * (1 - min(n, 4) / 4) ** 2,
    ),
    "ExponentialLR": (lambda o: schedules.ExponentialLR(o, 0.5), lambda n: 0.8 * 0.5**n),
    "ConstantLR": (lambda o: schedules.ConstantLR(o, 0.5, 2), lambda n: 0.8 * (0.5 if n < 2 else 1.0)),
}


@pytest.mark.parametrize("name", RESTARTED)
def test_each_schedule_begins_anew_after_another(name):
    """SequentialLR starts the second schedule from the initial learning rate."""
    make, formula = RESTARTED[name]
    found = rates(
        lambda o: schedules.SequentialLR(o, [schedules.ExponentialLR(o, 0.9), make(o)], milestones=[2]), 7
    )
    np.testing.assert_allclose(found[:2], [0.8, 0.72], rtol=1e-12)
    np.testing.assert_allclose(found[2:], [formula(n) for n in range(6)], rtol=1e-12)


def test_a_schedule_of_ones_own_begins_anew_after_another():
    class Halves(schedules.LRScheduler):
        def get_lr(self):
            return [lr * 0.5**self.last_epoch for lr in self.base_lrs]

    found = rates(
        lambda o: schedules.SequentialLR(o, [schedules.ExponentialLR(o, 0.9), Halves(o)], milestones=[2]), 4
    )
    np.testing.assert_allclose(found, [0.8, 0.72, 0.8, 0.4, 0.2], rtol=1e-12)


def test_a_schedule_without_a_formula():
    class Nothing(schedules.LRScheduler):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing.get_lr is not written"):
        Nothing(optim.SGD([Value(1.0)], lr=0.1))


def test_weight_decay_of_adafactor_and_the_step_of_muon():
    for make in (
        lambda p, d: optim.Adafactor([p], lr=0.1, weight_decay=d),
        lambda p, d: optim.Muon([p], lr=0.1, weight_decay=d, adjust_lr_fn="match_rms_adamw"),
    ):
        moved = []
        for decay in (0.0, 0.5):
            p = Value(np.array([[1.0, -2.0], [0.5, 3.0]]))
            start = p.data.copy()
            p.grad = np.ones((2, 2))
            make(p, decay).step()
            moved.append(p.data - start)
        np.testing.assert_allclose(moved[1] - moved[0], -0.05 * start, rtol=1e-9)
