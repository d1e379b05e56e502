"""Notebooks 06 and 07: on scikit-learn's digits always (about 15 s), on MNIST where STEPGRAD_DATA names it (2 minutes)."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from nn import CrossEntropyLoss, fit
from notebooks import PROBLEMS, Report, handwriting, logistic, mnist

needs_mnist = pytest.mark.skipif(
    not os.environ.get("STEPGRAD_DATA"), reason="STEPGRAD_DATA names no folder with MNIST"
)


@pytest.fixture
def small(monkeypatch):
    """scikit-learn's digits, wherever MNIST may be."""
    monkeypatch.delenv("STEPGRAD_DATA", raising=False)
    return handwriting.load()


@pytest.fixture(scope="module")
def full():
    found = handwriting.load()
    assert found.is_mnist, f"STEPGRAD_DATA is set, but {found.words}"
    return found


# --- which digits ---------------------------------------------------------------------------


def test_the_small_digits_say_that_they_are_not_mnist(small):
    assert not small.is_mnist and small.words.startswith("NOT MNIST")
    assert small.size == "1500 + 297 of 8 x 8 pixels" and small.side == 8
    x = small.scaled(small.train[0], np.float32)
    assert x.dtype == np.float32 and x.min() == 0 and x.max() == 1
    assert small.epochs * -(-len(x) // small.batch) == 300


def test_a_folder_without_mnist_is_named_as_the_reason(tmp_path, monkeypatch):
    assert "--data names does not hold" in handwriting.load(tmp_path).words
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    assert "STEPGRAD_DATA names does not hold" in handwriting.load().words


@pytest.mark.parametrize("name", ["mnist", "logistic"])
def test_without_any_digits_a_row_says_what_is_left_out(name, monkeypatch, capsys):
    def none():
        raise ImportError

    monkeypatch.delenv("STEPGRAD_DATA", raising=False)
    monkeypatch.setattr(handwriting, "digits", none)
    report = Report(PROBLEMS[name])
    PROBLEMS[name].solve(report)
    assert [row.how for row in report.rows] == [handwriting.LEFT_OUT] and not report.pictures
    assert not report.players and report.key is None and report.cover is None
    assert capsys.readouterr().err == f"{name}: {handwriting.LEFT_OUT}\n"


def test_tiles_lie_side_by_side_with_a_line_between():
    tiles = handwriting.tiled(np.arange(12.0).reshape(3, 2, 2), 2, 2)
    assert tiles.shape == (5, 5)
    np.testing.assert_array_equal(tiles[:2], [[0, 1, np.nan, 4, 5], [2, 3, np.nan, 6, 7]])
    np.testing.assert_array_equal(tiles[3:], [[8, 9, *[np.nan] * 3], [10, 11, *[np.nan] * 3]])


# --- on the small digits --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "logistic"])
def test_the_page_of_a_problem(name, small):
    report = Report(PROBLEMS[name])
    PROBLEMS[name].solve(report)
    assert report.rows[0].how == small.words
    shares = {row.what: float(row.found) for row in report.rows[1:]}
    for row in report.rows[1:]:
        wrong, count = map(int, re.match(r"(\d+) of (\d+) misread", row.off).groups())
        assert count == 297 and abs(float(row.found) - (1 - wrong / count)) < 1e-4
    if name == "mnist":
        assert min(shares.values()) > 0.94 and len(shares) == 4
    else:
        random, zero, adam, converged = shares.values()
        assert random < 0.8 < 0.9 < zero < min(adam, converged) and min(adam, converged) > 0.94
    (player,) = report.players
    assert len(player.html.encode()) < 250_000 and "digits" in player.html
    found, count = map(int, report.key.found.split(" of "))
    assert count == 297 and abs(found / count - list(shares.values())[-1]) < 1e-4
    assert sum(picture.is_graph for picture in report.pictures) == 3
    assert sum(not picture.is_graph for picture in report.pictures) == (3 if name == "mnist" else 2)


def test_dropout_acts_only_if_it_is_told_to(small):
    with_layer = mnist.train(mnist.network(8), small).losses
    without = mnist.train(mnist.network(8, dropout=0.0), small).losses
    acting = mnist.train(mnist.network(8), small, dropout=True).losses
    assert with_layer == without and acting[0] != without[0]


def test_fit_does_what_the_loop_does(small):
    looped, fitted = mnist.network(8), mnist.network(8, dropout=0.0)
    curves = mnist.train(looped, small)
    x = small.scaled(small.train[0], np.float32)
    optimizer = mnist.adam(fitted)
    fit(fitted, x, small.train[1], CrossEntropyLoss(), optimizer, 20, 100, shuffle=False, verbose=0)
    for a, b in zip(looped.parameters(), fitted.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    end = mnist.tested(fitted, small.scaled(small.test[0], np.float32), small)
    assert end["accuracy"] == pytest.approx(curves.accuracies[-1])
    assert end["loss"] == pytest.approx(curves.test_losses[-1], rel=1e-5)


def test_weights_begin_as_keras_has_them():
    hidden, biases, output, _ = mnist.network(28).parameters()
    for weight, limit in ((hidden, np.sqrt(6 / (784 + 128))), (output, np.sqrt(6 / (128 + 10)))):
        assert weight.dtype == np.float32 and 0.97 * limit < abs(weight.data).max() <= limit
        assert weight.data.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
    assert not biases.data.any()


def test_a_tenth_and_more_is_held_out_of_the_regression(small):
    seen = set()
    for (x, _), _ in zip(logistic.batches(small, 0), range(30), strict=False):
        assert x.dtype == np.float64 and x.shape[1] == 64 and len(x) <= 128
        seen |= {row.tobytes() for row in x}
    everything = {row.tobytes() for row in logistic.pixels(small, small.train)}
    assert seen < everything and len(seen) <= 1275  # 85% of 1500


def test_the_loss_at_zero_is_that_of_guessing(small):
    done = logistic.regress(small, logistic.SETTINGS["zero"], steps=2)
    assert done.losses[0] == pytest.approx(np.log(10), rel=1e-12)
    assert done.looks == [0, 1, 2] and set(done.states) == {3}


# --- on MNIST -------------------------------------------------------------------------------


@needs_mnist
def test_mnist_loop(full):
    """Over 20 seeds the accuracies have mean 0.948 and standard deviation 0.0012, PyTorch's and Keras's as well."""
    ends = [mnist.train(mnist.network(28, seed), full).accuracies[-1] for seed in (0, 1, 2)]
    assert np.mean(ends) == pytest.approx(0.949, abs=0.002)
    assert ends == pytest.approx([0.949] * 3, abs=0.004)


@needs_mnist
def test_mnist_fit(full):
    """Single runs, PyTorch's and Keras's as well, end between 0.974 and 0.979."""
    history, end = mnist.train_by_fit(mnist.network(28, dropout=0.0), full)
    assert end["accuracy"] == pytest.approx(0.976, abs=0.004)
    assert history["val_accuracy"][-1] == pytest.approx(0.979, abs=0.004) and len(history["loss"]) == 10


@needs_mnist
def test_mnist_convolutional(full):
    assert mnist.train_convolutional(mnist.convolutional(28), full)["accuracy"] > 0.98


@needs_mnist
def test_mnist_regression(full):
    done = logistic.regress(full, logistic.SETTINGS["random"], logistic.FULL)
    # ten runs of plain NumPy have mean 0.810 and standard deviation 0.006
    assert done.accuracies[-1] == pytest.approx(0.81, abs=0.012)


@needs_mnist
def test_mnist_regression_converged(full):
    loss, test_loss, accuracy = logistic.converge(full, 50)
    assert accuracy > 0.92 and loss < test_loss < 0.3


@needs_mnist
def test_mnist_is_found_in_the_folder_or_below_it(full):
    folder = Path(os.environ["STEPGRAD_DATA"])
    for place in {folder, folder.parent} if folder.name == "mnist" else {folder}:
        assert handwriting.load(place).is_mnist
