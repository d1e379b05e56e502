# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 01 Gradient descent on a parabola

Gradient descent (梯度下降) is how a neural network finds its weights: stand somewhere, look which way is down,
take a step that way, and do it again. The whole idea can be seen on one curve with one number to move. This
notebook walks down y = x², asks what the learning rate (學習率) does, and then takes a curve with two valleys.
"""

# %% tags=["active-ipynb"]
# import sys
#
# sys.path.append("..")  # the packages lie one folder up, if Jupyter was started in this one
#
# from notebooks.figures import show

# %%
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd import Value
from autograd.graph import Recording, record
from notebooks import covers
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED, Axes, Figure
from notebooks.report import Problem, Report
from optim import SGD

# %% [markdown]
"""
## A curve and its slope

The curve is the loss function (損失函數), also called the objective function (目標函數): what should become small.
"""


# %%
def parabola(x: Any) -> Any:
    """One valley, with its lowest point at 0."""
    return x**2


# %% [markdown]
"""
A `Value` is a number that remembers what is done with it. `backward()` then finds the derivative (導數) of the
result by that number, here dy/dx = 2x = 10. Nobody has to work out 2x by hand, so the curve can be changed
without changing a second formula along with it.
"""

# %% tags=["active-ipynb"]
# x = Value(5.0, name="x")
# y = parabola(x)
# y.name = "y"
# y.backward()
# print(f"y = {y.item():g}, slope dy/dx = {x.grad:g}")
# y.draw()

# %% [markdown]
"""
## The way down

The slope says which way is up, so a step goes against it: x ← x - lr · dy/dx. The learning rate lr says how far.
"""

# %%
Function = Callable[[Any], Any]
START, RATE, STEPS = 5.0, 0.3, 15


def descend(
    f: Function, start: float, rate: float, steps: int, tick: Callable[[], object] = lambda: None
) -> list[float]:
    """Where SGD goes from `start`: steps + 1 positions, the start included."""
    x = Value(start, name="x")
    optimizer = SGD([x], lr=rate)
    path = [x.item()]
    for _ in range(steps):
        optimizer.zero_grad()
        f(x).backward()
        optimizer.step()
        path.append(x.item())
        tick()
    return path


# %% tags=["active-ipynb"]
# path = descend(parabola, START, RATE, STEPS)
# for step, x in enumerate(path):
#     print(f"step {step:2}   x = {x:<12.6g} y = {parabola(x):.6g}")

# %% [markdown]
"""
On this curve a step is x ← x - lr · 2x = (1 - 2 lr) · x. With lr = 0.3 every step leaves 0.4 of x, so the
positions are 5 · 0.4ᵏ. The numbers above are these, to the last few digits of a float.

The article prints -5, -2, -0.8, -0.32, -0.128, -0.0512 beside a program that starts at +5 and makes 15 steps. **Those
numbers are not the output of that program.** They are what it prints with a start of -5 and 5 steps:
"""

# %% tags=["active-ipynb"]
# print("formula, last position:", f"{START * (1 - 2 * RATE) ** STEPS:.9g}", "found:", f"{path[-1]:.9g}")
# print("from  5:", " ".join(f"{x:.4g}" for x in path[:6]), "...")
# print("from -5:", " ".join(f"{x:.4g}" for x in descend(parabola, -5.0, RATE, 5)))


# %% jupyter={"source_hidden": true}
def plot_path(figure: Figure, path: Sequence[float]) -> None:
    """The parabola with the path on it; the loss per step."""
    curve, loss = figure.subplots(1, 2)
    t = np.linspace(-6, 6, 241)
    x = np.array(path)
    curve.plot(t, parabola(t), color=FAINT, label="y = x²")
    curve.plot(x, parabola(x), "o-", color=RED, markersize=5, label=f"SGD, lr = {RATE}")
    for step in range(3):
        curve.annotate(
            f"{step}", (x[step], parabola(x[step])), (9, -2), textcoords="offset points", color=RED
        )
    curve.set(title="The way down", xlabel="x", ylabel="y")
    curve.legend(loc="upper center")
    loss.semilogy(parabola(x), "o-", color=RED, markersize=4)
    loss.set(title="Loss", xticks=range(0, STEPS + 1, 5), xlabel="step", ylabel="y (logarithmic)")


# %% tags=["active-ipynb"]
# show(plot_path, path)

# %% [markdown]
"""
The loss falls by the same factor at each step: a straight line when its axis is logarithmic.

## Every step

