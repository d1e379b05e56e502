"""np.linalg where the answer is known exactly: thresholds at every scale, zeros, empty matrices, near-singular ones. 2 s."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from autograd import Value, compile, grad, gradients, hessian, hvp
from tests import numeric

la = np.linalg
LinAlgError = np.linalg.LinAlgError
EPS = 2.0**-52
EYE = np.eye(2)
SYMMETRIC = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 1.0]])
COUNT = np.arange(1.0, 10.0).reshape(3, 3)  # singular, its cofactors integers
OF_COUNT = np.array([[-3.0, 6.0, -3.0], [6.0, -12.0, 6.0], [-3.0, 6.0, -3.0]])
H = np.array([[1.0, -1.0, 2.0], [0.0, 3.0, 1.0], [2.0, 1.0, -1.0]])
G = np.array([[2.0, 1.0, 0.0], [-1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
K = np.array([[0.0, 1.0, 1.0], [1.0, -2.0, 1.0], [3.0, 1.0, 1.0]])


def near(actual, expected, rtol=1e-12):
    expected = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol * np.abs(expected).max(initial=1e-300))


def stretched(*values, shape=(2, 2)):
    """A diagonal matrix: these are its singular values."""
    x = np.zeros(shape)
    x[range(len(values)), range(len(values))] = values
    return x


# --- NumPy's value ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [la.eigh, lambda x: la.eigh(x, "U"), la.svd, lambda x: la.svd(x[:2], full_matrices=False), la.qr]
    + [lambda x: la.qr(x, "complete"), la.cholesky, la.eigvalsh, la.slogdet],
)
def test_the_parts_are_numpys(f):
    for ours, theirs in zip(f(Value(SYMMETRIC)), f(SYMMETRIC), strict=True):
        numeric.same(numeric.data(ours), theirs)


def numbers(*shape):
    return np.random.default_rng(0).permutation(np.arange(1.0, 1 + np.prod(shape))).reshape(shape)


DEFAULTS = {
    "tensorinv": (la.tensorinv, numbers(2, 3, 6)),
    "vecdot": (la.vecdot, numbers(2, 3, 4), numbers(3, 4)),
    "tensordot": (la.tensordot, numbers(2, 3, 4), numbers(3, 4, 2)),
    "cross": (la.cross, numbers(3, 3), numbers(3, 3) ** 2),
    "norm": (la.norm, numbers(2, 3)),
    "vector_norm": (la.vector_norm, numbers(2, 3)),
    "matrix_norm": (la.matrix_norm, numbers(2, 3)),
    "diagonal": (la.diagonal, numbers(2, 4, 3, 5)),
    "trace": (la.trace, numbers(2, 4, 3, 5)),
    "offset": (lambda x: la.diagonal(x, offset=-1) + la.trace(x, offset=-1)[..., None], numbers(2, 4, 3, 5)),
    "tensorsolve": (la.tensorsolve, numbers(2, 3, 6), numbers(2, 3)),
    "axes 1": (lambda a, b: la.tensorsolve(a, b, (1,)), numbers(6, 2, 3), numbers(6)),
    "axes 2, 1": (lambda a, b: la.tensorsolve(a, b, axes=(2, 1)), numbers(6, 2, 3), numbers(6)),
    "axes 1, 3": (lambda a, b: la.tensorsolve(a, b, axes=(1, 3)), numbers(3, 2, 4, 6), numbers(3, 4)),
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_arguments_left_out_are_numpys(name):
    f, *xs = DEFAULTS[name]
    found, expected = f(*[Value(x) for x in xs]).data, f(*xs)
    near(found, expected)
    assert found.shape == expected.shape
    numeric.check_first_order(f, [x / 8 for x in xs], 0)


@pytest.mark.parametrize(
    "sizes", [(2, 5, 1, 4, 3), (5, 1, 4, 1, 7), (1, 6, 2, 3, 4), (4, 3, 2, 6, 1), (3, 9, 8, 2, 7)]
)
def test_multi_dot_records_the_cheapest_products(sizes):
    def cost(y):
        inputs = [x for x in y.inputs if isinstance(x, Value)]
        here = y.shape[0] * inputs[0].shape[1] * y.shape[1] if y.op and y.op.name == "matmul" else 0
        return here + sum(cost(x) for x in inputs)

    def least(i, j):
        return min(
            [least(i, k) + least(k, j) + sizes[i] * sizes[k] * sizes[j] for k in range(i + 1, j)], default=0
        )

    assert cost(la.multi_dot([Value(np.ones(pair)) for pair in pairwise(sizes)])) == least(0, len(sizes) - 1)


@pytest.mark.parametrize("ord", [None, 2, "fro", "f", 1, 3, np.inf])
def test_norms_of_many_numbers_round_as_numpys(ord):
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 7, 20, 100):
        for m in (2, 3, 5):
            x = rng.normal(size=(n, m) if isinstance(ord, str) else n * m)
            found = la.norm(Value(x), ord).data
            assert found == la.norm(x, ord) and type(found) is np.float64


EMPTY = [(0, 0), (0, 3), (3, 0), (2, 0, 3), (0, 2, 2), (2, 3, 0)]


@pytest.mark.parametrize("shape", EMPTY, ids=str)
@pytest.mark.parametrize("ord", ["fro", "nuc", 1, 2, np.inf])
def test_norms_of_empty_matrices_are_zero(shape, ord):
    x = Value(np.zeros(shape))
    y = la.matrix_norm(x, ord=ord)
    numeric.same(y.data, np.zeros(shape[:-2])[()])
    np.sum(y).backward()
    assert x.grad.shape == shape
    assert la.matrix_norm(x, ord=ord, keepdims=True).shape == (*shape[:-2], 1, 1)


@pytest.mark.parametrize("ord", [0, 1, 2, 3, np.inf])
def test_norms_of_empty_vectors_are_zero(ord):
    for shape in ((0,), (0, 2), (2, 0), (0, 3, 2)):
        x = Value(np.zeros(shape))
        y = la.norm(x, ord, axis=0)
        numeric.same(y.data, np.zeros(shape[1:])[()])
        np.sum(y).backward()
        assert x.grad.shape == shape


@pytest.mark.parametrize("ord", [-1, -2, -np.inf])
def test_empty_matrices_have_no_least_value(ord):
    with pytest.raises(ValueError, match="zero-size"):
        la.matrix_norm(Value(np.zeros((0, 0))), ord=ord)


@pytest.mark.parametrize("call", [lambda m: m(np.zeros((0, 2, 2))), lambda m: m(np.zeros((0, 2, 3)))])
def test_empty_stacks_of_matrices(call):
    for f in (la.cond, la.svdvals, la.pinv):
        numeric.same(call(lambda x, f=f: f(Value(x))).data, call(f))


def test_cond_of_zeros_is_infinite():
    for p in (None, 2, -2):
        assert la.cond(Value(np.zeros((2, 2))), p).data == np.inf == la.cond(np.zeros((2, 2)), p)
    np.testing.assert_array_equal(la.cond(Value(np.stack([EYE, 0 * EYE]))).data, [1.0, np.inf])
    with pytest.raises(LinAlgError, match=r"np.linalg.cond: np.linalg.inv: a matrix is singular"):
        la.cond(Value(0 * EYE), 1)


def test_one_result_has_no_axes():
    x = Value(np.ones((2, 3)))
    assert la.norm(x).shape == la.vector_norm(x).shape == la.matrix_norm(x).shape == ()
    assert la.vector_norm(x, axis=0).shape == (3,) and la.matrix_norm(x, ord=2).shape == ()


# --- matrices that are almost symmetric -----------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("f", [la.cholesky, la.eigvalsh, lambda x: la.eigh(x)[0]])
def test_half_the_digits_must_be_symmetric_at_every_scale(f, scale):
    bad, good = SYMMETRIC.copy(), SYMMETRIC.copy()
    bad[0, 1] += 2.5 * 2.0**-26 * 4
    good[0, 1] += 0.5 * 2.0**-26 * 4
    with pytest.raises(LinAlgError, match="not symmetric"):
        f(Value(bad * scale))
    near(f(Value(good * scale)).data, f(SYMMETRIC * scale), 1e-7)
    with pytest.raises(LinAlgError, match="not symmetric"):
        f(Value(np.stack([SYMMETRIC * 1e9 * scale, bad * scale])))


def test_zeros_are_symmetric():
    near(grad(lambda x: np.sum(la.eigvalsh(x)))(np.zeros((2, 2))), EYE)


# --- vectors and factors at every scale -------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_vectors_and_factors_do_not_depend_on_the_scale(scale):
    for f, x in (
        (lambda x: np.sum(H * (lambda w, v: (v * [1.0, 2.0, 3.0]) @ v.mT)(*la.eigh(x))), SYMMETRIC),
        (lambda x: np.sum(G * (lambda u, s, vh: (u * [1.0, 2.0, 3.0]) @ vh)(*la.svd(x))), H),
        (lambda x: np.sum(H[:, :2] * la.svd(x, full_matrices=False).U ** 2), H[:, :2]),
        (lambda x: np.sum(H * la.qr(x).Q), H),
    ):
        near(grad(f)(x * scale) * scale, grad(f)(x), 1e-9)
        both = grad(lambda x, f=f: f(x[0]) + f(x[1]))(np.stack([x * scale, x]))
        near(both[0] * scale, grad(f)(x), 1e-9)


def test_a_small_matrix_beside_a_large_one():
    x = np.stack([H * 1e-30, H])
    g = grad(lambda x: np.sum(H * la.qr(x).Q))(x)
    near(g[0] * 1e-30, g[1], 1e-9)
    g = grad(lambda x: np.sum(H * la.eigh(x + x.mT).eigenvectors ** 2))(x)
    near(g[0] * 1e-30, g[1], 1e-9)
    g = grad(lambda x: np.sum(la.matrix_norm(x, ord="nuc")))(x)
    near(g[0], g[1], 1e-9)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: la.eigh(x).eigenvectors, "two eigenvalues are equal"),
        (lambda x: la.svd(x).U, "two singular values are equal"),
        (lambda x: la.qr(x).Q, "rank less than 2"),
        (lambda x: la.qr(x).R, "rank less than 2"),
    ],
)
def test_zeros_have_no_vectors(f, message):
    with pytest.raises(LinAlgError, match=message):
        np.sum(f(Value(np.zeros((2, 2))))).backward()


@pytest.mark.parametrize("x", [stretched(3.0, 2.0, 0.0, shape=(3, 3)), COUNT], ids=["diagonal", "dense"])
def test_the_vectors_of_a_square_matrix_of_rank_one_less(x):
    """All its singular vectors are unique but for their sign."""

    def f(x):
        u, _, vh = la.svd(x)
        return np.sum(H * u**2) + np.sum(K * vh**2)

    numeric.check_first_order(f, [x], 0)


# --- singular values that are zero, or nearly so -----------------------------------------------------------


def test_a_singular_value_of_zero_has_the_subgradient_zero():
    x = stretched(2.0, 0.0)
    for f in (la.svdvals, lambda x: la.svd(x).S, lambda x: la.svd(x, compute_uv=False)):
        near(grad(lambda x, f=f: np.sum(f(x)))(x), stretched(1.0, 0.0))


def test_a_singular_value_alone_counts_however_small():
    x = stretched(1.0, 1e-30)
    for f in (la.svdvals, lambda x: la.svd(x).S, lambda x: la.svd(x, compute_uv=False)):
        near(grad(lambda x, f=f: np.sum(f(x)))(x), EYE)
    near(grad(lambda x: np.sum(la.lstsq(x, np.ones(2), rcond=1e-40)[3]))(x), EYE)
    assert abs(grad(la.cond)(x)).max() > 1e59


@pytest.mark.parametrize("scale", [2.0**-60, 1.0, 2.0**60])
def test_in_a_norm_it_counts_above_rounding(scale):
    """NumPy's threshold of the rank: eps times the longer side, of the largest value."""
    for shape, above, below in (
        ((2, 2), 3.0, 1.5),
        ((8, 2), 9.0, 6.0),
        ((2, 8), 9.0, 6.0),
        ((20, 2, 2), 3.0, 1.5),
    ):
        for share, kept in ((above, 1.0), (below, 0.0)):
            x = np.broadcast_to(stretched(1.0, share * EPS, shape=shape[-2:]) * scale, shape)
            g = grad(lambda x: np.sum(la.matrix_norm(x, ord="nuc")))(x)
            near(g, np.broadcast_to(stretched(1.0, kept, shape=shape[-2:]), shape))


