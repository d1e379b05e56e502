"""Which element makes a direction fail?  Halves of it, and halves of those."""

from collections.abc import Callable

import numpy as np

from autograd.check.subject import Arrays


def culprit(direction: Arrays, fails: Callable[[Arrays], bool]) -> tuple[int, tuple[int, ...]] | None:
    """An element (which input, and where in it) whose part of the direction fails by itself; None if the
    failure is lost on the way."""
    places = [
        (k, place)
        for k, d in enumerate(direction)
        for place in np.ndindex(np.shape(d))
        if np.asarray(d)[place]
    ]
    while len(places) > 1:
        half = len(places) // 2
        for part in (places[:half], places[half:]):
            kept = [np.zeros(np.shape(d)) for d in direction]
            for k, place in part:
                kept[k][place] = np.asarray(direction[k])[place]
            if fails(kept):
                places = part
                break
        else:
            return None
    return places[0] if places else None
