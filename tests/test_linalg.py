"""np.linalg beyond the cases of tests/cases_linalg.py: edges, conventions, refusals, the list of functions. 3 s."""

import numpy as np
import pytest

from autograd import Value, compile, grad, gradients, hessian, jacobian, jvp, value_and_grad, vjp
from autograd.check import locate
from autograd.rules.table import CONSTANT, FUNCTIONS, REFUSED
from tests import numeric

la = np.linalg
LinAlgError = np.linalg.LinAlgError
EYE = np.eye(3)
RANK_ONE = np.array([[1.0, 2.0], [2.0, 4.0]])
RNG = np.random.default_rng(0)
SYMMETRIC = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 1.0]])
C = np.array([[0.5, -1.0, 2.0], [1.5, 1.0, -0.25], [-2.0, 0.75, 1.0]])


def near(actual, expected, rtol=1e-12):
    expected = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * np.abs(expected).max(initial=1e-300))


# --- the list of functions --------------------------------------------------------------------


def test_every_function_is_differentiated_or_answers_or_is_refused():
    functions = {getattr(la, name) for name in la.__all__} - {LinAlgError}
    assert functions & CONSTANT == {la.matrix_rank}
    assert functions & set(REFUSED) == {la.eig, la.eigvals}
    assert functions - CONSTANT - set(REFUSED) <= set(FUNCTIONS)


def test_what_answers_is_plain():
    rank = la.matrix_rank(Value(RANK_ONE))
    assert rank == 1 and not isinstance(rank, Value)


@pytest.mark.parametrize("f", [la.eig, la.eigvals])
def test_what_is_complex_is_refused_and_eigh_named(f):
    with pytest.raises(TypeError, match=rf"np.linalg.{f.__name__}: .* complex .* np.linalg.eigh or eigvalsh"):
        f(Value(C))


@pytest.mark.parametrize(
    ("f", "fields"),
    [
        (la.slogdet, ("sign", "logabsdet")),
        (la.qr, ("Q", "R")),
        (la.eigh, ("eigenvalues", "eigenvectors")),
        (la.svd, ("U", "S", "Vh")),
    ],
)
def test_several_results_have_numpys_names(f, fields):
    found = f(Value(SYMMETRIC))
    assert type(found) is type(f(SYMMETRIC))
    assert found._fields == fields and all(isinstance(part, Value) for part in found)


def test_lstsq_returns_what_numpy_returns():
    a, b = RNG.normal(size=(4, 2)), RNG.normal(size=4)
    for ours, theirs in zip(la.lstsq(Value(a), b), la.lstsq(a, b), strict=True):
        near(numeric.data(ours), theirs)
    assert type(la.lstsq(Value(a), b)[2]) is type(la.lstsq(a, b)[2]) is np.int32
    assert la.lstsq(Value(a.T), b[:2])[1].shape == (0,)


# --- formulas known by heart --------------------------------------------------------------------


def test_by_hand():
    x = SYMMETRIC
    inverse = la.inv(x)
    near(grad(la.det)(x), la.det(x) * inverse.T)
    near(grad(lambda x: la.slogdet(x).logabsdet)(x), inverse.T)
    near(grad(lambda x: la.slogdet(-x).logabsdet)(x), inverse.T)
    near(grad(lambda x: np.sum(C * la.inv(x)))(x), -inverse.T @ C @ inverse.T)
    near(grad(lambda x: np.sum(la.eigvalsh(x)))(x), EYE, 1e-11)
    near(grad(lambda x: np.sum(la.eigvalsh(x) ** 2))(x), 2 * x, 1e-11)
    near(grad(lambda x: 2 * np.sum(np.log(np.diagonal(la.cholesky(x)))))(x), inverse, 1e-11)
    near(grad(lambda x: np.sum(np.log(abs(np.diagonal(la.qr(x).R)))))(C), la.inv(C).T, 1e-11)
    near(grad(lambda x: np.sum(la.svdvals(x) ** 2))(C), 2 * C, 1e-11)
    near(grad(lambda x: la.norm(x, "nuc"))(2 * x), EYE, 1e-11)  # positive definite: the trace
    near(grad(lambda x: np.sum(C * la.pinv(x)))(x), -inverse.T @ C @ inverse.T, 1e-10)


