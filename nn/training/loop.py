"""fit, evaluate, predict: the training loop, written once."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import Value, no_grad
from nn.data.dataset import TensorDataset
from nn.data.loader import DataLoader, at_least
from nn.module import Module
from nn.training.callbacks import Callback, Run
from nn.training.compiled import CompiledStep
from nn.training.history import History
from nn.training.interrupts import Interrupts
from nn.training.metrics import Metric, check_labels, named_metrics
from nn.training.nonfinite import NonFiniteError, Watch
from nn.training.progress import Progress

Loss = Callable[[Any, Any], Any]


def fit(
    model: Module,
    x: Any,
    y: Any,
    loss: Loss,
    optimizer: Any,
    epochs: int = 1,
    batch_size: int = 32,
    validation_split: float = 0.0,
    validation_data: tuple[Any, Any] | None = None,
    metrics: Sequence[Any] = (),
    callbacks: Iterable[Callback] = (),
    shuffle: bool = True,
    seed: int = 0,
    verbose: int = 1,
    initial_epoch: int = 0,
    compile: bool | str = False,
) -> History:
    """Train `model` on batches of the rows of `x` and `y`; what was measured, as a History.

    Per batch: `optimizer.zero_grad()`, `loss(model(x), y).backward()`, `optimizer.step()`.
    loss: a function of output and target that returns a single Value; its mean over the rows is
    logged as "loss".
    optimizer: anything with zero_grad() and step().
    validation_split: the last share of the rows, taken before shuffling, is not trained on but
    evaluated after every epoch, as is validation_data (x, y); their numbers are "val_...".
    metrics: names, Metrics or functions of (output, target); in training they see the outputs
    as they were then, with dropout, before the step.
    shuffle: a new order each epoch, from `seed` and the number of the epoch alone.
    verbose: 0 silent, 1 a progress bar (lines without tqdm), 2 a line per epoch.
    initial_epoch: where to go on, of `epochs` in all.
    compile: run the forward and the backward pass by autograd.compile, with the same numbers; a
    string names the back end ("numpy", "numba").

    A model in evaluation mode is put into training mode and back; in one that trains, each
    part keeps its own mode.  Ctrl-C ends the training after the batch it falls into: the
    model is whole, finished epochs are in the History, and its `interrupted` is True.

    Raises ValueError for unequal or missing rows, labels out of range and options out of
    range, TypeError for things of the wrong kind; NonFiniteError, a FloatingPointError, at a loss
    or gradient that is not finite: it names epoch, batch and the first operation that gave such a
    number, the parameters are those before that batch, and its `history` holds the epochs before
    (TerminateOnNaN ends the training instead).

    >>> import nn, optim
    >>> x = np.linspace(-1, 1, 8)[:, None]
    >>> model = nn.Linear(1, 1)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.5)
    >>> history = fit(model, x, 3 * x + 2, nn.MSELoss(), optimizer, epochs=100, batch_size=8, verbose=0)
    >>> model.weight.data.round(6).tolist(), model.bias.data.round(6).tolist(), len(history.epoch)
    ([[3.0]], [2.0], 100)
    """
    _check_kinds("fit", model, loss)
    _check_optimizer(model, optimizer)
    at_least("fit", "epochs", epochs, 0)
    at_least("fit", "batch_size", batch_size, 1)
    at_least("fit", "initial_epoch", initial_epoch, 0)
    x, y = _rows("fit", x, y)
    (x, y), validation = _validation(x, y, validation_split, validation_data)
    loader = DataLoader(TensorDataset(x, y), batch_size, shuffle, seed=seed)
    measures = named_metrics("fit", metrics)
    watchers = _callbacks(callbacks)
    run = Run(model, optimizer, History(), measures, callbacks=watchers)
    watch = Watch(model)
    fast = CompiledStep(model, loss, compile if isinstance(compile, str) else None) if compile else None
    progress = Progress(verbose, epochs, len(loader))
    labels_checked = False

    def stop(why: str) -> None:
        """End the training at numbers that are not finite."""
        watch.put_back()
        raise NonFiniteError(f"fit: epoch {run.epoch + 1}, batch {run.batch + 1}: {why}", run.history)

    def step(batch: tuple[Any, Any]) -> float:
        """One batch: forward, backward, update; its loss."""
        nonlocal labels_checked
        xb, yb = batch
        optimizer.zero_grad()
        watch.begin()
        recorded = fast is None or not labels_checked  # the first batch is looked at
        if fast is not None and labels_checked:
            output, value = fast(xb, yb)
        else:
            output = model(xb)
            if not labels_checked:
                _check_targets("fit", output, y, loss)
                labels_checked = True
            value = loss(output, yb)
            _check_loss("fit", value)
        for c in watchers:
            c.on_loss(run, value)
        number: float = value.item()
        if not math.isfinite(number):
            if not recorded:  # once more
                watch.put_back()
                value = loss(model(xb), yb)
            start = run.batch * batch_size
            rows = loader.order(run.epoch)[start : start + batch_size]
            stop(watch.loss(value, {"x": (xb, rows), "y": (yb, rows)}, lambda: loss(model(xb), yb)))
        for m in measures.values():
            m.update(output.data, yb)
        if recorded:
            value.backward(release=True)
        for c in watchers:
            c.on_gradients(run)
        found = watch.gradient()
        if found is not None:
            stop(found)
        optimizer.step()
        for c in watchers:
            c.on_batch_end(run)
        return number

    with _training(model), Interrupts() as interrupts:
        try:
            for c in watchers:
                c.on_train_begin(run)
            for run.epoch in range(initial_epoch, epochs):
                for m in measures.values():
                    m.reset()
                for c in watchers:
                    c.on_epoch_begin(run)
                progress.epoch(run.epoch)
                total = 0.0
                for i, batch in enumerate(loader.batches(run.epoch)):
                    run.batch = i
                    with interrupts.deferred():
                        total += step(batch) * len(batch[0])
                    progress.batch()
                logs = {"loss": total / len(x), **{name: m.result() for name, m in measures.items()}}
                if validation is not None:
                    measured = _measured("fit", model, *validation, loss, measures, batch_size)
                    logs |= {f"val_{name}": number for name, number in measured.items()}
                run.logs = logs
                with interrupts.deferred():
                    run.history.append(run.epoch, logs)
                progress.done(run.epoch, logs)
                for c in watchers:
                    c.on_epoch_end(run)
                for c in watchers:
                    c.on_epoch_done(run)
                if run.stop:
                    break
        except KeyboardInterrupt:
            run.history.interrupted = True
        except NonFiniteError as error:
            optimizer.zero_grad()
            for c in watchers:
                c.on_nonfinite(run, error)
            if not run.stop:
                raise
        finally:
            progress.close()
        try:
            with interrupts.deferred():
                optimizer.zero_grad()  # a batch broken off may have left some
                for c in watchers:
                    c.on_train_end(run)
        except KeyboardInterrupt:
            run.history.interrupted = True
    run.history.stopped = run.stop
    return run.history


def evaluate(
    model: Module, x: Any, y: Any, loss: Loss, metrics: Sequence[Any] = (), batch_size: int = 32
) -> dict[str, float]:
    """{"loss": ..., and each metric} over all rows, in evaluation mode and without a graph.

    The modes of the model are restored.  Raises as `fit` does.
    """
    _check_kinds("evaluate", model, loss)
    at_least("evaluate", "batch_size", batch_size, 1)
    x, y = _rows("evaluate", x, y)
    return _measured("evaluate", model, x, y, loss, named_metrics("evaluate", metrics), batch_size)


def predict(model: Module, x: Any, batch_size: int = 32) -> Any:
    """The model's outputs for all rows of `x`, an array, in evaluation mode and without a graph.

    The modes of the model are restored.  Raises ValueError for no rows, or outputs that are
    not one row for each.
    """
    _check_kinds("predict", model, predict)
    size = at_least("predict", "batch_size", batch_size, 1)
    (x,) = _rows("predict", x)
    parts = []
    with _evaluating(model):
        for i in range(0, len(x), size):
            part = x[i : i + size].copy()  # forward may write into it
            output = model(part)
            array = np.asarray(output.data if isinstance(output, Value) else output)
            if not array.ndim or len(array) != len(part):
                raise ValueError(
                    f"predict: the model gave shape {array.shape} for {len(part)} rows; "
                    f"its forward must return one row for each"
                )
            parts.append(array)
    return np.concatenate(parts)


def _measured(
    owner: str, model: Module, x: Any, y: Any, loss: Loss, metrics: dict[str, Metric], batch_size: int
) -> dict[str, float]:
    for m in metrics.values():
        m.reset()
    total = 0.0
    with _evaluating(model):
        for i in range(0, len(x), batch_size):
            xb, yb = x[i : i + batch_size].copy(), y[i : i + batch_size]  # forward may write into xb
            output = model(xb)
            if not i:
                _check_targets(owner, output, y, loss)
            value = loss(output, yb)
            _check_loss(owner, value)
            total += value.item() * len(xb)
            for m in metrics.values():
                m.update(output.data, yb)
    return {"loss": total / len(x), **{name: m.result() for name, m in metrics.items()}}


# --- modes --------------------------------------------------------------------------------------


@contextmanager
def _training(model: Module) -> Iterator[None]:
    """Training mode, unless the model has it; restored as it was before."""
    modes = [(m, m.training) for m in model.modules()]
    if not model.training:
        model.train()
    try:
        yield
    finally:
        for m, training in modes:
            m.training = training


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode and no graph; the modes are restored."""
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for m, training in modes:
            m.training = training


