"""Every function of NumPy's that asks a Value has an answer; how people make arrays of Values (3 s)."""

import math
import re

import mpmath
import numpy as np
import numpy.char
import numpy.fft
import numpy.lib.recfunctions
import numpy.polynomial
import numpy.strings
import pytest
from numpy.testing import overrides

from autograd import Value, grad
from autograd.check import check_grads
from autograd.foreign import instead
from autograd.messages import name_of
from autograd.rules.table import CONSTANT, FUNCTIONS, REFUSED, UFUNCS

# --- every function is answered -------------------------------------------------------------


def answered(function):
    return (
        function in {**UFUNCS, **FUNCTIONS, **REFUSED} or function in CONSTANT or instead(name_of(function))
    )


def public(function):
    """What a function is called by: NumPy has a second one for like=, which asks in the name of the first."""
    return getattr(np, function.__name__, function)


def test_every_function_that_asks_a_value_is_answered():
    functions = overrides.get_overridable_numpy_array_functions()
    assert len(functions) > 290
    unanswered = sorted(name_of(f) for f in functions if not answered(f) and not answered(public(f)))
    assert not unanswered, f"with no rule, not in rules/plain.py, nothing in foreign.INSTEAD: {unanswered}"


def test_every_ufunc_is_answered():
    numeric = [
        f for f in overrides.get_overridable_numpy_ufuncs() if f.types
    ]  # of text there are no numeric loops
    assert len(numeric) > 80
    unanswered = sorted(name_of(f) for f in numeric if not answered(f))
    assert not unanswered, f"with no rule, not in rules/plain.py, nothing in foreign.INSTEAD: {unanswered}"


def test_a_new_function_would_show():
    new = np.frompyfunc(lambda x: x, 1, 1)
    assert not answered(new) and not answered(test_a_new_function_would_show)


def test_an_answer_is_of_one_kind():
    kinds = [set(UFUNCS) | set(FUNCTIONS), CONSTANT, set(REFUSED)]
    assert sum(map(len, kinds)) == len(set().union(*kinds))


# --- without gradient, with NumPy's own answer -------------------------------------------------

V, S = Value([3.0, 1.0, 2.0]), Value(2.0)
M = Value(np.arange(6.0).reshape(2, 3))
IDS = Value(np.array([1, 0, 2]), requires_grad=False)
PLAIN = {
    "isin": lambda v, m, i: np.isin(m, v),
    "imag": lambda v, m, i: np.imag(m),
    "can_cast": lambda v, m, i: np.can_cast(np.float32, m.dtype) and np.can_cast(v, np.float64),
    "common_type": lambda v, m, i: np.common_type(v, m),
    "min_scalar_type": lambda v, m, i: np.min_scalar_type(v),
    "tril_indices_from": lambda v, m, i: np.tril_indices_from(m),
    "triu_indices_from": lambda v, m, i: np.triu_indices_from(m, 1),
    "diag_indices_from": lambda v, m, i: np.diag_indices_from(m[:, :2]),
    "einsum_path": lambda v, m, i: np.einsum_path("ij,j", m, v)[0],
    "unravel_index": lambda v, m, i: np.unravel_index(i, (2, 3)),
    "ravel_multi_index": lambda v, m, i: np.ravel_multi_index((i, i), (3, 3)),
    "bitwise": lambda v, m, i: [np.bitwise_and(i, 1), np.bitwise_or(i, 4), np.left_shift(i, 2), np.invert(i)],
    "gcd": lambda v, m, i: [np.gcd(i, 6), np.lcm(i, 4)],
    "bincount": lambda v, m, i: np.bincount(i),
    "histogram": lambda v, m, i: np.histogram(v, [0.0, 2.0, 4.0])[0],
    "frexp": lambda v, m, i: np.frexp(v)[1],
    "like=": lambda v, m, i: [
        np.zeros(2, like=v),
        np.ones((2, 1), like=v),
        np.eye(2, like=v),
        np.tri(2, like=v),
    ],
    "unique": lambda v, m, i: np.unique(m, True, True, True)[1:],
    "arange": lambda v, m, i: np.arange(3, like=v),
    "full": lambda v, m, i: np.full((2, 2), 0.5, like=v),
    "full_like": lambda v, m, i: np.full_like(m, 7.0),
}


