"""What every learning rate scheduler shares."""

import copy
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from autograd.callers import stacklevel
from optim.checks import at_least_zero, same_names, whole
from optim.optimizer import Optimizer


class LRScheduler:
    """Base class: a subclass writes `get_lr`, the learning rates of all groups at `last_epoch`.

    Making one sets the learning rates of step 0; each `step()`, after the optimizer's, those of
    the next.  Most are chainable, as in PyTorch: they change the rate that they find in the group,
    so that several can act on one optimizer; `closed_form` gives it from the first one.

    last_epoch: -1 to start; to go on without a state_dict, the number of steps done
    (the groups must then hold "initial_lr").

    Raises TypeError for something that is no Optimizer, KeyError without "initial_lr".
    """

    _initial = False  # whether step() is the first one, made by __init__
    hidden: tuple[str, ...] = ("optimizer",)  # attributes that are no state

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        whole(self.name, -1, last_epoch=last_epoch)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{self.name}: last_epoch={last_epoch} goes on with a schedule, but group {i} has no "
                    f"'initial_lr'; load the optimizer's state first, or give the group one"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr: list[float] = []
        self._initial_step()

    @property
    def name(self) -> str:
        """The class name, for messages."""
        return type(self).__name__

    def _initial_step(self) -> None:
        self._step_count = 0
        self._initial = True
        try:
            self.step()
        finally:
            del self._initial

    def step(self) -> None:
        """Set the learning rates of the next step; call it after optimizer.step()."""
        if self._step_count == 1 and not self.optimizer.stepped:
            warnings.warn(
                f"{self.name}.step() before optimizer.step(): the first learning rate is never used; "
                f"call optimizer.step() first",
                UserWarning,
                stacklevel=stacklevel(),
            )
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def restart(self) -> None:
        """Set the learning rates of step 0, from the initial ones where the formula allows it."""
        self.last_epoch = 0
        self._set(self.closed_form())

    def _set(self, lrs: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self.current()

    def current(self) -> list[float]:
        """The learning rates in the groups."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def scaled(self, factor: float) -> list[float]:
        """The learning rates in the groups, times `factor`."""
        return [lr * factor for lr in self.current()]

    def get_lr(self) -> list[float]:
        """The learning rates at `last_epoch`; for the last ones set, see get_last_lr()."""
        raise NotImplementedError(f"{self.name}.get_lr is not written: return one number per group")

    def closed_form(self) -> list[float]:
        """The learning rates at `last_epoch`, from the initial ones alone."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The learning rates last set, one per group."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimizer (save its state_dict too) and plain functions."""
        return {k: copy.deepcopy(v) for k, v in vars(self).items() if k not in self.hidden}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state_dict(); load the optimizer's too.  Raises KeyError for other names."""
        same_names(
            f"{self.name}.load_state_dict", state_dict, {k for k in vars(self) if k not in self.hidden}
        )
        vars(self).update(copy.deepcopy(dict(state_dict)))

    def __repr__(self) -> str:
        return f"{self.name}(last_epoch={self.last_epoch}, lr={self._last_lr})"


def optimizer_of(scheduler: Any, optimizer: Any) -> Optimizer:
    """The optimizer, checked to be one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(scheduler).__name__}: optimizer is a {type(optimizer).__name__}; pass the Optimizer itself"
        )
    return optimizer


def per_group(scheduler: Any, option: str, value: Any) -> list[Any]:
    """`value` once per group, or the list of values given."""
    count = len(scheduler.optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{type(scheduler).__name__}: {option} has {len(value)} values for {count} parameter groups"
        )
    return list(value)


def rates(scheduler: Any, option: str, value: Any) -> list[Any]:
    """`per_group` for numbers of 0 or more."""
    each = per_group(scheduler, option, value)
    for x in each:
        at_least_zero(type(scheduler).__name__, **{option: x})
    return each


def milestones_of(scheduler: Any, milestones: Any) -> list[int]:
    """The milestones as a list; TypeError for something else, ValueError for what is no number of steps."""
    name = type(scheduler).__name__
    if not isinstance(milestones, Iterable) or isinstance(milestones, str):
        raise TypeError(
            f"{name}: milestones={milestones!r} must be a list of numbers of steps, such as [30, 80]"
        )
    steps = list(milestones)
    whole(name, 0, **{f"milestones[{i}]": step for i, step in enumerate(steps)})
    return steps


def object_state(f: Callable[..., Any] | None) -> dict[str, Any] | None:
    """The attributes of a callable object, which are saved; a plain function has none (None)."""
    state = getattr(f, "__dict__", None)
    return copy.deepcopy(state) if state else None
