"""What a problem hands in: rows for the table of results, figures, pictures of its graphs, pages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograd import Value
from autograd.graph import draw
from notebooks.figures import Plot, svg_of


@dataclass(frozen=True)
class Row:
    """One line of the table of results, ready to be read."""

    what: str
    found: str
    exact: str
    off: str
    how: str


@dataclass(frozen=True)
class Picture:
    """One SVG with the words below it; `name` is its file's, without the ending."""

    name: str
    caption: str
    svg: str
    is_graph: bool


@dataclass(frozen=True)
class Page:
    """One HTML page that stands alone, with the words below it; `name` is its file's, without the ending."""

    name: str
    caption: str
    html: str


@dataclass(frozen=True)
class Problem:
    """One article part: `python -m notebooks NAME` calls `solve` with an empty Report.

    `name` is the module's, `title` the heading of its notebook.
    """

    name: str
    title: str
    shows: str  # two plain sentences
    solve: Callable[["Report"], None]
    uses_mnist: bool = False  # without its files the numbers are those of other data


class Report:
    """Collects what one problem has to show.

    `tick` is called at every optimizer step; `data` is the folder with data that was asked for, if one was.
    """

    def __init__(
        self, problem: Problem, tick: Callable[[], object] = lambda: None, data: Path | None = None
    ) -> None:
        self.problem, self.tick, self.data = problem, tick, data
        self.rows: list[Row] = []
        self.pictures: list[Picture] = []
        self.pages: list[Page] = []

    def row(self, what: str, found: str, exact: str, off: str, how: str) -> None:
        """Add a line to the table: what was asked, found and exact answers, their distance, how it went."""
        self.rows.append(Row(what, found, exact, off, how))

    def figure(self, name: str, caption: str, plot: Plot, size: tuple[float, float] = (8.0, 4.0)) -> None:
        """Add a matplotlib figure: `plot` draws into the empty Figure it is given."""
        self.pictures.append(Picture(f"{self.problem.name}-{name}", caption, svg_of(plot, size), False))

    def graph(self, name: str, caption: str, value: Value) -> None:
        """Add the computation graph of `value`, with the values and gradients it has now."""
        self.pictures.append(Picture(f"{self.problem.name}-{name}", caption, draw(value).svg, True))

    def page(self, name: str, html: str, caption: str) -> None:
        """Add an HTML page, e.g. a player of steps: a file of its own, shown in a frame and linked."""
        self.pages.append(Page(f"{self.problem.name}-{name}", caption, html))
