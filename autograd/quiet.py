"""Let NumPy report no overflow, division by zero or invalid value for a while.

``np.errstate`` does that in a microsecond, which a backward pass over a few numbers takes
itself.  It sets one context variable; that one is found here by looking at what it changes,
and set directly.  Where a NumPy does it in another way, `np.errstate` is used.
"""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any

import numpy as np


def _doors() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    outside = copy_context()
    with np.errstate(all="ignore"):
        changed = [(variable, x) for variable, x in copy_context().items() if outside.get(variable) is not x]
    if len(changed) != 1:
        return _enter, _leave
    variable, quiet = changed[0]
    return partial(variable.set, quiet), variable.reset


def _enter() -> Any:
    block = np.errstate(all="ignore")
    block.__enter__()
    return block


def _leave(block: Any) -> None:
    block.__exit__(None, None, None)


silence, aloud = _doors()  # `aloud` takes what `silence` returned
