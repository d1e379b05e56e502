"""Functions of functions: grad, vjp, jvp, jacobian, hessian, hvp, and gradients of what is recorded.

`f` is ordinary NumPy code.  These take and return plain arrays.  Arguments may be
numbers, arrays, or (nested) tuples, lists and dicts of them; gradients come back
in the same containers.  They nest to any order: where a result depends on a Value
from outside (an outer transform, a parameter closed over), it is a Value.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from math import prod
from typing import Any

import numpy as np

from autograd import backward
from autograd.calls import (
    Call,
    Chosen,
    as_value,
    made_of,
    one_array,
    output_of,
    plainly,
    positions,
    scalar,
    zeros,
)
from autograd.containers import Tree, leaves_of, matched, rebuilt
from autograd.convert import plain_array
from autograd.engine import constant
from autograd.forward import push
from autograd.modes import RECORD, mode
from autograd.tracing import is_tracing
from autograd.value import Value, carries, seed_for

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
        if not isinstance(given, (Value, tuple, list)):
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
    alone = all([v.op is None for v in wanted]) and made_of(roots, wanted)
    paths = None if alone else {v._number: v for v in wanted}  # every way back leads to what is wanted
    found = backward.walk(seeds, create_graph=create_graph, keep=keep, store=False, wanted=paths)
    results: list[Any] = []
    for i, v in enumerate(wanted):
        if v in found:
            g = found[v]
            if create_graph:
                g = as_value(g)
            elif type(g) is np.ndarray and any([g is h for h in results]):
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


def check_function(f: Any, what: str) -> None:
    """TypeError for something that is no function, such as the Value that PyTorch's grad takes."""
    if not callable(f):
        raise TypeError(
            f"{what}: f is a {type(f).__name__}; pass the function itself: {what}(f). "
            f"For the gradient of a Value that was computed from x, write gradients(y, [x])"
        )


# --- transforms -----------------------------------------------------------------------------


def value_and_grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns `f`'s value and its gradient; see grad.

    >>> from autograd import value_and_grad
    >>> y, g = value_and_grad(lambda x: x * x)(3.0)
    >>> float(y), float(g)
    (9.0, 6.0)
    """
    check_function(f, "value_and_grad")
    chosen = Chosen(argnums)

    @wraps(f)
    def both(*args: Tree, **options: Any) -> Any:
        y, extra, g, linked = evaluated(f, chosen, has_aux, args, options, "value_and_grad")
        value = plainly(y, linked)
        return (value, extra) if has_aux else value, g

    return both


def grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of the scalar function `f`.

    argnums: which argument(s) to differentiate, a number or a tuple of numbers.
    has_aux: `f` returns (value, extra); the result is then (gradient, extra).  The extra is
    what `f` returned, untouched: what it computed from its arguments are Values, linked to
    their graph; take `.data` or `.item()` of them.  A compiled function returns plain arrays.
    The gradient has the shape and dtype of the argument; zeros where `f` does not use it, and
    where it uses none of the arguments asked for a UserWarning says so (so do all transforms here).
    Raises ValueError if `f` returns more than one number, TypeError for integer arguments.

    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    """
    check_function(f, "grad")
    chosen = Chosen(argnums)

    @wraps(f)
    def gradient(*args: Tree, **options: Any) -> Any:
        _, extra, g, _ = evaluated(f, chosen, has_aux, args, options, "grad")
        return (g, extra) if has_aux else g

    return gradient


def evaluated(
    f: Callable[..., Any],
    chosen: Chosen,
    has_aux: bool,
    args: Sequence[Tree],
    options: dict[str, Any],
    what: str,
) -> tuple[Any, Any, Any, bool]:
    """What a scalar function returned, what besides, the gradient, and whether they depend on the outside."""
    call = Call(f, args, chosen.of(len(args), what), options, what)
    y, extra = call.output, None
    if has_aux:
        if not isinstance(y, tuple) or len(y) != 2:
            raise TypeError(f"{what}: with has_aux=True the function must return (value, extra)")
        y, extra = y
    if type(y) is not Value or y._array.shape:
        scalar(y, what)
    linked, results = False, call.pulled_alone(y) if chosen.alone else None
    if results is None:
        linked = call.depends_on_outside(y)
        chosen.alone = call.alone
        results = call.pull(y, None, linked)
    found = call.arranged(results)
    return y, extra, found[0] if chosen.single else found, linked


