"""Value: a number or an array that remembers how it was made.

Operators go straight to the engine.  NumPy's functions come in through the two
doors at the end of the class (`__array_ufunc__`, `__array_function__`).
"""

import operator
import sys
from collections.abc import Iterator
from threading import Lock
from typing import Any, Self

import numpy as np

from autograd import backward, engine
from autograd.convert import holds_values, owned, plain_array, stacked
from autograd.engine import binary, constant, next_number, raw, record, unary
from autograd.foreign import VALUE, listed, name_all
from autograd.messages import CHANGED, LIVE, leaving, name_of, without_rule
from autograd.modes import TRACE, enable_grad, is_grad_enabled
from autograd.modes import mode as _mode
from autograd.operators import Operators, check_owns_memory
from autograd.rules import elementwise as el
from autograd.rules import indexing, scipy_special, shaping, windows
from autograd.rules.kernels import Index
from autograd.rules.table import CONSTANT, FUNCTIONS, REFUSED, UFUNCS, Op
from autograd.tracing import answer, is_tracing, unknown, write

ArrayLike = Any  # a number, a (nested) list of numbers, an array, a Value


class Value(Operators):
    """A number or an array that one can differentiate with respect to.

    Parameters: `data`, anything that becomes a real array: a Python number, a list,
    an array (copied), or Values (linked: the new one is made from them).  Shape () is held as a
    NumPy scalar.  Floating dtypes carry gradient; a Python int becomes float64; other
    integers and booleans need `requires_grad=False`.  `name` is for pictures and messages.

    Raises TypeError for data that cannot carry gradient, ValueError for ragged lists.

    >>> x = Value(3.0, name="x")
    >>> y = x * x + 2 * x
    >>> y.backward()
    >>> float(x.grad)
    8.0
    """

    __slots__ = ()
    __match_args__ = ("data",)

    def __init__(
        self,
        data: ArrayLike,
        *,
        requires_grad: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        joined = None
        if holds_values(data):
            joined = data if isinstance(data, Value) else stacked(data)
            data = joined._array
        if joined is not None and is_tracing() and not (requires_grad and joined.requires_grad):
            raise TypeError(
                "Value(v) inside a compiled function: use v.detach() for a constant of the same data"
            )
        if joined is not None and requires_grad and joined.requires_grad and is_grad_enabled():
            same = dtype is None or joined.dtype == dtype
            joined = record(el.IDENTITY, (joined,)) if same else joined.astype(dtype)
            for slot in ("_array", "op", "inputs", "params", "requires_grad"):
                setattr(self, slot, getattr(joined, slot))
        else:
            self._array = owned(data, requires_grad, dtype)
            self.op, self.inputs, self.params = None, (), engine.NO_PARAMS
            self.requires_grad = requires_grad
        self._grad = None
        self._number = next_number()
        self.state = LIVE
        if name is not None:
            self.name = name

    # --- what it holds ----------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The plain array (or NumPy scalar), outside the graph; not a copy.

        Assigning changes the Value in place: the new data is copied, cast to the dtype,
        and must have the same shape.  A graph that read the old data can then no longer
        be walked back.  Writing into the array itself (`v.data[0] = 1`) is not seen,
        except by detect_anomaly().
        """
        return self._array if not _mode.get() & TRACE else self._known(".data")

    @data.setter
    def data(self, new: ArrayLike) -> None:
        if _mode.get() & TRACE:
            write(self, new)
            return
        old = self._array
        if type(new) is float64 and type(old) is float64:  # the common case first: `changed` written out
            self._array, self._number = new, next_number()
            if self.op is not None:
                self.state = CHANGED
            return
        if new is old:
            self.changed(new)
            return
        new = plain_array(new, "Value.data")
        if np.shape(new) != old.shape:
            raise ValueError(
                f"Value.data: the new data has shape {np.shape(new)}, the Value has shape {old.shape}; "
                f"make a new Value for another shape"
            )
        self.changed(np.array(new, dtype=old.dtype))

    def changed(self, new: Any) -> None:
        """Take new data in place, and a new number: graphs that read the old are out of date."""
        if _mode.get() & TRACE:
            raise TypeError(
                f"a compiled function changes {self.name or 'a Value'} in place; return the new data instead"
            )
        self._array = new if type(new) is np.float64 or new.ndim else new[()]
        self._number = next_number()
        if self.op is not None:
            self.state = CHANGED

    @property
    def grad(self) -> Any:
        """The gradient: None before the first backward(), then an array like `data`.

        Leaves accumulate over calls until zero_grad(); results show the last call's.
        After backward(create_graph=True) it is a Value.
        """
        return self._grad

    @grad.setter
    def grad(self, new: ArrayLike) -> None:
        if _mode.get() & TRACE:
            raise TypeError(
                "Value.grad inside a compiled function: compiled code writes no .grad; return the gradient"
            )
        if new is not None and not isinstance(new, Value):
            weak = type(new) is int or type(new) is float
            new = self.dtype.type(new) if weak and not self.ndim else plain_array(new, "Value.grad")
        if new is not None:
            if new.shape != self.shape:
                raise ValueError(
                    f"Value.grad: shape {new.shape} given for a Value of shape {self.shape}; they must be equal"
                )
            if new.dtype != self.dtype:
                raise TypeError(
                    f"Value.grad: dtype {new.dtype} given for a Value of dtype {self.dtype}; "
                    f"convert it with .astype({self.dtype})"
                )
        self._grad = new

    @property
    def name(self) -> str | None:
        """The name in pictures and messages, or None."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Value.name: expected a string, got {type(name).__name__}")
        self._name = name

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype, also the gradient's."""
        return self._array.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by hand (or carries no gradient), not by an operation."""
        return self.op is None

    @property
    def T(self) -> "Value":  # noqa: N802 (NumPy's name)
        """The transpose: all axes reversed."""
        return shaping.transpose(self)

    @property
    def mT(self) -> "Value":  # noqa: N802 (NumPy's name)
        """The matrix transpose: the last two axes swapped."""
        return shaping.swapaxes(self, -1, -2)

    # --- gradients --------------------------------------------------------------------------

    def backward(
        self,
        gradient: ArrayLike = None,
        *,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        release: bool = False,
    ) -> None:
        """Add the gradient of this Value to the `.grad` of every leaf it was made from.

        gradient: what to start with, of this Value's shape; 1 for a single element.
        retain_graph: let the graph be walked again (default: only with create_graph).
        create_graph: record the walk itself, so that `.grad` can be differentiated
        (`x -> x.grad -> graph -> x` is then a reference cycle: drop `.grad` when done).
        release: forget the graph on the way, which frees memory in training loops.

        Results keep their own `.grad`, so that the graph can be looked at.
        Raises RuntimeError for a Value without gradient, more than one element without
        `gradient`, a spent graph, or an input changed in place since; ValueError for a
        gradient of another shape.
        """
        if _mode.get() & TRACE:
            raise TypeError(
                "backward() inside a compiled function would write into .grad; "
                "return value_and_grad(f)(x) or gradients(loss, [x]) instead"
            )
        if release and (retain_graph or create_graph):
            raise ValueError(
                "backward(): release=True forgets the graph that retain_graph and create_graph keep"
            )
        usual = gradient is None and self.requires_grad and ONES.get(type(self._array))
        seed = usual or seed_for(self, gradient, create_graph)
        keep = create_graph if retain_graph is None else retain_graph
        found = backward.walk([(self, seed)], create_graph, keep, release)
        for leaf, g in found.items():
            if create_graph and not isinstance(g, Value):
                g = Value(g, requires_grad=False)
            if leaf._grad is None:
                leaf._grad = g
            elif create_graph:
                with ADDING, enable_grad():  # as the walk is recorded, whatever the mode outside
                    leaf._grad = leaf._grad + g
            else:
                with ADDING:
                    leaf._grad = leaf._grad + g

    def zero_grad(self) -> None:
        """Forget the gradient: `.grad` is None again."""
        if _mode.get() & TRACE:
            raise TypeError(
                "zero_grad() inside a compiled function: compiled code keeps no .grad; take the call out"
            )
        self._grad = None

    def detach(self) -> "Value":
        """A constant with a copy of the data: gradient stops here."""
        if is_tracing():
            still: Value = engine.result(self._array, el.IDENTITY, (self,), engine.NO_PARAMS, False)
            return still
        return Value(self._array, requires_grad=False, name=self.name)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Switch a leaf between variable and constant, in place."""
        if self.op is not None:
            raise RuntimeError(
                f"requires_grad_: this Value is the result of {self.op}; only a leaf can be switched, use detach()"
            )
        self._array = owned(self._array, requires_grad, None)
        self.requires_grad = requires_grad
        return self

    def item(self) -> float:
        """The single element as a Python number, outside the graph."""
        if self.size != 1:
            raise ValueError(f"item(): a Value of shape {self.shape} is not a single number; use .tolist()")
        return self._known("item()").item()

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers, outside the graph."""
        return self._known("tolist()").tolist()

    def numpy(self) -> Any:
        """A copy of the data as an array, outside the graph."""
        return np.array(self._known("numpy()"))

    def draw(self, **options: Any) -> Any:
        """A picture of the graph this Value was made by; see autograd.graph.draw."""
        from autograd.graph import draw

        return draw(self, **options)

    # --- indexing ---------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> "Value":
        return record(indexing.GETITEM, (self,), {"index": Index(index)})

    def __setitem__(self, index: Any, new: Any) -> None:
        """`y[i] = v` on a result: y becomes a new node, and v receives gradient.

        What is written through a view (`y[1:][0] = v`) reaches y, as in NumPy.
        A leaf is written only under no_grad(), in place.  An element named twice is refused.
        """
        at = Index(index)
        if not is_grad_enabled() or not (self.requires_grad or carries(new)):
            check_owns_memory(self)
            self.changed(indexing.SETITEM.forward(self._array, raw(new), index=at))
            return
        if self.op is None and self.requires_grad:
            raise RuntimeError(
                f"this Value{f' named {self.name!r}' if self.name else ''} is a leaf that requires grad: "
                f"write into it under no_grad(), or into a copy (y = x.copy(); y[...] = v)"
            )
        if not self.requires_grad:
            check_owns_memory(self)
        self.assign(at, new)

    def assign(self, at: Index, new: Any) -> None:
        """Become a copy of oneself with `new` at `at`; likewise what this is a view of."""
        old = _new(_Past)
        for slot in ("_array", "_grad", "_number", "state", "params", "op", "inputs", "requires_grad"):
            setattr(old, slot, getattr(self, slot))
        written = record(indexing.SETITEM, (old, relinked(new, self, old)), {"index": at})
        if self.op is indexing.GETITEM and self.params["index"].basic:
            base, where = self.inputs[0], self.params["index"]
            if isinstance(base, _Past) or base._number > self._number:
                raise RuntimeError(
                    "this Value is a view of one that was written into since: take the view again, then write"
                )
            if base.op is None and base.requires_grad:
                raise RuntimeError(
                    "this Value is a view of a leaf that requires grad: write into a copy of the leaf"
                )
            base.assign(where, written)
            written = record(indexing.GETITEM, (base,), {"index": where})
        elif self.op in VIEWS:
            raise RuntimeError(
                f"this Value is a view ({self.op}) of another: write into that one, or into a copy"
            )
        self.become(written)

    def become(self, other: "Value") -> None:
        """Take over the history of `other`, which nobody else holds."""
        self._array, self.op, self.inputs = other._array, other.op, other.inputs
        self.params, self.requires_grad = other.params, other.requires_grad
        self._grad, self._number, self.state = None, next_number(), LIVE

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len(): a Value of shape () has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator["Value"]:
        if not self.ndim:
            raise TypeError("iteration: a Value of shape () has no axis to go along")
        return (self[i] for i in range(len(self)))

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    # --- Python's protocols -----------------------------------------------------------------

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"bool(): the truth of a Value of shape {self.shape} is ambiguous; use np.any(v) or np.all(v)"
            )
        return bool(self._known("bool()"))

    def __float__(self) -> float:
        return float(self._single("float()"))

    def __int__(self) -> int:
        return int(self._single("int()"))

    def __complex__(self) -> complex:
        return complex(self._single("complex()"))

    def __index__(self) -> int:
        return operator.index(self._leave("an index"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._leave("np.asarray()"), dtype=dtype)

    def _known(self, how: str) -> Any:
        """The data, on its way out of the graph: not while a program is traced."""
        if is_tracing():
            raise unknown(self, how)
        return self._array

    def _single(self, how: str) -> Any:
        """The single element, if leaving the graph here loses no gradient."""
        data = self._leave(how)
        if data.size != 1:
            raise TypeError(f"{how}: a Value of shape {self.shape} is not a single number")
        return data.item()

    def _leave(self, how: str) -> Any:
        """The data, if leaving the graph here loses no gradient."""
        self._known(how)
        if self.requires_grad:
            raise TypeError(leaving(self, how))
        return self._array

    def __round__(self, ndigits: int | None = None) -> "Value":
        return el.round_(self, ndigits or 0)

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self.size != 1:
            raise TypeError(f"format spec {spec!r}: a Value of shape {self.shape} is not a single number")
        return format(self.item(), spec)

    def __repr__(self) -> str:
        text = np.array2string(
            np.asarray(self._array), separator=", ", threshold=20, edgeitems=2, prefix="Value("
        )
        parts = [text if self.ndim or self.dtype == np.longdouble else repr(self._array.item())]
        if self.size > 20 or not self.size:
            parts.append(f"shape={self.shape}")
        if self.dtype != np.float64:
            parts.append(f"dtype={self.dtype}")
        if self.name:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op}")
        elif not self.requires_grad:
            parts.append("requires_grad=False")
        return f"Value({', '.join(parts)})"

    def __dir__(self) -> list[str]:
        return listed(object.__dir__(self), type(self))

    def __copy__(self) -> "Value":
        return record(el.IDENTITY, (self,))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._rebuilt("copy.deepcopy")

    def __reduce__(self) -> Any:
        same = self._rebuilt("pickle")
        return _restore, (type(self), same._array, same.requires_grad, same.name, same._grad)

    def _rebuilt(self, how: str) -> Self:
        if self.op is not None:
            raise RuntimeError(
                f"{how}: this Value is the result of {self.op}, and a graph is not copied; "
                f"copy v.detach(), or the leaves"
            )
        grad = None if self._grad is None else np.array(raw(self._grad))[()]
        return _restore(type(self), self._array, self.requires_grad, self.name, grad)

    # --- the two doors through which NumPy's functions come in --------------------------------

    @staticmethod
    def __record__(op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> "Value":
        return record(op, inputs, params)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if (
            method == "__call__" and not options and type(op := UFUNCS.get(ufunc)) is Op
        ):  # the common case first
            made = unary(op, *inputs) if len(inputs) == 1 else binary(op, *inputs)
            if made is not NotImplemented:
                return made
        if method != "__call__":
            raise TypeError(
                f"{name_of(ufunc)}.{method} has no gradient rule for a Value; "
                f"use the function it stands for (np.sum, np.cumsum, np.outer ...), or .data"
            )
        given = [k for k, v in options.items() if v is not None and not (k == "where" and v is True)]
        if given:
            raise TypeError(
                f"{name_of(ufunc)}: {given[0]}= is not supported for a Value; "
                f"use np.where for where=, .astype for dtype=, and no out= (Values are not written into; "
                f"for an array a, `a += v` means this too: write a = a + v)"
            )
        enter = UFUNCS.get(ufunc)
        if enter is not None:
            return enter(*inputs)
        if ufunc in CONSTANT:
            return answer(ufunc, inputs)
        if scipy_special.learn(ufunc, sys.modules.get("scipy.special")):
            return UFUNCS[ufunc](*inputs)
        raise TypeError(without_rule(ufunc))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        enter = FUNCTIONS.get(func)
        if enter is not None:
            return enter(*args, **kwargs)
        if func in CONSTANT:
            return answer(func, args, kwargs)
        if func in REFUSED:
            raise TypeError(REFUSED[func])
        raise TypeError(without_rule(func))


class _Past(Value):
    """What a Value was before it was written into; only graphs hold it."""

    __slots__ = ()


engine.Value = Value  # results are Values
name_all(Value, VALUE)  # no __getattr__, which would make every attribute slower
float64 = np.float64
ADDING = Lock()  # threads may add to the gradient of one leaf
ONES = {float64: np.float64(1), np.float32: np.float32(1)}  # what a backward pass mostly starts with
_new = object.__new__
VIEWS = frozenset((shaping.RESHAPE, shaping.TRANSPOSE, shaping.BROADCAST_TO, shaping.FLIP, windows.WINDOWS))


def _restore(kind: type[Value], data: Any, requires_grad: bool, name: str | None, grad: Any) -> Any:
    v = kind.__new__(kind)
    Value.__init__(v, data, requires_grad=requires_grad, name=name)
    v._grad = grad
    return v


def seed_for(v: Value, gradient: Any, create_graph: bool, what: str = "backward()") -> Any:
    """The gradient a backward pass starts with, checked; never the caller's own array."""
    if not v.requires_grad:
        raise RuntimeError(
            f"{what}: this Value does not require grad: it was made from constants, detached, "
            "or computed under no_grad()"
        )
    if gradient is None:
        if v.size != 1:
            raise RuntimeError(
                f"{what}: a gradient can be left out only for a single element, and this Value has shape "
                f"{v.shape}; reduce it first (v.sum()), or pass "
                f"{'gradient' if what == 'backward()' else 'grad_outputs'}= of that shape"
            )
        return np.ones(v.shape, v.dtype) if v.ndim else v.dtype.type(1)
    if isinstance(gradient, Value) and not create_graph:
        gradient = gradient._array
    elif not isinstance(gradient, Value):
        gradient = plain_array(gradient, what)
    if gradient.shape != v.shape:
        raise ValueError(
            f"{what}: gradient has shape {gradient.shape}, the Value has shape {v.shape}; they must be equal"
        )
    if isinstance(gradient, Value):
        return gradient if gradient.dtype == v.dtype else gradient.astype(v.dtype)
    return np.array(constant(gradient), dtype=v.dtype)[()]


# --- writing into Values --------------------------------------------------------------------


def relinked(new: Any, v: Value, old: Value) -> Any:
    """`new`, with everything it was made from since `v` was reading `old` instead."""
    if new is v:
        return old
    todo, seen = [new], {id(new)}
    while todo:
        node = todo.pop()
        if isinstance(node, Value) and node._number > v._number:
            node.inputs = tuple([old if x is v else x for x in node.inputs])
            todo.extend([x for x in node.inputs if id(x) not in seen])
            seen.update([id(x) for x in node.inputs])
    return new


def carries(x: Any) -> bool:
    return isinstance(x, Value) and x.requires_grad
