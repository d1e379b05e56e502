# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 04 A quadratic fitted to points

Some points lie around a curve. Which curve? Suppose that it is a quadratic (二次多項式), a x² + b x + c; then three numbers
are to be found. One can turn three knobs by hand. Gradient descent (梯度下降) turns them all at once, without looking.
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
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from autograd import Value, no_grad
from autograd.graph import Recording, record
from notebooks import covers
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED, Figure, Moving, Shown
from notebooks.report import Problem, Report

# %% [markdown]
"""
## Points around a curve

The true curve is 3x² + 2x + 1. The noise (雜訊) is partly a share of y, partly not, and its seed is fixed.
"""

# %%
Array = np.ndarray[Any, np.dtype[np.float64]]

TRUE = (3.0, 2.0, 1.0)
START, RATE, STEPS, LONG = (1.1, 1.1, 1.1), 0.01, 10, 50


def quadratic(abc: Any, x: Any) -> Any:
    """a x² + b x + c."""
    a, b, c = abc
    return a * x**2 + b * x + c


def noisy_points(count: int = 20, seed: int = 42) -> tuple[Array, Array]:
    """Points around the true quadratic; the noise is partly a share of y, partly not."""
    random = np.random.RandomState(seed)  # its numbers are the same in every release of NumPy
    x = np.linspace(-2, 2, count)
    y = quadratic(TRUE, x) * (1 + random.normal(scale=0.15, size=count))
    return x, y + random.normal(scale=1.5, size=count)


# %% jupyter={"source_hidden": true}
def plot_true(figure: Figure, x: Array, y: Array) -> None:
    """The true curve, and the points around it."""
    curve, points = figure.subplots(1, 2, sharey=True)
    t = np.linspace(-2.1, 2.1, 200)
    for ax in (curve, points):
        ax.plot(t, quadratic(TRUE, t), color=FAINT, linestyle="--")
        ax.set(xlabel="x")
    points.plot(x, y, "o", color=INK, markersize=5)
    curve.set(title="3x² + 2x + 1", ylabel="y")
    points.set(title=f"{len(x)} points")


# %% tags=["active-ipynb"]
# x, y = noisy_points()
# show(plot_true, x, y)

# %% [markdown]
"""
## How near is a curve?

The loss function (損失函數) is the mean absolute error (平均絕對誤差, MAE): how far each point is above or below the
curve, on average. The article speaks of 10 points, but the notebook that it follows makes 20. With 10 the numbers are
other ones.
"""


# %%
def error(abc: Any, x: Any, y: Any) -> Any:
    """The mean absolute error of the quadratic with these three numbers."""
    return abs(quadratic(abc, x) - y).mean()


# %% tags=["active-ipynb"]
# print(
#     f"a = b = c = 1.1: MAE {error(START, x, y):.2f}, and with 10 points {error(START, *noisy_points(10)):.2f}"
# )
# print(f"a = b = c = 1.5: MAE {error((1.5, 1.5, 1.5), x, y):.2f}")

# %% [markdown]
"""
## By hand

Three sliders (滑桿) with steps of 0.1. In a running notebook they move the curve; what is stored here is how it starts.
Try to bring the MAE below 1.
"""

# %% jupyter={"source_hidden": true}
LINE = np.linspace(-2.1, 2.1, 200)


def plot_curve(figure: Figure, x: Array, y: Array) -> None:
    """The points and a curve, with its MAE above."""
    ax = figure.subplots()
    ax.plot(LINE, quadratic(START, LINE), color=BLUE)
    ax.plot(x, y, "o", color=INK, markersize=5)
    ax.set(title=f"MAE: {error(START, x, y):.2f}", xlabel="x", ylabel="y", ylim=(-4, 20))


