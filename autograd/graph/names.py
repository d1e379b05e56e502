"""Names for the nodes of a graph: the user's, those of variables, or short made-up ones."""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograd.value import Value

_OURS = tuple(str(Path(p).resolve().parent) + os.sep for p in (Path(__file__).parent, np.__file__))


def caller() -> FrameType:
    """The innermost frame that is neither the library's own nor NumPy's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return frame


def given_names(names: Any, who: str) -> dict[int, str]:
    """id of a Value -> name, from the `names` of `who`: a dict of Values, a module, "locals", or None."""
    if names is None:
        return {}
    if callable(getattr(names, "named_parameters", None)):
        names = names.named_parameters()
    if names == "locals" and isinstance(names, str):
        return local_names(caller().f_locals)
    if isinstance(names, str) or not isinstance(names, Iterable):
        error = ValueError if isinstance(names, str) else TypeError
        raise error(f'{who}: names={names!r} is unknown; pass a dict of Values, a module, or "locals"')
    return local_names(dict(names))


def local_names(variables: Mapping[str, Any]) -> dict[int, str]:
    """id of a Value -> the name of the variable that holds it; the first wins.

    Also inside lists and tuples (`w[0]`), dicts (the key) and modules (`net.hidden.weight`).
    Names with a leading underscore are passed over.
    """
    found: dict[int, str] = {}
    inside: list[tuple[str, Any]] = []
    for name, x in variables.items():
        if not isinstance(name, str) or name.startswith("_"):
            continue
        if isinstance(x, Value):
            found.setdefault(id(x), name)
        else:
            inside.append((name, x))
    for name, x in inside:
        pairs: Iterable[tuple[Any, Any]] = ()
        if isinstance(x, (list, tuple)):
            pairs = ((f"{name}[{i}]", y) for i, y in enumerate(x))
        elif isinstance(x, dict):
            pairs = ((k if isinstance(k, str) else f"{name}[{k!r}]", y) for k, y in x.items())
        elif callable(getattr(type(x), "named_parameters", None)):
            pairs = ((f"{name}.{k}", y) for k, y in x.named_parameters())
        for title, y in pairs:
            if isinstance(y, Value):
                found.setdefault(id(y), title)
    return found


def symbols(
    names: Sequence[str | None], roles: Sequence[str], root: int, texts: Sequence[str | None]
) -> list[str]:
    """A short name for each node: its own, else x1 (a leaf), c1 (a constant), h1 (a result), L (the root).

    texts: for constants, the number to write instead.  Names that come twice get a number;
    only texts may be equal.
    """
    taken = {n for n in names if n}
    found: list[str] = []
    counts: dict[str, int] = {}
    for n, (name, role) in enumerate(zip(names, roles, strict=True)):
        if name:
            symbol, i = name, 1
            while symbol in found:
                i += 1
                symbol = f"{name}_{i}"
        elif (text := texts[n]) is not None:
            symbol = text
        elif n == root and role != "leaf":
            symbol = "L" if "L" not in taken else "L_0"
        else:
            letter = {"leaf": "x", "constant": "c"}.get(role, "h")
            while True:
                counts[letter] = counts.get(letter, 0) + 1
                symbol = f"{letter}{counts[letter]}"
                if symbol not in taken:
                    break
        found.append(symbol)
    return found


def number_text(x: float) -> str:
    """A number in a formula: 2 for 2.0, six digits for others."""
    return f"{x:.6g}"


def latex(name: str) -> str:
    r"""A name in LaTeX: w1 as w_{1}, loss as \mathrm{loss}; anything else as text.

    >>> latex("w1"), latex("loss"), latex("a b%")
    ('w_{1}', '\\mathrm{loss}', '\\text{a b\\%}')
    """
    if re.fullmatch(r"-?\d+(\.\d+)?", name):
        return name
    if m := re.fullmatch(r"(-?\d+(?:\.\d+)?)e([+-]?\d+)", name):
        return rf"{m[1]} \cdot 10^{{{int(m[2])}}}"
    if m := re.fullmatch(r"([A-Za-z])_?(\d+)", name):
        return f"{m[1]}_{{{m[2]}}}"
    if m := re.fullmatch(r"([A-Za-z]{2,})_?(\d*)", name):
        return rf"\mathrm{{{m[1]}}}" + (f"_{{{m[2]}}}" if m[2] else "")
    if re.fullmatch(r"[A-Za-z]", name):
        return name
    special = {
        "\\": r"} \backslash \text{",
        "{": r"\{",
        "}": r"\}",
        "^": r"}\hat{}\text{",
        "~": r"}\sim \text{",
    }
    words = "".join(c if c.isprintable() else " " for c in name)
    special |= {
        c: f"}}{sign} \\text{{" for c, sign in (("<", r"\lt"), (">", r"\gt"), ("|", r"\vert"), ("`", "'"))
    }
    words = "".join(special.get(c, "\\" + c if c in "#$%&_" else c) for c in words)
    return rf"\text{{{words}}}"
