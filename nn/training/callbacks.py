"""Callbacks: what happens besides the steps of a training."""

import csv
import io
import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from autograd import Value
from autograd.callers import stacklevel
from autograd.foreign import check_arguments
from nn import init
from nn.module import Module
from nn.saving import save_checkpoint, write_atomically
from nn.training.history import History
from nn.training.metrics import Metric

# what other libraries call options
OPTIONS = {
    "restore_best_weights": "write restore_best=",
    "save_weights_only": "leave it out, or write nn.save(model, path) in a Callback",
    "save_freq": "leave it out: a checkpoint is written after every epoch",
    "filepath": "write path=",
    "filename": "write path=",
    "start_from_epoch": "leave it out",
    "verbose": "leave it out: fit() says why it stopped",
}


@dataclass
class Run:
    """A training under way, as callbacks see it.

    epoch and batch count from 0; logs: the numbers of the epoch just finished.  Set `stop`
    (to the reason) to end the training after this epoch.
    """

    model: Module
    optimizer: Any
    history: History
    metrics: dict[str, Metric]
    epoch: int = 0
    batch: int = 0
    logs: dict[str, float] = field(default_factory=dict)
    stop: str = ""
    callbacks: "list[Callback]" = field(default_factory=list)


class Callback:
    """Base class; a subclass writes the methods it needs."""

    def __new__(cls, *args: Any, **options: Any) -> Self:
        check_arguments(cls, args, options, OPTIONS)
        return super().__new__(cls)

    def on_train_begin(self, run: Run) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, run: Run) -> None:
        """Before the first batch of an epoch."""

    def on_loss(self, run: Run, loss: Value) -> None:
        """After the forward pass of a batch: the graph of the loss is still whole."""

    def on_gradients(self, run: Run) -> None:
        """After the backward pass of a batch, before the optimizer's step."""

    def on_batch_end(self, run: Run) -> None:
        """After the optimizer's step."""

    def on_nonfinite(self, run: Run, error: FloatingPointError) -> None:
        """At a loss or gradient that is not finite; fit() raises `error`, unless this sets `run.stop`."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch and its validation; `run.logs` and `run.history` hold its numbers."""

    def on_epoch_done(self, run: Run) -> None:
        """After on_epoch_end of all callbacks: nothing of this epoch is left to do."""

    def on_train_end(self, run: Run) -> None:
        """After the last epoch, or the interruption by Ctrl-C."""


