"""Minimizing a function of an array: with an optimizer of ours, or with SciPy's methods."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from autograd import Value, hessian, hvp, jacobian, value_and_grad
from optim.adam import Adam
from optim.optimizer import Optimizer

__all__ = ["Minimum", "minimize", "scipy_least_squares", "scipy_minimize"]

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Minimum:
    """What `minimize` found, and the way there.

    x: the last point (shape of x0); fun: the loss there; path: all points from x0 on, shape
    (steps + 1, *x0.shape); losses: the loss at each, shape (steps + 1,); steps: how many were taken;
    converged: whether no element of the last gradient exceeds tol.
    """

    x: Any
    fun: float
    path: np.ndarray
    losses: np.ndarray
    steps: int
    converged: bool

    def __repr__(self) -> str:
        return f"Minimum(x={self.x!r}, fun={self.fun!r}, steps={self.steps}, converged={self.converged})"


def minimize(
    f: Function,
    x0: Any,
    optimizer: Callable[[Iterable[Any]], Optimizer] | None = None,
    steps: int = 1000,
    tol: float = 1e-6,
) -> Minimum:
    """Walk from x0 to a minimum of `f`, a function of one number or array in plain NumPy.

    optimizer: what makes one of a list of parameters: a class (optim.LBFGS), or
    `lambda params: optim.SGD(params, lr=0.1)`; by default Adam with lr=0.1.
    It stops after `steps` steps, where no element of the gradient exceeds `tol`, where the loss is
    no longer finite, or where LBFGS stays because of its own tolerances.  (A loss that hardly
    changes is no sign of a minimum: steps may be small.)

    Raises ValueError if `f` returns more than one number, or for a negative steps or tol.

    >>> from optim.sgd import SGD
    >>> found = minimize(lambda x: (x - 3.0) ** 2, 0.0, lambda params: SGD(params, lr=0.25))
    >>> round(float(found.x), 5), found.steps, found.converged
    (3.0, 23, True)
    """
    if steps < 0 or not tol >= 0:
        raise ValueError(f"minimize: steps={steps} and tol={tol} must be 0 or more")
    x = Value(x0)
    walker = Adam([x], lr=0.1) if optimizer is None else optimizer([x])
    if not isinstance(walker, Optimizer):
        raise TypeError(
            f"minimize: optimizer made a {type(walker).__name__}; pass an optimizer class, "
            f"or lambda params: optim.SGD(params, lr=0.1)"
        )

    def closure() -> Any:
        walker.zero_grad()
        loss = f(x)
        if np.size(loss.data if isinstance(loss, Value) else loss) != 1:
            raise ValueError(f"minimize: f returned shape {np.shape(loss)}; it must return one number")
        if isinstance(loss, Value) and loss.requires_grad:
            loss.backward(release=True)
        return loss

    path, losses = [], []
    while True:
        loss = closure()
        path.append(np.array(x.data))
        losses.append(float(loss.item() if isinstance(loss, Value) else loss))
        slope = 0.0 if x.grad is None else float(np.max(np.abs(x.grad), initial=0.0))
        converged = slope <= tol
        if converged or len(path) > steps or not np.isfinite(losses[-1]):
            break
        if walker.needs_closure and len(path) > 1 and np.array_equal(path[-1], path[-2]):
            break  # it has met a tolerance of its own
        if walker.needs_closure:
            walker.step(closure)
        else:
            walker.step()
    return Minimum(
        x=path[-1][()],
        fun=losses[-1],
        path=np.stack(path),
        losses=np.array(losses),
        steps=len(path) - 1,
        converged=bool(converged and np.isfinite(losses[-1])),
    )


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
