"""NumPy's functions, called with each of their arguments: NumPy's value, and the derivative of it.

The drawn cases of tests/cases.py take a few of the many ways at a time; here every way has its own line.
"""

import numpy as np
import pytest

from autograd import Value
from tests import numeric

NUMPY_IS_NEWER = np.lib.NumpyVersion(np.__version__) >= "2.3.0"


def numbers(*shape, seed=0):
    """Different odd multiples of 1/32: no two are tied, and none is at a kink."""
    n = int(np.prod(shape))
    order = np.random.default_rng(seed).permutation(n)
    return ((2 * order - n + (n % 2 == 0)) / 32 * 4).reshape(shape)[()]


def agrees(f, *shapes):
    """NumPy's shape, dtype and value; and its derivative."""
    leaves = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    numeric.check_value(f, leaves, 1e-13)
    numeric.check_first_order(f, leaves, 0)


def calls(**ways):
    """One test for each way: a function, and the shapes of what it is given."""
    pairs = [pytest.param(f, shapes, id=name) for name, (f, *shapes) in ways.items()]
    return pytest.mark.parametrize(("f", "shapes"), pairs)


# --- products -------------------------------------------------------------------------------------

STACK, MATRIX, VECTOR = (2, 2, 3), (2, 3), (3,)
PRODUCTS = [
    *[((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2))],
    *[((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 2)), ((3, 3, 2), (2, 1, 2, 3))],
    *[
        ((2, 0), (0, 3)),
        ((0, 2), (2, 3)),
        ((2, 4, 2, 3), (3,)),
        ((2, 4, 2, 3), (3, 2)),
        ((2, 3), (2, 4, 3, 2)),
    ],
]


@pytest.mark.parametrize("shapes", PRODUCTS, ids=str)
def test_matmul(shapes):
    agrees(np.matmul, *shapes)


@pytest.mark.parametrize(
    "shapes", [*PRODUCTS[:6], ((), ()), ((), (2, 3)), ((2, 3), ()), ((2, 2, 3), (2, 3, 2))], ids=str
)
def test_dot(shapes):
    agrees(np.dot, *shapes)


@pytest.mark.parametrize(
    "shapes", [((), (2,)), ((2,), ()), ((3,), (3,)), ((2, 3), (4, 3)), ((2, 3), (3,))], ids=str
)
def test_inner(shapes):
    agrees(np.inner, *shapes)


