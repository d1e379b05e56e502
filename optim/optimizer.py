"""What every optimizer shares: parameter groups, state per parameter, in-place updates."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Value, enable_grad
from optim.inplace import Array, Scratch

State = dict[str, Any]
Group = dict[str, Any]

# what learning rate schedulers keep in a group beside the optimizer's own options
SCHEDULED = frozenset({"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"})


class Optimizer:
    """Base class: a subclass gives `defaults` and writes `update` for one parameter.

    params: Values, or dicts with the key "params" and options of their own (groups).
    Options are read from `param_groups` at every step, so they may be changed there.

    Raises ValueError for no parameters, a parameter given twice, one that is not a leaf
    that requires grad, or an option out of range; TypeError for something that is no Value.
    """

    needs_closure = False  # whether step() evaluates the loss itself, several times

    def __init__(self, params: Iterable[Any], defaults: Group) -> None:
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[int, State] = {}  # by the position of the parameter over all groups
        self.scratch = Scratch()
        self.stepped = False  # whether step() was called: a scheduler goes after it
        if isinstance(params, Value):
            raise TypeError(
                f"{self.name}: params is a single Value; pass a list of them: [{params.name or 'w'}]"
            )
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{self.name}: params is a {type(params).__name__}; pass a list of Values: model.parameters()"
            )
        given = list(params)
        if not given:
            raise ValueError(f"{self.name}: params is empty; pass the Values to optimize")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)
        if not self.parameters():
            raise ValueError(f"{self.name}: params is empty in every group; pass the Values to optimize")

    @property
    def name(self) -> str:
        """The class name, for messages."""
        return type(self).__name__

    def check(self, group: Group) -> None:
        """Raise ValueError for options out of range; a subclass writes it."""

    def add_param_group(self, group: Group) -> None:
        """More parameters, with options of their own; what is not given is the default."""
        unknown = set(group) - set(self.defaults) - {"params"} - SCHEDULED
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
        group = {**self.defaults, **group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def parameters(self) -> list[Value]:
        """All parameters, in order."""
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with set_to_none=False those there are become zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None if set_to_none or p.grad is None else zeros_like(p.data)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns closure()'s loss, if given.

        A parameter whose `.grad` is None stays as it is.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self.stepped = True
        position = -1
        with np.errstate(all="ignore"):
            for group in self.param_groups:
                for p in group["params"]:
                    position += 1
                    g = p.grad
                    if g is None:
                        continue
                    g = g.data if isinstance(g, Value) else g
                    data, state = p.data, self.state.get(position)
                    if state is None:
                        state = self.state[position] = self.new_state(data, group)
                    if group.get("maximize"):
                        g = np.negative(g, out=self.scratch.room("gradient", g))
                    p.data = self.update(data, g, state, group)
        return loss

    def new_state(self, p: Array, group: Group) -> State:
        """What is remembered about a parameter before its first step; None for a buffer not yet needed."""
        return {}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        """The new data of one parameter; operations of `self.scratch` keep arrays in place.

        `g` is not to be changed in place.
        """
        raise NotImplementedError

    # --- saving and restoring ---------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later: copies, plain arrays and numbers only.

        {"state": {position: {name: array or number}}, "param_groups": [{option: value,
        "params": [positions]}]}, parameters being known by their position over all groups.
        """
        groups, start = [], 0
        for group in self.param_groups:
            end = start + len(group["params"])
            groups.append({**group, "params": list(range(start, end))})
            start = end
        state = {i: {k: plain_copy(v) for k, v in s.items()} for i, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state_dict(); everything is checked before anything is changed.

        Raises KeyError for missing or unexpected names, ValueError for another number of
        groups or parameters, wrong shapes or dtypes, or options out of range.
        """
        where = f"{self.name}.load_state_dict"
        same_names(where, state_dict, {"state", "param_groups"})
        given = state_dict["param_groups"]
        if len(given) != len(self.param_groups):
            raise ValueError(f"{where}: {len(given)} groups given, {len(self.param_groups)} needed")
        groups, start = [], 0
        for i, (new, old) in enumerate(zip(given, self.param_groups, strict=True)):
            same_names(f"{where}: group {i}", set(new) - SCHEDULED, {*self.defaults, "params"})
            end = start + len(old["params"])
            if list(new["params"]) != list(range(start, end)):
                raise ValueError(
                    f"{where}: group {i} holds the parameters {list(new['params'])}, "
                    f"here it holds {list(range(start, end))}; make the groups as they were when saved"
                )
            start = end
            groups.append({**new, "params": old["params"]})
            self.check(groups[-1])
        owners = [(p, group) for group in groups for p in group["params"]]
        state: dict[int, State] = {}
        for position, new in state_dict["state"].items():
            if not isinstance(position, int) or not 0 <= position < len(owners):
                raise KeyError(f"{where}: no parameter at position {position!r}; there are {len(owners)}")
            p, group = owners[position]
            state[position] = self.checked_state(f"{where}: parameter {position}", new, p.data, group)
        self.param_groups, self.state = groups, state

    def checked_state(self, where: str, new: Mapping[str, Any], p: Array, group: Group) -> State:
        """A copy of a parameter's saved state, if it is like `new_state`."""
        expected = self.new_state(p, group)
        if not expected:
            return {k: plain_copy(v) for k, v in new.items()}
        same_names(where, new, set(expected))
        return {k: like(f"{where}: {k!r}", new[k], old, p) for k, old in expected.items()}

    def __repr__(self) -> str:
        options = [f"{k}={v}" for k, v in self.defaults.items()]
        return f"{self.name}({', '.join(options)}, {len(self.parameters())} parameters)"


# --- checks ---------------------------------------------------------------------------------


def at_least_zero(name: str, **options: float) -> None:
    """Raise ValueError for a negative (or NaN) option."""
    for option, value in options.items():
        if not hasattr(value, "__float__"):
            raise TypeError(f"{name}: {option}={value!r} must be a number")
        if not value >= 0:
            raise ValueError(f"{name}: {option}={value} must be 0 or more")


def decay_rates(name: str, betas: tuple[float, float]) -> None:
    """Raise ValueError for `betas` outside [0, 1)."""
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"{name}: betas={betas} must both be in [0, 1)")


