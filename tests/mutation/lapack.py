"""LAPACK that always returns: what decomposes into vectors may run for ever on NaN and infinity."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.linalg import _linalg as numpys  # type: ignore[attr-defined]

ENDLESS = ("svd_s", "svd_f", "eigh_lo", "eigh_up", "lstsq")


class OnlyFinite:
    """NumPy's LAPACK, with a LinAlgError in place of a run without end."""

    def __init__(self, lapack: Any) -> None:
        self.lapack = lapack

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.lapack, name)
        if name not in ENDLESS:
            return function

        def checked(*arrays: Any, **options: Any) -> Any:
            if not all(np.isfinite(x).all() for x in arrays):
                raise np.linalg.LinAlgError("not finite")
            return function(*arrays, **options)

        return checked


@contextmanager
def only_finite() -> Iterator[None]:
    kept = numpys._umath_linalg
    numpys._umath_linalg = OnlyFinite(kept)
    try:
        yield
    finally:
        numpys._umath_linalg = kept
