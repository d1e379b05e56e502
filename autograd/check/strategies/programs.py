"""Random programs: straight-line NumPy code whose intermediate results are used again.

For testing what works on whole graphs: the engine, a checker, a compiler.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import hypothesis.strategies as st
import numpy as np

from autograd.check.strategies.domains import CENTRED, Domain, Shape

SMOOTH = (
    "np.sin({x})",
    "np.tanh({x})",
    "{x} * {x}",
    "np.exp(-{x})",
    "1.0 / ({x} * {x} + 1.0)",
    "-{x}",
    "0.5 * {x}",
)
KINKED = (
    "np.abs({x})",
    "np.maximum({x}, 0.0)",
    "np.clip({x}, -0.5, 0.5)",
    "np.where({x} > 0.25, {x}, 2.0 * {x})",
)
PAIRS = ("{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} / ({y} * {y} + 1.0)", "np.logaddexp({x}, {y})")
KINKED_PAIRS = ("np.maximum({x}, {y})", "np.minimum({x}, {y})")
SHAPED = (
    "np.sum({x}, axis=-1)", "np.mean({x}, axis=0, keepdims=True)", "np.sum({x}, axis=0)", "{x}.T", "{x}[::-1]",
    "{x}[..., ::2]", "{x}[..., None]", "np.reshape({x}, -1)", "{x}[[0, -1, 0]]", "np.cumsum({x}, axis=-1)",
)  # fmt: skip
JOINED = ("{x} @ {y}", "np.concatenate([{x}, {y}], axis=-1)", "np.stack([{x}, {y}])", "np.outer({x}, {y})")
SMALL = 8.0  # results that may be larger are squashed by a sine, so that nothing overflows
LARGEST = 64  # elements of an intermediate result


@dataclass(frozen=True)
class Program:
    """A function of arrays or Values; its repr is source that can be pasted.

    `shapes` are those of its inputs, `lines` the assignments (name, expression), the last
    of them the result.

    >>> Program(((2,),), (("a", "np.sin(x)"), ("b", "a * x")))
    def program(x):
        a = np.sin(x)
        return a * x
    """

    shapes: tuple[Shape, ...]
    lines: tuple[tuple[str, str], ...]
    domain: Domain = CENTRED

    @property
    def inputs(self) -> tuple[str, ...]:
        return names_of_inputs(len(self.shapes))

    @cached_property
    def source(self) -> str:
        *before, (_, last) = self.lines
        body = [f"    {name} = {expression}" for name, expression in before] + [f"    return {last}"]
        return "\n".join([f"def program({', '.join(self.inputs)}):", *body])

    @cached_property
    def function(self) -> Callable[..., Any]:
        scope: dict[str, Any] = {"np": np}
        exec(compile(self.source, "<program>", "exec"), scope)
        program: Callable[..., Any] = scope["program"]
        return program

    def __call__(self, *inputs: Any) -> Any:
        return self.function(*inputs)

    def __repr__(self) -> str:
        return self.source

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.source)  # how hypothesis shows it

    def arrays(self) -> st.SearchStrategy[tuple[Any, ...]]:
        """Inputs for this program."""
        return st.tuples(*[self.domain.array(shape) for shape in self.shapes])


def names_of_inputs(n: int) -> tuple[str, ...]:
    return ("x", "y", "z")[:n] if n <= 3 else tuple(f"x{i}" for i in range(n))


@st.composite
def programs(
    draw: st.DrawFn,
    *,
    max_nodes: int = 8,
    max_inputs: int = 3,
    kinks: bool = False,
    scalar: bool = False,
    shapes: tuple[Shape, ...] = ((2, 3), (3,), (2, 1), (), (3, 3)),
    domain: Domain = CENTRED,
) -> Program:
    """Programs of up to `max_nodes` lines over elementwise, shaping, joining and reducing code.

    Operands are any earlier results, so they are shared, used twice, and combined by
    broadcasting.  kinks: also abs, maximum, clip, where.  scalar: the result is one number.
    Every line counts towards the result, which is finite for inputs in `domain`.
    """
    chosen = draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=max_inputs).map(tuple))
    names = list(names_of_inputs(len(chosen)))
    # what each name holds is bounded by running the program once, on its largest input
    held: dict[str, Any] = {n: np.ones(s)[()] for n, s in zip(names, chosen, strict=True)}
    lines: list[tuple[str, str]] = []
    for i in range(draw(st.integers(1, max_nodes))):
        latest = names[::-1]
        x, y = draw(st.sampled_from(latest)), draw(st.sampled_from(latest))
        vocabulary = SMOOTH + PAIRS + SHAPED + JOINED + (KINKED + KINKED_PAIRS if kinks else ())
        expression = draw(st.sampled_from(vocabulary)).format(x=x, y=y)
        axisless = "axis" in expression and not np.ndim(
            held[x]
        )  # NumPy takes axis=-1 of a scalar, Values do not
        bound = None if axisless else run(expression, held)
        if bound is None:  # the shapes do not fit
            expression = f"np.tanh({x})"
            bound = np.ones(np.shape(held[x]))[()]
        elif np.max(bound, initial=0.0) > SMALL:
            expression = f"np.sin({expression})"
            bound = np.ones(np.shape(bound))[()]
        name = f"v{i + 1}"
        lines.append((name, expression))
        names.append(name)
        held[name] = bound
    if scalar and np.shape(held[names[-1]]):
        lines.append(("result", f"np.sum({names[-1]})"))
    return Program(chosen, tuple(living(lines)), domain)


def run(expression: str, held: dict[str, Any]) -> Any:
    """A bound of the magnitudes of the result, or None where the shapes do not fit or it grows too big."""
    bounding = expression.replace(" - ", " + ").replace("-v", "v").replace("np.exp(-", "np.exp(")
    try:
        result = eval(bounding, {"np": np}, held)
    except (ValueError, TypeError, IndexError):  # AxisError is both of the first and the last
        return None
    return np.abs(result) if 0 < np.size(result) <= LARGEST else None


def living(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines that the last one needs."""
    kept: list[tuple[str, str]] = []
    needed = {lines[-1][0]}
    for name, expression in reversed(lines):
        if name in needed:
            kept.append((name, expression))
            needed |= set(compile(expression, "<line>", "eval").co_names)
    return kept[::-1]
