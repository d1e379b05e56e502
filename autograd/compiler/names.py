"""Readable names for the variables of generated code."""

import builtins
import keyword
import math
import re
from collections.abc import Container, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd.compiler.program import Program, Variable

OURS = re.compile(r"(buffer|part|make)\d+|_[crx]\d+")  # what generated code calls things of its own
RESERVED = frozenset((*keyword.kwlist, *dir(builtins), *dir(math), "make", "run", "np"))


class Names:
    """The user's names where there are any, else t1, t2, ...; each only once."""

    def __init__(self, program: Program, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.of: dict[int, str] = {}
        for i, x in enumerate(program.inputs):
            self.of[id(x)] = self.unused(x.name or f"x{i}")
        for i, x in enumerate(program.closed):
            self.of[id(x)] = self.unused(x.name or f"v{i}")
        for i, x in enumerate(program.steps):
            name = f"t{i}"
            self.of[id(x)] = (
                name if x.name is None and name not in self.taken else self.unused(x.name or name)
            )
        self.taken.update(self.of.values())

    def __getitem__(self, x: Variable) -> str:
        return self.of[id(x)]

    def unused(self, wish: str, reserved: Container[str] = RESERVED) -> str:
        """`wish` as an identifier that is not taken yet."""
        word = "".join(c if c.isalnum() or c == "_" else "_" for c in wish)[:40]
        word = word if word.isidentifier() and word.isascii() else "v"
        name, n = word, 1
        while name in self.taken or name in reserved or OURS.fullmatch(name):
            n += 1
            name = f"{word}_{n}"
        self.taken.add(name)
        return name

    def all(self, variables: Iterable[Variable]) -> list[str]:
        return [self[x] for x in variables]


def literal(data: Any) -> str | None:
    """A constant as text, if it is a Python number; NumPy's keep their dtype and are referred to."""
    if type(data) in (int, bool) or (type(data) is float and np.isfinite(data)):
        return repr(data) if data >= 0 and not (data == 0 and np.signbit(data)) else f"({data!r})"
    return None


def comment(x: Variable) -> str:
    """The user's line that a step comes from, where there is a file with it."""
    return place(x.site)


@lru_cache(1024)
def place(site: str) -> str:
    file, _, line = site.rpartition(":")
    return f"  # {Path(file).name}:{line}" if file and not file.startswith("<") else ""
