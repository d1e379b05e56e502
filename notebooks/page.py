"""The page: a gallery of the problems, then each in detail.  One HTML file that needs no network and no script.

Everything is in it but the players: they hold scripts, so they are files beside it, shown in frames without the right
to touch it.  Beside it lie the notebooks, too: the folder can be handed on as it is.
"""

import base64
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from autograd import __version__
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PAPER, PURPLE, RED, SKY
from notebooks.report import Derived, Picture, Player, Report

COLUMNS = ("Problem", "Found", "Exact", "Off by", "How it went")
HERE = Path(__file__).parent

# of the figures -> of the page, which has two of each: for light and for dark
COLOURS = {
    INK: "c-ink",
    FAINT: "c-faint",
    PAPER: "c-paper",
    BLUE: "c-blue",
    ORANGE: "c-orange",
    GREEN: "c-green",
    RED: "c-red",
    PURPLE: "c-purple",
    SKY: "c-sky",
    "#d8dee4": "c-grid",
    "#000000": "c-black",
}

PLAY = '<svg viewBox="0 0 10 12" aria-hidden="true"><path d="M0 0v12l10-6z"/></svg>'


def page(reports: Sequence[Report]) -> str:
    """The whole page as HTML text."""
    css = (HERE / "page.css").read_text(encoding="utf-8")
    cards = "\n".join(card(report) for report in reports)
    jumps = "".join(f'<li><a href="#{r.problem.name}">{numbered(r)}</a></li>' for r in reports)
    sections = "\n".join(section(report) for report in reports)
    frames = " frame-src 'self' file:;" if any(report.players for report in reports) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';{frames} style-src 'unsafe-inline'; img-src data:">
