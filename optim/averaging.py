"""Averages of parameters over training steps: SWA (all alike) and EMA (the latest count most); update_bn."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import Value, no_grad
from optim.checks import same_names, within

__all__ = ["AveragedModel", "get_ema_avg_fn", "get_swa_avg_fn", "update_bn"]

Average = Callable[[Any, Any, int], Any]  # (average so far, newest, how many so far) -> average


def get_swa_avg_fn() -> Average:
    """The mean of all: average + (newest - average) / (n + 1).

    Izmailov et al., 2018, "Averaging weights leads to wider optima and better generalization".
    """

    def swa_update(average: Any, newest: Any, n: int) -> Any:
        return average + (newest - average) / (n + 1)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average: decay * average + (1 - decay) * newest.

    Polyak & Juditsky, 1992.  Raises ValueError for decay outside [0, 1].
    """
    within("get_ema_avg_fn", 0, 1, decay=decay)

    def ema_update(average: Any, newest: Any, n: int) -> Any:
        return decay * average + (1 - decay) * newest

    return ema_update


class AveragedModel:
    """A copy of a model (anything with `parameters()`), or of a list of Values, that holds averages.

    update_parameters(model): take the present parameters into the averages (after a step); the
    first call copies them.  avg_fn(average, newest, n): the rule, get_swa_avg_fn() by default.
    use_buffers: average the model's buffers too; otherwise the latest are copied (see update_bn).
    Calling it calls the copy, `module`; `swapped(model)` lends the averages to the model itself.

    Raises TypeError for something that has no parameters, ValueError for a model of other shapes.

    >>> w = Value([0.0])
    >>> ema = AveragedModel([w], get_ema_avg_fn(0.9))
    >>> for x in (1.0, 2.0):
    ...     w.data = [x]
    ...     ema.update_parameters([w])
    >>> ema.parameters()[0].data
    array([1.1])
    """

    def __init__(self, model: Any, avg_fn: Average | None = None, use_buffers: bool = False) -> None:
        values_of(model, buffers=True)  # refuses what has no parameters
        self.module = copy.deepcopy(model if hasattr(model, "parameters") else list(model))
        if avg_fn is not None and not callable(avg_fn):
            raise TypeError(
                f"AveragedModel: avg_fn is {avg_fn!r}; pass a function, e.g. get_ema_avg_fn(0.99)"
            )
        self.avg_fn = avg_fn or get_swa_avg_fn()
        self.use_buffers = use_buffers
        self.n_averaged = 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not callable(self.module):
            raise TypeError("AveragedModel: a list of parameters cannot be called; see parameters()")
        return self.module(*args, **options)

    def parameters(self) -> list[Value]:
        """The averaged parameters."""
        return values_of(self.module)

    def update_parameters(self, model: Any) -> None:
        """Take the present parameters of the model into the averages."""
        own, theirs = values_of(self.module, buffers=True), values_of(model, buffers=True)
        self._same_shapes("update_parameters", [v.shape for v in theirs])
        averaged = len(own) if self.use_buffers else len(self.parameters())
        for i, (average, newest) in enumerate(zip(own, theirs, strict=True)):
            if self.n_averaged == 0 or i >= averaged:
                average.data = newest.data
            else:
                average.data = self.avg_fn(average.data, newest.data, self.n_averaged)
        self.n_averaged += 1

    @contextmanager
    def swapped(self, model: Any) -> Iterator[None]:
        """Within the block, `model` has the averaged parameters; afterwards its own again."""
        own, theirs = values_of(self.module, buffers=True), values_of(model, buffers=True)
        self._same_shapes("swapped", [v.shape for v in theirs])
        kept = [np.array(v.data) for v in theirs]
        try:
            for average, v in zip(own, theirs, strict=True):
                v.data = np.array(average.data)
            yield
        finally:
            for data, v in zip(kept, theirs, strict=True):
                v.data = data

    def _same_shapes(self, what: str, given: list[tuple[int, ...]]) -> None:
        needed = [v.shape for v in values_of(self.module, buffers=True)]
        if given != needed:
            raise ValueError(
                f"AveragedModel.{what}: shapes {given} given, {needed} needed; pass the same model"
            )

    def state_dict(self) -> dict[str, Any]:
        """Copies of the averages (parameters, then buffers) and their number."""
        values = values_of(self.module, buffers=True)
        return {"n_averaged": self.n_averaged, "averages": [np.array(v.data) for v in values]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state_dict().  Raises KeyError for other names, ValueError for other shapes."""
        same_names("AveragedModel.load_state_dict", state_dict, {"n_averaged", "averages"})
        self._same_shapes("load_state_dict", [np.shape(a) for a in state_dict["averages"]])
        for v, a in zip(values_of(self.module, buffers=True), state_dict["averages"], strict=True):
            v.data = np.asarray(a)
        self.n_averaged = int(state_dict["n_averaged"])


def update_bn(loader: Iterable[Any], model: Any) -> None:
    """Measure the running statistics of a model's batch normalizations anew, over all of `loader`.

    Averaged parameters give other activations than those the statistics were measured with: call it
    once, after the last update_parameters.  loader: batches of inputs, or tuples that begin with them.
    running_mean and running_var become the plain means over the batches of their mean and
    (unbiased) variance; a model without batch normalization stays as it is.  Momenta and modes
    are restored.

    Raises TypeError for a model without modules(), ValueError for a loader without batches.
    Source: torch.optim.swa_utils.update_bn; Izmailov et al., 2018, section 3.2.

    >>> import nn
    >>> model = nn.Sequential(nn.BatchNorm1d(1))
    >>> update_bn([np.array([[1.0], [3.0]]), np.array([[6.0], [6.0]])], model)
    >>> model[0].running_mean.data, model[0].running_var.data
    (array([4.]), array([1.]))
    """
    model = model.module if isinstance(model, AveragedModel) else model
    if not callable(getattr(model, "modules", None)):
        raise TypeError(f"update_bn: a {type(model).__name__} has no modules(); pass a model")
    modules = list(model.modules())
    # by name: this package does not know nn
    norms = [m for m in modules if any([c.__name__.startswith("BatchNorm") for c in type(m).__mro__])]
    if not norms:
        return
    before = [(m, m.training) for m in modules]
    momenta = [m.momentum for m in norms]
    batches = 0
    try:
        model.train()
        for m in norms:
            m.reset_running_stats()
            m.momentum = None  # the plain mean
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, tuple | list) else batch)
                batches += 1
    finally:
        for m, momentum in zip(norms, momenta, strict=True):
            m.momentum = momentum
        for m, training in before:
            m.training = training
    if not batches:
        raise ValueError("update_bn: the loader gave no batches; pass one that can be iterated (again)")


def values_of(model: Any, buffers: bool = False) -> list[Value]:
    """The parameters of a model, or a list of them; then the buffers, if asked for and any."""
    found = model.parameters() if hasattr(model, "parameters") else model
    if isinstance(found, Value) or not isinstance(found, Iterable):
        raise TypeError(
            f"AveragedModel: a {type(model).__name__} has no parameters(); pass a model or a list"
        )
    values = list(found)
    if buffers and hasattr(model, "buffers"):
        values += list(model.buffers())
    for i, v in enumerate(values):
        if not isinstance(v, Value):
            raise TypeError(f"AveragedModel: parameter {i} is a {type(v).__name__}; pass Values")
    return values