def sliders(x: Array, y: Array) -> None:
    """Sliders for a, b and c that move the curve; without ipywidgets a still picture, and a line that says so."""
    from IPython.display import display

    moving = Moving(lambda figure: plot_curve(figure, x, y), (7.0, 4.0), "the points and a curve")
    (ax,) = moving.figure.axes

    def move(a: float, b: float, c: float) -> Shown:
        ax.lines[0].set_ydata(quadratic((a, b, c), LINE))
        ax.set_title(f"MAE: {error((a, b, c), x, y):.2f}", loc="left")
        return moving.now()

    try:
        from ipywidgets import FloatSlider, interact
    except ImportError:
        print('ipywidgets is not installed: a still picture; for sliders, pip install "stepgrad[jupyter]"')
        display(moving.now())  # type: ignore[no-untyped-call]
        return
    settings = {"min": -1.0, "max": 5.0, "step": 0.1, "continuous_update": False}
    interact(move, **{name: FloatSlider(v, **settings) for name, v in zip("abc", START, strict=True)})


# %% tags=["active-ipynb"]
# sliders(x, y)

# %% [markdown]
"""
The least that any quadratic can have is known. The error is piecewise linear in a, b and c, so a lowest point is a
corner, where the curve goes exactly through three of the points: trying all threes finds it. The true curve is worse,
because there are only 20 noisy points.
"""


# %%
def best(x: Array, y: Array) -> tuple[Array, float]:
    """The a, b, c with the least mean absolute error, and that error.

    The error is piecewise linear in them, so a lowest point is a corner: three points lie on the curve.
    """
    threes = np.array(list(combinations(range(len(x)), 3)))
    corners = np.linalg.solve(np.stack([x**2, x, x**0], axis=-1)[threes], y[threes][..., None])[..., 0]
    errors = np.abs(quadratic(corners.T[..., None], x) - y).mean(axis=1)
    lowest = int(errors.argmin())
    return corners[lowest], float(errors[lowest])


# %% tags=["active-ipynb"]
# corner, least = best(x, y)
# print(f"least MAE {least:.4f} at a, b, c = {', '.join(f'{v:.4f}' for v in corner)}")
# print(f"true curve {error(TRUE, x, y):.4f}")

# %% [markdown]
"""
## Which way?

The gradient (梯度) has one number for each of a, b and c. Where it is positive, a little more of that number makes the
loss larger; where it is negative, smaller. So each is moved against its sign. Here all three are negative: a, b and
c should all grow, and a the most.
"""

# %% tags=["active-ipynb"]
# abc = Value(START, name="abc")
# loss = error(abc, x, y)
# loss.name = "loss"
# loss.backward()
# print(f"loss {loss.item():.10f}")
# print("gradient", " ".join(f"{g:.10f}" for g in abc.grad))
# for name, g, step in zip("abc", abc.grad, np.eye(3) * 0.01, strict=True):
#     change = error(START + step, x, y) - loss.item()
#     print(f"{name} larger by 0.01: the loss changes by {change:+.5f}, 0.01 times {g:.5f}")
# loss.draw()

# %% [markdown]
"""
## Ten steps

The loop as the article has it: learning rate (學習率) 0.01, ten steps. Under `no_grad()` the numbers are changed in place.
"""

# %% tags=["active-ipynb"]
# abc = Value(START, name="abc")
# for step in range(10):
#     loss = error(abc, x, y)
#     loss.backward()
#     with no_grad():
#         abc -= abc.grad * 0.01
#     print(f"step={step}; loss={loss.item():.2f}")

# %% [markdown]
"""
The loss falls at each step, as the article says. But something is odd: the gradient of an absolute error hardly
changes, and yet the steps grow; the loss falls by 0.02 at first and by 0.14 at the end. **The loop never clears the
gradient.** `backward()` adds to the gradient that is there, so each step is made with the sum of all gradients so far.
Cleared before each backward pass, the same ten steps end at 2.23, not 1.58.
"""

# %%
KEPT, CLEARED = PURPLE, GREEN


@dataclass(frozen=True)
class Run:
    """Where a descent went: a, b, c (the start first) and the loss before each update."""

    path: list[list[float]]
    losses: list[float]


