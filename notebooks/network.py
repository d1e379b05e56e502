# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 05 A neural network from scratch

A neural network (神经网络) of three neurons (神经元), nine numbers in all: small enough that every derivative can be
worked out on paper. This notebook does that for one of them, lets `backward()` do it for all nine, checks the
article's numbers, and then trains the network to tell women from men by weight and height.
"""

# %% tags=["active-ipynb"]
# import sys
#
# sys.path.append("..")  # the packages lie one folder up, if Jupyter was started in this one
#
# from notebooks.figures import show

# %%
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import nn
from autograd import Value
from autograd.graph import Recording, explain, record
from nn.functional import mse_loss, sigmoid
from notebooks import covers
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED, Figure
from notebooks.report import Problem, Report
from optim import SGD

Numbers = Mapping[str, Any]

# %% [markdown]
"""
## One neuron

A neuron multiplies its inputs by weights (权重), adds a bias (偏置), and squeezes the sum into 0 ... 1 by an activation
function (激活函数), here the sigmoid f(x) = 1 / (1 + e⁻ˣ). Neurons side by side are a layer (层).
"""


# %%
def neuron(weights: Any, bias: Any, x: Any) -> Any:
    """sigmoid(weights . x + bias)."""
    return sigmoid(np.dot(weights, x) + bias)


# %% tags=["active-ipynb"]
# weights, bias = Value([0.0, 1.0], name="weights"), Value(4.0, name="bias")
# out = neuron(weights, bias, np.array([2.0, 3.0]))
# out.name = "out"
# out.backward()
# print("article:", 0.9990889488055994, " here:", out.item())
# print(f"by the weights: {weights.grad}, by the bias: {bias.grad:.4g}")
# out.draw()

# %% [markdown]
"""
The sum is 0·2 + 1·3 + 4 = 7, and sigmoid(7) is the article's 0.9990889488055994, to the last digit.

## Four people and a loss

The data are weight and height, less 135 pounds and 66 inches, and 1 or 0 for the sex. The article's text says that 1
is a man. Its numbers say otherwise: Alice and Diana have the 1, and the larger of the four people the 0. So here **1 is
a woman**. (The text goes on to call an output of always 0 "all men", which agrees with the numbers and not with
the text.)

The mean squared error (均方误差, MSE) is the loss (损失): the mean of (y − answer)².
"""

# %%
PEOPLE = {
    "Alice": (-2.0, -1.0, 1.0),
    "Bob": (25.0, 6.0, 0.0),
    "Charlie": (17.0, 4.0, 0.0),
    "Diana": (-15.0, -6.0, 1.0),
}
NEW = {"Emily": (-7.0, -3.0), "Frank": (20.0, 2.0)}  # not trained on

# %% tags=["active-ipynb"]
# sexes = np.array([y for *_, y in PEOPLE.values()])
# print("always 0: loss", mse_loss(np.zeros(4), sexes), " (1 + 0 + 0 + 1) / 4 =", 0.5)

# %% [markdown]
"""
## Three neurons

Two hidden neurons h₁ and h₂ see weight and height, the output o₁ sees the two. Each of the nine numbers is a `Value`
with a name. (The article once writes h₂ = f(w₃·x₃ + w₄·x₄ + b₂). There is no x₃: both neurons see x₁ and x₂, as in
its program.)
"""

# %%
NAMES = ("w1", "w2", "b1", "w3", "w4", "b2", "w5", "w6", "b3")
ONES = dict.fromkeys(("w1", "w2", "w3", "w4", "w5", "w6"), 1.0) | dict.fromkeys(("b1", "b2", "b3"), 0.0)


def values(numbers: Mapping[str, float]) -> dict[str, Value]:
    """The nine numbers as Values with their names."""
    return {name: Value(numbers[name], name=name) for name in NAMES}


def outputs(p: Numbers, x1: Any, x2: Any) -> tuple[Any, Any, Any]:
    """h1, h2 and o1: two hidden neurons that see both inputs, one that sees the hidden two."""
    h1 = sigmoid(p["w1"] * x1 + p["w2"] * x2 + p["b1"])
    h2 = sigmoid(p["w3"] * x1 + p["w4"] * x2 + p["b2"])
    return h1, h2, sigmoid(p["w5"] * h1 + p["w6"] * h2 + p["b3"])


def loss_of(p: Numbers, x1: float, x2: float, y: float) -> tuple[Value, dict[str, Value]]:
    """The squared error for one person, and the Values on the way to it by name."""
    h1, h2, o1 = outputs(p, x1, x2)
    loss = (y - o1) ** 2
    named = {"h1": h1, "h2": h2, "o1": o1, "L": loss}
    for name, value in named.items():
        value.name = name
    return loss, named


def mean_loss(p: Mapping[str, float]) -> float:
    """The mean squared error over the four people."""
    x1, x2, y = np.array(list(PEOPLE.values())).T
    return float(mse_loss(outputs(p, x1, x2)[2], y))


# %% [markdown]
r"""
## The chain rule, by hand

