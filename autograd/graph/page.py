"""The picture as a page of its own: one file, no network, the same numbers in a table."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

from autograd.graph.description import CONSTANT, GROUP, Graph
from autograd.graph.words import details, exact, one_line, printable, shortened

STYLE = """
:root { color-scheme: light dark; }
body { font-family: Helvetica, Arial, sans-serif; margin: 24px; background: Canvas; color: CanvasText; }
h1 { font-size: 20px; }
figure { margin: 0 0 24px; overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid #8888; vertical-align: top; }
.more { display: none; margin: 0 0 6px; font-size: 13px; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; max-width: 40em; }
"""
MARGIN = 24  # of the body
MORE = """
@media screen and (max-width: %dpx) {
.more { display: block; }
figure { mask-image: linear-gradient(to right, #000 calc(100%% - 40px), #0004); }
figure:focus, figure:hover { mask-image: none; }
}
"""


def page(graph: Graph, picture: str, css: str, theme: str = "auto") -> str:
    """A whole HTML document: the SVG `picture`, drawn with the stylesheet `css`, and the table."""
    nodes = {n.id: n for n in graph.nodes}
    title = escape(shortened(f"Graph of {nodes[graph.root].label}", 80))
    operands: dict[int, list[str]] = {}
    for e in sorted(graph.edges, key=lambda e: (e.target, e.slot)):
        operands.setdefault(e.target, []).append(f"n{e.source}")
    rows = []
    for n in graph.nodes:
        made = one_line(n.params) if n.role == GROUP else " ".join([n.op or n.role, *operands.get(n.id, [])])
        value = "" if n.role == GROUP else exact(n.value)
        gradient = (
            "" if n.role in (GROUP, CONSTANT) else "none yet" if n.gradient is None else exact(n.gradient)
        )
        cells = "".join(
            f"<td>{escape(one_line(c))}</td>" for c in (n.name or n.path or n.label, made, value, gradient)
        )
        tip = escape(printable("\n".join(details(n))))
        rows.append(f'<tr title="{tip}"><th scope="row">n{n.id}</th>{cells}</tr>')
    style = STYLE.replace("light dark", {"auto": "light dark"}.get(theme, theme)) + css
    width = re.search(r'<svg[^>]* width="(\d+)', picture)
    if width:  # in a window where the picture has no room, its end fades and words say why
        style += MORE % (int(width[1]) + 2 * MARGIN)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    columns = "".join(f'<th scope="col">{c}</th>' for c in ("node", "name", "made by", "value", "gradient"))
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{title}</h1>",
        '<p class="more" aria-hidden="true">The picture goes on to the right: scroll it sideways. \N{RIGHTWARDS ARROW}</p>',
        f'<figure tabindex="0" aria-label="picture of the graph">\n{picture}</figure>',
        "<table>",
        "<caption>All nodes, operands before what was made of them</caption>",
        f"<thead><tr>{columns}</tr></thead>",
        "<tbody>",
        *rows,
        "</tbody>",
        "</table>",
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)
