"""Schedulers that lower (or shape) the learning rate by a formula of the number of steps."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from optim.checks import at_least_zero, whole, within
from optim.lr_scheduler.base import LRScheduler, milestones_of, object_state, optimizer_of, per_group
from optim.optimizer import Optimizer

Lambda = Callable[[int], float]


class LambdaLR(LRScheduler):
    """lr = initial * lr_lambda(t); one function, or one per group.

    The state_dict holds the attributes of callable objects, but no functions.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.2667, 0.2, 0.16]
    """

    hidden = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | list[Lambda], last_epoch: int = -1) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        self.lr_lambdas = per_group(self, "lr_lambda", lr_lambda)
        for f in self.lr_lambdas:
            if not callable(f):
                raise TypeError(
                    f"{self.name}: lr_lambda is a {type(f).__name__}; pass a function of the step"
                )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]

    def _set(self, lrs: Sequence[float]) -> None:
        for lr in lrs:
            if not lr >= 0:
                raise ValueError(
                    f"{self.name}: the learning rate would be {lr} at step {self.last_epoch}; "
                    f"let lr_lambda return 0 or more"
                )
        super()._set(lrs)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "lr_lambdas": [object_state(f) for f in self.lr_lambdas]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        if "lr_lambdas" not in state_dict or len(state_dict["lr_lambdas"]) != len(self.lr_lambdas):
            raise KeyError(
                f"{self.name}.load_state_dict: needs 'lr_lambdas' for {len(self.lr_lambdas)} functions"
            )
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for f, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                f.__dict__.update(saved)


class MultiplicativeLR(LambdaLR):
    """lr = lr * lr_lambda(t) from step 1 on; one function, or one per group.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.2, 0.1, 0.05]
    """

    def get_lr(self) -> list[float]:
        if self._initial:
            return self.current()
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self.current(), strict=True)]


class StepLR(LRScheduler):
    """lr = lr * gamma every step_size steps: initial * gamma**(t // step_size).

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.8, 0.4, 0.4, 0.2]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        whole(self.name, 1, step_size=step_size)
        at_least_zero(self.name, gamma=gamma)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        now = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self.scaled(self.gamma) if now else self.current()

    def closed_form(self) -> list[float]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(LRScheduler):
    """lr = lr * gamma at each of the milestones (one named twice counts twice).

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.4, 0.2, 0.2]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        at_least_zero(self.name, gamma=gamma)
        self.milestones, self.gamma = sorted(milestones_of(self, milestones)), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones.count(self.last_epoch)
        return self.scaled(self.gamma**times) if times else self.current()

    def closed_form(self) -> list[float]:
        passed = bisect_right(self.milestones, self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(LRScheduler):
    """lr = initial * factor until step total_iters, then initial.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.8, 0.8, 0.8]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        within(self.name, 0, 1, factor=factor)
        whole(self.name, 0, total_iters=total_iters)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self.scaled(self.factor)
        if self.last_epoch != self.total_iters:
            return self.current()
        # dividing by a factor of 0 cannot bring the rate back
        return self.scaled(1 / self.factor) if self.factor else list(self.base_lrs)

    def closed_form(self) -> list[float]:
        factor = self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor)
        return [base * factor for base in self.base_lrs]


class LinearLR(LRScheduler):
    """The factor of initial goes in a straight line from start_factor to end_factor in total_iters steps.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.6, 0.8, 0.8]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        within(self.name, 0, 1, start_factor=start_factor, end_factor=end_factor)
        whole(self.name, 1, total_iters=total_iters)
        if start_factor == 0:
            raise ValueError("LinearLR: start_factor=0 must be above 0; every later rate is a multiple of it")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return self.scaled(self.start_factor)
        if self._initial or self.last_epoch > self.total_iters:
            return self.current()
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self.scaled(1 + rise / before)

    def closed_form(self) -> list[float]:
        rise = self.end_factor - self.start_factor
        factor = self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * factor for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """lr = lr * gamma at every step: initial * gamma**t.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = ExponentialLR(optimizer, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.2, 0.1, 0.05]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        at_least_zero(self.name, gamma=gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self.current() if self._initial else self.scaled(self.gamma)

    def closed_form(self) -> list[float]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(LRScheduler):
    """lr = initial * (1 - t / total_iters)**power, 0 from total_iters on.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = PolynomialLR(optimizer, total_iters=4)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.6, 0.4, 0.2, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        whole(self.name, 1, total_iters=total_iters)
        at_least_zero(self.name, power=power)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, total = self.last_epoch, self.total_iters
        if self._initial or t > total:
            return self.current()
        return self.scaled(((1 - t / total) / (1 - (t - 1) / total)) ** self.power)

    def closed_form(self) -> list[float]:
        left = 1 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]


class InverseTimeDecay(LRScheduler):
    """lr = initial / (1 + decay_rate * t / decay_steps), Keras's; staircase: with t // decay_steps.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = InverseTimeDecay(optimizer, decay_steps=1, decay_rate=1.0)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.2667, 0.2, 0.16]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        whole(self.name, 1, decay_steps=decay_steps)
        at_least_zero(self.name, decay_rate=decay_rate)
        self.decay_steps, self.decay_rate, self.staircase = decay_steps, decay_rate, staircase
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        periods: float = self.last_epoch / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return [base / (1 + self.decay_rate * periods) for base in self.base_lrs]


class PolynomialDecay(LRScheduler):
    """lr = (initial - end) * (1 - t / decay_steps)**power + end, Keras's, with end = end_learning_rate.

    cycle: begin again after decay_steps, from a lower height each time: decay_steps is
    multiplied by ceil(t / decay_steps).  Otherwise the rate stays at the end.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = PolynomialDecay(optimizer, decay_steps=4, end_learning_rate=0.0)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.6, 0.4, 0.2, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        decay_steps: int,
        end_learning_rate: float = 1e-4,
        power: float = 1.0,
        cycle: bool = False,
        last_epoch: int = -1,
    ) -> None:
        whole(self.name, 1, decay_steps=decay_steps)
        at_least_zero(self.name, end_learning_rate=end_learning_rate, power=power)
        self.decay_steps, self.power, self.cycle = decay_steps, power, cycle
        self.end_learning_rate = end_learning_rate
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, total, end = self.last_epoch, self.decay_steps, self.end_learning_rate
        if self.cycle:
            total *= max(1, math.ceil(t / total))
        else:
            t = min(t, total)
        return [(base - end) * (1 - t / total) ** self.power + end for base in self.base_lrs]