How does the loss change if w₁ does? The partial derivative (偏导数) ∂L/∂w₁ answers that. By the chain rule
(链式求导法则) it is a product of simple ones, along the only way from w₁ to L:

$$\frac{\partial L}{\partial w_1} = \frac{\partial L}{\partial o_1} \cdot \frac{\partial o_1}{\partial h_1} \cdot
\frac{\partial h_1}{\partial w_1} = -2 (1 - o_1) \cdot w_5\, o_1 (1 - o_1) \cdot x_1\, h_1 (1 - h_1)$$

because the derivative of the sigmoid is f′ = f (1 − f). The numbers are for Alice, with all weights 1 and all biases 0.
(The article does not say which weights; h₁ = 0.0474 is what these give.)
"""


# %%
def by_hand(start: Mapping[str, float] = ONES, person: str = "Alice") -> tuple[Value, dict[str, Value]]:
    """One backward pass: the loss, and all Values with their gradients by name."""
    p = values(start)
    loss, named = loss_of(p, *PEOPLE[person])
    loss.backward()
    return loss, p | named


def chain(h: float, o: float, x1: float) -> float:
    """dL/dw1 as one multiplies it on paper, for a weight w5 of 1 and y = 1."""
    return -2 * (1 - o) * o * (1 - o) * h * (1 - h) * x1


# %% tags=["active-ipynb"]
# loss, by_name = by_hand()
# h, o = by_name["h1"].item(), by_name["o1"].item()
# print(f"h1 = h2 = {h:.4f}   article: 0.0474")
# print(f"h1 + h2 = {2 * h:.4f}   article: 0.0948 (twice the rounded h1)")
# print(f"o1      = {o:.3f}    article: 0.524")
# print(f"dL/dw1 on paper:       {chain(h, o, -2.0):.16f}")
# print(f"dL/dw1 by backward():  {by_name['w1'].grad:.16f}")
# print(f"on paper, rounding each factor to three digits: {-0.952 * 0.249 * -0.0904:.4f}")

# %% [markdown]
"""
And here is the same, worked out by `explain` from the graph itself: the factors, the numbers in them, and what each of
them is made of.
"""

# %% tags=["active-ipynb"]
# explain(loss, by_name["w1"])

# %% [markdown]
"""
So ∂L/∂w₁ is 0.0215. The English text that the article follows has 0.0214, from factors that were rounded on the way.

Going backwards like this is backpropagation (反向传播), and it is what `backward()` does, once for all nine. In the graph,
read from L to the leaves, the gradient of each value is that of the value it goes into, times one local derivative.
"""

# %% tags=["active-ipynb"]
# for name in NAMES:
#     print(f"dL/d{name} = {by_name[name].grad:+.16f}")
# loss.draw()

# %% [markdown]
"""
The article concludes that raising w₁ raises the loss very slightly. That is so, and the derivative says by how much:
"""

# %% tags=["active-ipynb"]
# for rise in (0.01, 0.1):
#     other, _ = by_hand(ONES | {"w1": 1 + rise})
#     change = other.item() - loss.item()
#     print(f"w1 + {rise:<5}: L rises by {change:.6f}, the derivative says {rise * by_name['w1'].grad:.6f}")

# %% [markdown]
"""
## Training

