"""What is checked: a function of arrays, whichever way its inputs and its gradient are given.

Inputs are the floating arrays in the arguments (containers too), keyword arguments, or
Values that the function closes over, which are changed in place and always put back.
"""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd.containers import leaves_of, rebuilt
from autograd.modes import enable_grad, no_grad
from autograd.transforms import gradients
from autograd.value import Value

__tracebackhide__ = True  # pytest shows the user's lines, not ours
Arrays = list[Any]
NOT_DEFINED = (ArithmeticError, ValueError, np.linalg.LinAlgError)  # what f may raise beside its domain


MEND = {  # what to pass instead of something that cannot be called
    "f": "pass a function of the arguments that follow it",
    "grad": "pass a function, called as f is, that returns the gradient: grad=lambda x: 2 * x",
    "vjp": "pass a function, called as f is with the cotangent v in front: vjp=lambda v, x: v * 2 * x",
}


def kind_of(x: Any) -> str:
    """What something is, in a message."""
    return f"an array of shape {x.shape}" if isinstance(x, np.ndarray) else f"of type {type(x).__name__}"


class Leaf:
    """One input: its name in messages, and its array as it was given."""

    def __init__(self, name: str, data: Any, value: Value | None = None) -> None:
        self.name, self.data, self.value = name, data, value


