"""Shape, order and padding, in each way that NumPy's functions can be called."""

import numpy as np
import pytest

from autograd import Value
from tests.ways import agrees, calls

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
    stack_one=(lambda x: np.hstack([x]), (2, 3)),
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


@pytest.mark.skipif(not hasattr(np, "unstack"), reason="NumPy before 2.1")
def test_unstack():
    x = np.arange(6.0).reshape(3, 2)
    for options in ({}, {"axis": 1}, {"axis": -2}):
        for found, expected in zip(np.unstack(Value(x), **options), np.unstack(x, **options), strict=True):
            np.testing.assert_array_equal(found.data, expected)


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
