"""Every scheduler against its formula, combinations, saving and going on, and refusals."""

import json
import math
import pickle
import warnings

import numpy as np
import pytest

from autograd import Value
from nn.saving import load_checkpoint, save_checkpoint
from optim import lr_scheduler as ls
from optim.adam import Adam
from optim.rprop import Rprop
from optim.sgd import SGD

# schedules are the same without gradients
pytestmark = pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")

STEPS = 40
cos = lambda x: (1 + math.cos(math.pi * x)) / 2


def optimizer(lrs=(0.8, 0.2), kind=SGD, **options):
    return kind([{"params": [Value(1.0)], "lr": lr} for lr in lrs], **options)


def rates(opt, scheduler, steps=STEPS):
    """The rates of the first group at steps 0, 1, ..."""
    found = [opt.param_groups[0]["lr"]]
    for _ in range(steps):
        opt.step()
        scheduler.step()
        found.append(opt.param_groups[0]["lr"])
        assert scheduler.get_last_lr() == [g["lr"] for g in opt.param_groups]
    return found


def triangle(t, up, down, low, high):
    x = t % (up + down)
    return low + (high - low) * (x / up if x <= up else (up + down - x) / down)


def one_cycle(t, total, start, top):
    peak = start * total - 1
    low = top / 25
    if t <= peak:
        return top + (low - top) * cos(t / peak)
    return low / 1e4 + (top - low / 1e4) * cos((t - peak) / (total - 1 - peak))


