"""What a check looks at: every element of a small input; of a large one some, and random directions."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.check.subject import Arrays, Leaf
from autograd.check.verdict import Finding, Verdict

EVERY = 64  # inputs of up to so many elements are checked element by element
SAMPLED = 24  # of larger ones, so many elements
DIRECTIONS = 6  # and so many random directions
TOGETHER = "all elements together, by random steps"
AMONG = "a random direction among gradients of like size"
ALIKE = 3.0  # decades, of gradients of like size
Element = tuple[int, tuple[int, ...]]  # which input, and where in it


class Choice:
    """How many elements and how many random directions: "auto", "all" (of the elements), or a number.

    Raises ValueError for anything else, and if nothing would be left to check.
    """

    def __init__(self, elements: Any, directions: Any) -> None:
        if directions == "all":
            elements, directions = "all", 0
        for name, given in (("elements", elements), ("directions", directions)):
            whole = isinstance(given, int | np.integer) and not isinstance(given, bool) and given >= 0
            if not (whole or given == "auto" or (given == "all" and name == "elements")):
                raise ValueError(
                    f"check_grads: {name}={given!r}; expected 'auto', 'all' or a number from 0 on"
                )
        if elements == 0 and directions == 0:
            raise ValueError(
                "check_grads: elements=0 and directions=0 leave nothing to check; raise one of them"
            )
        self.some, self.random = elements, directions

    def elements(self, inputs: Arrays, found: Arrays, rng: np.random.Generator) -> list[Element]:
        """Which elements are checked one by one: of a large input those with the smallest and largest number
        or gradient, where rules go wrong first, and random ones."""
        sizes = [int(np.size(x)) for x in inputs]
        total, chosen = sum(sizes), []
        wanted = SAMPLED if self.some == "auto" else self.some
        if wanted == "all" or (total <= EVERY if self.some == "auto" else total <= wanted):
            chosen = [(k, i) for k, n in enumerate(sizes) for i in range(n)]
        elif wanted:
            for k, n in enumerate(sizes):
                m = min(n, max(2, wanted * n // max(total, 1)))
                places = set(rng.choice(n, m, replace=False).tolist()) if n else set()
                for v in (np.asarray(inputs[k]).ravel(), np.asarray(found[k]).ravel()):
                    places |= {int(end(w)) for w in (v, np.abs(v)) for end in (np.argmin, np.argmax) if n}
                chosen += [(k, i) for i in sorted(places)]
        return [(k, tuple(int(j) for j in np.unravel_index(i, np.shape(inputs[k])))) for k, i in chosen]

    def directions(
        self,
        inputs: Arrays,
        found: Arrays,
        leaves: Sequence[Leaf],
        findings: Sequence[Finding],
        rng: np.random.Generator,
    ) -> list[tuple[str, Arrays]]:
        """Random directions for what is not checked element by element, some of them among gradients of like
        size, beside which a wrong small one shows; where several elements sit at a kink, common ones."""
        total = sum(int(np.size(x)) for x in inputs)
        n = self.random
        if n == "auto":
            looked_at = sum(f.index is not None for f in findings)
            n = DIRECTIONS if looked_at < total else 0
        groups = bands(found)[: n - 2] if n > 2 else []
        chosen = [(f"a random direction ({i})", [dyadic(x, rng) for x in inputs]) for i in range(n)]
        for i, group in enumerate(groups, n - len(groups)):
            masked = [np.where(m, d, 0.0)[()] for m, d in zip(group, chosen[i][1], strict=True)]
            chosen[i] = (f"{AMONG} ({i})", masked)
        names = {leaf.name: k for k, leaf in enumerate(leaves)}
        kinks = [
            (names[f.arg], f.index)
            for f in findings
            if f.verdict is Verdict.PASS_KINK and f.index is not None
        ]
        plain = all(f.verdict in (Verdict.PASS, Verdict.PASS_KINK) for f in findings)
        if (
            not n and total > 1 and plain
        ):  # one after the other, elements do not move the median of equal numbers
            chosen.append((TOGETHER, [np.abs(dyadic(x, rng)) * power_below(x) for x in inputs]))
        if kinks and total > 1:  # what elements tied at a kink share must add up
            chosen.append(("all elements together", [np.ones(np.shape(x)) for x in inputs]))
        if len(kinks) > 1:
            for random in (False, True, True):
                direction = [np.zeros(np.shape(x)) for x in inputs]
                for k, place in kinks:
                    direction[k][place] = float(rng.integers(4, 17)) / 16 if random else 1.0
                chosen.append(("the elements at a kink", direction))
        return chosen


def bands(found: Arrays) -> list[list[Any]]:
    """Masks of the gradients that are 0, and of those of each few decades below the largest; none where
    nearly all are of like size."""
    sizes = [np.abs(np.asarray(g, np.float64)) for g in found]
    every = np.concatenate([s.ravel() for s in sizes]) if sizes else np.zeros(0)
    usual = every[np.isfinite(every) & (every > 0)]
    if not usual.size:
        return []
    top = float(np.log10(usual.max()))
    low = float(np.log10(np.quantile(usual, 0.01)))
    with np.errstate(divide="ignore"):
        below = [top - np.log10(s) for s in sizes]
    masks = [[s == 0 for s in sizes]] if (every == 0).any() else []
    if top - low > ALIKE:
        edges = [*np.arange(ALIKE, min(top - low, 5 * ALIKE), ALIKE), np.inf]
        masks += [[(b >= a) & (b < z) for b in below] for a, z in pairwise(edges)]
    return [m for m in masks if any(part.any() for part in m)]


def power_below(x: Any) -> Any:
    """For each element the power of two at its magnitude, so that large and small ones are moved alike; for
    0 the largest of these, 1 if there is none."""
    _, exponent = np.frexp(np.abs(x))
    powers = np.where(np.asarray(x) == 0, 0.0, np.ldexp(1.0, exponent))
    return np.where(powers > 0, powers, np.max(powers, initial=0.0) or 1.0)


def dyadic(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers like x, 1/8 to 1 in size: multiples of 1/256, so exact also in float16."""
    signs = rng.choice((-1.0, 1.0), size=np.shape(x))
    return (signs * rng.integers(32, 257, size=np.shape(x)) / 256)[()]