Stochastic gradient descent (随机梯度下降, SGD): take one person, find all derivatives, move each number against its own by
the learning rate (学习率) η = 0.1, w ← w − η ∂L/∂w; then the next person. (Taken in a fixed order, as in the article's
program, nothing about it is random but the start.) An epoch is once through all four; there are 1000.
"""

# %%
RATE, EPOCHS = 0.1, 1000
# fmt: off
START = {"w1": 0.5, "w2": -0.3, "w3": 0.8, "w4": 0.2, "w5": -0.6, "w6": 0.9, "b1": 0.1, "b2": -0.2, "b3": 0.05}
OTHER = {"w1": -1.0, "w2": 0.5, "w3": 0.25, "w4": -0.75, "w5": 1.5, "w6": -1.25, "b1": 0.0, "b2": 0.0, "b3": 0.0}
# fmt: on
STARTS = {"mixed": START, "other": OTHER, "all ones": ONES}
COLORS = {"mixed": BLUE, "other": GREEN, "all ones": ORANGE}


@dataclass(frozen=True)
class Run:
    """A training: the nine numbers after every step (the start first), the mean loss after every epoch."""

    path: list[dict[str, float]]
    losses: list[float]


def train(
    start: Mapping[str, float] = START, epochs: int = EPOCHS, tick: Callable[[], object] = lambda: None
) -> Run:
    """Steps against the gradient for one person after the other, in the same order every epoch."""
    p = values(start)
    optimizer = SGD(p.values(), lr=RATE)
    path, losses = [dict(start)], []
    for _ in range(epochs):
        for x1, x2, y in PEOPLE.values():
            optimizer.zero_grad()
            loss, _named = loss_of(p, x1, x2, y)
            loss.backward()
            optimizer.step()
            path.append({name: value.item() for name, value in p.items()})
            tick()
        losses.append(mean_loss(path[-1]))
    return Run(path, losses)


# %% tags=["active-ipynb"]
# runs = {name: train(start) for name, start in STARTS.items()}
# for epoch in (0, 10, 20, 50, 100, 200, 500, 990):
#     print(f"Epoch {epoch} loss: {runs['mixed'].losses[epoch]:.3f}")


# %%
def plot_loss(figure: Figure, runs: Mapping[str, Run]) -> None:
    """The loss on two kinds of axis."""
    for ax, scale in zip(figure.subplots(1, 2), ("linear", "log"), strict=True):
        for name, run in runs.items():
            ax.plot(range(1, len(run.losses) + 1), run.losses, color=COLORS[name], label=name)
        ax.set(xlabel="epoch", ylabel="mean squared error", yscale=scale)
        ax.set_title("Plain axis" if scale == "linear" else "Logarithmic axis")
    ax.legend(title="start")


# %% tags=["active-ipynb"]
# show(plot_loss, runs, size=(8.0, 3.8))

# %% [markdown]
"""
The first 25 epochs, step by step. Each step sees one person, so the loss goes up and down with who it is. Go backwards
inside a step and watch the chain rule at each visit: upstream times local. (Stored is a still. Run the cell, and it plays.)
"""


# %%
def recorded(
    start: Mapping[str, float] = START, epochs: int = 25, tick: Callable[[], object] = lambda: None
) -> Recording:
    """The first epochs of the training, every step of them."""
    p = values(start)
    optimizer = SGD(p.values(), lr=RATE)
    with record(optimizer) as kept:
        for _ in range(epochs):
            for x1, x2, y in PEOPLE.values():
                optimizer.zero_grad()
                loss_of(p, x1, x2, y)[0].backward()
                optimizer.step()
                tick()
    return kept


# %% tags=["active-ipynb"]
# steps = recorded()
# print(steps.table(6))
# steps

# %% [markdown]
"""
The article draws its nine numbers at random without a seed, so its own run cannot be repeated. It says that the loss
falls slowly and the network improves. From these three starts and from three of NumPy's random ones that holds: it
never rises from one epoch to the next, and ends near 0.002.
"""

# %% tags=["active-ipynb"]
# from itertools import pairwise
#
# seeded = {
#     f"RandomState({seed})": dict(zip(START, np.random.RandomState(seed).normal(size=9), strict=True))
#     for seed in (0, 1, 42)
# }
# for name, start in (STARTS | seeded).items():
#     run = runs.get(name) or train(start)
#     rises = [epoch for epoch, (a, b) in enumerate(pairwise(run.losses), 2) if b > a]
#     last = f"rises in {len(rises)} epochs, last in {rises[-1]}" if rises else "never rises"
#     print(f"{name:16} loss {mean_loss(start):.3f} -> {run.losses[-1]:.4f}, {last}")

# %% [markdown]
"""
From "all ones" both hidden neurons get the same gradient at every step, so they stay the same neuron for ever. For
four people one is enough.
"""

# %% tags=["active-ipynb"]
# w = runs["all ones"].path[-1]
# print("w1, w2, b1, w5:", *(f"{w[n]:.6f}" for n in ("w1", "w2", "b1", "w5")))
# print("w3, w4, b2, w6:", *(f"{w[n]:.6f}" for n in ("w3", "w4", "b2", "w6")))

# %% [markdown]
"""
## What it has learned

