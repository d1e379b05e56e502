"""A message names the function that Values were given to, and what is written instead (0.5 s, SciPy's import apart)."""

import math
import re

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.sparse
import scipy.special
import scipy.stats
from numpy.lib import recfunctions

import autograd
from autograd import Value, gradients, primitive, special, stop_gradient
from autograd.foreign import INSTEAD, instead

V, S = Value([1.0, 2.0, 3.0]), Value(2.0)
A = Value([[2.0, 1.0], [1.0, 3.0]])
EYE = scipy.sparse.csr_array(np.eye(3))
DIAGONAL = scipy.sparse.csr_matrix(np.diag([1.0, 2.0, 3.0]))

GIVEN = {
    "scipy.linalg.solve_triangular": (
        lambda: scipy.linalg.solve_triangular(A, np.ones(2)),
        "np.linalg.solve(A, b)",
    ),
    "scipy.linalg.cho_factor": (lambda: scipy.linalg.cho_factor(A), "np.linalg.cholesky(A)"),
    "scipy.linalg.expm": (lambda: scipy.linalg.expm(A), "autograd.primitive"),
    "scipy.special.logsumexp": (lambda: scipy.special.logsumexp(V), "autograd.special.logsumexp(v, axis)"),
    "scipy.special.softmax": (lambda: scipy.special.softmax(V), "autograd.special.softmax(v, axis)"),
    "scipy.special.struve": (lambda: scipy.special.struve(0.0, V), "autograd.primitive"),
    "scipy.stats": (lambda: scipy.stats.norm.logpdf(V), "write its formula"),
    "scipy.sparse": (lambda: EYE @ V, "S.toarray() @ v"),
    "scipy.sparse ": (lambda: V @ EYE, "primitive(lambda g, out, x: S.T @ g)"),
    "scipy.optimize.minimize": (lambda: scipy.optimize.minimize(np.sum, V), "optim.minimize(f, x0)"),
    "np.vectorize": (lambda: np.vectorize(abs)(V), "call the function on the Value itself"),
    "np.full": (lambda: np.full(3, S), "np.ones(shape) * v"),
    "np.stack": (lambda: np.stack([[S, S], [S, S]]), "np.stack([np.stack(row) for row in rows])"),
    "np.vstack": (lambda: np.vstack([[S, S], [S, S]]), "np.stack([np.stack(row) for row in rows])"),
    "np.testing.assert_allclose": (lambda: np.testing.assert_allclose(V, V), "pass it v.data"),
    "np.save": (lambda: np.save("nowhere.npy", V), "pass it v.data"),
    "np.savetxt": (lambda: np.savetxt("nowhere.txt", V), "pass it v.data"),
    "np.linspace": (lambda: np.linspace([S], 1.0, 3), "np.linspace(np.stack([...]))"),
    "np.mean": (lambda: np.mean([S, S]), "join Values that are in a list, np.mean(np.stack([...]))"),
    "np.linalg.norm": (lambda: np.linalg.norm([S, S]), "np.linalg.norm(np.stack([...]))"),
    "np.polynomial": (lambda: np.polynomial.Polynomial(V), "np.polyval(v[::-1], x)"),
    "np.ndenumerate": (lambda: list(np.ndenumerate(V)), "np.ndindex(v.shape)"),
    "np.lib.as_strided": (
        lambda: np.lib.stride_tricks.as_strided(V, (2, 2), (8, 8)),
        "sliding_window_view(v, n)",
    ),
    "np.fft.fft": (lambda: np.fft.fft(V), "real and the imaginary part as two Values"),
    "np.fft.rfft": (lambda: np.fft.rfft(V), "np.fft.fft(np.eye(n)).real @ v"),
    "np.fill_diagonal": (lambda: np.fill_diagonal(np.ones((3, 3)), S), "np.eye(n, dtype=bool)"),
    "np.piecewise": (
        lambda: np.piecewise(np.ones(2), [[True, False]], [lambda t: t * S]),
        "np.where(condition, x, y)",
    ),
    "np.isnat": (lambda: np.isnat(V), "keep dates in plain arrays"),
    "np.lib.recfunctions.drop_fields": (
        lambda: recfunctions.drop_fields(V, "a"),
        "each field as a Value of its own",
    ),
}