<title>stepgrad: every gradient step</title>
<style>{css}</style>
</head>
<body>
<a class="skip" href="#gallery">Skip to the problems</a>
<main>
<header class="hero">
<p class="brand">stepgrad</p>
<h1>Every gradient step, to be seen</h1>
<p>Each of these problems was solved by going downhill, step after step. Every slope on the way came from
<code>backward()</code>; none from a formula written by hand. Play the steps, go inside one, change a number and see
what follows.</p>
</header>
<ul class="gallery" id="gallery">
{cards}
</ul>
<nav class="jump" aria-label="Problems in detail"><ul>{jumps}</ul></nav>
{sections}
<footer><p>stepgrad {escape(__version__)}. Players, pictures and notebooks lie beside this page as files of their own;
nothing is fetched from anywhere. The notebooks can be read by themselves; they run in stepgrad's own folder. Make this
page again with <code>python -m notebooks</code>.</p></footer>
</main>
</body>
</html>
"""


# --- the gallery ----------------------------------------------------------------------------


def card(report: Report) -> str:
    """One problem in the gallery."""
    problem = report.problem
    cover = palette(inline(report.cover, f"{problem.name}-cover")) if report.cover else ""
    if cover:
        to = f"{report.players[0].name}.html" if report.players else f"#{problem.name}"
        cover = cover.replace("<svg ", '<svg aria-hidden="true" preserveAspectRatio="xMidYMid slice" ', 1)
        cover = f'<a class="cover" href="{escape(to)}" tabindex="-1" aria-hidden="true">{cover}</a>'
    result = ""
    if report.key:
        key = report.key
        result = (
            f'<div class="result"><p>{escape(key.what)}</p><dl><dt>found</dt><dd>{escape(key.found)}</dd>'
            f"<dt>exact</dt><dd>{escape(key.exact)}</dd></dl></div>"
        )
    return "\n".join(
        [
            '<li><article class="card">',
            cover,
            f'<div class="body"><h2><a href="#{escape(problem.name)}">{numbered(report)}</a></h2>',
            f'<p class="story">{escape(problem.story)}</p>',
            result,
            links(report, details=True),
            "</div></article></li>",
        ]
    )


def links(report: Report, details: bool = False) -> str:
    """Where to go from a problem: its players, its details, its notebook."""
    name, title = escape(report.problem.name), escape(words(report))
    several = len(report.players) > 1 and not details
    found = [
        f'<a class="play" href="{escape(player.name)}.html" aria-label="Play: {escape(player.title)}">'
        f"{PLAY}{escape(player.title) if several else 'Play'}</a>"
        for player in report.players[: 1 if details else None]
    ]
    if details:
        found.append(f'<a href="#{name}" aria-label="Details: {title}">Details</a>')
    if notebook(report):
        found.append(f'<a href="{name}.ipynb" aria-label="Notebook: {title}">Notebook</a>')
    return f'<p class="links">{" ".join(found)}</p>'


def notebook(report: Report) -> Path | None:
    """The notebook of a problem; a copy of it is to lie beside the page."""
    path = HERE / f"{report.problem.name}.ipynb"
    return path if path.exists() else None


def numbered(report: Report) -> str:
    """The title of a problem with its number set apart."""
    number = report.problem.title.partition(" ")[0]
    return f'<span class="number">{escape(number)}</span>{escape(words(report))}'


def words(report: Report) -> str:
    """The title of a problem without its number."""
    return report.problem.title.partition(" ")[2]


# --- the details ----------------------------------------------------------------------------


def section(report: Report) -> str:
    """One problem: what it shows, its players, its results, its figures, its graphs."""
    problem = report.problem
    figures = [p for p in report.pictures if not p.is_graph]
    graphs = [p for p in report.pictures if p.is_graph]
    parts = [
        f'<section id="{escape(problem.name)}">',
        f"<h2>{numbered(report)}</h2>",
        f"<p>{escape(problem.shows)}</p>",
        links(report),
        *map(framed, report.players),
        *map(worked_out, report.derived),
        '<div class="figures">',
        *map(shown, figures),
        "</div>",
        table(report),
    ]
    if graphs:
        parts += [
            f"<details><summary>The computation graph, {len(graphs)} times</summary>",
            '<div class="graphs">',
            *map(shown, graphs),
            "</div></details>",
        ]
    return "\n".join([*parts, "</section>"])


def table(report: Report) -> str:
    """The results of one problem."""
    lines = ['<div class="paper wide"><table>', "<caption>Results</caption>", "<thead><tr>"]
    lines += [f'<th scope="col">{column}</th>' for column in COLUMNS]
    lines += ["</tr></thead>", "<tbody>"]
    for row in report.rows:
        cells = zip(COLUMNS, (row.what, row.found, row.exact, row.off, row.how), strict=True)
        lines.append("<tr>" + "".join(f'<td data-label="{c}">{escape(w)}</td>' for c, w in cells) + "</tr>")
    return "\n".join([*lines, "</tbody>", "</table></div>"])


def shown(picture: Picture) -> str:
    """A picture and its caption: a figure as an image, a graph inline for its tooltips."""
    if picture.is_graph:
        inside = inline(picture.svg, picture.name)
    else:
        data = base64.b64encode(night(picture.svg).encode()).decode()
        inside = f'<img alt="{escape(picture.caption)}" src="data:image/svg+xml;base64,{data}">'
    kind = "paper graph" if picture.is_graph else "paper"
    return (
        f'<figure><div class="{kind}" tabindex="0" role="region" aria-label="{escape(picture.name)}">{inside}</div>\n'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def framed(player: Player) -> str:
    """A player in a frame."""
    name, title, caption = escape(player.name), escape(player.title), escape(player.caption)
    return (
        f'<figure class="wide"><iframe src="{name}.html" title="{title}" sandbox="allow-scripts" loading="lazy">'
        f'</iframe>\n<figcaption>{caption} <a href="{name}.html">Open the player.</a></figcaption></figure>'
    )


def worked_out(derived: Derived) -> str:
    """A derivative as text."""
    caption = escape(derived.caption)
    return (
        f'<figure class="wide"><div class="paper" tabindex="0" role="region" aria-label="{caption}">'
        f"<pre>{escape(derived.text)}</pre></div>\n<figcaption>{caption}</figcaption></figure>"
    )


# --- SVG ------------------------------------------------------------------------------------


def inline(svg: str, name: str) -> str:
    """An SVG as part of an HTML page: no prologue, ids of its own."""
    svg = re.sub(r' id="', f' id="{name}-', svg[svg.index("<svg") :])
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    return re.sub(r'(url\(#|href="#|aria-\w+by=")', rf"\g<1>{name}-", svg)


def palette(svg: str) -> str:
    """A figure with the page's colours in place of its own."""
    for colour, name in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def night(svg: str) -> str:
    """A figure that turns dark where the viewer's system asks for it."""
    css = (HERE / "page.css").read_text(encoding="utf-8")
    light, dark = (
        " ".join(re.findall(r"--c-\w+: #\w+;", part))
        for part in css.split("* { box-sizing")[0].split("@media")
    )
    style = f"<style>:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    svg = palette(svg)
    head = svg.index(">", svg.index("<svg")) + 1
    return svg[:head] + style + svg[head:]
