"""Functions of functions: grad, vjp, jvp, jacobian, hessian, hvp; checkpoint and primitive.

`f` is ordinary NumPy code.  These take and return plain arrays.  Arguments may be
numbers, arrays, or (nested) tuples, lists and dicts of them; gradients come back
in the same containers.  They nest to any order: where a result depends on a Value
from outside (an outer transform, a parameter closed over), it is a Value.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from threading import get_ident
from typing import Any

import numpy as np

from autograd import backward, engine
from autograd.convert import holds_values, plain_array
from autograd.engine import Node, next_number, record
from autograd.modes import enable_grad, is_grad_enabled, no_grad
from autograd.rules.elementwise import IDENTITY
from autograd.rules.table import Op, Rule
from autograd.tracing import is_tracing
from autograd.value import Value, seed_for

Tree = Any  # a number, an array, a Value, or a tuple, list or dict of trees


# --- containers -----------------------------------------------------------------------------


def leaves_of(tree: Tree) -> list[Any]:
    """The numbers and arrays in a tree, in order."""
    if isinstance(tree, dict):
        return [leaf for branch in tree.values() for leaf in leaves_of(branch)]
    if isinstance(tree, tuple | list):
        return [leaf for branch in tree for leaf in leaves_of(branch)]
    return [tree]


def rebuilt(tree: Tree, leaves: Sequence[Any]) -> Tree:
    """`tree` with other leaves in the same places."""
    return _built(tree, iter(leaves))


def _built(tree: Tree, rest: Iterator[Any]) -> Tree:
    if isinstance(tree, dict):
        return type(tree)((key, _built(branch, rest)) for key, branch in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[_built(branch, rest) for branch in tree])
    if isinstance(tree, tuple | list):
        return type(tree)([_built(branch, rest) for branch in tree])
    return next(rest)


def matched(tree: Tree, other: Tree) -> list[Any]:
    """The leaves of `other` in the order of `tree`, by key; ValueError where the two are not alike."""
    if isinstance(tree, dict):
        if not isinstance(other, dict) or set(other) != set(tree):
            given = sorted(map(str, other)) if isinstance(other, dict) else type(other).__name__
            raise ValueError(f"expected a dict with the keys {sorted(map(str, tree))}, got {given}")
        return [leaf for key in tree for leaf in matched(tree[key], other[key])]
    if isinstance(tree, tuple | list):
        if not isinstance(other, tuple | list) or len(other) != len(tree):
            raise ValueError(f"expected a {type(tree).__name__} of {len(tree)}, got {type(other).__name__}")
        return [leaf for t, o in zip(tree, other, strict=True) for leaf in matched(t, o)]
    return [other]


# --- the tape style -------------------------------------------------------------------------


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> Any:
    """The gradients of recorded `outputs` with respect to recorded `inputs`.

    As torch.autograd.grad and tape.gradient: nothing is written to `.grad`, and only
    the operations between inputs and outputs are walked.  `inputs` may be results as
    well as leaves.  `grad_outputs`: one gradient for each output (1 for a single element).
    Returns what `inputs` is, one or a tuple: arrays, or Values with `create_graph`.

    Raises RuntimeError if an output carries no gradient, or an input was not used
    (with `allow_unused`, None is returned for it); ValueError for a wrong shape.

    >>> from autograd import Value, gradients
    >>> x = Value(2.0)
    >>> (g,) = gradients(x**3, [x], create_graph=True)
    >>> float(gradients(g, x))
    12.0
    """
    for what, given in (("outputs", outputs), ("inputs", inputs)):
        if not isinstance(given, Value | tuple | list):
            raise TypeError(f"gradients(): {what} must be Values, got {type(given).__name__}")
    roots = [outputs] if isinstance(outputs, Value) else list(outputs)
    create_graph = create_graph or is_tracing()
    wanted = [inputs] if isinstance(inputs, Value) else list(inputs)
    given = [grad_outputs] if isinstance(outputs, Value) else list(grad_outputs or [None] * len(roots))
    if len(given) != len(roots):
        raise ValueError(f"gradients(): {len(roots)} outputs but {len(given)} grad_outputs")
    for v in wanted:
        if not isinstance(v, Value) or not v.requires_grad:
            raise RuntimeError(
                f"gradients(): an input ({v!r}) does not require grad; pass Values that were used in the computation"
            )
    seeds = [(v, seed_for(v, g, create_graph, "gradients()")) for v, g in zip(roots, given, strict=True)]
    keep = create_graph if retain_graph is None else retain_graph
    found = backward.walk(
        seeds, create_graph=create_graph, keep=keep, store=False, wanted={v._number: v for v in wanted}
    )
    results: list[Any] = []
    for i, v in enumerate(wanted):
        if v in found:
            g = found[v]
            if create_graph:
                g = as_value(g)
            elif any([g is h for h in results]) and isinstance(g, np.ndarray):
                g = g.copy()  # an input asked for twice
            results.append(g)
        elif allow_unused:
            results.append(None)
        else:
            raise RuntimeError(
                f"gradients(): input {i} was not used in computing the outputs; "
                f"pass allow_unused=True to get None for it"
            )
    return results[0] if isinstance(inputs, Value) else tuple(results)


def as_value(g: Any) -> Value:
    return g if isinstance(g, Value) else Value(g, requires_grad=False)


# --- one call of a function, recorded -------------------------------------------------------


class Call:
    """`f(*args)` recorded, with fresh Values for the arguments that are differentiated."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Tree], argnums: Any, options: dict[str, Any], what: str
    ) -> None:
        self.what = what
        self.single = hasattr(argnums, "__index__")
        numbers = positions(argnums, len(args), what)
        self.start = next_number()
        self.trees = [args[n] for n in numbers]
        self.variables = [[variable(x, what) for x in leaves_of(tree)] for tree in self.trees]
        called = list(args)
        for n, tree, variables in zip(numbers, self.trees, self.variables, strict=True):
            called[n] = rebuilt(tree, variables)
        with enable_grad():
            self.output = f(*called, **options)
        self.flat = [v for variables in self.variables for v in variables]

    def depends_on_outside(self, *roots: Any) -> bool:
        """Whether results were made from Values that are older than this call, or of a program being traced."""
        if is_tracing():
            return True
        live = [v for v in roots if isinstance(v, Value) and v.requires_grad]
        return any(n < self.start for n in backward.ancestors(live))

    def pull(self, output: Any, gradient: Any, create_graph: bool) -> list[Any]:
        """The gradient of each variable; zeros where the output does not depend on it."""
        if gradient is not None and np.shape(plain_array(gradient)) != np.shape(plain_array(output)):
            raise ValueError(
                f"{self.what}: the cotangent has shape {np.shape(plain_array(gradient))}, the output has shape "
                f"{np.shape(plain_array(output))}; they must be equal"
            )
        if not isinstance(output, Value) or not output.requires_grad:
            return [np.zeros(v.shape, v.dtype)[()] for v in self.flat]
        found = gradients(
            output, self.flat, gradient, retain_graph=True, create_graph=create_graph, allow_unused=True
        )
        return [
            np.zeros(v.shape, v.dtype)[()] if g is None else g for v, g in zip(self.flat, found, strict=True)
        ]

    def arranged(self, results: Sequence[Any]) -> Any:
        """Flat results in the containers of the arguments; a tuple unless argnums is a number."""
        rest, trees = list(results), []
        for tree, variables in zip(self.trees, self.variables, strict=True):
            trees.append(rebuilt(tree, rest[: len(variables)]))
            rest = rest[len(variables) :]
        return trees[0] if self.single else tuple(trees)


