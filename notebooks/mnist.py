"""Handwritten digits read by a network of two layers: trained by a loop written out, and by nn.fit."""

import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import no_grad
from nn.activation import ReLU
from nn.containers import Sequential
from nn.data import DataLoader, TensorDataset, digits, mnist
from nn.dropout import Dropout
from nn.init import xavier_uniform_, zeros_
from nn.linear import Flatten, Linear
from nn.loss import CrossEntropyLoss
from nn.training import Callback, Run, evaluate, fit, predict
from notebooks.figures import BLUE, FAINT, GREEN, ORANGE
from notebooks.report import Problem, Report
from optim import Adam

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[Any]]
State = dict[str, Any]

HIDDEN, DROPOUT, RATE, SEED = 128, 0.2, 1e-3, 0
LONG_BATCH, LONG_EPOCHS, HELD_OUT = 32, 10, 0.1
SMALL = 4  # digits in the batch whose graph is drawn
TILES, WRONG = (8, 16), 12  # hidden units and wrongly read digits that are shown

LEFT_OUT = (
    "left out: needs the four MNIST files (--data DIR, or the environment variable STEPGRAD_DATA), "
    "or scikit-learn (pip install scikit-learn)"
)


# --- the digits -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Digits:
    """Pictures of digits, their labels, and in words where they are from.

    ink: the number of a black pixel.  epochs and batch: 300 steps, whichever digits they are.
    """

    words: str
    is_mnist: bool
    train: tuple[Array, Array]
    test: tuple[Array, Array]
    ink: int
    epochs: int
    batch: int

    @property
    def side(self) -> int:
        """Pixels along one side of a picture."""
        return self.train[0].shape[-1]

    def scaled(self, pictures: Array, dtype: Any) -> Array:
        """The pixels as numbers from 0 (paper) to 1 (ink)."""
        return pictures.astype(dtype) / dtype(self.ink)

    @property
    def size(self) -> str:
        """How many there are, of what size."""
        return f"{len(self.train[0])} + {len(self.test[0])} of {self.side} x {self.side} pixels"


def load(folder: Path | None) -> Digits:
    """MNIST from `folder`, or the one STEPGRAD_DATA names (or its subfolder mnist); else the small digits.

    Nothing is fetched.  Raises ImportError if scikit-learn, whose digits they are, is not installed.
    """
    given = folder or os.environ.get("STEPGRAD_DATA")
    why = "neither --data nor STEPGRAD_DATA names a folder with MNIST"
    if given:
        for place in (Path(given), Path(given, "mnist")):
            try:
                train, test = mnist(place)
            except FileNotFoundError:
                continue
            return Digits("MNIST", True, train, test, ink=255, epochs=5, batch=1000)
        why = f"the folder that {'--data' if folder else 'STEPGRAD_DATA'} names does not hold the MNIST files"
    train, test = digits()
    words = f"NOT MNIST but scikit-learn's small digits, as {why}"
    return Digits(words, False, train, test, ink=16, epochs=20, batch=100)


def load_or_leave_out(report: Report) -> Digits | None:
    """The digits, with a row that says which; None, with a row and a line that say why, if there are none."""
    try:
        found = load(report.data)
    except ImportError:
        report.row("the digits", "", "", "", LEFT_OUT)
        print(f"{report.problem.name}: {LEFT_OUT}", file=sys.stderr)
        return None
    report.row("the digits", found.size, "", "", found.words)
    return found


def accuracy_row(report: Report, what: str, wrong: int, of: int, how: str) -> None:
    """A row for a share of rightly read test digits; all of them would be exact."""
    report.row(what, f"{1 - wrong / of:.4f}", "1", f"{wrong} of {of} misread", how)


# --- the network ----------------------------------------------------------------------------


def linear(inputs: int, outputs: int, rng: np.random.Generator) -> Linear:
    """A float32 layer with Glorot's uniform weights and without biases to begin with."""
    layer = Linear(inputs, outputs, dtype=np.float32, rng=rng)
    xavier_uniform_(layer.weight, generator=rng)
    zeros_(layer.bias)
    return layer


def network(side: int, seed: int = SEED, dropout: float = DROPOUT) -> Sequential:
    """Pixels -> 128 hidden units -> 10 scores; the same seed gives the same weights and dropout."""
    rng = np.random.default_rng(seed)
    return Sequential(
        {
            "flatten": Flatten(),
            "hidden": linear(side * side, HIDDEN, rng),
            "relu": ReLU(),
            "dropout": Dropout(dropout, rng=rng),
            "output": linear(HIDDEN, 10, rng),
        }
    )


@dataclass
class Curves:
    """The loss of every batch; after every epoch, loss and accuracy on the test digits."""

    losses: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)  # step -> the weights before it


