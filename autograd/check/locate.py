"""Which operation is wrong?  Each recorded rule, replayed on what it read."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class LocalRule(NamedTuple):
    """One rule on its recorded inputs, and what is wrong with it."""

    op: str
    text: str

    def __str__(self) -> str:
        return self.text


def locate(root: Any) -> list[LocalRule]:
    """Not yet."""
    raise NotImplementedError


def locate_in(subject: Any, inputs: Sequence[Any], cotangents: Sequence[Any]) -> LocalRule | None:
    return None
