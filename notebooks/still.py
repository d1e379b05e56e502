"""A still of a player: what a stored notebook keeps of one, as the player itself has some hundred kilobytes.

It is the graph of the moment with which the player opens, as an SVG that stands alone, with a line of words below.
"""

import re
from html import escape, unescape

FRAME = '<iframe sandbox="allow-scripts"'  # what a notebook shows of recorded steps begins with this
POSITIVE, NEGATIVE, NORM = (242, 138, 30), (63, 155, 224), (95, 174, 75)
REST, WIRE = (243, 244, 245), (164, 173, 183)
COLOURS = {"rest": REST, "wire": WIRE}
BELOW = 34  # room for the words

STYLE = """
.paper{fill:#fff}.card{fill:#fff;stroke:#5a636e;stroke-width:1.1}.halo{fill:none;stroke:#16191d;stroke-width:1.3}
.root .card{stroke:#16191d;stroke-width:1.3}.parameter .card{stroke:#0f766e;stroke-width:2.6}
.leaf .card{stroke:#0f766e;stroke-width:1.3}.constant .card{stroke:#a4adb7;stroke-dasharray:4 3}
.edge-of-band{fill:none;stroke:#d9dde2}.pos .edge-of-band{stroke:#9a4300;stroke-width:1.4}
.neg .edge-of-band{stroke:#0b5aa3;stroke-width:1.4;stroke-dasharray:3 2.4}
text{font-family:Helvetica,Arial,sans-serif;fill:#16191d;text-anchor:middle}text.left{text-anchor:start}
.name{font-size:13px;font-weight:650}.op{font-weight:400;font-size:11.5px}.shape{font-size:11px}.op,.shape{fill:#5a636e}
.value{font-size:13.5px}.constant .value{fill:#5a636e;font-size:12.5px}.grad{font-size:12.5px}
.words{font-size:13px;fill:#5a636e;text-anchor:start}.edge{fill:none;stroke-width:1.2}.edge.walked{stroke-width:2}
image{image-rendering:pixelated}
"""


def still(shown: str) -> str | None:
    """The still of the player that a notebook shows, from the HTML that shows it; None if that is something else."""
    if not shown.startswith(FRAME):
        return None
    page = unescape(shown[shown.index('srcdoc="') + 8 : shown.rindex('"')])
    heads = re.finditer(r'<svg id="graph\d+"[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', page)
    head = next(h for h in heads if not h[0].endswith(" hidden>"))
    width, height = float(head[1]), float(head[2])
    graph = page[head.end() : page.index("</svg>", head.end())]
    graph = re.sub(r'<g class="ticket".*?</g>', "", graph, flags=re.DOTALL)
    graph = re.sub(r'var\(--([a-z-]+)(\d*)\)"', lambda found: colour(found[1], found[2]) + '"', graph)
    graph = re.sub(r' (?:id|role|data-n|tabindex|aria-[a-z]+)="[^"]*"', "", graph)
    (tip,) = re.findall(r"<defs>.*?</defs>", page, flags=re.DOTALL)
    (words,) = re.findall(r'<p id="sentence"[^>]*>(.*?: the loss is .*?)\. This', page, flags=re.DOTALL)
    wide = max(width, 500.0)  # room for the words
    box = f"{(width - wide) / 2:g} 0 {wide:g} {height + BELOW:g}"
    left = (width - wide) / 2
    said = f"{words}. A still: run this cell, and every step plays."
    size = f'width="{wide:g}" height="{height + BELOW:g}"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {size} role="img" aria-label="{escape(said)}">
<style>{scoped(STYLE)}</style>
<g class="still">
{tip}
<rect class="paper" x="{left:g}" {size}/>
{graph.strip()}
<text class="words" x="{left + 16:g}" y="{height + 14:g}">{said}</text>
</g></svg>
"""


def scoped(css: str) -> str:
    """Rules that hold inside the still alone, wherever it is put."""
    return re.sub(r"(^|[},])([a-z.][^{},]*)(?=[,{])", r"\1.still \2", css.replace("\n", ""))


def colour(name: str, share: str) -> str:
    """A colour of the player's light palette: pos65 is 65 % of the way to orange, edge-neg20 that of an edge."""
    if not share:
        return "#{:02x}{:02x}{:02x}".format(*COLOURS[name])
    t = int(share) / 100
    far = NORM if name == "norm" else POSITIVE if name.endswith("pos") else NEGATIVE
    near = REST
    if name.startswith("edge"):
        t, near = 0.35 + 0.65 * t, WIRE
    return "#{:02x}{:02x}{:02x}".format(*(round(a + (b - a) * t) for a, b in zip(near, far, strict=True)))