def descend(
    x: Array,
    y: Array,
    start: Sequence[float] = START,
    rate: float = RATE,
    steps: int = STEPS,
    clear: bool = True,
    look: Callable[[int, Value], object] = lambda step, loss: None,
    tick: Callable[[], object] = lambda: None,
) -> Run:
    """Steps against the gradient; without `clear` it is the sum of all gradients so far.

    `look(step, loss)` is called after each backward pass, steps being counted from 1.
    """
    abc = Value(list(start), name="abc")
    path, losses = [list(start)], []
    for step in range(1, steps + 1):
        if clear:
            abc.zero_grad()
        loss = error(abc, x, y)
        loss.name = "loss"
        loss.backward()
        look(step, loss)
        with no_grad():
            abc -= abc.grad * rate
        path.append(abc.numpy().tolist())
        losses.append(loss.item())
        tick()
    return Run(path, losses)


# %% tags=["active-ipynb"]
# kept, cleared = descend(x, y, clear=False), descend(x, y)
# print("kept   ", " ".join(f"{v:.2f}" for v in kept.losses))
# print("cleared", " ".join(f"{v:.2f}" for v in cleared.losses))
# print("10 points, kept", " ".join(f"{v:.2f}" for v in descend(*noisy_points(10), clear=False).losses))

# %% [markdown]
"""
The notebook that the article follows has made one step by hand before that loop, whose gradient is kept as well.
There the ten lines are the ones from the second step on:
"""

# %% tags=["active-ipynb"]
# print(" ".join(f"{v:.2f}" for v in descend(x, y, clear=False, steps=11).losses[1:]))


# %% jupyter={"source_hidden": true}
def plot_points(
    figure: Figure, x: Array, y: Array, kept: Run, cleared: Run, corner: Sequence[float] | Array
) -> None:
    """The points and five curves."""
    ax = figure.subplots()
    t = np.linspace(-2.1, 2.1, 200)
    ax.plot(t, quadratic(TRUE, t), color=FAINT, linestyle="--", label="true: 3x² + 2x + 1")
    ax.plot(t, quadratic(START, t), color=BLUE, linewidth=1.2, label="start: 1.1x² + 1.1x + 1.1")
    ax.plot(t, quadratic(cleared.path[-1], t), color=CLEARED, label=f"{STEPS} steps, cleared")
    ax.plot(t, quadratic(kept.path[-1], t), color=KEPT, label=f"{STEPS} steps, kept")
    ax.plot(t, quadratic(corner, t), color=ORANGE, label="best possible")
    ax.plot(x, y, "o", color=INK, markersize=5)
    ax.set(title="20 points and five quadratics", xlabel="x", ylabel="y")
    ax.legend(loc="upper center")


# %% tags=["active-ipynb"]
# show(plot_points, x, y, kept, cleared, corner, size=(8.0, 4.6))

# %% [markdown]
"""
So is forgetting to clear a good thing? For ten steps it is: the growing steps are a kind of momentum (動量). For fifty it is
not. The sum keeps its speed when the lowest point is reached, runs through the valley and up the other side, and after
50 steps the loss is back at 2.35. It is momentum without friction.
"""

# %% tags=["active-ipynb"]
# long_kept = descend(x, y, steps=50, clear=False)
# turn = int(np.argmin(long_kept.losses))
# print(f"kept: {long_kept.losses[turn]:.2f} at step {turn + 1}, {long_kept.losses[-1]:.2f} at step 50")


# %% jupyter={"source_hidden": true}
def plot_clearing(
    figure: Figure, kept: Run, cleared: Run, long_kept: Run, long_cleared: Run, least: float
) -> None:
    """The first steps on the left, many on the right."""
    for ax, pair in zip(figure.subplots(1, 2), ((kept, cleared), (long_kept, long_cleared)), strict=True):
        for run, color, words, mark in zip(pair, (KEPT, CLEARED), ("kept", "cleared"), "os", strict=True):
            steps = range(1, len(run.losses) + 1)
            ax.plot(steps, run.losses, f"{mark}-", color=color, markersize=3.5, label=f"gradients {words}")
        ax.axhline(least, color=FAINT, linewidth=1, linestyle=":", label="the least possible")
        ax.set(title=f"{len(steps)} steps", xlabel="step", ylabel="mean absolute error", ylim=(0.8, 2.6))
        if run is cleared:
            ax.legend(loc="lower left", bbox_to_anchor=(0, 0.1))