def train(
    model: Sequential,
    found: Digits,
    keep: Collection[int] = (),
    tick: Callable[[], object] = lambda: None,
) -> Curves:
    """The training loop, written out; the weights before the steps in `keep` (from 1) are kept."""
    x, x_test = (found.scaled(part[0], np.float32) for part in (found.train, found.test))
    y, y_test = found.train[1], found.test[1]
    criterion, optimizer = CrossEntropyLoss(), Adam(model.parameters(), lr=RATE)
    curves = Curves()
    for _ in range(found.epochs):
        model.train()
        for x_batch, y_batch in DataLoader(TensorDataset(x, y), found.batch):
            step = len(curves.losses) + 1
            if step in keep:
                curves.states[step] = model.state_dict()
            optimizer.zero_grad()
            loss = criterion(model(x_batch), y_batch)
            curves.losses.append(loss.item())
            loss.backward(release=True)
            optimizer.step()
            tick()
        model.eval()
        with no_grad():
            scores = model(x_test)
            curves.test_losses.append(criterion(scores, y_test).item())
        curves.accuracies.append(float((scores.data.argmax(axis=1) == y_test).mean()))
    return curves


class Ticks(Callback):
    """Calls a function after every step of fit()."""

    def __init__(self, tick: Callable[[], object]) -> None:
        self.tick = tick

    def on_batch_end(self, run: Run) -> None:
        """Count the step."""
        self.tick()


def train_by_fit(
    model: Sequential, found: Digits, tick: Callable[[], object] = lambda: None
) -> dict[str, list[float]]:
    """The same training by nn.fit; what it measured."""
    history = fit(
        model,
        found.scaled(found.train[0], np.float32),
        found.train[1],
        loss=CrossEntropyLoss(),
        optimizer=Adam(model.parameters(), lr=RATE),
        epochs=found.epochs,
        batch_size=found.batch,
        validation_data=(found.scaled(found.test[0], np.float32), found.test[1]),
        metrics=["accuracy"],
        callbacks=[Ticks(tick)],
        shuffle=False,
        verbose=0,
    )
    return history.history