def same_names(where: str, given: Iterable[str], needed: Iterable[str]) -> None:
    """Raise KeyError unless both hold the same names."""
    missing, unexpected = set(needed) - set(given), set(given) - set(needed)
    if missing or unexpected:
        raise KeyError(
            f"{where}: missing {sorted(missing)}, unexpected {sorted(map(str, unexpected))}; "
            f"was it saved by the same class with the same options?"
        )


def like(where: str, new: Any, expected: Any, p: Array) -> Any:
    """A copy of `new`, if it can stand for `expected`: a number, a buffer, or None (a buffer like `p`)."""
    if expected is None:
        if new is None:
            return None
        expected = p
    if not isinstance(expected, np.ndarray | np.generic):
        if isinstance(new, bool | int | float | np.number) and np.ndim(new) == 0:
            return type(expected)(new)
        raise ValueError(f"{where} is a {type(new).__name__}; a number is needed")
    array = np.asarray(new)
    if array.shape != expected.shape:
        raise ValueError(f"{where} has shape {array.shape}; shape {expected.shape} is needed")
    if not np.can_cast(array.dtype, expected.dtype, "same_kind"):
        raise ValueError(f"{where} has dtype {array.dtype}; {expected.dtype} is needed")
    return np.array(array, dtype=expected.dtype)[()] if array.ndim == 0 else array.astype(expected.dtype)


# --- buffers --------------------------------------------------------------------------------


def zeros_like(p: Array) -> Array:
    """Zeros of the shape and dtype of `p`: an array, or a scalar for a scalar."""
    return np.zeros(p.shape, p.dtype) if p.ndim else p.dtype.type(0)


def full_like(p: Array, x: float) -> Array:
    """The number `x` in the shape and dtype of `p`: an array, or a scalar for a scalar."""
    return np.full(p.shape, x, p.dtype) if p.ndim else p.dtype.type(x)


def copy_of(g: Array) -> Array:
    """A buffer of our own; NumPy scalars cannot be changed in place and need none."""
    return g.copy() if g.ndim else g


def plain_copy(x: Any) -> Any:
    """A copy for a state_dict: arrays (a NumPy scalar becomes one of shape ()), numbers, None."""
    return np.array(x) if isinstance(x, np.ndarray | np.generic) else x