@pytest.mark.parametrize("name", PLAIN)
def test_numpys_own_answer(name):
    found, expected = PLAIN[name](V, M, IDS), PLAIN[name](V.data, M.data, IDS.data)
    pairs = (
        list(zip(found, expected, strict=True)) if isinstance(found, list | tuple) else [(found, expected)]
    )
    for ours, theirs in pairs:
        assert not isinstance(ours, Value)
        assert type(ours) is type(theirs)
        np.testing.assert_array_equal(ours, theirs)


# --- refused, with what is written instead ----------------------------------------------------

NEW = np.array([7.0, 8.0])
INSTEAD_OF = {
    np.copyto: (lambda: np.copyto(np.zeros(3), V), "np.where(where, src, y)"),
    np.put: (lambda: np.put(V, [0], 1.0), "y[ids] = new"),
    np.put_along_axis: (
        lambda: np.put_along_axis(M, np.array([[0], [1]]), 1.0, 1),
        "y[np.arange(len(y))[:, None], ids] = new",
    ),
    np.place: (lambda: np.place(V, V > 1, 0.0), "np.where(mask, new, v)"),
    np.putmask: (lambda: np.putmask(np.zeros(3), V > 1, V), "np.where(mask, new, v)"),
    np.fill_diagonal: (lambda: np.fill_diagonal(M, 1.0), "np.where(np.eye(len(v), dtype=bool), new, v)"),
    np.roots: (lambda: np.roots(V), "a step of Newton's"),
    np.sort_complex: (lambda: np.sort_complex(V), "np.sort(v)"),
    np.require: (lambda: np.require([1.0], like=V), "leave it out"),
    np.save: (
        lambda: np.save("nowhere.npy", V),
        "np.save writes plain numbers, without name or gradient: pass it v.data",
    ),
    np.savez: (lambda: np.savez("nowhere.npz", V), "pass it v.data"),
    np.savez_compressed: (lambda: np.savez_compressed("nowhere.npz", v=V), "pass it v.data"),
    np.savetxt: (lambda: np.savetxt("nowhere.txt", V), "pass it v.data"),
    np.emath.sqrt: (
        lambda: np.emath.sqrt(V),
        "np.emath.sqrt is complex outside the domain of the real function",
    ),
    np.emath.log: (lambda: np.emath.log(V), "np.log(v)"),
    np.emath.log2: (lambda: np.emath.log2(V), "np.log2(v)"),
    np.emath.log10: (lambda: np.emath.log10(V), "np.log10(v)"),
    np.emath.logn: (lambda: np.emath.logn(2, V), "np.log(v) / np.log(n)"),
    np.emath.power: (lambda: np.emath.power(V, 2), "np.power(v)"),
    np.emath.arccos: (lambda: np.emath.arccos(V), "np.arccos(v)"),
    np.emath.arcsin: (lambda: np.emath.arcsin(V), "np.arcsin(v)"),
    np.emath.arctanh: (lambda: np.emath.arctanh(V), "np.arctanh(v)"),
}


