"""Schedulers along cosines and cycles."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from optim.checks import above_zero, at_least_zero, whole, within
from optim.lr_scheduler.base import LRScheduler, object_state, optimizer_of, per_group, rates
from optim.optimizer import Group, Optimizer


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (initial - eta_min) * (1 + cos(pi * t / T_max)) / 2, without restart.

    Loshchilov & Hutter, 2017, "SGDR: Stochastic gradient descent with warm restarts".

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = CosineAnnealingLR(optimizer, T_max=4)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.6828, 0.4, 0.1172, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 (PyTorch's name)
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        whole(self.name, 1, T_max=T_max)
        at_least_zero(self.name, eta_min=eta_min)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, total, low = self.last_epoch, self.T_max, self.eta_min
        if self._initial:
            return self.current()
        if (t - 1 - total) % (2 * total) == 0:  # at the bottom the ratio of two cosines is 0 / 0
            rise = (1 - math.cos(math.pi / total)) / 2
            return [lr + (base - low) * rise for lr, base in zip(self.current(), self.base_lrs, strict=True)]
        ratio = (1 + math.cos(math.pi * t / total)) / (1 + math.cos(math.pi * (t - 1) / total))
        return [ratio * (lr - low) + low for lr in self.current()]

    def closed_form(self) -> list[float]:
        return [cosine(base, self.eta_min, self.last_epoch / self.T_max) for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """A cosine from initial to eta_min in T_0 steps, then again in T_0 * T_mult, T_0 * T_mult**2 ...

    Loshchilov & Hutter, 2017, "SGDR: Stochastic gradient descent with warm restarts".

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.4, 0.8, 0.4, 0.8]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 (PyTorch's name)
        T_mult: int = 1,  # noqa: N803 (PyTorch's name)
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        whole(self.name, 1, T_0=T_0, T_mult=T_mult)
        at_least_zero(self.name, eta_min=eta_min)
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [cosine(base, self.eta_min, self.T_cur / self.T_i) for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """The next step, or any `epoch`, also in between: epoch + batch / batches."""
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._go_to(0 if epoch is None else epoch)
        self._set(self.get_lr())

    def _go_to(self, epoch: float) -> None:
        if not epoch >= 0:
            raise ValueError(f"CosineAnnealingWarmRestarts.step: epoch={epoch} must be 0 or more")
        first, mult = self.T_0, self.T_mult
        if epoch < first:
            self.T_i, self.T_cur = first, epoch
        elif mult == 1:
            self.T_cur = epoch % first
        else:
            n = int(math.log(epoch / first * (mult - 1) + 1, mult))
            self.T_i, self.T_cur = first * mult**n, epoch - first * (mult**n - 1) / (mult - 1)
        self.last_epoch = math.floor(epoch)


class WarmupCosine(LRScheduler):
    """Keras's CosineDecay: a straight line from initial to warmup_target, then a cosine down.

    lr = initial + (warmup_target - initial) * t / warmup_steps while t < warmup_steps, then from
    warmup_target to alpha * warmup_target in decay_steps steps.  Without warmup_target there is no
    warm-up, and the cosine begins at initial.

    Raises ValueError for decay_steps or warmup_steps that are not positive.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = WarmupCosine(optimizer, decay_steps=2, warmup_steps=2, warmup_target=0.8)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.8, 0.8, 0.4, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
        last_epoch: int = -1,
    ) -> None:
        whole(self.name, 1, decay_steps=decay_steps)
        at_least_zero(self.name, alpha=alpha, warmup_target=warmup_target or 0)
        if warmup_target is not None:
            whole(self.name, 1, warmup_steps=warmup_steps)
        elif warmup_steps:
            raise ValueError(f"WarmupCosine: warmup_steps={warmup_steps} without a warmup_target to go to")
        self.decay_steps, self.alpha = decay_steps, alpha
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [self._at(self.last_epoch, base) for base in self.base_lrs]

    def _at(self, t: int, base: float) -> float:
        top = base if self.warmup_target is None else self.warmup_target
        if t < self.warmup_steps:
            return (top - base) * (t / self.warmup_steps) + base
        done = min(t - self.warmup_steps, self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * (0.5 * (1 + math.cos(math.pi * done))) + self.alpha)


class Momentum:
    """Moving the momentum (SGD) or beta1 (Adam) of an optimizer against the learning rate."""

    @staticmethod
    def has(optimizer: Optimizer) -> bool:
        return "momentum" in optimizer.defaults or "betas" in optimizer.defaults

    @staticmethod
    def set(group: Group, momentum: float) -> None:
        if "betas" in group:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    @classmethod
    def begin(cls, scheduler: LRScheduler, base: Any, highest: Any, last_epoch: int) -> None:
        """Check that there is one; note the bounds in the groups."""
        optimizer = scheduler.optimizer
        if not cls.has(optimizer):
            raise ValueError(
                f"{scheduler.name}: {optimizer.name} has neither momentum nor betas to cycle; "
                f"pass cycle_momentum=False"
            )
        lows, highs = (
            per_group(scheduler, "base_momentum", base),
            per_group(scheduler, "max_momentum", highest),
        )
        for name, each in (("base_momentum", lows), ("max_momentum", highs)):
            for x in each:
                within(scheduler.name, 0, 1, **{name: x})
        if last_epoch == -1:
            for group, low, high in zip(optimizer.param_groups, lows, highs, strict=True):
                cls.set(group, high)
                group["max_momentum"], group["base_momentum"] = high, low


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr in step_size_up steps, down in step_size_down, again and again.

    mode: "triangular" keeps the height, "triangular2" halves it each cycle, "exp_range" multiplies
    it by gamma**t; or scale_fn, a function of the cycle (1, 2, ...) or, with
    scale_mode="iterations", of t.  cycle_momentum moves momentum (or beta1) the other way.
    Smith, 2017, "Cyclical learning rates for training neural networks".

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8, momentum=0.9)
    >>> scheduler = CyclicLR(optimizer, base_lr=0.2, max_lr=1.0, step_size_up=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.6, 1.0, 0.6, 0.2]
    """

    hidden = ("optimizer", "scale")

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        step_size_down = step_size_up if step_size_down is None else step_size_down
        whole(self.name, 1, step_size_up=step_size_up, step_size_down=step_size_down)
        at_least_zero(self.name, gamma=gamma)
        if scale_fn is not None and not callable(scale_fn):
            raise TypeError(f"CyclicLR: scale_fn is {scale_fn!r}; pass a function")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"CyclicLR: scale_mode={scale_mode!r} is not 'cycle' or 'iterations'")
        low = rates(self, "base_lr", base_lr)
        if last_epoch == -1:
            for lr, group in zip(low, optimizer.param_groups, strict=True):
                group["lr"] = lr
        self.max_lrs = rates(self, "max_lr", max_lr)
        self.total_size = float(step_size_up + step_size_down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.scale_mode = mode, gamma, scale_mode
        if scale_fn is None:
            if mode not in ("triangular", "triangular2", "exp_range"):
                raise ValueError(
                    f"CyclicLR: mode={mode!r} is not 'triangular', 'triangular2' or 'exp_range'; pass a scale_fn"
                )
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale = scale_fn
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            Momentum.begin(self, base_momentum, max_momentum, last_epoch)
            self.base_momentums = per_group(self, "base_momentum", base_momentum)
            self.max_momentums = per_group(self, "max_momentum", max_momentum)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = low

    def scale_fn(self, x: float) -> float:
        """The height of the cycle `x` (or at the step `x`), as a part of the first one's."""
        if self.scale is not None:
            return self.scale(x)
        if self.mode == "exp_range":
            return self.gamma**x
        return 0.5 ** (x - 1) if self.mode == "triangular2" else 1.0

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                Momentum.set(group, high - (high - low) * part * scale)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * part * scale for low, high in pairs]

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "scale": object_state(self.scale)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "scale"})
        if state_dict.get("scale") is not None:
            self.scale.__dict__.update(state_dict["scale"])


