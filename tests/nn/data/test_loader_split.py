"""TensorDataset, DataLoader, train_test_split, one_hot, made-up problems, digits."""

import itertools
import subprocess
import sys

import numpy as np
import pytest

from autograd import Value
from nn.data import (
    DataLoader,
    TensorDataset,
    digits,
    make_blobs,
    make_circles,
    make_moons,
    make_regression,
    one_hot,
    train_test_split,
)


def test_a_dataset_hands_out_rows_that_belong_together():
    data = TensorDataset(np.arange(6).reshape(3, 2), [7, 8, 9])
    assert len(data) == 3
    x, y = data[1]
    assert (x.tolist(), y) == ([2, 3], 8)
    x, y = data[np.array([2, 0])]
    assert (x.tolist(), y.tolist()) == ([[4, 5], [0, 1]], [9, 7])


def test_how_they_read():
    data = TensorDataset(np.arange(6).reshape(3, 2), np.zeros(3, np.float32))
    assert repr(data) == "TensorDataset(int64 (3, 2), float32 (3,))"
    assert repr(DataLoader(data, 2, shuffle=True, seed=7)) == (
        "DataLoader(TensorDataset(int64 (3, 2), float32 (3,)), batch_size=2, shuffle=True, seed=7, 2 batches)"
    )


@pytest.mark.parametrize(
    ("arrays", "words"),
    [((), "no arrays"), ((3.0,), "shape ()"), ((np.zeros(3), np.zeros(4)), "differ in the number of rows")],
)
def test_a_dataset_refuses(arrays, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        TensorDataset(*arrays)


def test_a_dataset_refuses_to_drop_a_gradient():
    with pytest.raises(TypeError, match=r"\.data"):
        TensorDataset(Value([1.0, 2.0]))
    assert TensorDataset(Value([1.0, 2.0], requires_grad=False))[1] == (2.0,)


def rows(loader):
    return [batch[0].tolist() for batch in loader]


def test_batches_cover_every_row_once_in_order():
    data = TensorDataset(np.arange(7))
    assert rows(DataLoader(data, 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert rows(DataLoader(data, 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    assert rows(DataLoader(data, 9)) == [[0, 1, 2, 3, 4, 5, 6]]
    assert [len(DataLoader(data, b)) for b in (1, 3, 7, 9)] == [7, 3, 1, 1]
    assert len(DataLoader(data, 3, drop_last=True)) == 2


def test_shuffling_depends_on_seed_and_epoch_alone():
    data = TensorDataset(np.arange(50), -np.arange(50))
    one, two, other = (DataLoader(data, 8, shuffle=True, seed=s) for s in (3, 3, 4))
    first, second = rows(one), rows(one)
    assert (rows(two), rows(two)) == (first, second)
    assert first != second
    assert rows(other) != first
    for epoch in (first, second):
        assert sorted(itertools.chain(*epoch)) == list(range(50))
    for x, y in one:
        np.testing.assert_array_equal(x, -y)
    # the rule itself, so that a saved run goes on with the same order
    assert list(itertools.chain(*first)) == np.random.default_rng([3, 0]).permutation(50).tolist()
    assert list(itertools.chain(*second)) == np.random.default_rng([3, 1]).permutation(50).tolist()


def test_batches_are_copies():
    x = np.arange(4.0)
    for (batch,) in DataLoader(TensorDataset(x), 2):
        batch[:] = -1
    assert x.tolist() == [0, 1, 2, 3]


def test_repeat_goes_on_with_the_next_epoch():
    data = TensorDataset(np.arange(4))
    once = DataLoader(data, 3, shuffle=True, seed=1)
    expected = rows(once) + rows(once) + rows(once)
    endless = DataLoader(data, 3, shuffle=True, seed=1, repeat=True)
    assert rows(itertools.islice(endless, 6)) == expected
    assert len(endless) == 2


def test_an_iteration_left_half_way_does_not_leak_into_the_next():
    data = TensorDataset(np.arange(10))
    loader = DataLoader(data, 3, shuffle=True)
    next(iter(loader))
    assert list(itertools.chain(*rows(loader))) == loader.order(1).tolist()


@pytest.mark.parametrize("taken", range(10))
def test_a_loader_goes_on_where_another_stood(taken):
    def make():
        return DataLoader(TensorDataset(np.arange(10)), 3, shuffle=True, seed=5, repeat=True)

    whole = rows(itertools.islice(make(), 12))
    first = make()
    assert rows(itertools.islice(first, taken)) == whole[:taken]
    second = make()
    second.load_state_dict(first.state_dict())
    assert rows(itertools.islice(second, 12 - taken)) == whole[taken:]


def test_a_loader_refuses_a_state_of_other_data():
    loader = DataLoader(TensorDataset(np.arange(10)), 3)
    state = DataLoader(TensorDataset(np.arange(9)), 4).state_dict()
    with pytest.raises(ValueError, match=r"batch_size: 4 given, 3 here; rows: 9 given, 10 here"):
        loader.load_state_dict(state)
    with pytest.raises(ValueError, match="keys"):
        loader.load_state_dict({"epoch": 1})
    with pytest.raises(ValueError, match="batch 4 does not exist"):
        loader.load_state_dict({**loader.state_dict(), "batch": 4})
    assert loader.state_dict()["epoch"] == 0


def test_any_sequence_of_rows_is_a_dataset():
    pairs = [(np.array([i, i]), i) for i in range(3)]
    x, y = next(iter(DataLoader(pairs, 2)))
    assert (x.tolist(), y.tolist()) == ([[0, 0], [1, 1]], [0, 1])
    assert [b.tolist() for b in DataLoader([1.5, 2.5, 3.5], 2)] == [[1.5, 2.5], [3.5]]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"batch_size": -2}, ValueError, "batch_size=-2"),
        ({"batch_size": 2.0}, TypeError, "batch_size=2.0"),
        ({"batch_size": True}, TypeError, "batch_size=True"),
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"seed": None}, TypeError, "seed=None"),
        ({"batch_size": 5, "drop_last": True}, ValueError, "drop_last"),
    ],
)
def test_a_loader_refuses(options, kind, words):
    with pytest.raises(kind, match=f"DataLoader: .*{words}"):
        DataLoader(TensorDataset(np.arange(3)), **options)


