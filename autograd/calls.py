"""One call of a function, recorded, and what the transforms ask of it."""

from collections.abc import Callable, Iterable, Sequence
from threading import get_ident
from typing import Any
from warnings import warn

import numpy as np

from autograd import backward, engine
from autograd.callers import stacklevel
from autograd.containers import CONTAINERS, Tree, built, leaves_of, rebuilt
from autograd.convert import plain_array
from autograd.engine import ALL, NO_PARAMS, ONLY, Node, next_number, record, tracked
from autograd.modes import RECORD, TRACE, enable_grad, mode
from autograd.rules.elementwise import IDENTITY
from autograd.value import ONES, Value, carries, seed_for

ndarray, float64 = np.ndarray, np.float64
PLAIN = frozenset((float, int, float64, ndarray, type(ONLY)))  # what an operand most often is, if no Value
NO_OP: Any = None  # what a leaf was made by
_mode = mode.get


class Call:
    """`f(*args)` recorded, with fresh Values for the arguments that are differentiated."""

    __slots__ = ("alone", "f", "flat", "numbers", "output", "said", "start", "trees", "what")

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Tree],
        numbers: Sequence[int],
        options: dict[str, Any],
        what: str,
    ) -> None:
        self.f, self.numbers, self.what = f, numbers, what
        self.said = False  # whether it was looked into that the result depends on no variable
        self.start = next_number()
        self.alone = False  # whether what is pulled back is known to come from the variables alone
        self.flat: list[Value] = []
        self.trees: list[Tree] | None = None  # the arguments, where one of them is a container
        called = list(args)
        for n in numbers:
            x = args[n]
            if isinstance(x, CONTAINERS):
                own = [variable(leaf, what) for leaf in leaves_of(x)]
                called[n] = rebuilt(x, own)
                self.flat += own
                self.trees = [args[i] for i in numbers]
            else:
                called[n] = v = variable(x, what)
                self.flat.append(v)
        if _mode() & RECORD:
            self.output = f(*called, **options)
        else:
            with enable_grad():
                self.output = f(*called, **options)

    def depends_on_outside(self, y: Any, nodes: list[Value] | None = None) -> bool:
        """Whether a result was made from Values that are older than this call, or of a program being traced.

        If not, `nodes` receives all results that it was made from, itself included.
        """
        self.alone = False
        if _mode() & TRACE:
            return True
        if not isinstance(y, Value) or not y.requires_grad:
            return False
        alone = made_of((y,), self.flat, self.start, nodes)
        self.alone = alone is True
        return alone is None

    def pull(self, output: Any, gradient: Any, create_graph: bool) -> list[Any]:
        """The gradient of each variable; zeros where the output does not depend on it."""
        if gradient is not None:
            given, shape = plain_array(gradient).shape, plain_array(output).shape
            if given != shape:
                raise ValueError(
                    f"{self.what}: the cotangent has shape {given}, the output has shape {shape}; they must be equal"
                )
        if not carries(output):
            self.independent(output)
            return [zeros(v) for v in self.flat]
        return self.pulled(output, seed_for(output, gradient, create_graph, "gradients()"), create_graph)

    def pulled(self, output: Value, seed: Any, create_graph: bool) -> list[Any]:
        """`pull` for a gradient that fits the output, which carries one."""
        wanted = None if self.alone else {v._number: v for v in self.flat}
        found = backward.walk(
            [(output, seed)], create_graph=create_graph, store=False, wanted=wanted, since=self.start
        )
        if not self.alone and not any([v in found for v in self.flat]):
            self.independent(output)
        results = [found[v] if v in found else zeros(v) for v in self.flat]
        return [as_value(g) for g in results] if create_graph else results

    def pulled_alone(self, y: Any) -> list[Any] | None:
        """`pull` of a number that depends on the variables alone, without looking first; else None."""
        if _mode() != RECORD or type(y) is not Value or not y.requires_grad:
            return None
        try:
            seed = ONES.get(type(y._array)) or seed_for(y, None, create_graph=False)
            found = backward.walk([(y, seed)], store=False)
        except Exception:  # on the way to something else, perhaps; if not, it comes again
            return None
        if len([v for v in self.flat if v in found]) < len(found):
            return None
        return [found[v] if v in found else zeros(v) for v in self.flat]

    def independent(self, output: Any) -> None:
        """Warn, once, that a result does not depend on any variable: most often it left the graph unnoticed.

        Not where that is right or was asked for: a result that is a derivative (the second one of a
        linear function), a constant Value (stop_gradient, detach, no_grad).
        """
        if self.said or not self.flat:
            return
        self.said = True
        asked = (isinstance(output, Value) and not output.requires_grad) or self.took_derivatives(output)
        backward.VISITS.append((next_number(), 0, get_ident()))  # a derivative, for the calls around this one
        if asked:
            return
        name, numbers = getattr(self.f, "__name__", type(self.f).__name__), list(self.numbers)
        which = f"argument {numbers[0]}" if len(numbers) == 1 else f"arguments {', '.join(map(str, numbers))}"
        warn(
            f"{self.what}: the result of {name}() does not depend on {which}, as far as is recorded, so the "
            f"derivative is 0: compute with the argument itself, not with its .data, .item() or a comparison; "
            f"where 0 is right, return a constant, Value(result, requires_grad=False)",
            stacklevel=stacklevel(),  # of the user's line
        )

    def took_derivatives(self, output: Any) -> bool:
        """Whether a backward pass was recorded in this call, before this result: it may rightly be a constant."""
        own = get_ident()
        for number, _, thread in reversed(backward.VISITS.copy()):
            if number < self.start:
                return False
            if thread == own and not (isinstance(output, Value) and output._number < number):
                return True
        return False

    def arranged(self, results: Sequence[Any]) -> tuple[Any, ...]:
        """Flat results in the containers of the arguments."""
        if self.trees is None:
            return tuple(results)
        rest = iter(results)
        return tuple([built(tree, rest) for tree in self.trees])


