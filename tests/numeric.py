"""The checks of a rule: against NumPy, against finite differences, against itself.

Every check takes `f`, a function of the leaves (arrays or Values), and the leaves.
Directions and cotangents are random, never all ones, so one number tests every element.
"""

import gc
import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import Value, gradients, jvp, vjp
from autograd.backward import ancestors

STEP = 2.0**-10
RTOL = 1e-6  # of the sum of the terms' magnitudes
NOISE = 1e-9  # rounding of the function itself, divided by the step, relative to its size

Function = Callable[..., Any]


# --- finite differences ---------------------------------------------------------------------


def same(x, y):
    """Assert equal numbers of the same dtype."""
    np.testing.assert_array_equal(x, y)
    assert np.asarray(x).dtype == np.asarray(y).dtype


def same_bits(x, y):
    """Assert the same dtype, shape and bits, signs of zeros included; any nan is a nan."""
    if isinstance(x, tuple | list):
        assert len(x) == len(y)
        for a, b in zip(x, y, strict=True):
            same_bits(a, b)
        return
    a, b = np.asarray(x), np.asarray(y)
    assert a.dtype == b.dtype and a.shape == b.shape
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))


def derivative(phi: Callable[[float], Any]) -> np.ndarray:
    """phi'(0): central differences at three steps, extrapolated twice (Richardson), error O(step^6)."""
    rows = [(np.asarray(phi(h)) - np.asarray(phi(-h))) / (2 * h) for h in (STEP, STEP / 2, STEP / 4)]
    for power in (4, 16):
        rows = [(power * fine - coarse) / (power - 1) for coarse, fine in itertools.pairwise(rows)]
    return rows[0]


def flat(result: Any) -> Any:
    """The result, or the results of a list or tuple end to end."""
    if isinstance(result, list | tuple):
        return np.concatenate([np.ravel(part) for part in result])
    return result