def positions(argnums: Any, n: int, what: str) -> tuple[int, ...]:
    """argnums as positions from the start, for a call with `n` arguments."""
    given = (argnums,) if hasattr(argnums, "__index__") else argnums
    if not isinstance(given, tuple | list) or not all(hasattr(i, "__index__") for i in given):
        raise TypeError(f"{what}: argnums must be an int or a tuple of ints, got {argnums!r}")
    if not all(-n <= i < n for i in given):
        raise TypeError(f"{what}: argnums={argnums}, but the function was called with {n} arguments")
    numbers = tuple(i.__index__() % n for i in given)
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"{what}: argnums={argnums} names an argument twice; name each argument once")
    return numbers


def one_array(args: Sequence[Tree], n: int, what: str) -> None:
    """Raise TypeError if the differentiated argument is a container."""
    (n,) = positions(n, len(args), what)
    if isinstance(args[n], dict | tuple | list) and not np.isscalar(args[n]):
        raise TypeError(
            f"{what}: argument {n} is a {type(args[n]).__name__}; one array is needed: "
            f"join its parts with np.concatenate, or use grad, jvp and vjp, which take containers"
        )


def output_of(y: Any, what: str) -> Any:
    """What a function returned, if it is a number, an array or a Value."""
    if isinstance(y, Value | np.ndarray | np.generic | float | int) and not isinstance(y, bool):
        return y
    mend = (
        "is a return missing?"
        if y is None
        else "return one array; for (value, extra) pass has_aux=True to grad"
    )
    raise TypeError(
        f"{what}: the function returned {type(y).__name__}; it must return a number, an array or a Value: {mend}"
    )


