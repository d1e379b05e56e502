"""The pictures on the cards of the gallery: no axes, no words, colours that the page makes light or dark."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PAPER, PURPLE, RED, SKY, Axes, Figure
from notebooks.handwriting import tiled

Array = np.ndarray[Any, np.dtype[Any]]
Interval = tuple[float, float]
Path = Sequence[Sequence[float]] | Array


def canvas(figure: Figure) -> Axes:
    """Axes as large as the figure, of which nothing is seen."""
    figure.set_layout_engine("none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    return ax


def trace(ax: Axes, x: Any, y: Any, color: str, every: int = 1) -> None:
    """A way with its steps, an open start and a full end."""
    ax.plot(x, y, color=color, linewidth=1.6, alpha=0.9)
    ax.plot(x[1::every], y[1::every], "o", color=color, markersize=3)
    ax.plot(x[0], y[0], "o", color=PAPER, markeredgecolor=color, markersize=6.5, markeredgewidth=1.6)
    ax.plot(x[-1], y[-1], "o", color=color, markersize=6.5)


def hills(ax: Axes, loss: Any, x: Interval, y: Interval, levels: int = 13) -> None:
    """Level lines of the logarithm of a loss, the lower ones stronger."""
    u, v = np.meshgrid(np.linspace(*x, 90), np.linspace(*y, 60))
    height = np.log10(loss(u, v) + 1e-2)
    steps = np.linspace(height.min(), height.max(), levels)
    for i, level in enumerate(steps[1:-1]):
        ax.contour(u, v, height, [level], colors=SKY, linewidths=1.0, alpha=0.95 - 0.75 * i / levels)
    ax.set(xlim=x, ylim=y)


def parabola(figure: Figure, path: Sequence[float]) -> None:
    """The way down a parabola."""
    ax, x, t = canvas(figure), np.array(path), np.linspace(-6.4, 6.4, 200)
    ax.plot(t, t**2, color=SKY, linewidth=2.2)
    trace(ax, x, x**2, ORANGE)
    ax.set(xlim=(-6.9, 6.9), ylim=(-5, 36))


def celsius(figure: Figure, lines: Path, x: Array, y: Array) -> None:
    """The line on its way to seven points."""
    ax, t = canvas(figure), np.array([-60.0, 60.0])
    for i, (slope, height) in enumerate(lines):
        last = i == len(lines) - 1
        share = i / (len(lines) - 1)
        ax.plot(t, slope * t + height, color=BLUE, linewidth=2.4 if last else 1.1, alpha=0.2 + 0.8 * share**2)
    ax.plot(x, y, "o", color=ORANGE, markersize=6)
    ax.set(xlim=(-52, 50), ylim=(-75, 135))


def equations(figure: Figure, loss: Any, lines: Path, path: Path) -> None:
    """The way to the crossing of two lines."""
    ax, at = canvas(figure), np.array(path)
    x, y = (-1.5, 13.5), (-0.6, 8.6)
    hills(ax, loss, x, y)
    ends = np.array(x)
    for a, b, right in lines:
        ax.plot(ends, (right - a * ends) / b, color=FAINT, linewidth=1, linestyle="--")
    trace(ax, at[:, 0], at[:, 1], ORANGE, 400)


def quadratic(figure: Figure, curves: Path, x: Array, y: Array) -> None:
    """A curve on its way through points."""
    ax, t = canvas(figure), np.linspace(-2.7, 2.7, 120)
    for i, (a, b, c) in enumerate(curves):
        last = i == len(curves) - 1
        share = i / (len(curves) - 1)
        ax.plot(
            t,
            a * t**2 + b * t + c,
            color=PURPLE,
            linewidth=2.4 if last else 1.1,
            alpha=0.15 + 0.85 * share**2,
        )
    ax.plot(x, y, "o", color=ORANGE, markersize=4)
    ax.set(xlim=(-2.5, 2.5), ylim=(-4, 20))


def network(figure: Figure, numbers: Mapping[str, float]) -> None:
    """Two inputs, two hidden neurons and an output; lines as strong as the weights, orange above zero."""
    ax = canvas(figure)
    x1, x2, h1, h2, o1 = (0.0, 1.0), (0.0, 0.0), (1.4, 1.0), (1.4, 0.0), (2.8, 0.5)
    lines = {"w1": (x1, h1), "w2": (x2, h1), "w3": (x1, h2), "w4": (x2, h2), "w5": (h1, o1), "w6": (h2, o1)}
    for name, ends in lines.items():
        weight = numbers[name]
        color = ORANGE if weight > 0 else BLUE
        ax.plot(*zip(*ends, strict=True), color=color, linewidth=min(9, 1.5 + 1.6 * abs(weight)), alpha=0.85)
    for at, size in ((x1, 12), (x2, 12), (h1, 21), (h2, 21), (o1, 27)):
        ax.plot(*at, "o", color=PAPER, markeredgecolor=INK, markersize=size, markeredgewidth=2)
    ax.set(xlim=(-0.6, 3.5), ylim=(-0.75, 1.75))


def digits(figure: Figure, pictures: Array, misread: Array, rows: int, columns: int) -> None:
    """Digits in blue, those that were misread in orange; `pictures` go from 0 to 1."""
    colours = np.where(misread[:, None, None, None], rgb(ORANGE), rgb(BLUE))
    glass(figure, pictures, np.broadcast_to(colours, (*pictures.shape, 3)), rows, columns)


def weights(figure: Figure, pictures: Array, rows: int, columns: int) -> None:
    """Weights as pictures: orange above zero, blue below, the stronger the larger."""
    strength = np.clip(abs(pictures) / np.quantile(abs(pictures), 0.98, axis=(1, 2), keepdims=True), 0, 1)
    colours = np.where(pictures[..., None] > 0, rgb(ORANGE), rgb(BLUE))
    glass(figure, strength, colours, rows, columns)


def rgb(colour: str) -> Array:
    """The three shares of a colour."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def glass(figure: Figure, strength: Array, colours: Array, rows: int, columns: int) -> None:
    """Square pictures side by side, seen through where they are weak."""
    ax = canvas(figure)
    layers = [tiled(colours[..., i], rows, columns) for i in range(3)] + [tiled(strength, rows, columns)]
    ax.imshow(np.nan_to_num(np.stack(layers, axis=-1)), interpolation="nearest", aspect="equal")
    height, width = layers[0].shape
    ax.set(xlim=(-0.06 * width, 1.06 * width), ylim=(1.06 * height, -0.06 * height))


def walks(figure: Figure, loss: Any, paths: Sequence[Path], end: Sequence[float]) -> None:
    """The ways of several optimizers into one valley."""
    ax = canvas(figure)
    hills(ax, loss, (-1.1, 4.3), (-2.5, 1.9), 15)
    for path, color in zip(paths, (ORANGE, RED, GREEN, PURPLE), strict=False):
        at = np.array(path)
        trace(ax, at[:, 0], at[:, 1], color, 500)
    ax.plot(*end, "*", color=INK, markersize=13)
