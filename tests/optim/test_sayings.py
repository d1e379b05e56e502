"""What optimizers and schedulers say: their rates, missing gradients, numbers out of range (1 s)."""

import contextlib
import copy
import math
import pickle
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import optim
from autograd import Value
from autograd.graph import record
from optim import lr_scheduler as schedules


def one(lr=0.1, **options):
    return optim.SGD([Value(1.0)], lr=lr, **options)


def two():
    return optim.SGD([{"params": [Value(1.0)], "lr": 0.1}, {"params": [Value(2.0)], "lr": 0.2}])


# --- the learning rate ------------------------------------------------------------------------


def test_repr_shows_the_options_as_they_are():
    o = one()
    assert repr(o).startswith("SGD(lr=0.1, momentum=0.0,") and repr(o).endswith(", 1 parameters)")
    o.param_groups[0]["lr"] = 0.5
    assert repr(o).startswith("SGD(lr=0.5,")
    schedules.LambdaLR(o, lambda t: 0.25)
    assert repr(o).startswith("SGD(lr=0.125,")
    assert repr(two()).startswith("SGD(lr=[0.1, 0.2], momentum=0.0,")
    assert repr(two()).endswith(", 2 parameters in 2 groups)")


def test_lr_is_read_and_set():
    o = one()
    assert o.lr == 0.1
    o.lr = 0.5
    assert o.lr == o.param_groups[0]["lr"] == 0.5
    (o.param_groups[0]["params"][0] * 1.0).backward()
    o.step()
    assert o.parameters()[0].item() == 0.5
    several = two()
    assert several.lr == [0.1, 0.2]
    several.lr = 0.3
    assert several.lr == [0.3, 0.3]
    several.lr = [0.1, 0.4]
    assert several.lr == [0.1, 0.4]
    assert copy.deepcopy(several).lr == pickle.loads(pickle.dumps(several)).lr == [0.1, 0.4]


@pytest.mark.parametrize(
    ("lr", "kind"),
    [
        (-1.0, ValueError),
        (math.nan, ValueError),
        ("fast", TypeError),
        (Value(0.1), TypeError),
        (1j, TypeError),
    ],
)
def test_a_bad_lr_changes_nothing(lr, kind):
    o = two()
    with pytest.raises(kind, match="SGD: lr="):
        o.lr = lr
    with pytest.raises(kind, match="SGD: lr="):
        o.lr = [0.5, lr]
    assert o.lr == [0.1, 0.2]
    with pytest.raises(ValueError, match="lr has 3 values for 2 parameter groups"):
        o.lr = [1.0, 2.0, 3.0]


def test_lr_where_there_is_none():
    class Fixed(optim.Optimizer):
        def update(self, p, g, state, group):
            return p - g

    o = Fixed([Value(1.0)], {})
    with pytest.raises(AttributeError, match="Fixed: its groups have no option 'lr'"):
        o.lr = 1.0
    assert not hasattr(o, "lr")


# --- no gradient ------------------------------------------------------------------------------


def test_a_step_without_any_gradient_is_spoken_of_once():
    o = optim.Adam([Value(1.0), Value([1.0, 2.0])])
    with pytest.warns(
        UserWarning, match=r"Adam.step\(\): no parameter has a gradient, so nothing moves"
    ) as said:
        o.step()
    assert said[0].filename == __file__
    o.step()  # a second warning would be an error


@pytest.mark.parametrize("lr", [np.float32(0.25), np.array(0.25), np.int64(1), Fraction(1, 4), True])
def test_what_is_a_number(lr):
    x = Value([1.0, 2.0])
    o = optim.SGD([x], lr=lr)
    x.grad = np.ones(2)
    o.step()
    np.testing.assert_array_equal(x.data, np.array([1.0, 2.0]) - float(lr))


def test_a_value_or_a_decimal_is_none():
    with pytest.raises(TypeError, match=r"SGD: lr=Value\(0.1\) must be a number; pass its .item\(\)"):
        one(Value(0.1))
    with pytest.raises(TypeError, match=r"SGD: lr=Decimal\('0.1'\) must be a number$"):
        one(Decimal("0.1"))


