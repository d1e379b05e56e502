"""NumPy calls that have no meaning for a Value: each is refused by name, with the shapes or the argument in it."""

import numpy as np
import pytest

from autograd import Value, hvp
from autograd.check import check_grads

V, M, S = Value([1.0, 2.0, 3.0]), Value(np.arange(6.0).reshape(2, 3)), Value(2.0)
CALLS = {
    "tensordot": (
        lambda: np.tensordot(M, M, 1),
        ValueError,
        r"\(2, 3\) and \(2, 3\) do not match along axes",
    ),
    "cross": (lambda: np.cross(V[:2], V[:2]), ValueError, "needs vectors of 3 elements, got 2 and 2"),
    "einsum, operands": (lambda: np.einsum("i,i", V), ValueError, "names 2 operands, got 1"),
    "einsum, axes": (
        lambda: np.einsum("ij->i", V),
        ValueError,
        r"'ij' does not fit an operand of shape \(3,\)",
    ),
    "einsum, dots": (lambda: np.einsum("...i->i", M), ValueError, "needs '...' too"),
    "select": (lambda: np.select([V.data > 0], [V, V]), ValueError, "must have the same length"),
    "max where": (lambda: np.max(V, where=V.data > 1), ValueError, "where= needs initial="),
    "average": (lambda: np.average(M, weights=V), TypeError, "axis must be given"),
    "average, axis": (
        lambda: np.average(M, 0, V),
        ValueError,
        r"weights of shape \(3,\) do not fit a of shape",
    ),
    "quantile": (lambda: np.quantile(V, S), TypeError, "np.quantile: q is a Value"),
    "percentile": (lambda: np.percentile(V, S), TypeError, "np.percentile: q is a Value"),
    "reshape": (lambda: np.reshape(M, 6, order="A"), ValueError, "order='A' depends on memory layout"),
    "transpose": (lambda: np.transpose(M, (0, 0)), ValueError, "are not a permutation of the 2 axes"),
    "fliplr": (lambda: np.fliplr(V), ValueError, r"needs at least 2 dimensions, got shape \(3,\)"),
    "flipud": (lambda: np.flipud(S), ValueError, "needs at least 1 dimension"),
    "rot90": (lambda: np.rot90(M, 1, (0, 0)), ValueError, "must be two different axes"),
    "concatenate": (lambda: np.concatenate([S, S]), ValueError, "a scalar has no axis to join along"),
    "split": (lambda: np.split(V, 2), ValueError, "3 elements along axis 0 do not divide into 2 equal parts"),
    "vsplit": (lambda: np.vsplit(V, 1), ValueError, "np.vsplit: needs at least 2 dimensions"),
    "dsplit": (lambda: np.dsplit(M, 1), ValueError, "np.dsplit: needs at least 3 dimensions"),
    "insert": (lambda: np.insert(V, S, 0.0), IndexError, "np.insert: obj is a Value"),
    "delete": (lambda: np.delete(V, S), IndexError, "np.delete: obj is a Value"),
    "pad": (lambda: np.pad(V, 1, mode="empty"), ValueError, "mode='empty' has no gradient"),
    "pad width": (lambda: np.pad(V, ((1, 2, 3),)), ValueError, "does not give .before, after. for 1 axes"),
    "pad odd": (
        lambda: np.pad(V, 3, mode="reflect", reflect_type="odd"),
        ValueError,
        "pad 3 along axis 0 of size 3 is not supported",
    ),
    "diagonal": (lambda: np.diagonal(V), ValueError, "np.diagonal: needs at least 2 dimensions"),
    "diag": (lambda: np.diag(S), ValueError, "np.diag: needs 1 or 2 dimensions"),
    "take_along_axis": (
        lambda: np.take_along_axis(M, np.array([0]), 1),
        ValueError,
        r"indices of shape \(1,\)",
    ),
    "diff, n": (lambda: np.diff(V, -1), ValueError, "n=-1 must not be negative"),
    "diff of a number": (lambda: np.diff(S), ValueError, "needs at least one dimension"),
    "gradient, spacings": (lambda: np.gradient(M, 1.0, 2.0, 3.0), TypeError, "got 3 spacings for 2 axes"),
    "gradient, order": (lambda: np.gradient(V, edge_order=3), ValueError, "edge_order=3 must be 1 or 2"),
    "gradient, too few": (
        lambda: np.gradient(V[:2], edge_order=2),
        ValueError,
        "2 elements along an axis are too few",
    ),
    "gradient, x": (
        lambda: np.gradient(V, np.ones(4)),
        ValueError,
        r"coordinates of shape \(4,\) do not fit",
    ),
    "interp": (lambda: np.interp(V, [0.0, 1.0], [1.0]), ValueError, "1-D of the same length"),
    "convolve": (lambda: np.convolve(V, M), ValueError, "needs two non-empty 1-D arrays"),
    "mode": (lambda: np.convolve(V, V, "all"), ValueError, "mode='all' must be 'full', 'same' or 'valid'"),
    "cov": (lambda: np.cov(Value(np.ones((2, 2, 2)))), ValueError, "needs at most 2 dimensions"),
    "cov, weights": (lambda: np.cov(V, fweights=V), TypeError, "fweights are counts"),
    "vander": (lambda: np.vander(M), ValueError, "np.vander: needs a 1-D array"),
    "hvp": (lambda: hvp(np.sum, (0,))(V.data, V.data), TypeError, r"argnums=\(0,\) must be one int"),
    "wrt": (lambda: check_grads(np.sin, 1.0, wrt="y"), TypeError, "wrt='y' names no argument"),
    "wrt, not a leaf": (
        lambda: check_grads(lambda: S * 2, wrt=[S * 2]),
        TypeError,
        "not a leaf that requires grad",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_refused(name):
    call, error, message = CALLS[name]
    with pytest.raises(error, match=message):
        call()


def test_what_numpy_takes_that_few_know():
    assert np.array_equal(np.where(Value([0.0, 1.0]))[0], [1])
    assert np.array_equal(np.pad(V, {0: (1, 0)}).data, [0.0, 1.0, 2.0, 3.0])
    assert np.array_equal(np.pad(V, {-1: 1}).data, [0.0, 1.0, 2.0, 3.0, 0.0])
    assert np.array_equal(np.einsum(M, [0, 1], V, [1], [0]).data, M.data @ V.data)
    assert np.cumprod(Value(np.zeros((2, 0))), axis=1).shape == (2, 0)
    assert np.diagflat(Value(np.zeros(0)), 2).shape == (2, 2)
