"""Adafactor: Adam's scaling for matrices in the memory of vectors."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import a_number, at_least_zero, several
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import moved

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """p <- p - a * u / max(1, rms(u) / d),  u = g / sqrt(V)  (Shazeer & Stern, 2018).

    a = max(eps[1], rms(p)) * min(lr, 1 / sqrt(t)).  V is a running mean of g * g with weight
    t**beta2_decay for the newest; for a parameter of shape (..., n, m) only the means over
    the last axis, R (..., n, 1), and over the one before, C (..., 1, m), are kept, and
    V = R C / mean(R).  eps[0] bounds V from below (None: the dtype's eps).
    weight_decay takes lr * weight_decay * p off p first.

    Raises ValueError for negative options, beta2_decay above 0, d below 1.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> optimizer = Adafactor([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    1.8
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay)
        super().__init__(params, {**options, "maximize": maximize})

    def check(self, group: Group) -> None:
        several(self.name, 2, eps=group["eps"])
        a_number(self.name, beta2_decay=group["beta2_decay"], d=group["d"])
        eps1, eps2 = group["eps"]
        at_least_zero(self.name, lr=group["lr"], weight_decay=group["weight_decay"])
        if not (eps1 is None or eps1 >= 0) or eps2 is None or not eps2 >= 0:
            raise ValueError(
                f"{self.name}: eps={group['eps']} must both be 0 or more (the first may be None)"
            )
        if not group["beta2_decay"] <= 0:
            raise ValueError(f"{self.name}: beta2_decay={group['beta2_decay']} must be 0 or less")
        if not group["d"] >= 1:
            raise ValueError(f"{self.name}: d={group['d']} must be 1 or more")

    def new_state(self, p: Array, group: Group) -> State:
        if p.ndim < 2:
            return {"step": 0, "variance": zeros_like(p)}
        row, col = p.shape[:-1] + (1,), p.shape[:-2] + (1, p.shape[-1])
        return {"step": 0, "row_var": np.zeros(row, p.dtype), "col_var": np.zeros(col, p.dtype)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        if not p.size:
            return p
        lr, (eps1, eps2) = group["lr"], group["eps"]
        eps1 = float(np.finfo(p.dtype).eps) if eps1 is None else eps1
        t = state["step"] = state["step"] + 1
        newest = float(t) ** group["beta2_decay"]
        size = max(eps2, rms(p)) * min(lr, 1 / math.sqrt(t))
        if group["weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        square = np.multiply(g, g, order="C")  # sums then do not depend on the layout
        if p.ndim < 2:
            v = state["variance"] = moved(state["variance"], square, newest)
        else:
            rows, cols = square.mean(axis=-1, keepdims=True), square.mean(axis=-2, keepdims=True)
            r = state["row_var"] = moved(state["row_var"], rows, newest)
            c = state["col_var"] = moved(state["col_var"], cols, newest)
            v = np.multiply(r, c, out=square)
            v /= np.maximum(r.mean(axis=-2, keepdims=True), eps1)
        out = square if p.ndim else None
        spread = np.sqrt(np.maximum(v, eps1 * eps1, out=out), out=out)
        u = np.divide(g, spread, out=out)
        u *= size / max(1.0, rms(u) / group["d"])
        p -= u
        return p


def rms(x: Array) -> float:
    """The root of the mean of the squares."""
    return float(np.linalg.norm(x)) / math.sqrt(x.size)
