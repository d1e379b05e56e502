"""The operators and NumPy's methods of a Value: one line each, straight to the engine."""

import operator
from typing import Any

import numpy as np

from autograd import engine
from autograd.engine import Node, binary, infix, raw, record, reflected, unary
from autograd.foreign import refuse_arguments as refuse
from autograd.messages import explained
from autograd.modes import is_grad_enabled
from autograd.rules import elementwise as el
from autograd.rules import indexing, reductions, shaping, special
from autograd.rules.contraction import MATMUL, dot
from autograd.rules.elementwise import (
    ABSOLUTE,
    ADD,
    DIVIDE,
    FLOOR_DIVIDE,
    MULTIPLY,
    NEGATIVE,
    POSITIVE,
    POWER,
    REMAINDER,
    SUBTRACT,
)
from autograd.rules.table import Op, axes_of
from autograd.tracing import answer, is_tracing

V = Any  # a Value


class Operators(Node):
    """What a Value can be combined with, and NumPy's methods on it."""

    __slots__ = ()
    __hash__ = object.__hash__  # by identity: == is elementwise

    # fmt: off

    __add__ = infix("__add__", ADD)
    __radd__ = reflected("__radd__", ADD)
    __sub__ = infix("__sub__", SUBTRACT)
    __rsub__ = reflected("__rsub__", SUBTRACT)
    __mul__ = infix("__mul__", MULTIPLY)
    __rmul__ = reflected("__rmul__", MULTIPLY)
    __truediv__ = infix("__truediv__", DIVIDE)
    __rtruediv__ = reflected("__rtruediv__", DIVIDE)
    def __floordiv__(self, y: Any) -> V: return binary(FLOOR_DIVIDE, self, y)
    __rfloordiv__ = reflected("__rfloordiv__", FLOOR_DIVIDE)
    def __mod__(self, y: Any) -> V: return binary(REMAINDER, self, y)
    __rmod__ = reflected("__rmod__", REMAINDER)
    def __divmod__(self, y: Any) -> tuple[V, V]: return self // y, self % y
    def __rdivmod__(self, y: Any) -> tuple[V, V]: return y // self, y % self
    __pow__ = infix("__pow__", POWER)
    __rpow__ = reflected("__rpow__", POWER)
    __matmul__ = infix("__matmul__", MATMUL)
    __rmatmul__ = reflected("__rmatmul__", MATMUL)
    def __neg__(self) -> V: return unary(NEGATIVE, self)
    def __pos__(self) -> V: return unary(POSITIVE, self)
    def __abs__(self) -> V: return unary(ABSOLUTE, self)

    def __iadd__(self, y: Any) -> V: return in_place(operator.iadd, ADD, self, y)
    def __isub__(self, y: Any) -> V: return in_place(operator.isub, SUBTRACT, self, y)
    def __imul__(self, y: Any) -> V: return in_place(operator.imul, MULTIPLY, self, y)
    def __itruediv__(self, y: Any) -> V: return in_place(operator.itruediv, DIVIDE, self, y)
    def __ifloordiv__(self, y: Any) -> V: return in_place(operator.ifloordiv, FLOOR_DIVIDE, self, y)
    def __imod__(self, y: Any) -> V: return in_place(operator.imod, REMAINDER, self, y)
    def __ipow__(self, y: Any) -> V: return in_place(operator.ipow, POWER, self, y)
    def __imatmul__(self, y: Any) -> V: return in_place(operator.imatmul, MATMUL, self, y)

    # comparisons are plain booleans
    def __eq__(self, y: object) -> Any: return compare(operator.eq, self, y)
    def __ne__(self, y: object) -> Any: return compare(operator.ne, self, y)
    def __lt__(self, y: Any) -> Any: return compare(operator.lt, self, y)
    def __le__(self, y: Any) -> Any: return compare(operator.le, self, y)
    def __gt__(self, y: Any) -> Any: return compare(operator.gt, self, y)
    def __ge__(self, y: Any) -> Any: return compare(operator.ge, self, y)


    # NumPy's methods

    def sum(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> V: return reduced(reductions.SUM, self, axis, keepdims) if not other else refuse(other)
    def prod(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> V: return reductions.prod(self, axis, keepdims=keepdims) if not other else refuse(other)
    def mean(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> V: return reduced(reductions.MEAN, self, axis, keepdims) if not other else refuse(other)
    def var(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, **other: Any) -> V: return reductions.var(self, axis, ddof=ddof, keepdims=keepdims) if not other else refuse(other)
    def std(self, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, **other: Any) -> V: return reductions.std(self, axis, ddof=ddof, keepdims=keepdims) if not other else refuse(other)
    def max(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> V: return reductions.max_(self, axis, keepdims=keepdims) if not other else refuse(other)
    def min(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> V: return reductions.min_(self, axis, keepdims=keepdims) if not other else refuse(other)
    def cumsum(self, axis: Any = None, **other: Any) -> V: return reductions.cumsum(self, axis) if not other else refuse(other)
    def cumprod(self, axis: Any = None, **other: Any) -> V: return reductions.cumprod(self, axis) if not other else refuse(other)
    def argmax(self, axis: Any = None, **other: Any) -> Any: return answer(np.argmax, (self,), {"axis": axis}) if not other else refuse(other)
    def argmin(self, axis: Any = None, **other: Any) -> Any: return answer(np.argmin, (self,), {"axis": axis}) if not other else refuse(other)
    def argsort(self, axis: Any = -1, **other: Any) -> Any: return answer(np.argsort, (self,), {"axis": axis, "kind": "stable"}) if not other else refuse(other)
    def any(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> Any: return answer(np.any, (self,), {"axis": axis, "keepdims": keepdims}) if not other else refuse(other)
    def all(self, axis: Any = None, *, keepdims: bool = False, **other: Any) -> Any: return answer(np.all, (self,), {"axis": axis, "keepdims": keepdims}) if not other else refuse(other)
    def reshape(self, *shape: Any, order: str = "C") -> V: return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, order)
    def ravel(self) -> V: return shaping.ravel(self)
    def flatten(self) -> V: return shaping.ravel(self)
    def transpose(self, *axes: Any) -> V: return shaping.transpose(self, (axes[0] if len(axes) == 1 and not hasattr(axes[0], "__index__") else axes or None))
    def swapaxes(self, axis1: int, axis2: int) -> V: return shaping.swapaxes(self, axis1, axis2)
    def squeeze(self, axis: Any = None, **other: Any) -> V: return shaping.squeeze(self, axis) if not other else refuse(other)
    def repeat(self, repeats: Any, axis: Any = None) -> V: return shaping.repeat(self, repeats, axis)
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> V: return shaping.diagonal(self, offset, axis1, axis2)
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> V: return shaping.trace(self, offset, axis1, axis2)
    def take(self, indices: Any, axis: Any = None, mode: str = "raise") -> V: return indexing.take(self, indices, axis, None, mode)
    def dot(self, y: Any) -> V: return dot(self, y)
    def clip(self, min: Any = None, max: Any = None) -> V: return el.clip(self, min, max)
    def round(self, decimals: int = 0) -> V: return el.round_(self, decimals)
    def astype(self, dtype: Any) -> Any: return el.astype(self, dtype)
    def copy(self) -> V: return record(el.COPY, (self,))
    def exp(self) -> V: return unary(el.EXP, self)
    def log(self) -> V: return unary(el.LOG, self)
    def sqrt(self) -> V: return unary(el.SQRT, self)
    def abs(self) -> V: return unary(ABSOLUTE, self)
    def relu(self) -> V: return unary(special.RELU, self)
    def sigmoid(self) -> V: return unary(el.SIGMOID, self)
    def tanh(self) -> V: return unary(el.TANH, self)
    def softmax(self, axis: int = -1, **other: Any) -> V: return special.softmax(self, axis) if not other else refuse(other)
    def log_softmax(self, axis: int = -1, **other: Any) -> V: return special.log_softmax(self, axis) if not other else refuse(other)

    # fmt: on


def reduced(op: Op, x: Any, axis: Any, keepdims: Any) -> Any:
    """The sum or mean over some axes, past the function of the same name: for speed."""
    return record(op, (x,), {"axis": axes_of(axis, x._array.ndim), "keepdims": reductions.keeps(keepdims)})


def in_place(change: Any, op: Op, x: Any, y: Any) -> Any:
    """`x -= y`: in place under no_grad(), where the dtype stays; rebinding elsewhere."""
    if is_grad_enabled() or (is_tracing() and type(x) is engine.Traced):
        return binary(op, x, y)
    if is_tracing():
        raise TypeError(
            f"in-place {op} inside a compiled function changes {x.name or 'a Value'}; return the new data instead"
        )
    y = raw(np.asarray(y) if isinstance(y, list | tuple) else y)
    check_owns_memory(x)
    if not x.ndim:
        new = op.forward(x._array, y)
        if not np.can_cast(new.dtype, x.dtype, "same_kind"):
            raise TypeError(
                f"in-place {op}: the result has dtype {new.dtype}, the Value {x.dtype}: make a new Value"
            )
        if new.shape:
            raise ValueError(f"in-place {op}: the result has shape {new.shape}, the Value has shape ()")
        x.changed(x.dtype.type(new))
        return x
    try:
        x.changed(change(x._array, y))
    except (ValueError, TypeError) as error:
        raise explained(op, [x._array, y], error) from error
    return x


COMPARISONS = {
    how: Op(name, how, broadcasts=True)
    for how, name in (
        (operator.eq, "equal"),
        (operator.ne, "not_equal"),
        (operator.lt, "less"),
        (operator.le, "less_equal"),
        (operator.gt, "greater"),
        (operator.ge, "greater_equal"),
    )
}


def compare(how: Any, x: Any, y: Any) -> Any:
    if isinstance(y, list | tuple):
        y = np.asarray([raw(v) for v in y])
    if not isinstance(y, Node | np.ndarray | np.generic | float | int):
        return NotImplemented
    other = y._array if isinstance(y, Node) else y
    try:
        known = how(x._array, other)
        return (
            engine.result(known, COMPARISONS[how], (x, y), engine.NO_PARAMS, False) if is_tracing() else known
        )
    except ValueError as error:
        raise explained(COMPARISONS[how], [x._array, other], error) from None


def check_owns_memory(v: Any) -> None:
    """Raise for a view: writing into it would change the Value it shows without its knowing."""
    if isinstance(v._array, np.ndarray) and (v._array.base is not None or not v._array.flags.writeable):
        raise RuntimeError(
            "this Value is a view of another's data: change that one in one step (w[1:2] -= ...), "
            "or a copy (v.copy())"
        )