def variable(x: Any, what: str) -> Value:
    """A fresh Value for an argument; linked to it if it is a Value itself."""
    if isinstance(x, Value):
        if x.dtype.kind != "f":
            raise TypeError(
                f"{what}: an argument cannot be differentiated: it has dtype {x.dtype}, and only floating dtypes "
                f"carry gradient; convert it, e.g. with .astype(float)"
            )
        if is_tracing():  # whatever it is there: its numbers are not known, so it cannot be taken out
            with enable_grad():
                fresh: Value = engine.result(x._array, IDENTITY, (x,), engine.NO_PARAMS, True)
            return fresh
        return record(IDENTITY, (x,)) if x.requires_grad and is_grad_enabled() else Value(x.data)
    try:
        return Value(x)
    except TypeError as error:
        raise TypeError(f"{what}: an argument cannot be differentiated: {error}") from None


def plainly(v: Any, linked: bool) -> Any:
    """A Value if it must stay linked to the outside, else its plain data."""
    return v if linked or not isinstance(v, Value) else v.data


def scalar(y: Any, what: str) -> Any:
    output_of(y, what)
    if np.shape(plain_array(y)) not in ((), (1,)):
        raise ValueError(
            f"{what}: the function returned shape {np.shape(plain_array(y))}; a single number is needed: "
            f"reduce it (.sum()), or use jacobian or vjp"
        )
    return y


# --- transforms -----------------------------------------------------------------------------


def value_and_grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns `f`'s value and its gradient; see grad.

    >>> from autograd import value_and_grad
    >>> y, g = value_and_grad(lambda x: x * x)(3.0)
    >>> float(y), float(g)
    (9.0, 6.0)
    """

    @wraps(f)
    def both(*args: Tree, **options: Any) -> Any:
        call = Call(f, args, argnums, options, "grad")
        if has_aux and not (isinstance(call.output, tuple) and len(call.output) == 2):
            raise TypeError("grad: with has_aux=True the function must return (value, extra)")
        y, extra = call.output if has_aux else (call.output, None)
        scalar(y, "grad")
        linked = call.depends_on_outside(y)
        gradient = call.arranged(call.pull(y, None, create_graph=linked))
        value = plainly(y, linked)
        return ((value, extra), gradient) if has_aux else (value, gradient)

    return both


def grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar function `f`.

    argnums: which argument(s) to differentiate, a number or a tuple of numbers.
    has_aux: `f` returns (value, extra); the result is then (gradient, extra).
    The gradient has the shape and dtype of the argument; zeros where `f` does not use it.
    Raises ValueError if `f` returns more than one number, TypeError for integer arguments.

    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    """
    both = value_and_grad(f, argnums, has_aux)

    @wraps(f)
    def gradient(*args: Tree, **options: Any) -> Any:
        value, g = both(*args, **options)
        return (g, value[1]) if has_aux else g

    return gradient


