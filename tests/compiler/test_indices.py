"""compile: integers and truth values as arguments, and as indices: `x[ids]` with other ids at each call."""

import numpy as np
import pytest

import nn
import optim
from autograd import Value, gradients, hessian, no_grad, value_and_grad
from autograd.compiler import compile
from nn import functional as F  # noqa: N812

TABLE = np.random.default_rng(0).normal(size=(4, 3))
IDS = [np.array(ids) for ids in ([0, 2, 2], [3, 1, 0], [-1, 0, 0])]
same = np.testing.assert_array_equal

LOOK_UPS = {
    "rows": lambda t, i: t[i],
    "columns": lambda t, i: t[:, i % 3],
    "two indices": lambda t, i: t[i, i % 3],
    "beside a number": lambda t, i: t[i, 1],
    "beside an index that is known": lambda t, i: t[i, np.array([0, 1, 2])],
    "with new axes": lambda t, i: t[None, ..., i % 3, None],
    "computed": lambda t, i: t[np.argmax(t + i, axis=1) % 2],
    "a number": lambda t, i: t[i[0]],
    "a number, twice": lambda t, i: t[i[0]][i[1] % 3],
    "take": lambda t, i: np.take(t, i, 0),
    "take, wrap": lambda t, i: np.take(t, i + 9, 1, mode="wrap"),
    "take, clip": lambda t, i: np.take(t, i + 9, mode="clip"),
    "take_along_axis": lambda t, i: np.take_along_axis(t, i[:, None] % 3, 1) if len(t) == 3 else t[i][::-1],
    "take_along_axis, stretched": lambda t, i: np.take_along_axis(t, i[:1, None] % 3, 1),
}


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("look_up", LOOK_UPS.values(), ids=LOOK_UPS)
def test_an_index_that_differs_from_call_to_call(look_up, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    eager = value_and_grad(lambda t, i: np.sum(look_up(t, i) ** 2))
    c = compile(eager, backend=backend)
    for dtype in (np.float64, np.float32):
        table = TABLE.astype(dtype)
        for ids in IDS:
            (value, slope), (found, found_slope) = eager(table, ids), c(table, ids)
            same(found, value)
            same(found_slope, slope)
    assert c.traces == 2
    c(table, IDS[0].astype(np.int32))
    assert c.traces == 3


def test_a_mask_as_an_argument():
    c = compile(lambda t, mask: (np.where(mask, t, 0.0).sum(), ~mask, mask & (t > 0), mask))
    for mask in (TABLE > 0.5, TABLE < 0):
        found = c(TABLE, mask)
        for x, y in zip(
            found, (np.where(mask, TABLE, 0.0).sum(), ~mask, mask & (TABLE > 0), mask), strict=True
        ):
            same(x, y)
    assert c.traces == 1 and found[3] is not mask


@pytest.mark.parametrize("ids", [np.array([4, 0, 1]), np.array([-5, 0, 0])])
@pytest.mark.parametrize("name", ["rows", "a number", "take"])
def test_what_is_out_of_range_is_said_as_without_compiling(name, ids):
    look_up = LOOK_UPS[name]
    c = compile(look_up)
    table = Value(TABLE, name="table")
    with pytest.raises(IndexError) as eager:
        look_up(table, ids)
    for other in IDS[:2]:
        c(TABLE, other)
    with pytest.raises(IndexError) as found:
        c(TABLE, ids)
    assert str(found.value) == str(eager.value)


def test_gradients_of_what_is_closed_over_and_of_second_order():
    table = Value(TABLE)
    c = compile(lambda i: np.sum(table[i] ** 3))
    for ids in IDS:
        same(gradients(c(ids), [table])[0], gradients(np.sum(table[ids] ** 3), [table])[0])
    cube = lambda t, i: np.sum(t[i] ** 3)
    same(hessian(compile(cube))(TABLE, IDS[0]), hessian(cube)(TABLE, IDS[0]))


def test_writing_at_an_index():
    def f(t, i, v):
        y = t * 1.0
        y[i] = v
        return np.sum(y**2 * np.arange(3.0))

    eager, c = value_and_grad(f, (0, 2)), compile(f, argnums=(0, 2)).value_and_grad
    for ids in (np.array([0, 2]), np.array([3, 1])):
        (value, slopes), (found, found_slopes) = eager(TABLE, ids, np.ones(3)), c(TABLE, ids, np.ones(3))
        same(found, value)
        for x, y in zip(found_slopes, slopes, strict=True):
            same(x, y)
    assert c.traces == 1
    with pytest.raises(IndexError, match="names an element twice"):
        c(TABLE, np.array([1, 1]), np.ones(3))


buffer = Value(TABLE, requires_grad=False, name="buffer")


def into_buffer(t, i):
    buffer[i] = t[0]
    return np.sum(buffer * t)


def into_buffer_without_gradient(t, i):
    with no_grad():
        buffer[i] = t[0]
    return np.sum(buffer * t)


def into_a_view(t, i):
    y = t * 1.0
    row = y[i[0]]
    row[0] = 5.0  # written through it elsewhere
    return y


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda t, i: t[i > 0], TypeError, r"bool \(4,\) .*np\.where\(mask, x, y\)"),
        (lambda t, i: TABLE[i], TypeError, r"Value\(array, requires_grad=False\)\[ids\]"),
        (lambda t, i: TABLE[i[0]], TypeError, "inside a compiled function"),
        (lambda t, i: t[t], IndexError, "only integers, slices"),
        (into_buffer, TypeError, "changes a Value in place"),
        (into_buffer_without_gradient, TypeError, "changes .* in place"),
        (into_a_view, RuntimeError, "is a view"),
        (lambda t, i: F.one_hot(i), TypeError, "its numbers are not known yet"),
    ],
)  # fmt: skip
def test_what_cannot_be(f, error, words):
    with pytest.raises(error, match=words):
        compile(f)(TABLE, np.array([1, 0, 3, 2]))
    same(buffer.data, TABLE)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}], ids=["", "padding"])