@pytest.mark.parametrize("function", INSTEAD_OF, ids=lambda f: f.__name__)
def test_refused(function, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, mend = INSTEAD_OF[function]
    with pytest.raises(TypeError, match=re.escape(mend)) as caught:
        call()
    assert function.__name__ in str(caught.value) and ".data" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_every_refusal_of_this_file_s_kind_is_tried():
    assert set(REFUSED) - {np.linalg.eig, np.linalg.eigvals} == set(INSTEAD_OF)


def test_what_is_written_instead_of_writing_in_place():
    def put(v, new):
        y = v.reshape(-1) * 1
        y[[0, 2]] = new
        return y

    def put_along(v, new):
        y, ids = v * 1, np.array([[0], [1]])
        y[np.arange(len(y))[:, None], ids] = new[:, None]
        return y

    def filled(v, new):
        return np.where(np.eye(len(v), dtype=bool), new[:, None], v)

    expected = M.data.copy()
    np.put(expected, [0, 2], NEW)
    np.testing.assert_array_equal(put(M, Value(NEW)).data, expected.reshape(-1))
    expected = M.data.copy()
    np.put_along_axis(expected, np.array([[0], [1]]), NEW[:, None], 1)
    np.testing.assert_array_equal(put_along(M, Value(NEW)).data, expected)
    square = np.ones((2, 2))
    expected = square.copy()
    np.fill_diagonal(expected, NEW)
    np.testing.assert_array_equal(filled(Value(square), Value(NEW)).data, expected)
    for f in (put, put_along, filled):
        check_grads(f, square if f is filled else M.data, NEW, order=2)


def test_a_root_by_a_step_of_newtons():
    def root(v):
        r = np.roots(v.data if isinstance(v, Value) else v).real.max()
        return r - np.polyval(v, r) / np.polyval(np.polyder(v.data if isinstance(v, Value) else v), r)

    slope = grad(root)(np.array([1.0, -3.0, 2.0]))  # x^2 - 3 x + 2: the root 2 moves by -2^k per coefficient
    np.testing.assert_allclose(slope, [-4.0, -2.0, -1.0])


# --- how people make arrays of Values --------------------------------------------------------

X, Y = 0.75, 1.5
WAYS = {
    "np.stack([x, y])": lambda x, y: np.stack([x, y]),
    "np.stack with numbers": lambda x, y: np.stack([x, 2.0, y]),
    "np.hstack with numbers": lambda x, y: np.hstack([x, 2.0, np.stack([y, y])]),
    "np.concatenate with a list": lambda x, y: np.concatenate([np.stack([x, y]), [1.0, 2.0]]),
    "np.block of rows": lambda x, y: np.block([[x, y], [2.0, x]]),
    "np.array(like=)": lambda x, y: np.array([[x, y], [1.0, x]], like=x if isinstance(x, Value) else np.zeros(0)),
    "np.asarray(like=)": lambda x, y: np.asarray([x, y], like=x if isinstance(x, Value) else np.zeros(0)),
    "np.full(like=)": lambda x, y: np.full((2, 2), x, like=x if isinstance(x, Value) else np.zeros(0)),
    "np.zeros(3) + x": lambda x, y: np.zeros(3) + x,
    "np.append": lambda x, y: np.append(np.stack([x, y]), x * y),
    "sum of a list": lambda x, y: sum([x, y, 1.0]),
    "math.prod": lambda x, y: math.prod([x, y, 2.0]),
    "sorted": lambda x, y: np.stack(sorted([y, x])),
    "max and min": lambda x, y: max(x, y) - min([x, y, 2.0]),
    "abs, pow, divmod": lambda x, y: abs(x) + pow(x, 2) + divmod(x, y)[1],
    "np.mgrid": lambda x, y: np.mgrid[0.0:x:3j],
    "np.poly1d": lambda x, y: (np.poly1d(np.stack([x, y])) * np.poly1d([1.0, 2.0]) + 3.0)(0.5),
    "np.poly1d's derivative": lambda x, y: np.poly1d(np.stack([x, y, x])).deriv()(2.0),
    "np.poly1d's integral": lambda x, y: np.poly1d(np.stack([x, y])).integ()(1.0),
    "an array's clip": lambda x, y: np.array([0.0, 1.0, 2.0]).clip(x, y),
    "math in strings": lambda x, y: x * float(f"{2.5:.1f}"),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_a_way_that_works(name):
    f = WAYS[name]
    found = f(Value(X), Value(Y))
    assert isinstance(found, Value) and found.requires_grad
    np.testing.assert_allclose(found.data, f(np.float64(X), np.float64(Y)), rtol=1e-15)
    check_grads(f, X, Y, order=2)


JOIN = "np.stack([...])"
LOST = {
    "np.array([x, y])": (lambda x, y: np.array([x, y]), JOIN),
    "np.array(dtype=)": (lambda x, y: np.array(x, dtype=np.float32), "v.astype(dtype)"),
    "np.asarray(x)": (lambda x, y: np.asarray(x), ".data"),
    "np.float64(x)": (lambda x, y: np.float64(x), ".item()"),
    "float(x)": (lambda x, y: float(x), ".item()"),
    "math.exp(x)": (lambda x, y: math.exp(x), "np.f(value) rather than math.f(value)"),
    "np.exp([x, y])": (lambda x, y: np.exp([x, y]), JOIN),
    "np.sum([x, y])": (lambda x, y: np.sum([x, y]), "np.sum(np.stack([...]))"),
    "np.mean([x, y])": (lambda x, y: np.mean([x, y]), "np.mean(np.stack([...]))"),
    "np.max([x, y])": (lambda x, y: np.max([x, y]), "np.max(np.stack([...]))"),
    "np.dot([x, y], ...)": (lambda x, y: np.dot([x, y], [1.0, 2.0]), JOIN),
    "np.linalg.norm([x, y])": (lambda x, y: np.linalg.norm([x, y]), "np.linalg.norm(np.stack([...]))"),
    "np.linalg.det of rows": (lambda x, y: np.linalg.det([[x, y], [y, x]]), "np.linalg.det(np.stack([...]))"),
    "np.argmax([x, y])": (lambda x, y: np.argmax([x, y]), "np.argmax(np.stack([...]))"),
    "np.random.normal(x, 1)": (lambda x, y: np.random.default_rng(0).normal(x, 1.0), ".data"),
    "v + [x, y]": (lambda x, y: np.ones(2) + [x, y], JOIN),
    "out=": (lambda x, y: np.add(x, y, out=np.zeros(())), "out="),
    "np.sum(out=)": (lambda x, y: np.sum(np.stack([x, y]), out=np.zeros(())), "out="),
    "np.vectorize": (lambda x, y: np.vectorize(math.sin)(np.stack([x, y])), "on the Value itself"),
    "np.roll by x": (lambda x, y: np.roll(np.stack([x, y]), x), "int() would drop the gradient"),
    "range(x)": (lambda x, y: range(x), "stop_gradient(v).astype(int)"),
    "math.floor": (lambda x, y: math.floor(x), "np.f(value)"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_a_way_that_would_lose_the_gradient_says_what_to_write(name):
    f, mend = LOST[name]
    with pytest.raises(TypeError) as caught:
        f(Value(X), Value(Y))
    assert mend in str(caught.value)


def test_python_looks_into_lists_of_values():
    x, y = Value(X), Value(Y)
    assert y in [x, y] and X in [x, y] and 9.0 not in [x, y]
    assert f"{x:.2f} {np.stack([x, y])}" == "0.75 Value([0.75, 1.5 ], op=stack)"


# --- numbers beside the common ones ----------------------------------------------------------


def test_bessel_functions_of_every_order():
    """Derivatives of I0 beside mpmath's."""
    x, f = np.array([-20.0, -3.0, -0.5, 0.0, 1e-8, 0.25, 2.0, 30.0, 200.0]), np.i0

    def series(k):
        return [float(mpmath.diff(lambda t: mpmath.besseli(0, t), v, k)) for v in x]

    for k in range(1, 5):
        f = grad(lambda v, f=f: np.sum(f(v)))
        np.testing.assert_allclose(f(x), series(k), rtol=1e-13, atol=1e-18)
    assert grad(np.i0)(np.float32(1.0)).dtype == np.float32


def test_all_nan_rows_say_so_as_numpys():
    rows = np.array([[np.nan, np.nan], [1.0, 3.0]])
    for f in (lambda v: np.nanmedian(v, axis=1), lambda v: np.nanquantile(v, 0.5, axis=1)):
        with pytest.warns(RuntimeWarning, match="All-NaN slice"):
            expected = f(rows)
        with pytest.warns(RuntimeWarning, match="All-NaN slice"):
            found = f(Value(rows))
        np.testing.assert_array_equal(found.data, expected)
        assert found.data[1] == 2.0


def test_equal_elements_hand_the_gradient_to_the_first():
    x = Value([2.0, 1.0, 2.0])
    np.sum(np.unique(x) * np.array([10.0, 1.0])).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 10.0, 0.0])


def test_a_filled_array_can_be_written_into():
    y = np.full_like(V, S)
    y[0] = S * S
    np.testing.assert_array_equal(y.data, [4.0, 2.0, 2.0])
    assert grad(lambda s: np.sum(np.full_like(V.data, 1.0) * s))(2.0) == 3.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: np.linspace(S, 1.0, -1), "num=-1 must not be negative"),
        (lambda: np.linspace(S, 1.0, 3, dtype=int), "carries no gradient"),
        (lambda: np.geomspace(S, 0.0), "start and stop must not be 0"),
        (lambda: np.meshgrid(V, indexing="yx"), "must be 'xy' or 'ij'"),
        (lambda: np.ix_(M), r"one-dimensional arrays, got shape \(2, 3\)"),
        (lambda: np.block([[V, V], [[V]]]), "nested to different depths"),
        (lambda: np.block([[V], []]), "a list of blocks is empty"),
        (lambda: np.block([V, (V, V)]), "only lists can be nested"),
        (lambda: np.fromiter([S], float, 2, like=S), "the iterator gave 1 numbers, count=2"),
        (lambda: np.fromiter([V, V], float, like=S), "gives arrays, not numbers"),
        (lambda: np.polyadd(M, [1.0]), r"have shape \(2, 3\); give one row"),
        (lambda: np.piecewise(M, M > 1, [1.0, 2.0]), r"a condition has shape \(3,\), x has shape \(2, 3\)"),
        (lambda: np.histogramdd([V, V[:2]], 2), "give rows of one length"),
        (lambda: np.poly(M[:, :2]), "eigenvalues are complex in general"),
        (lambda: np.polyder(V, -1), "m=-1 must not be negative"),
        (lambda: np.polyint(V, -1), "m=-1 must not be negative"),
        (lambda: np.polyint(V, 3, [1.0, 2.0]), "2 constants for 3 integrals"),
        (lambda: np.polyfit(V, V[:2], 1), r"x of shape \(3,\), y of shape \(2,\)"),
        (lambda: np.polyfit(V, V, 1, w=V[:2]), r"w has shape \(2,\), x has shape \(3,\)"),
        (lambda: np.polyfit(V, V, 2, cov=True), "3 points are too few"),
        (lambda: np.trim_zeros(V, "x"), "must be 'fb', 'f' or 'b'"),
        (lambda: np.bincount([0, 1], V), r"weights has shape \(3,\), x has shape \(2,\)"),
        (lambda: np.histogram(V, weights=V[:2]), r"weights has shape \(2,\), the data \(3,\)"),
        (lambda: np.histogramdd(M, bins=[2, 2]), "2 bins and 3 ranges for 3 dimensions"),
        (lambda: np.apply_along_axis(np.sum, 0, Value(np.zeros((2, 0)))), "has no row along axis 0"),
        (lambda: np.apply_over_axes(lambda a, axis: a[0, 0], M, 0), "the function made shape"),
        (lambda: np.piecewise(V, [V > 1], [1.0, 2.0, 3.0]), "3 functions for 1 conditions"),
        (lambda: np.nanquantile(V, S), "np.nanquantile: q is a Value"),
        (lambda: np.nanpercentile(V, S), "np.nanpercentile: q is a Value"),
        (lambda: np.lib.stride_tricks.sliding_window_view(V, 4), "a window of 4 does not fit an axis of 3"),
        (lambda: np.lib.stride_tricks.sliding_window_view(V, -1), "a window of -1 does not fit"),
        (lambda: np.lib.stride_tricks.sliding_window_view(M, 2), "1 window lengths for 2 axes"),
        (
            lambda: np.lib.stride_tricks.sliding_window_view(V, 2, writeable=True),
            "writeable= is not supported",
        ),
    ],
)
def test_a_call_without_meaning_says_what_is_wrong(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="of NumPy 2.1")
def test_running_sums_of_several_axes_name_one():
    for f in (np.cumulative_sum, np.cumulative_prod):
        with pytest.raises(ValueError, match="has several axes; name one"):
            f(M)