def test_also_after_zero_grad_and_with_a_closure_that_sets_none():
    x = Value(1.0)
    o = optim.SGD([x], lr=0.1)
    (x * x).backward()
    o.step()
    o.zero_grad()
    with pytest.warns(UserWarning, match="no parameter has a gradient"):
        o.step()
    with pytest.warns(UserWarning, match="no parameter has a gradient"):
        one().step(lambda: 1.0)
    with pytest.warns(UserWarning, match="no parameter has a gradient"):
        optim.LBFGS([Value(1.0)]).step(lambda: 1.0)


def test_one_gradient_is_enough():
    x, y = Value(1.0), Value(2.0)
    (y * y).backward()
    o = optim.SGD([{"params": []}, {"params": [x, y]}], lr=0.5)
    o.step()
    assert (x.item(), y.item()) == (1.0, 0.0)


# --- what is passed ---------------------------------------------------------------------------


class Model:
    def __init__(self):
        self.w = Value(1.0)

    def parameters(self):
        return [self.w]

    def __iter__(self):
        return iter([self])


def test_a_model_in_place_of_its_parameters():
    with pytest.raises(TypeError, match=r"SGD: params is the model, a Model; pass model.parameters\(\)"):
        optim.SGD(Model())
    with pytest.raises(TypeError, match=r"parameter 0 is a Model; pass its parameters\(\)"):
        optim.SGD([Model()])
    with pytest.raises(TypeError, match=r"parameter 0 is a float; wrap it: Value"):
        optim.SGD([1.0])


@pytest.mark.parametrize(
    ("option", "mend"),
    [("learning_rate", "lr="), ("beta_1", "betas="), ("epsilon", "eps="), ("clipnorm", "clip")],
)
def test_options_of_other_libraries(option, mend):
    with pytest.raises(TypeError, match=f"Adam: there is no {option}=; .*{mend}"):
        optim.Adam([Value(1.0)], **{option: 0.1})
    with pytest.raises(TypeError, match="unexpected keyword argument 'rate'"):
        optim.Adam([Value(1.0)], rate=0.1)


def test_an_option_of_ones_own_may_have_any_name():
    class Mine(optim.SGD):
        def __init__(self, params, learning_rate):
            super().__init__(params, lr=learning_rate)

    assert Mine([Value(1.0)], learning_rate=0.3).lr == 0.3


@pytest.mark.parametrize(
    ("name", "here"),
    [("Nadam", "optim.NAdam"), ("RMSProp", "optim.RMSprop"), ("StepLR", "optim.lr_scheduler.StepLR")]
    + [("swa_utils", "AveragedModel"), ("schedules", "lr_scheduler")],
)
def test_names_of_other_libraries(name, here):
    with pytest.raises(AttributeError, match=f"module 'optim' has no attribute '{name}'; .*{here}"):
        getattr(optim, name)


# --- numbers out of range ---------------------------------------------------------------------

OPTIMIZERS = [
    (optim.SGD, dict(lr=math.inf)),
    (optim.SGD, dict(dampening="no")),
    (optim.Adam, dict(betas=0.9)),
    (optim.Adam, dict(betas=(0.9,))),
    (optim.Adam, dict(betas=(0.9, "b"))),
    (optim.Adam, dict(eps=np.ones(2))),
    (optim.Adadelta, dict(rho=1.5)),
    (optim.Adafactor, dict(eps=1e-3)),
    (optim.Adafactor, dict(eps=(None, None))),
    (optim.Adafactor, dict(d="d")),
    (optim.ASGD, dict(lambd=-1.0)),
    (optim.ASGD, dict(t0="t")),
    (optim.Ftrl, dict(lr=0.0)),
    (optim.Ftrl, dict(lr_power="p")),
    (optim.RMSprop, dict(alpha=1.5)),
    (optim.Rprop, dict(etas=0.5)),
    (optim.Rprop, dict(step_sizes=(1.0, 0.1))),
    (optim.LBFGS, dict(max_iter=2.5)),
    (optim.LBFGS, dict(history_size=1.5)),
    (optim.Lamb, dict(betas=(0.9, 1.0))),
    (optim.Lion, dict(betas=None)),
    (optim.NAdam, dict(momentum_decay=-1.0)),
]


