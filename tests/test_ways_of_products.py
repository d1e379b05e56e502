"""Products and sequences, in each way that NumPy's functions can be called.

The drawn cases of tests/cases.py take a few of the many ways at a time; here every way has its own line.
"""

import numpy as np
import pytest

from autograd import Value
from tests import numeric
from tests.ways import agrees, calls

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


def test_cov_with_weights_of_a_small_sum():
    weights = np.array([0.125, 0.25, 0.125, 0.25])
    agrees(lambda x: np.cov(x, ddof=0, aweights=weights), (2, 4))
    agrees(lambda x: np.cov(x, ddof=2, aweights=weights), (2, 4))


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


@pytest.mark.parametrize("shapes", [((2, 3), (2, 1)), ((1,), (3,)), ((2, 1), (2, 3))])
def test_vecdot_stretches_no_vector(shapes):
    x, y = (np.ones(s) for s in shapes)
    with pytest.raises(ValueError, match="different lengths"):
        np.vecdot(Value(x), y)
    with pytest.raises(ValueError, match="different lengths"):
        np.vecdot(x, Value(y))