PAIRS = [
    ((2,), (3,)),
    ((2, 3), (2,)),
    ((3,), (2, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((), (2, 2)),
    ((2, 2), ()),
]


@pytest.mark.parametrize("f", [np.outer, np.kron])
@pytest.mark.parametrize("shapes", PAIRS, ids=str)
def test_products_of_all_pairs(f, shapes):
    agrees(f, *shapes)


@calls(
    one_axis_of_three=(lambda a, b: np.tensordot(a, b, 1), (2, 3, 4), (4, 2)),
    one_axis_of_two=(lambda a, b: np.tensordot(a, b, 1), (3, 4), (4, 2, 2)),
    none=(lambda a, b: np.tensordot(a, b, 0), (2,), (3, 2)),
    one_of_each=(lambda a, b: np.tensordot(a, b, (0, 1)), (3, 4), (4, 3, 2)),
    a_number_and_a_list=(lambda a, b: np.tensordot(a, b, (0, [1])), (3, 4), (4, 3, 2)),
    from_the_end=(lambda a, b: np.tensordot(a, b, ((-1, 0), (-3, 1))), (3, 4, 2), (2, 3, 4)),
)
def test_tensordot(f, shapes):
    agrees(f, *shapes)


@calls(
    last_axes=(np.cross, (2, 2, 3), (2, 2, 3)),
    result_first=(lambda a, b: np.cross(a, b, axisc=0), (2, 2, 3), (2, 2, 3)),
    each_its_own=(lambda a, b: np.cross(a, b, axisa=0, axisb=1), (3, 2, 4), (2, 3, 4)),
    one_for_all=(lambda a, b: np.cross(a, b, axis=1), (2, 3, 4), (2, 3, 4)),
)
def test_cross(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize("shapes", [(2, 3), (3, 2), (4, 3), (3, 4)], ids=str)
def test_cross_needs_three_elements_in_both(shapes):
    with pytest.raises(ValueError, match=rf"needs vectors of 3 elements, got {shapes[0]} and {shapes[1]}"):
        np.cross(Value(np.ones(shapes[0])), Value(np.ones(shapes[1])))


@pytest.mark.parametrize("axes", [([0], [0]), ([0, 1], [1])], ids=str)
def test_tensordot_along_axes_that_do_not_match(axes):
    with pytest.raises(ValueError, match="do not match along axes"):
        np.tensordot(Value(np.ones((2, 3))), np.ones((3, 2)), axes)


@calls(
    lists_without_a_result=(lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), (2, 3), (3, 2)),
    lists_sorted_as_letters=(lambda x, y: np.einsum(x, [30, 1], y, [1, 2]), (2, 3), (3, 2)),
    lists_of_three=(lambda x, y, z: np.einsum(x, [0, 1], y, [1, 2], z, [2]), (2, 3), (3, 2), (2,)),
    lists_with_dots=(lambda x, y: np.einsum(x, [..., 0], y, [0], [...]), (2, 3), (3,)),
    a_sum_of_one=(lambda x: np.einsum("ij->j", x), (1, 3)),
    a_sum_of_none=(lambda x: np.einsum("ij->j", x), (0, 3)),
    a_trace_of_one=(lambda x: np.einsum("ii->", x), (1, 1)),
    a_trace_of_none=(lambda x: np.einsum("ii->", x), (0, 0)),
    dots_of_two_lengths=(lambda x, y: np.einsum("...i,...i->...", x, y), (2, 2, 3), (2, 3)),
    dots_that_stand_for_nothing=(lambda x: np.einsum("...ij->...ji", x), (2, 3)),
    three=(lambda x, y, z: np.einsum("ij,jk,ki", x, y, z), (2, 3), (3, 2), (2, 2)),
)
def test_einsum(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "message"),
    [
        ("i", [(2, 3)], r"'i' does not fit an operand of shape \(2, 3\)"),
        ("ijk", [(2, 3)], r"'ijk' does not fit an operand of shape \(2, 3\)"),
        ("...ijk", [(2, 3)], r"'...ijk' does not fit an operand of shape \(2, 3\)"),
        ("ij,jk", [(2, 3)], "names 2 operands, got 1"),
        ("ij", [(2, 3), (3, 2)], "names 1 operands, got 2"),
        ("...i->i", [(2, 3)], r"needs '\.\.\.' too"),
    ],
)
def test_subscripts_that_do_not_fit(subscripts, shapes, message):
    with pytest.raises(ValueError, match=message):
        np.einsum(subscripts, *[Value(np.ones(s)) for s in shapes])


# --- sequences ------------------------------------------------------------------------------------


@calls(
    no_step=(lambda x: np.diff(x, 0), (3, 4)),
    prepended=(lambda x: np.diff(x, prepend=0.5), (2, 3)),
    appended=(lambda x: np.diff(x, append=0.5), (2, 3)),
    down=(lambda x, y: np.diff(x, 2, 0, y), (2, 3, 2), (2, 3, 2)),
    to_begin=(lambda x: np.ediff1d(x, to_begin=1.0), (2, 3)),
    to_end=(lambda x: np.ediff1d(x, to_end=[1.0, 2.0]), (2, 3)),
    to_both=(lambda x, a, b: np.ediff1d(x, b, a), (2, 3), (2,), (2, 2)),
)
def test_differences(f, shapes):
    agrees(f, *shapes)


@calls(
    of_three_axes=(lambda f: np.stack(np.gradient(f)), (3, 4, 2)),
    of_one_of_three=(lambda f: np.gradient(f, axis=1), (2, 4, 3)),
    of_two_of_three=(lambda f: np.stack(np.gradient(f, 0.5, 0.25, axis=(2, 0))), (3, 2, 4)),
    one_spacing=(lambda f: np.stack(np.gradient(f, 0.5)), (3, 4)),
    of_second_order=(lambda f: np.gradient(f, 0.5, axis=1, edge_order=2), (2, 4, 3)),
    of_two=(lambda f: np.gradient(f, axis=-1), (3, 2)),
    of_three_with_order_2=(lambda f: np.gradient(f, edge_order=2), (3,)),
)
def test_gradient(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize(("n", "order"), [(1, 1), (2, 2)])
def test_gradient_of_too_few(n, order):
    with pytest.raises(ValueError, match=f"{n} elements along an axis are too few for edge_order={order}"):
        np.gradient(Value(np.ones(n)), edge_order=order)


@pytest.mark.parametrize("spacings", [(0.5, 0.5), (0.5, 0.5, 0.5, 0.5)])
def test_gradient_with_the_wrong_number_of_spacings(spacings):
    with pytest.raises(TypeError, match=f"got {len(spacings)} spacings for 3 axes"):
        np.gradient(Value(np.ones((3, 3, 3))), *spacings)


LENGTHS = [
    (5, 3),
    (3, 5),
    (4, 2),
    (2, 4),
    (3, 3),
    (1, 1),
    (6, 4),
    (4, 6),
    (1, 3),
    (3, 1),
    (5, 2),
    (2, 5),
    (4, 3),
    (3, 4),
]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("f", [np.convolve, np.correlate])
def test_convolution(f, lengths, mode):
    agrees(lambda a, v: f(a, v, mode), *[(n,) for n in lengths])


@pytest.mark.parametrize("f", [np.convolve, np.correlate])
@pytest.mark.parametrize("shapes", [((0,), (2,)), ((2,), (0,)), ((2, 2), (2,)), ((2,), (2, 2))], ids=str)
def test_convolution_needs_two_signals(f, shapes):
    with pytest.raises(ValueError, match="needs two non-empty 1-D arrays"):
        f(*[Value(np.ones(s)) for s in shapes])


XP, FP = np.array([0.5, 1.0, 2.5, 4.0]), np.array([3.0, -1.0, 2.0, 5.0])
PLACES = np.sort(np.r_[np.linspace(-3.0, 9.0, 49), XP])  # the knots too


@pytest.mark.parametrize("ends", [{}, {"left": -9.0}, {"right": 9.0}, {"left": -9.0, "right": 9.0}], ids=str)
@pytest.mark.parametrize("n", [4, 2, 1])
def test_interp_at_and_between_and_beyond_the_knots(n, ends):
    found = np.interp(Value(PLACES), XP[:n], FP[:n], **ends)
    np.testing.assert_allclose(found.data, np.interp(PLACES, XP[:n], FP[:n], **ends), rtol=1e-14)
    between = PLACES[~np.isin(PLACES, XP)]
    numeric.check_first_order(lambda x, fp: np.interp(x, XP[:n], fp, **ends), [between, FP[:n]], 0)


@pytest.mark.parametrize("period", [4.5, -4.5, 4.0])
@pytest.mark.parametrize("turn", [0, 1, 3])
def test_interp_of_a_period(period, turn):
    xp = np.roll(XP, turn) + 2 * period
    expected = np.interp(PLACES, xp, FP, period=period, left=-9.0)
    np.testing.assert_allclose(np.interp(Value(PLACES), xp, FP, period=period).data, expected, rtol=1e-13)
    off = PLACES + 0.03125
    numeric.check_first_order(lambda x, fp: np.interp(x, xp, fp, period=period), [off, FP], 0)


WEIGHTS = {"fweights": [1, 2, 1, 3], "aweights": [0.5, 1.5, 1.0, 0.25]}


@pytest.mark.parametrize("names", [(), ("fweights",), ("aweights",), ("fweights", "aweights")], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"bias": True}, {"ddof": 0}, {"ddof": 1}, {"ddof": 2}, {"bias": True, "ddof": 1}], ids=str
)
def test_cov(options, names):
    weights = {name: WEIGHTS[name] for name in names}
    agrees(lambda x: np.cov(x, **options, **weights), (2, 4))