def test_a_loader_refuses_no_rows():
    with pytest.raises(ValueError, match="no rows"):
        DataLoader(TensorDataset(np.zeros((0, 2))))


# --- train_test_split ---------------------------------------------------------------------------


def test_a_split_holds_every_row_once_and_keeps_rows_together():
    x = np.arange(40).reshape(20, 2)
    x_train, x_test, y_train, y_test = train_test_split(x, x[:, 0], test_size=0.3, seed=2)
    assert (len(x_train), len(x_test)) == (14, 6)
    np.testing.assert_array_equal(x_train[:, 0], y_train)
    np.testing.assert_array_equal(x_test[:, 0], y_test)
    assert sorted([*y_train, *y_test]) == x[:, 0].tolist()
    again = train_test_split(x, x[:, 0], test_size=0.3, seed=2)
    np.testing.assert_array_equal(again[1], x_test)
    assert train_test_split(x, test_size=0.3, seed=3)[1].tolist() != x_test.tolist()


@pytest.mark.parametrize(
    ("size", "rows"), [(0.07, 7), (0.071, 8), (7, 7), (np.int64(7), 7), (0.001, 1), (99, 99)]
)
def test_the_size_is_a_share_rounded_up_or_a_count(size, rows):
    assert len(train_test_split(np.arange(100), test_size=size)[1]) == rows


@pytest.mark.parametrize("test_size", [0.2, 30, 0.5, 7, 3])
def test_stratified_parts_have_the_shares_of_the_whole(test_size):
    labels = np.repeat([5, 2, 9], [70, 25, 5])
    _, _, train, test = train_test_split(np.arange(100), labels, test_size=test_size, stratify=labels, seed=1)
    n = 100 * test_size if isinstance(test_size, float) else test_size
    assert len(test) == n
    for label, share in ((5, 0.70), (2, 0.25), (9, 0.05)):
        count = int((test == label).sum())
        assert count >= 1
        assert (train == label).sum() == share * 100 - count
        if n >= 20:
            assert abs(count - share * n) < 1


def test_stratified_rows_are_mixed():
    labels = np.repeat([0, 1], 50)
    train, _ = train_test_split(labels, test_size=0.5, stratify=labels)
    assert abs(np.diff(train)).sum() > 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"test_size": 0.0}, "between 0 and 1"),
        ({"test_size": 1.5}, "between 0 and 1"),
        ({"test_size": 10}, "no row of 10"),
        ({"test_size": 0}, "test_size=0 must be 1 or more"),
        ({"stratify": [0] * 9 + [1]}, "occurs once"),
        ({"stratify": [0] * 5}, "one label per row"),
        ({"stratify": [0] * 5 + [1] * 5, "test_size": 1}, "each hold all 2 labels"),
        ({"stratify": [0] * 5 + [1] * 5, "shuffle": False}, "needs shuffle"),
    ],
)
def test_a_split_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        train_test_split(np.arange(10), **options)


