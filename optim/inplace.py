"""Arithmetic in place with room that is used again: what the update formulas are made of."""

import math
from typing import Any

import numpy as np

from autograd import Value

Array = Any  # np.ndarray, or a NumPy scalar for a parameter of shape ()


def fixed(x: Array) -> bool:
    """Whether `x` cannot be changed in place: a scalar, or a Value of a step that is being compiled."""
    return not x.ndim or isinstance(x, Value)


def sqrt(x: Any) -> Any:
    """The square root of a Python number, or of a Value that stands for one."""
    return np.sqrt(x) if isinstance(x, Value) else math.sqrt(x)


class Scratch:
    """Room for intermediate results, kept from one step to the next.

    The operations change the array `x` in place and return it.  A NumPy scalar, or a Value of a
    step that is being compiled, cannot be changed; the new one is returned.  So write `x = scratch.add(x, ...)` for both.
    Roundings happen in the order of the formula in the docstring.
    """

    def __init__(self) -> None:
        self._flat: dict[tuple[str, str], np.ndarray] = {}  # by name and dtype, as large as the largest
        self._rooms: dict[tuple[str, tuple[int, ...], str], np.ndarray] = {}  # views of those

    def room(self, name: str, x: Array) -> Any:
        """An array like `x` with anything in it, for `out=`; None (a new one) where nothing is in place."""
        if fixed(x):
            return None
        found = self._rooms.get((name, x.shape, x.dtype.char))
        return self._new_room(name, x.shape, x.dtype.char) if found is None else found

    def _new_room(self, name: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        size, flat = math.prod(shape), self._flat.get((name, dtype))
        if flat is None or flat.size < size:
            flat = self._flat[name, dtype] = np.empty(size, dtype)
            self._rooms = {k: v for k, v in self._rooms.items() if (k[0], k[2]) != (name, dtype)}
        room = self._rooms[name, shape, dtype] = flat[:size].reshape(shape)
        return room

    def add(self, x: Array, y: Array, a: float) -> Array:
        """x + a * y"""
        if fixed(x):
            return x + a * y
        x += np.multiply(y, a, out=self.room("term", x))
        return x

    def add_product(self, x: Array, y: Array, z: Array, a: float) -> Array:
        """x + (a * y) * z"""
        if fixed(x):
            return x + a * y * z
        term = np.multiply(y, a, out=self.room("term", x))
        term *= z
        x += term
        return x

    def add_quotient(self, x: Array, y: Array, z: Array, a: float) -> Array:
        """x + (a * y) / z"""
        if fixed(x):
            return x + a * y / z
        term = np.multiply(y, a, out=self.room("term", x))
        term /= z
        x += term
        return x

    def lerp(self, x: Array, y: Array, w: float) -> Array:
        """x + w * (y - x), or y - (y - x) * (1 - w) from w = 0.5 on, which is exact at w = 1"""
        if fixed(x):
            return x + w * (y - x) if w < 0.5 else y - (y - x) * (1 - w)
        term = np.subtract(y, x, out=self.room("term", x))
        if w < 0.5:
            term *= w
            x += term
        else:
            term *= 1 - w
            np.subtract(y, term, out=x)
        return x

    def root(self, v: Array) -> Array:
        """sqrt(v), in room of its own."""
        return np.sqrt(v, out=self.room("root", v))

    def decayed(self, g: Array, p: Array, weight_decay: float) -> Array:
        """g + weight_decay * p, the gradient with that of weight_decay / 2 * |p|^2; `g` stays as it is."""
        if not weight_decay:
            return g
        if fixed(g) or fixed(p):
            return g + weight_decay * p
        term = np.multiply(p, weight_decay, out=self.room("term", p))
        return np.add(g, term, out=self.room("gradient", g))