def train_longer(
    model: Sequential, found: Digits, seed: int = SEED, tick: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Small batches in a new order each epoch, a tenth of the digits held out: loss and accuracy in the test."""
    fit(
        model,
        found.scaled(found.train[0], np.float32),
        found.train[1],
        loss=CrossEntropyLoss(),
        optimizer=Adam(model.parameters(), lr=RATE),
        epochs=LONG_EPOCHS,
        batch_size=LONG_BATCH,
        validation_split=HELD_OUT,
        metrics=["accuracy"],
        callbacks=[Ticks(tick)],
        seed=seed,
        verbose=0,
    )
    x_test = found.scaled(found.test[0], np.float32)
    return evaluate(model, x_test, found.test[1], CrossEntropyLoss(), ["accuracy"], batch_size=1000)


# --- what is shown --------------------------------------------------------------------------


def solve(report: Report) -> None:
    """Everything this part shows."""
    found = load_or_leave_out(report)
    if found is None:
        return
    count = len(found.test[1])
    steps = found.epochs * -(-len(found.train[1]) // found.batch)
    moments = {"first": 1, "middle": (steps + 1) // 2, "last": steps}

    model = network(found.side)
    curves = train(model, found, moments.values(), report.tick)
    what = f"{found.side**2}-{HIDDEN}-10 network, a loop written out"
    how = (
        f"{found.epochs} epochs of batch {found.batch}, {steps} steps; test loss {curves.test_losses[-1]:.4f}"
    )
    accuracy_row(report, what, misread(curves.accuracies[-1], count), count, how)

    other = network(found.side)
    history = train_by_fit(other, found, report.tick)
    apart = max(
        float(abs(a.data - b.data).max()) for a, b in zip(model.parameters(), other.parameters(), strict=True)
    )
    how = "the same weights to the last bit" if apart == 0 else f"weights at most {apart:.1e} from the loop's"
    wrong = misread(history["val_accuracy"][-1], count)
    accuracy_row(report, "the same by nn.fit", wrong, count, how)

    longer = train_longer(network(found.side, dropout=0.0), found, tick=report.tick)
    how = f"{LONG_EPOCHS} epochs of batch {LONG_BATCH}, no dropout; test loss {longer['loss']:.4f}"
    accuracy_row(report, "nn.fit with smaller batches", misread(longer["accuracy"], count), count, how)

    of = "MNIST" if found.is_mnist else "the small digits (not MNIST)"
    report.figure(
        "curves",
        f"Training on {of}. The loss of every batch is noisy and, because dropout acts on it, higher than that of "
        "the test digits, which are read without dropout after each epoch.",
        lambda figure: plot_curves(figure, curves, found),
        (10.0, 3.6),
    )
    report.figure(
        "weights",
        f"What each of the {HIDDEN} hidden units looks for: its weights as a picture before and after the training "
        "(blue: ink here speaks for it, red: against it). The start is noise; where no digit ever has ink, as along "
        "the rim, a weight has no gradient and the noise stays.",
        lambda figure: plot_weights(figure, curves.states[1], model.state_dict(), found.side),
        (10.0, 2.9),
    )
    scores = predict(model, found.scaled(found.test[0], np.float32), 1000)
    report.figure(
        "misread",
        f"Test digits of {of} that the trained network misreads, the surest mistakes first.",
        lambda figure: plot_misread(figure, scores, found),
        (10.0, 3.9),
    )
    for words, step in moments.items():
        draw_step(report, found, curves.states[step], f"graph-{words}", f"step {step} of {steps}")


def misread(accuracy: float, count: int) -> int:
    """How many of `count` are wrong."""
    return round((1 - accuracy) * count)


def draw_step(report: Report, found: Digits, state: State, name: str, step: str) -> None:
    """The graph of the loss of a few digits, with the weights of that step."""
    model = network(found.side)
    model.load_state_dict(state)
    for parameter, value in model.named_parameters():
        value.name = parameter
    loss = CrossEntropyLoss()(model(found.scaled(found.train[0][:SMALL], np.float32)), found.train[1][:SMALL])
    loss.name = "loss"
    loss.backward()
    caption = f"The whole network at {step}, for a batch of the first {SMALL} digits: loss {loss.item():.4f}."
    report.graph(name, caption, loss)


def plot_curves(figure: "Figure", curves: Curves, found: Digits) -> None:
    """Loss per step, accuracy per epoch."""
    left, right = figure.subplots(1, 2)
    steps = len(curves.losses)
    ends = np.arange(1, found.epochs + 1) * (steps / found.epochs)
    left.plot(range(1, steps + 1), curves.losses, color=FAINT, linewidth=1, label="batch, with dropout")
    left.plot(ends, curves.test_losses, "o-", color=BLUE, markersize=4, label="test digits")
    left.set(title="Loss", xlabel="step", ylabel="cross entropy", ylim=(0, None))
    left.legend()
    right.plot(range(1, found.epochs + 1), curves.accuracies, "o-", color=GREEN, markersize=4)
    right.annotate(
        f"{curves.accuracies[-1]:.4f}",
        (found.epochs, curves.accuracies[-1]),
        (0, -16),
        textcoords="offset points",
        color=GREEN,
        ha="right",
    )
    right.set(title="Test digits read rightly", xlabel="epoch", ylabel="share")
    right.set_xticks(np.arange(found.epochs // 5, found.epochs + 1, found.epochs // 5))


def tiled(pictures: Array, rows: int, columns: int) -> Array:
    """Square pictures (n, side, side) side by side, with a line of nan around each."""
    side = pictures.shape[-1]
    framed = np.full((rows * columns, side + 1, side + 1), np.nan)
    framed[: len(pictures), :side, :side] = pictures[: rows * columns]
    wide = framed.reshape(rows, columns, side + 1, side + 1).transpose(0, 2, 1, 3)
    return wide.reshape(rows * (side + 1), columns * (side + 1))[:-1, :-1]


def plot_weights(figure: "Figure", before: State, after: State, side: int) -> None:
    """The first layer's weights, a tile for each hidden unit."""
    axes = figure.subplots(1, 2)
    limit = float(np.quantile(abs(after["hidden.weight"]), 0.995))
    for ax, state, words in zip(axes, (before, after), ("before the training", "after it"), strict=True):
        tiles = tiled(state["hidden.weight"].reshape(-1, side, side), *TILES)
        ax.imshow(tiles, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(f"First layer, {words}")
        ax.set_axis_off()


def plot_misread(figure: "Figure", scores: Array, found: Digits) -> None:
    """The digits whose wrong answer stands highest above the right one."""
    labels = found.test[1]
    right = np.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
    surplus = scores.max(axis=1) - right
    worst = [int(i) for i in np.argsort(-surplus, kind="stable")[:WRONG] if surplus[i] > 0]
    axes = figure.subplots(2, WRONG // 2)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, i in zip(axes.flat, worst, strict=False):
        ax.imshow(found.test[0][i], cmap="Greys", vmin=0, vmax=found.ink, interpolation="nearest")
        ax.set_title(f"{labels[i]} read as {scores[i].argmax()}", color=ORANGE, fontsize=10)


PROBLEM = Problem(
    "mnist",
    "Reading handwritten digits",
    "A network of two layers, 128 hidden units with ReLU and dropout, learns to tell the ten digits apart by Adam "
    "on the cross entropy, once by a loop written out and once by nn.fit. It reads digits that it has never seen; "
    "the pictures show what its hidden units look for and which digits fool it.",
    solve,
)