# --- one_hot ------------------------------------------------------------------------------------


def test_one_hot_is_the_rows_of_the_identity():
    labels = np.array([[2, 0], [1, 1]])
    np.testing.assert_array_equal(one_hot(labels, 4), np.eye(4)[labels])
    assert one_hot([1], dtype=np.float32).dtype == np.float32
    assert one_hot(np.array([250], dtype=np.uint8), 256)[0, 250] == 1
    assert one_hot(np.zeros(0, int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "n", "kind", "words"),
    [
        ([0, 3], 3, ValueError, r"must lie in \[0, 3\)"),
        ([-1], 3, ValueError, "from -1"),
        ([1.0], 3, TypeError, "integers"),
        (np.zeros(0, int), None, ValueError, "num_classes="),
    ],
)
def test_one_hot_refuses(labels, n, kind, words):
    with pytest.raises(kind, match=words):
        one_hot(labels, n)


# --- made-up problems ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [make_moons, make_circles, make_blobs, make_regression])
def test_made_up_problems_follow_the_seed(make):
    a, b, c = make(31, seed=7), make(31, seed=7), make(31, seed=8)
    for one, two in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(a[0], c[0]) or not np.array_equal(a[1], c[1])
    assert len(a[0]) == len(a[1]) == 31
    for n in (0, -1):
        with pytest.raises(ValueError, match=f"{make.__name__}: n_samples={n}"):
            make(n)


def test_moons_and_circles_lie_on_their_curves():
    x, y = make_moons(101, seed=1)
    assert np.bincount(y).tolist() == [51, 50]
    np.testing.assert_allclose(np.hypot(*x[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*(x[y == 1] - [1, 0.5]).T), 1)
    assert (x[y == 0][:, 1] > -1e-12).all()
    assert (x[y == 1][:, 1] < 0.5 + 1e-12).all()
    x, y = make_circles(80, factor=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.3))
    noisy, _ = make_moons(4000, noise=0.1, shuffle=False)
    exact, _ = make_moons(4000, shuffle=False)
    assert (noisy - exact).std() == pytest.approx(0.1, rel=0.05)
    with pytest.raises(ValueError, match="factor"):
        make_circles(factor=1.0)
    with pytest.raises(ValueError, match="noise=-1"):
        make_moons(noise=-1)


def test_blobs_lie_around_their_centers():
    centers = [[0.0, 0.0, 5.0], [9.0, 9.0, 9.0]]
    x, y = make_blobs(2001, centers=centers, cluster_std=0.5)
    assert np.bincount(y).tolist() == [1001, 1000]
    for k in (0, 1):
        np.testing.assert_allclose(x[y == k].mean(axis=0), centers[k], atol=0.1)
        np.testing.assert_allclose(x[y == k].std(axis=0), 0.5, rtol=0.1)
    x, y = make_blobs(30, 4, centers=5)
    assert (x.shape, sorted(set(y.tolist()))) == ((30, 4), [0, 1, 2, 3, 4])
    with pytest.raises(ValueError, match=r"centers has shape \(2,\)"):
        make_blobs(centers=[1.0, 2.0])


def test_regression_has_the_answer_it_says():
    x, y, weights = make_regression(50, 3, n_targets=2, bias=4.0)
    np.testing.assert_allclose(np.linalg.lstsq(x, y - 4.0)[0], weights)
    _, noisy, _ = make_regression(5000, 3, noise=0.5)
    _, exact, _ = make_regression(5000, 3)
    assert (noisy - exact).std() == pytest.approx(0.5, rel=0.05)


def test_digits_are_pictures_of_digits():
    pytest.importorskip("sklearn")
    (x, y), (x_test, y_test) = digits()
    assert (x.shape, x_test.shape, x.dtype, y.dtype) == ((1500, 8, 8), (297, 8, 8), np.uint8, np.int64)
    assert (x.min(), x.max()) == (0, 16)
    assert sorted(set(y_test.tolist())) == list(range(10))
    means = np.stack([x[y == d].mean(axis=0) for d in range(10)])
    nearest = ((x_test[:, None] - means) ** 2).sum(axis=(2, 3)).argmin(axis=1)
    assert (nearest == y_test).mean() > 0.85


def test_digits_without_scikit_learn_says_what_to_install():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from nn.data import digits\n"
        "try: digits()\n"
        "except ImportError as e: print(e)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "digits: needs scikit-learn: pip install scikit-learn"
