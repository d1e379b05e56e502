# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 06 Reading handwritten digits

Recognition of handwritten digits (手寫阿拉伯數字辨識): 784 pixels in, one of ten digits out. Two articles do
it with the same network, one with a training loop written out, one with `fit`. Both are done here, with their
settings, from three seeds each; then a small convolutional network does better.

The numbers below are those of MNIST, 60,000 digits to learn from and 10,000 to test with. Run without its files (the
environment variable STEPGRAD_DATA names their folder), the notebook takes scikit-learn's 1,797 small digits in their
place, and says so: the numbers are others then.
"""

# %% tags=["active-ipynb"]
# import sys
#
# sys.path.append("..")  # the packages lie one folder up, if Jupyter was started in this one
#
# from notebooks.figures import show
# from notebooks.handwriting import load

# %%
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import Value, no_grad
from autograd.graph import Recording, record
from nn import Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, MaxPool2d, Module, ReLU, Sequential
from nn.data import DataLoader, TensorDataset
from nn.init import xavier_uniform_, zeros_
from nn.training import LearningRateScheduler, evaluate, fit, predict
from notebooks import covers
from notebooks.figures import BLUE, FAINT, GREEN, Figure
from notebooks.handwriting import Array, Digits, Ticks, accuracy_row, load_or_leave_out, tiled
from notebooks.report import Problem, Report
from optim import Adam
from optim.lr_scheduler import OneCycleLR

State = dict[str, Any]
SEED = 0

# %% tags=["active-ipynb"]
# found = load()
# print(found.words)
# print(found.size)


# %%
def plot_first(figure: Figure, found: Digits) -> None:
    """The first forty digits."""
    ax = figure.subplots()
    ax.imshow(tiled(found.train[0], 4, 10), cmap="Greys", vmin=0, vmax=found.ink, interpolation="nearest")
    ax.set_title(
        "The first forty: "
        + "  ".join("".join(map(str, found.train[1][i : i + 10])) for i in (0, 10, 20, 30))
    )
    ax.set_axis_off()


# %% tags=["active-ipynb"]
# show(plot_first, found, size=(8.0, 3.4))

# %% [markdown]
"""
## The network

The pixels are divided by 255, so that they lie between 0 and 1 (feature scaling, 特徵縮放). Then 784 pixels → 128 hidden
neurons with ReLU → 10 scores. Weights and biases begin as Keras has them: Glorot's uniform numbers, and zeros. The
softmax at the end is part of the loss function (損失函數): `CrossEntropyLoss` takes scores, which is the same as the
articles' softmax and categorical cross entropy, and loses no digits on the way.
"""

# %%
HIDDEN, DROPOUT, RATE = 128, 0.2, 1e-3


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


def adam(model: Module, rate: float = RATE) -> Adam:
    """Adam in Keras's form, with Keras's epsilon."""
    return Adam(model.parameters(), lr=rate, eps=1e-7, epsilon_hat=True)


# %% tags=["active-ipynb"]
# network(found.side)

# %% [markdown]
"""
## The loop, written out

Five epochs (訓練週期) of 60 batches of 1000 digits, always in the same order, with the optimizer (優化器) Adam. Automatic
differentiation (自動微分) is one line: `loss.backward()`.