def test_the_third_derivative_of_det_is_a_number():
    def f(t):
        return la.det(np.diag(np.stack([t, 2 * t, 3 * t])))

    near(grad(grad(grad(f)))(0.5), 36.0)


def test_the_sign_of_a_determinant_is_constant():
    near(grad(lambda x: la.slogdet(x).sign)(C), np.zeros((3, 3)))


# --- symmetric matrices ---------------------------------------------------------------------------


def lower_only(f):
    """`f` of a matrix as a function of its lower triangle alone, the other mirrored."""
    return lambda x: f(np.tril(x) + np.tril(x, -1).swapaxes(-1, -2))


@pytest.mark.parametrize(
    "f",
    [
        la.cholesky,
        lambda x: la.cholesky(x, upper=True),
        la.eigvalsh,
        lambda x: la.eigvalsh(x, "U"),
        lambda x: (lambda w, v: (v * np.exp(w)) @ v.mT)(*la.eigh(x)),
    ],
)
def test_the_gradient_of_a_symmetric_matrix_is_symmetric(f):
    _, pullback = vjp(f, SYMMETRIC)
    g = pullback(C if f(SYMMETRIC).ndim == 2 else C[0])[0]
    near(g, g.T)
    _, pullback = vjp(lower_only(f), SYMMETRIC)
    lower = pullback(C if f(SYMMETRIC).ndim == 2 else C[0])[0]
    near(lower, np.tril(g) + np.tril(g, -1))  # one number stands at two places


OF_SYMMETRIC = {
    "cholesky": la.cholesky,
    "eigh": lambda x: la.eigh(x).eigenvalues,
    "eigvalsh": lambda x: la.eigvalsh(x, "U"),
}


@pytest.mark.parametrize("name", OF_SYMMETRIC)
def test_a_matrix_that_is_not_symmetric_is_refused(name):
    x = SYMMETRIC + np.triu(C, 1) * 1e-6
    with pytest.raises(
        LinAlgError, match=rf"np.linalg.{name}: a matrix is not symmetric.* use \(a \+ a.mT\) / 2"
    ):
        OF_SYMMETRIC[name](Value(x))
    rounded = SYMMETRIC + np.triu(C, 1) * 1e-15
    near(OF_SYMMETRIC[name](Value(rounded)).data, OF_SYMMETRIC[name](SYMMETRIC))


def test_a_decomposition_is_remembered_by_its_numbers():
    x = np.diag([1.0, 2.0])
    first = la.eigh(Value(x))
    first.eigenvalues.data[0] = 7.0  # what is written into a result reaches no other
    x[1, 1] = 3.0
    np.testing.assert_array_equal(la.eigh(Value(x)).eigenvalues.data, [1.0, 3.0])
    np.testing.assert_array_equal(la.svd(Value(x)).S.data, [3.0, 1.0])
    np.testing.assert_array_equal(la.eigh(Value(x.astype(np.float32))).eigenvalues.data, [1.0, 3.0])
    np.testing.assert_array_equal(la.eigh(Value(-x)).eigenvalues.data, [-3.0, -1.0])


def test_the_local_rules_are_right_for_the_checker():
    def f(x):
        w, v = la.eigh(x @ x.mT + 2 * EYE)
        u, s, vh = la.svd(x)
        return (
            np.sum(C * (v * np.sin(w)) @ v.mT)
            + np.sum(C * (u * s**2) @ vh)
            + np.sum(la.cholesky(x.mT @ x + EYE))
        )

    assert locate(f(Value(C)), derivatives=2) == []


# --- singular matrices ----------------------------------------------------------------------------


