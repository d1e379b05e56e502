"""Schedulers made of schedulers."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from optim.lr_scheduler.base import LRScheduler, milestones_of
from optim.lr_scheduler.plateau import ReduceLROnPlateau
from optim.optimizer import Optimizer


class Combined(LRScheduler):
    """Base class of schedulers that hold others, all of one optimizer."""

    hidden = ("optimizer", "schedulers")
    schedulers: list[LRScheduler]

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        if not isinstance(schedulers, list | tuple):
            raise TypeError(
                f"{self.name}: schedulers is a {type(schedulers).__name__}; pass a list of schedulers"
            )
        if not schedulers:
            raise ValueError(f"{self.name}: schedulers is empty; give it at least one")
        for i, s in enumerate(schedulers):
            if not isinstance(s, LRScheduler):
                raise TypeError(f"{self.name}: scheduler {i} is a {type(s).__name__}, not a scheduler")
            if isinstance(s, ReduceLROnPlateau):
                raise ValueError(
                    f"{self.name}: scheduler {i} is a ReduceLROnPlateau, which needs the loss; step it by itself"
                )
        self.optimizer = optimizer if optimizer is not None else schedulers[0].optimizer
        for i, s in enumerate(schedulers):
            if s.optimizer is not self.optimizer:
                raise ValueError(
                    f"{self.name}: scheduler {i} belongs to another optimizer; all must share one"
                )
        self.schedulers = list(schedulers)

    def _rewind(self) -> None:
        """The initial learning rates, and all schedulers before their first step."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for s in self.schedulers:
            if isinstance(s, Combined):
                s._rewind()
            s.last_epoch = 0 if isinstance(s, Combined) else -1

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "schedulers": [s.state_dict() for s in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        if "schedulers" not in state_dict or len(state_dict["schedulers"]) != len(self.schedulers):
            raise KeyError(f"{self.name}.load_state_dict: needs 'schedulers', {len(self.schedulers)} of them")
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "schedulers"})
        for s, saved in zip(self.schedulers, state_dict["schedulers"], strict=True):
            s.load_state_dict(saved)


class ChainedScheduler(Combined):
    """All schedulers at every step, each changing what the one before has set.

    >>> from autograd import Value
    >>> from optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> parts = [ExponentialLR(optimizer, gamma=0.5), ConstantLR(optimizer, factor=0.5, total_iters=2)]
    >>> scheduler = ChainedScheduler(parts)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates.append(scheduler.get_last_lr()[0])
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.4, 0.2, 0.2, 0.1]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, optimizer)
        self.last_epoch = 0
        self._last_lr = self.current()

    def _initial_step(self) -> None:
        for s in self.schedulers:
            s._initial_step()
        self._last_lr = self.current()

    def restart(self) -> None:
        """Step 0 of each, in order, beginning with the initial learning rates."""
        self._rewind()
        self._initial_step()

    def step(self) -> None:
        """A step of each, in order."""
        self.last_epoch += 1
        for s in self.schedulers:
            s.step()
        self._last_lr = self.current()


class SequentialLR(Combined):
    """One scheduler after the other: the next one begins at each of the milestones.

    Raises ValueError unless there is one milestone less than schedulers.

    >>> from autograd import Value
    >>> from optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> parts = [ConstantLR(optimizer, factor=0.5, total_iters=9), ExponentialLR(optimizer, gamma=0.5)]
    >>> scheduler = SequentialLR(optimizer, parts, milestones=[2])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates.append(scheduler.get_last_lr()[0])
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.4, 0.4, 0.8, 0.4]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(schedulers, optimizer)
        milestones = milestones_of(self, milestones)
        if milestones != sorted(milestones):
            raise ValueError(f"SequentialLR: milestones={milestones} must be in rising order")
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(milestones)} milestones for {len(schedulers)} schedulers; "
                f"there must be one less than schedulers"
            )
        self.milestones = milestones
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        # each scheduler made its first step when it was made: take it back, let only one act
        self._take_back(self.schedulers)
        self._initial_step()

    def _take_back(self, schedulers: Sequence[LRScheduler]) -> None:
        for s in schedulers:
            if isinstance(s, Combined):
                self._take_back(s.schedulers)
            else:
                s.last_epoch -= 1

    def _initial_step(self) -> None:
        first = self.schedulers[bisect_right(self.milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def restart(self) -> None:
        """Step 0 of the first scheduler, with the initial learning rates."""
        self._rewind()
        self.last_epoch = 0
        self._initial_step()

    def step(self) -> None:
        """A step of the scheduler whose turn it is; at a milestone, the beginning of the next."""
        self.last_epoch += 1
        i = bisect_right(self.milestones, self.last_epoch)
        scheduler = self.schedulers[i]
        if i > 0 and self.milestones[i - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()