# --- norms of vectors in which there are zeros -----------------------------------------------------------------


@pytest.mark.parametrize("p", [-1, -2, -0.5, -np.inf])
def test_of_negative_order_a_zero_makes_the_norm_zero(p):
    """min(|x|) and its like: beside the 0 nothing counts."""
    for x in ([0.0, 2.0], [1.0, 0.0, 3.0], [0.0, 0.0]):
        x = np.array(x)
        with np.errstate(divide="ignore"):
            assert la.norm(Value(x), p).data == 0 == la.norm(x, p)
            near(grad(lambda x: la.norm(x, p))(x), 0 * x)
            near(hessian(lambda x: la.norm(x, p))(x), np.zeros((x.size, x.size)))
            rows = np.stack([x, x + 1])
            near(grad(lambda x: np.sum(la.norm(x, p, axis=1)))(rows)[0], 0 * x)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, 2.5])
def test_of_positive_order_a_zero_takes_nothing(p):
    x, rest = np.array([1.0, 0.0, -3.0]), np.array([1.0, -3.0])
    f = lambda x: la.norm(x, p, axis=0)
    near(grad(f)(x)[[0, 2]], grad(f)(rest))
    assert grad(f)(x)[1] == 0
    near(hessian(f)(x)[::2, ::2], hessian(f)(rest), 1e-11)
    if p != 2:
        near(hessian(f)(x)[1], np.zeros(3))
    near(hvp(f)(x, np.array([1.0, 0.0, 2.0]))[[0, 2]], hvp(f)(rest, np.array([1.0, 2.0])), 1e-11)


