# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 03 Equations solved by gradient descent

Gradient descent (梯度下降) is not for neural networks only: it finds the lowest point of any loss function (損失函數)
that has a slope. So a problem is solved by writing a loss that is lowest at its solution. Here the problem is a
system of linear equations (聯立方程式), and the exact solution is known, so one can see how good the answer is.
"""

# %% tags=["active-ipynb"]
# import sys
#
# sys.path.append("..")  # the packages lie one folder up, if Jupyter was started in this one
#
# from notebooks.figures import show

# %%
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Value
from autograd.graph import Recording, record
from notebooks import covers
from notebooks.figures import BLUE, FAINT, GREEN, INK, RED, Figure
from notebooks.report import Problem, Report
from optim import Adam, Optimizer

# %% [markdown]
"""
## From equations to a loss

Bring everything in an equation to one side. What stands there is the residual (殘差): 0 where the equation holds. The sum
of the squares of both residuals is 0 at the solution and larger everywhere else.
"""


# %%
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

# %% [markdown]
"""
The graph of the first system at x = y = 0.5. Its loss there is 54281, and the gradient (梯度) says that y matters more
than x: the second equation holds 25y and only 10x.
"""

# %% tags=["active-ipynb"]
# x, y = Value(0.5, name="x"), Value(0.5, name="y")
# loss = SYSTEMS[0].loss(x, y)
# loss.name = "loss"
# loss.backward()
# loss.draw()

# %% [markdown]
"""
## Descent

Adam with a learning rate (學習率) of 0.1, as in the article: at most 10,000 epochs (週期), but it stops early (提早結束)
when the loss has changed by less than 10⁻⁸ since the last epoch. The article starts at random; here every run starts at
(0.5, 0.5), so that its numbers can be repeated.
"""

# %%
START, RATE, EPOCHS, TOLERANCE = (0.5, 0.5), 0.1, 10_000, 1e-8


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


def adam(numbers: list[Value]) -> Optimizer:
    """The optimizer that is used unless another is asked for."""
    return Adam(numbers, lr=RATE)


def descend(
    system: System,
    start: tuple[float, float] = START,
    tick: Callable[[], object] = lambda: None,
    make: Callable[[list[Value]], Optimizer] = adam,
) -> Run:
    """Steps from `start` until the loss before an update differs from the last one by less than TOLERANCE."""
    x, y = Value(start[0], name="x"), Value(start[1], name="y")
    optimizer = make([x, y])
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


# %% tags=["active-ipynb"]
# runs = [descend(system) for system in SYSTEMS]
# for system, run in zip(SYSTEMS, runs, strict=True):
#     x, y = run.path[-1]
#     print(f"{system.words:30} epoch {run.epochs}: x = {x:.6f}, y = {y:.6f}")

# %% [markdown]
"""
The steps of the first system, or rather some eighty of its 7973: the early ones, then ever fewer. The path of x and y
lies over the level lines of the loss. Down the steep wall it takes 150 steps, along the floor of the valley the rest.
(Stored is a still. Run the cell, and it plays.)
"""


# %%
def recorded(
    system: System = SYSTEMS[0], epochs: int = 7973, keep: int = 80, tick: Callable[[], object] = lambda: None
) -> Recording:
    """The descent of a system with some of its steps kept."""
    x, y = Value(START[0], name="x"), Value(START[1], name="y")
    optimizer = adam([x, y])
    with record(optimizer, keep=keep) as kept:
        for _ in range(epochs):
            optimizer.zero_grad()
            loss = system.loss(x, y)
            loss.name = "loss"
            loss.backward()
            optimizer.step()
            tick()
    return kept


# %% tags=["active-ipynb"]
# steps = recorded()
# print(steps.table(8))
# steps

# %% [markdown]
"""
The exact solutions come from linear algebra (線性代數), by `np.linalg.solve`: for a system of linear equations that is the
right tool, and it takes one step. The article prints the right-hand side as a column first, then the solution.
"""

# %% tags=["active-ipynb"]
# A = np.array([[1, 1], [10, 25]])
# B = np.array([16, 250])
# print(B.reshape(2, 1))
# print(np.linalg.solve(A, B).round(12))
# for system in SYSTEMS[1:]:
#     print(system.words, "->", np.round(system.exact(), 12))

# %% [markdown]
"""
## How good is the answer?