def vjp(f: Callable[..., Any], *primals: Tree) -> tuple[Any, Callable[[Any], Any]]:
    """`f(*primals)` and its pullback: cotangent -> tuple of gradients (v @ J).

    The pullback may be called many times.

    >>> import numpy as np
    >>> from autograd import vjp
    >>> y, pullback = vjp(np.sin, np.array([0.0, 1.0]))
    >>> pullback(np.array([1.0, 0.0]))
    (array([1., 0.]),)
    """
    call = Call(f, primals, tuple(range(len(primals))), {}, "vjp")
    output_of(call.output, "vjp")
    linked = call.depends_on_outside(call.output)

    def pullback(cotangent: Any) -> Any:
        through = linked or (isinstance(cotangent, Value) and cotangent.requires_grad)
        return call.arranged(call.pull(call.output, cotangent, create_graph=through))

    return plainly(call.output, linked), pullback


def jvp(f: Callable[..., Any], primals: Sequence[Tree], tangents: Sequence[Tree]) -> tuple[Any, Any]:
    """`f(*primals)` and its derivative along `tangents` (J @ t).

    By differentiating the pullback, which is linear in its cotangent: no second
    table of rules (Townsend, 2017, "A new trick for calculating Jacobian vector products").

    >>> from autograd import jvp
    >>> y, t = jvp(lambda x: x**3, (2.0,), (1.0,))
    >>> float(y), float(t)
    (8.0, 12.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise TypeError(
                f"jvp: {name} must be a tuple, one entry per argument of the function: ({name[:-1]},)"
            )
    call = Call(f, primals, tuple(range(len(primals))), {}, "jvp")
    try:
        flat = matched(tuple(primals), tuple(tangents))
    except ValueError as error:
        shapes = [
            [np.shape(plain_array(t)) for t in leaves_of(tuple(trees))] for trees in (tangents, primals)
        ]
        raise ValueError(
            f"jvp: tangents of shapes {shapes[0]} do not fit primals of shapes {shapes[1]}: {error}"
        ) from None
    if [np.shape(plain_array(t)) for t in flat] != [v.shape for v in call.flat]:
        raise ValueError(
            f"jvp: tangents of shapes {[np.shape(plain_array(t)) for t in flat]} do not fit "
            f"primals of shapes {[v.shape for v in call.flat]}"
        )
    y = output_of(call.output, "jvp")
    linked = call.depends_on_outside(y) or holds_values(flat)
    zero = np.zeros(np.shape(plain_array(y)), plain_array(y).dtype)[()]
    if not isinstance(y, Value) or not y.requires_grad:
        return plainly(y, linked), zero
    cotangent = Value(zero)
    pulled = call.pull(y, cotangent, create_graph=True)
    pairs = [(g, t) for g, t in zip(pulled, flat, strict=True) if isinstance(g, Value) and g.requires_grad]
    pushed = gradients(
        [g for g, _ in pairs], [cotangent], [t for _, t in pairs], create_graph=linked, allow_unused=True
    )[0]
    return plainly(y, linked), zero if pushed is None else pushed


def jacobian(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """A function that returns all derivatives of an array function, one backward per output.

    The result has shape (*output.shape, *argument.shape).

    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @wraps(f)
    def full(*args: Tree, **options: Any) -> Any:
        call = Call(f, args, argnums, options, "jacobian")
        y = output_of(call.output, "jacobian")
        shape = np.shape(plain_array(y))
        linked = call.depends_on_outside(y)
        rows = []
        for i in range(int(np.prod(shape, dtype=int))):
            unit = np.zeros(shape, plain_array(y).dtype)
            unit[np.unravel_index(i, shape)] = 1
            rows.append(call.pull(y, unit[()], create_graph=linked))
        columns = []
        for k, v in enumerate(call.flat):
            parts = [row[k] for row in rows]
            stacked = np.stack(parts) if parts else np.zeros((0, *v.shape), v.dtype)
            columns.append(stacked.reshape(shape + v.shape) if shape + v.shape else stacked[0])
        return call.arranged(columns)

    return full


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of the scalar function `f`.

    The result has shape (*argument.shape, *argument.shape).

    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    if not hasattr(argnums, "__index__"):
        raise TypeError(f"hessian: argnums={argnums!r} must be one int; call it for each argument")
    second = jacobian(grad(f, argnums), argnums)

    @wraps(f)
    def full(*args: Tree, **options: Any) -> Any:
        one_array(args, argnums, "hessian")
        return second(*args, **options)

    return full