@calls(
    one_column=(lambda x: np.cov(x, rowvar=False), (4, 1)),
    a_vector=(np.cov, (4,)),
    a_row=(np.cov, (1, 4)),
    two_of_them=(lambda x, y: np.cov(x, y), (2, 4), (4,)),
    columns=(lambda x, y: np.cov(x, y, rowvar=False), (4, 2), (4, 1)),
    a_row_for_columns=(lambda x, y: np.cov(x, y, rowvar=False), (4, 2), (1, 4)),
    correlation=(lambda x: np.corrcoef(x, rowvar=False), (4, 2)),
    correlation_of_two=(lambda x, y: np.corrcoef(x, y), (4,), (4,)),
)
def test_cov_of_rows_and_columns(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize(
    "weights", [{}, {"aweights": np.array([0.125, 0.25, 0.125, 0.25])}], ids=["plain", "weighted"]
)
@pytest.mark.parametrize("ddof", [4, 5])
@pytest.mark.filterwarnings("ignore")
def test_cov_of_too_few_observations_is_infinite(ddof, weights):
    x = np.array([[1.0, 2.0, 4.0, 0.5], [3.0, 0.0, 1.0, 1.0]])
    expected = np.cov(x, ddof=ddof, **weights)
    assert np.isinf(expected).all()
    np.testing.assert_array_equal(np.cov(Value(x), ddof=ddof, **weights).data, expected)


def test_cov_has_at_most_two_dimensions():
    with pytest.raises(ValueError, match=r"needs at most 2 dimensions, got shape \(2, 2, 2\)"):
        np.cov(Value(np.ones((2, 2, 2))))


def test_a_correlation_is_never_beyond_1():
    x = np.random.default_rng(0).normal(size=(40, 7))
    for row in x:
        for factor in (3.0, -3.0, 0.7, -0.7):
            found = np.corrcoef(Value(np.stack([row, factor * row, row + 1.0]))).data
            assert np.all(np.abs(found) <= 1.0)
    assert np.corrcoef(Value([1.0, 3.0, 4.0])).data == 1.0


@pytest.mark.parametrize("increasing", [False, True])
@pytest.mark.parametrize("n", [None, 0, 1, 2, 5])
def test_vander(n, increasing):
    agrees(lambda x: np.vander(x, n, increasing), (3,))


def test_the_data_of_an_einsum_is_not_optimized_unless_asked():
    y = np.einsum("ij,jk,kl->il", *[Value(np.ones((2, 2)))] * 3)
    assert y.params["optimize"] is False


# --- shape and order ------------------------------------------------------------------------------


@calls(
    any_order_of_a_vector=(lambda x: np.reshape(x, (2, 3), order="A"), (6,)),
    any_order_of_a_scalar=(lambda x: np.reshape(x, (1, 1), order="A"), ()),
    kept_order=(lambda x: np.ravel(x, order="K"), (2, 3)),
    columns_first=(lambda x: np.reshape(x, (2, -1), order="F"), (3, 2, 2)),
)
def test_reshape(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize("order", ["A", "K"])
def test_an_order_that_depends_on_the_layout_is_refused(order):
    with pytest.raises(ValueError, match=f"order='{order}' depends on memory layout"):
        np.reshape(Value(np.ones((2, 3))), 6, order=order)


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 2, 3, 5])
@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (2, 0), (-1, 1)])
def test_rot90(k, axes):
    agrees(lambda x: np.rot90(x, k, axes), (2, 3, 2))