class OneCycleLR(LRScheduler):
    """One rise to max_lr in pct_start of total_steps, then down to almost nothing, one step per batch.

    It begins at max_lr / div_factor and ends at that / final_div_factor.  three_phase: down to the
    beginning in as many steps as up, then on to the end.  anneal_strategy: "cos" or "linear".
    cycle_momentum moves momentum (or beta1) the other way.
    total_steps, or epochs * steps_per_epoch; a step more raises ValueError.
    Smith & Topin, 2018, "Super-convergence".

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=5, cycle_momentum=False)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.9505, 0.6113, 0.1883, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: pass total_steps, or both epochs and steps_per_epoch")
            whole(self.name, 1, epochs=epochs, steps_per_epoch=steps_per_epoch)
            total_steps = epochs * steps_per_epoch
        whole(self.name, 1, total_steps=total_steps)
        within(self.name, 0, 1, pct_start=pct_start)
        above_zero(self.name, div_factor=div_factor, final_div_factor=final_div_factor)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy={anneal_strategy!r} is not 'cos' or 'linear'")
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        top = float(pct_start * total_steps)
        # (last step, lr from, lr to, momentum from, momentum to), by their names in the group
        up = (top - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
        if three_phase:
            down = (2 * top - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
            out = (total_steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")
            self.phases = [up, down, out]
        else:
            self.phases = [up, (total_steps - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, rates(self, "max_lr", max_lr), strict=True):
                group["initial_lr"] = lr / div_factor
                group["max_lr"] = lr
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            Momentum.begin(self, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR.step: step {self.last_epoch} of {self.total_steps}; "
                f"give it the number of all batches of all epochs"
            )
        start = 0.0
        for phase in self.phases[:-1]:
            if self.last_epoch <= phase[0]:
                break
            start = phase[0]
        else:
            phase = self.phases[-1]
        end, lr_from, lr_to, momentum_from, momentum_to = phase
        part = (self.last_epoch - start) / (end - start) if end > start else 1.0
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._between(group[lr_from], group[lr_to], part))
            if self.cycle_momentum:
                Momentum.set(group, self._between(group[momentum_from], group[momentum_to], part))
        return lrs

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2 * (math.cos(math.pi * part) + 1)


def cosine(high: float, low: float, part: float) -> float:
    """From `high` (part 0) to `low` (part 1) along half a cosine."""
    return low + (high - low) * (1 + math.cos(math.pi * part)) / 2