Right to two decimals, in all three. **A loss that stands still is not a loss at its lowest point.** In the first system the
valley is long and nearly flat: one of its two curvatures is 2347 times the other. Adam creeps along its floor in steps
so small that the loss changes by less than 10⁻⁸ from one to the next, and the rule stops it, 0.002 before the end. The
rule cannot know how far it still was. The matrix of the system can say: a loss leaves room for so much distance and no
more.
"""


# %%
def digits_that_hold(found: Sequence[float], exact: Sequence[float]) -> int:
    """How many decimals of `found` are right: it is off by at most half a unit of the last one."""
    worst = max(abs(a - b) for a, b in zip(found, exact, strict=True))
    return max(0, math.floor(-math.log10(2 * worst))) if worst else 15


def rounded(numbers: Sequence[float], decimals: int) -> str:
    """Numbers with a comma between, without trailing zeros."""
    return ", ".join(f"{round(x, decimals) + 0.0:.{decimals + 8}g}" for x in numbers)


# %% tags=["active-ipynb"]
# for system, run in zip(SYSTEMS, runs, strict=True):
#     found, exact = run.path[-1], system.exact()
#     off = math.dist(found, exact)
#     squares = np.linalg.svd(np.array(system.matrix), compute_uv=False) ** 2
#     print(system.words)
#     print(f"    off by {off:.6f}; its loss leaves room for {system.reach(system.loss(*found)):.6f}")
#     print(
#         f"    {digits_that_hold(found, exact)} decimals hold; curvatures 1 : {squares[0] / squares[-1]:.0f}"
#     )


# %% jupyter={"source_hidden": true}
def plot(figure: Figure, runs: Sequence[Run]) -> None:
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


# %% tags=["active-ipynb"]
# show(plot, runs, size=(10.0, 6.2))

# %% [markdown]
"""
The start matters little to the answer and something to the number of epochs:
"""

# %% tags=["active-ipynb"]
# for start in ((0.1, 0.9), (0.84, 0.76)):
#     for system in SYSTEMS:
#         run = descend(system, start)
#         x, y = run.path[-1]
#         print(f"from {start}: {system.words:30} epoch {run.epochs:4}: x = {x:.4f}, y = {y:.4f}")

# %% [markdown]
"""
## Fewer epochs

The article ends with a question: thousands of epochs, can that be improved? Yes, by another learning rate or another
optimizer (優化器), with the same loss and the same rule. But not every change is one for the better. Plain gradient
descent has to keep its rate below 2 divided by the largest curvature of the loss, here 0.00138, or it diverges. And
RMSprop, which divides by the size of recent gradients only, ends up jumping to and fro across the valley: the loss is
nearly the same on both sides, and the rule stops it **in the wrong place**.
"""

# %% tags=["active-ipynb"]
# from optim import SGD, RMSprop
#
# makers = {
#     "Adam(0.1), as above": adam,
#     "Adam(1.0)": lambda numbers: Adam(numbers, lr=1.0),
#     "SGD(0.001), momentum 0.9": lambda numbers: SGD(numbers, lr=0.001, momentum=0.9),
#     "SGD(0.001)": lambda numbers: SGD(numbers, lr=0.001),
#     "SGD(0.002)": lambda numbers: SGD(numbers, lr=0.002),
#     "RMSprop(0.1)": lambda numbers: RMSprop(numbers, lr=0.1, alpha=0.9, eps=1e-7),
# }
# curvature = 2 * np.linalg.norm(A, 2) ** 2
# print(f"largest curvature {curvature:.0f}, largest rate {2 / curvature:.5f}")
# for words, make in makers.items():
#     with np.errstate(all="ignore"):  # one of them leaves the numbers there are
#         run = descend(SYSTEMS[0], make=make)
#     x, y = run.path[-1]
#     ending = "stops at" if run.stopped else "ran all"
#     print(f"{words:26} {ending:8} {run.epochs:5}: x = {x:.5g}, y = {y:.5g}, loss {run.losses[-1]:.3g}")

# %% [markdown]
"""
## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
def solve(report: Report) -> None:
    """Everything this part shows."""
    runs = [descend(system, tick=report.tick) for system in SYSTEMS]
    first = SYSTEMS[0]
    x, y = runs[0].path[-1]
    solution = first.exact()
    lines = [(a, b, right) for (a, b), right in zip(first.matrix, first.right, strict=True)]
    report.card(
        first.words,
        f"x = {x:.4f}, y = {y:.4f}",
        f"x = {solution[0]:g}, y = {solution[1]:g}",
        lambda figure: covers.equations(figure, first.loss, lines, runs[0].path),
    )
    steps = recorded(first, runs[0].epochs, tick=report.tick)
    report.player(
        "steps",
        "Two equations, by Adam",
        f"The first system, {len(steps)} of its {steps.seen} steps. The path of x and y lies over the loss, a long "
        "and nearly flat valley.",
        steps,
    )
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


PROBLEM = Problem(
    "equations",
    "03 Equations solved by gradient descent",
    "Two equations become one loss, and two unknowns walk down its valley to the solution.",
    "Two equations become one loss, the sum of the squared differences between their sides, and Adam walks x and y "
    "downhill until the loss stands still. The answers are compared with numpy.linalg.solve: they are right "
    "to a few decimals only, because a rule that watches the loss stops early where the valley is flat.",
    solve,
)
