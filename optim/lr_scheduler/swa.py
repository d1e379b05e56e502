"""SWALR: to a constant learning rate, for averaging weights."""

import math

from optim.checks import whole
from optim.lr_scheduler.base import LRScheduler, optimizer_of, rates
from optim.optimizer import Optimizer


class SWALR(LRScheduler):
    """From the present rate to swa_lr in anneal_epochs steps, then constant.

    anneal_strategy: "cos" or "linear".  Izmailov et al., 2018, "Averaging weights leads to wider
    optima and better generalization"; the averages are kept by optim.averaging.

    Raises ValueError for a negative anneal_epochs and unknown strategies.

    >>> from autograd import Value
    >>> from optim.sgd import SGD
    >>> x = Value(1.0)
    >>> x.backward()
    >>> optimizer = SGD([x], lr=0.8)
    >>> scheduler = SWALR(optimizer, swa_lr=0.2, anneal_epochs=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates.append(round(scheduler.get_last_lr()[0], 4))
    >>> rates
    [0.5, 0.2, 0.2, 0.2]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = optimizer_of(self, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy={anneal_strategy!r} is not 'cos' or 'linear'")
        whole(self.name, 0, anneal_epochs=anneal_epochs)
        for group, lr in zip(optimizer.param_groups, rates(self, "swa_lr", swa_lr), strict=True):
            group["swa_lr"] = lr
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """The share of swa_lr in the learning rate after `step` steps."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        lrs = []
        for group in self.optimizer.param_groups:
            swa = group["swa_lr"]
            # what the rate would be without the share it already has
            lr = swa if before == 1 else (group["lr"] - before * swa) / (1 - before)
            lrs.append(swa * now + lr * (1 - now))
        return lrs