def test_det_has_two_derivatives_where_it_is_zero():
    near(grad(la.det)(RANK_ONE), [[4.0, -2.0], [-2.0, 1.0]])
    near(grad(la.det)(np.zeros((3, 3))), np.zeros((3, 3)))
    near(grad(la.det)(np.diag([2.0, 3.0, 0.0])), np.diag([0.0, 0.0, 6.0]))
    x = np.diag([2.0, 0.0, 0.0])
    near(grad(la.det)(x), np.zeros((3, 3)))
    second = hessian(la.det)(x)
    expected = np.zeros((3, 3, 3, 3))
    expected[1, 1, 2, 2] = expected[2, 2, 1, 1] = 2.0
    expected[1, 2, 2, 1] = expected[2, 1, 1, 2] = -2.0
    near(second, expected)
    with pytest.raises(LinAlgError, match=r"np.linalg.det, third derivative: a matrix is singular"):
        grad(lambda x: np.sum(C * grad(lambda x: np.sum(C * grad(la.det)(x)))(x)))(x)


def test_det_near_a_singular_matrix():
    """Cofactors are polynomials: as accurate there as anywhere."""
    for t in (1e-3, 1e-7, 1e-13, 1e-17, 0.0):
        x = RANK_ONE + np.array([[0.0, 0.0], [0.0, t]])
        near(grad(la.det)(x), [[x[1, 1], -2.0], [-2.0, 1.0]], 1e-14)
        three = np.diag([1.0, 2.0, t]) @ C
        near(grad(la.det)(three), np.diag([2 * t, t, 2.0]) @ (la.det(C) * la.inv(C).T), 1e-12)


def test_nan_passes_on():
    x = np.array([[1.0, np.nan], [0.0, 1.0]])
    for f in (la.det, lambda x: la.slogdet(x).logabsdet, lambda x: np.sum(la.inv(x)), la.norm):
        with np.errstate(invalid="ignore"):  # NumPy's own warning
            assert np.isnan(grad(f)(x)).any()


def test_det_of_a_stack_with_a_singular_matrix():
    x = np.stack([C, np.diag([2.0, 3.0, 0.0])])
    near(grad(lambda x: np.sum(la.det(x)))(x), [la.det(C) * la.inv(C).T, np.diag([0.0, 0.0, 6.0])])


SINGULAR = {
    "inv": lambda x: la.inv(x),
    "solve": lambda x: la.solve(x, np.ones(2)),
    "slogdet": lambda x: la.slogdet(x).logabsdet,
    "qr": lambda x: la.qr(x).Q,
    "lstsq": lambda x: la.lstsq(x, np.ones(2))[0],
    "tensorinv": lambda x: la.tensorinv(x, ind=1),
    "matrix_power": lambda x: la.matrix_power(x, -1),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_matrix_is_named(name):
    named = "inv" if name in ("tensorinv", "matrix_power") else name
    with pytest.raises(LinAlgError, match=rf"np\.linalg\.{named}: .*(singular|rank)"):
        np.sum(SINGULAR[name](Value(RANK_ONE))).backward()


def test_a_matrix_that_is_not_positive_definite_is_named():
    with pytest.raises(LinAlgError, match=r"np.linalg.cholesky: a matrix is not positive definite; add"):
        la.cholesky(Value(-EYE))


def test_a_matrix_of_nan_is_named():
    with pytest.raises(LinAlgError, match=r"np.linalg.svd: the matrix holds a NaN"):
        la.svd(Value(np.full((2, 2), np.nan)))


def test_the_columns_of_a_tall_matrix_must_be_independent():
    tall = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    for f in (lambda x: la.svd(x, False).U, lambda x: la.svd(x.T, False).Vh, lambda x: la.qr(x).R):
        with pytest.raises(LinAlgError, match="a matrix of rank less than 2"):
            np.sum(f(Value(tall))).backward()
    near(grad(lambda x: la.svd(x, False).S[0])(tall), tall / la.norm(tall))
    with pytest.raises(LinAlgError, match=r"np.linalg.lstsq: a of shape \(3, 2\) has rank 1"):
        la.lstsq(Value(tall), np.ones(3))


def test_pinv_where_the_rank_stays():
    a, b = RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3))
    numeric.check_first_order(lambda a, b: la.pinv(a @ b, rtol=1e-10), [a, b], 0)
    near(grad(lambda x: np.sum(la.pinv(x)))(np.zeros((2, 3))), np.zeros((2, 3)))