def hvp(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function of (arguments..., v) that returns hessian(f) @ v without the hessian.

    One forward, two backwards.

    >>> import numpy as np
    >>> from autograd import hvp
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    @wraps(f)
    def product(*args: Tree, **options: Any) -> Any:
        if len(args) < 2:
            raise TypeError("hvp: call it with the arguments of the function, then the vector")
        *primals, vector = args
        if not hasattr(argnums, "__index__"):
            raise TypeError(f"hvp: argnums={argnums!r} must be one int")
        (n,) = positions(argnums, len(primals), "hvp")
        one_array(primals, n, "hvp")
        if np.shape(plain_array(primals[n])) != np.shape(plain_array(vector)):
            raise ValueError(
                f"hvp: the vector has shape {np.shape(plain_array(vector))}, the argument has shape "
                f"{np.shape(plain_array(primals[n]))}; they must be equal"
            )

        def gradient(x: Tree) -> Any:
            return grad(f, n)(*primals[:n], x, *primals[n + 1 :], **options)

        _, pullback = vjp(gradient, primals[n])
        return pullback(vector)[0]

    return product


# --- rules of one's own ---------------------------------------------------------------------


def primitive(
    *rules: Rule | None, name: str | None = None, broadcasts: bool = False, random: bool = False
) -> Callable[..., Any]:
    """Decorate plain NumPy code with rules of its own, one per positional argument.

    A rule is `rule(g, out, *inputs, **params)`: the gradient of one argument, for the
    gradient `g` of the result `out`, in plain NumPy operators and functions (no
    in-place change), so that it works for Values too, at every order.  It returns
    a new array or one it was given; None stands for an argument without gradient.
    Keyword arguments are parameters: hashable, and handed to the rules by name.
    broadcasts: the arguments are broadcast against each other, as in `x * y`.
    random: it gives something else each time, so a compiled function calls it at every call.

    >>> from autograd import grad, primitive
    >>> @primitive(lambda g, out, x: g * 3 * x**2)
    ... def cube(x):
    ...     return x**3
    >>> float(grad(cube)(2.0)), float(grad(grad(cube))(2.0))
    (12.0, 12.0)
    """
    for rule in rules:
        if rule is not None and not callable(rule):
            raise TypeError(f"primitive(): a rule must be a function or None, got {type(rule).__name__}")

    def decorate(forward: Callable[..., Any]) -> Callable[..., Any]:
        op = Op(name or forward.__name__, forward, *rules, broadcasts=broadcasts, random=random)

        @wraps(forward)
        def call(*inputs: Any, **params: Any) -> Any:
            if len(inputs) != len(rules):
                raise TypeError(
                    f"{op.name}(): {len(inputs)} arguments given, {len(rules)} rules known; "
                    f"give primitive() one rule (or None) per positional argument"
                )
            for x in inputs:
                if isinstance(x, Value):
                    made = engine.record(op, inputs, params)
                    if made.requires_grad and made.dtype.kind != "f" and any(rules):
                        raise TypeError(
                            f"{op.name}() returned dtype {made.dtype}, but has a rule, and only floating dtypes carry "
                            f"gradient: convert the result with .astype(float), or give it None for rules"
                        )
                    return made
            return forward(*inputs, **params)

        call.op = op  # type: ignore[attr-defined]
        return call

    return decorate


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` recorded as a single operation: what is inside is computed again in the backward pass.

    Saves the memory of the intermediate results for one more forward pass
    (Griewank & Walther, 2000, "Algorithm 799: revolve").  `f` takes and returns arrays
    or Values (one result), must give the same result twice, may close over Values, which
    receive their gradients too, and must not write into them.

    >>> import numpy as np
    >>> from autograd import Value, checkpoint
    >>> x = Value(0.5)
    >>> y = checkpoint(lambda v: np.exp(np.sin(v)))(x)
    >>> y.op
    <lambda>
    """

    def call(*args: Any, **options: Any) -> Any:
        if not is_grad_enabled() or is_tracing():  # compiled code plans its memory itself
            return f(*args, **options)
        slots = [i for i, x in enumerate(args) if isinstance(x, Value) and x.requires_grad]

        def run(values: Sequence[Any]) -> Any:
            again = list(args)
            for i, v in zip(slots, values, strict=True):
                again[i] = v
            return f(*again, **options)

        fresh = [Value(args[i].data) for i in slots]
        start = next_number()
        first = run(fresh)
        if not isinstance(first, Value):
            raise TypeError(
                f"checkpoint: the function returned {type(first).__name__}; it must return one Value"
            )
        inside = {n: v for n, v in backward.ancestors([first]).items() if n > start}
        closed = {
            id(x): x
            for v in inside.values()
            for x in v.inputs
            if isinstance(x, Node) and x._number < start  # also constants: they may change in place
        }
        if first.requires_grad and first._number < start:  # the function returned what it closed over
            closed[id(first)] = first
        for v in fresh:
            closed.pop(id(v), None)
        tracked = len(slots) + sum(x.requires_grad for x in closed.values())
        op = rerun(run, len(slots), list(closed.values()), tracked, getattr(f, "__name__", type(f).__name__))
        inputs = tuple([args[i] for i in slots] + list(closed.values()))
        data = first.data[...] if first.ndim else first.data
        return engine.result(data, op, inputs, engine.NO_PARAMS, tracked > 0)

    return call


def rerun(run: Callable[[Sequence[Any]], Any], n: int, closed: list[Any], tracked: int, name: str) -> Op:
    """The operation of one checkpoint: `n` arguments, then the Values closed over."""
    # by thread, and whether the pass is recorded: the gradient last pulled, what came of it, how often it was read
    memos: dict[tuple[int, bool], list[Any]] = {}

    def forward(*inputs: Any) -> Any:
        own = [v._array for v in closed]
        try:
            for v, x in zip(closed, inputs[n:], strict=True):
                v._array = x
            with no_grad():
                return plain_array(run([Value(x, requires_grad=False) for x in inputs[:n]]))
        finally:
            for v, x in zip(closed, own, strict=True):
                v._array = x

    def rule(g: Any, out: Any, *inputs: Any, i: int) -> Any:
        key = get_ident(), isinstance(out, Value)
        memo = memos.get(key)
        if memo is None or memo[0] is not g:
            fresh = [variable(x, "checkpoint") for x in inputs[:n]]
            since = next_number()
            with enable_grad():
                again = run(fresh)
            found = backward.walk(
                [(again, g)],
                create_graph=key[1],
                store=False,
                wanted={v._number: v for v in fresh + closed},
                since=since,
            )
            memo = memos[key] = [g, [found.get(v) for v in fresh + closed], 0]
        gradient = memo[1][i]
        memo[2] += 1
        if memo[2] == tracked:
            del memos[key]
        return np.zeros(inputs[i].shape, inputs[i].dtype)[()] if gradient is None else gradient

    return Op(name, forward, rule, variadic=True)


def stop_gradient(x: Any) -> Any:
    """`x`, or every Value in a container, as a constant: gradient does not pass. Arrays stay as they are."""
    return rebuilt(x, [v.detach() if isinstance(v, Value) else v for v in leaves_of(x)])