# %% tags=["active-ipynb"]
# show(plot_clearing, kept, cleared, long_kept, descend(x, y, steps=50), least)

# %% [markdown]
"""
## Every step, uncleared

The fifty steps again, with a, b and c as three numbers so that each has a gradient of its own. `record` needs no optimizer:
it is told which Values are changed by hand. Go inside a step: the backward pass brings each of them its gradient, and
that is added to the sum which is already there. At step 20 the slope of a has turned, but the sum has not, and a
is still pushed on. (Stored is a still. Run the cell, and it plays.)
"""


# %%
def recorded(steps: int = LONG, clear: bool = False, tick: Callable[[], object] = lambda: None) -> Recording:
    """The same steps, each of them kept; without `clear` the gradients add up."""
    given = noisy_points()
    x, y = (Value(data, name=name, requires_grad=False) for data, name in zip(given, "xy", strict=True))
    a, b, c = (Value(number, name=name) for number, name in zip(START, "abc", strict=True))
    with record([a, b, c]) as kept:
        for _ in range(steps):
            if clear:
                for p in (a, b, c):
                    p.zero_grad()
            loss = error((a, b, c), x, y)
            loss.name = "loss"
            loss.backward()
            with no_grad():
                for p in (a, b, c):
                    p -= p.grad * RATE
            tick()
    return kept


# %% tags=["active-ipynb"]
# steps = recorded()
# print(steps.table(6))
# steps

# %% [markdown]
"""
## Learning rate

A slider moves in steps of 0.1; a learning rate can be any number. If it is too large, it never gets right, the article
says, and too small takes long. Both are so, and with an absolute error one sees why: its gradient has the same size
near the lowest point as far from it. At a rate of 1 the loss jumps about between 1.1 and 1.7 and never settles. At
0.001 it has hardly moved. At 0.1 it comes near, and then hops around the lowest point for good, unless the rate is
made smaller on the way.
"""

# %%
RATES = {0.001: BLUE, 0.01: GREEN, 0.1: ORANGE, 1.0: RED}


def behaviour(losses: Sequence[float], least: float) -> str:
    """In words: how far down, and whether it still falls."""
    rises = sum(b > a for a, b in pairwise(losses))
    done = (losses[0] - losses[-1]) / (losses[0] - least)
    going = "falls at every step" if not rises else f"rises at {rises} of {len(losses) - 1} steps"
    return f"{going}; {done:.0%} of the way from {losses[0]:.2f} down to the least"


# %% tags=["active-ipynb"]
# runs = {rate: descend(x, y, rate=rate, steps=50) for rate in RATES}
# for rate, run in runs.items():
#     print(f"rate {rate:5}: {run.losses[-1]:.2f} at step 50; {behaviour(run.losses, least)}")


# %% jupyter={"source_hidden": true}
def plot_rates(figure: Figure, runs: dict[float, Run], least: float) -> None:
    """The loss for each learning rate."""
    ax = figure.subplots()
    for rate, run in runs.items():
        ax.plot(
            range(1, len(run.losses) + 1),
            run.losses,
            ".-",
            color=RATES[rate],
            markersize=4,
            linewidth=1.3,
            label=f"{rate:g}",
        )
    ax.axhline(least, color=FAINT, linewidth=1, linestyle=":")
    ax.annotate(
        "least possible", (LONG, least), (0, -11), textcoords="offset points", color=FAINT, ha="right"
    )
    ax.set(
        title="Four learning rates",
        xlabel="step",
        ylabel="mean absolute error",
        xlim=(0, LONG + 1),
        ylim=(0.8, 2.6),
    )
    ax.legend(title="learning rate", loc="upper left", bbox_to_anchor=(1, 1))


# %% tags=["active-ipynb"]
# show(plot_rates, runs, least)

