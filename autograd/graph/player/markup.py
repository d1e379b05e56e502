"""The page's markup: the graph of each segment as SVG, the table, and everything around them.

It stands by itself: without the script it is a good still of one step.
"""

import base64
import math
from typing import Any

import numpy as np

from autograd.graph import thumbnail
from autograd.graph.layout import Box, Point
from autograd.graph.player.places import LONGEST, PLAIN, Places, sign_of
from autograd.graph.recording import Frame, RecordedNode, Recording, Segment
from autograd.graph.summary import Summary
from autograd.graph.svg import attribute, content
from autograd.graph.words import shortened

MARGIN, ABOVE = 16.0, 32.0  # above and below there is room for the words of an edge
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NABLA = "\N{NABLA}"
TICKET = (  # the words at the edge that is being walked
    '<g class="ticket" visibility="hidden" aria-hidden="true"><rect y="-13" height="26" rx="13"/>'
    '<text y="4.5" text-anchor="middle"></text></g>'
)
Heat = tuple[float, float]


# --- numbers ---------------------------------------------------------------------------------------


def short(x: float | None, digits: int = 4) -> str:
    """A number in at most nine characters; the script writes the same."""
    if x is None:
        return DASH
    if math.isnan(x):
        return "NaN"
    size, sign = abs(x), MINUS if x < 0 else ""
    if size == math.inf:
        return f"{sign}\N{INFINITY}"
    if size < 1e6 and (float(x).is_integer() or size >= 1e4):
        return f"{sign}{size:.0f}"
    if 1e-3 <= size < 1e4:
        return sign + f"{size:#.{digits}g}".rstrip(".")
    mantissa, exponent = f"{size:.{digits - 2}e}".split("e")
    return f"{sign}{mantissa}e{int(exponent)}".replace("-", MINUS)


def signed(x: float) -> str:
    """The same with its sign."""
    return f"+{short(x)}" if x > 0 else short(x)


def heat_of(recording: Recording) -> Heat:
    """The range of the colours: magnitudes of gradients over all steps, seven decades at most."""
    sizes = [
        abs(g) for segment, frame in recording.frames for g in segment.replay(frame) if g and math.isfinite(g)
    ]
    if not sizes:
        return 1e-3, 1.0
    most = max(sizes)
    least = max(float(np.quantile(sizes, 0.05)), most * 1e-7, 5e-324)
    return min(least, most / 10), most


def norms_of(recording: Recording) -> Heat | None:
    """The same of the norms of the gradients of arrays, 14 decades at most; None if there are none.

    From the least on: where gradients vanish, the least ones are the point.
    """
    found = [g.norm for _, f in recording.frames for g in f.gradients.values() if isinstance(g, Summary)]
    sizes = [norm for norm in found if norm > 0 and math.isfinite(norm)]
    if not sizes:
        return (1e-3, 1.0) if found else None
    most = max(sizes)
    return min(max(min(sizes), most * 1e-14, 5e-324), most / 10), most


def scale_of_norms(norms: Heat) -> str:
    """The key to the colours of arrays."""
    least, most = short(float(f"{norms[0]:.1g}"), 2), short(float(f"{norms[1]:.2g}"), 2)
    return (
        f'<span class="scale" role="img" aria-label="Colour of an array: the norm of its gradient, on a '
        f'logarithmic scale from {least} to {most}, the same for all steps"><span>{NABLA} norm {least}</span>'
        f'<i class="norms"></i><span>{most}, log scale</span></span>'
    )


def warmth(g: float, heat: Heat) -> int:
    """How strong the colour of a gradient is, in percent."""
    if not g or math.isnan(g):
        return 0
    if math.isinf(g):
        return 100
    low, span = math.log10(heat[0]), math.log10(heat[1]) - math.log10(heat[0]) or 1.0
    t = (math.log10(abs(g)) - low) / span
    return round(min(1.0, max(0.08, 0.08 + 0.92 * t)) * 20) * 5


# --- the graph -------------------------------------------------------------------------------------