def test_the_norm_of_order_zero_is_flat():
    near(grad(lambda x: la.norm(x, 0))(np.array([1.0, 0.0, -3.0])), np.zeros(3))


# --- determinants near singular matrices -----------------------------------------------------------------------


def raised(t):
    """COUNT with `t` more in the corner, and its cofactors, which are linear in `t`."""
    corner = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return COUNT + t * corner, OF_COUNT + t * np.array([[5.0, -4.0, 0.0], [-2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])


def mixed(*matrices):
    """The third derivative of det of 3 x 3 matrices along three of them, wherever it is taken."""
    signs = {p: round(la.det(np.eye(3)[list(p)])) for p in permutations(range(3))}
    return sum(
        s * a[0, p[0]] * b[1, p[1]] * c[2, p[2]]
        for a, b, c in permutations(matrices)
        for p, s in signs.items()
    )


@pytest.mark.parametrize("scale", [2.0**-20, 1.0, 2.0**20])
@pytest.mark.parametrize("t", [2.0**-k for k in (1, 8, 12, 20, 30, 40, 52)] + [0.0])
def test_the_cofactors_are_accurate_however_near(t, scale):
    x, expected = raised(t)
    near(grad(la.det)(x * scale), expected * scale**2, 2e-11)
    near(grad(lambda x: np.sum(la.det(x)))(np.stack([x, EYE_3])), [expected, EYE_3], 2e-11)


EYE_3 = np.eye(3)


@pytest.mark.parametrize("t", [2.0**-8, 2.0**-30, 0.0])
def test_the_second_derivative_of_det_is_accurate_however_near(t):
    x, _ = raised(t)
    expected = sum(
        [mixed(H, x, np.eye(9)[i].reshape(3, 3)) * np.eye(9)[i].reshape(3, 3) for i in range(9)],
        np.zeros((3, 3)),
    )
    near(hvp(la.det)(x, H), expected, 1e-13)
    large = np.diag([2.0**60, 2.0**60, 1.0])  # one of these in a sum with their product is lost
    expected = [mixed(G, large, np.eye(9)[i].reshape(3, 3)) for i in range(9)]
    near(hvp(la.det)(large, G).ravel()[-1], expected[-1], 1e-13)


def third(x):
    f = grad(lambda x: np.sum(H * grad(lambda x: np.sum(la.det(x)))(x)))
    return grad(lambda x: np.sum(G * f(x)))(x)


def test_the_third_derivative_of_det():
    expected = [mixed(H, G, np.eye(9)[i].reshape(3, 3)) for i in range(9)]
    for scale in (2.0**-30, 1.0, 2.0**30):
        near(third((SYMMETRIC + K) * scale).ravel(), expected)
    near(third(np.stack([SYMMETRIC + K, 2 * K + SYMMETRIC])).reshape(2, 9), [expected, expected])
    near(compile(third, backend="numpy")(SYMMETRIC + K), third(SYMMETRIC + K))
    four = np.pad(SYMMETRIC + K, (0, 1)) + 2 * np.diag([0.0, 0.0, 0.0, 1.0])
    numeric.check_higher_orders(la.det, [four + 0.25], 0, 3)


@pytest.mark.parametrize("t", [2.0**-20, 2.0**-45])
def test_the_third_derivative_of_det_near_a_singular_matrix_is_refused(t):
    """By the inverse it would be right to no digit there: 1e3 in place of 1, then 1e13."""
    message = r"np.linalg.det, third derivative: a matrix is so near to singular"
    for x in (raised(t)[0], raised(t)[0] * 2.0**30, np.stack([SYMMETRIC, raised(t)[0]])):
        with pytest.raises(LinAlgError, match=message):
            third(x)
        with pytest.raises(LinAlgError, match=message):
            compile(third, backend="numpy")(x)


# --- the pseudo-inverse and least squares --------------------------------------------------------------------


def cut(x, **options):
    """The gradient of the sum of the pseudo-inverse's elements."""
    return grad(lambda x: np.sum(la.pinv(x, **options)))(x)


@pytest.mark.parametrize("scale", [2.0**-30, 1.0, 2.0**30])
def test_what_a_threshold_cuts_off_must_be_rounding(scale):
    for shape in ((2, 2), (8, 2), (2, 8), (20, 2, 2)):
        longer = max(shape[-2:])

        def x(second, shape=shape):
            return np.broadcast_to(stretched(1.0, second, shape=shape[-2:]) * scale, shape)

        for second, options in ((0.5, {"rcond": 0.5}), (1100 * longer * EPS, {"rtol": 1e-3})):
            with pytest.raises(LinAlgError, match="cuts off singular values that are not zero"):
                cut(x(second), **options)
        for second, options in ((900 * longer * EPS, {"rtol": 1e-3}), (0.0, {"rcond": 0.5})):
            assert np.isfinite(cut(x(second), **options)).all()
        assert np.isfinite(cut(x(0.5), rcond=0.25)).all()


@pytest.mark.parametrize("shape", [(2, 2), (8, 2), (20, 2, 2)], ids=str)
@pytest.mark.parametrize("share", [1.5, 3.0, 6.0, 12.0])
def test_the_threshold_by_default_is_numpys(shape, share):
    x = np.broadcast_to(stretched(1.0, share * EPS, shape=shape[-2:]), shape)
    for options in ({}, {"rtol": None}, {"rcond": 1e-15}):
        numeric.same(la.pinv(Value(x), **options).data, la.pinv(x, **options))


def test_lstsq_of_a_square_matrix_has_no_residuals():
    for a, b in ((SYMMETRIC, H), (SYMMETRIC[:2], H[:2]), (SYMMETRIC[:, :2], H), (SYMMETRIC[:, :2], H[0])):
        for ours, theirs in zip(la.lstsq(Value(a), Value(b)), la.lstsq(a, b), strict=True):
            near(numeric.data(ours), theirs)
            assert np.shape(numeric.data(ours)) == np.shape(theirs)


@pytest.mark.parametrize(
    ("a", "b"), [((3, 2), (4,)), ((3, 2), (2, 3)), ((3, 2), ()), ((3, 2), (3, 1, 1)), ((2, 3, 2), (3,))]
)
def test_lstsq_names_the_shapes_that_do_not_fit(a, b):
    with pytest.raises(
        LinAlgError, match=r"np.linalg.lstsq: a has shape .*; needs \(m, n\) and \(m,\) or \(m, k\)"
    ):
        la.lstsq(Value(np.ones(a)), Value(np.ones(b)))


# --- solve and det, to more than one derivative ---------------------------------------------------------------


def test_solve_differentiates_both_or_either():
    a, b = Value(SYMMETRIC), Value(H)
    np.sum(la.solve(a, b)).backward()
    (alone,) = gradients(np.sum(la.solve(SYMMETRIC, b)), [b])
    near(alone, b.grad)


def test_three_derivatives_of_a_function_of_det():
    """There the gradient that det is given depends on the matrix too."""
    for x in (SYMMETRIC + K, np.stack([SYMMETRIC, 2 * EYE_3 + H / 4])):
        numeric.check_higher_orders(lambda x: la.det(x / 2) ** 2, [x], 0, 3)