# %% [markdown]
"""
## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
def after(path: Sequence[Sequence[float]], x: Array, y: Array) -> float:
    """The loss at the end of a path."""
    return float(error(path[-1], x, y))


def solve(report: Report) -> None:
    """Everything this part shows."""
    x, y = noisy_points()
    corner, least = best(x, y)
    aim = f"{least:.4f} at {', '.join(f'{v:.4f}' for v in corner)}"

    walked = descend(x, y, rate=0.1, steps=200, tick=report.tick)
    report.card(
        "the least mean absolute error",
        f"{after(walked.path, x, y):.4f}",
        f"{least:.4f}",
        lambda figure: covers.quadratic(figure, walked.path[:60:5] + walked.path[-1:], x, y),
    )
    report.player(
        "steps",
        "Gradients never cleared",
        f"{LONG} steps whose gradients add up. Inside a step the backward pass adds to the sum that is already there; the "
        "update follows the sum. So it runs through the valley, and the loss swings.",
        recorded(tick=report.tick),
    )

    def row(what: str, run: Run, how: str) -> None:
        end = after(run.path, x, y)
        where = ", ".join(f"{v:.4f}" for v in run.path[-1])
        report.row(what, f"{end:.4f} at {where}", aim, f"{end - least:.4f}", how)

    shown = (1, (STEPS + 1) // 2, STEPS)

    def picture(step: int, loss: Value) -> None:
        if step in shown:
            caption = (
                f"The graph at step {step} of {STEPS}, gradients never cleared: the gradient of abc is the sum "
                f"of those of {step} steps."
                if step > 1
                else f"The graph at step 1 of {STEPS}."
            )
            report.graph(f"graph-step-{step:02}", caption, loss)

    kept = descend(x, y, clear=False, look=picture, tick=report.tick)
    cleared = descend(x, y, tick=report.tick)
    for words, run in (("kept", kept), ("cleared", cleared)):
        losses = " ".join(f"{v:.2f}" for v in run.losses)
        row(
            f"mean absolute error and a, b, c: {STEPS} steps, gradients {words}",
            run,
            f"loss before each step: {losses}",
        )

    long_kept = descend(x, y, steps=LONG, clear=False, tick=report.tick)
    turn = int(np.argmin(long_kept.losses))
    row(
        f"the same, kept, {LONG} steps",
        long_kept,
        f"down to {long_kept.losses[turn]:.2f} at step {turn + 1}, but it swings through the valley and out again",
    )
    long = {rate: descend(x, y, rate=rate, steps=LONG, tick=report.tick) for rate in RATES}
    for rate, run in long.items():
        row(f"the same, cleared, {LONG} steps, learning rate {rate:g}", run, behaviour(run.losses, least))

    report.figure(
        "points",
        f"The points, the true quadratic they were scattered around, the start, and the curve after {STEPS} steps with "
        "gradients kept and cleared. The best curve has the least mean absolute error that any quadratic can have: "
        "it is not the true one, whose error is "
        f"{float(error(TRUE, x, y)):.2f}, because there are only {len(x)} noisy points.",
        lambda figure: plot_points(figure, x, y, kept, cleared, corner),
        (8.0, 4.6),
    )
    report.figure(
        "clearing",
        f"The loss with gradients kept and cleared, learning rate {RATE:g}. Left: in the first {STEPS} steps keeping them "
        "looks better, for the steps grow. Right: with that speed it runs through the valley and up the other side, "
        "again and again. Kept gradients are momentum without friction.",
        lambda figure: plot_clearing(figure, kept, cleared, long_kept, long[RATE], least),
    )
    report.figure(
        "rates",
        f"The learning rate, {LONG} steps with gradients cleared. The gradient of an absolute error keeps its "
        "size near the bottom, so the step does too: at 1 the loss jumps about and never settles; at 0.001 it "
        "has hardly moved; 0.1 comes close to the best and then hops around it.",
        lambda figure: plot_rates(figure, long, least),
    )


PROBLEM = Problem(
    "quadratic",
    "04 A quadratic fitted to points",
    "Three knobs turned at once, and what happens when a loop forgets to clear its gradients.",
    "Three numbers a, b, c are moved until a x² + b x + c runs through 20 noisy points with a small mean absolute error. "
    "Because backward() adds to a gradient that is already there, a loop that never clears it steps along the sum "
    "of all gradients so far: quicker at first, then past the goal.",
    solve,
)
