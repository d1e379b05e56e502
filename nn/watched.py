"""What a compiled function depends on of the modules it calls, beside the numbers in their parameters."""

from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from autograd import Value
from autograd.tracing import good_while, tape
from nn.module import Buffer, Module, Parameter

Held = list[tuple[Callable[[], Any], list[int]]]  # what a container holds, and the identities of that
PLAIN = frozenset((bool, int, float, complex, str, bytes, type(None)))


def watch(module: Module) -> None:
    """While a program is traced that calls `module`: it is good only as long as the module is as it is now."""
    known = [holds for holds in tape.get().holds if isinstance(holds, Watched)]
    if not any([id(module) in holds.seen for holds in known]):  # with the module that it is inside of
        good_while(Watched(module))


class Watched:
    """Whether a module, and all inside it, is as it was."""

    def __init__(self, module: Module) -> None:
        self.module = ref(module)
        self.held: Held = []
        self.seen: set[int] = set()
        self.state = state_of(module, self.held, self.seen)
        self.same = True  # at the last look

    def __call__(self) -> bool:
        for values, ids in self.held:
            if [*map(id, values())] != ids:
                self.held = []
                self.same = state_of(self.module(), self.held, set()) == self.state
                break
        return self.same


class Same:
    """Equal for one and the same object, which it keeps alive."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: Any) -> bool:
        return type(other) is Same and self.thing is other.thing


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
    if isinstance(x, Module):
        if id(x) in seen:
            return ref(x)
        seen.add(id(x))
        held.append((vars(x).values, [*map(id, vars(x).values())]))
        inside = [(name, state_of(y, held, seen)) for name, y in vars(x).items() if name != "training"]
        return ref(x), x.training, *inside
    if isinstance(x, Value) and not isinstance(x, Parameter | Buffer):
        return Same(x) if kind is Value and x.requires_grad and x.op is None else None
    return Same(x)
