"""Record an operation: what a Value is made of, and the ways in.

Every recorded node takes the next number of one counter, so creation order is a
topological order, by which backward.py walks.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import anomaly
from autograd.foreign import COMPLEX
from autograd.messages import LIVE, explained
from autograd.modes import RECORD, TRACE, WATCH, mode
from autograd.rules.table import Array, Op

next_number: Callable[[], int] = itertools.count(1).__next__
ndarray = np.ndarray
_new = object.__new__
_mode = mode.get


class Node:
    """What the engine knows of a Value: its number, its data, and how it came to be.

    It points to its inputs and never to what was made from it, so a graph has no
    reference cycle and is freed by reference counting.
    """

    __slots__ = (
        "__weakref__",
        "_array",  # np.ndarray, or a NumPy scalar for shape ()
        "_first",  # the first operand; all of them, if there are more or fewer than one or two
        "_grad",  # array | Value | None
        "_name",  # str | None; unset until given
        "_number",  # creation number; an in-place change takes a new one
        "_second",  # the second operand, or ONLY or ALL: what the first one is
        "_site",  # what detect_anomaly remembers; unset elsewhere
        "op",  # Op, or None for a leaf
        "params",  # dict of named, hashable parameters
        "requires_grad",
        "state",
    )
    _array: Any
    _first: Any
    _grad: Any
    _name: str | None
    _number: int
    _second: Any
    _site: Any
    op: Op | None
    params: dict[str, Any]
    requires_grad: bool
    state: int

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operands, Nodes and plain constants, in their order."""
        second = self._second
        if second is ONLY:
            return (self._first,)
        return self._first if second is ALL else (self._first, second)

    @inputs.setter
    def inputs(self, inputs: tuple[Any, ...]) -> None:
        n = len(inputs)
        self._first = inputs if n == 0 or n > 2 else inputs[0]
        self._second = inputs[1] if n == 2 else ONLY if n == 1 else ALL

    @inputs.deleter
    def inputs(self) -> None:
        del self._first, self._second


# one and two operands have slots of their own: a tuple would be a second object for the collector to visit
ONLY, ALL = None, ...
Value: type[Any] = Node  # what results are made of; value.py puts its class here
# while a program is traced; compiler/trace.py puts them here:
Traced: type[Any] = Node  # what results are made of then
traced: Any = None  # makes a result one of those, and remembers it
_OPERANDS = (float, int, complex, np.generic, ndarray, list, tuple)  # a tuple: a union is made anew each time
NO_PARAMS: dict[str, Any] = {}


# --- recording --------------------------------------------------------------------------


def constant(x: Any) -> Any:
    """A plain operand as NumPy sees it, or TypeError.  Python numbers stay weakly typed."""
    kind: Any = type(x)
    if kind is float or kind is int or kind is bool:
        return x
    if kind is ndarray and x.ndim and x.dtype.kind in "fiub":
        return x
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if isinstance(x, (np.generic, ndarray)):
        if x.dtype.kind not in "fiub":
            mend = COMPLEX if x.dtype.kind == "c" else "convert it, e.g. with .astype(float)"
            raise TypeError(f"an operand has dtype {x.dtype}; Values work with real numbers: {mend}")
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError("an operand is a masked array; fill it first with .filled(value)")
        if isinstance(x, np.matrix):
            raise TypeError("an operand is an np.matrix; use np.asarray(m), and @ for the matrix product")
        return np.asarray(x) if x.ndim else np.asarray(x)[()]
    if isinstance(x, (float, int)):  # subclasses of Python's numbers
        return float(x) if isinstance(x, float) else int(x)
    if isinstance(x, complex):
        raise TypeError(f"an operand is the complex number {x}; Values work with real numbers: {COMPLEX}")
    raise TypeError(f"an operand has type {kind.__name__}; expected a number, an array or a Value")


def operand(x: Any) -> Any:
    """``constant`` for an operator: NotImplemented for a stranger, who may know what to do."""
    return constant(x) if isinstance(x, _OPERANDS) else NotImplemented


def raw(x: Any) -> Any:
    """The plain data of an operand, Value or constant."""
    return x._array if isinstance(x, Node) else constant(x)


def record(op: Op, inputs: Sequence[Any], params: dict[str, Any] = NO_PARAMS) -> Any:
    """Compute ``op`` on its inputs' data and remember how the result came to be."""
    kept, args, carries = [], [], False
    for x in inputs:
        if type(x) is Value or isinstance(x, Node):
            args.append(x._array)
            carries = carries or x.requires_grad
        else:
            try:
                x = constant(x)
            except TypeError as error:
                raise TypeError(f"{op.name}: {error}") from None
            args.append(x)
        kept.append(x)
    try:
        data = op.forward(*args, **params) if params else op.forward(*args)
    except (ValueError, TypeError, IndexError) as error:
        raise explained(op, args, error) from error
    if type(data) is ndarray:
        if not data.ndim:
            data = data[()]
        else:
            for a in args:
                if data is a:
                    data = data[...]  # so that it is seen to be a view
    elif not isinstance(data, (ndarray, np.generic)):
        if not isinstance(data, (float, int)):
            raise TypeError(
                f"{op.name} returned {type(data).__name__}; a primitive returns one number or array"
            )
        data = np.asarray(data)[()]
    elif isinstance(data, ndarray):  # a subclass, whose operators may mean something else
        try:
            data = constant(data)
        except TypeError as error:
            raise TypeError(f"the result of {op.name}: {error}") from None
    if carries and _mode() == RECORD:
        n = len(kept)
        if n == 1:
            return tracked(data, op, kept[0], ONLY, params)
        if n == 2:
            return tracked(data, op, kept[0], kept[1], params)
        return tracked(data, op, tuple(kept), ALL, params)
    return result(data, op, tuple(kept), params, carries)