class Subject:
    """`f` at given inputs: its plain values near them, and the gradient under test.

    `leaves` are what is differentiated.  grad: the gradient by other means, called as `f` is;
    vjp: the same with the cotangent in front; neither: this package's engine.
    Raises TypeError for inputs that carry no gradient.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        wrt: Any = None,
        grad: Callable[..., Any] | None = None,
        vjp: Callable[..., Any] | None = None,
    ) -> None:
        self.f, self.args, self.kwargs, self.grad, self.vjp = f, list(args), dict(kwargs), grad, vjp
        self.as_values = False  # whether f needs Values even where no gradient is wanted
        for what, given in (("f", f), ("grad", grad), ("vjp", vjp)):
            if not callable(given) and given is not None:
                raise TypeError(f"check_grads: {what} is {kind_of(given)}; {MEND[what]}")
        self.leaves: list[Leaf] = []
        self.slots: list[tuple[Any, int] | None] = []  # (argument, which leaf of it), None: closed over
        self.calls = 0
        self._select(wrt)
        trees = [
            None if s is None else args[s[0]] if isinstance(s[0], int) else kwargs[s[0]] for s in self.slots
        ]
        whole = [isinstance(t, tuple | list | dict) for t in trees]
        self.places = (
            [None if s is None else s[0] for s in self.slots],
            [s[1] if s is not None and w else None for s, w in zip(self.slots, whole, strict=True)],
        )

    def _select(self, wrt: Any) -> None:
        chosen = [wrt] if isinstance(wrt, int | str | Value) else wrt
        if chosen is not None and not isinstance(chosen, list | tuple | set | frozenset):
            raise TypeError(
                f"check_grads: wrt={wrt!r}; expected positions, names of keyword arguments or Values, or a list of them"
            )
        keys = [*range(len(self.args)), *self.kwargs]
        integers = []
        if chosen is not None:
            for key in chosen:
                if isinstance(key, Value):
                    self._close_over(key)
                elif key not in keys:
                    raise TypeError(f"check_grads: wrt={key!r} names no argument; there are {keys}")
        for key in keys:
            if chosen is not None and not any([not isinstance(k, Value) and k == key for k in chosen]):
                continue
            tree = self.args[key] if isinstance(key, int) else self.kwargs[key]
            leaves = leaves_of(tree)
            for i, x in enumerate(leaves):
                name = (f"argument {key}" if isinstance(key, int) else key) + (
                    f"[{i}]" if len(leaves) > 1 else ""
                )
                data = x.data if isinstance(x, Value) else x
                if isinstance(x, Value) and not x.requires_grad:
                    continue
                if isinstance(data, complex | np.complexfloating) or (
                    isinstance(data, np.ndarray) and data.dtype.kind == "c"
                ):
                    raise TypeError(
                        f"check_grads: {name} is complex; gradients are of real numbers: pass the real and the "
                        f"imaginary part as two arguments, f = lambda re, im: ...(re + 1j * im), or leave it "
                        f"out with wrt="
                    )
                if isinstance(data, float | np.floating) or (
                    isinstance(data, np.ndarray) and data.dtype.kind == "f"
                ):
                    self.leaves.append(Leaf(name, native(data)))
                    self.slots.append((key, i))
                elif isinstance(data, int | np.integer | np.ndarray) and not isinstance(data, bool):
                    integers.append((name, np.asarray(data).dtype))
                    if chosen is not None:
                        break
        if integers and (not self.leaves or chosen is not None):
            name, dtype = integers[0]
            raise TypeError(
                f"check_grads: {name} has dtype {dtype}; only floating point carries gradient: pass it as float"
            )
        if not self.leaves:
            raise TypeError(
                "check_grads: there is no floating input to differentiate; pass one, or wrt=[value]"
            )

    def _close_over(self, v: Value) -> None:
        if not v.is_leaf or not v.requires_grad:
            raise TypeError(f"check_grads: wrt holds {v!r}, which is not a leaf that requires grad")
        name = v.name or f"wrt[{sum(s is None for s in self.slots)}]"
        self.leaves.append(Leaf(name, np.array(v.data)[()], v))
        self.slots.append(None)

    # --- calling f --------------------------------------------------------------------------

    def start(self) -> Arrays:
        """The inputs as they were given."""
        return [leaf.data for leaf in self.leaves]

    def arguments(self, inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call with `inputs` in their places."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for key, i, x in zip(*self.places, inputs, strict=True):
            if key is None:
                continue
            whole: Any = args if isinstance(key, int) else kwargs
            if i is None:
                whole[key] = x
            else:
                leaves = leaves_of(whole[key])
                leaves[i] = x
                whole[key] = rebuilt(whole[key], leaves)
        return args, kwargs

    @contextlib.contextmanager
    def _called(self, inputs: Sequence[Any]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
        """The arguments with `inputs` in place; Values closed over hold theirs inside the block."""
        saved = []
        for leaf, slot, x in zip(self.leaves, self.slots, inputs, strict=True):
            if slot is None:
                v: Any = leaf.value
                saved.append((v, v._array, v._number))
                v.changed(x.data if isinstance(x, Value) else np.array(x)[()])
        try:
            yield self.arguments(inputs)
        finally:
            for v, array, n in saved:
                v._array, v._number = array, n

    def outputs(self, inputs: Sequence[Any]) -> Arrays:
        """The plain floating results of f at `inputs`, end to end; each call gets copies."""
        self.calls += 1
        wrapped = [
            Value(x, requires_grad=False) if self.as_values and s is not None else np.array(x)[()]
            for x, s in zip(inputs, self.slots, strict=True)
        ]
        if None in self.slots:
            with self._called(wrapped) as (args, kwargs), no_grad():
                return results(self.f(*args, **kwargs))
        args, kwargs = self.arguments(wrapped)
        with no_grad():
            return results(self.f(*args, **kwargs))

    def called(self, inputs: Sequence[Any]) -> Arrays:
        """What f returns, as it is; the inputs are not copied.  Only for arguments, not Values closed over."""
        if None in self.slots:
            raise TypeError("closed over")
        args, kwargs = self.arguments(inputs)
        with no_grad():
            return leaves_of(self.f(*args, **kwargs))

    def learn_to_call(self) -> Arrays:
        """The results at the inputs; finds out whether f takes plain arrays."""
        try:
            return self.outputs(self.start())
        except ReturnedError:
            raise
        except (AttributeError, TypeError):
            if self.grad or self.vjp:
                raise
        self.as_values = True
        return self.outputs(self.start())

    def recorded(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Fresh Values for the inputs (or those closed over), and f's results made from them."""
        values = [
            leaf.value if slot is None else laid_out(x)
            for leaf, slot, x in zip(self.leaves, self.slots, inputs, strict=True)
        ]
        given = [x if v is leaf.value else v for leaf, v, x in zip(self.leaves, values, inputs, strict=True)]
        with self._called(given) as (args, kwargs), enable_grad():
            out = [y for y in leaves_of(self.f(*args, **kwargs)) if is_floating(y)]
            return values, out

    def pull(self, inputs: Sequence[Any], cotangents: Sequence[Any], along: Sequence[Arrays] = ()) -> Arrays:
        """The gradient under test at `inputs`, one array per input: of <cotangents, f>, or of its
        derivative along along[0], of that one's along along[1], and so on."""
        if self.grad is not None or self.vjp is not None:
            return self._foreign(inputs, cotangents)
        values = [
            leaf.value if slot is None else laid_out(x)
            for leaf, slot, x in zip(self.leaves, self.slots, inputs, strict=True)
        ]
        given = [x if v is leaf.value else v for leaf, v, x in zip(self.leaves, values, inputs, strict=True)]
        with self._called(given) as (args, kwargs), enable_grad():
            out = [y for y in leaves_of(self.f(*args, **kwargs)) if is_floating(y)]
            pairs = [
                (y, c)
                for y, c in zip(out, cotangents, strict=True)
                if isinstance(y, Value) and y.requires_grad
            ]
            zeros = [np.zeros(np.shape(x), np.asarray(x).dtype)[()] for x in inputs]
            if not pairs:
                return zeros
            roots, seeds = [y for y, _ in pairs], [c for _, c in pairs]
            for direction in along:
                found = gradients(roots, values, seeds, create_graph=True, allow_unused=True)
                kept = [
                    (g, t) for g, t in zip(found, direction, strict=True) if g is not None and g.requires_grad
                ]
                if not kept:
                    return zeros
                roots, seeds = [g for g, _ in kept], [t for _, t in kept]
            found = gradients(roots, values, seeds, allow_unused=True)
            return [z if g is None else g for g, z in zip(found, zeros, strict=True)]

    def _foreign(self, inputs: Sequence[Any], cotangents: Sequence[Any]) -> Arrays:
        cotangents = [np.array(c)[()] for c in cotangents]  # the function may write into its own
        with self._called([np.array(x)[()] for x in inputs]) as (args, kwargs):
            if self.vjp is not None:
                found = self.vjp(
                    cotangents[0] if len(cotangents) == 1 else tuple(cotangents), *args, **kwargs
                )
                scale = 1.0
            else:
                assert self.grad is not None
                if len(cotangents) > 1 or np.size(cotangents[0]) != 1:
                    shapes = ", ".join(str(np.shape(c)) for c in cotangents)
                    raise ReturnedError(
                        f"check_grads: f returns results of shape {shapes}, and grad= is for a function that returns "
                        f"one number: let f return its sum, or pass vjp=, called with a cotangent v of that "
                        f"shape in front: vjp=lambda v, x: ..."
                    )
                found, scale = self.grad(*args, **kwargs), np.asarray(cotangents[0]).item()
        if len(self.leaves) == 1 and not isinstance(found, tuple | list | dict):
            found = [found]
        parts = [g.data if isinstance(g, Value) else g for g in leaves_of(found)]
        found = [np.asarray(g)[()] if g is not None else np.array([None]) for g in parts]
        if len(found) != len(self.leaves):
            raise ReturnedError(
                f"check_grads: the gradient has {len(found)} parts for {len(self.leaves)} inputs; return one array "
                f"for each input, in their order"
            )
        for leaf, g in zip(self.leaves, found, strict=True):
            if g.dtype.kind not in "fiu":
                raise ReturnedError(
                    f"check_grads: the gradient of {leaf.name} is of dtype {g.dtype}; return a float array of shape "
                    f"{np.shape(leaf.data)} (is a return missing?)"
                )
        return [g * np.asarray(scale, g.dtype) if scale != 1 and g.dtype.kind == "f" else g for g in found]

    # --- phi --------------------------------------------------------------------------------

    def derivative(
        self, inputs: Sequence[Any], cotangents: Sequence[Any], along: Sequence[Arrays]
    ) -> tuple[Any, Any]:
        """<cotangents, f>, or its derivative along along[0], [1], ...; and the size of its terms."""
        if not along:
            parts, weights = self.outputs(inputs), cotangents
        else:
            parts, weights = self.pull(inputs, cotangents, along[:-1]), along[-1]
        if len(parts) == 1 and not np.ndim(parts[0]):
            y = parts[0] * weights[0]
            return y, abs(y)
        total, size = 0.0, 0.0
        for y, c in zip(parts, weights, strict=True):
            terms = np.asarray(y) * c
            total = total + terms.sum()
            size = size + np.abs(terms).sum()
        return total, size


