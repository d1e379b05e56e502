"""Linear equations solved by gradient descent: the loss is how far both sides are apart."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from notebooks.figures import BLUE, FAINT, GREEN, INK, RED
from notebooks.report import Problem, Report
from optim import Adam

if TYPE_CHECKING:
    from matplotlib.figure import Figure

START, RATE, EPOCHS, TOLERANCE = (0.5, 0.5), 0.1, 10_000, 1e-8


@dataclass(frozen=True)
class System:
    """Two equations in x and y: as residuals for the descent, as a matrix for NumPy."""

    words: str
    residuals: Callable[[Any, Any], tuple[Any, Any]]
    matrix: tuple[tuple[float, float], tuple[float, float]]
    right: tuple[float, float]

    def loss(self, x: Any, y: Any) -> Any:
        """The squares of both residuals: 0 where both equations hold."""
        first, second = self.residuals(x, y)
        return first * first + second * second

    def exact(self) -> tuple[float, float]:
        """The solution by elimination."""
        x, y = np.linalg.solve(self.matrix, self.right).tolist()
        return x, y

    def reach(self, loss: float) -> float:
        """How far from the solution a point with this loss can lie at most.

        The loss is |A (p - solution)|², at least the least eigenvalue of A'A times the distance².
        """
        return math.sqrt(loss) / float(np.linalg.svd(np.array(self.matrix), compute_uv=False)[-1])


SYSTEMS = (
    System(
        "x + y = 16, 10x + 25y = 250",
        lambda x, y: (x + y - 16, 10 * x + 25 * y - 250),
        ((1, 1), (10, 25)),
        (16, 250),
    ),
    System(
        "2x + 3y = 9, x - y = 2",
        lambda x, y: (2 * x + 3 * y - 9, x - y - 2),
        ((2, 3), (1, -1)),
        (9, 2),
    ),
    System(
        "2x + 2 = x - y, 3x + 2y = 0",
        lambda x, y: (2 * x + 2 - (x - y), 3 * x + 2 * y),
        ((1, 1), (3, 2)),
        (-2, 0),
    ),
)


@dataclass(frozen=True)
class Run:
    """Where the descent went: positions (the start first) and the loss before each update."""

    path: list[tuple[float, float]]
    losses: list[float]
    stopped: bool  # by the rule, not by running out of epochs

    @property
    def epochs(self) -> int:
        """How many updates were made."""
        return len(self.losses)


def descend(
    system: System, start: tuple[float, float] = START, tick: Callable[[], object] = lambda: None
) -> Run:
    """Adam from `start` until the loss before an update differs from the last one by less than TOLERANCE."""
    x, y = Value(start[0], name="x"), Value(start[1], name="y")
    optimizer = Adam([x, y], lr=RATE)
    path, losses = [start], []
    previous = math.inf
    stopped = False
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        loss = system.loss(x, y)
        loss.backward()
        optimizer.step()
        path.append((x.item(), y.item()))
        losses.append(loss.item())
        tick()
        if abs(losses[-1] - previous) < TOLERANCE:
            stopped = True
            break
        previous = losses[-1]
    return Run(path, losses, stopped)


def digits_that_hold(found: Sequence[float], exact: Sequence[float]) -> int:
    """How many decimals of `found` are right: it is off by at most half a unit of the last one."""
    worst = max(abs(a - b) for a, b in zip(found, exact, strict=True))
    return max(0, math.floor(-math.log10(2 * worst))) if worst else 15


def rounded(numbers: Sequence[float], decimals: int) -> str:
    """Numbers with a comma between, without trailing zeros."""
    return ", ".join(f"{round(x, decimals) + 0.0:.{decimals + 8}g}" for x in numbers)


def solve(report: Report) -> None:
    """Everything this part shows."""
    runs = [descend(system, tick=report.tick) for system in SYSTEMS]
    for system, run in zip(SYSTEMS, runs, strict=True):
        found, exact = run.path[-1], system.exact()
        decimals = digits_that_hold(found, exact)
        off = max(abs(a - b) for a, b in zip(found, exact, strict=True))
        ending = f"stopped at epoch {run.epochs}" if run.stopped else f"ran all {run.epochs} epochs"
        loss = system.loss(*found)
        report.row(
            system.words,
            f"{rounded(found, decimals)} ({found[0]:.6f}, {found[1]:.6f})",
            rounded(exact, 9),
            f"{off:.1e}",
            f"{ending}; {decimals} decimals hold (a loss of {loss:.1e} leaves room for {system.reach(loss):.1e})",
        )
    report.figure(
        "paths",
        "Top: the way of (x, y) over the loss (darker is lower), with the two equations as lines; the solution is "
        "where they cross. Bottom: the loss at every epoch. In the first system the valley is long and nearly "
        "flat, so Adam creeps along it for thousands of epochs and the stopping rule ends it early.",
        lambda figure: plot(figure, runs),
        (10.0, 6.2),
    )
    for number, (system, run) in enumerate(zip(SYSTEMS, runs, strict=True), 1):
        for words, epoch in (("first", 1), ("middle", (run.epochs + 1) // 2), ("last", run.epochs)):
            at = run.path[epoch - 1]
            loss = system.loss(Value(at[0], name="x"), Value(at[1], name="y"))
            loss.name = "loss"
            loss.backward()
            caption = f"{system.words}: the graph at epoch {epoch} of {run.epochs}."
            report.graph(f"graph-{number}-{words}", caption, loss)


def plot(figure: "Figure", runs: Sequence[Run]) -> None:
    """One column per system: its path, its loss."""
    axes = figure.subplots(2, len(runs), height_ratios=(3, 2))
    for (top, bottom), system, run, color in zip(axes.T, SYSTEMS, runs, (BLUE, GREEN, RED), strict=True):
        path, exact = np.array(run.path), system.exact()
        points = np.vstack([path, exact])
        center = (points.min(axis=0) + points.max(axis=0)) / 2
        half = 0.62 * np.ptp(points, axis=0).max()
        u, v = np.meshgrid(*(np.linspace(c - half, c + half, 81) for c in center))
        levels = np.log10(system.loss(u, v) + 1e-3)
        top.contourf(u, v, levels, levels=12, cmap="Greys_r", alpha=0.55)
        for (a, b), right in zip(system.matrix, system.right, strict=True):
            ends = np.array([center[0] - half, center[0] + half])
            top.plot(ends, (right - a * ends) / b, color=INK, linewidth=1, linestyle="--")
        top.plot(path[:, 0], path[:, 1], color=color, linewidth=2.2)
        top.plot(*path[0], "o", color="white", markeredgecolor=color, markersize=8, markeredgewidth=2)
        top.plot(*exact, "*", color=color, markersize=15, markeredgecolor="white")
        top.set(
            title=system.words.replace(", ", "\n"),
            xlabel="x",
            ylabel="y",
            xlim=(center[0] - half, center[0] + half),
            ylim=(center[1] - half, center[1] + half),
            aspect="equal",
        )
        top.grid(False)
        bottom.semilogy(range(1, run.epochs + 1), run.losses, color=color)
        bottom.set(title=f"{run.epochs} epochs", xlabel="epoch", ylabel="loss (logarithmic)")
        bottom.axvline(run.epochs, color=FAINT, linewidth=1, linestyle=":")


PROBLEM = Problem(
    "equations",
    "Equations solved by gradient descent",
    "Two equations become one loss, the sum of the squared differences between their sides, and Adam walks x and y "
    "downhill until the loss stands still. The answers are compared with numpy.linalg.solve: they are right "
    "to a few decimals only, because a rule that watches the loss stops early where the valley is flat.",
    solve,
)
