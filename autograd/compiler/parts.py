"""Long code as several functions: of one, Python's compiler holds some kilobytes a line in memory at once."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

PART = 1000  # lines of a function
BLANKS = str.maketrans(dict.fromkeys("()[],.:=~+-*/%<>!&|^#", " "))  # for what is no part of a word


def parted(
    lines: Sequence[str], given: Sequence[str], results: str, outside: Iterable[str] = ()
) -> tuple[list[str], list[str], list[str]]:
    """The lines as functions, what makes these of names from outside, and the lines that call them instead.

    given: the names that are there from the start; results: the text of what is returned; outside:
    names of things that stay the same.  Short code stays as it is.

    >>> lines = [f"t{i} = t{i - 1} + x" for i in range(1, 3001)]
    >>> texts, made, rest = parted(lines, ["t0", "x"], "(t3000, t3)")
    >>> made
    ['part0 = make0()', 'part1 = make1()', 'part2 = make2()']
    >>> rest
    ['(t3, t1000) = part0(t0, x)', '(t2000,) = part1(t1000, x)', '(t3000,) = part2(t2000, x)']
    """
    if len(lines) < 3 * PART:
        return [], [], list(lines)
    # what is indented stays with the line before
    starts = [i for i, line in enumerate(lines) if not line.startswith(" ")]
    cuts = [*starts[::PART], len(lines)]
    bodies = [lines[a:b] for a, b in pairwise(cuts)]
    words = [words_of("\n".join(body)) for body in bodies]
    made = [dict.fromkeys(defined(body)) for body in bodies]
    needed = words_of(results)  # later on
    kept: list[list[str]] = []
    for new, read in zip(made[::-1], words[::-1], strict=True):
        kept.append([word for word in new if word in needed])
        needed |= read
    fixed, known = set(outside), set(given)
    texts, makers, calls = [], [], []
    for i, (body, read, mine) in enumerate(zip(bodies, words, kept[::-1], strict=True)):
        parameters = ", ".join(sorted(read & known))
        around = ", ".join(sorted(read & fixed))
        inside = [*body, f"return {tupled(mine)}"]
        text = [f"def make{i}({around}):", f"    def part{i}({parameters}):"]
        text += [*[f"        {line}" for line in inside], f"    return part{i}", ""]
        texts.append("\n".join(text))
        makers.append(f"part{i} = make{i}({around})")
        calls.append(f"{tupled(mine)} = part{i}({parameters})")
        known.update(made[i])
    return texts, makers, calls


def defined(lines: Sequence[str]) -> list[str]:
    """The names that lines give."""
    found = [line.partition(" = ") for line in lines]
    return [name for name, equals, _ in found if equals and name.isidentifier()]


def words_of(text: str) -> set[str]:
    """The names in a text, and perhaps more."""
    return set(text.translate(BLANKS).split())


def tupled(texts: list[str]) -> str:
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"
