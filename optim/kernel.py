"""A rule, a few lines of NumPy, as code for numbers, for arrays in place, and as one machine-code loop."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.callers import stacklevel

if TYPE_CHECKING:
    from optim.generate import Written

Array = Any  # np.ndarray, or a NumPy scalar for a parameter of shape ()
Rule = Callable[..., tuple[Any, ...]]

CHUNK = 1 << 17  # elements: an array of more is done in parts
FIXED = (bool, str, type(None))  # types of options that are no numbers


@dataclass(eq=False)
class Kernel:
    """The code of a rule for some options.

    prepare(*options) gives the numbers that meet the arrays, or raises TypeError where other options
    are None.  number(p, g, state, *values) returns the new p of a float64 number, array(p, g, state,
    rooms, *values) that of an array, in place; both also put the new buffers and counters into the
    state, or change nothing and return None where the counters are not those expected or other
    buffers are None.  values: the counters before and after the step, and the numbers.
    all(rest, states, rooms, most, *values) does it for the parameters that the iterator of (position,
    parameter) still has, up to one that does not suit, or has more than `most` elements, which is returned.
    inplace(*slots, *rooms, *numbers) is the bare arithmetic on p, g and the buffers `code.kept`.
    """

    name: str
    code: "Written"
    prepare: Callable[..., tuple[float, ...]]
    number: Callable[..., Any]
    array: Callable[..., Any]
    all: Callable[..., tuple[int, Any] | None]
    inplace: Callable[..., None]
    _loop: Any = None

    @property
    def source(self) -> str:
        """All of its code."""
        return "\n".join(self.code.texts.values())

    def fused(self, flat: list[np.ndarray], numbers: tuple[float, ...]) -> bool:
        """The rule for every element of flat arrays, as machine code; False where numba cannot compile it.

        IEEE arithmetic in the order of the rule.
        """
        if self._loop is None:
            from autograd.compiler.compiled import loaded

            make, texts = numba_of(self.name).njit(error_model="numpy"), self.code.texts
            one = make(loaded(texts["element"], dict(self.code.namespace), self.name)["run"])
            self._loop = make(loaded(texts["loop"], {"one": one}, self.name)["run"])
        if self._loop is not False:
            try:
                self._loop(*flat, *[flat[0].dtype.type(x) for x in numbers])
            except Exception as error:  # numba's are of many kinds; it compiles before it runs
                self._loop = False
                warnings.warn(
                    f"numba cannot compile the rule {self.name}, which runs without fused: {error}",
                    stacklevel=stacklevel(),
                )
        return self._loop is not False


_kernels: dict[Any, Kernel | None] = {}


def kernel_of(
    rule: Rule, options: dict[str, Any], buffers: dict[str, bool], counters: Sequence[str]
) -> Kernel | None:
    """The code of a rule, made when first needed; None where there can be none, which is said once.

    options: its keyword arguments, where numbers may differ from step to step, and truth values, texts and
    None are fixed; buffers: by name whether there is one, or None in its place.
    """
    options = {k: x if type(x) in FIXED else float(x) for k, x in options.items()}
    key = tuple([float if type(x) is float else x for x in options.values()])
    known = (rule, key, *buffers.items(), *counters)
    if known not in _kernels:
        name = getattr(rule, "__name__", "rule")
        try:
            from optim.generate import functions, written

            code = written(rule, options, buffers, counters)
            _kernels[known] = Kernel(name, code, **functions(code, name))
        except Exception as error:  # whatever a rule of the user's does while it is traced
            _kernels[known] = None
            if not any([k[0] is rule and k != known and x is None for k, x in _kernels.items()]):
                warnings.warn(
                    f"the rule {name} cannot be compiled and runs as plain NumPy: {error}; "
                    f"make it elementwise, and choose with np.where",
                    stacklevel=stacklevel(),
                )
    return _kernels[known]


def numba_of(who: str) -> Any:
    """The module numba; raises ImportError with what mends it."""
    try:
        import numba
    except ImportError:
        raise ImportError(f'{who} needs numba; install it with: pip install "stepgrad[jit]"') from None
    return numba


# --- running --------------------------------------------------------------------------------------


class Rooms(dict[tuple[tuple[int, ...], str, int, int], list[np.ndarray]]):
    """Arrays for intermediate results: rooms[shape, dtype, n, m] are n of that dtype and m of truth values.

    They are kept from one step to the next and are views of the same memory, CHUNK elements each.
    """

    def __init__(self) -> None:
        self._flat: dict[str, list[np.ndarray]] = {}

    def __missing__(self, key: tuple[tuple[int, ...], str, int, int]) -> list[np.ndarray]:
        shape, dtype, floats, masks = key
        size, made = math.prod(shape), []
        for kind, n in ((dtype, floats), ("?", masks)):
            flat = self._flat.setdefault(kind, [])
            flat += [np.empty(CHUNK, kind) for _ in range(n - len(flat))]
            made += [x[:size].reshape(shape) for x in flat[:n]]
        self[key] = made
        return made


def run_large(
    kernel: Kernel,
    p: np.ndarray,
    g: Array,
    state: dict[str, Any],
    numbers: tuple[float, ...],
    rooms: Rooms,
    fused: bool,
) -> None:
    """The step of an array, in place: a chunk at a time, or (float32, float64) as machine code."""
    order: Any = "C" if p.flags.c_contiguous or not p.flags.f_contiguous else "F"
    for k in kernel.code.fresh:
        state[k] = np.empty_like(p)
    slots = [p, g, *[state[k] for k in kernel.code.kept]]
    lined = [np.asarray(x, order=order) for x in slots]  # the array itself where it lies so
    flat = [x.reshape(-1, order=order) for x in lined]
    if not (fused and p.dtype.char in "fd" and kernel.fused(flat, numbers)):
        n = CHUNK // 4  # all arrays together stay in the cache that is next to the processor
        for i in range(0, p.size, n):
            part = [x[i : i + n] for x in flat]
            kernel.inplace(*part, *rooms[part[0].shape, p.dtype.char, *kernel.code.rooms], *numbers)
    for x, y in zip(slots, lined, strict=True):
        if x is not y and x is not g:
            x[...] = y