class Monitor(Callback):
    """A callback that watches one number of the logs, such as "loss" or "val_accuracy".

    mode: "min", "max", or "auto": the metric's own, and "min" for losses.
    A number that is nan is never better; a UserWarning says it, once in a training.

    state_dict() holds what it has seen; after load_state_dict() the next training goes on from there
    instead of beginning anew.
    """

    consequence = ""  # of a nan, for the warning
    remembered: tuple[str, ...] = ("best", "best_epoch", "nan_since")  # from epoch to epoch

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: mode={mode!r} is unknown; pass 'min', 'max' or 'auto'")
        if not min_delta >= 0:
            raise ValueError(f"{type(self).__name__}: min_delta={min_delta} must be 0 or more")
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.best = math.nan
        self.best_epoch = -1
        self.nan_since = -1  # the epoch since when the number is nan
        self._told = False
        self._goes_on = False

    def on_train_begin(self, run: Run) -> None:
        if not self._goes_on:
            self.begin()
        self._goes_on = False

    def begin(self) -> None:
        """Forget what earlier trainings left."""
        self.best, self.best_epoch, self.nan_since, self._told = math.nan, -1, -1, False

    def state_dict(self) -> dict[str, Any]:
        """What it has seen so far: numbers and arrays."""
        return {name: getattr(self, name) for name in self.remembered}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a state_dict(), from which the next training goes on.  Raises ValueError for other names."""
        if set(state) != set(self.remembered):
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: {sorted(state)} given, {sorted(self.remembered)} needed; "
                f"was it saved by the same class?"
            )
        for name in self.remembered:
            setattr(self, name, state[name])
        self._goes_on = True

    def current(self, run: Run) -> float:
        """The number watched; KeyError, naming those there are, if it was not measured."""
        if self.monitor not in run.logs:
            raise KeyError(
                f"{type(self).__name__}: {self.monitor!r} is not measured, there are {sorted(run.logs)}; "
                f"name one of them in monitor=, or pass validation_data= or metrics= to fit()"
            )
        now = run.logs[self.monitor]
        if not math.isnan(now):
            self.nan_since = -1
        elif self.nan_since < 0:
            self.nan_since = run.epoch
            if not self._told:
                self._told = True
                warnings.warn(
                    f"{type(self).__name__}: {self.monitor} is nan in epoch {run.epoch + 1}{self.consequence}; "
                    f"look for nan in the data it was measured with",
                    UserWarning,
                    stacklevel=stacklevel(),
                )
        return now

    def improved(self, run: Run) -> bool:
        """Whether this epoch is the best so far, by more than min_delta; nan is never better."""
        now = self.current(run)
        metric = run.metrics.get(self.monitor.removeprefix("val_"))
        upwards = self.mode == "max" or (
            self.mode == "auto" and metric is not None and metric.higher_is_better
        )
        gain = now - self.best if upwards else self.best - now
        if not math.isnan(now) and (math.isnan(self.best) or gain > self.min_delta):
            self.best, self.best_epoch = now, run.epoch
            return True
        return False


class EarlyStopping(Monitor):
    """Stop after `patience` epochs in a row without a gain of more than `min_delta`.

    patience 0 stops at the first epoch that is no better.  restore_best: give the model the
    parameters and buffers of the best epoch when the training ends, for whatever reason.
    """

    consequence = ", which counts as no better"
    remembered = (*Monitor.remembered, "waited", "best_state")

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 0,
        min_delta: float = 0.0,
        restore_best: bool = False,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if patience < 0:
            raise ValueError(f"EarlyStopping: patience={patience} must be 0 or more")
        self.patience, self.restore_best = patience, restore_best
        self.waited = 0  # epochs since the best one
        self.best_state: dict[str, Any] | None = None  # the model's then, with restore_best

    def begin(self) -> None:
        super().begin()
        self.waited, self.best_state = 0, None

    def on_epoch_end(self, run: Run) -> None:
        if self.improved(run):
            self.waited = 0
            if self.restore_best:
                self.best_state = run.model.state_dict()
            return
        self.waited += 1
        if self.waited >= max(self.patience, 1):
            run.stop = f"{self.monitor} has not improved since epoch {self.best_epoch + 1}"
            if self.nan_since >= 0:
                best = (
                    f"the best was in epoch {self.best_epoch + 1}"
                    if self.best_epoch >= 0
                    else "it never was a number"
                )
                run.stop = f"{self.monitor} is nan since epoch {self.nan_since + 1}; {best}"

    def on_train_end(self, run: Run) -> None:
        if self.best_state is not None:
            run.model.load_state_dict(self.best_state)


class StopOnPlateau(Monitor):
    """Stop when |monitor - its value one epoch before| < eps: the rule of gradient descent by hand."""

    remembered = (*Monitor.remembered, "previous")

    def __init__(self, eps: float = 1e-6, monitor: str = "loss") -> None:
        super().__init__(monitor)
        if not eps > 0:
            raise ValueError(f"StopOnPlateau: eps={eps} must be greater than 0")
        self.eps = eps
        self.previous = math.nan

    def begin(self) -> None:
        super().begin()
        self.previous = math.nan

    def on_epoch_end(self, run: Run) -> None:
        now = self.current(run)
        if abs(now - self.previous) < self.eps:
            run.stop = f"{self.monitor} changed by less than {self.eps}"
        self.previous = now


class ModelCheckpoint(Monitor):
    """Write a checkpoint of the whole training after every epoch, or after each best one.

    It holds model, optimizer, the number of finished epochs (`step`), the state of random numbers,
    the scheduler of the LearningRateScheduler beside it, if there is one, and what the callbacks
    have seen (with EarlyStopping's restore_best the best parameters too).
    path: may hold fields such as "model_{epoch:03d}.safetensors", where epoch counts from 1,
    or "{val_loss:.3f}".  The file appears whole or not at all.
    rng: the generators whose state is saved; if left out, the one that dropout and its like
    draw from, `nn.init.generator()`.

    To go on as if the training had never stopped, to the last bit, make everything anew, then

        done = nn.load_checkpoint(path, model=model, optimizer=optimizer, scheduler=scheduler,
                                  callbacks=callbacks, rng=nn.init.generator())["step"]
        nn.fit(..., callbacks=callbacks, initial_epoch=done)

    Without callbacks= these begin anew: the first epoch is then the best so far.

    Raises ValueError at the beginning of a training with several schedulers.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: str = "auto",
        rng: Any = None,
    ) -> None:
        super().__init__(monitor, mode)
        if save_best_only:
            self.consequence = ", which is never the best: no checkpoint is written"
        self.path, self.save_best_only, self.rng = path, save_best_only, rng
        self._scheduler: Any = None
        self._due = False

    def on_train_begin(self, run: Run) -> None:
        super().on_train_begin(run)
        schedulers = [c.scheduler for c in run.callbacks if isinstance(c, LearningRateScheduler)]
        if len(schedulers) > 1:
            raise ValueError(
                f"ModelCheckpoint: there are {len(schedulers)} schedulers, and a checkpoint holds one; "
                f"step them as one ChainedScheduler"
            )
        self._scheduler = next((s for s in schedulers if hasattr(s, "state_dict")), None)

    def on_epoch_end(self, run: Run) -> None:
        self._due = not self.save_best_only or self.improved(run)

    def on_epoch_done(self, run: Run) -> None:
        if not self._due:
            return
        path = os.fspath(self.path).format(**{**run.logs, "epoch": run.epoch + 1})
        optimizer = run.optimizer if hasattr(run.optimizer, "state_dict") else None
        save_checkpoint(
            path,
            model=run.model,
            optimizer=optimizer,
            scheduler=self._scheduler,
            callbacks=run.callbacks,
            step=run.epoch + 1,
            rng=init.generator() if self.rng is None else self.rng,
            extra=dict(run.logs),
        )