def made_of(
    roots: Iterable[Any], variables: Iterable[Any], since: int = 0, nodes: list[Any] | None = None
) -> bool | None:
    """Whether the only leaves that tracked Values were made from are these; None if anything is older than `since`.

    `nodes` receives what they were made from, without those leaves.
    """
    known = {v for v in variables if v.op is None}  # what need not be looked into
    only = True
    found: list[Any] = [] if nodes is None else nodes
    for v in roots:
        if v._number < since:
            return None
        if v not in known:
            known.add(v)
            found.append(v)
    for v in found:  # which grows
        x, y = v._first, v._second
        if type(y) is Value:  # written out, because most are like this
            if y not in known and y.requires_grad:
                if y._number < since:
                    return None
                known.add(y)
                found.append(y)
        elif type(y) not in PLAIN:  # more than two inputs, or a Value of another class
            only = only and v.op is not None
            if not added(v.inputs, known, found, since):
                return None
            continue
        if type(x) is Value:
            if x not in known and x.requires_grad:
                if x._number < since:
                    return None
                known.add(x)
                found.append(x)
        elif type(x) not in PLAIN and not added((x,), known, found, since):
            return None
    return only


def added(inputs: Iterable[Any], known: set[Any], found: list[Any], since: int) -> bool:
    """Add the tracked inputs that are not known yet; False if one is older than `since`."""
    for x in inputs:
        if isinstance(x, Node) and x not in known and x.requires_grad:
            if x._number < since:
                return False
            known.add(x)
            found.append(x)
    return True


def zeros(v: Any) -> Any:
    """Zeros like a Value or an array: the gradient of one that was not used."""
    return np.zeros(v.shape, v.dtype)[()]


def as_value(g: Any) -> Value:
    return g if isinstance(g, Value) else Value(g, requires_grad=False)


