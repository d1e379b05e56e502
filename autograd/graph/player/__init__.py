"""The player: a recording as one HTML file that needs no network, no server and no kernel."""

import base64
import hashlib
import json
import math
import re
import warnings
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from autograd.graph.player import markup
from autograd.graph.player.payload import payload
from autograd.graph.player.places import places
from autograd.graph.recording import Recording
from autograd.graph.svg import content
from autograd.graph.words import shortened

__all__ = ["page"]

PARTS = (
    "data.js",
    "replay.js",
    "story.js",
    "charts.js",
    "view.js",
    "controls.js",
)  # in the order they build on
LARGE = 5_000_000  # characters


def page(recording: Recording, *, title: str = "Gradient steps") -> str:
    """The player of a recording, as the text of one HTML file.

    Steps can be scrubbed both ways; inside each, the forward pass, every visit of the
    backward pass and every update.  The page's script computes the gradients anew from the
    local derivatives, equal to Python's bit for bit.  It runs under a policy that allows
    this one script and style sheet (by their hashes) and nothing from outside.

    Warns above 5 MB.  Raises TypeError if `recording` is not a Recording, ValueError if it holds no step.
    """
    if not isinstance(recording, Recording):
        raise TypeError(
            f"page: expected a Recording, got {type(recording).__name__}; `with record(optimizer) as steps:` "
            f"makes one"
        )
    if not recording.segments:
        raise ValueError("page: nothing was recorded; run backward() inside `with record(...)` first")
    data = payload(recording)
    heat = markup.heat_of(recording)
    norms = markup.norms_of(recording)
    first = recording.order[0][0]
    data |= {"heat": heat, "norms": norms or heat, "brief": brief(recording.parameters)}
    shown = [s.frames[0] for s in recording.segments]
    graphs = "\n".join(
        markup.graph(s, i, shown[i], places(s), heat, norms, hidden=i != first)
        for i, s in enumerate(recording.segments)
    )
    frame = shown[first]
    words = {
        "title": content(title),
        "graphs": graphs,
        "table": markup.table(recording, shown),
        "step": str(frame.step),
        "seen": str(recording.seen),
        "loss": markup.short(frame.loss),
        "least": markup.short(float(f"{heat[0]:.1g}"), 2),
        "most": markup.short(float(f"{heat[1]:.2g}"), 2),
        "norms": markup.scale_of_norms(norms) if norms else "",
        "places": str(len(recording.order) - 1),
        "notes": notes(recording),
        "recording": escaped_json(data),
    }
    script = "(() => {\n'use strict';\n" + "".join(lean(asset(name)) for name in PARTS) + "})();\n"
    style = lean_style(asset("player.css")) + palette(("pos", "neg", "norm") if norms else ("pos", "neg"))
    words |= {"script": script, "style": style, "policy": policy(script, style)}
    text = re.sub(r"\{\{(\w+)\}\}", lambda hole: words[hole[1]], asset("player.html"))
    if len(text) > LARGE:
        warnings.warn(
            f"page: the file has {len(text) / 1e6:.1f} MB and will open slowly; "
            f"hold fewer steps: record(..., keep={max(5, len(recording) * LARGE // len(text))})",
            stacklevel=2,
        )
    return text


def notes(recording: Recording) -> str:
    """What a viewer must know: which steps are missing, and what else was left out."""
    said = list(recording.notes)
    if len(recording) < recording.seen and not any("step" in note for note in said):
        said.insert(0, f"{len(recording)} of {recording.seen} steps were kept")
    lost = [step for step, loss in recording.losses.items() if not math.isfinite(loss)]
    if lost:
        said.append(
            f"The loss is not finite in {len(lost)} of {len(recording.losses)} steps, first in step {lost[0]}."
        )
    lines = "".join(f"<li>{content(note[:1].upper() + note[1:])}</li>" for note in said)
    return f'<ul class="notes">{lines}</ul>' if lines else ""


def policy(script: str, style: str) -> str:
    """The content security policy: this script, this style sheet, images inside the page."""

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(style)}; "
        f"img-src data:; base-uri 'none'; form-action 'none'"
    )


def palette(kinds: Sequence[str]) -> str:
    """The colours of gradients, in steps of a twentieth: --pos65 for nodes, --edge-pos65 for edges."""
    lines, rules = [], [".far .card.rest{fill:var(--rest)}"]
    for kind in kinds:
        for p in range(5, 101, 5):
            lines.append(f"--{kind}{p}:color-mix(in oklab,var(--{kind}) {p}%,var(--rest));")
            rules.append(f".far .card.{kind}{p}{{fill:var(--{kind}{p})}}")
            if kind != "norm":
                lines.append(
                    f"--edge-{kind}{p}:color-mix(in oklab,var(--{kind}) {35 + 0.65 * p:g}%,var(--wire));"
                )
    return ":root{" + "\n".join(lines) + "}\n" + "\n".join(rules) + "\n"


def brief(names: Sequence[str]) -> dict[str, str]:
    """Long names of parameters -> what menus and axes show of them."""
    return {name: words for name in names if (words := shortened(name, 16)) != name}


def escaped_json(data: Any) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))  # all of it ASCII
    for c in "<>&":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def asset(name: str) -> str:
    """A file of this package, as text."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def lean(text: str) -> str:
    """A script without indentation, most of its comments, and spaces around signs.

    Lines that hold an apostrophe, a backtick or a slash (a template, a regular expression) keep their spaces.
    """
    lines = re.sub(r"^\s*/\*.*?\*/\s*$", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    kept = (re.sub(r"\s//\s[^\"'`]*$", "", line).strip() for line in lines)
    return "\n".join(squeezed(line) for line in kept if line and not line.startswith("//")) + "\n"


def squeezed(line: str) -> str:
    """A line of a script without the spaces around its signs, outside of strings."""
    if re.search("['`/\\\\]", line):
        return line
    parts = line.split('"')
    parts[::2] = [re.sub(r" ?([{}()\[\],;:?=<>&|*!]) ?", r"\1", part) for part in parts[::2]]
    return '"'.join(parts)


def lean_style(text: str) -> str:
    """A style sheet without comments and the spaces that mean nothing."""
    text = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    return re.sub(r" ?([{};,]) ?|(:) ", r"\1\2", text).replace(";}", "}").strip() + "\n"