def vjp(f: Callable[..., Any], *primals: Tree) -> tuple[Any, Callable[[Any], Any]]:
    """`f(*primals)` and its pullback: cotangent -> tuple of gradients (v @ J).

    The pullback may be called many times.

    >>> import numpy as np
    >>> from autograd import vjp
    >>> y, pullback = vjp(np.sin, np.array([0.0, 1.0]))
    >>> pullback(np.array([1.0, 0.0]))
    (array([1., 0.]),)
    """
    check_function(f, "vjp")
    call = Call(f, primals, range(len(primals)), {}, "vjp")
    y = output_of(call.output, "vjp")
    linked = call.depends_on_outside(y)
    if not carries(y):
        call.independent(y)

    def pullback(cotangent: Any) -> Any:
        return call.arranged(call.pull(y, cotangent, linked or carries(cotangent)))

    return plainly(y, linked), pullback


def jvp(f: Callable[..., Any], primals: Sequence[Tree], tangents: Sequence[Tree]) -> tuple[Any, Any]:
    """`f(*primals)` and its derivative along `tangents` (J @ t).

    The rules of the backward pass hand the tangents forward, see autograd.forward; where the
    result is to be differentiated again, the pullback is, which is linear in its cotangent
    (Townsend, 2017, "A new trick for calculating Jacobian vector products").

    >>> from autograd import jvp
    >>> y, t = jvp(lambda x: x**3, (2.0,), (1.0,))
    >>> float(y), float(t)
    (8.0, 12.0)
    """
    check_function(f, "jvp")
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        name = "tangents" if isinstance(primals, (tuple, list)) else "primals"
        raise TypeError(
            f"jvp: {name} must be a tuple, one entry per argument of the function: ({name[:-1]},)"
        )
    call = Call(f, primals, range(len(primals)), {}, "jvp")
    same = call.trees is None and len(primals) == len(tangents)
    flat = list(tangents) if same else laid_out(tuple(tangents), tuple(primals))
    known = {v: constant(plain_array(t)) for v, t in zip(call.flat, flat, strict=True)}
    for v, t in known.items():
        if t.shape != v._array.shape:
            raise ValueError(f"jvp: {unlike(flat, call.flat)}")
        if t.dtype != v._array.dtype:
            known[v] = t.astype(v._array.dtype)
    y = output_of(call.output, "jvp")
    nodes: list[Value] = []
    linked = call.depends_on_outside(y, nodes) or any([isinstance(t, Value) for t in flat])
    if not carries(y):
        call.independent(y)
        return plainly(y, linked), zeros(plain_array(y))
    if linked or mode.get() > RECORD:
        return plainly(y, linked), pulled_twice(call, y, flat, linked)
    pushed = push(y, nodes, known)
    if pushed is None:
        call.independent(y)
    return plainly(y, linked), zeros(y) if pushed is None else pushed


def laid_out(tangents: Tree, primals: Tree) -> list[Any]:
    """The leaves of the tangents in the order of the primals; ValueError where the two are not alike."""
    try:
        return matched(primals, tangents)
    except ValueError as error:
        raise ValueError(f"jvp: {unlike(leaves_of(tangents), leaves_of(primals))}: {error}") from None


def unlike(tangents: Sequence[Any], primals: Sequence[Any]) -> str:
    """That tangents do not fit, for messages."""
    given, needed = ([np.shape(plain_array(x)) for x in leaves] for leaves in (tangents, primals))
    return f"tangents of shapes {given} do not fit primals of shapes {needed}"