`record` watches the optimizer and keeps what each step did. What it returns shows itself as a player: one slider goes
from step to step, the other inside a step, forward, backward and to the update. (What is stored here is a still. Run
the cell, and it plays.)
"""


# %%
def recorded(
    f: Function,
    start: float,
    rate: float,
    steps: int,
    keep: int = 60,
    tick: Callable[[], object] = lambda: None,
) -> Recording:
    """The same descent with every step kept, or `keep` of them."""
    x = Value(start, name="x")
    optimizer = SGD([x], lr=rate)
    with record(optimizer, keep=keep) as kept:
        for _ in range(steps):
            optimizer.zero_grad()
            y = f(x)
            y.name = "y"
            y.backward()
            optimizer.step()
            tick()
    return kept


# %% tags=["active-ipynb"]
# steps = recorded(parabola, START, RATE, STEPS)
# print(steps.table(6))
# steps

# %% [markdown]
"""
## The learning rate

The factor 1 - 2 lr tells everything. It is positive below lr = 0.5, and x comes from one side. At lr = 0.5 it is
zero: one step and x is there. Above 0.5 it is negative, and x jumps from side to side, which still converges while
the factor is above -1. At lr = 1 it is exactly -1, and x goes to and fro between 5 and -5 for ever. Above 1 each jump
is longer than the last. So a rate that is too large does not only risk missing the optimum, as the article says:
from lr = 1 on it always misses it, and below lr = 1 it never does, on this curve.
"""

# %%
RATES = {0.1: BLUE, 0.3: GREEN, 0.7: ORANGE, 1.0: PURPLE, 1.1: RED}


def behaviour(path: Sequence[float]) -> str:
    """In words: does the path close in on 0, and from one side or both?"""
    ratios = [after / before for before, after in pairwise(path) if before]
    way = "jumps from side to side" if ratios and max(ratios) < 0 else "comes from one side"
    if all(abs(r) > 1 for r in ratios):
        return f"diverges: {way}, further out each time"
    if all(abs(r) == 1 for r in ratios):
        return f"never settles: {way} for ever"
    return f"converges: {way}"


# %% tags=["active-ipynb"]
# paths = {rate: descend(parabola, START, rate, STEPS) for rate in RATES}
# for rate, walk in {**paths, 0.5: descend(parabola, START, 0.5, STEPS)}.items():
#     print(f"lr {rate}: x = {walk[-1]:<10.4g} {behaviour(walk)}")


# %% jupyter={"source_hidden": true}
def plot_rates(figure: Figure, paths: dict[float, list[float]]) -> None:
    """x per step for each learning rate, and all losses together."""
    axes = figure.subplots(2, 3)
    last = axes[1, 2]
    ends: dict[str, list[float]] = {}  # the loss at the end, as shown -> the rates that get there
    for ax, (rate, path) in zip(axes.flat, paths.items(), strict=False):
        far = max(map(abs, path)) > 9
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.plot(path, "o-", color=RATES[rate], markersize=3.5)
        ax.set(title=f"lr = {rate}" + (" (other scale)" if far else ""), xlabel="step", ylabel="x")
        ax.set(ylim=(-90, 90) if far else (-9, 9), xticks=range(0, STEPS + 1, 5))
        ends.setdefault(f"{parabola(path[-1]):.3g}", []).append(rate)
        dashes = "-" if len(ends[f"{parabola(path[-1]):.3g}"]) == 1 else (0, (3, 3))
        last.semilogy(parabola(np.array(path)), color=RATES[rate], linestyle=dashes)
    for rates in ends.values():
        at, color = (STEPS, parabola(paths[rates[0]][-1])), RATES[rates[0]]
        words = ", ".join(map(str, rates))
        last.annotate(words, at, (4, -3), textcoords="offset points", color=color, fontsize=9)
    last.set(title="Loss, all five", xlabel="step", ylabel="y (logarithmic)", xlim=(0, STEPS + 5))
    last.set_xticks(range(0, STEPS + 1, 5))


# %% tags=["active-ipynb"]
# show(plot_rates, paths, size=(8.0, 4.8))

# %% [markdown]
"""
## Another curve

