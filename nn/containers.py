"""Sequential, ModuleList, ModuleDict: modules in order, or by name.

Their modules are attributes named '0', '1', ... or by key, so parameters are named
'0.weight' as PyTorch's.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Self

from nn.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


def _module(holder: Any, x: Any) -> Module:
    if not isinstance(x, Module):
        raise TypeError(
            f"{type(holder).__name__}: {x!r} is a {type(x).__name__}, not a Module; "
            f"layers are objects, e.g. nn.ReLU() with brackets"
        )
    return x


class _Modules(Module):
    """Named modules as attributes, in order."""

    def _items(self) -> dict[str, Module]:
        return {name: m for name, m in vars(self).items() if isinstance(m, Module)}

    def _put(self, name: Any, x: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(
                f"{type(self).__name__}: the name {name!r} is a {type(name).__name__}, not a string"
            )
        taken = hasattr(type(self), name) or (name in vars(self) and name not in self._items())
        if not name or "." in name or name.startswith("_") or taken:
            raise KeyError(
                f"{type(self).__name__}: {name!r} cannot be the name of a module; it must not be empty, "
                f"contain '.', begin with '_', or be an attribute of {type(self).__name__}"
            )
        vars(self)[name] = _module(self, x)

    def _clear(self) -> None:
        for name in self._items():
            del vars(self)[name]

    def __len__(self) -> int:
        return len(self._items())


class _Ordered(_Modules):
    """A list of modules."""

    def _list(self) -> list[Module]:
        return [m for m in vars(self).values() if isinstance(m, Module)]

    def _renumber(self, modules: Iterable[Any]) -> None:
        checked = [_module(self, m) for m in modules]
        self._clear()
        for i, m in enumerate(checked):
            self._put(str(i), m)

    def _name(self, index: int) -> str:
        names = list(self._items())
        try:
            return names[index]
        except IndexError:
            raise IndexError(
                f"{type(self).__name__}: index {index} is out of range for {len(names)} modules"
            ) from None

    def __iter__(self) -> Iterator[Module]:
        return iter(self._list())

    def __setitem__(self, index: int, module: Module) -> None:
        vars(self)[self._name(index)] = _module(self, module)

    def __delitem__(self, index: int | slice) -> None:
        modules = self._list()
        if isinstance(index, int):
            self._name(index)
        del modules[index]
        self._renumber(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self._put(self._free(), module)
        return self

    def _free(self) -> str:
        names, i = self._items(), len(self)
        while str(i) in names:
            i += 1
        return str(i)

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end."""
        for m in list(modules):
            self.append(m)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`."""
        modules = self._list()
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take a module out and return it."""
        module = self._items()[self._name(index)]
        del self[index]
        return module

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)


class Sequential(_Ordered):
    """Each module applied to the result of the one before.

    Modules, or one dict of them by name.  Raises TypeError for anything else.

    >>> from nn.linear import Flatten, Identity
    >>> Sequential(Flatten(), Identity())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Identity()
    )
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, m in modules[0].items():
                self._put(name, m)
        else:
            self._renumber(modules)

    def __getitem__(self, index: int | slice) -> Any:
        """The module at `index`; for a slice, a Sequential of the same modules under the same names."""
        if isinstance(index, slice):
            return type(self)(dict(list(self._items().items())[index]))
        return self._items()[self._name(index)]

    def __add__(self, other: "Sequential") -> "Sequential":
        return Sequential(*self, *other)

    def forward(self, input: Any) -> Any:
        for m in self._list():
            input = m(input)
        return input


class ModuleList(_Ordered):
    """A list of modules whose parameters are found; it has no forward of its own.

    >>> from nn.linear import Linear
    >>> layers = ModuleList([Linear(2, 2) for _ in range(3)])
    >>> len(layers), [name for name, _ in layers.named_parameters()][:2]
    (3, ['0.weight', '0.bias'])
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self._renumber(modules)

    def __getitem__(self, index: int | slice) -> Any:
        """The module at `index`; for a slice, a ModuleList of the same modules."""
        if isinstance(index, slice):
            return type(self)(self._list()[index])
        return self._items()[self._name(index)]

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList(chain(self, other))


class ModuleDict(_Modules):
    """A dict of modules whose parameters are found; it has no forward of its own.

    >>> from nn.linear import Linear
    >>> heads = ModuleDict({"mean": Linear(2, 1), "spread": Linear(2, 1)})
    >>> list(heads.keys()), heads["mean"]
    (['mean', 'spread'], Linear(in_features=2, out_features=1, bias=True))
    """

    def __init__(self, modules: Any = ()) -> None:
        self.update(modules)

    def __getitem__(self, key: str) -> Module:
        items = self._items()
        if key not in items:
            raise KeyError(f"ModuleDict: no module is named {key!r}; there are {list(items)}")
        return items[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self._put(key, module)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items())

    def __contains__(self, key: object) -> bool:
        return key in self._items()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._items().keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._items().values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """(name, module) pairs."""
        return self._items().items()

    def update(self, modules: Any) -> None:
        """Add or replace the modules of a dict, or of (name, module) pairs."""
        for name, m in modules.items() if hasattr(modules, "items") else modules:
            self._put(name, m)

    def pop(self, key: str) -> Module:
        """Take a module out and return it."""
        module = self[key]
        del vars(self)[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        self._clear()
