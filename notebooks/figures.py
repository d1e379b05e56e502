"""matplotlib figures as SVG text: the same bytes every time, no window, no lasting settings."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
else:
    Axes = Figure = Any  # matplotlib is imported when something is drawn

Plot = Callable[[Figure], None]

# Okabe and Ito: told apart with any kind of colour vision, and in print
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#aa4499", "#56b4e9"
INK, FAINT, PAPER = "#1b1f24", "#6e7781", "#ffffff"

STYLE: dict[str, Any] = {
    "svg.hashsalt": "stepgrad",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "grid.color": "#d8dee4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.08,
}


def svg_of(plot: Plot, size: tuple[float, float], bare: bool = False) -> str:
    """The figure that `plot` draws, as SVG; `size` in inches; bare: without paper below it."""
    return Moving(plot, size).svg(bare)


class Moving:
    """A figure that is drawn once and may be changed: each `now()` is a picture of it as it is then."""

    def __init__(self, plot: Plot, size: tuple[float, float], words: str = "") -> None:
        from matplotlib.figure import Figure

        self.words = words
        with settings():
            self.figure = Figure(figsize=size, layout="constrained")
            plot(self.figure)

    def svg(self, bare: bool = False) -> str:
        """The figure as SVG; bare: transparent."""
        file = io.StringIO()
        with settings():
            self.figure.savefig(file, format="svg", metadata={"Date": None}, transparent=bare)
        return file.getvalue()

    def now(self) -> "Shown":
        """The figure as a notebook shows it."""
        return Shown(self.svg(), self.words)


def settings() -> AbstractContextManager[None]:
    """matplotlib's own settings, whatever a user has, and STYLE."""
    from matplotlib import style

    return style.context(["default", STYLE])


@dataclass(frozen=True)
class Shown:
    """A figure that shows itself in a notebook, or says in words what it shows."""

    svg: str
    words: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Figure: {self.words}"


def show(plot: Callable[..., None], *arguments: Any, size: tuple[float, float] = (8.0, 4.0)) -> Shown:
    """`plot(figure, *arguments)` as a picture in a notebook; `size` in inches."""
    words = (plot.__doc__ or plot.__name__).partition("\n")[0]
    return Moving(lambda figure: plot(figure, *arguments), size, words).now()
