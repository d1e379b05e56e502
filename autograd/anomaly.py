"""What detect_anomaly() remembers of each operation, and what it checks in a backward pass.

Also where observers of a pass (autograd.graph.record) are told what happens in it.
"""

import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd.modes import OBSERVE, WATCH, WATCH_INF, observers

_HERE = str(Path(__file__).resolve().parent) + os.sep
_NUMPY = str(Path(np.__file__).resolve().parent) + os.sep


@dataclass(slots=True)
class Site:
    """Where an operation was recorded, and the checksums of the arrays it read."""

    line: str
    checksums: tuple[int, ...]


def describe(x: Any) -> str:
    """An operand in an error message: 'float64 (2, 3)', or the number itself."""
    if isinstance(x, np.ndarray):
        return f"{x.dtype} {x.shape}"
    text = f"{x.dtype} {x}" if isinstance(x, np.generic) else repr(x)
    return text if len(text) < 60 else text[:50] + "..."


def remember(inputs: Sequence[Any]) -> Site:
    """The line that is recording now, and what its inputs look like."""
    return Site(line(), tuple(_checksum(x) for x in inputs))


def line() -> str:
    """The user's line that is recording now."""
    frame: Any = sys._getframe(2)
    while frame is not None and _ours(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "?"


@cache
def _ours(file: str) -> bool:
    return file.startswith((_HERE, _NUMPY, "<__array"))


def _checksum(x: Any) -> int:
    data = getattr(x, "_array", x)
    return zlib.crc32(np.ascontiguousarray(data).data) if isinstance(data, np.ndarray) else 0


def check_unchanged(node: Any) -> None:
    """Raise RuntimeError if an array that ``node`` read was overwritten since."""
    site = getattr(node, "_site", None)
    if site is None or not site.checksums:  # recorded outside detect_anomaly(), or nothing to compare
        return
    for slot, (x, before) in enumerate(zip(node.inputs, site.checksums, strict=True)):
        if _checksum(x) != before:
            raise RuntimeError(
                f"input {slot} of {node.op.name}, recorded at {site.line}, was overwritten "
                f"through NumPy since: the gradient would be that of another function; "
                f"copy the array before changing it"
            )


def begin(seeds: Any, watch: int, store: bool) -> None:
    """Tell the observers that a backward() starts from these (Value, gradient) pairs."""
    if watch & OBSERVE and store:
        for observer in observers.get():
            observer.begin(seeds)


def check_edge(r: Any, g: Any, node: Any, slot: int, watch: int) -> None:
    """Tell the observers what a rule returned, and check it if anomalies are watched for."""
    if watch & OBSERVE:
        for observer in observers.get():
            observer.edge(node, r)
    if watch & WATCH:
        check_finite(r, g, node, slot, bool(watch & WATCH_INF))


def fail(watch: int, store: bool) -> None:
    """Tell the observers that it raised."""
    if watch & OBSERVE and store:
        for observer in observers.get():
            observer.fail()


def end(found: Any, watch: int, store: bool) -> None:
    """Tell the observers that it went through; leaf -> the gradient it will be given."""
    if watch & OBSERVE and store:
        for observer in observers.get():
            observer.end(found)


def check_finite(r: Any, g: Any, node: Any, slot: int, inf: bool) -> None:
    """Raise FloatingPointError if a rule returned a NaN (or an infinity, if watched for)."""
    r, g = np.asarray(getattr(r, "_array", r)), np.asarray(getattr(g, "_array", g))
    bad = ~np.isfinite(r) if inf else np.isnan(r)
    if not bad.any():
        return
    where = tuple(int(i) for i in np.argwhere(bad)[0])
    site = getattr(node, "_site", None)
    line = f", recorded at {site.line}," if site else ""
    message = (
        f"the backward of {node.op.name}{line} gave {r[where]} for input {slot}"
        f"{f' at element {list(where)}' if where else ''}"
    )
    if g.shape == r.shape and g[where] == 0:
        message += (
            "; the gradient coming in was 0 and the local derivative is not finite (0 * inf): "
            "if a where() selects around this point, give the operation a harmless input there, "
            "as in np.where(x > 0, np.log(np.where(x > 0, x, 1)), 0)"
        )
    raise FloatingPointError(message)