class Chosen:
    """Which arguments of a function are differentiated: an int or a tuple of ints, looked at once per length."""

    __slots__ = ("alone", "argnums", "known", "single")

    def __init__(self, argnums: Any) -> None:
        self.argnums = argnums
        self.alone = False  # whether the last result depended on them alone: most likely the next one does
        self.single = hasattr(argnums, "__index__")
        self.known: dict[int, tuple[int, ...]] = {}

    def of(self, n: int, what: str) -> tuple[int, ...]:
        """Their positions from the start in a call with `n` arguments."""
        numbers = self.known.get(n)
        if numbers is None:
            numbers = self.known[n] = positions(self.argnums, n, what)
        return numbers


def positions(argnums: Any, n: int, what: str) -> tuple[int, ...]:
    """argnums as positions from the start, for a call with `n` arguments."""
    given = (argnums,) if hasattr(argnums, "__index__") else argnums
    if not isinstance(given, (tuple, list)) or not all([hasattr(i, "__index__") for i in given]):
        raise TypeError(f"{what}: argnums must be an int or a tuple of ints, got {argnums!r}")
    if not all([-n <= i < n for i in given]):
        raise TypeError(f"{what}: argnums={argnums}, but the function was called with {n} arguments")
    numbers = tuple([i.__index__() % n for i in given])
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{what}: argnums={argnums} names an argument twice; name each argument once")
    return numbers


def one_array(args: Sequence[Tree], n: int, what: str) -> None:
    """Raise TypeError if the differentiated argument is a container."""
    (n,) = positions(n, len(args), what)
    if isinstance(args[n], CONTAINERS):
        raise TypeError(
            f"{what}: argument {n} is a {type(args[n]).__name__}; one array is needed: "
            f"join its parts with np.concatenate, or use grad, jvp and vjp, which take containers"
        )


def output_of(y: Any, what: str) -> Any:
    """What a function returned, if it is a number, an array or a Value."""
    if isinstance(y, (Value, ndarray, np.generic, float, int)) and not isinstance(y, bool):
        return y
    mend = (
        "is a return missing?"
        if y is None
        else "return one array; for (value, extra) pass has_aux=True to grad"
    )
    raise TypeError(
        f"{what}: the function returned {type(y).__name__}; it must return a number, an array or a Value: {mend}"
    )


def scalar(y: Any, what: str) -> Any:
    """What a function returned, if it is a single number."""
    shape = plain_array(output_of(y, what)).shape
    if shape not in ((), (1,)):
        raise ValueError(
            f"{what}: the function returned shape {shape}; a single number is needed: "
            f"reduce it (.sum()), or use jacobian or vjp"
        )
    return y


def variable(x: Any, what: str) -> Value:
    """A fresh Value for an argument; linked to it if it is a Value itself."""
    kind = type(x)
    if kind is float or kind is float64:
        return tracked(float64(x), NO_OP, (), ALL)  # as Value(x)
    if kind is ndarray and x.ndim and x.dtype.kind == "f" and x.dtype.isnative:
        return tracked(np.array(x), NO_OP, (), ALL)
    if isinstance(x, Value):
        if x.dtype.kind != "f":
            raise TypeError(
                f"{what}: an argument cannot be differentiated: it has dtype {x.dtype}, and only floating dtypes "
                f"carry gradient; convert it, e.g. with .astype(float)"
            )
        now = _mode()
        if now & TRACE:  # whatever it is there: its numbers are not known, so it cannot be taken out
            with enable_grad():
                fresh: Value = engine.result(x._array, IDENTITY, (x,), NO_PARAMS, True)
            return fresh
        return record(IDENTITY, (x,)) if x.requires_grad and now & RECORD else Value(x.data)
    try:
        return Value(x)
    except TypeError as error:
        raise TypeError(f"{what}: an argument cannot be differentiated: {error}") from None


def plainly(v: Any, linked: bool) -> Any:
    """A Value if it must stay linked to the outside, else its plain data."""
    return v if linked or not isinstance(v, Value) else v._array
