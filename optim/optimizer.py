"""What every optimizer shares: parameter groups, state per parameter, in-place updates."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import Value, enable_grad

Array = Any  # np.ndarray, or a NumPy scalar for a parameter of shape ()
State = dict[str, Any]
Group = dict[str, Any]


class Optimizer:
    """Base class: a subclass gives `defaults` and writes `update` for one parameter.

    params: Values, or dicts with the key "params" and options of their own (groups).
    Options are read from `param_groups` at every step, so they may be changed there.

    Raises ValueError for no parameters, a parameter given twice, or one that is not a
    leaf that requires grad; TypeError for something that is no Value.
    """

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[int, State] = {}  # by the position of the parameter over all groups
        if isinstance(params, Value):
            raise TypeError(
                f"{self.name}: params is a single Value; pass a list of them: [{params.name or 'w'}]"
            )
        given = list(params)
        if not given:
            raise ValueError(f"{self.name}: params is empty; pass the Values to optimize")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    @property
    def name(self) -> str:
        """The class name, for messages."""
        return type(self).__name__

    def add_param_group(self, group: Group) -> None:
        """More parameters, with options of their own; what is not given is the default."""
        unknown = set(group) - set(self.defaults) - {"params"}
        if unknown:
            raise TypeError(
                f"{self.name}: unknown option {sorted(unknown)}; known are {sorted(self.defaults)}"
            )
        params = [group["params"]] if isinstance(group["params"], Value) else list(group["params"])
        known = {id(p) for p in self.parameters()}
        for i, p in enumerate(params):
            if not isinstance(p, Value):
                raise TypeError(f"{self.name}: parameter {i} is a {type(p).__name__}; wrap it: Value(...)")
            if not p.is_leaf or not p.requires_grad:
                raise ValueError(
                    f"{self.name}: parameter {i} ({p!r}) is not a leaf that requires grad; "
                    f"optimize the Values that were made by hand"
                )
            if id(p) in known:
                raise ValueError(
                    f"{self.name}: parameter {i} ({p!r}) is given twice; name each parameter once"
                )
            known.add(id(p))
        self.param_groups.append({**self.defaults, **group, "params": params})

    def parameters(self) -> list[Value]:
        """All parameters, in order."""
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.zero_grad()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns closure()'s loss, if given.

        A parameter whose `.grad` is None stays as it is.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        position = 0
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is not None:
                    g = g.data if isinstance(g, Value) else g
                    state = self.state.setdefault(position, {})
                    p.data = self.update(p.data, -g if group.get("maximize") else g, state, group)
                position += 1
        return loss

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        """The new data of one parameter; augmented assignment keeps arrays in place."""
        raise NotImplementedError

    def __repr__(self) -> str:
        options = [f"{k}={v}" for k, v in self.defaults.items()]
        return f"{self.name}({', '.join(options)}, {len(self.parameters())} parameters)"


def at_least_zero(name: str, **options: float) -> None:
    """Raise ValueError for a negative (or NaN) option."""
    for option, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name}: {option}={value} must be 0 or more")


def zeros_like(p: Array) -> Array:
    """Zeros of the shape and dtype of `p`: an array, or a scalar for a scalar."""
    return np.zeros(p.shape, p.dtype) if p.ndim else p.dtype.type(0)


def copy_of(g: Array) -> Array:
    """A buffer of our own; NumPy scalars cannot be changed in place and need none."""
    return g.copy() if g.ndim else g