def graph(
    segment: Segment,
    index: int,
    frame: Frame,
    places: Places,
    heat: Heat,
    norms: Heat | None,
    hidden: bool,
) -> str:
    """One segment's picture at one frame."""
    gradients = segment.replay(frame)
    width, height = places.width + 2 * MARGIN, places.height + 2 * ABOVE
    contributions = carried_back(segment, frame, gradients)
    lines = [
        f'<path id="s{index}e{k}" class="edge{" walked" if k in contributions else ""}" '
        f'stroke="{shade(contributions.get(k), heat, "edge-", "wire")}" '
        f'd="{curve(points)}" marker-end="url(#tip)"/>'
        for k, points in enumerate(places.curves)
    ]
    cards = [
        card(n, index, places.boxes[n.id], frame, gradients[n.id], heat, norms, n.id == segment.root)
        for n in segment.nodes
    ]
    about = f"computation graph of {segment.nodes[segment.root].symbol}, {len(segment.nodes)} nodes"
    scale = max(1.0, min(1.2, 1080 / width))  # a small graph may be a little larger
    head = (
        f'<svg id="graph{index}" class="net" viewBox="0 0 {num(width)} {num(height)}" '
        f'width="{num(width * scale)}" height="{num(height * scale)}" role="graphics-document document" '
        f'aria-roledescription="computation graph" aria-label="{attribute(about)}"{" hidden" if hidden else ""}>'
    )
    return "\n".join(
        [
            head,
            f'<g transform="translate({num(MARGIN)} {num(ABOVE)})"><g aria-hidden="true">',
            *lines,
            "</g>",
            *cards,
            TICKET,
            "</g></svg>",
        ]
    )


def carried_back(segment: Segment, frame: Frame, gradients: list[float | None]) -> dict[int, float]:
    """What each edge between single numbers handed back."""
    found: dict[int, float] = {}
    for k, e in enumerate(segment.visits):
        edge = segment.edges[e]
        if segment.nodes[edge.source].scalar:
            local, upstream = frame.locals[e], gradients[edge.target]
            if k in frame.corrections:
                found[e] = frame.corrections[k]
            else:
                assert local is not None and upstream is not None
                found[e] = local * upstream
    return found


def card(
    n: RecordedNode,
    index: int,
    box: Box,
    frame: Frame,
    gradient: float | None,
    heat: Heat,
    norms: Heat | None,
    is_root: bool,
) -> str:
    """One node: name, operation, value, and its gradient in a band of its own."""
    value = frame.values[n.id]
    role = "root" if is_root else "parameter" if n.parameter else n.role
    kind = f"node {role}" + ("" if n.scalar else " array")
    band = n.role != "constant"
    summary = frame.gradients.get(n.id)
    reached = gradient is not None or summary is not None
    kind += (sign_class(gradient) if reached else " unreached") if band else ""
    x, y, w, h = box.x - box.width / 2, box.y - box.height / 2, box.width, box.height
    symbol, op = shortened(n.symbol, LONGEST), sign_of(n)
    spoken = [n.symbol, n.op or role, f"value {words_of(value)}"]
    if band:
        spoken.append(f"gradient {words_of(summary if summary is not None else gradient)}")
    label = attribute(", ".join(spoken))
    head = (
        f'<g class="{kind}" id="s{index}n{n.id}" data-n="{n.id}" transform="translate({num(x)} {num(y)})" '
        f'role="graphics-symbol" aria-roledescription="node" tabindex="-1" '
        f'aria-label="{label}"><title>{label}</title>'
    )
    parts = [head]
    small = (w, h) == PLAIN
    radius = 13 if small else {"parameter": 14, "leaf": 14, "constant": 4}.get(role, 7)
    if role == "root":
        parts.append(f'<rect class="halo" x="-4" y="-4" width="{num(w + 8)}" height="{num(h + 8)}" rx="11"/>')
    parts.append(f'<rect class="card" width="{num(w)}" height="{num(h)}" rx="{radius}"/>')
    if small:
        return "".join(
            [*parts, f'<text class="value" x="{num(w / 2)}" y="17.5">{content(words_of(value))}</text></g>']
        )
    if band:
        low, inner = h - 20, min(radius, 14) - 1
        colour = shade(gradient, heat)
        if norms and isinstance(summary, Summary) and (strength := warmth(summary.norm, norms)):
            colour = f"var(--norm{strength})"
        parts.append(
            f'<path class="band" fill="{colour}" d="M1 {num(low)}H{num(w - 1)}'
            f"V{num(h - 1 - inner)}a{inner} {inner} 0 0 1 -{inner} {inner}H{inner + 1}"
            f'a{inner} {inner} 0 0 1 -{inner} -{inner}Z"/>'
            f'<path class="edge-of-band" d="M1 {num(low)}H{num(w - 1)}"/>'
        )
    middle = w / 2 if n.scalar else 10
    anchor = "" if n.scalar else " left"
    name = f'<text class="name{anchor}" x="{num(middle)}" y="16">{content(symbol)}'
    if op and op != symbol:
        name += f'<tspan class="op" dx="6">{content(op)}</tspan>'
    parts.append(name + "</text>")
    if not n.scalar:
        shape = "\N{MULTIPLICATION SIGN}".join(str(i) for i in n.shape)
        parts.append(f'<text class="shape left" x="10" y="31">{content(shortened(shape, 14))}</text>')
        if isinstance(value, Summary) and value.thumbnail:
            parts.append(
                f'<image x="{num(w - 40)}" y="18" width="32" height="32" href="{picture(value.thumbnail)}" '
                f'preserveAspectRatio="xMidYMid meet"/>'
            )
    line = h - 27 if band else h - 12
    parts.append(
        f'<text class="value{anchor}" x="{num(middle)}" y="{num(line)}">{content(words_of(value))}</text>'
    )
    if band:
        words = signed(gradient) if gradient is not None else words_of(summary)
        parts.append(
            f'<text class="grad{anchor}" x="{num(middle)}" y="{num(h - 6)}">{NABLA} {content(words)}</text>'
        )
    return "".join([*parts, "</g>"])