def native(x: Any) -> Any:
    """A copy in the machine's byte order."""
    x = np.array(x)
    return x.astype(x.dtype.newbyteorder("="), copy=False)[()]


def laid_out(x: Any) -> Value:
    """A Value in x's own memory layout; it shares x's memory."""
    v = Value(x)
    if np.ndim(x) and x.strides != v.data.strides:
        v._array = x
    return v


def is_floating(y: Any) -> bool:
    """Whether a result is a real floating number, array or Value."""
    if isinstance(y, float):
        return True
    dtype = getattr(y, "dtype", None)
    return dtype is not None and dtype.kind == "f"


class ReturnedError(TypeError):
    """What f returned has no derivative."""


def results(tree: Any) -> Arrays:
    """The floating results in what f returned, as plain arrays.  Raises TypeError if there are none."""
    if type(tree) is np.float64:
        return [tree]
    found = []
    for y in leaves_of(tree):
        if y is None:
            raise ReturnedError("check_grads: the function returned None; is a return missing?")
        if np.iscomplexobj(y):
            raise ReturnedError(
                "check_grads: the function returned complex numbers; return real ones, "
                "the real and the imaginary part for example: (np.real(y), np.imag(y))"
            )
        if is_floating(y):
            found.append(y.data if isinstance(y, Value) else np.asarray(y)[()])
        elif not isinstance(y, int | np.integer | np.bool_ | np.ndarray | Value):
            raise ReturnedError(
                f"check_grads: the function returned {type(y).__name__}; return a number, an array or a Value"
            )
    if not found:
        raise ReturnedError(
            "check_grads: the function returned no floating number; integers have no derivative"
        )
    return found


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Many calls of f: no floating-point warnings, and what it prints is not repeated."""
    with np.errstate(all="ignore"), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