Change the curve, the start, the rate or the number of steps, and run the cell again. Only the curve has to be
written: its derivative comes from `backward()`. Here is the squared error (誤差平方和) of a line y = w·x through
three points, as a function of its slope w. Ordinary least squares (最小平方估計法) has a formula for the derivative,
-2 Σ x (y - w x), and for the lowest point, Σxy / Σx².
"""

# %% tags=["active-ipynb"]
# points_x, points_y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 7.0])
#
#
# def squared_error(w):
#     return ((w * points_x - points_y) ** 2).sum()
#
#
# w = Value(0.0, name="w")
# squared_error(w).backward()
# print(f"slope at w = 0: {w.grad:g}, by the formula {-2 * (points_x * points_y).sum():g}")
# found = descend(squared_error, 0.0, 0.02, 30)[-1]
# print(f"lowest at w = {found:.6f}, by the formula {(points_x * points_y).sum() / (points_x**2).sum():.6f}")

# %% [markdown]
"""
## Two valleys

A curve need not be convex (凸). Then the way down from here need not lead to the lowest point there is: gradient
descent only ever sees the slope where it stands.
"""

# %%
VALLEYS_RATE, VALLEYS_STEPS = 0.01, 200
VALLEYS_STARTS = (-2.0, -0.5, 0.2, 0.5, 2.0)


def two_valleys(x: Any) -> Any:
    """A deep valley on the left, a shallow one on the right, a hump between."""
    return x**4 - 4 * x**2 + x


@dataclass(frozen=True)
class Valleys:
    """The two lowest points of `two_valleys` and the top of the hump, for comparison."""

    deep: float
    top: float
    shallow: float

    @classmethod
    def find(cls) -> "Valleys":
        """From the polynomial's coefficients, by NumPy."""
        return cls(*sorted(np.roots(np.polyder([1, 0, -4, 1, 0])).real.tolist()))


# %% tags=["active-ipynb"]
# valleys = Valleys.find()
# print(f"lowest point at {valleys.deep:.4f}, hump at {valleys.top:.4f}, other valley at {valleys.shallow:.4f}")
# walks = [descend(two_valleys, start, VALLEYS_RATE, VALLEYS_STEPS) for start in VALLEYS_STARTS]
# for walk in walks:
#     print(f"from {walk[0]:4g} to x = {walk[-1]:7.4f}, y = {two_valleys(walk[-1]):.4f}")


# %% jupyter={"source_hidden": true}
def plot_valleys(figure: Figure, walks: Sequence[Sequence[float]], valleys: Valleys) -> None:
    """The function with every start, every end, and the way between."""
    ax: Axes = figure.subplots()
    t = np.linspace(-2.25, 2.25, 300)
    ax.plot(t, two_valleys(t), color=FAINT)
    ax.axvline(valleys.top, color=FAINT, linewidth=1, linestyle=":")
    ax.annotate("the hump", (valleys.top, 5.2), (6, 0), textcoords="offset points", color=FAINT)
    for walk in walks:
        color = BLUE if walk[-1] < valleys.top else RED
        x = np.array(walk)
        ax.plot(x, two_valleys(x), ".-", color=color, markersize=5, linewidth=1.5, markevery=5)
        ax.plot(
            x[0],
            two_valleys(x[0]),
            "o",
            color="white",
            markeredgecolor=color,
            markersize=8,
            markeredgewidth=2,
        )
        ax.annotate(
            f"{x[0]:g}",
            (x[0], two_valleys(x[0])),
            (10, 6) if x[1] > x[0] else (-10, 6),  # on the uphill side there is room
            textcoords="offset points",
            color=color,
            ha="left" if x[1] > x[0] else "right",
        )
    for x_end, color, words in (
        (valleys.deep, BLUE, "deepest point"),
        (valleys.shallow, RED, "shallow valley"),
    ):
        y_end = two_valleys(x_end)
        ax.plot(x_end, y_end, "*", color=color, markersize=15)
        ax.annotate(
            f"{words}\nf = {y_end:.3f}",
            (x_end, y_end),
            (0, -32),
            textcoords="offset points",
            color=color,
            ha="center",
        )
    ax.set(title="Five starts, two endings", xlabel="x", ylabel="x**4 - 4x**2 + x", ylim=(-8, 7))


# %% tags=["active-ipynb"]
# show(plot_valleys, walks, valleys)

# %% [markdown]
"""
Here is the third of them, from 0.2, step by step. The path lies on the curve, with its slope where it stands.
"""

# %% tags=["active-ipynb"]
# recorded(two_valleys, 0.2, VALLEYS_RATE, VALLEYS_STEPS)