@pytest.mark.parametrize(("name", "call", "mend"), [(k, *v) for k, v in GIVEN.items()], ids=GIVEN)
def test_the_function_is_named_and_what_to_write_instead(name, call, mend):
    with pytest.raises(TypeError) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(name.strip()) and mend in message
    assert "v.data" in message or ".data leave the graph" in message


def test_what_is_written_instead_works():
    known = {
        **dict(
            np=np, autograd=autograd, v=V / 4 + 1, w=V, A=A, b=np.ones(2), axis=-1, n=3, shape=3, degree=1
        ),
        **dict(x=V, y=V, start=S, stop=1.0, condition=V > 2, S=DIAGONAL, real=V, imaginary=V),
        **dict(primitive=primitive, math=math, scipy=scipy, d=2),
    }
    tried = 0
    for name, mend in INSTEAD.items():
        if mend.startswith("write ") and "(" in mend and "optim." not in mend:
            for code in mend.removeprefix("write ").split(", or ")[:1]:
                found = eval(code, dict(known))
                assert isinstance(found, Value) or isinstance(found[0], Value), name
                tried += 1
    assert tried > 10
    for name in [k for k in INSTEAD if INSTEAD[k].startswith("write np.linalg.") and "(" not in INSTEAD[k]]:
        function = getattr(np.linalg, INSTEAD[name].rpartition(".")[2])
        found = function(A, np.ones(2), rcond=None) if name.endswith("lstsq") else None
        found = function(A, np.ones(2)) if name.endswith(".solve") else found or function(A)
        assert isinstance(found, Value) or isinstance(found[0], Value), name
    product = primitive(lambda g, out, x: DIAGONAL.T @ g)(lambda x: DIAGONAL @ x)
    np.testing.assert_array_equal(gradients(np.sum(product(V)), V), [1.0, 2.0, 3.0])
    assert instead("np.sin") == ""


def fit(line):
    x = np.array([0.0, 1.0, 2.0, 3.0])
    return np.linalg.lstsq(np.vander(x, 2), line, rcond=None)[0]


def test_the_fourier_transform_as_two_products_and_a_fitted_line():
    n, v = 5, Value(np.random.default_rng(0).normal(size=5))
    f = np.fft.fft(np.eye(n))
    np.testing.assert_allclose((f.real @ v).data + 1j * (f.imag @ v).data, np.fft.fft(v.data), atol=1e-14)
    y = np.array([1.0, 3.0, 2.0, 5.0])
    np.testing.assert_allclose(fit(Value(y)).data, np.polyfit([0.0, 1.0, 2.0, 3.0], y, 1), rtol=1e-12)


# --- writing into a plain array ---------------------------------------------------------------


def written(make, at):
    def f(v):
        y = make(np.zeros(3))
        y[at] = v[at]
        return np.sum(y * y)

    return f


RECORDING = lambda zeros: Value(zeros, requires_grad=False)


@pytest.mark.parametrize("at", [0, slice(1), ..., np.array([0, 2])], ids=["int", "slice", "all", "array"])
def test_a_plain_array_that_is_written_into_says_how_to_make_it(at):
    f, x = written(lambda zeros: zeros, at), np.array([1.0, 2.0, 3.0])
    for run in (autograd.grad(f), autograd.compile(f)):
        with pytest.raises((TypeError, ValueError)) as caught:
            run(x)
        said = caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
        assert "y[i] = v" in str(said) and "y = Value(np.zeros(shape), requires_grad=False)" in str(said)
    f, hit = written(RECORDING, at), np.zeros(3)
    hit[at] = 2 * x[at]
    np.testing.assert_array_equal(autograd.grad(f)(x), hit)
    np.testing.assert_array_equal(autograd.compile(autograd.grad(f))(x), hit)


def test_other_ways_out_speak_of_themselves():
    seen = {}
    with pytest.raises(TypeError, match=r"float\(\) would drop"):
        seen["x"] = float(S)
    with pytest.raises(TypeError, match=r"np\.asarray\(\) would drop"):
        seen["x"] = np.asarray(V)


