"""A quadratic fitted to points by its mean absolute error: gradients that are cleared, and ones that are not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value, no_grad
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED
from notebooks.report import Problem, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[np.float64]]

TRUE = (3.0, 2.0, 1.0)
START, RATE, STEPS, LONG = (1.1, 1.1, 1.1), 0.01, 10, 50
RATES = {0.001: BLUE, 0.01: GREEN, 0.1: ORANGE, 1.0: RED}
KEPT, CLEARED = PURPLE, GREEN


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


def error(abc: Any, x: Array, y: Array) -> Any:
    """The mean absolute error of the quadratic with these three numbers."""
    return abs(quadratic(abc, x) - y).mean()


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


def best(x: Array, y: Array) -> tuple[Array, float]:
    """The a, b, c with the least mean absolute error, and that error.

    The error is piecewise linear in them, so a lowest point is a corner: three points lie on the curve.
    """
    threes = np.array(list(combinations(range(len(x)), 3)))
    corners = np.linalg.solve(np.stack([x**2, x, x**0], axis=-1)[threes], y[threes][..., None])[..., 0]
    errors = np.abs(quadratic(corners.T[..., None], x) - y).mean(axis=1)
    lowest = int(errors.argmin())
    return corners[lowest], float(errors[lowest])


def after(path: Sequence[Sequence[float]], x: Array, y: Array) -> float:
    """The loss at the end of a path."""
    return float(error(path[-1], x, y))


def solve(report: Report) -> None:
    """Everything this part shows."""
    x, y = noisy_points()
    corner, least = best(x, y)
    aim = f"{least:.4f} at {', '.join(f'{v:.4f}' for v in corner)}"

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


def behaviour(losses: Sequence[float], least: float) -> str:
    """In words: how far down, and whether it still falls."""
    rises = sum(b > a for a, b in pairwise(losses))
    done = (losses[0] - losses[-1]) / (losses[0] - least)
    going = "falls at every step" if not rises else f"rises at {rises} of {len(losses) - 1} steps"
    return f"{going}; {done:.0%} of the way from {losses[0]:.2f} down to the least"


def plot_points(
    figure: "Figure", x: Array, y: Array, kept: Run, cleared: Run, corner: Sequence[float] | Array
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


def plot_clearing(
    figure: "Figure", kept: Run, cleared: Run, long_kept: Run, long_cleared: Run, least: float
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


def plot_rates(figure: "Figure", runs: dict[float, Run], least: float) -> None:
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


PROBLEM = Problem(
    "quadratic",
    "A quadratic fitted to points",
    "Three numbers a, b, c are moved until a x² + b x + c runs through 20 noisy points with a small mean absolute error. "
    "Because backward() adds to a gradient that is already there, a loop that never clears it steps along the sum "
    "of all gradients so far: quicker at first, then past the goal.",
    solve,
)
