"""Embedding, EmbeddingBag and one_hot."""

import numpy as np
import pytest

from autograd import Value, compile
from nn import init
from nn.embedding import Embedding, EmbeddingBag
from nn.functional.embedding import embedding, embedding_bag, one_hot
from tests.numeric import check_first_order, check_higher_orders

TABLE = np.arange(10.0).reshape(5, 2)


def test_rows_and_their_gradients():
    w = Value(TABLE)
    y = embedding(np.array([[0, 2], [2, 2]]), w)
    assert y.data.tolist() == [[[0, 1], [4, 5]], [[4, 5], [4, 5]]]
    (y * np.arange(8.0).reshape(2, 2, 2)).sum().backward()
    assert w.grad.tolist() == [[0, 1], [0, 0], [2 + 4 + 6, 3 + 5 + 7], [0, 0], [0, 0]]
    assert embedding(3, TABLE).tolist() == [6, 7]
    assert embedding(np.zeros((0, 4), int), w).shape == (0, 4, 2)


def test_a_padding_row_has_no_gradient():
    for padding in (2, -3):
        w = Value(TABLE)
        y = embedding([0, 2], w, padding)
        assert y.data.tolist() == [[0, 1], [4, 5]]
        y.sum().backward()
        assert w.grad.tolist() == [[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]]


def test_gradients_by_frequency():
    w = Value(TABLE)
    embedding([2, 2, 1, 2], w, scale_grad_by_freq=True).sum().backward()
    np.testing.assert_allclose(w.grad, [[0, 0], [1, 1], [1, 1], [0, 0], [0, 0]])


def test_compiled():
    """Frequencies are counted in every call; what writes in place, or depends on the numbers, is refused."""
    counted = compile(lambda w, ids: np.sum(embedding(ids, w, scale_grad_by_freq=True) * 3.0))
    for ids in ([2, 2, 1, 2], [0, 4, 4, 1]):
        _, g = counted.value_and_grad(TABLE, np.array(ids))
        np.testing.assert_allclose(g, 3.0 * np.isin(np.arange(5), ids)[:, None] * np.ones(2))
    with pytest.raises(TypeError, match=r"embedding: max_norm=1.0 scales rows of the weight in place"):
        compile(lambda ids, w: embedding(ids, w, max_norm=1.0))(np.array([2, 0]), TABLE)
    with pytest.raises(TypeError, match=r"one_hot: .*; give num_classes"):
        compile(one_hot)(np.array([2, 0]))


def test_long_rows_are_scaled_down_where_they_are_read():
    w = Value(TABLE)
    y = embedding([2, 0], w, max_norm=1.0)
    np.testing.assert_allclose(y.data, [[4 / 41**0.5, 5 / 41**0.5], [0, 1]], rtol=1e-6)
    assert w.data[[0, 1, 3]].tolist() == TABLE[[0, 1, 3]].tolist()
    np.testing.assert_array_equal(w.data[2], y.data[0])
    np.testing.assert_allclose(embedding([4], TABLE.copy(), None, 2.0, np.inf), [[16 / 9, 2.0]], rtol=1e-6)