# --- equal eigenvalues and singular values --------------------------------------------------------

VALUES_ALONE = {
    "eigvalsh": la.eigvalsh,
    "eigh": lambda x: la.eigh(x)[0],
    "svdvals": la.svdvals,
    "svd": lambda x: la.svd(x).S,
    "svd, wide": lambda x: la.svd(np.concatenate([x, 0 * x], axis=1), full_matrices=False).S,
    "svd, tall": lambda x: la.svd(np.concatenate([x, 0 * x], axis=0), full_matrices=False).S,
    "compute_uv": lambda x: la.svd(x, compute_uv=False),
}
VECTORS = {  # what they compute has a derivative, the way they compute it has none
    "logarithm": ("eigh", lambda x: (lambda w, v: (v * np.log(w)) @ v.mT)(*la.eigh(x))),
    "projection": ("eigh", lambda x: (lambda w, v: v @ v.mT)(*la.eigh(x))),
    "reconstruction": ("svd", lambda x: (lambda u, s, vh: (u * s) @ vh)(*la.svd(x))),
    "rotation": ("svd", lambda x: (lambda u, s, vh: u @ vh)(*la.svd(x))),
}


@pytest.mark.parametrize("name", VALUES_ALONE)
@pytest.mark.parametrize("x", [EYE, np.diag([2.0, 1.0, 1.0])], ids=["identity", "two equal"])
def test_equal_values_alone_have_a_gradient(name, x):
    f = VALUES_ALONE[name]
    near(grad(lambda x: np.sum(f(x) ** 3))(x), 3 * x**2)
    _, pushed = jvp(lambda x: np.sum(f(x) ** 2), (x,), (C,))
    near(pushed, 2 * np.sum(x * C))
    near(compile(grad(lambda x: np.sum(f(x) ** 3)), backend="numpy")(x), 3 * x**2)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_equal_values_are_refused(name):
    function, f = VECTORS[name]
    _, pullback = vjp(f, EYE)
    for g in (C, np.zeros((3, 3))):  # also where the numbers would not show it
        with pytest.raises(
            LinAlgError, match=rf"np.linalg.{function}: two .*values are equal to working precision"
        ):
            pullback(g)
    apart = np.diag([1.0, 2.0, 3.0])
    numeric.check_first_order(lambda x: f((x + x.mT) / 2), [apart], 0)


@pytest.mark.parametrize("name", VALUES_ALONE)
def test_the_second_derivative_of_equal_values_is_refused(name):
    f = VALUES_ALONE[name]
    with pytest.raises(LinAlgError, match="equal to working precision"):
        hessian(lambda x: np.sum(f(x) ** 3))(EYE)


def test_values_that_only_rounding_separates_count_as_equal():
    q = la.qr(C).Q
    x = (q * [1.0, 1.0, 2.0]) @ q.T
    with pytest.raises(LinAlgError, match=r"np.linalg.eigh: two eigenvalues are equal"):
        grad(lambda x: np.sum(C * la.eigh(x).eigenvectors))(x)
    near(grad(lambda x: np.sum(la.eigvalsh(x)))(x), EYE)


def test_compiled_code_refuses_equal_values_too():
    f = compile(grad(lambda x: np.sum(C * la.eigh(x).eigenvectors)), backend="numpy")
    near(f(SYMMETRIC), grad(lambda x: np.sum(C * la.eigh(x).eigenvectors))(SYMMETRIC))
    with pytest.raises(LinAlgError, match=r"two eigenvalues are equal"):
        f(EYE)


# --- norms ------------------------------------------------------------------------------------------