Emily and Frank were not in the data.
"""


# %%
def plot_regions(figure: Figure, run: Run) -> None:
    """The answer over the plane at three times."""
    u, v = np.meshgrid(np.linspace(-25, 32, 115), np.linspace(-10, 10, 81))
    axes: Sequence[Any] = figure.subplots(1, 3, sharey=True)
    for ax, epoch in zip(axes, (0, 10, EPOCHS), strict=True):
        numbers = run.path[epoch * len(PEOPLE)]
        answer = outputs(numbers, u, v)[2]
        shades = ax.contourf(u, v, answer, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.5)
        if answer.min() < 0.5 < answer.max():
            ax.contour(u, v, answer, levels=[0.5], colors=INK, linewidths=1.5)
        for name, (x1, x2, y) in PEOPLE.items():
            ax.plot(x1, x2, "o", color=PURPLE if y else RED, markersize=8, markeredgecolor="white")
            ax.annotate(name, (x1, x2), (0, 8), textcoords="offset points", ha="center", fontsize=8)
        for name, (x1, x2) in NEW.items():
            ax.plot(x1, x2, "D", color="white", markersize=6, markeredgecolor=INK)
            ax.annotate(name, (x1, x2), (0, -14), textcoords="offset points", ha="center", fontsize=8)
        when = "before" if not epoch else f"after {epoch} epochs"
        ax.set(title=f"{when}: loss {mean_loss(numbers):.3f}", xlabel="weight - 135 lb")
        ax.grid(False)
    axes[0].set_ylabel("height - 66 in")
    bar = figure.colorbar(shades, ax=axes, label="answer (1: a woman)", ticks=[0, 0.5, 1])
    bar.outline.set_edgecolor(FAINT)


# %% tags=["active-ipynb"]
# last = runs["mixed"].path[-1]
# for name, (x1, x2) in NEW.items():
#     print(f"{name}: {outputs(last, x1, x2)[2]:.3f}")
# show(plot_regions, runs["mixed"], size=(10.0, 3.8))

# %% [markdown]
"""
## Batch size and vanishing gradients

The article says that a larger batch (批量大小) is more efficient but may make gradients vanish or explode
(梯度消失或爆炸). **The batch has nothing to do with it.** A batch's gradient is the mean of its rows' gradients, so it can
be no longer than the longest of them, and each row's is what it is however many stand beside it. What makes gradients
vanish is depth: every sigmoid layer multiplies them by f′ ≤ 1/4 and by its weights. Here is the gradient of the first
layer's weights in networks of 10 sigmoid neurons per layer, for batches of 1 to 1000 rows:
"""


# %%
def first_gradient(depth: int, rows: int, activation: Callable[[], nn.Module] = nn.Sigmoid) -> float:
    """The root mean square of dL/dw over the first of `depth` layers, for a batch of `rows` random rows."""
    rng = np.random.default_rng(0)
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(10, 10, rng=rng), activation()]
    model = nn.Sequential(*layers, nn.Linear(10, 1, rng=rng))
    x = np.random.default_rng(1).standard_normal((1000, 10))[:rows]
    nn.MSELoss()(model(x), 5 * x[:, :1]).backward()
    return float(np.sqrt(np.mean(model.parameters()[0].grad ** 2)))


# %% tags=["active-ipynb"]
# print("layers   batch of" + "".join(f"{rows:>10}" for rows in (1, 10, 100, 1000)))
# for depth in (1, 2, 4, 8):
#     print(f"{depth:6}           " + "".join(f"{first_gradient(depth, n):10.1e}" for n in (1, 10, 100, 1000)))

# %% [markdown]
"""
Along a line the gradient changes a little, as some rows pull harder than others, and settles at that of all the data.
Down a column it falls a millionfold and more. (With other activation functions it falls less: see notebook 08.)

## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
def at_step(run: Run, step: int) -> tuple[Value, str]:
    """The loss of one step (counted from 1), after the backward pass, and whose it was."""
    person = list(PEOPLE)[(step - 1) % len(PEOPLE)]
    return by_hand(run.path[step - 1], person)[0], person