def data(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


def random_like(x: Any, rng: np.random.Generator) -> Any:
    """Dyadic numbers in (-1, 1), none of them 0."""
    x = data(x)
    signs = rng.choice((-1.0, 1.0), size=np.shape(x))
    return (signs * (rng.integers(0, 16, size=np.shape(x)) + 0.5) / 16).astype(x.dtype)[()]


def inner(a: Any, b: Any) -> float:
    return float(np.sum(np.asarray(a, dtype=float) * b))


def magnitude(a: Any, b: Any) -> float:
    return float(np.sum(np.abs(np.asarray(a, dtype=float) * b)))


def moved(leaves: Sequence[Any], directions: Sequence[Any], h: float) -> list[Any]:
    return [x + h * t for x, t in zip(leaves, directions, strict=True)]


def assert_near(got: float, expected: float, scale: float, noise: float, what: str) -> None:
    tolerance = RTOL * scale + NOISE * noise
    assert np.isfinite(got) and np.isfinite(expected), f"{what}: {got!r}, expected {expected!r}"
    assert abs(got - expected) <= tolerance, f"{what}: {got!r}, expected {expected!r} +- {tolerance:.1e}"


def unused(gradient: Any, leaf: Any) -> Any:
    return np.zeros_like(data(leaf)) if gradient is None else gradient


# --- the checks -----------------------------------------------------------------------------


def check_value(f: Function, leaves: Sequence[Any], rtol: float | None = None) -> None:
    """The recorded result is NumPy's: structure, shape, dtype, and bits (or `rtol`)."""
    values = [Value(x) for x in leaves]
    expected, got = f(*[x.data for x in values]), f(*values)  # one layout for both: NumPy's bits depend on it
    assert isinstance(got, list | tuple) == isinstance(expected, list | tuple), (type(got), type(expected))
    if not isinstance(expected, list | tuple):
        expected, got = [expected], [got]
    assert len(got) == len(expected)
    assert any(isinstance(part, Value) for part in got), "no result is a Value: the gradient is lost"
    for ours, theirs in zip(got, expected, strict=True):
        ours = data(ours)
        assert ours.shape == np.shape(theirs), f"shape {ours.shape}, NumPy's is {np.shape(theirs)}"
        assert ours.dtype == theirs.dtype, f"dtype {ours.dtype}, NumPy's is {theirs.dtype}"
        if rtol is None:
            same = np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()
            assert same, f"not the same bits:\n{ours!r}\n{theirs!r}"
        else:
            # relative to the largest element: a composition rounds its terms, not their sum
            size = float(np.nanmax(np.abs(theirs), initial=0.0, where=np.isfinite(theirs)))
            tolerance = (rtol if ours.dtype == np.float64 else 1e-5) * max(size, 1.0)
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def check_first_order(f: Function, leaves: Sequence[Any], seed: int) -> None:
    """vjp and jvp against differences, and against each other: <v, J t> == <J^T v, t>."""
    rng = np.random.default_rng(seed)
    result = np.asarray(flat(f(*leaves)))
    directions, v = [random_like(x, rng) for x in leaves], random_like(result[()], rng)
    with np.errstate(all="ignore"):
        numeric = derivative(lambda h: flat(f(*moved(leaves, directions, h))))
    _, pullback = vjp(lambda *xs: flat(f(*xs)), *leaves)
    pulled = pullback(v)
    _, pushed = jvp(lambda *xs: flat(f(*xs)), tuple(leaves), tuple(directions))

    noise = float(np.nanmax(np.abs(result), initial=1.0))
    wrong = ~(np.abs(pushed - numeric) <= RTOL * np.abs(numeric) + NOISE * noise)
    assert not np.any(wrong), f"jvp:\n{pushed!r}\nfinite differences:\n{numeric!r}"
    left, right = inner(v, pushed), sum(inner(g, t) for g, t in zip(pulled, directions, strict=True))
    terms = magnitude(v, numeric) + sum(magnitude(g, t) for g, t in zip(pulled, directions, strict=True))
    assert_near(
        right, inner(v, numeric), terms, noise * max(result.size, 1), "vjp against finite differences"
    )
    assert abs(left - right) <= 1e-11 * (terms + noise), f"<v, J t> = {left!r} but <J^T v, t> = {right!r}"


def check_higher_orders(f: Function, leaves: Sequence[Any], seed: int, order: int = 3) -> None:
    """phi_0 = <v, f>, phi_k = <grad phi_(k-1), t_k>: each against the differences of the one below."""
    rng = np.random.default_rng(seed)
    result = flat(f(*leaves))
    v = random_like(np.asarray(result)[()], rng)
    directions = [[random_like(x, rng) for x in leaves] for _ in range(order)]

    def phi(k: int, xs: Sequence[Any]) -> tuple[float, float]:
        """phi_k at xs, and the sum of its terms' magnitudes."""
        values = [Value(x) for x in xs]
        y = flat(f(*values))
        total, size = np.sum(y * v), magnitude(y.data, v)
        for along in directions[:k]:
            if not total.requires_grad:
                return 0.0, 0.0
            found = gradients(total, values, create_graph=True, allow_unused=True)
            found = [(g, t) for g, t in zip(found, along, strict=True) if g is not None]
            size = sum(magnitude(g.data, t) for g, t in found)
            total = sum([np.sum(g * t) for g, t in found], Value(0.0, requires_grad=False))
        return total.item(), size

    for k in range(2, order + 1):
        t = directions[k - 1]
        numeric = derivative(lambda h, k=k, t=t: phi(k - 1, moved(leaves, t, h))[0])
        got, size = phi(k, leaves)
        below = max(phi(j, x)[1] for j in range(k) for x in (leaves, moved(leaves, t, STEP)))
        assert_near(got, float(numeric), size + abs(float(numeric)), below + 1e-3, f"derivative of order {k}")


def backward(f: Function, leaves: Sequence[Any], cotangent: Any, **options: Any) -> tuple[list[Value], Value]:
    values = [Value(x) for x in leaves]
    y = flat(f(*values))
    y.backward(cotangent, **options)
    return values, y


def check_nothing_changed(f: Function, leaves: Sequence[Any], cotangent: Any) -> None:
    """Inputs and cotangent keep their bits; gradients share memory with nothing."""
    seed = np.array(cotangent)
    before = seed.tobytes()
    values = [Value(x) for x in leaves]
    y = flat(f(*values))
    recorded = np.array(y.data)
    y.backward(seed)
    assert seed.tobytes() == before, "the cotangent was changed"
    assert np.asarray(y.data).tobytes() == recorded.tobytes(), "the result was changed"
    for x, leaf in zip(values, leaves, strict=True):
        assert np.asarray(x.data).tobytes() == np.asarray(leaf).tobytes(), "an input was changed"
    arrays = [("cotangent", seed), ("result", y.data)]
    arrays += [(f"input {i}", x.data) for i, x in enumerate(values)]
    for i, x in enumerate(values):
        if isinstance(x.grad, np.ndarray):
            assert x.grad.flags.writeable
            for name, other in arrays:
                assert not np.shares_memory(x.grad, other), f"gradient {i} shares memory with {name}"
            arrays.append((f"gradient {i}", x.grad))


def check_same_bits(f: Function, leaves: Sequence[Any], cotangent: Any, rtol: float | None = None) -> None:
    """The rules give the same for arrays as for Values (create_graph)."""
    plain, _ = backward(f, leaves, cotangent)
    recorded, _ = backward(f, leaves, cotangent, create_graph=True)
    for a, b in zip(plain, recorded, strict=True):
        if a.grad is None:
            assert b.grad is None
        elif rtol is None:
            same = np.asarray(a.grad).tobytes() == np.asarray(b.grad.data).tobytes()
            assert same, f"arrays:\n{a.grad!r}\nValues:\n{b.grad.data!r}"
        else:
            size = float(np.max(np.abs(a.grad), initial=1.0))
            tolerance = rtol if a.dtype == np.float64 else 1e-5
            np.testing.assert_allclose(b.grad.data, a.grad, rtol=0, atol=tolerance * size)
        b.zero_grad()  # .grad -> graph -> leaf is a cycle


def check_freed(f: Function, leaves: Sequence[Any], cotangent: Any) -> None:
    """Reference counting alone frees the graph, the collector being off."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        values, y = backward(f, leaves, cotangent)
        watched = [weakref.ref(node) for node in ancestors([y]).values()]
        assert watched
        del values, y
        alive = [ref() for ref in watched if ref() is not None]
        assert not alive, f"still alive: {alive}"
    finally:
        if collecting:
            gc.enable()


def check_scalar_gradients(f: Function, leaves: Sequence[Any], cotangent: Any) -> None:
    """The gradient of a scalar is a NumPy scalar as its data is, never a 0-d array."""
    values, _ = backward(f, leaves, cotangent)
    for x in values:
        if x.grad is not None:
            assert type(x.grad) is type(x.data), f"{type(x.grad).__name__} for {type(x.data).__name__}"
