"""One classifier of two half moons, trained in many ways: what notebook 08 compares."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import nn
import optim
from nn.data import make_moons
from nn.functional import softplus
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED, SKY, Figure
from optim.lr_scheduler import LRScheduler

STEPS, BATCH, WIDTH, LOOK = 150, 20, 16, 10  # LOOK: how often the loss of all points is taken
POINTS, FRESH, NOISE = 200, 2000, 0.2
COLORS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, INK, FAINT)
DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained; `loss` is a function of the score, whose right sign is plus."""

    layer: Callable[[], nn.Module]
    optimizer: Callable[[Any, float], optim.Optimizer]
    rate: float
    schedule: Callable[[optim.Optimizer], LRScheduler]
    loss: Callable[[Any], Any]


@dataclass(frozen=True)
class Trained:
    """A classifier, its cross entropy on all points now and then, the share of fresh points it tells right."""

    model: nn.Module
    losses: list[float]
    fresh: float


def points() -> tuple[Any, Any]:
    """Two half moons, one in the other's reach."""
    return make_moons(POINTS, noise=NOISE, seed=1)


def train(recipe: Recipe, seed: int = 0, tick: Callable[[], object] = lambda: None) -> Trained:
    """A network 2-16-16-1 after STEPS steps with a few points drawn at random."""
    x, y = points()
    side = 2.0 * y - 1  # 1 and -1
    rng = np.random.default_rng(seed)
    first, second, last = (nn.Linear(i, o, rng=rng) for i, o in ((2, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)))
    model = nn.Sequential(first, recipe.layer(), second, recipe.layer(), last)
    optimizer = recipe.optimizer(model.parameters(), recipe.rate)
    schedule, losses = recipe.schedule(optimizer), []
    for step in range(1, STEPS + 1):
        rows = rng.choice(POINTS, BATCH, replace=False)
        optimizer.zero_grad()
        recipe.loss(model(x[rows])[:, 0] * side[rows]).mean().backward(release=True)
        optimizer.step()
        schedule.step()
        tick()
        if step % LOOK == 0:
            losses.append(float(np.mean(softplus(-nn.predict(model, x, POINTS)[:, 0] * side))))
    x_fresh, y_fresh = make_moons(FRESH, noise=NOISE, seed=2)
    right = (nn.predict(model, x_fresh, FRESH)[:, 0] > 0) == y_fresh
    return Trained(model, losses, float(right.mean()))


def at_best_rate(recipe: Recipe, rates: Iterable[float], tick: Callable[[], object] = lambda: None) -> Recipe:
    """The recipe with the rate whose run has the least loss at the end."""
    recipes = [replace(recipe, rate=rate) for rate in rates]
    return min(recipes, key=lambda r: train(r, tick=tick).losses[-1])


def means(runs: Sequence[Trained]) -> tuple[float, float]:
    """The loss at the end and the share of fresh points told right, over the runs."""
    return float(np.mean([r.losses[-1] for r in runs])), float(np.mean([r.fresh for r in runs]))


def plot_training(figure: Figure, table: Mapping[str, Mapping[str, Sequence[Trained]]]) -> None:
    """The loss for each choice of several kinds, the mean over the starts."""
    axes = figure.subplots(1, len(table), sharey=True)
    for ax, (kind, group) in zip(axes, table.items(), strict=True):
        for i, (name, runs) in enumerate(group.items()):
            mean = np.mean([run.losses for run in runs], axis=0)
            steps = range(LOOK, STEPS + 1, LOOK)
            ax.semilogy(steps, mean, color=COLORS[i], linestyle=DASHES[i % 4], label=name, linewidth=1.5)
        ax.set(title=f"By {kind}", xlabel="step")
        ax.legend(fontsize=8)
    axes[0].set_ylabel("cross entropy (logarithmic)")


def plot_borders(figure: Figure, group: Mapping[str, Sequence[Trained]]) -> None:
    """Where each choice draws the line, from the first start."""
    x, y = points()
    u, v = np.meshgrid(np.linspace(-1.8, 2.8, 60), np.linspace(-1.3, 1.8, 40))
    axes = figure.subplots(2, 4, sharex=True, sharey=True).flat
    for (name, runs), ax in zip(group.items(), axes, strict=False):
        score = nn.predict(runs[0].model, np.stack([u, v], axis=-1).reshape(-1, 2), u.size).reshape(u.shape)
        ax.contourf(u, v, score, levels=[-np.inf, 0, np.inf], colors=[SKY, ORANGE], alpha=0.35)
        for label, color, mark in ((0, BLUE, "o"), (1, RED, "^")):
            ax.plot(*x[y == label].T, mark, color=color, markersize=2.5)
        ax.set_title(name, fontsize=9)
        ax.grid(False)
    for ax in axes:  # those left over
        ax.set_axis_off()