AT_ZERO = {
    f"{ord}, {axis}": lambda x, ord=ord, axis=axis: la.norm(x, ord, axis)
    for axis, orders in (
        (None, [None, "fro", "nuc", 2, 1, np.inf, -1, -2, -np.inf]),
        (0, [None, 2, 1, 3, 1.5, 0.5, 0, np.inf, -np.inf]),
        ((1, 0), [None, "fro", "nuc", 2, 1, np.inf]),
    )
    for ord in orders
} | {
    "vector_norm": la.vector_norm,
    "vector_norm, axes": lambda x: la.vector_norm(x, axis=(0, 1)),
    "matrix_norm": la.matrix_norm,
    "matrix_norm, nuc": lambda x: la.matrix_norm(x, ord="nuc"),
}


@pytest.mark.parametrize("name", AT_ZERO)
def test_the_gradient_of_a_norm_at_zero_is_zero(name):
    """Rows 26 of the wrong gradients and 69 of the edge cases: in every spelling."""
    near(grad(lambda x: np.sum(AT_ZERO[name](x)))(np.zeros((2, 2))), np.zeros((2, 2)))
    near(hessian(lambda x: np.sum(la.norm(x)))(np.zeros(2)), np.zeros((2, 2)))


def test_rows_of_zeros_beside_others():
    """Row 25: a vector of zeros takes nothing from its neighbours."""
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    for f in (
        lambda x: la.norm(x, axis=1),
        lambda x: la.vector_norm(x, axis=1),
        lambda x: la.norm(x, 3, axis=1),
    ):
        g = grad(lambda x, f=f: np.sum(f(x)))(x)
        assert (g[1] == 0).all() and (g[0] > 0).all()


def test_keepdims():
    """Row 16: with keepdims the gradient keeps its shape."""
    x = np.array([[3.0, 4.0], [6.0, 8.0]])
    near(grad(lambda x: np.sum(la.norm(x, axis=-1, keepdims=True)))(x), [[0.6, 0.8], [0.6, 0.8]])


@pytest.mark.parametrize("scale", [1e-200, 1e200, 1e-320])
def test_very_small_and_very_large_numbers(scale):
    """Row 70: the value is NumPy's, the gradient that of the norm."""
    x = np.array([3.0, 4.0]) * scale
    with np.errstate(over="ignore"):
        value, g = value_and_grad(la.norm)(x)
        assert value == la.norm(x)
    near(g, [0.6, 0.8], 1e-3 if scale < 1e-300 else 1e-12)


def test_ties_share():
    near(grad(lambda x: la.norm(x, 2))(EYE), EYE / 3)
    near(grad(lambda x: la.norm(x, np.inf))(np.array([1.0, -1.0, 0.5])), [0.5, -0.5, 0.0])
    near(grad(lambda x: la.norm(x, 1))(np.ones((2, 2))), np.full((2, 2), 0.5))


def test_the_nuclear_norm_where_the_rank_is_less_than_full():
    near(grad(lambda x: la.norm(x, "nuc"))(RANK_ONE), RANK_ONE / 5)  # the least subgradient: U V.T


def test_cond_of_a_singular_matrix():
    with np.errstate(divide="ignore", invalid="ignore"):
        for p in (None, 2):
            assert la.cond(Value(np.diag([1.0, 0.0])), p).data == np.inf == la.cond(np.diag([1.0, 0.0]), p)
    assert abs(grad(la.cond)(RANK_ONE)).max() > 1e30  # honest: the pole is near


# --- shapes and arguments -----------------------------------------------------------------------------


def test_solve_takes_a_vector_only_with_one_axis():
    a, b = np.stack([SYMMETRIC, C]), RNG.normal(size=(3, 3))
    assert la.solve(Value(a), b[0]).shape == (2, 3)
    assert la.solve(Value(a), b).shape == (2, 3, 3)
    near(la.solve(Value(a), b).data, la.solve(a, b))