@pytest.mark.parametrize(
    ("make", "options"), OPTIMIZERS, ids=lambda x: getattr(x, "__name__", None) or str(x)
)
def test_an_optimizer_checks_its_numbers(make, options):
    with pytest.raises((ValueError, TypeError), match=f"{make.__name__}: .*{next(iter(options))}"):
        make([Value([1.0, 2.0])], **options)


@pytest.mark.parametrize("options", [dict(ns_steps=1.5), dict(ns_coefficients=3.0), dict(eps=-1.0)])
def test_muon_checks_its_numbers(options):
    with pytest.raises((ValueError, TypeError), match=f"Muon: {next(iter(options))}"):
        optim.Muon([Value(np.eye(2))], **options)


SCHEDULES = [
    (schedules.ExponentialLR, dict(gamma=-1)),
    (schedules.ExponentialLR, dict(gamma="g")),
    (schedules.ExponentialLR, dict(gamma=0.5, last_epoch=-2)),
    (schedules.StepLR, dict(step_size=1, gamma=-0.1)),
    (schedules.StepLR, dict(step_size=1.5)),
    (schedules.MultiStepLR, dict(milestones=3)),
    (schedules.MultiStepLR, dict(milestones=[1.5])),
    (schedules.MultiStepLR, dict(milestones=[1], gamma=math.nan)),
    (schedules.ConstantLR, dict(total_iters=-1)),
    (schedules.ConstantLR, dict(factor="f")),
    (schedules.LinearLR, dict(start_factor=2)),
    (schedules.PolynomialLR, dict(power=-1.0)),
    (schedules.InverseTimeDecay, dict(decay_steps=1, decay_rate=-1.0)),
    (schedules.PolynomialDecay, dict(decay_steps=1, end_learning_rate=-1.0)),
    (schedules.PolynomialDecay, dict(decay_steps=1, power=-1.0)),
    (schedules.CosineAnnealingLR, dict(T_max=4, eta_min=-1.0)),
    (schedules.CosineAnnealingWarmRestarts, dict(T_0=4, eta_min=-1.0)),
    (schedules.WarmupCosine, dict(decay_steps=4, alpha=-1.0)),
    (schedules.WarmupCosine, dict(decay_steps=4, warmup_steps=1, warmup_target=-1.0)),
    (schedules.CyclicLR, dict(max_lr=1.0, base_lr=-0.1)),
    (schedules.CyclicLR, dict(base_lr=0.1, max_lr="m")),
    (schedules.CyclicLR, dict(base_lr=0.1, max_lr=1.0, gamma=-1.0)),
    (schedules.CyclicLR, dict(base_lr=0.1, max_lr=1.0, scale_mode="x")),
    (schedules.CyclicLR, dict(base_lr=0.1, max_lr=1.0, scale_fn=3)),
    (schedules.CyclicLR, dict(base_lr=0.1, max_lr=1.0, base_momentum=2.0)),
    (schedules.OneCycleLR, dict(total_steps=4, max_lr=-1.0)),
    (schedules.OneCycleLR, dict(max_lr=1.0, total_steps=4, div_factor=0)),
    (schedules.OneCycleLR, dict(max_lr=1.0, total_steps=4, final_div_factor=-1)),
    (schedules.OneCycleLR, dict(max_lr=1.0, total_steps=4, max_momentum=1.5)),
    (schedules.SWALR, dict(swa_lr=-1.0)),
    (schedules.SWALR, dict(swa_lr=1.0, anneal_epochs=0.5)),
    (schedules.ReduceLROnPlateau, dict(factor=-0.1)),
    (schedules.ReduceLROnPlateau, dict(patience=1.5)),
    (schedules.ReduceLROnPlateau, dict(threshold=-1.0)),
    (schedules.ReduceLROnPlateau, dict(cooldown=-1)),
    (schedules.ReduceLROnPlateau, dict(min_lr=-1.0)),
    (schedules.ReduceLROnPlateau, dict(eps=math.nan)),
]