def test_bags_by_hand():
    assert embedding_bag([[0, 2], [4, 4]], TABLE).tolist() == [[2, 3], [8, 9]]
    assert embedding_bag([[0, 2], [4, 4]], TABLE, mode="sum").tolist() == [[4, 6], [16, 18]]
    assert embedding_bag([[0, 2], [4, 4]], TABLE, mode="max").tolist() == [[4, 5], [8, 9]]
    rows, bags = np.array([0, 2, 4, 1]), np.array([0, 2, 2, 3])
    assert embedding_bag(rows, TABLE, bags, mode="sum").tolist() == [[4, 6], [0, 0], [8, 9], [2, 3]]
    assert embedding_bag(rows, TABLE, bags).tolist() == [[2, 3], [0, 0], [8, 9], [2, 3]]
    assert embedding_bag(rows, TABLE, bags, mode="max").tolist() == [[4, 5], [0, 0], [8, 9], [2, 3]]
    closed = embedding_bag(rows, TABLE, np.array([0, 2, 4]), mode="sum", include_last_offset=True)
    assert closed.tolist() == [[4, 6], [10, 12]]
    for mode in ("sum", "mean", "max"):
        assert embedding_bag(np.zeros((2, 0), int), TABLE, mode=mode).tolist() == [[0, 0], [0, 0]]
    padded = embedding_bag([[0, 2], [4, 4]], TABLE, padding_idx=2)
    assert padded.tolist() == [[0, 1], [8, 9]]
    weighted = embedding_bag([[0, 2]], TABLE, mode="sum", per_sample_weights=np.array([[10.0, 0.5]]))
    assert weighted.tolist() == [[2, 12.5]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_derivatives(mode):
    rng = np.random.default_rng(1)
    table = rng.normal(size=(5, 3))
    rows, bags = np.array([0, 2, 4, 1, 2]), np.array([0, 2, 2, 3])
    for f in (
        lambda w: embedding(rows, w * w),
        lambda w: embedding_bag(rows, w * w, bags, mode=mode),
    ):
        check_first_order(f, [table], 1)
        check_higher_orders(f, [table], 2)
    if mode == "sum":
        weighted = lambda w, s: embedding_bag(rows, w, bags, mode="sum", per_sample_weights=s)
        check_first_order(weighted, [table, rng.normal(size=5)], 3)
        check_higher_orders(weighted, [table, rng.normal(size=5)], 4)


def test_modules():
    init.manual_seed(3)
    layer = Embedding(1000, 20, padding_idx=-1)
    assert layer.padding_idx == 999 and not layer.weight.data[999].any()
    assert abs(layer.weight.data.std() - 1) < 0.02 and abs(layer.weight.data.mean()) < 0.02
    assert layer([[1, 2, 3]]).shape == (1, 3, 20)
    assert repr(layer) == "Embedding(1000, 20, padding_idx=999)"
    np.testing.assert_array_equal(Embedding(4, 2, rng=1).weight.data, Embedding(4, 2, rng=1).weight.data)
    assert Embedding(4, 2, dtype=np.float32)([1]).dtype == np.float32
    frozen = Embedding.from_pretrained(TABLE)
    assert frozen.parameters() == [] and list(frozen.state_dict()) == ["weight"]
    assert frozen([1]).data.tolist() == [[2, 3]]
    learned = EmbeddingBag.from_pretrained(TABLE, freeze=False, mode="sum")
    assert len(learned.parameters()) == 1 and learned([[0, 2]]).data.tolist() == [[4, 6]]
    assert repr(learned) == "EmbeddingBag(5, 2, mode='sum')"
    assert learned(np.array([0, 2]), np.array([0, 1])).data.tolist() == [[0, 1], [4, 5]]


def test_one_hot():
    assert one_hot([[0], [2]]).tolist() == [[[1, 0, 0]], [[0, 0, 1]]]
    assert one_hot([1], 4).tolist() == [[0, 1, 0, 0]] and one_hot(1, 2).dtype == np.int64
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: embedding([0, 5], TABLE), IndexError, "index 5 is out of range for 5 rows"),
        (lambda: embedding([-1], TABLE), IndexError, "index -1 is out of range for 5 rows"),
        (lambda: embedding([0.5], TABLE), TypeError, "dtype float64; indices are integers"),
        (lambda: embedding([0], TABLE[0]), ValueError, r"weight has shape \(2,\)"),
        (lambda: embedding([0], TABLE, 5), IndexError, "padding_idx=5"),
        (lambda: Embedding(5, 2, padding_idx=-6), ValueError, "padding_idx=-6"),
        (lambda: Embedding.from_pretrained(TABLE[0]), ValueError, r"shape \(2,\)"),
        (lambda: EmbeddingBag(5, 2, mode="min"), ValueError, "mode='min'"),
        (lambda: embedding_bag([0], TABLE, [0], mode="min"), ValueError, "mode='min'"),
        (lambda: embedding_bag([0], TABLE), ValueError, r"shape \(1,\) and offsets are not given"),
        (lambda: embedding_bag([[0]], TABLE, [0]), ValueError, r"shape \(1, 1\) and offsets are given"),
        (lambda: embedding_bag([0, 1], TABLE, [0, 3]), ValueError, r"offsets are \[0, 3\]"),
        (lambda: embedding_bag([0, 1], TABLE, [1]), ValueError, r"offsets are \[1\]"),
        (
            lambda: embedding_bag([[0]], TABLE, per_sample_weights=np.ones((1, 1))),
            ValueError,
            "need mode='sum'",
        ),
        (lambda: one_hot([3], 3), IndexError, "index 3 is out of range for 3 rows"),
        (lambda: one_hot([0], 0), ValueError, "num_classes=0"),
        (lambda: one_hot([]), ValueError, "empty"),
        (lambda: one_hot([1.0]), TypeError, "float64"),
    ],
)
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
