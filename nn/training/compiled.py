"""A training step's forward and backward pass as one compiled function of the batch."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, compile, enable_grad, gradients, no_grad
from nn.module import Buffer, Module, Parameter

Held = list[tuple[Callable[[], Any], list[int]]]  # what a container holds, and the identities of that
PLAIN = frozenset((bool, int, float, complex, str, bytes, type(None)))


class CompiledStep:
    """`loss(model(x), y)` and its gradients, traced once for each shape of a batch and state of the modules.

    Parameters and buffers are read at every call.  What else the modules of the model and of the
    loss hold (their modes, the probability of a dropout) is compared at every call, and what was
    not met before is traced.
    """

    def __init__(self, model: Module, loss: Callable[[Any, Any], Any], backend: str | None) -> None:
        self.model, self.loss = model, loss
        self.leaves: list[Value] = []  # those that were given a gradient by any trace
        self.kinds: dict[Any, int] = {}  # the states of the modules that were met
        self.kind = 0  # that of the last call
        self.held: Held = []
        self.run = compile(self.passes, backend=backend)

    def passes(self, x: Any, y: Any, kind: int) -> Any:
        """What is traced: the loss, the output, the gradients by the numbers of their leaves."""
        with enable_grad():
            output = self.model(x)
            value = self.loss(output, y)
            leaves = [v for v in leaves_behind(value) if v is not x and v is not y]
            if not leaves:
                raise RuntimeError(
                    "fit: the loss is made of no parameter that requires grad; unfreeze one: p.requires_grad_()"
                )
            found = gradients(value, leaves, allow_unused=True)
        return value, output, {self.number(v): g for v, g in zip(leaves, found, strict=True) if g is not None}

    def number(self, leaf: Value) -> int:
        """The place of a leaf among all leaves."""
        for i, v in enumerate(self.leaves):
            if v is leaf:
                return i
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def __call__(self, x: Any, y: Any) -> tuple[Value, Value]:
        """Output and loss, as constants; the gradients are added to the leaves' `.grad`."""
        if not self.held or any([[*map(id, values())] != ids for values, ids in self.held]):
            self.held = []
            state = state_of((self.model, self.loss), self.held, set())
            self.kind = self.kinds.setdefault(state, len(self.kinds))
        with no_grad():
            value, output, slopes = self.run(x, y, self.kind)
        for i, g in slopes.items():
            v = self.leaves[i]
            v.grad = g if v.grad is None else v.grad + g
        return Value(output, requires_grad=False), Value(value, requires_grad=False)


def leaves_behind(root: Value) -> list[Value]:
    """The leaves that a backward pass from `root` may reach, in the order of their numbers."""
    seen = {id(root): root}
    todo = [root]
    while todo:
        for v in todo.pop().inputs:
            if isinstance(v, Value) and v.requires_grad and id(v) not in seen:
                seen[id(v)] = v
                todo.append(v)
    return sorted([v for v in seen.values() if v.is_leaf], key=lambda v: v._number)


class Same:
    """Equal for one and the same object, which it keeps alive."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: Any) -> bool:
        return type(other) is Same and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


def state_of(x: Any, held: Held, seen: set[int]) -> Any:
    """What is equal as long as a trace that met `x` holds; into `held` go what tells quickly whether it is.

    Of a module that is all it holds: numbers, strings and containers by what they are, parameters,
    arrays, functions and other objects by their identity.  Results that a module keeps do not count.
    """
    kind = type(x)
    if kind in PLAIN or isinstance(x, np.generic):
        return kind, x
    if kind is list or kind is tuple:
        held.append((x.__iter__, [*map(id, x)]))
        return kind, *[state_of(y, held, seen) for y in x]
    if kind is dict:
        held.append((x.values, [*map(id, x.values())]))
        return kind, *[(key, state_of(y, held, seen)) for key, y in x.items()]
    if isinstance(x, Module) and id(x) not in seen:
        seen.add(id(x))
        held.append((vars(x).values, [*map(id, vars(x).values())]))
        inside = [(name, state_of(y, held, seen)) for name, y in vars(x).items() if name != "training"]
        return Same(x), x.training, *inside
    if isinstance(x, Value) and not isinstance(x, Parameter | Buffer):
        return Same(x) if kind is Value and x.requires_grad and x.op is None else None
    return Same(x)
