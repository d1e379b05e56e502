"""Muon: momentum made orthogonal, for the matrices inside a network."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.checks import at_least_zero, several, whole
from optim.kernel import Array
from optim.optimizer import Group, Optimizer, State, zeros_like
from optim.terms import lerp, moved

__all__ = ["Muon"]

MATCHES = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """p <- p * (1 - lr * weight_decay) - lr' * orthogonal(d)  (Jordan et al., 2024).

    b <- b + (1 - momentum) * (g - b);  d = b, or g + momentum * (b - g) with `nesterov`.
    orthogonal(d) has the singular vectors of d and singular values near 1, by ns_steps
    Newton-Schulz iterations.  lr' = lr * sqrt(max(1, n / m)) for a matrix (n, m), or with
    adjust_lr_fn="match_rms_adamw" lr * 0.2 * sqrt(max(n, m)).

    The iteration runs in the parameter's dtype (PyTorch rounds it to bfloat16).

    Raises ValueError for a parameter that is no matrix, negative options, ns_steps of 100 or more.

    >>> from autograd import Value
    >>> w = Value(np.eye(2))
    >>> optimizer = Muon([w], lr=0.1, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(2)
    array([[0.89, 0.  ],
           [0.  , 0.89]])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        options = dict(lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov)
        newton = dict(ns_coefficients=ns_coefficients, eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn)
        super().__init__(params, {**options, **newton, "maximize": maximize})

    def check(self, group: Group) -> None:
        at_least_zero(self.name, **{k: group[k] for k in ("lr", "weight_decay", "momentum", "eps")})
        several(self.name, 3, ns_coefficients=group["ns_coefficients"])
        whole(self.name, 0, ns_steps=group["ns_steps"])
        if group["ns_steps"] >= 100:
            raise ValueError(f"Muon: ns_steps={group['ns_steps']} must be in 0, 1, ... 99")
        if group["adjust_lr_fn"] not in MATCHES:
            raise ValueError(f"Muon: adjust_lr_fn={group['adjust_lr_fn']!r} must be one of {MATCHES}")
        for i, p in enumerate(group["params"]):
            if p.ndim != 2:
                raise ValueError(
                    f"Muon: parameter {i} has shape {p.shape}; only matrices have singular vectors, "
                    f"give the others to AdamW"
                )

    def new_state(self, p: Array, group: Group) -> State:
        return {"momentum_buffer": zeros_like(p)}

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        lr, momentum = group["lr"], group["momentum"]
        d = b = state["momentum_buffer"] = moved(state["momentum_buffer"], g, 1 - momentum)
        if group["nesterov"]:
            d = lerp(g, b, momentum, momentum >= 0.5)
        d = orthogonal(d, group["ns_coefficients"], group["ns_steps"], group["eps"])
        n, m = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(n, m))
        else:
            ratio = math.sqrt(max(1, n / m))
        p *= 1 - lr * group["weight_decay"]
        p -= (lr * ratio) * d
        return p


def orthogonal(d: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """U S V.T with S near 1 for the matrix U D V.T: x <- a x + (b A + c A A) x,  A = x x.T."""
    a, b, c = coefficients
    tall = d.shape[0] > d.shape[1]
    x = d.T if tall else d
    x = x / max(float(np.linalg.norm(x)), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x