FORMULAS = [
    ("LambdaLR", dict(lr_lambda=lambda t: 1 / (1 + t)), lambda t: 0.8 / (1 + t)),
    (
        "MultiplicativeLR",
        dict(lr_lambda=lambda t: t / (t + 1)),
        lambda t: 0.8 / (t + 1),
    ),
    ("StepLR", dict(step_size=7, gamma=0.5), lambda t: 0.8 * 0.5 ** (t // 7)),
    ("MultiStepLR", dict(milestones=[5, 9, 9], gamma=0.5), lambda t: 0.8 * 0.5 ** ((t >= 5) + 2 * (t >= 9))),
    ("ConstantLR", dict(factor=0.25, total_iters=6), lambda t: 0.2 if t < 6 else 0.8),
    ("ConstantLR", dict(factor=0.0, total_iters=6), lambda t: 0.0 if t < 6 else 0.8),
    (
        "LinearLR",
        dict(start_factor=0.1, end_factor=0.9, total_iters=8),
        lambda t: 0.08 + 0.64 * min(t, 8) / 8,
    ),
    ("ExponentialLR", dict(gamma=0.9), lambda t: 0.8 * 0.9**t),
    ("PolynomialLR", dict(total_iters=10, power=2.0), lambda t: 0.8 * (1 - min(t, 10) / 10) ** 2),
    ("CosineAnnealingLR", dict(T_max=10, eta_min=0.1), lambda t: 0.1 + 0.7 * cos(t / 10)),
    ("CosineAnnealingWarmRestarts", dict(T_0=8, eta_min=0.1), lambda t: 0.1 + 0.7 * cos(t % 8 / 8)),
    (
        "CosineAnnealingWarmRestarts",
        dict(T_0=10, T_mult=2),
        lambda t: 0.8 * cos(t / 10 if t < 10 else (t - 10) / 20 if t < 30 else (t - 30) / 40),
    ),
    (
        "CyclicLR",
        dict(base_lr=0.1, max_lr=0.5, step_size_up=4, step_size_down=6, cycle_momentum=False),
        lambda t: triangle(t, 4, 6, 0.1, 0.5),
    ),
    (
        "CyclicLR",
        dict(base_lr=0.1, max_lr=0.5, step_size_up=5, mode="triangular2", cycle_momentum=False),
        lambda t: triangle(t, 5, 5, 0.1, 0.1 + 0.4 / 2 ** (t // 10)),
    ),
    (
        "CyclicLR",
        dict(base_lr=0.1, max_lr=0.5, step_size_up=5, mode="exp_range", gamma=0.9, cycle_momentum=False),
        lambda t: triangle(t, 5, 5, 0.1, 0.1 + 0.4 * 0.9**t),
    ),
    (
        "OneCycleLR",
        dict(max_lr=0.5, total_steps=STEPS + 1, cycle_momentum=False),
        lambda t: one_cycle(t, STEPS + 1, 0.3, 0.5),
    ),
    ("InverseTimeDecay", dict(decay_steps=4, decay_rate=0.5), lambda t: 0.8 / (1 + 0.5 * t / 4)),
    (
        "InverseTimeDecay",
        dict(decay_steps=4, decay_rate=0.5, staircase=True),
        lambda t: 0.8 / (1 + 0.5 * (t // 4)),
    ),
    (
        "PolynomialDecay",
        dict(decay_steps=10, end_learning_rate=0.1, power=2.0),
        lambda t: 0.7 * (1 - min(t, 10) / 10) ** 2 + 0.1,
    ),
    (
        "PolynomialDecay",
        dict(decay_steps=10, end_learning_rate=0.1, cycle=True),
        lambda t: 0.7 * (1 - t / (10 * max(1, -(-t // 10)))) + 0.1,
    ),
    ("WarmupCosine", dict(decay_steps=20, alpha=0.1), lambda t: 0.8 * (0.9 * cos(min(t, 20) / 20) + 0.1)),
    (
        "WarmupCosine",
        dict(decay_steps=20, warmup_target=2.0, warmup_steps=6),
        lambda t: 0.8 + 1.2 * t / 6 if t < 6 else 2.0 * cos(min(t - 6, 20) / 20),
    ),
    ("SWALR", dict(swa_lr=0.1, anneal_epochs=0), lambda t: 0.1),
    ("SWALR", dict(swa_lr=0.1, anneal_epochs=8), lambda t: 0.1 + 0.7 * cos(min(t, 8) / 8)),
    (
        "SWALR",
        dict(swa_lr=0.1, anneal_epochs=8, anneal_strategy="linear"),
        lambda t: 0.8 - 0.7 * min(t, 8) / 8,
    ),
]


@pytest.mark.parametrize(
    ("name", "options", "formula"), FORMULAS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_formula(name, options, formula):
    opt = optimizer()
    found = rates(opt, getattr(ls, name)(opt, **options))
    np.testing.assert_allclose(found, [formula(t) for t in range(STEPS + 1)], rtol=1e-9, atol=1e-15)


def test_every_scheduler_has_a_formula():
    others = {"LRScheduler", "ChainedScheduler", "SequentialLR", "ReduceLROnPlateau"}
    assert {name for name, _, _ in FORMULAS} == set(ls.__all__) - others


@pytest.mark.parametrize(
    ("name", "options", "formula"), FORMULAS, ids=lambda x: x if isinstance(x, str) else ""
)
@pytest.mark.parametrize("by", ["pickle", "checkpoint"])
def test_going_on_from_a_state_dict(name, options, formula, by, tmp_path):
    opt = optimizer()
    scheduler = getattr(ls, name)(opt, **options)
    rates(opt, scheduler, 11)
    other = optimizer((0.3, 0.9))
    again = getattr(ls, name)(other, **options)
    if by == "checkpoint":
        pytest.importorskip("safetensors")
        save_checkpoint(tmp_path / "c", optimizer=opt, scheduler=scheduler)
        load_checkpoint(tmp_path / "c", optimizer=other, scheduler=again)
    else:
        saved = pickle.loads(pickle.dumps((opt.state_dict(), scheduler.state_dict())))
        other.load_state_dict(saved[0])
        again.load_state_dict(saved[1])
    assert rates(other, again, 20) == rates(opt, scheduler, 20)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_momentum_goes_against_the_rate(kind):
    for make in (
        lambda o: ls.CyclicLR(o, 0.1, 0.5, step_size_up=4, base_momentum=0.6, max_momentum=0.95),
        lambda o: ls.OneCycleLR(o, 0.5, total_steps=9, base_momentum=0.6, pct_start=5 / 9),
    ):
        opt = optimizer(kind=kind, **(dict(momentum=0.5) if kind is SGD else {}))
        scheduler, momenta = make(opt), []
        for _ in range(9):
            group = opt.param_groups[0]
            momenta.append(group["momentum"] if kind is SGD else group["betas"][0])
            opt.step()
            scheduler.step()
        assert momenta[0] == 0.95 and momenta[4] == pytest.approx(0.6) and momenta[8] == pytest.approx(0.95)


def test_each_group_has_rates_of_its_own():
    opt = optimizer()
    ls.CyclicLR(opt, [0.1, 0.2], [0.5, 0.6], step_size_up=1, cycle_momentum=False)
    assert [g["lr"] for g in opt.param_groups] == [0.1, 0.2]
    opt = optimizer()
    scheduler = ls.LambdaLR(opt, [lambda t: 0.5**t, lambda t: 1.0])
    opt.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.4, 0.2]


# --- combinations ---------------------------------------------------------------------------------


def test_chained_rates_multiply():
    opt = optimizer()
    parts = [ls.ConstantLR(opt, factor=0.1, total_iters=4), ls.ExponentialLR(opt, gamma=0.9)]
    expected = [0.8 * 0.9**t * (0.1 if t < 4 else 1) for t in range(STEPS + 1)]
    np.testing.assert_allclose(rates(opt, ls.ChainedScheduler(parts)), expected, rtol=1e-12)


def sequence(t):
    return 0.08 if t < 5 else 0.8 * 0.9 ** (t - 5) if t < 12 else 0.8 * cos((t - 12) / 20)


def parts_of(opt):
    return [
        ls.ConstantLR(opt, factor=0.1, total_iters=100),
        ls.ExponentialLR(opt, gamma=0.9),
        ls.CosineAnnealingLR(opt, T_max=20),
    ]


def test_one_after_the_other():
    opt = optimizer()
    found = rates(opt, ls.SequentialLR(opt, parts_of(opt), [5, 12]))
    np.testing.assert_allclose(found, [sequence(t) for t in range(STEPS + 1)], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("nested", ["first", "last"])
def test_sequences_nest(nested):
    opt = optimizer()
    a, b, c = parts_of(opt)
    if nested == "first":
        scheduler = ls.SequentialLR(opt, [ls.SequentialLR(opt, [a, b], [5]), c], [12])
    else:
        scheduler = ls.SequentialLR(opt, [a, ls.SequentialLR(opt, [b, c], [7])], [5])
    found = rates(opt, scheduler)
    np.testing.assert_allclose(found, [sequence(t) for t in range(STEPS + 1)], rtol=1e-9, atol=1e-15)


def test_a_chain_in_a_sequence():
    opt = optimizer()
    first = ls.ConstantLR(opt, factor=0.5, total_iters=100)
    chain = ls.ChainedScheduler(
        [ls.LinearLR(opt, start_factor=0.5, total_iters=4), ls.ExponentialLR(opt, gamma=0.9)]
    )
    found = rates(opt, ls.SequentialLR(opt, [first, chain], [6]))
    expected = [0.4 if t < 6 else 0.8 * 0.9 ** (t - 6) * min(1, 0.5 + (t - 6) / 8) for t in range(STEPS + 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    opt = optimizer()
    chain = ls.ChainedScheduler([ls.ExponentialLR(opt, gamma=0.9), ls.ExponentialLR(opt, gamma=0.5)])
    found = rates(opt, ls.SequentialLR(opt, [chain, ls.ConstantLR(opt, factor=1.0)], [6]))
    np.testing.assert_allclose(found, [0.8 * 0.45**t if t < 6 else 0.8 for t in range(STEPS + 1)], rtol=1e-12)


def test_a_chain_that_holds_a_sequence_begins_anew_with_all_its_parts():
    def chain_of(opt):
        inner = ls.SequentialLR(
            opt, [ls.LinearLR(opt, start_factor=0.5, total_iters=3), ls.ExponentialLR(opt, gamma=0.5)], [4]
        )
        return ls.ChainedScheduler([inner, ls.ExponentialLR(opt, gamma=0.9)])

    opt = optimizer()
    alone = rates(opt, chain_of(opt), 9)
    opt = optimizer()
    first = ls.ConstantLR(opt, factor=0.1, total_iters=100)
    found = rates(opt, ls.SequentialLR(opt, [first, chain_of(opt)], [6]), 15)
    np.testing.assert_allclose(found, [0.08] * 6 + alone, rtol=1e-12)
    np.testing.assert_allclose(alone[:4], [0.8 * 0.9**t * min(1, 0.5 + t / 6) for t in range(4)], rtol=1e-12)


@pytest.mark.parametrize("kind", ["sequential", "chained"])
def test_combinations_go_on_from_a_state_dict(kind):
    def made(opt):
        parts = parts_of(opt)
        return ls.SequentialLR(opt, parts, [5, 12]) if kind == "sequential" else ls.ChainedScheduler(parts)

    opt = optimizer()
    scheduler = made(opt)
    rates(opt, scheduler, 8)
    other = optimizer()
    again = made(other)
    saved = json.loads(json.dumps((opt.state_dict(), scheduler.state_dict())))
    other.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    assert rates(other, again, 20) == rates(opt, scheduler, 20)
    with pytest.raises(KeyError, match="schedulers"):
        again.load_state_dict({})


# --- the rest -------------------------------------------------------------------------------------


def test_plateau():
    opt = optimizer()
    scheduler = ls.ReduceLROnPlateau(opt, factor=0.5, patience=2, cooldown=1, min_lr=[0.2, 0.15])
    losses = [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0]
    found = []
    for loss in losses:
        scheduler.step(Value(loss))
        found.append(scheduler.get_last_lr())
    # lowered after the third step without progress, then one step of rest and three more
    assert [lr for lr, _ in found] == [0.8] * 4 + [0.4] * 4 + [0.2] * 3
    assert [lr for _, lr in found] == [0.2] * 4 + [0.15] * 7
    other = optimizer()
    again = ls.ReduceLROnPlateau(other)
    again.load_state_dict(scheduler.state_dict())
    assert (again.best, again.patience, again.num_bad_epochs) == (3.0, 2, 1)
    with pytest.raises(TypeError, match="step\\(loss\\)"):
        scheduler.step()


@pytest.mark.parametrize(
    ("options", "better", "worse"),
    [
        (dict(threshold=0.1), 8.9, 9.1),
        (dict(threshold=0.1, threshold_mode="abs"), 9.8, 9.95),
        (dict(threshold=0.1, mode="max"), 11.1, 10.9),
        (dict(threshold=0.1, mode="max", threshold_mode="abs"), 10.2, 10.05),
    ],
)
def test_what_counts_as_better(options, better, worse):
    scheduler = ls.ReduceLROnPlateau(optimizer(), **options)
    assert scheduler.is_better(better, 10.0) and not scheduler.is_better(worse, 10.0)


def test_warm_restarts_between_steps():
    opt = optimizer()
    scheduler = ls.CosineAnnealingWarmRestarts(opt, T_0=4, T_mult=2)
    for epoch, part in [(0.5, 0.5 / 4), (5.0, 1 / 8), (13.5, 1.5 / 16), (3.0, 3 / 4)]:
        scheduler.step(epoch)
        assert opt.param_groups[0]["lr"] == pytest.approx(0.8 * cos(part), rel=1e-12)


def test_a_callable_object_is_saved_but_no_function():
    class Falling:
        def __init__(self, speed):
            self.speed = speed

        def __call__(self, t):
            return self.speed**t

    opt = optimizer()
    saved = ls.LambdaLR(opt, [Falling(0.5), lambda t: 1.0]).state_dict()
    assert saved["lr_lambdas"] == [{"speed": 0.5}, None]
    other = optimizer()
    again = ls.LambdaLR(other, [Falling(0.9), lambda t: 1.0])
    again.load_state_dict(saved)
    assert rates(other, again, 3)[1:] == [0.4, 0.2, 0.1]
    with pytest.raises(KeyError, match="lr_lambdas"):
        again.load_state_dict({})
    heights = ls.CyclicLR(opt, 0.1, 0.5, scale_fn=Falling(0.5), cycle_momentum=False).state_dict()
    assert heights["scale"] == {"speed": 0.5}
    other = ls.CyclicLR(optimizer(), 0.1, 0.5, scale_fn=Falling(0.9), cycle_momentum=False)
    other.load_state_dict(heights)
    assert other.scale_fn(3) == 0.5**3


def test_a_scheduler_before_the_optimizer_warns_once():
    opt = optimizer()
    scheduler = ls.ExponentialLR(opt, gamma=0.9)
    with pytest.warns(UserWarning, match=r"call optimizer\.step\(\) first"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_going_on_by_last_epoch_needs_the_initial_rate():
    opt = optimizer()
    with pytest.raises(KeyError, match="initial_lr"):
        ls.StepLR(opt, 3, last_epoch=4)
    opt = SGD([{"params": [Value(1.0)], "lr": 0.1, "initial_lr": 0.8}])
    scheduler = ls.CosineAnnealingWarmRestarts(opt, T_0=10, last_epoch=4)
    assert scheduler.last_epoch == 5
    assert opt.param_groups[0]["lr"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    "make",
    [
        lambda o, n: ls.CyclicLR(o, 0.1, 0.5, step_size_up=3, last_epoch=n),
        lambda o, n: ls.OneCycleLR(o, 0.5, total_steps=9, last_epoch=n),
    ],
)
def test_a_cycle_goes_on_by_last_epoch(make):
    """With the groups of the first run, as an optimizer's state_dict keeps them."""

    def walked(opt, scheduler, steps):
        found = []
        for _ in range(steps):
            opt.step()
            scheduler.step()
            found.append((scheduler.get_last_lr(), opt.param_groups[0]["momentum"]))
        return found

    opt = SGD([Value(1.0)], lr=0.8, momentum=0.9)
    scheduler = make(opt, -1)
    walked(opt, scheduler, 3)
    other = SGD([Value(1.0)], lr=0.8, momentum=0.9)
    other.load_state_dict(opt.state_dict())
    again = make(other, 2)  # makes the third step
    assert (again.last_epoch, again.get_last_lr()) == (3, scheduler.get_last_lr())
    assert walked(other, again, 5) == walked(opt, scheduler, 5)


def test_names_that_do_not_fit_are_refused():
    scheduler = ls.StepLR(optimizer(), 3)
    state = scheduler.state_dict()
    with pytest.raises(KeyError, match=r"missing.*gamma"):
        scheduler.load_state_dict({k: v for k, v in state.items() if k != "gamma"})
    with pytest.raises(KeyError, match=r"unexpected.*T_max"):
        scheduler.load_state_dict({**state, "T_max": 1})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: ls.StepLR(Value(1.0), 3), TypeError, "pass the Optimizer"),
        (lambda o: ls.StepLR(o, 0), ValueError, "step_size=0"),
        (lambda o: ls.LambdaLR(o, 0.5), TypeError, "lr_lambda is a float"),
        (lambda o: ls.LambdaLR(o, [abs]), ValueError, "1 values for 2"),
        (lambda o: ls.ConstantLR(o, factor=2.0), ValueError, "factor=2"),
        (lambda o: ls.LinearLR(o, start_factor=0), ValueError, "start_factor=0"),
        (lambda o: ls.LinearLR(o, end_factor=1.5), ValueError, r"end_factor=1\.5"),
        (lambda o: ls.CosineAnnealingLR(o, T_max=2.5), ValueError, r"T_max=2\.5"),
        (lambda o: ls.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=0), ValueError, "T_mult=0"),
        (lambda o: ls.CosineAnnealingWarmRestarts(o, T_0=5).step(-1), ValueError, "epoch=-1"),
        (lambda o: ls.CyclicLR(o, 0.1, 0.5, mode="saw"), ValueError, "mode='saw'"),
        (lambda o: ls.CyclicLR(optimizer(kind=Rprop), 0.1, 0.5), ValueError, "cycle_momentum=False"),
        (lambda o: ls.OneCycleLR(o, 0.5), ValueError, "total_steps"),
        (lambda o: ls.OneCycleLR(o, 0.5, total_steps=9, pct_start=1.5), ValueError, "pct_start"),
        (lambda o: ls.OneCycleLR(o, 0.5, total_steps=9, anneal_strategy="x"), ValueError, "anneal_strategy"),
        (lambda o: ls.WarmupCosine(o, 0), ValueError, "decay_steps=0"),
        (lambda o: ls.WarmupCosine(o, 5, warmup_steps=3), ValueError, "warmup_target"),
        (lambda o: ls.WarmupCosine(o, 5, warmup_target=1.0), ValueError, "warmup_steps=0"),
        (lambda o: ls.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor=1"),
        (lambda o: ls.ReduceLROnPlateau(o, mode="low"), ValueError, "mode='low'"),
        (lambda o: ls.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold_mode='x'"),
        (lambda o: ls.SWALR(o, 0.1, anneal_epochs=-1), ValueError, "anneal_epochs=-1"),
        (lambda o: ls.SWALR(o, 0.1, anneal_strategy="x"), ValueError, "anneal_strategy='x'"),
        (lambda o: ls.ChainedScheduler([]), ValueError, "empty"),
        (lambda o: ls.ChainedScheduler([o]), TypeError, "scheduler 0 is a SGD"),
        (lambda o: ls.ChainedScheduler([ls.ReduceLROnPlateau(o)]), ValueError, "needs the loss"),
        (lambda o: ls.SequentialLR(o, [ls.StepLR(o, 3)], [5]), ValueError, "1 milestones for 1"),
        (lambda o: ls.SequentialLR(optimizer(), [ls.StepLR(o, 3)], []), ValueError, "another optimizer"),
    ],
)
def test_refusals_name_the_argument(make, error, message):
    with pytest.raises(error, match=message):
        make(optimizer())


def test_a_step_too_many_of_one_cycle_is_refused():
    opt = optimizer()
    scheduler = ls.OneCycleLR(opt, 0.5, total_steps=3, cycle_momentum=False)
    rates(opt, scheduler, 3)
    with pytest.raises(ValueError, match="step 4 of 3"):
        scheduler.step()