@pytest.mark.parametrize("reps", [2, (2, 3), (1, 2, 2), (2, 1, 2, 1)])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3)])
def test_tile(shape, reps):
    agrees(lambda x: np.tile(x, reps), shape)


@pytest.mark.parametrize("k", [-4, -2, -1, 0, 1, 2, 4])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (1, 1), (3, 2, 3)])
def test_diagonals(shape, k):
    agrees(lambda x: np.diagonal(x, k), shape)
    agrees(lambda x: np.diagonal(x, k, -1, 0), shape)
    agrees(lambda x: np.trace(x, k), shape)
    for f in (np.tril, np.triu):
        agrees(lambda x, f=f: f(x, k), shape)


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_matrices_of_a_diagonal(n, k):
    agrees(lambda x: np.diag(x, k), (n,))
    agrees(lambda x: np.diagflat(x, k), (n, 2))


@calls(
    shift_of_two_axes=(lambda x: np.roll(x, 1, (0, 2)), (2, 3, 2)),
    shifts_of_one_axis=(lambda x: np.roll(x, (1, 1), -1), (2, 3)),
    stack_down=(lambda x, y: np.hstack([x, y]), (2, 2, 3), (2, 1, 3)),
    split_of_three_axes=(lambda x: np.concatenate(np.hsplit(x, 2)[::-1], 1), (2, 4, 3)),
    split_of_one=(lambda x: np.concatenate(np.hsplit(x, [1])[::-1]), (4,)),
    columns_of_scalars=(lambda x, y: np.column_stack([x, y]), (), ()),
    joined_flat=(lambda x, y: np.concatenate([x, y], None), (2, 3), ()),
    repeated_down=(lambda x: np.repeat(x, [2, 0, 1], 0), (3, 2, 2)),
    unstacked_last=(lambda x: np.concatenate(list(np.moveaxis(x, -1, 0))), (2, 3, 2)),
)
def test_moving(f, shapes):
    agrees(f, *shapes)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize("at", [0, 1, -1, [0, 1], slice(0, 2)], ids=str)