def test_plain_operands_beside_values():
    near(grad(lambda b: np.sum(C @ la.solve(SYMMETRIC, b)))(np.ones(3)), la.solve(SYMMETRIC, C.sum(0)))
    near(grad(lambda a: np.sum(la.solve(a, [1.0, 2.0, 3.0])))(SYMMETRIC),
         -np.outer(la.solve(SYMMETRIC, np.ones(3)), la.solve(SYMMETRIC, [1.0, 2.0, 3.0])))  # fmt: skip
    near(grad(lambda b: np.sum(la.lstsq(C[:, :2], b)[0]))(np.ones(3)), la.pinv(C[:, :2]).sum(0))


def test_float32_stays():
    x = SYMMETRIC.astype(np.float32)
    for f in (
        la.inv,
        la.det,
        la.cholesky,
        la.eigvalsh,
        la.svdvals,
        la.pinv,
        la.norm,
        la.cond,
        lambda x: la.qr(x).R,
    ):
        y = f(Value(x))
        assert y.dtype == np.float32
        assert grad(lambda x, f=f: np.sum(f(x)))(x).dtype == np.float32


def test_empty_stacks_and_matrices():
    for shape in ((0, 2, 2), (0, 0), (2, 0, 0)):
        for f in (
            la.inv,
            la.det,
            lambda x: la.slogdet(x)[1],
            la.cholesky,
            la.eigvalsh,
            la.svdvals,
            la.pinv,
            la.norm,
        ):
            assert grad(lambda x, f=f: np.sum(f(x)))(np.zeros(shape)).shape == shape


def test_matrix_power_zero():
    x = Value(np.full((2, 2), np.nan))
    y = la.matrix_power(x, 0)
    np.testing.assert_array_equal(y.data, np.eye(2))
    (g,) = gradients(np.sum(y), [x])
    np.testing.assert_array_equal(g, np.zeros((2, 2)))


def test_multi_dot_multiplies_the_fewest_numbers():
    from autograd.rules.linalg import cheapest

    assert cheapest([10, 100, 5, 50])[0, 2] == (7500, 1)
    assert cheapest([30, 35, 15, 5, 10, 20, 25])[0, 5] == (
        15125,
        2,
    )  # Cormen et al., Introduction to Algorithms
    shapes = [(3, 30), (30, 2), (2, 30), (30, 3)]
    arrays = [RNG.normal(size=s) for s in shapes]
    near(la.multi_dot([Value(a) for a in arrays]).data, la.multi_dot(arrays))


def test_jacobian_of_an_inverse():
    inverse = la.inv(C)
    near(jacobian(la.inv)(C), -np.einsum("ik,lj->ijkl", inverse, inverse))