def pulled_twice(call: Call, y: Value, tangents: list[Any], linked: bool) -> Any:
    """jvp by the pullback of the pullback: a recorded one, where `linked`."""
    cotangent = Value(zeros(y))
    pulled = call.pull(y, cotangent, create_graph=True)
    pairs = [(g, t) for g, t in zip(pulled, tangents, strict=True) if carries(g)]
    pushed = gradients(
        [g for g, _ in pairs], cotangent, [t for _, t in pairs], create_graph=linked, allow_unused=True
    )
    return zeros(y) if pushed is None else pushed


def jacobian(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """A function that returns all derivatives of an array function, one backward per output.

    The result has shape (*output.shape, *argument.shape).

    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    check_function(f, "jacobian")
    chosen = Chosen(argnums)

    @wraps(f)
    def full(*args: Tree, **options: Any) -> Any:
        call = Call(f, args, chosen.of(len(args), "jacobian"), options, "jacobian")
        columns = call.arranged(derivatives(call, output_of(call.output, "jacobian")))
        return columns[0] if chosen.single else columns

    return full


def derivatives(call: Call, y: Any) -> list[Any]:
    """The derivatives of every element of `y` with respect to each variable of a call."""
    linked = call.depends_on_outside(y)
    shape, dtype = plain_array(y).shape, plain_array(y).dtype
    rows = []
    n = prod(shape)
    if not carries(y):
        call.independent(y)
        n = 0
    for i in range(n):
        unit = np.zeros(shape, dtype)
        unit.reshape(-1)[i] = 1
        rows.append(call.pulled(y, unit[()], linked))
    columns = []
    for k, v in enumerate(call.flat):
        parts = [row[k] for row in rows]
        if not parts:
            columns.append(np.zeros(shape + v.shape, v.dtype)[()])
        elif not shape + v.shape:
            columns.append(parts[0])
        else:
            columns.append((np.stack(parts) if linked else np.array(parts)).reshape(shape + v.shape))
    return columns


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of the scalar function `f`.

    The result has shape (*argument.shape, *argument.shape).

    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    check_function(f, "hessian")
    if not hasattr(argnums, "__index__"):
        raise TypeError(f"hessian: argnums={argnums!r} must be one int; call it for each argument")

    @wraps(f)
    def full(*args: Tree, **options: Any) -> Any:
        one_array(args, argnums, "hessian")
        call, g = recorded_gradient(f, args, argnums, options, "hessian")
        return derivatives(call, g)[0]

    return full


def hvp(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function of (arguments..., v) that returns hessian(f) @ v without the hessian.

    One forward, two backwards.

    >>> import numpy as np
    >>> from autograd import hvp
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    check_function(f, "hvp")

    @wraps(f)
    def product(*args: Tree, **options: Any) -> Any:
        if len(args) < 2:
            raise TypeError("hvp: call it with the arguments of the function, then the vector")
        *primals, vector = args
        if not hasattr(argnums, "__index__"):
            raise TypeError(f"hvp: argnums={argnums!r} must be one int")
        (n,) = positions(argnums, len(primals), "hvp")
        one_array(primals, n, "hvp")
        shape, given = plain_array(primals[n]).shape, plain_array(vector).shape
        if shape != given:
            raise ValueError(
                f"hvp: the vector has shape {given}, the argument has shape {shape}; they must be equal"
            )
        call, g = recorded_gradient(f, primals, n, options, "hvp")
        linked = call.depends_on_outside(g)
        return call.pull(g, vector, linked or carries(vector))[0]

    return product


def recorded_gradient(
    f: Callable[..., Any], args: Sequence[Tree], n: int, options: dict[str, Any], what: str
) -> tuple[Call, Any]:
    """A call of a scalar function, and its gradient, which can be differentiated with respect to the same variable."""
    call = Call(f, args, positions(n, len(args), what), options, what)
    y = scalar(call.output, what)
    call.depends_on_outside(y)
    (g,) = call.pull(y, None, create_graph=True)
    return call, g


def stop_gradient(x: Any) -> Any:
    """`x`, or every Value in a container, as a constant: gradient does not pass. Arrays stay as they are."""
    return rebuilt(x, [v.detach() if isinstance(v, Value) else v for v in leaves_of(x)])