# --- checks -------------------------------------------------------------------------------------


def _check_kinds(owner: str, model: Any, loss: Any) -> None:
    if not isinstance(model, Module):
        hint = f"pass an object: {model.__name__}()" if isinstance(model, type) else "pass an nn.Module"
        raise TypeError(f"{owner}: model is a {type(model).__name__}; {hint}")
    if not callable(loss) or isinstance(loss, type):
        hint = f"an object: {loss.__name__}()" if isinstance(loss, type) else "e.g. nn.MSELoss()"
        raise TypeError(f"{owner}: loss={loss!r} is no function of (output, target); pass {hint}")


def _check_optimizer(model: Module, optimizer: Any) -> None:
    """An optimizer of another model would train nothing, in silence."""
    if isinstance(optimizer, type):
        raise TypeError(
            f"fit: optimizer is the class {optimizer.__name__}; pass an object: "
            f"{optimizer.__name__}(model.parameters())"
        )
    for method in ("zero_grad", "step"):
        if not callable(getattr(optimizer, method, None)):
            raise TypeError(
                f"fit: optimizer is a {type(optimizer).__name__} without {method}(); "
                f"pass e.g. optim.SGD(model.parameters(), lr=0.1)"
            )
    if getattr(optimizer, "needs_closure", False):
        raise TypeError(
            f"fit: {type(optimizer).__name__} evaluates the loss several times in a step, which fit does not; "
            f"write the loop with optimizer.step(closure), or use optim.minimize"
        )
    groups = getattr(optimizer, "param_groups", None)
    if not groups:
        return
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in groups for p in group["params"]):
        raise ValueError(
            "fit: the optimizer holds no parameter of this model; make it from model.parameters()"
        )


