"""The table every rule is entered in, and the doors through which NumPy finds it.

A *rule* is plain NumPy: ``rule(g, out, *inputs, **params)`` takes the gradient
``g`` of the result ``out`` and returns the gradient of one input.  Given arrays
it runs on arrays; given Values, NumPy's dispatch hands each call back to the
engine, so the backward pass is itself recorded and can be differentiated again.

What a rule need not do, because the engine does it for all of them: sum a
broadcast gradient back to the input's shape, cast it to the input's dtype, skip
inputs that need no gradient, accumulate.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

Array = Any  # a NumPy array, a NumPy scalar, or a Value: rules cannot tell, and need not
Rule = Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])
PLAIN = frozenset((np.ndarray, np.float64, np.float32, float, int))  # surely no Value: a rule may pass the Op by


def whole(g: Array, out: Array, *inputs: Array) -> Array:
    """The rule of a sum's operand: all of the gradient.  (The engine knows it and saves the call.)"""
    return g


class Op:
    """An operation: its name, its forward in plain NumPy, and one rule per input.

    ``rules[i]`` gives the gradient of input ``i``; ``None`` there means that the
    input carries none.  A variadic operation has a single rule, called with
    ``i=`` the position of the input.  ``broadcasts`` says that the inputs are
    broadcast against each other, so the engine may sum a gradient back.  ``random``
    says that it gives something else each time.
    """

    __slots__ = ("arity", "broadcasts", "forward", "name", "random", "rules", "variadic")

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *rules: Rule | None,
        broadcasts: bool = False,
        variadic: bool = False,
        random: bool = False,
    ) -> None:
        self.name, self.forward, self.rules, self.random = name, forward, rules, random
        self.broadcasts, self.variadic = broadcasts, variadic
        short = len(rules) < 3 and None not in rules and not variadic
        self.arity = len(rules) if short else 0  # 1 or 2: the engine's short way

    def __call__(self, *inputs: Array, **params: Any) -> Any:
        """Apply to arrays (plain NumPy) or, if any input is a Value, record it."""
        for x in inputs:
            if type(x) not in PLAIN:  # quicker than to look for what is not there
                recorder = getattr(type(x), "__record__", None)
                if recorder is not None:
                    return recorder(self, inputs, params)
        return self.forward(*inputs, **params)

    def __repr__(self) -> str:
        return self.name


UNNAMED: Any = getattr(vars(np).get("_core"), "umath", None)  # holds the ufuncs that NumPy gives no public name
UFUNCS: dict[np.ufunc, Callable[..., Any]] = {}
FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {}
CONSTANT: set[Callable[..., Any]] = set()  # answer with plain arrays: carry no gradient by nature
REFUSED: dict[Callable[..., Any], str] = {}  # no real rule is possible: why, and what to use instead


def ufunc(
    function: np.ufunc, *rules: Rule | None, forward: Callable[..., Any] | None = None
) -> Op:
    """Enter the rules of a ufunc, one per input; ``forward`` where an operator is faster."""
    op = Op(function.__name__, forward or function, *rules, broadcasts=True)
    UFUNCS[function] = op
    return op


def primitive(
    function: Callable[..., Any], *rules: Rule | None, name: str = "", **flags: bool
) -> Op:
    """An operation that is not a ufunc: ``function(*inputs, **params)`` and its rules."""
    return Op(name or function.__name__, function, *rules, **flags)


def door(*functions: Callable[..., Any] | None) -> Callable[[F], F]:
    """Let ``np.f(value)`` in: the decorated function has the signature of ``np.f``."""

    def enter(implementation: F) -> F:
        for function in functions:
            if isinstance(function, np.ufunc):
                UFUNCS[function] = implementation
            elif function is not None:  # None: absent from this NumPy
                FUNCTIONS[function] = implementation
        return implementation

    return enter


def refuse(function: str, **arguments: Any) -> None:
    """Raise for an argument that is given but has no meaning for Values."""
    for name, value in arguments.items():
        if value is not None and value is not False and value is not np._NoValue:
            raise TypeError(
                f"np.{function}: argument {name}= is not supported for a Value; "
                f"leave it out, or leave the graph with .data"
            )


def plain(x: Any) -> Any:
    """The data of a Value, anything else as it is: for answers that carry no gradient."""
    return x.data if getattr(type(x), "__record__", None) else x


def is_traced(x: Any) -> bool:
    """Whether `x` stands for numbers that are not known yet (see autograd.compile)."""
    return getattr(type(x), "__traced__", False)


def maybe(x: Any) -> bool:
    """Whether any element is true; True for one that is not known yet: a shortcut is not taken then."""
    if getattr(type(x), "__record__", None):
        return True
    return bool(x.any() if hasattr(x, "any") else x)


def axes_of(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """`axis` as a sorted tuple counted from the end (the same for batched gradients).

    Raises np.exceptions.AxisError, naming the range, or ValueError for a repeated axis.
    """
    if axis is None:
        return tuple(range(-ndim, 0))
    given: Sequence[Any] = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = sorted(axis_of(a, ndim) for a in given)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {axis} names an axis twice; name each axis once")
    return tuple(axes)


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes `order`."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def axis_of(axis: int, ndim: int) -> int:
    """One axis counted from the end; raises np.exceptions.AxisError outside [-ndim, ndim)."""
    try:
        axis = axis.__index__()
    except AttributeError:
        raise TypeError(f"axis={axis!r} is not an int; pass one int") from None
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis if axis < 0 else axis - ndim
