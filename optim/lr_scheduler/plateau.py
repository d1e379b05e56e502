"""ReduceLROnPlateau: lower the learning rate when the loss stops falling."""

import math
import warnings
from typing import Any

from autograd.callers import stacklevel
from optim.checks import at_least_zero, whole
from optim.lr_scheduler.base import LRScheduler, optimizer_of, rates
from optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """lr = max(lr * factor, min_lr) when `metrics` has not improved for more than `patience` steps.

    mode: "min" (a loss) or "max" (an accuracy).  Better is below best * (1 - threshold), or with
    threshold_mode="abs" below best - threshold; with "max" above best * (1 + threshold) or
    best + threshold.  After lowering, `cooldown` steps are not counted.  A change of lr of less
    than eps is left out.

    Raises ValueError for a factor of 1 or more and unknown modes.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> optimizer = SGD([Value(1.0)], lr=0.8)
    >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.4]
    """

    hidden = ("optimizer", "_told")
    _told = False  # whether a nan was spoken of

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        at_least_zero(self.name, factor=factor, threshold=threshold, eps=eps)
        whole(self.name, 0, patience=patience, cooldown=cooldown)
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor={factor} must be below 1")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode={mode!r} is not 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode={threshold_mode!r} is not 'rel' or 'abs'")
        self.mode, self.factor, self.patience, self.cooldown, self.eps = mode, factor, patience, cooldown, eps
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.min_lrs = rates(self, "min_lr", min_lr)
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self._last_lr = self.current()

    def is_better(self, a: float, best: float) -> bool:
        """Whether `a` improves on `best` by more than the threshold."""
        sign = -1 if self.mode == "min" else 1
        bound = (
            best * (1 + sign * self.threshold)
            if self.threshold_mode == "rel"
            else best + sign * self.threshold
        )
        return a < bound if self.mode == "min" else a > bound

    def step(self, metrics: Any = None) -> None:
        """Take note of the loss (or accuracy) of one more epoch.  Raises TypeError without it."""
        if metrics is None:
            raise TypeError("ReduceLROnPlateau.step: pass the loss (or accuracy) it watches: step(loss)")
        now = float(metrics.item() if hasattr(metrics, "item") else metrics)
        self.last_epoch += 1
        if math.isnan(now) and not self._told:
            self._told = True
            warnings.warn(
                f"ReduceLROnPlateau.step: the metric of step {self.last_epoch} is nan, which counts as no better; "
                f"look for where it comes from, e.g. with autograd.detect_anomaly()",
                UserWarning,
                stacklevel=stacklevel(),
            )
        if self.is_better(now, self.best):
            self.best, self.num_bad_epochs = now, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                lr = max(group["lr"] * self.factor, least)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self.current()