class LearningRateScheduler(Callback):
    """Call `scheduler.step()` after every epoch, or after every batch with `every="batch"`.

    monitor: the number that the scheduler's step wants, as ReduceLROnPlateau's does.
    """

    def __init__(self, scheduler: Any, monitor: str | None = None, every: str = "epoch") -> None:
        if every not in ("epoch", "batch"):
            raise ValueError(f"LearningRateScheduler: every={every!r} is unknown; pass 'epoch' or 'batch'")
        if monitor is not None and every == "batch":
            raise ValueError(
                "LearningRateScheduler: monitor= is known after an epoch; leave out every='batch'"
            )
        if isinstance(scheduler, type):
            raise TypeError(
                f"LearningRateScheduler: {scheduler.__name__} is a class; pass an object: "
                f"{scheduler.__name__}(optimizer, ...)"
            )
        if not callable(getattr(scheduler, "step", None)):
            raise TypeError(
                f"LearningRateScheduler: a {type(scheduler).__name__} has no step(); pass a scheduler"
            )
        self.scheduler, self.every = scheduler, every
        self._monitor = Monitor(monitor) if monitor is not None else None
        if self._monitor is not None:
            self._monitor._told = True  # the scheduler says it

    def on_batch_end(self, run: Run) -> None:
        if self.every == "batch":
            self.scheduler.step()

    def on_epoch_end(self, run: Run) -> None:
        if self._monitor is not None:
            self.scheduler.step(self._monitor.current(run))
        elif self.every == "epoch":
            self.scheduler.step()


class CSVLogger(Callback):
    """Write the numbers of every epoch to a CSV file, which is whole at any moment.

    append: keep the rows that are there (their columns must be the same); else begin anew.
    """

    def __init__(self, path: str | os.PathLike[str], append: bool = False) -> None:
        self.path, self.append = Path(path), append
        self._rows: list[list[str]] = []

    def on_train_begin(self, run: Run) -> None:
        self._rows = []
        if self.append and self.path.exists():
            self._rows = list(csv.reader(io.StringIO(self.path.read_text(encoding="utf-8"))))

    def on_epoch_end(self, run: Run) -> None:
        header = ["epoch", *run.logs]
        if not self._rows:
            self._rows.append(header)
        elif self._rows[0] != header:
            raise ValueError(
                f"CSVLogger: {self.path} has the columns {self._rows[0]}, this training {header}; "
                f"pass append=False or another path"
            )
        self._rows.append([str(run.epoch), *[repr(float(x)) for x in run.logs.values()]])
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self._rows)
        write_atomically(self.path, text.getvalue().encode())


class TerminateOnNaN(Callback):
    """End the training, instead of an error, at the first loss or gradient that is not finite.

    The parameters are those before that batch, the History holds the epochs before, and its
    `stopped` says what fit() would have raised.

    >>> import numpy as np
    >>> from nn import Linear, MSELoss, fit
    >>> from optim import SGD
    >>> model, x = Linear(1, 1), np.array([[1.0], [np.nan]])
    >>> history = fit(model, x, x, MSELoss(), SGD(model.parameters()), callbacks=[TerminateOnNaN()], verbose=0)
    >>> history.stopped
    'fit: epoch 1, batch 1: the loss is nan: the data is not finite: x[1, 0] is nan. ...'
    """

    def on_nonfinite(self, run: Run, error: FloatingPointError) -> None:
        run.stop = str(error)
