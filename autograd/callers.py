"""Who asked: what the stack says of a call that cannot be answered.  Read for messages alone."""

import sys
from inspect import isfunction
from opcode import opname
from types import FrameType

import numpy as np

OURS = ("autograd", "nn", "optim")
PUBLIC = {"numpy": "np"}


def caller() -> FrameType | None:
    """The first frame that is none of ours, or None."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and root_of(frame) in OURS:
        frame = frame.f_back
    return frame


def stacklevel() -> int:
    """What warnings.warn, in the function that asks, takes to point at the first frame that is none of ours."""
    frame, level = sys._getframe(1), 1
    while root_of(frame) in OURS and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    return level


def root_of(frame: FrameType) -> str:
    """The package a frame's code belongs to."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def numpy_call() -> str:
    """The NumPy function whose rule is asking, "np.interp"; "" where none is."""
    asked = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and root_of(frame) in OURS:
        name = frame.f_code.co_name.rstrip("_")
        if frame.f_globals["__name__"].startswith("autograd.rules.") and hasattr(np, name):
            asked = f"np.{name}"
        frame = frame.f_back
    return asked


def writes(frame: FrameType | None) -> bool:
    """Whether a frame is at `y[i] = v`: whatever is asked of v then is asked by the array y."""
    return frame is not None and opname[frame.f_code.co_code[frame.f_lasti]] in (
        "STORE_SUBSCR",
        "STORE_SLICE",
    )


def library_call(frame: FrameType | None) -> str:
    """The function of an installed library that a frame works for, by its public name; "" for the caller's own code."""
    called = None
    while frame is not None and {"site-packages", "dist-packages"} & set(
        frame.f_code.co_filename.replace("\\", "/").split("/")
    ):
        called, frame = frame, frame.f_back
    return "" if called is None else public_name(called)


def public_name(frame: FrameType) -> str:
    """A frame's function as its callers write it: without private modules and classes, not a decorator's wrapper.

    >>> import sys
    >>> import numpy as np
    >>> def seen(x): print(public_name(sys._getframe(1)))
    >>> _ = np.apply_along_axis(seen, 0, np.ones(1))
    np.apply_along_axis
    """
    module, name = str(frame.f_globals.get("__name__", "")), frame.f_code.co_qualname
    if "<locals>" in name:  # a wrapper closes over the function that was called
        inner = [f for f in frame.f_locals.values() if isfunction(f) and "<locals>" not in f.__qualname__]
        module, name = (inner[0].__module__, inner[0].__qualname__) if inner else (module, "")
    packages = [p for p in module.split(".") if not p.startswith("_")]
    public = [p for p in name.split(".") if p and not p.startswith("_")]
    for n in range(1, len(packages)):  # the shortest way to it: np.vectorize, not np.lib.vectorize
        if public and hasattr(sys.modules.get(".".join(packages[:n])), public[0]):
            packages = packages[:n]
            break
    return ".".join([PUBLIC.get(packages[0], packages[0]), *packages[1:], *public])
