"""compile: programs whose results once differed from those without compiling."""

import gc
import linecache

import numpy as np
import pytest

from autograd import Value, value_and_grad
from autograd.compiler import compile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 3))


@pytest.fixture(params=["python", "numpy", "numba"])
def backend(request):
    if request.param == "numba":
        pytest.importorskip("numba")
    return request.param


def plain(x):
    return tuple([plain(y) for y in x]) if isinstance(x, tuple) else x.data if isinstance(x, Value) else x


def same_bits(found, expected):
    for x, y in zip(*[v if isinstance(v, tuple) else (v,) for v in (found, expected)], strict=True):
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(np.signbit(x), np.signbit(y))
        assert np.asarray(x).dtype == np.asarray(y).dtype


@pytest.mark.parametrize(
    "copied", [np.tril, lambda y: np.roll(y, 1, 0), lambda y: np.cumsum(y, axis=0), lambda y: y.T, np.flip]
)
@pytest.mark.parametrize("arrays", ["numpy", "numba"])
def test_a_choice_between_an_array_and_what_was_made_of_a_buffer(copied, arrays):
    """np.where is written into the buffer of its third operand where that is one, and not what shares it."""
    if arrays == "numba":
        pytest.importorskip("numba")

    def f(x, y):
        other = copied(np.tanh(x * 2.0))
        return np.sum(np.where(y > other, y * 3.0, other) ** 2)

    big = RNG.normal(size=(60, 60))
    for x, y in ((X, -X), (big, big.T.copy())):
        value, slopes = value_and_grad(f, (0, 1))(x, y)
        forward, both = compile(f, backend=arrays), compile(value_and_grad(f, (0, 1)), backend=arrays)
        for _ in range(2):
            found, found_slopes = both(x, y)
            np.testing.assert_allclose([forward(x, y), found], [value, value], rtol=1e-13)
            for p, q in zip(found_slopes, slopes, strict=True):
                np.testing.assert_allclose(p, q, rtol=1e-13, atol=1e-15)


def test_a_large_choice_that_is_returned(backend):
    x = RNG.normal(size=(100, 100))
    c = compile(lambda x: np.where(x > 0, x, 0.0), backend=backend if backend != "python" else None)
    first, second = c(x), c(-x)
    same_bits(first, np.where(x > 0, x, 0.0))
    same_bits(second, np.where(-x > 0, -x, 0.0))


@pytest.mark.parametrize("given", [np.int64(3), np.bool_(True), np.uint8(255), np.int64(2**60 + 1)])
def test_integers_and_truth_values_that_are_given_stay_what_they_are(given, backend):
    f = lambda x, i: (x * 2.0, i)
    c = compile(f, backend=backend if backend != "python" else None)
    for x in (1.0, 2.0):
        found = c(x, given)
        assert found[1] == given and np.asarray(found[1]).dtype == given.dtype


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[..., 0], lambda x: x[:1].reshape(()), lambda x: (x[..., 0] ** 0.5, x[..., 1] * 2.0),
        lambda x: np.take(x, 1), lambda x: x[..., 0] * x, lambda x: np.where(x[..., 0] > x, x[..., 0], x),
        lambda x: np.cumsum(x)[..., -1],
    ],
)  # fmt: skip
@pytest.mark.parametrize("arrays", ["numpy", "numba"])
def test_one_element_is_a_number(f, arrays):
    """NumPy makes an array without axes of some: shared with the caller's, and not for numba's loops."""
    if arrays == "numba":
        pytest.importorskip("numba")
    for x in (np.arange(4.0), np.arange(3000.0)):
        c = compile(f, backend=arrays)
        for _ in range(2):
            found = c(x)
            for a, b in zip(
                *[v if isinstance(v, tuple) else (v,) for v in (found, plain(f(Value(x))))], strict=True
            ):
                np.testing.assert_allclose(a, b, rtol=1e-15)
                assert np.shape(b) or not isinstance(a, np.ndarray)


@pytest.mark.parametrize("f", [np.sum, np.mean, lambda x: np.sum(x, axis=-1), np.max])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (9,), (3, 1)])
def test_the_sign_of_a_sum_of_zeros(f, shape, backend):
    f = (
        f
        if shape or f is np.max
        else (lambda x, f=f: f(x, axis=None) if f in (np.sum, np.mean) else np.sum(x))
    )
    x = np.full(shape, -0.0)[()]
    c = compile(f, backend=backend if not shape or backend != "python" else None)
    same_bits(c(x), plain(f(Value(x))))


def test_a_compiled_function_takes_the_text_of_its_code_along():
    def calls(n):
        for i in range(n):
            c = compile(lambda x, i=i: np.sum(x * i))
            for x in (1.5, 2.5, X, X):
                c(x)
        gc.collect()
        return [name for name in linecache.cache if name.startswith("<compiled <lambda>")]

    before = len(calls(1))
    assert len(calls(20)) <= before


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_sign_of_a_product_of_zeros(n, backend):
    a, b = np.full((2, n), -0.0), np.ones((n, 2))
    for f in (lambda a, b: a @ b, lambda a, b: a[0] @ b[:, 0]):
        same_bits(
            compile(f, backend=backend if backend != "python" else None)(a, b), plain(f(Value(a), Value(b)))
        )