def words_of(x: Any) -> str:
    """A number, or the norm of an array."""
    return f"norm {short(x.norm)}" if isinstance(x, Summary) else short(x)


def picture(image: dict[str, Any]) -> str:
    """A thumbnail's bytes as a data: address of a PNG."""
    cells = np.frombuffer(base64.b64decode(image["data"]), np.uint8).reshape(image["rows"], image["cols"])
    numbers = image["low"] + (image["high"] - image["low"]) * cells / 254.0
    return thumbnail.uri(np.where(cells == 255, np.nan, numbers))


def sign_class(x: float | None) -> str:
    return "" if not x else " pos" if x > 0 else " neg" if x < 0 else ""


def shade(x: float | None, heat: Heat, kind: str = "", rest: str = "rest") -> str:
    """The colour of a gradient, from the palette of the style sheet."""
    if not x or math.isnan(x):
        return f"var(--{rest})"
    return f"var(--{kind}{'pos' if x > 0 else 'neg'}{warmth(x, heat)})"


def curve(points: tuple[Point, ...]) -> str:
    (x, y), *rest = points
    return f"M{num(x)} {num(y)}C" + " ".join(f"{num(a)} {num(b)}" for a, b in rest)


# --- the table -------------------------------------------------------------------------------------

COLUMNS = ("Node", "Kind", "Made of", "Value", "Gradient", "Update", "Δ value", "Δ gradient")


def table(recording: Recording, shown: list[Frame]) -> str:
    """All nodes with their numbers; the script keeps them up to date."""
    lines = ["<table>", "<caption>Every node at this moment, with all digits</caption>", "<thead><tr>"]
    lines += [f'<th scope="col">{c}</th>' for c in COLUMNS]
    lines.append("</tr></thead>")
    for index, (segment, frame) in enumerate(zip(recording.segments, shown, strict=True)):
        gradients = segment.replay(frame)
        made: dict[int, list[str]] = {}
        for e in sorted(segment.edges, key=lambda e: (e.target, e.slot)):
            made.setdefault(e.target, []).append(segment.nodes[e.source].symbol)
        lines.append(f"<tbody{' hidden' if index != recording.order[0][0] else ''}>")
        for n in segment.nodes:
            value, gradient = frame.values[n.id], gradients[n.id]
            update = frame.updates.get(n.parameter) if n.parameter else None
            cells = [
                n.op or ("parameter" if n.parameter else n.role),
                ", ".join(shortened(s, 24) for s in made.get(n.id, ())),
                all_digits(value),
                all_digits(frame.gradients.get(n.id, gradient)),
                "" if update is None else all_digits(update.update),
                "",
                "",
            ]
            row = "".join(f"<td>{content(c)}</td>" for c in cells)
            lines.append(
                f'<tr id="s{index}r{n.id}" data-n="{n.id}"><th scope="row">{content(n.symbol)}</th>{row}</tr>'
            )
        lines.append("</tbody>")
    return "\n".join([*lines, "</table>"])


def all_digits(x: Any) -> str:
    if x is None:
        return DASH
    return f"norm {x.norm!r}" if isinstance(x, Summary) else repr(float(x)).replace("-", MINUS)


# --- text ------------------------------------------------------------------------------------------


def num(x: float) -> str:
    """A coordinate: one decimal at most."""
    return f"{x:.1f}".removesuffix(".0").replace("-0", "0" if abs(x) < 0.05 else "-0")
