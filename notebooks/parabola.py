"""Gradient descent on a parabola: what the learning rate does, and what a second valley does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED
from notebooks.report import Problem, Report
from optim import SGD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Function = Callable[[Any], Any]
START, RATE, STEPS = 5.0, 0.3, 15
RATES = {0.1: BLUE, 0.3: GREEN, 0.7: ORANGE, 1.0: PURPLE, 1.1: RED}
VALLEYS_RATE, VALLEYS_STEPS = 0.01, 200
VALLEYS_STARTS = (-2.0, -0.5, 0.2, 0.5, 2.0)


def parabola(x: Any) -> Any:
    """One valley, with its lowest point at 0."""
    return x**2


def two_valleys(x: Any) -> Any:
    """A deep valley on the left, a shallow one on the right, a hump between."""
    return x**4 - 4 * x**2 + x


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


def behaviour(path: Sequence[float]) -> str:
    """In words: does the path close in on 0, and from one side or both?"""
    ratios = [after / before for before, after in pairwise(path) if before]
    way = "jumps from side to side" if ratios and max(ratios) < 0 else "comes from one side"
    if all(abs(r) > 1 for r in ratios):
        return f"diverges: {way}, further out each time"
    if all(abs(r) == 1 for r in ratios):
        return f"never settles: {way} for ever"
    return f"converges: {way}"


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


def solve(report: Report) -> None:
    """Everything this part shows."""
    path = descend(parabola, START, RATE, STEPS, report.tick)
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


def plot_path(figure: "Figure", path: Sequence[float]) -> None:
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


def plot_rates(figure: "Figure", paths: dict[float, list[float]]) -> None:
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


def plot_valleys(figure: "Figure", walks: Sequence[Sequence[float]], valleys: Valleys) -> None:
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


PROBLEM = Problem(
    "parabola",
    "Gradient descent on a parabola",
    "A ball on the curve y = x² is moved downhill, each time by the learning rate times the slope, and the "
    "slope comes from backward(), not from a formula. The learning rate decides between slow, quick, "
    "swinging and lost, and on a curve with two valleys the start decides which one is found.",
    solve,
)
