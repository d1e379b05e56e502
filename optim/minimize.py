"""Minimizing a function of an array: with an optimizer of ours, or with SciPy's methods."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from autograd import Value, hessian, hvp, jacobian, no_grad, value_and_grad
from optim.adam import Adam
from optim.optimizer import Optimizer

__all__ = ["Minimum", "minimize", "scipy_least_squares", "scipy_minimize"]

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Minimum:
    """What `minimize` found, and the way there.

    x: the last point (shape of x0); fun: the loss there; path: all points from x0 on, shape
    (steps + 1, *x0.shape); losses: the loss at each, shape (steps + 1,); steps: how many were taken;
    converged: whether no element of the last gradient exceeds tol; reason: why it stopped, in words.
    """

    x: Any
    fun: float
    path: np.ndarray
    losses: np.ndarray
    steps: int
    converged: bool
    reason: str = ""

    def __repr__(self) -> str:
        return (
            f"Minimum(x={self.x!r}, fun={self.fun!r}, steps={self.steps}, converged={self.converged}, "
            f"reason={self.reason!r})"
        )


def minimize(
    f: Function,
    x0: Any,
    optimizer: Callable[[Iterable[Any]], Optimizer] | None = None,
    steps: int = 1000,
    tol: float = 1e-6,
    compile: bool | str = False,
) -> Minimum:
    """Walk from x0 to a minimum of `f`, a function of one number or array in plain NumPy.

    optimizer: what makes one of a list of parameters: a class (optim.LBFGS), or
    `lambda params: optim.SGD(params, lr=0.1)`; by default Adam with lr=0.1.
    It stops after `steps` steps, where no element of the gradient exceeds `tol`, where the loss is
    no longer finite, or where LBFGS stays because of its own tolerances.  (A loss that hardly
    changes is no sign of a minimum: steps may be small.)
    compile: run `f` and its gradient by autograd.compile, and the optimizer's update with them as
    one function where it can be traced too; a string names the back end.  "numpy" takes the same
    path to the bit; numbers run as Python, or with "numba" as machine code with the loop inside,
    and may differ in the last place.

    Raises ValueError if `f` returns more than one number, or for a negative steps or tol.

    >>> from optim.sgd import SGD
    >>> found = minimize(lambda x: (x - 3.0) ** 2, 0.0, lambda params: SGD(params, lr=0.25))
    >>> round(float(found.x), 5), found.steps, found.converged
    (3.0, 23, True)
    """
    if steps < 0 or not tol >= 0:
        raise ValueError(f"minimize: steps={steps} and tol={tol} must be 0 or more")
    if optimizer is not None and (isinstance(optimizer, Optimizer) or not callable(optimizer)):
        raise TypeError(
            f"minimize: optimizer is {optimizer!r}; pass what makes one: an optimizer class, "
            f"or lambda params: optim.SGD(params, lr=0.1)"
        )
    try:
        x = Value(x0)
    except TypeError as error:
        raise TypeError(f"minimize: x0 cannot be differentiated: {error}") from None
    walker = Adam([x], lr=0.1) if optimizer is None else optimizer([x])
    if not isinstance(walker, Optimizer):
        raise TypeError(
            f"minimize: optimizer made a {type(walker).__name__}; pass an optimizer class, "
            f"or lambda params: optim.SGD(params, lr=0.1)"
        )
    fast = fast_f = None
    if compile:
        from autograd import compile as compiled

        backend = compile if isinstance(compile, str) else None
        fast_f = compiled(value_and_grad(single(f)), backend=backend)

    def closure() -> Any:
        walker.zero_grad()
        if fast_f is not None:
            with no_grad():
                loss, x.grad = fast_f(x.data)
            return loss
        loss = single(f)(x)
        if isinstance(loss, Value) and loss.requires_grad:
            loss.backward(release=True)
        return loss

    path: Any = []
    losses: Any = []
    reason = ""
    while True:
        loss = closure()
        path.append(np.array(x.data))
        losses.append(float(loss.item() if isinstance(loss, Value) else np.reshape(loss, ())))
        slope = 0.0 if x.grad is None else float(np.max(np.abs(x.grad), initial=0.0))
        converged = slope <= tol
        if converged or len(path) > steps or not np.isfinite(losses[-1]):
            break
        if walker.needs_closure and len(path) > 1 and np.array_equal(path[-1], path[-2]):
            reason = f"{walker.name} stays where it is: it has met a tolerance of its own"
            break
        if walker.needs_closure:
            walker.step(closure)
            continue
        walker.step()
        if fast_f is not None and len(path) == 1:  # from here on its state has the form it keeps
            fast = compiled_walk(f, x, walker, tol, steps, fast_f)
            if fast is not None:
                break
    if fast is not None:
        points, more, slopes = fast
        path, losses = np.concatenate([path, points]), np.concatenate([losses, more])
        slope = float(slopes[-1])
        converged = slope <= tol
    if not np.isfinite(losses[-1]):
        converged, reason = False, f"the loss is {losses[-1]}: lower the learning rate, or begin elsewhere"
    elif converged:
        reason = f"no element of the gradient exceeds tol={tol}"
    elif not reason:
        reason = f"{steps} steps are done, and the largest element of the gradient is {slope:.3g}; allow more steps"
    return Minimum(
        x=np.asarray(path[-1])[()],
        fun=float(losses[-1]),
        path=np.array(path),
        losses=np.array(losses),
        steps=len(path) - 1,
        converged=bool(converged),
        reason=reason,
    )


def single(f: Function) -> Function:
    """`f`, whose result must be one number."""

    def checked(x: Any) -> Any:
        loss = f(x)
        if np.size(loss) != 1:
            raise ValueError(f"minimize: f returned shape {np.shape(loss)}; it must return one number")
        return loss

    return checked


def compiled_walk(
    f: Function, x: Value, walker: Optimizer, tol: float, n: int, fast_f: Any
) -> list[Any] | None:
    """Points, losses and largest slopes of the next `n` points, with the update compiled too.

    None where the update looks at its numbers, or `x` is no float64: then only `f` is compiled.
    """
    from autograd import compile as compiled

    ((group, state),) = ((g, walker.state[0]) for g in walker.param_groups)
    keys = [k for k, v in state.items() if v is not None]
    if x.dtype != np.float64:
        return None

    def step(x: Any, *given: Any) -> Any:
        loss, slope = value_and_grad(single(f))(x)
        loss = np.reshape(loss, ())
        largest = np.max(np.abs(slope)) if x.size else 0.0
        stop = (largest <= tol) | np.logical_not(np.isfinite(loss))
        memory = {**state, **dict(zip(keys, given, strict=True))}
        with no_grad():
            new = walker.update(x, -slope if group.get("maximize") else slope, memory, group)
        if [k for k, v in memory.items() if v is not None] != keys:
            raise TypeError("its state changes")
        return stop, (x, loss, largest), (new, *[memory[k] for k in keys])

    carry = [x.data, *[state[k] for k in keys]]
    carry = [v if np.ndim(v) else float(v) for v in carry]
    together = compiled(step, backend=fast_f.chosen)
    try:
        with no_grad():
            rows, last = together.scan(carry, n)
    except TypeError:
        return None
    x.data = last[0]
    for k, v in zip(keys, last[1:], strict=True):
        state[k] = type(state[k])(v) if not np.ndim(v) else v
    return rows


# --- SciPy --------------------------------------------------------------------------------------

GRADIENT_FREE = ("nelder-mead", "powell", "cobyla", "cobyqa")
HESSIAN_PRODUCT = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")
HESSIAN = ("dogleg", "trust-exact")


def scipy_minimize(f: Function, x0: Any, method: str = "BFGS", **options: Any) -> Any:
    """scipy.optimize.minimize with exact derivatives of `f`, a function of an array of any shape.

    The method gets what it can use: the gradient (BFGS, L-BFGS-B, CG, SLSQP, ...), products with
    the Hessian (Newton-CG, trust-ncg, trust-krylov, trust-constr) or the Hessian (dogleg,
    trust-exact).  `options` are SciPy's keyword arguments.  Returns SciPy's result; its `x` has
    the shape of x0.

    Raises ImportError without SciPy.
    """
    x0, flat_f = flattened(f, x0)
    name = method.lower() if isinstance(method, str) else ""
    if name in GRADIENT_FREE:
        derivatives: dict[str, Any] = {"fun": lambda x: float(flat_f(x))}
    else:
        derivatives = {"fun": value_and_gradient(flat_f), "jac": True}
    if name in HESSIAN_PRODUCT:
        derivatives["hessp"] = hvp(flat_f)
    elif name in HESSIAN:
        derivatives["hess"] = hessian(flat_f)
    result = scipy_optimize().minimize(**derivatives, x0=x0.ravel(), method=method, **options)
    result.x = result.x.reshape(x0.shape)
    return result


def scipy_least_squares(f: Function, x0: Any, **options: Any) -> Any:
    """scipy.optimize.least_squares with the exact Jacobian of `f`, which returns the residuals.

    x0 and the residuals may have any shape.  `options` are SciPy's keyword arguments.  Returns
    SciPy's result; its `x` has the shape of x0.

    Raises ImportError without SciPy.
    """
    x0, flat_f = flattened(f, x0)

    def residuals(x: Any) -> Any:
        return np.reshape(flat_f(x), (-1,))

    result = scipy_optimize().least_squares(residuals, x0.ravel(), jac=jacobian(residuals), **options)
    result.x = result.x.reshape(x0.shape)
    return result


def scipy_optimize() -> Any:
    """The module scipy.optimize, imported when it is first needed."""
    try:
        return import_module("scipy.optimize")
    except ImportError:
        raise ImportError("SciPy is needed for this: pip install scipy") from None


def flattened(f: Function, x0: Any) -> tuple[np.ndarray, Function]:
    """x0 as a float64 array, and `f` as a function of a vector."""
    x0 = np.array(x0, dtype=np.float64)
    return x0, lambda x: f(np.reshape(x, x0.shape) if x0.ndim else x[0])


def value_and_gradient(f: Function) -> Callable[[Any], tuple[float, Any]]:
    """value_and_grad(f) with a Python number for the value, as SciPy wants it."""
    both = value_and_grad(f)

    def call(x: Any) -> tuple[float, Any]:
        y, g = both(x)
        return float(np.reshape(y, ())), g

    return call