def test_insert_and_delete(at, axis):
    agrees(lambda x: np.insert(x, at, 7.0, axis), (2, 2, 2))
    agrees(lambda x: np.delete(x, at, axis), (2, 2, 2))


def test_insert_values_along_an_axis():
    agrees(lambda x, v: np.insert(x, 1, v, 0), (2, 3, 2), (3, 2))
    agrees(lambda x, v: np.insert(x, [0, 2], v, -1), (2, 3, 2), (2, 3, 2))
    agrees(lambda x, v: np.insert(x, [0, 2], v), (2, 3), (2,))


# --- padding --------------------------------------------------------------------------------------

MODES = [
    "constant",
    "edge",
    "reflect",
    "symmetric",
    "wrap",
    "maximum",
    "minimum",
    "mean",
    "median",
    "linear_ramp",
]
WIDTHS = [2, (1, 2), [[1, 0], [0, 2], [1, 1]], {0: 1, -1: (0, 2)}, {1: 2}]
WITH_DICTIONARIES = np.lib.NumpyVersion(np.__version__) >= "2.3.0"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("widths", WIDTHS if WITH_DICTIONARIES else WIDTHS[:3], ids=str)
def test_pad(widths, mode):
    agrees(lambda x: np.pad(x, widths, mode), (3, 4, 3))


@pytest.mark.parametrize("mode", ["maximum", "minimum", "mean", "median"])
@pytest.mark.parametrize("length", [1, 2, 9, (1, 3), ((2, 1), (3, 1))], ids=str)
def test_pad_with_a_statistic_of_a_part(length, mode):
    agrees(lambda x: np.pad(x, 1, mode, stat_length=length), (3, 4))


@pytest.mark.parametrize("values", [1.5, (1.0, -2.0), ((1.0, 2.0), (3.0, -4.0))], ids=str)
def test_pad_with_given_values(values):
    agrees(lambda x: np.pad(x, ((1, 2), (3, 1)), constant_values=values), (2, 3))
    agrees(lambda x: np.pad(x, ((1, 2), (3, 1)), "linear_ramp", end_values=values), (2, 3))


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("widths", [1, (2, 1), ((0, 2), (1, 0))], ids=str)
def test_pad_with_an_odd_reflection(widths, mode):
    agrees(lambda x: np.pad(x, widths, mode, reflect_type="odd"), (3, 4))
    agrees(lambda x: np.pad(x, widths, mode, reflect_type="even"), (3, 4))
    huge = np.array([[1.0, 1e308, 2.0, 4.0], [-1e308, 1.0, np.inf, 3.0], [2.0, 2.0, 1.0, 5.0]])
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.pad(Value(huge), widths, mode, reflect_type="odd").data
        np.testing.assert_array_equal(found, np.pad(huge, widths, mode, reflect_type="odd"))
