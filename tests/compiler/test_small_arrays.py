"""What compiled NumPy code does otherwise than one would write it: still the same bits.  Some 5 seconds."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import compile, grad, value_and_grad
from autograd.compiler.recycled import buffers_like
from tests.numeric import same_bits

RNG = np.random.default_rng(5)
ODD = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e300, 5e-324]


def checked(f, *args, times=2):
    """Compiled on the numpy back end the same as without, more than once; the code."""
    compiled = compile(f, backend="numpy")
    with np.errstate(all="ignore"):
        expected = f(*args)
        for _ in range(times):
            same_bits(compiled(*args), expected)
    return compiled.source


# --- matrix products ---------------------------------------------------------------------------------


@settings(max_examples=150)
@given(
    st.tuples(*[st.sampled_from([1, 2, 3, 7, 8, 16, 17, 33, 100])] * 3),
    st.sampled_from(["f4", "f8"]),
    st.tuples(*[st.sampled_from("CF")] * 2),
    st.booleans(),
)
@example((100, 1, 16), "f8", ("C", "C"), True)
@example((7, 1, 1), "f8", ("C", "C"), True)
@example((1, 1, 7), "f4", ("C", "C"), True)
@example((1, 7, 1), "f8", ("F", "C"), True)
def test_matrix_products(sizes, dtype, orders, odd):
    m, k, n = sizes
    rng = np.random.default_rng(m + 100 * k + 10_000 * n)
    x, y = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    if odd:
        x.flat[:: max(x.size // 9, 1)] = rng.choice(ODD, x.size)[:: max(x.size // 9, 1)]
        y.flat[:: max(y.size // 7, 1)] = rng.choice(ODD, y.size)[:: max(y.size // 7, 1)]
    with np.errstate(all="ignore"):
        x, y = x.astype(dtype, order=orders[0]), y.astype(dtype, order=orders[1])
    source = checked(lambda x, y: ((x @ y) * 2, x.T @ x, y @ y.T), x, y)
    assert source.count(".dot(") == (m * k > 1 and k * n > 1) + (m * k > 1) + (k * n > 1)


def test_products_of_other_arrays_stay_matmul():
    x, y = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((4, 5))
    assert ".dot(" not in checked(lambda x, y: x @ y, x, y)
    assert ".dot(" not in checked(lambda x, y: x[0] @ y[:, ::2], x, y)
    assert ".dot(" not in checked(lambda x, y: x @ y, x[0, 0], y[:, 0])
    assert ".dot(" not in checked(lambda x, y: x @ y, np.arange(12).reshape(3, 4), np.arange(8).reshape(4, 2))


# --- arrays of one element -----------------------------------------------------------------------------


def adam(w, b, m, v, t):
    """Adam for a weight (1, 1) and what its bias (1,) adds."""
    g = 2 * (w * 3.0 + b - 1) * w
    m, v, t = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, 0.9 * t
    return w - 0.1 / (1 - t) * m / (np.sqrt(v) + 1e-8), m, v, -(b**2), t


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arrays_of_one_element_are_numbers(dtype):
    one = [
        np.full(shape, x, dtype) for shape, x in (((1, 1), 0.3), ((1,), -0.2), ((1, 1), 0.1), ((1, 1), 0.2))
    ]
    source = checked(adam, *one, dtype(0.9))
    assert "[0, 0]" in source and "multiply(" not in source


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_odd_numbers_in_arrays_of_one_element(dtype):
    with np.errstate(all="ignore"):
        odd = [dtype(x) for x in ODD]
    compiled = compile(adam, backend="numpy")
    for x in odd:
        for y in odd:
            args = (
                *[np.full(s, z, dtype) for s, z in (((1, 1), x), ((1,), y), ((1, 1), y), ((1, 1), x))],
                dtype(y),
            )
            with np.errstate(all="ignore"):
                same_bits(compiled(*args), adam(*args))


def test_results_of_one_element_are_arrays_of_their_own():
    step = compile(lambda w, m: (w - 0.1 * (0.9 * m + w * w), 0.9 * m + w * w), backend="numpy")
    w, m = np.full((1, 1), 0.5), np.zeros((1, 1))
    first = step(w, m)
    kept = [x.copy() for x in first]
    step(*first)
    same_bits(list(first), kept)
    assert all(x.flags.owndata and x.flags.writeable for x in first)


def test_arrays_of_one_element_between_larger_ones():
    x = RNG.standard_normal((5, 3))

    def f(x, w):
        s = np.sum(x, axis=0)[:1] * w  # from an array, back to arrays of several
        s = (s + w) * (s - w) / (s * w + 2.0) - s
        return x * s, s, np.sum(x @ np.ones((3, 1)) * s)

    checked(f, x, np.array([0.7]))
    checked(value_and_grad(lambda x, w: f(x, w)[2], (0, 1)), x, np.array([0.7]))


# --- numbers beside arrays ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_beside_arrays(dtype):
    x = RNG.standard_normal((4, 3)).astype(dtype)

    def f(x, t):
        rate = 0.1 / (1 - t)
        return rate * x - x / rate, x * t, (x + rate).sum(axis=0) * rate, np.maximum(x, t)

    assert "[()] =" in checked(f, x, dtype(0.9))
    checked(f, x, dtype(1.0))  # the rate is infinite
    compiled = compile(f, backend="numpy")
    for t in (0.1, 0.5, 0.1):
        same_bits(compiled(x, dtype(t)), f(x, dtype(t)))


def test_a_number_of_another_dtype_keeps_its_dtype():
    x = RNG.standard_normal((4, 3)).astype(np.float32)
    checked(lambda x, t: (x * (t * 2), (t * t) - x), x, np.float64(0.1))
    checked(lambda x, t: (x * (t * 2.0), (t * t) - x), x.astype(np.float64), np.float32(0.1))


# --- views of buffers -------------------------------------------------------------------------------------


def test_views_of_buffers_show_what_was_computed_last():
    x = RNG.standard_normal((4, 6))

    def f(x):
        y = np.sin(x) * 2.0
        return (
            y.T @ y,
            y.reshape(2, 12) + 1.0,
            y.T.reshape(8, 3) * 2.0,
            y[1:3].T.reshape(-1),
            y[:, None, ::2] - 1,
        )

    compiled = compile(f, backend="numpy")
    for k in range(4):
        same_bits(compiled(x + k), f(x + k))


def test_gradients_of_an_index_that_takes_everything():
    x = RNG.standard_normal((5, 1))
    cases = [
        lambda x: np.sum(x[:, 0] ** 3),
        lambda x: np.sum(x[::-1, 0] * np.arange(5.0)),
        lambda x: np.sum((x.T[0] * np.arange(5.0)) ** 2),
        lambda x: np.sum((x.reshape(1, 5, 1).T[0] * 2.0)[:, 0, ...] * x[0, 0]),
    ]
    for f in cases:
        checked(value_and_grad(f), x)
    checked(grad(lambda x: np.sum(np.sin(x[None, 0]) * x)), RNG.standard_normal((1, 4)))


# --- signs, choices ------------------------------------------------------------------------------------------


def test_minus_signs_of_arrays():
    x, y = (np.array([[a, b] for a in ODD for b in ODD])[:, i] for i in range(2))

    def f(x, y):
        a, b = -x, -y
        return a * y - b, (a / b) * -x, y + a * b, -(a * y) + b, b - x * a

    assert checked(f, x, y).count("negative") < 5
    checked(lambda x, y: (-x * y, x + -y), np.arange(3), np.arange(3) - 5)  # integers


@pytest.mark.parametrize("rows", [3, 3000])
def test_choices_written_over_what_they_take_from(rows):
    x = RNG.standard_normal((rows, 4))

    def f(x, mask):
        return np.exp(np.where(mask, np.sin(x), 0.5)), np.where(mask, x * 2, np.cos(x)) + 1

    compiled = compile(f, backend="numpy")
    for mask in (RNG.random((rows, 1)) < 0.5, np.ones((rows, 1), bool), np.zeros((rows, 1), bool)):
        same_bits(compiled(x, mask), f(x, mask))
    assert ".all()" in compiled.source
    checked(lambda x, t: np.exp(np.where(t > 0.5, np.sin(x), 0.5)), x, np.float64(0.7))
    checked(lambda x, t: np.exp(np.where(t > 0.5, np.sin(x), 0.5)), x, np.float64(0.2))


# --- memory ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0,), (3,), (784, 128)])
@pytest.mark.parametrize("order", "CF")
def test_buffers_begin_with_a_cache_line(shape, order):
    like = np.zeros(shape, np.float32, order=order)
    several = buffers_like([like] * 3)
    for i, made in enumerate(several):
        assert made.ctypes.data % 64 == 0 and made.strides == like.strides and made.dtype == like.dtype
        made[...] = i
    assert all([np.all(made == i) for i, made in enumerate(several)])  # they do not overlap


def test_large_results_are_computed_in_their_own_memory():
    p, g = RNG.standard_normal((2, 200, 100))

    def f(p, g, m):
        m = 0.9 * m + 0.1 * g
        return p - 0.1 * m / (np.sqrt(g * g) + 1e-8), m, (m * 2.0 + 1.0) * p

    compiled = compile(f, backend="numpy")
    given, held = (p, g, np.zeros_like(p)), []
    for _ in range(5):
        found, expected = compiled(*given), f(*given)
        same_bits(found, expected)
        held.append((found, expected))
        given = found[0], g, found[1]
    for found, expected in held:  # what is held is not written over
        same_bits(found, expected)
    assert compiled.source.count("room") > 3


def test_generated_lines_name_the_line_they_come_from():
    x = RNG.standard_normal((4, 3))
    compiled = compile(value_and_grad(lambda x: np.sum(np.sin(x) * np.cos(x))), backend="numpy")
    compiled(x)
    lines = [line for line in compiled.source.splitlines() if " = " in line]
    assert lines and all("# test_small_arrays.py:" in line for line in lines)
