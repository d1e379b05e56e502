"""Where in a recorded graph numbers stopped being finite, and what fit() says about it."""

import math
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd
from autograd import Value
from nn import init
from nn.module import Buffer, Module, is_state
from nn.training.history import History


class NonFiniteError(FloatingPointError):
    """What fit() raises at a loss or a gradient that is not finite; `history` holds the epochs before."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


class Watch:
    """Finds losses and gradients of a training that are not finite, before the step that would spread them.

    Buffers, which the forward pass may have changed, can be put back as they were before it.
    """

    def __init__(self, model: Module) -> None:
        self.model, self.buffers = model, model.buffers()
        self.parameters = [(k, v) for k, v in model._named("", is_state) if not isinstance(v, Buffer)]
        self._before: list[Any] = []

    def begin(self) -> None:
        """A batch begins: remember the buffers."""
        self._before = [np.array(b.data) for b in self.buffers]

    def put_back(self) -> None:
        """Give the buffers what they held when the batch began."""
        for b, data in zip(self.buffers, self._before, strict=True):
            b.data = data

    def gradient(self) -> str | None:
        """A sentence about the first gradient that is not finite; None if all are."""
        for name, p in self.parameters:
            g = p.grad
            if g is None:
                continue
            g = np.asarray(g.data if isinstance(g, Value) else g)
            if math.isfinite(np.vdot(g, g)) or np.isfinite(g).all():  # a square may overflow
                continue
            return (
                f"the loss is finite, the gradient of {name!r} is not: {counted(g, ~np.isfinite(g))}. "
                f"The parameters are those before this batch; run it under "
                f"autograd.detect_anomaly(inf=True), which names the operation"
            )
        return None

    def loss(self, loss: Value, data: dict[str, Any], again: Callable[[], Any]) -> str:
        """A sentence about a loss that is not finite, and where that began.

        data: name -> (the batch, the numbers of its rows).  again: the forward pass once more.
        """
        found = first_given(data)
        mend = "take such rows out, or fill them in"
        if found is None:
            names = {id(p): name for name, p in self.parameters}
            found = first_nonfinite(loss, names) or ""
            nan = first_nonfinite(loss, names, np.isnan, "inputs without nan")
            found += self._place(again)
            if nan is not None and not found.startswith(nan.partition(" from ")[0]):
                found += f"; the first nan: {nan}"
            mend = "lower the learning rate, or keep the operation away from such inputs"
        return f"the loss is {loss.item()}: {found}. The parameters are those before this batch; {mend}"

    def _place(self, again: Callable[[], Any]) -> str:
        """' (in the module '2', model.py:12)': where a second run meets what NumPy finds fault with."""
        self.put_back()
        random = init.generator().bit_generator
        state = random.state
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise"):
                again()
        except FloatingPointError as error:
            return place(self.model, error)
        except Exception:  # what it says has nothing to do with the loss
            return ""
        finally:
            random.state = state
        return ""


OURS = tuple(str(Path(p).resolve().parent) for p in (autograd.__file__, Path(__file__).parent, np.__file__))


def place(model: Module, error: BaseException) -> str:
    """Which module, and which line outside these packages, an error came from; '' if neither is known."""
    names = {id(m): name for name, m in model.named_modules() if name}
    module = line = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        module = names.get(id(frame.f_locals.get("self")), module)
        file = frame.f_code.co_filename
        if not file.startswith(OURS) and not file.startswith("<"):
            line = f"{Path(file).name}:{number}"
    parts = [f"in the module {module!r}"] * bool(module) + [line] * bool(line)
    return f" ({', '.join(parts)})" if parts else ""


def first_given(data: dict[str, Any]) -> str | None:
    """A sentence about the first number among the data of a batch that is not finite; None if all are."""
    for name, (batch, rows) in data.items():
        if batch.dtype.kind == "f" and not np.isfinite(batch).all():
            first = np.argwhere(~np.isfinite(batch))[0]
            at = ", ".join(str(int(i)) for i in (rows[first[0]], *first[1:]))
            return f"the data is not finite: {name}[{at}] is {batch[tuple(first)]}"
    return None


def first_nonfinite(
    loss: Value,
    names: dict[int, str] | None = None,
    bad: Callable[[Any], Any] = lambda x: ~np.isfinite(x),
    good: str = "finite inputs",
) -> str | None:
    """A sentence about the first operation whose result is not finite though its inputs are, or
    about the leaf or constant that was not finite to begin with; None if all is finite.

    names: of Values, by id.  "First" is in the order of evaluation.  bad: what else to look for,
    and good: what inputs without it are called.
    """
    for node in in_order(loss):
        here = bad(np.asarray(node.data))
        if not here.any():
            continue
        if node.op is None:
            name = (names or {}).get(id(node)) or node.name
            what = f"the parameter {name!r}" if name else "a leaf"
            return f"{what} ({text(node)}) is not finite before any operation: {counted(node.data, here)}"
        for i, x in enumerate(node.inputs):
            if not isinstance(x, Value) and bad(np.asarray(x)).any():
                given = np.asarray(x)
                return f"input {i} of {node.op} ({text(x)}), a constant, is not finite: {counted(given, bad(given))}"
        label = f" named {node.name!r}" if node.name else ""
        operands = ", ".join(text(x) for x in node.inputs)
        return f"{node.op}({operands}){label} gave {counted(node.data, here)} from {good}"
    return None


def in_order(root: Value) -> list[Value]:
    """Every Value `root` was made from, each after its inputs, itself last."""
    order: list[Value] = []
    seen: set[int] = set()
    todo: list[tuple[Value, bool]] = [(root, False)]
    while todo:
        node, ready = todo.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            todo.append((node, True))
            todo.extend((x, False) for x in reversed(node.inputs) if isinstance(x, Value))
    return order


def text(x: Any) -> str:
    """An operand in a message: its dtype and shape, or the number."""
    data = np.asarray(x.data if isinstance(x, Value) else x)
    return f"{data.dtype} {data.shape}" if data.ndim else repr(data.item())


def counted(data: Any, where: Any) -> str:
    """'nan at [0, 3] (2 of 12 elements)'."""
    data = np.asarray(data)
    if not data.ndim:
        return str(data[()])
    first = tuple(int(i) for i in np.argwhere(where)[0])
    return f"{data[first]} at {list(first)} ({int(where.sum())} of {data.size} elements)"
