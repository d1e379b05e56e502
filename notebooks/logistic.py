"""Softmax regression, written with Values alone: how far plain SGD gets, and what holds it back."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from nn.data import DataLoader, TensorDataset
from notebooks.figures import BLUE, GREEN, RED
from notebooks.mnist import Array, Digits, accuracy_row, load_or_leave_out, tiled
from notebooks.report import Problem, Report
from optim import SGD, Adam, Optimizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCH, SEED = 128, 0
FULL, QUICK = 10_000, 2_000  # batches on MNIST, and on the small digits
LOOKS = 25  # how often the test digits are read on the way
SMALL = 4  # digits in the batch whose graph is drawn


def logits(x: Array, w: Any, b: Any) -> Any:
    """Ten scores for each row of pixels."""
    return x @ w + b


def cross_entropy(scores: Any, labels: Array) -> Any:
    """The mean over the rows of -log of the probability given to the right digit."""
    return -scores.log_softmax(axis=1)[np.arange(len(labels)), labels].mean()


@dataclass(frozen=True)
class Setting:
    """How a regression starts and steps."""

    words: str
    deviation: float  # of the normal initial weights
    optimizer: Callable[[list[Value]], Optimizer]
    color: str


SETTINGS = {
    "random": Setting("SGD(0.01), random weights", 1.0, lambda p: SGD(p, lr=0.01), RED),
    "zero": Setting("SGD(0.01), zero weights", 0.0, lambda p: SGD(p, lr=0.01), BLUE),
    "adam": Setting("Adam(0.001), zero weights", 0.0, lambda p: Adam(p, lr=1e-3), GREEN),
}


@dataclass
class Fit:
    """A regression on its way: each batch's loss, and the test digits' loss and accuracy now and then."""

    losses: list[float] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)  # batches done when the test digits were read
    test_losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    states: dict[int, tuple[Array, Array]] = field(default_factory=dict)  # batch -> w, b before it


def batches(found: Digits, seed: int) -> Iterator[tuple[Array, Array]]:
    """Batches of pixels from 0 to 1 and labels, for ever, in a new order each epoch."""
    pictures, labels = found.train
    pixels = pictures.reshape(len(pictures), -1)
    for x, y in DataLoader(TensorDataset(pixels, labels), BATCH, shuffle=True, seed=seed, repeat=True):
        yield found.scaled(x, np.float64), y


def regress(
    found: Digits,
    setting: Setting,
    steps: int,
    keep: Mapping[str, int] | None = None,
    seed: int = SEED,
    tick: Callable[[], object] = lambda: None,
) -> Fit:
    """`steps` batches; the weights before the batches in `keep`, and after the last (as `steps` + 1)."""
    pixels = found.side**2
    rng = np.random.default_rng(seed)
    w = Value(rng.normal(size=(pixels, 10)) * setting.deviation, name="w")
    b = Value(rng.normal(size=10) * setting.deviation, name="b")
    optimizer = setting.optimizer([w, b])
    x_test, y_test = found.scaled(found.test[0].reshape(-1, pixels), np.float64), found.test[1]
    kept = set((keep or {}).values())
    done = Fit()

    def look(step: int) -> None:
        scores = Value(logits(x_test, w.data, b.data), requires_grad=False)
        done.looks.append(step)
        done.test_losses.append(cross_entropy(scores, y_test).item())
        done.accuracies.append(float((scores.data.argmax(axis=1) == y_test).mean()))

    look(0)
    for step, (x, y) in zip(range(1, steps + 1), batches(found, seed), strict=False):
        if step in kept:
            done.states[step] = w.numpy().copy(), b.numpy().copy()
        optimizer.zero_grad()
        loss = cross_entropy(logits(x, w, b), y)
        done.losses.append(loss.item())
        loss.backward(release=True)
        optimizer.step()
        tick()
        if step % max(1, steps // LOOKS) == 0 or step == steps:
            look(step)
    done.states[steps + 1] = w.numpy().copy(), b.numpy().copy()
    return done


def solve(report: Report) -> None:
    """Everything this part shows."""
    found = load_or_leave_out(report)
    if found is None:
        return
    steps = FULL if found.is_mnist else QUICK
    moments = {"first": 1, "middle": (steps + 1) // 2, "last": steps}
    fits = {
        name: regress(found, setting, steps, moments, tick=report.tick) for name, setting in SETTINGS.items()
    }
    count = len(found.test[1])
    fewer = "" if steps == FULL else f" (not the {FULL} that a run on MNIST takes)"
    for name, setting in SETTINGS.items():
        done = fits[name]
        how = f"{steps} batches of {BATCH}{fewer}; test loss {done.test_losses[-1]:.4f}"
        accuracy_row(report, setting.words, round((1 - done.accuracies[-1]) * count), count, how)
    of = "MNIST" if found.is_mnist else "the small digits (not MNIST)"
    report.figure(
        "curves",
        f"Three softmax regressions on {of}. The loss is convex: it has one valley, and every start leads there. "
        "Yet small steps from large random weights have a long way to go.",
        lambda figure: plot_curves(figure, fits),
        (10.0, 3.6),
    )
    report.figure(
        "weights",
        f"The weights of each digit after {steps} batches, as pictures (blue: ink here speaks for the digit, red: "
        "against it). The random start still covers what was learned.",
        lambda figure: plot_weights(figure, fits, found.side, steps),
        (10.0, 4.0),
    )
    for words, step in moments.items():
        draw_step(report, found, fits["random"].states[step], f"graph-{words}", f"batch {step} of {steps}")


def draw_step(report: Report, found: Digits, state: tuple[Array, Array], name: str, step: str) -> None:
    """The graph of the loss of a few digits, with the weights before that batch."""
    w, b = Value(state[0], name="w"), Value(state[1], name="b")
    x = found.scaled(found.train[0][:SMALL].reshape(SMALL, -1), np.float64)
    loss = cross_entropy(logits(x, w, b), found.train[1][:SMALL])
    loss.name = "loss"
    loss.backward()
    caption = (
        f"{SETTINGS['random'].words}, at {step}, for the first {SMALL} digits alone: loss {loss.item():.4f}."
    )
    report.graph(name, caption, loss)


def plot_curves(figure: "Figure", fits: Mapping[str, Fit]) -> None:
    """Loss and accuracy on the test digits, per batch."""
    left, right = figure.subplots(1, 2)
    for name, done in fits.items():
        setting = SETTINGS[name]
        left.semilogy(done.looks, done.test_losses, color=setting.color, label=setting.words)
        right.plot(done.looks, done.accuracies, color=setting.color, label=setting.words)
    left.set(title="Loss on the test digits", xlabel="batch", ylabel="cross entropy (logarithmic)")
    right.set(title="Test digits read rightly", xlabel="batch", ylabel="share", ylim=(0, 1))
    right.legend(loc="lower right")


def plot_weights(figure: "Figure", fits: Mapping[str, Fit], side: int, steps: int) -> None:
    """A row of ten pictures for each regression, each with a scale of its own."""
    axes = figure.subplots(len(fits), 1)
    for ax, (name, done) in zip(axes, fits.items(), strict=True):
        pictures = done.states[steps + 1][0].T.reshape(10, side, side)
        limit = float(np.quantile(abs(pictures), 0.995))
        ax.imshow(tiled(pictures, 1, 10), cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(f"{SETTINGS[name].words} (up to {limit:.2g})")
        ax.set_xticks(np.arange(10) * (side + 1) + (side - 1) / 2, labels=list(map(str, range(10))))
        ax.set_yticks([])
        ax.tick_params(length=0)
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set_visible(False)


PROBLEM = Problem(
    "logistic",
    "Digits by softmax regression",
    "One layer of weights, a softmax and the cross entropy, in float64 and with Values alone: the simplest reader of "
    "digits. Steps of plain SGD from large random weights are far from done when they stop; from zero weights the "
    "same number of batches gets further, and with Adam furthest.",
    solve,
)
