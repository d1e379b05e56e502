"""Random numbers in a function: drawn at every call, of a compiled one too."""

from typing import Any

import numpy as np

from autograd import Value, primitive
from autograd.tracing import is_tracing
from nn.functional.shapes import Array
from nn.init import generator


@primitive(None, name="random", random=True)
def _draw(
    start: Array, *, distribution: str, options: tuple[float, ...], shape: tuple[int, ...], rng: Any
) -> Any:
    """Random numbers; `start` is not looked at: it makes the draw a step of a graph."""
    return np.asarray(getattr(generator(rng), distribution)(*options, size=shape))[()]


def draw(distribution: str, *options: float, shape: tuple[int, ...], rng: Any) -> Array:
    """What a Generator's method `distribution` gives for `options`, in an array of that shape.

    rng: a NumPy Generator or a seed, None for the one that nn.manual_seed sets.  While a program
    is traced nothing is drawn: a compiled function draws when it is called, the numbers that it
    would have drawn without compiling.
    """
    if isinstance(rng, list | np.ndarray):  # a seed of several numbers; parameters are hashable
        rng = tuple([int(k) for k in rng])
    if not is_tracing():
        return _draw(0.0, distribution=distribution, options=options, shape=shape, rng=rng)
    bits = generator(rng).bit_generator
    state = bits.state
    drawn = _draw(
        Value(0.0, requires_grad=False).detach(),
        distribution=distribution,
        options=options,
        shape=shape,
        rng=rng,
    )
    bits.state = state
    return drawn