# --- compiled ---------------------------------------------------------------------------------

UNKNOWN = {
    "np.extract": lambda v: np.sum(np.extract(v > 1, v)),
    "np.compress": lambda v: np.sum(np.compress(v > 1, v)),
    "np.interp": lambda v: np.sum(np.interp(v, [0.0, 1.0], [0.0, 2.0])),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_function_that_looks_at_numbers_is_named_when_compiled(name):
    with pytest.raises(TypeError, match=f"{name} inside a compiled function .* compute it outside"):
        autograd.compile(UNKNOWN[name])(np.array([1.0, 2.0]))


# --- an index that is computed ----------------------------------------------------------------


def at_floor(x, k):
    return x[stop_gradient(k).astype(int)] ** 2


def test_a_constant_integer_value_is_an_index_eager_as_compiled():
    x = np.array([1.0, 2.0, 3.0])
    fast = autograd.compile(at_floor).value_and_grad
    for k in (0.3, 1.7, 2.2):
        y, g = autograd.value_and_grad(at_floor)(x, Value(k))
        z, h = fast(x, k)
        assert y == z == x[int(k)] ** 2
        np.testing.assert_array_equal(g, h)
        assert g[int(k)] == 2 * x[int(k)] and np.count_nonzero(g) == 1


def test_the_index_is_that_of_the_call_where_it_changes_later():
    k = Value([0, 2], requires_grad=False, dtype=int)
    eager = V[k]
    fast = autograd.compile(autograd.grad(lambda v: np.sum(v[k] * v[1])))
    np.testing.assert_array_equal(fast(V.data), [2.0, 4.0, 2.0])
    k.data = np.array([1, 1])
    np.testing.assert_array_equal(fast(V.data), [0.0, 8.0, 0.0])
    np.testing.assert_array_equal(gradients(np.sum(eager), V), [1.0, 0.0, 1.0])
    y = V * 1
    y[k[:1]] = 5.0
    np.testing.assert_array_equal(y.data, [1.0, 5.0, 3.0])


def test_truth_values_are_an_index_and_floats_are_not():
    mask = Value([True, False, True], requires_grad=False)
    np.testing.assert_array_equal(V[mask].data, [1.0, 3.0])
    np.testing.assert_array_equal(Value(np.eye(3))[mask, 0].data, [1.0, 0.0])
    for k in (S, Value(1.0, requires_grad=False)):
        with pytest.raises(IndexError, match=r"dtype float64.*stop_gradient\(v\)\.astype\(int\)"):
            V[k]
    with pytest.raises(TypeError, match=r"stop_gradient\(v\)\.astype\(int64\)"):
        S.astype(np.int64)


# --- axes, extras -----------------------------------------------------------------------------


def test_what_is_no_axis_is_named():
    for call in (lambda: special.softmax(A, axis=(0, 1)), lambda: A.log_softmax((0, 1))):
        with pytest.raises(TypeError, match=r"axis=\(0, 1\) is not an int; pass one int"):
            call()
    with pytest.raises(TypeError, match=r"axis=1\.5 is not an int"):
        np.sum(A, axis=1.5)


def test_an_extra_is_what_the_function_returned():
    def f(v):
        return np.sum(v * v), {"twice": v * 2, "three": 3}

    g, extra = autograd.grad(f, has_aux=True)(V.data)
    assert isinstance(extra["twice"], Value) and extra["three"] == 3
    np.testing.assert_array_equal(extra["twice"].data, g)
    _, plain = autograd.compile(autograd.grad(f, has_aux=True))(V.data)
    assert type(plain["twice"]) is np.ndarray


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("elementwise_grad", "write grad("),
        ("jit", "write autograd.compile(f)"),
        ("Hessian", "write autograd.hessian"),
    ],
)
def test_functions_of_other_libraries_say_what_is_written_here(name, says):
    with pytest.raises(
        AttributeError, match=re.escape(f"module 'autograd' has no attribute {name!r}; {says}")
    ):
        getattr(autograd, name)