M, V = Value(np.ones((2, 3))), Value(np.ones(3))
CALLS = {
    "inv": (lambda: la.inv(M), LinAlgError, r"np.linalg.inv: needs square matrices .* got shape \(2, 3\)"),
    "det": (lambda: la.det(V), LinAlgError, r"np.linalg.det: needs a matrix or a stack of them, got shape \(3,\)"),
    "solve": (lambda: la.solve(np.eye(2), V), ValueError, r"a has shape \(2, 2\), b has shape \(3,\); b must have 2 rows"),
    "solve, stack": (lambda: la.solve(np.ones((5, 3, 3)), Value(np.ones((5, 3, 1)))[..., 0]), ValueError, r"b\[..., None\]"),
    "qr": (lambda: la.qr(M, "raw"), ValueError, "mode='raw' has no gradient; use mode='reduced'"),
    "qr, complete": (lambda: la.qr(M.T, "complete"), ValueError, "has 1 columns in Q that are not unique"),
    "svd": (lambda: la.svd(M), ValueError, "hold 1 vectors that are not unique.*full_matrices=False"),
    "svd, hermitian": (lambda: la.svd(Value(EYE), hermitian=True), TypeError, "np.linalg.svd: argument hermitian="),
    "pinv, hermitian": (lambda: la.pinv(Value(EYE), hermitian=True), TypeError, "np.linalg.pinv: argument hermitian="),
    "pinv, threshold": (
        lambda: la.pinv(Value(np.diag([1.0, 0.1])), 0.5),
        LinAlgError,
        "the threshold 0.5 cuts off singular values that are not zero, .* np.linalg.svd",
    ),
    "pinv, thresholds": (lambda: la.pinv(Value(np.ones((2, 3, 3))), [0.1, 0.1]), TypeError, "give one number"),
    "pinv": (lambda: la.pinv(M, 0.1, rtol=0.2), ValueError, "rcond=0.1 and rtol=0.2 say the same"),
    "eigh": (lambda: la.eigh(Value(EYE), "X"), ValueError, "UPLO='X' must be 'L' or 'U'"),
    "norm": (lambda: la.norm(M, "max"), ValueError, "ord='max' is no norm of matrices; use 'fro'"),
    "norm, vector": (lambda: la.norm(V, "nuc"), ValueError, "ord='nuc' is a norm of matrices"),
    "norm, axes": (lambda: la.norm(Value(np.ones((2, 2, 2))), 2), ValueError, "np.linalg.vector_norm takes any number"),
    "norm, axis": (lambda: la.norm(M, axis=(1, -1)), ValueError, "over one axis or two different ones"),
    "norm, ord": (lambda: la.norm(V, Value(3.0)), TypeError, "np.linalg.norm: ord is a Value"),
    "norm, p": (lambda: la.norm(M, 3), ValueError, "ord=3 is no norm of matrices"),
    "cond": (lambda: la.cond(Value(np.ones((0, 2)))), LinAlgError, "not defined for an empty array"),
    "cond, p": (lambda: la.cond(M, 1), LinAlgError, "np.linalg.cond: needs square matrices"),
    "multi_dot": (lambda: la.multi_dot([M]), ValueError, "needs at least two arrays, got 1"),
    "multi_dot, shapes": (lambda: la.multi_dot([M, V, V]), LinAlgError, r"got shapes \[\(2, 3\), \(3,\), \(3,\)\]"),
    "multi_dot, out": (lambda: la.multi_dot([M, V], out=np.ones(2)), TypeError, "argument out="),
    "outer": (lambda: la.outer(M, V), ValueError, r"needs two vectors, got shapes \(2, 3\) and \(3,\); np.outer flattens"),
    "tensorinv": (lambda: la.tensorinv(M, 0), ValueError, "ind=0 must be positive"),
    "tensorsolve": (lambda: la.tensorsolve(M, V), LinAlgError, "do not make a square system"),
    "lstsq": (lambda: la.lstsq(M, V), LinAlgError, r"a has shape \(2, 3\), b has shape \(3,\)"),
    "matrix_transpose": (lambda: la.matrix_transpose(V), LinAlgError, "needs a matrix or a stack of them"),
    "solve, a number": (lambda: la.solve(Value(np.eye(2)), 3.0), ValueError, r"b has shape \(\); b must have 2 rows"),
    "norm, fro of a vector": (lambda: la.norm(Value(np.ones(3)), "fro"), ValueError, "ord='fro' is a norm of matrices"),
    "norm, fro of three axes": (lambda: la.norm(Value(np.ones((2, 2, 2))), "fro"), ValueError, "goes over one axis or two"),
    "vecdot, lengths": (
        lambda: la.vecdot(Value(np.ones((2, 3))), np.ones((1, 3)), axis=0),
        ValueError,
        r"axis 0 has different lengths in shapes \(2, 3\) and \(1, 3\)",
    ),
    "float16": (lambda: la.inv(Value(np.eye(2, dtype=np.float16))), TypeError, "float16"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_refused(name):
    call, error, message = CALLS[name]
    with pytest.raises(error, match=message):
        call()


def test_the_norm_of_a_matrix_that_is_not_finite_has_no_gradient():
    # LAPACK's decomposition of this one does not return
    x = Value(np.array([[-np.inf, 0.875, -np.inf], [-0.875, 1e300, -0.25], [0.625, 0.5, 1e300]]))
    y = np.linalg.norm(x, 2)
    assert np.isnan(y.data)
    with pytest.raises(np.linalg.LinAlgError, match="NaN or an infinity"):
        y.backward()
