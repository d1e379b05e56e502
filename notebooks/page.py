"""The page: one HTML file that needs no network and no script.

Everything is in it but the pages that a problem adds (`Report.page`): they may hold scripts, so they are files beside
it, shown in frames without the right to touch it.
"""

import base64
import re
from collections.abc import Sequence
from html import escape

from autograd import __version__
from notebooks.report import Page, Picture, Report

COLUMNS = ("Problem", "Found", "Exact", "Off by", "How it went")

CSS = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --faint: #57606a; --line: #d8dee4;
  --band: #f6f8fa; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9aa4af;
  --line: #30363d; --band: #161b22; --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 0.5rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 0.3rem; }
p { max-width: 44rem; margin: 0.5rem 0; }
a { color: var(--accent); }
.faint, figcaption, footer { color: var(--faint); }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); white-space: nowrap; }
tbody th { background: var(--band); }
td { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0 1.8rem; }
figcaption { max-width: 44rem; font-size: 0.92rem; margin-top: 0.4rem; }
.paper { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; padding: 0.4rem; }
.graph { background: var(--paper); }
.paper img, .paper svg { display: block; margin: 0 auto; height: auto; }
@media (min-width: 50rem) { .paper svg { max-width: 100%; } }
.paper img { width: 100%; min-width: 40rem; }
iframe { display: block; width: 100%; height: 44rem; border: 1px solid var(--line); border-radius: 8px;
  background: #ffffff; }
.graphs { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.graphs figure { min-width: 0; margin: 0.5rem 0 1rem; }
.key { display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; padding: 0; list-style: none; font-size: 0.9rem; }
.key span { display: inline-block; width: 1.5em; height: 1em; margin-right: 0.4em; vertical-align: -0.1em;
  background: #dcedf9; border: 2px solid #0072b2; }
.key .op { background: #ffffff; border: 1px solid #57606a; border-radius: 5px; }
.key .constant { background: #f6f8fa; border: 1px dashed #6e7781; border-radius: 8px; }
.key .root { background: #fdebc8; border-color: #b36b00; clip-path: polygon(25% 0, 75% 0, 100% 30%, 100% 70%,
  75% 100%, 25% 100%, 0 70%, 0 30%); }
.key b, .key i { background: #ffffff; font: inherit; padding: 0 0.3em; border-radius: 3px; }
.key b { color: #a03d00; }
.key i { color: #0b5cad; }
@media (max-width: 40rem) {
  table, tbody, tr, td, tbody th { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: 0.4rem 0; }
  td { border: 0; padding: 0.1rem 0.6rem; }
  td:first-child { font-weight: 600; }
  td:not(:first-child)::before { content: attr(data-label) ": "; color: var(--faint); }
}
@media print { .paper { overflow: visible; } .paper img { min-width: 0; } }
"""

KEY = """<ul class="key">
<li><span></span>leaf: what the gradient is taken for</li><li><span class="op"></span>operation</li>
<li><span class="constant"></span>constant</li><li><span class="root"></span>the loss</li>
<li><b>grad +</b><i>grad -</i> derivative of the loss by this value</li></ul>"""


def page(reports: Sequence[Report]) -> str:
    """The whole page as HTML text."""
    title = "Worked problems"
    sections = "\n".join(section(report) for report in reports)
    frames = " frame-src 'self' file:;" if any(report.pages for report in reports) else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';{frames} style-src 'unsafe-inline'; img-src data:">
<title>stepgrad: {title.lower()}</title>
<style>{CSS}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>Every derivative on this page was computed by stepgrad's <code>backward()</code>; none comes from a formula
written by hand. Run it again with <code>python -m notebooks</code>.</p>
{table(reports)}
{sections}
<footer><p>stepgrad {escape(__version__)}. The pictures lie beside this page as SVG files of their own.</p></footer>
</main>
</body>
</html>
"""


def table(reports: Sequence[Report]) -> str:
    """The table of results, the problems one below the other."""
    lines = ["<table>", "<caption>Results</caption>", "<thead><tr>"]
    lines += [f'<th scope="col">{column}</th>' for column in COLUMNS]
    lines.append("</tr></thead>")
    for report in reports:
        name, heading = escape(report.problem.name), escape(report.problem.title)
        lines.append("<tbody>")
        lines.append(f'<tr><th colspan="5" scope="rowgroup"><a href="#{name}">{heading}</a></th></tr>')
        for row in report.rows:
            cells = zip(COLUMNS, (row.what, row.found, row.exact, row.off, row.how), strict=True)
            lines.append(
                "<tr>" + "".join(f'<td data-label="{c}">{escape(words)}</td>' for c, words in cells) + "</tr>"
            )
        lines.append("</tbody>")
    return "\n".join([*lines, "</table>"])


def section(report: Report) -> str:
    """One problem: what it shows, its figures, its graphs."""
    problem = report.problem
    figures = [p for p in report.pictures if not p.is_graph]
    graphs = [p for p in report.pictures if p.is_graph]
    parts = [
        f'<section id="{escape(problem.name)}">',
        f"<h2>{escape(problem.title)}</h2>",
        f"<p>{escape(problem.shows)}</p>",
        *map(shown, figures),
        *map(framed, report.pages),
    ]
    if graphs:
        parts += [
            "<h3>The computation graph</h3>",
            KEY,
            '<div class="graphs">',
            *map(shown, graphs),
            "</div>",
        ]
    return "\n".join([*parts, "</section>"])


def shown(picture: Picture) -> str:
    """A picture and its caption: a figure as an image, a graph inline for its tooltips."""
    if picture.is_graph:
        inside = inline(picture.svg, picture.name)
    else:
        data = base64.b64encode(picture.svg.encode()).decode()
        inside = f'<img alt="{escape(picture.caption)}" src="data:image/svg+xml;base64,{data}">'
    width = re.search(r'<svg[^>]* width="([\d.]+)"', picture.svg) if picture.is_graph else None
    basis = f' style="flex: 1 0 min(100%, {float(width[1]) + 16:.0f}px)"' if width else ""
    kind = "paper graph" if picture.is_graph else "paper"
    return (
        f'<figure{basis}><div class="{kind}" tabindex="0">{inside}</div>\n'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def framed(page: Page) -> str:
    """A page in a frame, and a link that opens it alone."""
    name, caption = escape(page.name), escape(page.caption)
    return (
        f'<figure><iframe src="{name}.html" title="{caption}" sandbox="allow-scripts" loading="lazy"></iframe>\n'
        f'<figcaption>{caption} <a href="{name}.html">Open it alone.</a></figcaption></figure>'
    )


def inline(svg: str, name: str) -> str:
    """A graph's SVG as part of an HTML page: no prologue, ids of its own."""
    return re.sub(r' id="', f' id="{name}-', svg[svg.index("<svg") :])