@pytest.mark.parametrize(("make", "options"), SCHEDULES, ids=lambda x: getattr(x, "__name__", None) or str(x))
def test_a_scheduler_checks_its_numbers(make, options):
    o = one(momentum=0.9)
    with pytest.raises((ValueError, TypeError), match=f"{make.__name__}: .*{list(options)[-1]}"):
        make(o, **options)
    assert o.lr == 0.1 or make is schedules.CyclicLR


def test_a_function_that_gives_no_rate():
    with pytest.raises(ValueError, match=r"LambdaLR: the learning rate would be -0.1 at step 0"):
        schedules.LambdaLR(one(), lambda t: -1.0)
    with pytest.raises(ValueError, match="the learning rate would be nan at step 0"):
        schedules.LambdaLR(one(), lambda t: math.nan)
    with pytest.raises(TypeError, match="LambdaLR: optimizer is a int"):
        schedules.LambdaLR(3, lambda t: 1.0)


def test_schedulers_of_schedulers_check_theirs():
    o = one()
    part = schedules.ExponentialLR(o, 0.5)
    with pytest.raises(TypeError, match="ChainedScheduler: schedulers is a ExponentialLR; pass a list"):
        schedules.ChainedScheduler(part)
    with pytest.raises(TypeError, match="SequentialLR: milestones=2 must be a list"):
        schedules.SequentialLR(o, [part, part], 2)
    with pytest.raises(ValueError, match=r"SequentialLR: milestones=\[3, 2\] must be in rising order"):
        schedules.SequentialLR(o, [part, part, part], [3, 2])


def test_a_plateau_of_nan_is_spoken_of_once():
    scheduler = schedules.ReduceLROnPlateau(one(), patience=0, factor=0.5)
    scheduler.step(1.0)
    with pytest.warns(UserWarning, match="the metric of step 2 is nan, which counts as no better") as said:
        scheduler.step(math.nan)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step(math.nan)
    assert scheduler.get_last_lr() == [0.025]
    scheduler.load_state_dict(scheduler.state_dict())


def test_the_other_numbers_of_optim():
    with pytest.raises(TypeError, match="clip_grad_norm_: max_norm='1' must be a number"):
        optim.clip_grad_norm_([Value(1.0)], "1")
    with pytest.raises(TypeError, match="get_ema_avg_fn: decay='x' must be a number"):
        optim.get_ema_avg_fn("x")
    with pytest.raises(TypeError, match=r"AveragedModel: avg_fn is 0.9; pass a function"):
        optim.AveragedModel([Value(1.0)], 0.9)


# --- minimize ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("lr", "steps", "converged", "words"),
    [
        (0.25, 100, True, "no element of the gradient exceeds tol=1e-06"),
        (
            0.25,
            3,
            False,
            "3 steps are done, and the largest element of the gradient is 0.75; allow more steps",
        ),
        (1e200, 9, False, "the loss is inf: lower the learning rate"),
    ],
)
def test_minimize_says_why_it_stopped(compiled, lr, steps, converged, words):
    with np.errstate(all="ignore"):
        found = optim.minimize(
            lambda x: (x - 3.0) ** 2, 0.0, lambda p: optim.SGD(p, lr=lr), steps=steps, compile=compiled
        )
    assert found.converged is converged and found.reason.startswith(words)
    assert f"reason={found.reason!r}" in repr(found)


def test_minimize_says_that_lbfgs_stays():
    found = optim.minimize(lambda x: (x - 3.0) ** 2, 0.0, optim.LBFGS, tol=0.0)
    assert found.converged or found.reason == "LBFGS stays where it is: it has met a tolerance of its own"
    stays = optim.minimize(
        lambda x: (x - 3.0) ** 4, 0.0, lambda p: optim.LBFGS(p, tolerance_grad=1e-2), tol=0.0
    )
    assert (
        stays.reason == "LBFGS stays where it is: it has met a tolerance of its own" and not stays.converged
    )


@pytest.mark.parametrize("watched", [contextlib.nullcontext, record])
def test_a_warning_names_the_line_that_called_step(watched):
    o = one()
    with pytest.warns(UserWarning, match="no parameter has a gradient") as said, watched(o):
        o.step()
    assert [w.filename for w in said] == [__file__]
