"""Module: something callable with parameters.  Parameter: a Value meant to be learned."""

from collections.abc import Iterator
from typing import Any

from autograd import Value


class Parameter(Value):
    """A Value that a Module learns; the same in every other respect."""

    __slots__ = ()


class Module:
    """Base class of everything with parameters; write `forward`, call the module.

    Parameters are the leaf Values that require grad among the attributes, also in
    (nested) lists, tuples and dicts, and those of the modules found there.  A Value
    shared by two places counts once.
    """

    training = True

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.forward(*args, **options)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written: define forward(self, x)")

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """(dotted name, parameter), in the order the attributes were set."""
        seen: set[int] = set()
        for name, found in _inside(prefix, vars(self)):
            pairs = found.named_parameters(name) if isinstance(found, Module) else [(name, found)]
            for full, p in pairs:
                if id(p) not in seen:
                    seen.add(id(p))
                    yield full, p

    def parameters(self) -> list[Any]:
        """All parameters, in order."""
        return [p for _, p in self.named_parameters()]

    def children(self) -> list["Module"]:
        """The modules directly inside this one."""
        return [found for _, found in _inside("", vars(self)) if isinstance(found, Module)]

    def modules(self) -> list["Module"]:
        """This module and all inside it."""
        return [self] + [m for child in self.children() for m in child.modules()]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode: bool = True) -> "Module":
        """Set training mode here and in all modules inside."""
        for m in self.modules():
            m.training = mode
        return self

    def eval(self) -> "Module":
        """Set evaluation mode: train(False)."""
        return self.train(False)


def _inside(prefix: str, holder: Any) -> Iterator[tuple[str, Any]]:
    """The parameters and modules in a dict, list or tuple, with dotted names."""
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, x in items:
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(x, Module) or (isinstance(x, Value) and x.is_leaf and x.requires_grad):
            yield name, x
        elif isinstance(x, dict | list | tuple):
            yield from _inside(name, x)