# %% [markdown]
"""
Which valley is found depends only on which side of the hump the descent starts. The article's reader is right: on a
curve that is not convex the optimum may be missed. But it need not be, as the two starts on the left show.

There is a third way to get stuck: a level place that is no valley at all. x⁴ - 3x³ + 2 has slope 0 at x = 0 and goes
on falling to its lowest point at 2.25. A descent from the left creeps up to 0 and stays; one that starts just to the
right of it gets through, after a long wait.
"""

# %% tags=["active-ipynb"]
# for start in (-1.0, 0.0, 0.1, 1.0):
#     walk = descend(lambda x: x**4 - 3 * x**3 + 2, start, 0.01, 300)
#     print(f"from {start:4g} to x = {walk[-1]:7.4f} after 300 steps")

# %% [markdown]
"""
## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
def solve(report: Report) -> None:
    """Everything this part shows."""
    path = descend(parabola, START, RATE, STEPS, report.tick)
    report.card(
        f"lowest point of x², {STEPS} steps from {START:g}",
        f"x = {path[-1]:.4g}",
        "x = 0",
        lambda figure: covers.parabola(figure, path),
    )
    report.player(
        "steps",
        "Down a parabola",
        f"All {STEPS} steps on y = x², learning rate {RATE}. Each multiplies x by {1 - 2 * RATE:g}: the update is the "
        "learning rate times the slope.",
        recorded(parabola, START, RATE, STEPS, tick=report.tick),
    )
    report.player(
        "valleys",
        "Into the wrong valley",
        "The same on a curve with two valleys, from 0.2: the hump is on its left, so it goes right and ends in the "
        "shallow one. Change x by hand at the first step and see where the slope would lead.",
        recorded(two_valleys, 0.2, VALLEYS_RATE, VALLEYS_STEPS, tick=report.tick),
    )
    report.row(
        f"lowest point of x**2, learning rate {RATE}",
        f"x = {path[-1]:.4g}",
        "0",
        f"{abs(path[-1]):.1e}",
        behaviour(path),
    )
    report.figure(
        "path",
        f"From x = {START:g} with learning rate {RATE}: each step multiplies x by {1 - 2 * RATE:g}, "
        f"so the loss falls by the same factor every time, a straight line on the right.",
        lambda figure: plot_path(figure, path),
    )
    for step in (1, (STEPS + 1) // 2, STEPS):
        y = parabola(Value(path[step - 1], name="x"))
        y.name = "y"
        y.backward()
        report.graph(
            f"graph-step-{step:02}", f"The graph at step {step} of {STEPS}, after the backward pass.", y
        )

    paths = {rate: descend(parabola, START, rate, STEPS, report.tick) for rate in RATES}
    for rate, walk in paths.items():
        if rate != RATE:
            report.row(
                f"the same, learning rate {rate}",
                f"x = {walk[-1]:.4g}",
                "0",
                f"{abs(walk[-1]):.1e}",
                behaviour(walk),
            )
    report.figure(
        "rates",
        "The same start with five learning rates: too small is slow, above 0.5 it overshoots, "
        "at 1 it goes round in circles, above 1 it flies away.",
        lambda figure: plot_rates(figure, paths),
        (8.0, 4.8),
    )

    valleys = Valleys.find()
    walks = [
        descend(two_valleys, start, VALLEYS_RATE, VALLEYS_STEPS, report.tick) for start in VALLEYS_STARTS
    ]
    for walk in walks:
        end = walk[-1]
        found_deep = abs(end - valleys.deep) < abs(end - valleys.shallow)
        report.row(
            f"lowest point of x**4 - 4x**2 + x from {walk[0]:g}",
            f"x = {end:.4g}, f = {two_valleys(end):.4g}",
            f"x = {valleys.deep:.4g}, f = {two_valleys(valleys.deep):.4g}",
            f"{abs(end - valleys.deep):.1e}",
            "finds it" if found_deep else "misses it, in the shallow valley",
        )
    report.figure(
        "valleys",
        f"A function with two valleys, learning rate {VALLEYS_RATE}, {VALLEYS_STEPS} steps: which one is found "
        f"depends on which side of the hump (x = {valleys.top:.3f}) the descent starts.",
        lambda figure: plot_valleys(figure, walks, valleys),
    )


PROBLEM = Problem(
    "parabola",
    "01 Gradient descent on a parabola",
    "Look which way is down, take a step, look again: the whole idea on one curve.",
    "A ball on the curve y = x² is moved downhill, each time by the learning rate times the slope, and the "
    "slope comes from backward(), not from a formula. The learning rate decides between slow, quick, "
    "swinging and lost, and on a curve with two valleys the start decides which one is found.",
    solve,
)