def tracked(data: Array, op: Op, first: Any, second: Any = ONLY, params: dict[str, Any] = NO_PARAMS) -> Any:
    """``result`` where an operand carries gradient, and nothing but recording is going on."""
    v = _new(Value)
    v._array = data
    v._grad = None
    v._number = next_number()
    v.state = LIVE
    v.params = params
    v.op = op
    v._first = first
    v._second = second
    v.requires_grad = True
    return v


def unary(op: Op, x: Any) -> Any:
    """``record`` for one Value and no parameters: the operators' way in."""
    data = op.forward(x._array)
    if _mode() == RECORD and x.requires_grad:
        return tracked(data, op, x)
    return result(data, op, (x,), NO_PARAMS, x.requires_grad)


def infix(name: str, op: Op) -> Callable[[Any, Any], Any]:
    """The method for ``x op y``: ``binary`` and ``tracked`` written out for what is most common."""
    forward = op.forward

    def method(x: Any, y: Any) -> Any:
        if type(y) is Value:
            b = y._array
        elif type(y) is float or type(y) is int:
            b = y
        else:
            return binary(op, x, y)
        if _mode() != RECORD or not x.requires_grad:
            return binary(op, x, y)
        try:
            data = forward(x._array, b)
        except (ValueError, TypeError, OverflowError) as error:
            raise explained(op, [x._array, b], error) from error
        v = _new(Value)
        v._array = data
        v._grad = None
        v._number = next_number()
        v.state = LIVE
        v.params = NO_PARAMS
        v.op = op
        v._first = x
        v._second = y
        v.requires_grad = True
        return v

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


def reflected(name: str, op: Op) -> Callable[[Any, Any], Any]:
    """The method for ``x op y`` where only y is a Value."""
    forward = op.forward

    def method(y: Any, x: Any) -> Any:
        if (type(x) is not float and type(x) is not int) or _mode() != RECORD or not y.requires_grad:
            return binary(op, x, y)
        try:
            data = forward(x, y._array)
        except (ValueError, TypeError, OverflowError) as error:
            raise explained(op, [x, y._array], error) from error
        return tracked(data, op, x, y)

    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


def binary(op: Op, x: Any, y: Any) -> Any:
    """``record`` for two operands and no parameters: the operators' way in.

    NotImplemented for an operand of a foreign type, which may know what to do.
    """
    try:
        if type(x) is Value or isinstance(x, Node):
            a, tracked = x._array, x.requires_grad
        else:
            x = a = x if type(x) is float or type(x) is int else operand(x)
            tracked = False
        if type(y) is Value or isinstance(y, Node):
            b, tracked = y._array, tracked or y.requires_grad
        else:
            y = b = y if type(y) is float or type(y) is int else operand(y)
    except TypeError as error:
        raise TypeError(f"{op.name}: {error}") from None
    if a is NotImplemented or b is NotImplemented:
        return NotImplemented
    try:
        data = op.forward(a, b)
    except (ValueError, TypeError, OverflowError) as error:
        raise explained(op, [a, b], error) from error
    return result(data, op, (x, y), NO_PARAMS, tracked)


def result(data: Array, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], tracked: bool) -> Any:
    """A new Value; it remembers its inputs if one of them carries gradient."""
    v = _new(Value)
    v._array = data
    v._grad = None
    v._number = next_number()
    v.state = LIVE
    v.params = params
    now = _mode()
    if tracked and now & RECORD:
        v.op = op
        v.inputs = inputs
        v.requires_grad = True
        if now > RECORD:
            if now & TRACE:
                traced(v)
            elif now & WATCH:
                v._site = anomaly.remember(inputs)
    elif now & TRACE and any([isinstance(x, Node) for x in inputs]):
        v.op, v.inputs, v.requires_grad = op, inputs, False
        traced(v)
    else:
        v._array = unshared(data)
        v.op = None
        v._first, v._second = (), ALL
        v.requires_grad = False
    return v


def unshared(data: Array) -> Array:
    """A constant's own data, so that no later change elsewhere reaches it unseen.

    What NumPy makes a view becomes a read-only copy: a write into it, which NumPy
    would let through to the base, is refused instead of lost.  (An operand itself does
    not come here: `record` makes a view of it, and NumPy's ufuncs return a new array.)
    """
    if type(data) is ndarray and data.base is not None:
        data = data.copy()
        data.flags.writeable = False
    return data