def test_an_embedding(options):
    table = Value(TABLE)
    f = lambda i, **more: F.embedding(i, table, **options)
    c = compile(f)
    for ids in (np.array([[0, 2], [2, 3]]), np.array([[1, 1], [0, 2]])):
        same(c(ids).data, f(ids).data)
        same(gradients(np.sum(c(ids) ** 2), [table])[0], gradients(np.sum(f(ids) ** 2), [table])[0])
    for wrong in (4, -1):  # a negative index is no row from the end
        with pytest.raises(IndexError, match=f"embedding: index {wrong} is out of range for 4 rows"):
            c(np.array([[0, wrong], [0, 0]]))


@pytest.mark.parametrize("bag", [nn.EmbeddingBag(4, 3), lambda i: F.one_hot(i, 4)], ids=["bag", "one_hot"])
def test_more_of_a_table(bag):
    c = compile(bag)
    for ids in (np.array([[0, 2], [2, 3]]), np.array([[1, 1], [0, 2]])):
        same(np.asarray(getattr(c(ids), "data", c(ids))), np.asarray(getattr(bag(ids), "data", bag(ids))))


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t: F.cross_entropy(x, t),
        lambda x, t: F.cross_entropy(x, t, weight=np.array([1.0, 2.0, 3.0])),
        lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1, weight=np.array([1.0, 2.0, 3.0])),
        lambda x, t: F.cross_entropy(x, t, ignore_index=1),
        lambda x, t: F.nll_loss(x, t),
        lambda x, t: F.nll_loss(x, t, weight=np.array([1.0, 2.0, 3.0]), reduction="sum"),
        lambda x, t: F.multi_margin_loss(x, t, weight=np.array([1.0, 2.0, 3.0])),
    ],
)  # fmt: skip
def test_class_labels(loss):
    eager = value_and_grad(loss)
    c = compile(eager)
    for labels in (np.array([0, 2, 1, 0]), np.array([1, 1, 2, 0])):
        (value, slope), (found, found_slope) = eager(TABLE, labels), c(TABLE, labels)
        np.testing.assert_allclose(found, value, rtol=1e-15)
        np.testing.assert_allclose(found_slope, slope, rtol=1e-14, atol=1e-17)
    with pytest.raises(IndexError, match="class 3 is out of range for 3 classes"):
        c(TABLE, np.array([0, 3, 1, 0]))


def test_fit_of_words_and_classes():
    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.linear = nn.Embedding(7, 4), nn.Linear(4, 3)

        def forward(self, words):
            return self.linear(np.mean(self.table(words), axis=1))

    rng = np.random.default_rng(1)
    words = rng.integers(0, 7, (60, 6))
    histories = []
    for compiled in (False, True):
        model = Words()
        for p in model.parameters():
            p.data = np.random.default_rng(p.size).normal(size=p.shape).astype(p.dtype)
        history = nn.fit(
            model, words, words.sum(axis=1) % 3, loss=nn.CrossEntropyLoss(),
            optimizer=optim.Adam(model.parameters(), lr=0.05), epochs=2, batch_size=20, shuffle=False,
            verbose=False, compile=compiled,
        )  # fmt: skip
        histories.append(history.history["loss"])
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-6)