The article's network has a dropout layer of 0.2. **It never acts**: the loop calls `model(x_batch)` without
`training=True`, so Keras leaves it out. `dropout=False` below does the same.
"""


# %%
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
    dropout: bool = False,
    keep: Collection[int] = (),
    tick: Callable[[], object] = lambda: None,
) -> Curves:
    """The training loop; the weights before the steps in `keep` (from 1) are kept."""
    x, x_test = (found.scaled(part[0], np.float32) for part in (found.train, found.test))
    y, y_test = found.train[1], found.test[1]
    criterion, optimizer = CrossEntropyLoss(), adam(model)
    curves = Curves()
    for _ in range(found.epochs):
        model.train(dropout)
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


# %% tags=["active-ipynb"]
# model = network(found.side)
# curves = train(model, found, keep=(1,))
# steps = len(curves.losses) // found.epochs
# for epoch in range(1, found.epochs + 1):
#     print(f"Epoch {epoch}, Loss: {curves.losses[epoch * steps - 1]:.3f}")
# print(f"loss={curves.test_losses[-1]:.3f}, accuracy={curves.accuracies[-1]:.3f}")

# %% [markdown]
"""
The accuracy (準確率) depends on the random start. Three seeds, and three more with dropout that does act:
"""

# %% tags=["active-ipynb"]
# for words, dropout in (("as the article runs it", False), ("with dropout acting", True)):
#     ends = [train(network(found.side, seed), found, dropout).accuracies[-1] for seed in (0, 1, 2)]
#     print(f"{words:23}", *(f"{end:.3f}" for end in ends), f"  mean {np.mean(ends):.3f}")

# %% [markdown]
"""
On MNIST that is 0.949 ± 0.002. Where a run ends is the luck of its start: over twenty seeds the accuracies have a mean of
0.948 and a standard deviation of 0.0012. It is the same in PyTorch (twenty seeds) and in Keras (twelve), and PyTorch, given
the same initial weights, misreads the same number of digits, or one more. Dropout changes next to nothing in five epochs:
it is there to keep a network from learning its digits by heart, and this one has not come that far.
"""


# %%
def plot_curves(figure: Figure, curves: Curves, found: Digits) -> None:
    """Loss per step, accuracy per epoch."""
    left, right = figure.subplots(1, 2)
    steps = len(curves.losses)
    ends = np.arange(1, found.epochs + 1) * (steps / found.epochs)
    left.plot(range(1, steps + 1), curves.losses, color=FAINT, linewidth=1, label="batch")
    left.plot(ends, curves.test_losses, "o-", color=BLUE, markersize=4, label="test digits")
    left.set(title="Loss", xlabel="step", ylabel="cross entropy", ylim=(0, None))
    left.legend()
    right.plot(range(1, found.epochs + 1), curves.accuracies, "o-", color=GREEN, markersize=4)
    right.annotate(
        f"{curves.accuracies[-1]:.4f}",
        (found.epochs, curves.accuracies[-1]),
        (0, -24),
        textcoords="offset points",
        color=GREEN,
        ha="right",
    )
    right.set(title="Test digits read rightly", xlabel="epoch", ylabel="share")
    right.set_xticks(np.arange(found.epochs // 5, found.epochs + 1, found.epochs // 5))


# %% tags=["active-ipynb"]
# show(plot_curves, curves, found, size=(10.0, 3.6))


# %%
TILES, WRONG = (4, 8), 12  # hidden units and wrongly read digits that are shown


def plot_weights(figure: Figure, before: State, after: State, side: int) -> None:
    """The first layer's weights, a tile for each of some hidden units."""
    axes = figure.subplots(1, 2)
    limit = float(np.quantile(abs(after["hidden.weight"]), 0.995))
    for ax, state, words in zip(axes, (before, after), ("before the training", "after it"), strict=True):
        tiles = tiled(state["hidden.weight"].reshape(-1, side, side), *TILES)
        ax.imshow(tiles, cmap="RdBu", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_title(f"First layer, {words}")
        ax.set_axis_off()


# %% [markdown]
"""
The graph of this network, at 20 of its first 300 steps. An array is shown by its norm and, where it is a weight or comes
from outside, by a small picture: of the batch its first digit, of the weights all rows and columns (blue is negative,
orange positive). An edge between arrays says what the rule does with the gradient. (Stored is a still. Run the cell,
and it plays.)
"""


# %%
def recorded(
    found: Digits, steps: int = 300, kept: int = 20, tick: Callable[[], object] = lambda: None
) -> Recording:
    """The first steps of the written loop, some of them kept."""
    model = network(found.side)
    model.eval()
    for name, value in model.named_parameters():
        value.name = name
    rows = TensorDataset(found.scaled(found.train[0], np.float32), found.train[1])
    batches = DataLoader(rows, found.batch, repeat=True)
    criterion, optimizer = CrossEntropyLoss(), adam(model)
    with record(optimizer, every=steps // kept) as recording:
        for _, (x, y) in zip(range(steps), batches, strict=False):
            optimizer.zero_grad()
            digits = Value(x, name="digits", requires_grad=False)
            loss = criterion(model(digits), y)
            loss.name = "loss"
            loss.backward()
            optimizer.step()
            tick()
    return recording


# %% tags=["active-ipynb"]
# recorded(found)

# %% [markdown]
"""
What a quarter of the hidden neurons look for, their weights as pictures: blue where ink speaks for the neuron, red where it
speaks against it. The start is noise. Where no digit ever has ink, as along the rim, a weight has no gradient, and the
noise stays.
"""

# %% tags=["active-ipynb"]
# show(plot_weights, curves.states[1], model.state_dict(), found.side, size=(10.0, 2.9))


# %%
def plot_misread(figure: Figure, scores: Array, found: Digits) -> None:
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
        ax.set_title(f"{labels[i]} read as {scores[i].argmax()}", fontsize=10)


# %% [markdown]
"""
And the test digits that it misreads, the surest mistakes first:
"""

# %% tags=["active-ipynb"]
# scores = predict(model, found.scaled(found.test[0], np.float32), 1000)
# show(plot_misread, scores, found, size=(10.0, 3.9))

# %% [markdown]
"""
## The same network by fit

The other article trains 784-128-10 without dropout: batches of 32, in a new order each epoch, 10 epochs, the last tenth
of the digits held out to validate with. As printed its program stops with two errors: `keras` is never imported, and
`Flatten(input_shape=(28, 28))` is given rows of 784. With these mended it is this:
"""

# %%
LONG_BATCH, LONG_EPOCHS, HELD_OUT = 32, 10, 0.1


def train_by_fit(
    model: Module, found: Digits, seed: int = SEED, tick: Callable[[], object] = lambda: None
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """What was measured after each epoch; loss and accuracy on the test digits."""
    history = fit(
        model,
        found.scaled(found.train[0], np.float32),
        found.train[1],
        loss=CrossEntropyLoss(),
        optimizer=adam(model),
        epochs=LONG_EPOCHS,
        batch_size=LONG_BATCH,
        validation_split=HELD_OUT,
        metrics=["accuracy"],
        callbacks=[Ticks(tick)],
        seed=seed,
        verbose=0,
    )
    return history.history, tested(model, found.scaled(found.test[0], np.float32), found)


def tested(model: Module, x: Array, found: Digits) -> dict[str, float]:
    """Loss and accuracy on the test digits, whose pixels are `x`."""
    return evaluate(model, x, found.test[1], CrossEntropyLoss(), ["accuracy"], batch_size=1000)


# %% tags=["active-ipynb"]
# ends = []
# for seed in (0, 1, 2):
#     history, end = train_by_fit(network(found.side, seed, dropout=0.0), found, seed)
#     ends.append(end["accuracy"])
#     last = history["val_accuracy"][-1]
#     print(f"seed {seed}: val_accuracy {last:.3f}, Test accuracy: {end['accuracy']:.3f}")
# print(f"mean {np.mean(ends):.3f}")

# %% [markdown]
"""
Single runs on MNIST end between 0.975 and 0.979, and so do PyTorch's and Keras's: the last step of the last epoch falls
where it falls. It is the same network as above, after over fifty times as many steps.

## A small convolutional network

A convolution looks for the same small pattern at every place of the picture. Two such layers, each followed by ReLU and
by the largest value of every 2 × 2 pixels, then two linear layers. The learning rate rises and falls once in the course
of the training (see notebook 08).
"""

# %%
CONV_BATCH, CONV_EPOCHS, CONV_RATE = 64, 2, 6e-3


def convolutional(side: int, seed: int = SEED) -> Sequential:
    """Two convolutions of 3 x 3 with 8 and 16 channels, and two linear layers."""
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(1, 8, 3, padding=1, dtype=np.float32, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(8, 16, 3, padding=1, dtype=np.float32, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        linear(16 * (side // 4) ** 2, 64, rng),
        ReLU(),
        linear(64, 10, rng),
    )


def train_convolutional(
    model: Module, found: Digits, seed: int = SEED, tick: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Loss and accuracy on the test digits, after two epochs on MNIST or twenty on the small digits."""
    x, x_test = (found.scaled(part[0][:, None], np.float32) for part in (found.train, found.test))
    epochs = CONV_EPOCHS if found.is_mnist else 10 * CONV_EPOCHS
    optimizer = Adam(model.parameters())
    steps = epochs * -(-len(x) // CONV_BATCH)
    schedule = LearningRateScheduler(OneCycleLR(optimizer, CONV_RATE, steps + 1), every="batch")
    callbacks = [schedule, Ticks(tick)]
    fit(
        model,
        x,
        found.train[1],
        CrossEntropyLoss(),
        optimizer,
        epochs,
        CONV_BATCH,
        callbacks=callbacks,
        seed=seed,
        verbose=0,
    )
    return tested(model, x_test, found)


# %% tags=["active-ipynb"]
# small = convolutional(found.side)
# end = train_convolutional(small, found)
# for words, net in (("784-128-10", model), ("convolutional", small)):
#     print(f"{words:13} {sum(p.size for p in net.parameters()):6} numbers to learn")
# print(f"accuracy {end['accuracy']:.3f}")

# %% [markdown]
"""
With half as many numbers to learn as the network above, and a fifth of the epochs, it makes about half the mistakes. (Two
more seeds on MNIST: 0.987 each.)

## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
SMALL = 4  # digits in the batch whose graph is drawn


def solve(report: Report) -> None:
    """Everything this part shows."""
    found = load_or_leave_out(report)
    if found is None:
        return
    steps = found.epochs * -(-len(found.train[1]) // found.batch)
    moments = {"first": 1, "middle": (steps + 1) // 2, "last": steps}
    what = f"{found.side**2}-{HIDDEN}-10 network, a loop written out"
    how = f"{found.epochs} epochs of batch {found.batch}, {steps} steps"

    model = network(found.side)
    curves = train(model, found, False, moments.values(), report.tick)
    loss = f"; test loss {curves.test_losses[-1]:.4f}"
    accuracy_row(report, what, curves.accuracies[-1], found, how + ", dropout never acts" + loss)
    acting = train(network(found.side), found, True, tick=report.tick)
    loss = f"; test loss {acting.test_losses[-1]:.4f}"
    accuracy_row(report, "the same, dropout acts", acting.accuracies[-1], found, how + loss)
    _, longer = train_by_fit(network(found.side, dropout=0.0), found, tick=report.tick)
    how = f"{LONG_EPOCHS} epochs of batch {LONG_BATCH}, no dropout; test loss {longer['loss']:.4f}"
    accuracy_row(report, "nn.fit with smaller batches", longer["accuracy"], found, how)
    reader = convolutional(found.side)
    small = train_convolutional(reader, found, tick=report.tick)
    how = f"3 x 3 convolutions, one-cycle learning rate; test loss {small['loss']:.4f}"
    accuracy_row(report, "a small convolutional network", small["accuracy"], found, how)

    unread = round((1 - small["accuracy"]) * len(found.test[1]))
    answers = predict(reader, found.scaled(found.test[0][:, None], np.float32), 1000).argmax(axis=1)
    wrong = answers != found.test[1]
    few = np.sort(np.argsort(~wrong, kind="stable")[:2].tolist() + np.flatnonzero(~wrong)[:38].tolist())
    report.card(
        f"unseen digits that are read rightly: {found.name}",
        f"{len(found.test[1]) - unread} of {len(found.test[1])}",
        "all of them",
        lambda figure: covers.digits(figure, found.scaled(found.test[0], float)[few], wrong[few], 5, 8),
    )
    report.player(
        "steps",
        f"{found.side**2}-{HIDDEN}-10, by Adam",
        "The network's graph at 20 of its first 300 steps: shapes, norms, and pictures of the weights and of the first "
        "digit of each batch.",
        recorded(found, tick=report.tick),
    )
    report.figure(
        "curves",
        f"The written loop on {found.name}: the loss of every batch, and after each epoch loss and accuracy on the test "
        "digits, which it has never seen.",
        lambda figure: plot_curves(figure, curves, found),
        (10.0, 3.6),
    )
    report.figure(
        "weights",
        f"What a quarter of the {HIDDEN} hidden units look for: their weights as pictures before and after the training "
        "(blue: ink here speaks for it, red: against it). The start is noise; where no digit ever has ink, as along "
        "the rim, a weight has no gradient and the noise stays.",
        lambda figure: plot_weights(figure, curves.states[1], model.state_dict(), found.side),
        (10.0, 2.9),
    )
    scores = predict(model, found.scaled(found.test[0], np.float32), 1000)
    report.figure(
        "misread",
        f"Test digits of {found.name} that the trained network misreads, the surest mistakes first.",
        lambda figure: plot_misread(figure, scores, found),
        (10.0, 3.9),
    )
    for words, step in moments.items():
        draw_step(report, found, curves.states[step], f"graph-{words}", f"step {step} of {steps}")


def draw_step(report: Report, found: Digits, state: State, name: str, step: str) -> None:
    """The graph of the loss of a few digits, with the weights of that step."""
    model = network(found.side)
    model.load_state_dict(state)
    model.eval()
    for parameter, value in model.named_parameters():
        value.name = parameter
    loss = CrossEntropyLoss()(model(found.scaled(found.train[0][:SMALL], np.float32)), found.train[1][:SMALL])
    loss.name = "loss"
    loss.backward()
    caption = f"The whole network at {step}, for a batch of the first {SMALL} digits: loss {loss.item():.4f}."
    report.graph(name, caption, loss)


PROBLEM = Problem(
    "mnist",
    "06 Reading handwritten digits",
    "Two layers learn to read, and a small convolutional network reads better.",
    "A network of two layers, 128 hidden units with ReLU, learns to tell the ten digits apart by Adam on the cross "
    "entropy, by a loop written out and by nn.fit, and a small convolutional network does it better. The pictures "
    "show what hidden units look for and which digits fool them.",
    solve,
    uses_mnist=True,
)
