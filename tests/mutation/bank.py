"""Mutants that are no other function: the same bits, or the same error, on a large bank of inputs.

Drawn from the cases that run the mutated function, as they are and with 0, -0, NaN,
infinities, ties and huge and tiny numbers put in their places.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from autograd import Value, gradients
from tests.cases import F32_TOO
from tests.mutation.mutants import Mutant
from tests.numeric import flat, random_like

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, np.nan, np.inf, -np.inf, 1e300, 1e-300, 1e-9, 5e-324, 1000.0, -1000.0]


@cache
def drawn(case: Any, examples: int) -> list[Any]:
    """A few examples, always the same."""
    found: list[Any] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case.inputs(F32_TOO))
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """TimeoutError after so many seconds of this process's own time."""

    def too_long(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)  # once more if something catches the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def varied(leaves: list[Any], rng: np.random.Generator) -> Iterator[list[Any]]:
    """The leaves; with special numbers in some places; with equal numbers everywhere."""
    yield leaves
    for share in (0.3, 0.6):
        yield [
            np.where(rng.random(np.shape(x)) < share, rng.choice(SPECIAL, np.shape(x)), x).astype(x.dtype)[()]
            for x in leaves
        ]
    yield [np.zeros(np.shape(x), x.dtype)[()] for x in leaves]
    yield [np.full(np.shape(x), rng.choice(SPECIAL), x.dtype)[()] for x in leaves]


def bits(x: Any) -> bytes:
    """Of the numbers; one NaN is as good as another."""
    x = np.asarray(x)
    return np.where(np.isnan(x), np.nan, x).tobytes()


def answer(case: Any, example: Any, leaves: list[Any]) -> Any:
    """The bits of the value, the gradient (from arrays, and from Values) and a second derivative; or the error."""
    rng = np.random.default_rng(0)
    try:
        values = [Value(x) for x in leaves]
        y = flat(example.call(case.function, values))
        found = [bits(y.data)]
        v = random_like(y.data, rng)
        plain = gradients(y, values, v, retain_graph=True, allow_unused=True)
        found += [b"" if x is None else bits(x) for x in plain]
        g = gradients(y, values, v, create_graph=True, allow_unused=True)
        found += [b"" if x is None else bits(x.data) for x in g]
        live = [x for x in g if x is not None and x.requires_grad]
        if live:
            weights = [random_like(x.data, rng) for x in live]
            h = gradients(live, values, weights, allow_unused=True)
            found += [b"" if x is None else bits(x) for x in h]
    except Exception as error:
        return type(error).__name__
    return b"".join(found)


@cache
def bank(case: Any, examples: int) -> list[tuple[Any, list[Any], Any]]:
    """Examples, their leaves, varied, and what the rules themselves answer."""
    rng = np.random.default_rng(1)
    return [
        (example, leaves, answer(case, example, leaves))
        for example in drawn(case, examples)
        for leaves in varied(example.leaves, rng)
    ]


def difference(mutant: Mutant, cases: list[Any], examples: int) -> tuple[int, str]:
    """How many inputs were compared, and the first where the mutant is another function; "" if there is none."""
    asked = 0
    for case in cases:
        for example, leaves, before in bank(case, examples):
            asked += 1
            try:
                with mutant, alarm(5.0):
                    after = answer(case, example, leaves)
            except TimeoutError:
                after = "TimeoutError"
            if before != after:
                return asked, f"{case.name}{tuple(leaves)} {example.params}"
    return asked, ""