def _callbacks(callbacks: Any) -> list[Callback]:
    if isinstance(callbacks, Callback):
        raise TypeError(f"fit: callbacks is a single {type(callbacks).__name__}; pass a list of them")
    found = list(callbacks)
    for c in found:
        if isinstance(c, Callback):
            continue
        hint = "objects of subclasses of Callback"
        if isinstance(c, type):
            hint = f"an object: {c.__name__}()"
        elif callable(getattr(c, "step", None)):
            hint = "a scheduler as LearningRateScheduler(scheduler)"
        raise TypeError(f"fit: callback {c!r} is a {type(c).__name__}; pass {hint}")
    return found


def _rows(owner: str, *arrays: Any) -> tuple[Any, ...]:
    """The arguments x, y as arrays with equally many rows, at least one."""
    names = ("x", "y")
    found = []
    for name, a in zip(names, arrays, strict=False):
        if isinstance(a, DataLoader):
            raise TypeError(f"{owner}: {name} is a DataLoader; pass the arrays, and batch_size= and shuffle=")
        array = np.asarray(a)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{owner}: {name} has dtype {array.dtype}; real numbers are needed")
        if not array.ndim:
            raise ValueError(f"{owner}: {name} has shape (); pass one row per example, e.g. shape (1, ...)")
        if not len(array):
            raise ValueError(f"{owner}: {name} has shape {array.shape}, no rows; pass at least one")
        found.append(array)
    if len({len(a) for a in found}) > 1:
        raise ValueError(
            f"{owner}: x has {len(found[0])} rows, y has {len(found[1])}; give one target per row of x"
        )
    return tuple(found)


def _validation(x: Any, y: Any, split: float, data: Any) -> tuple[tuple[Any, Any], tuple[Any, Any] | None]:
    """What to train on, and what to validate with."""
    if data is not None:
        if split:
            raise ValueError("fit: both validation_split and validation_data are given; leave one out")
        if not isinstance(data, tuple | list) or len(data) != 2:
            raise TypeError("fit: validation_data must be a pair (x, y)")
        held = _rows("fit: validation_data", *data)
        return (x, y), (held[0], held[1])
    if not 0 <= split < 1:
        raise ValueError(f"fit: validation_split={split} must be in [0, 1): a share of the rows")
    if not split:
        return (x, y), None
    n = math.floor(len(x) * (1 - split))
    if not 0 < n < len(x):
        raise ValueError(
            f"fit: validation_split={split} of {len(x)} rows leaves {n} to train with and {len(x) - n} to "
            f"validate with; change it, or pass validation_data"
        )
    return (x[:n], y[:n]), (x[n:], y[n:])


def _check_targets(owner: str, output: Any, y: Any, loss: Any) -> None:
    """Class numbers among the targets must be columns of the output: NumPy would count -1 from the end."""
    if not isinstance(output, Value):
        raise TypeError(
            f"{owner}: the model returned a {type(output).__name__}; its forward must return a Value with a row per example"
        )
    shape = output.shape
    if y.dtype.kind in "iu" and len(shape) > 1 and shape[1] > 1 and y.shape[1:] == shape[2:]:
        check_labels(owner, (len(y), *shape[1:]), y, getattr(loss, "ignore_index", None))


def _check_loss(owner: str, value: Any) -> None:
    if not isinstance(value, Value):
        raise TypeError(
            f"{owner}: the loss is a {type(value).__name__}; it must return a Value, made of the output by "
            f"operations that carry gradient"
        )
    if value.size != 1:
        raise ValueError(
            f"{owner}: the loss has shape {value.shape}; it must be a single number: reduce it, e.g. loss.mean()"
        )
