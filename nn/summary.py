"""summary: the layers of a model, the shapes of their results, and their numbers of parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Value
from nn.module import Module, Parameter, frozen_call

__all__ = ["Row", "Summary", "summary"]


@dataclass
class Row:
    """One call of one module: its name in the model, its class, what it returned, its own parameters."""

    name: str
    kind: str
    depth: int
    output_shape: Any  # a shape, or a list of them
    parameters: int


@dataclass
class Summary:
    """What `summary` returns; as text, a table."""

    rows: list[Row]
    total: int
    trainable: int

    def __str__(self) -> str:
        table = [("Layer (name)", "Output shape", "Parameters")]
        for row in self.rows:
            name = f"{'  ' * row.depth}{row.kind}" + (f" ({row.name})" if row.name else "")
            table.append((name, _text(row.output_shape), f"{row.parameters:,}" if row.parameters else "-"))
        widths = [max([len(line[i]) for line in table]) for i in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in table]
        rule = "-" * (sum(widths) + 4)
        counts = f"Parameters: {self.total:,} ({self.trainable:,} trainable)"
        return "\n".join([lines[0], rule, *lines[1:], rule, counts])

    __repr__ = __str__


def _text(shape: Any) -> str:
    if isinstance(shape, list):
        return ", ".join([_text(s) for s in shape])
    return f"({', '.join([str(n) for n in shape])}{',' if len(shape) == 1 else ''})"


def _shapes(output: Any) -> Any:
    """The shape of a result; a list of shapes for several."""
    if isinstance(output, tuple | list):
        found = [_shapes(x) for x in output]
        return [s for x in found for s in (x if isinstance(x, list) else [x])]
    return tuple(np.shape(output.data if isinstance(output, Value) else output))


def summary(model: Module, input_shape: Sequence[int], *, dtype: Any = None) -> Summary:
    """The modules in the order of their calls for one input of zeros, with shapes and parameter counts.

    input_shape: the whole shape, batch axis included, as torchinfo's input_size.
    dtype: by default that of the model's first parameter; int for a model that begins with
    an embedding.  The model runs once, in evaluation mode and without a graph, and is left
    as it was.  A parameter that several modules share is counted at the first.

    >>> from nn.linear import Linear
    >>> print(summary(Linear(3, 2), (1, 3)))
    Layer (name)  Output shape  Parameters
    --------------------------------------
    Linear        (1, 2)                 8
    --------------------------------------
    Parameters: 8 (8 trainable)
    """
    named = {id(m): name for name, m in reversed(list(model.named_modules()))}
    modules = {id(m): m for m in model.modules()}
    if dtype is None:
        dtype = next((p.dtype for p in model.parameters()), np.dtype(float))
    rows: list[Row] = []
    open_rows: list[Row] = []
    counted: set[int] = set()

    def enter(module: Module, args: Any) -> None:
        inside = {id(v) for m in module.children() for v in _parameters(m)}
        own = [v for v in _parameters(module) if id(v) not in inside and id(v) not in counted]
        counted.update([id(v) for v in own])
        count = sum([v.size for v in own])
        row = Row(named[id(module)], type(module).__name__, len(open_rows), (), count)
        rows.append(row)
        open_rows.append(row)

    def leave(module: Module, args: Any, output: Any) -> None:
        open_rows.pop().output_shape = _shapes(output)

    handles = []
    try:
        for m in modules.values():
            handles += [m.register_forward_pre_hook(enter), m.register_forward_hook(leave)]
        frozen_call(model, np.zeros(tuple(input_shape), dtype))
    finally:
        for handle in handles:
            handle.remove()
    everything = _parameters(model)
    total = sum([v.size for v in everything])
    return Summary(rows, total, sum([v.size for v in everything if v.requires_grad]))


def _parameters(module: Module) -> list[Value]:
    """The parameters of a module and all inside it, the frozen ones too."""
    found = module._named(
        "", lambda x: isinstance(x, Parameter) or (isinstance(x, Value) and x.requires_grad)
    )
    return [v for _, v in found]
