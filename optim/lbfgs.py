"""L-BFGS: Newton's direction from the last few gradients, with a line search."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Value, enable_grad
from optim.checks import at_least_zero, same_names, whole
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, plain_copy

__all__ = ["LBFGS"]

Along = Callable[[float], tuple[Any, Array, Any]]  # step size -> loss, gradient, directional derivative

NUMBERS = ("func_evals", "n_iter", "t", "H_diag", "prev_loss")
VECTORS = ("d", "prev_flat_grad")
HISTORY = ("old_dirs", "old_stps")  # one row per remembered step


class LBFGS(Optimizer):
    """x <- x + t * d,  d = -H g, H built from the last `history_size` steps (Liu & Nocedal, 1989).

    `step(closure)` takes up to max_iter such steps, where closure() clears the gradients,
    computes the loss, calls its backward() and returns it; it is called up to max_eval times
    (default: 5/4 of max_iter).  It stops early where no element of g exceeds tolerance_grad,
    or a step or the loss changes by less than tolerance_change.

    t is lr (at the first step lr * min(1, 1 / |g|_1)), or with line_search_fn="strong_wolfe"
    the t that a search from there finds (Nocedal & Wright, 2006, algorithms 3.5 and 3.6).
    For full batches, with one group of parameters.

    Raises ValueError for several groups and options out of range; TypeError for step() without closure.

    >>> from autograd import Value
    >>> x = Value([3.0, -2.0])
    >>> optimizer = LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - 1.0) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)  # the loss before the step
    >>> x.data.round(6)
    array([1., 1.])
    """

    needs_closure = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        whole(self.name, 0, max_iter=max_iter)
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        options = dict(lr=lr, max_iter=max_iter, max_eval=max_eval, history_size=history_size)
        tolerances = dict(tolerance_grad=tolerance_grad, tolerance_change=tolerance_change)
        super().__init__(params, {**options, **tolerances, "line_search_fn": line_search_fn})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "tolerance_grad", "tolerance_change")})
        whole(self.name, 0, max_iter=group["max_iter"], max_eval=group["max_eval"])
        whole(self.name, 1, history_size=group["history_size"])
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"LBFGS: line_search_fn={group['line_search_fn']!r} is unknown; "
                f"it is 'strong_wolfe' or None (fixed steps of lr)"
            )

    def add_param_group(self, group: Group) -> None:
        """The one group of parameters; a second raises ValueError."""
        if self.param_groups:
            raise ValueError("LBFGS: one group of parameters only; its direction is that of all together")
        super().add_param_group(group)

    # --- all parameters as one vector -----------------------------------------------------------

    def gather(self) -> Array:
        """The parameters end to end."""
        return np.concatenate([np.ravel(p.data) for p in self.parameters()])

    def gather_grad(self) -> Array:
        """The gradients end to end; zeros where there is none."""
        parts = []
        for p in self.parameters():
            g = p.grad.data if isinstance(p.grad, Value) else p.grad
            parts.append(np.zeros(p.size, p.dtype) if g is None else np.ravel(g))
        return np.concatenate(parts)

    def move_to(self, x: Array) -> None:
        """Set the parameters to a vector of all of them."""
        start = 0
        for p in self.parameters():
            p.data = x[start : start + p.size].reshape(p.shape)
            start += p.size

    # --- the step -------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to max_iter steps; returns the loss of the first evaluation."""
        if closure is None:
            raise TypeError(
                "LBFGS.step() evaluates the loss several times: give it a closure "
                "that clears the gradients, calls backward() and returns the loss"
            )
        self.stepped = True
        with enable_grad():
            return self._steps(closure, self.param_groups[0], self.state.setdefault(0, fresh()))

    def _steps(self, closure: Callable[[], Any], group: Group, s: State) -> Any:
        first_loss = closure()
        self._look_for_gradients()
        loss, g = number(first_loss), self.gather_grad()
        evaluations = 1
        s["func_evals"] += 1
        if np.max(np.abs(g)) <= group["tolerance_grad"]:
            return first_loss
        for n in range(1, group["max_iter"] + 1):
            s["n_iter"] += 1
            d = s["d"] = self._direction(g, group, s)
            s["prev_flat_grad"], s["prev_loss"] = g, float(loss)
            t = group["lr"]
            if s["n_iter"] == 1:
                t = min(1.0, 1.0 / float(np.sum(np.abs(g)))) * t
            s["t"] = t = float(t)
            slope = np.dot(g, d)
            if slope > -group["tolerance_change"]:
                break

            x = self.gather()

            def at(t: float, x: Array = x, d: Array = d) -> tuple[Any, Array, Any]:
                self.move_to(x + t * d)
                f = number(closure())
                g = self.gather_grad()
                return f, g, np.dot(g, d)

            used = 0
            if group["line_search_fn"] is not None:
                steps_left = group["max_eval"] - evaluations
                loss, g, t, used = strong_wolfe(at, t, np.max(np.abs(d)), loss, g, slope, steps_left)
                s["t"] = t = float(t)
                self.move_to(x + t * d)
            elif n < group["max_iter"]:
                loss, g, _ = at(t)
                used = 1
            else:  # the last step is not evaluated: the caller's next step() does it
                self.move_to(x + t * d)
            evaluations += used
            s["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or np.max(np.abs(g)) <= group["tolerance_grad"]
                or np.max(np.abs(t * d)) <= group["tolerance_change"]
                or abs(loss - s["prev_loss"]) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _direction(self, g: Array, group: Group, s: State) -> Array:
        """-H g, by the two loops over the remembered steps, after remembering the last one."""
        if s["n_iter"] == 1:
            return -g
        y, step = g - s["prev_flat_grad"], s["d"] * s["t"]
        curvature = np.dot(y, step)
        if curvature > 1e-10:
            keep = slice(-group["history_size"], None)
            old = s["old_dirs"] is not None
            s["old_dirs"] = np.vstack([s["old_dirs"], y])[keep] if old else y[None]
            s["old_stps"] = np.vstack([s["old_stps"], step])[keep] if old else step[None]
            s["H_diag"] = float(curvature / np.dot(y, y))
        q = -g
        history = [] if s["old_dirs"] is None else list(zip(s["old_dirs"], s["old_stps"], strict=True))
        inverse = [1.0 / np.dot(y, step) for y, step in history]
        al = [0.0] * len(history)
        for i in reversed(range(len(history))):
            y, step = history[i]
            al[i] = np.dot(step, q) * inverse[i]
            q -= al[i] * y
        r = q * s["H_diag"]
        for i, (y, step) in enumerate(history):
            r += (al[i] - np.dot(y, r) * inverse[i]) * step
        return r

    def checked_state(self, where: str, new: Mapping[str, Any], p: Array, group: Group) -> State:
        state = fresh()
        same_names(where, new, set(state))
        size = sum(p.size for p in self.parameters())
        rows = 0 if new["old_dirs"] is None else len(new["old_dirs"])
        shapes = {**dict.fromkeys(VECTORS, (size,)), **dict.fromkeys(HISTORY, (rows, size))}
        for name, value in new.items():
            if name in NUMBERS:
                state[name] = type(state[name])(value)
            elif value is not None:
                if np.shape(value) != shapes[name]:
                    raise ValueError(
                        f"{where}: {name!r} has shape {np.shape(value)}; shape {shapes[name]} is needed"
                    )
                state[name] = plain_copy(np.asarray(value))
        return state


def fresh() -> State:
    """What is remembered before the first step."""
    numbers = {"func_evals": 0, "n_iter": 0, "t": 0.0, "H_diag": 1.0, "prev_loss": 0.0}
    return {**numbers, **dict.fromkeys(VECTORS + HISTORY)}


def number(loss: Any) -> Any:
    """A loss as np.float64, whose division by zero raises nothing."""
    return np.float64(loss.item() if isinstance(loss, Value) else loss)


# --- the line search ------------------------------------------------------------------------


def strong_wolfe(
    at: Along,
    t: float,
    size: float,
    f: Any,
    g: Array,
    slope: Any,
    most: int,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[Any, Array, float, int]:
    """A step t with f(t) <= f + c1 t slope and |slope(t)| <= c2 |slope|: f(t), g(t), t, evaluations.

    First steps outwards until an interval must hold such a t, then narrows it, by cubic
    interpolation both times.  size: the largest element of the direction, for `tolerance`.
    """
    start = last = (0.0, f, g, slope)
    new = (t, *at(t))
    evaluations, n, bracket = 1, 0, [start, new]
    while n < most:
        t, f_new, _, slope_new = new
        if f_new > f + c1 * t * slope or (n > 1 and f_new >= last[1]):
            bracket = [last, new]
            break
        if abs(slope_new) <= -c2 * slope:
            return f_new, new[2], t, evaluations
        if slope_new >= 0:
            bracket = [last, new]
            break
        t = cubic_minimum(last, new, (t + 0.01 * (t - last[0]), t * 10))
        last, new = new, (t, *at(t))
        evaluations, n = evaluations + 1, n + 1
    if n == most:
        bracket = [start, new]

    stuck = False
    low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
    while n < most and abs(bracket[1][0] - bracket[0][0]) * size >= tolerance:
        t = cubic_minimum(bracket[0], bracket[1])
        # a t close to an end twice, or beyond it, is moved inwards by a tenth of the interval
        left, right = sorted((bracket[0][0], bracket[1][0]))
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = (t, *at(t))
        evaluations, n = evaluations + 1, n + 1
        _, f_new, _, slope_new = new
        if f_new > f + c1 * t * slope or f_new >= bracket[low][1]:
            bracket[high] = new
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
        else:
            done = abs(slope_new) <= -c2 * slope
            if not done and slope_new * (bracket[high][0] - bracket[low][0]) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = new
            if done:
                break
    t, f, g, _ = bracket[low]
    return f, g, t, evaluations


def cubic_minimum(
    one: tuple[float, Any, Any, Any],
    two: tuple[float, Any, Any, Any],
    bounds: tuple[float, float] | None = None,
) -> float:
    """Where the cubic through two values and slopes is least, within the bounds (else their middle)."""
    (x1, f1, _, g1), (x2, f2, _, g2) = sorted((one, two), key=lambda end: end[0])
    low, high = bounds or (x1, x2)
    with np.errstate(all="ignore"):
        d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
        square = d1**2 - g1 * g2
        if not square >= 0:
            return (low + high) / 2
        d2 = np.sqrt(square)
        least = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    return float(min(max(least, low), high))
