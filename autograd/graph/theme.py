"""Colours: Okabe and Ito's, readable on white and on black, for every kind of colour vision."""

THEMES = ("auto", "light", "dark")

LIGHT = {
    "paper": "#ffffff", "ink": "#1b1f24", "faint": "#57606a", "line": "#6e7781",
    "leaf": "#0072b2", "leaf_fill": "#dcedf9", "root": "#b36b00", "root_fill": "#fdebc8",
    "op_fill": "#ffffff", "constant_fill": "#f6f8fa", "group": "#4b5b6b", "group_fill": "#eaeef2",
    "cluster": "#afb8c1", "cluster_fill": "#f6f8fa",
    "positive": "#a03d00", "negative": "#0b5cad", "bad": "#c1007a",
    "order1": "#8f3f76", "order1_fill": "#f9e9f3", "order2": "#00694c", "order2_fill": "#def3ec",
    "order3": "#7a6a00", "order3_fill": "#f7f2cf",
}  # fmt: skip
DARK = {
    "paper": "#0d1117", "ink": "#e6edf3", "faint": "#9ea7b3", "line": "#7d8590",
    "leaf": "#56b4e9", "leaf_fill": "#0f2b40", "root": "#e69f00", "root_fill": "#3a2a06",
    "op_fill": "#161b22", "constant_fill": "#161b22", "group": "#a9b4c0", "group_fill": "#21262d",
    "cluster": "#3d444d", "cluster_fill": "#11161d",
    "positive": "#f5a15c", "negative": "#79c0ff", "bad": "#ff7ac6",
    "order1": "#e39cc8", "order1_fill": "#35202e", "order2": "#4cc9a0", "order2_fill": "#0d2c22",
    "order3": "#d8c84a", "order3_fill": "#2c290d",
}  # fmt: skip

RULES = """
.stepgrad { font-family: Helvetica, Arial, sans-serif; font-size: 12px; }
.stepgrad text { fill: %(ink)s; text-anchor: middle; }
.stepgrad .paper { fill: %(paper)s; }
.stepgrad .cluster rect { fill: %(cluster_fill)s; stroke: %(cluster)s; }
.stepgrad .cluster text { fill: %(faint)s; font-size: 11px; text-anchor: start; }
.stepgrad .node rect, .stepgrad .node polygon { fill: %(op_fill)s; stroke: %(faint)s; stroke-width: 1.2; }
.stepgrad .leaf rect { fill: %(leaf_fill)s; stroke: %(leaf)s; stroke-width: 2.2; }
.stepgrad .constant rect { fill: %(constant_fill)s; stroke: %(line)s; stroke-dasharray: 4 2.5; }
.stepgrad .root polygon { fill: %(root_fill)s; stroke: %(root)s; stroke-width: 1.6; }
.stepgrad .group rect { fill: %(group_fill)s; stroke: %(group)s; }
.stepgrad .order1 rect, .stepgrad .order1 polygon { fill: %(order1_fill)s; stroke: %(order1)s; }
.stepgrad .order2 rect, .stepgrad .order2 polygon { fill: %(order2_fill)s; stroke: %(order2)s; }
.stepgrad .order3 rect, .stepgrad .order3 polygon { fill: %(order3_fill)s; stroke: %(order3)s; }
.stepgrad .name { font-weight: 700; }
.stepgrad .op, .stepgrad .shape { fill: %(faint)s; font-weight: 400; font-size: 11px; }
.stepgrad .value { font-variant-numeric: tabular-nums; }
.stepgrad .grad { font-size: 11px; fill: %(ink)s; font-variant-numeric: tabular-nums; }
.stepgrad .grad.none { fill: %(faint)s; font-style: italic; }
.stepgrad .grad.positive, .stepgrad .positive .sum { fill: %(positive)s; }
.stepgrad .grad.negative, .stepgrad .negative .sum { fill: %(negative)s; }
.stepgrad .grad.nan, .stepgrad .nan .sum { fill: %(bad)s; font-weight: 700; }
.stepgrad .prime { fill: %(faint)s; font-size: 14px; font-weight: 700; }
.stepgrad .line { fill: none; stroke: %(line)s; stroke-width: 1.3; }
.stepgrad .head { fill: %(line)s; stroke: none; }
.stepgrad .edge.plain .line { stroke-dasharray: 4 2.5; }
.stepgrad .edge.stale .line { stroke: %(bad)s; stroke-dasharray: 1.5 2.5; }
.stepgrad .edge.positive .line { stroke: %(positive)s; }
.stepgrad .edge.positive .head { fill: %(positive)s; }
.stepgrad .edge.negative .line { stroke: %(negative)s; }
.stepgrad .edge.negative .head { fill: %(negative)s; }
.stepgrad .contribution { font-size: 10.5px; stroke: %(paper)s; stroke-width: 3px; paint-order: stroke; }
.stepgrad .sum { font-weight: 700; }
.stepgrad .note { fill: %(faint)s; font-size: 11px; text-anchor: start; }
.stepgrad .node .frame { fill: none; stroke: %(line)s; stroke-width: 0.6; stroke-dasharray: none; }
.stepgrad image { image-rendering: pixelated; }
"""


def colours(theme: str) -> dict[str, str]:
    """The colours by name; those of light for "auto"."""
    colours = DARK if theme == "dark" else LIGHT
    return colours | {"op": colours["faint"], "constant": colours["line"]}


def stylesheet(theme: str = "auto") -> str:
    """The CSS of a picture: light, dark, or light and dark as the viewer's system asks."""
    if theme not in THEMES:
        raise ValueError(f"theme {theme!r} is unknown; choose one of {', '.join(THEMES)}")
    if theme == "dark":
        return RULES % DARK
    light = RULES % LIGHT
    if theme == "light":
        return light
    changed = [b for a, b in zip(light.splitlines(), (RULES % DARK).splitlines(), strict=True) if a != b]
    return light + "@media (prefers-color-scheme: dark) {\n" + "\n".join(changed) + "\n}\n"
