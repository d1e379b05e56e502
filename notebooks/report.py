"""What a problem hands in: a cover, results, figures, players of its steps, pictures of its graphs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograd import Value
from autograd.graph import Explanation, Recording, draw
from autograd.graph.player import page
from notebooks.figures import Plot, svg_of

COVER = (3.2, 2.0)  # inches


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
class Player:
    """One player of gradient steps, with the words below it; `name` is its file's, without the ending."""

    name: str
    title: str
    caption: str
    html: str


@dataclass(frozen=True)
class Derived:
    """A derivative worked out as text, with the words below it."""

    caption: str
    text: str


@dataclass(frozen=True)
class Key:
    """The result that stands on the card of a problem: what was asked, found, exact."""

    what: str
    found: str
    exact: str


@dataclass(frozen=True)
class Problem:
    """One article part: `python -m notebooks NAME` calls `solve` with an empty Report.

    `name` is the module's, `title` the heading of its notebook, `story` one sentence for its card.
    """

    name: str
    title: str
    story: str
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
        self.players: list[Player] = []
        self.derived: list[Derived] = []
        self.cover: str | None = None  # an SVG
        self.key: Key | None = None

    def row(self, what: str, found: str, exact: str, off: str, how: str) -> None:
        """Add a line to the table: what was asked, found and exact answers, their distance, how it went."""
        self.rows.append(Row(what, found, exact, off, how))

    def figure(self, name: str, caption: str, plot: Plot, size: tuple[float, float] = (8.0, 4.0)) -> None:
        """Add a matplotlib figure: `plot` draws into the empty Figure it is given."""
        self.pictures.append(Picture(f"{self.problem.name}-{name}", caption, svg_of(plot, size), False))

    def graph(self, name: str, caption: str, value: Value) -> None:
        """Add the computation graph of `value`, with the values and gradients it has now."""
        self.pictures.append(Picture(f"{self.problem.name}-{name}", caption, draw(value).svg, True))

    def player(self, name: str, title: str, caption: str, steps: Recording) -> None:
        """Add the player of recorded steps: a page of its own, shown in a frame and linked."""
        html = page(steps, title=title)
        self.players.append(Player(f"{self.problem.name}-{name}", title, caption, html))

    def explanation(self, caption: str, explained: Explanation) -> None:
        """Add a derivative that was worked out, as text."""
        self.derived.append(Derived(caption, explained.text))

    def card(self, what: str, found: str, exact: str, plot: Plot) -> None:
        """What the card in the gallery shows: the result to tell first, and a picture without axes."""
        self.key, self.cover = Key(what, found, exact), svg_of(plot, COVER, bare=True)