def solve(report: Report) -> None:
    """Everything this part shows."""
    weights, bias, x = Value([0.0, 1.0], name="weights"), Value(4.0, name="bias"), np.array([2.0, 3.0])
    out = neuron(weights, bias, x)
    exact = 1 / (1 + np.exp(-7.0))
    report.row(
        "one neuron, weights (0, 1), bias 4, inputs (2, 3)",
        f"{out.item():.16f}",
        f"{exact:.16f}",
        f"{abs(out.item() - exact):.1e}",
        "sigmoid(7)",
    )
    _x1, _x2, y = np.array(list(PEOPLE.values())).T
    guess = float(mse_loss(np.zeros(len(y)), y))
    report.row(
        "mean squared error of the answer 0 for all four",
        f"{guess}",
        "0.5",
        f"{abs(guess - 0.5):.1e}",
        "(1 + 0 + 0 + 1) / 4",
    )

    loss, by_name = by_hand()
    h, o = by_name["h1"].item(), by_name["o1"].item()
    paper = chain(h, o, PEOPLE["Alice"][0])
    found = by_name["w1"].grad.item()
    report.row(
        "dL/dw1 for Alice, weights 1, biases 0",
        f"{found:.16f}",
        f"{paper:.16f}",
        f"{abs(found - paper):.1e}",
        f"h1 = h2 = {h:.4f}, o1 = {o:.4f}, L = {loss.item():.4f}; all nine: "
        + ", ".join(f"{name} {by_name[name].grad.item():.5f}" for name in NAMES),
    )
    report.graph(
        "graph-by-hand",
        "The hand calculation: Alice, all weights 1, all biases 0. Read from the loss L backwards it is the chain rule: "
        "the gradient of every value is that of the value it goes into, times one local derivative.",
        loss,
    )

    report.explanation(
        "∂L/∂w₁ for Alice, all weights 1 and all biases 0, as explain(L, w1) works it out from the graph.",
        explain(loss, by_name["w1"]),
    )
    runs = {name: train(start, tick=report.tick) for name, start in STARTS.items()}
    report.card(
        "∂L/∂w₁ for Alice, on paper and by backward()",
        f"{found:.16f}",
        f"{paper:.16f}",
        lambda figure: covers.network(figure, runs["mixed"].path[-1]),
    )
    report.player(
        "steps",
        "Three neurons, four people",
        "The first 25 epochs, one person a step. Go backwards inside a step: each visit is one factor of the chain rule, "
        "upstream times local.",
        recorded(tick=report.tick),
    )
    for name, run in runs.items():
        last = run.path[-1]
        answers = [float(outputs(last, x1, x2)[2]) for x1, x2, _y in PEOPLE.values()]
        others = ", ".join(f"{who} {float(outputs(last, *at)[2]):.3f}" for who, at in NEW.items())
        targets = [person[-1] for person in PEOPLE.values()]
        report.row(
            f"four people told apart, start: {name}",
            ", ".join(f"{answer:.3f}" for answer in answers),
            ", ".join(f"{target:g}" for target in targets),
            f"{max(abs(a - t) for a, t in zip(answers, targets, strict=True)):.3f}",
            f"mean loss {run.losses[0]:.3f} after epoch 1, {run.losses[-1]:.4f} after {EPOCHS}; not seen before: {others}",
        )
    report.figure(
        "loss",
        f"The mean squared error over the four people after every epoch of four steps, learning rate {RATE:g}, from three "
        "starts. From all ones both hidden neurons get the same gradient at every step, so they stay the same "
        "neuron for ever; for four people one is enough.",
        lambda figure: plot_loss(figure, runs),
        (8.0, 3.8),
    )
    report.figure(
        "regions",
        "What the network answers everywhere, from the start “mixed”: before training, after 10 epochs, at the end. The "
        "line is where it answers 0.5. Circles are the four people it was trained on, diamonds two it has "
        "never seen.",
        lambda figure: plot_regions(figure, runs["mixed"]),
        (10.0, 3.8),
    )
    steps = len(PEOPLE) * EPOCHS
    for words, step in (("first", 1), ("middle", steps // 2), ("last", steps)):
        loss, person = at_step(runs["mixed"], step)
        report.graph(f"graph-{words}", f"Training: the graph at step {step} of {steps}, {person}'s.", loss)


PROBLEM = Problem(
    "network",
    "05 A neural network from scratch",
    "Nine numbers, three neurons: the chain rule on paper, in the graph and in every step of the training.",
    "Two hidden neurons and one output, nine numbers in all, each a Value with a name: the graph is the chain rule "
    "that one would write on paper, and backward() gives all nine derivatives in one pass. Trained on the weight "
    "and height of four people, it tells apart two it has not seen.",
    solve,
)
