"""explain: the chain rule of one graph, path by path, with its numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.engine import Node, raw
from autograd.graph.chain import Chain, one, role
from autograd.graph.explanation import Derivation, Explanation, Factor, Path, Row, Term
from autograd.graph.expressions import Words
from autograd.graph.names import given_names
from autograd.graph.passes import identical
from autograd.graph.summary import held
from autograd.value import Value

ROUTES = 4  # more ways through unnamed values are not written out
LONG = 60  # nor are longer ones
MANY = 10**15  # paths are counted up to here


def explain(
    loss: Value,
    wrt: Any = None,
    *,
    names: Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None = None,
    max_paths: int = 12,
    max_rows: int = 40,
) -> Explanation:
    """The derivative of `loss` with respect to `wrt`, worked out as in a textbook.

    loss: a Value of one element.  wrt: a Value it was made from, leaf or result, or several;
    without it all leaves, in the order of their first use.
    names: what to call the Values, besides their own names: a dict of Values, a module, or
    "locals" to read the variables of the calling function.  A parameter without a name is called what its
    module calls it.  Where some results have names, the factors go from name to name; else
    every result is a station, called h1, h2 ...
    max_paths: with more paths than this the sums are made node by node, as backward() makes
    them.  max_rows: how many nodes such a table shows.

    The result prints itself, shows itself in a notebook, and has `.text`, `.markdown` and
    `.latex`.  Between single numbers every factor is a number.  Where arrays are on the way,
    a factor is a matrix that is never formed: what is told is how each rule hands the
    gradient on, with its shape and norm.

    Rules are applied as backward() applies them, and nothing is spent: it works before and
    after backward().  Whether the sum over the paths is equal to backward()'s result to the
    last bit is said, and if it is not, by how much.

    Raises TypeError for something that is no Value, ValueError for a loss of several elements
    or nothing in `wrt`, RuntimeError for a loss without graph, one that was released, or
    one whose inputs were changed in place since.

    >>> from autograd import Value
    >>> from autograd.graph import explain
    >>> w = Value(0.5, name="w")
    >>> h = w * 3.0
    >>> L = (h - 1) ** 2
    >>> print(explain(L, w, names="locals"))
    L = (h − 1)²
    h = w·3
    <BLANKLINE>
    ∂L/∂w = ∂L/∂h · ∂h/∂w
          = 1 · 3
          = 3.0
    <BLANKLINE>
    ∂L/∂h = 2·(h − 1) = 1
    ∂h/∂w = 3
    <BLANKLINE>
    This is what backward() gives, to the last bit.
    There is no `.grad` yet: backward() has not run.
    """
    found = checked(loss, wrt)
    known = given_names(names, "explain")
    chain = Chain(loss, known)
    if wrt is None:
        found = [x for x in chain.nodes if role(x) == "leaf"]
    words = Words(chain)
    parts = tuple([derivation(chain, words, x, known, max_paths, max_rows) for x in found])
    return Explanation(chain.symbols[chain.root], parts)


def checked(loss: Any, wrt: Any) -> list[Any]:
    """The Values to explain, or an error that says what is wrong."""
    if not isinstance(loss, Value):
        raise TypeError(
            f"explain: expected a Value as loss, got {type(loss).__name__}; pass the result itself"
        )
    given = [loss] if wrt is None else [wrt] if isinstance(wrt, Node) else wrt
    if not isinstance(given, Iterable) or isinstance(given, (str, np.ndarray)):
        raise TypeError(f"explain: wrt is a {type(wrt).__name__}; pass a Value the loss was made from")
    given = list(given.values() if isinstance(given, Mapping) else given)
    for x in given:
        if not isinstance(x, Value):
            raise TypeError(f"explain: wrt holds a {type(x).__name__}; pass Values the loss was made from")
    if not given:
        raise ValueError("explain: wrt is empty; pass a Value the loss was made from")
    if loss.size != 1:
        raise ValueError(
            f"explain: the loss has shape {loss.shape}; explain one number, such as loss.sum() or loss[0]"
        )
    if loss.op is None:
        why = (
            "made by hand"
            if loss.requires_grad
            else "made from constants, detached, or computed under no_grad()"
        )
        raise RuntimeError(f"explain: this Value has no graph, it was {why}; pass the result of operations")
    return given


def derivation(
    chain: Chain, words: Words, x: Any, names: Mapping[int, str], max_paths: int, max_rows: int
) -> Derivation:
    """All about one derivative."""
    n = chain.place.get(id(x), -1)
    if n < 0 or chain.gradients[n] is None:
        name = x.name or names.get(id(x)) or "x"
        symbol = name if n < 0 else chain.symbols[n]
        reason = f"No path leads from {chain.symbols[chain.root]} to {symbol}: the derivative is 0."
        return Derivation(symbol, 0.0, remarks=(reason,))
    symbol, total = chain.symbols[n], held(chain.gradients[n])
    if n == chain.root:
        return Derivation(symbol, total, remarks=("The derivative of a number with respect to itself is 1.",))
    above = chain.above(n)
    stops = {m for m in above if chain.given[m]} | {chain.root, n}
    if stops <= {chain.root, n}:
        stops = above  # nothing on the way has a name: every result is a station
    words.begin(stops)
    regions = regions_above(chain, n, stops)
    count = number_of_paths(chain, n, regions)
    by_node = count > max_paths or len(regions) > max_rows
    scalar = all(chain.numbers[m] for m in above)
    remarks = []
    if by_node:
        many = f"More than {MANY:.0e}" if count >= MANY else f"{count:,}"
        what = f"{many} paths lead" if count > 1 else f"One path of {len(regions):,} factors leads"
        remarks.append(
            f"{what} from {chain.symbols[chain.root]} to {symbol}: the sums are made node by node, "
            f"as backward() makes them."
        )
    paths: tuple[Path, ...] = ()
    factors: dict[tuple[int, int], Factor] = {}
    if not by_node:
        factors = factors_of(chain, words, regions, stops, scalar)
        paths = tuple([path_of(chain, p, regions, factors, scalar) for p in paths_to(chain, n, regions)])
    rows: tuple[Row, ...] = ()
    skipped = 0
    if not scalar or by_node:
        order = sorted(above, reverse=True)
        cut = (
            order if len(order) <= max_rows else order[: max_rows // 2] + order[-(max_rows - max_rows // 2) :]
        )
        rows = tuple([row_of(chain, words, m) for m in cut])
        skipped = len(order) - len(cut)
    if paths and scalar:
        remarks.append(agreement(paths, chain.gradients[n]))
    if not scalar:
        remarks.append(
            "Arrays are on the way: a factor between them is a Jacobian, which is never formed; each rule "
            "turns the gradient of a result into that of an operand."
        )
    remarks.append(standing(x, chain.gradients[n]))
    return Derivation(
        symbol,
        total,
        paths,
        tuple(factors.values()),
        rows,
        skipped,
        tuple(remarks),
        words.definitions() if paths else (),
    )


# --- paths --------------------------------------------------------------------------------------


def regions_above(chain: Chain, n: int, stops: set[int]) -> dict[int, list[int]]:
    """For each station on a way to `n`, the visits over which gradient comes to it from the next."""
    regions: dict[int, list[int]] = {}
    todo = [n]
    while todo:
        m = todo.pop()
        if m in regions or m == chain.root:
            continue
        regions[m] = chain.region(m, stops)
        todo += [t for t in stations(chain, regions[m], stops) if t not in regions]
    return regions


def stations(chain: Chain, region: Sequence[int], stops: set[int]) -> list[int]:
    """The stations from which gradient comes over a region, in the order of the visits."""
    return list(dict.fromkeys(chain.visits[k][1] for k in region if chain.visits[k][1] in stops))


def number_of_paths(chain: Chain, n: int, regions: Mapping[int, Sequence[int]]) -> int:
    """How many ways lead from the root to `n`, from station to station."""
    stops = set(regions) | {chain.root}
    count = {chain.root: 1}
    for m in sorted(regions, reverse=True):  # the root is the highest
        count[m] = min(MANY, sum(count[t] for t in stations(chain, regions[m], stops)))
    return count[n]


def paths_to(chain: Chain, n: int, regions: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The ways from the root to `n` as stations from the top, in the order in which `n` receives."""
    stops = set(regions) | {chain.root}
    found: list[list[int]] = []
    todo = [[n]]
    while todo:
        path = todo.pop()
        if path[0] == chain.root:
            found.append(path)
            continue
        region = regions[path[0]]
        first = {t: first_arrival(chain, t, path[0], region) for t in stations(chain, region, stops)}
        todo += [[t, *path] for t in sorted(first, key=first.__getitem__, reverse=True)]
    return found


def first_arrival(chain: Chain, start: int, end: int, region: Sequence[int]) -> int:
    """The visit in which `end` first receives something that comes from `start`."""
    reached = {start}
    for k in region:
        source, target, _slot = chain.visits[k]
        if target in reached:
            if source == end:
                return k
            reached.add(source)
    return len(chain.visits)


def factors_of(
    chain: Chain, words: Words, regions: Mapping[int, Sequence[int]], stops: set[int], scalar: bool
) -> dict[tuple[int, int], Factor]:
    """The derivative of each station with respect to each that it is made of."""
    found: dict[tuple[int, int], Factor] = {}
    for m in sorted(regions, reverse=True):
        for t in sorted(stations(chain, regions[m], stops), reverse=True):
            routes: list[list[tuple[int, int, int]]] = []
            if scalar and len(regions[m]) <= LONG:
                for route in chain.routes(t, m, regions[m]):
                    routes.append([chain.visits[k] for k in route])
                    if len(routes) > ROUTES:
                        break
            value = held(chain.push(t, m, one(chain.nodes[t]), regions[m])) if scalar else None
            text, latex = words.sum_of_products(routes) if 0 < len(routes) <= ROUTES else ("", "")
            found[t, m] = Factor(chain.symbols[t], chain.symbols[m], value, text, latex)
    return found


def path_of(
    chain: Chain,
    stations: Sequence[int],
    regions: Mapping[int, Sequence[int]],
    factors: Mapping[tuple[int, int], Factor],
    scalar: bool,
) -> Path:
    """One path; its value is what the rules make of 1 along it, in the engine's arithmetic."""
    g = one(chain.nodes[chain.root])
    steps = list(pairwise(stations))
    for t, m in steps:
        g = chain.push(t, m, g, regions[m])
    return Path(tuple([factors[step] for step in steps]), held(g))


def row_of(chain: Chain, words: Words, m: int) -> Row:
    """What one node receives, from whom."""
    terms = []
    loss = words.name(chain.root).text
    for k in chain.users.get(m, ()):
        _source, target, slot = chain.visits[k]
        terms.append(
            Term(chain.symbols[target], words.rule(target, slot, loss), held(chain.contributions[k]))
        )
    x = chain.nodes[m]
    made = words.plainly(m) if x.op is not None else ""
    return Row(chain.symbols[m], x.shape, held(chain.gradients[m]), tuple(terms), made)


# --- whether the numbers agree ------------------------------------------------------------------


def agreement(paths: Sequence[Path], gradient: Any) -> str:
    """Whether the sum over the paths is backward()'s number, and why not."""
    total: Any = None
    kind = type(gradient)
    for p in paths:
        value = kind(p.value)
        total = value if total is None else kind(total + value)
    if identical(float(total), float(gradient)):
        return "This is what backward() gives, to the last bit."
    with np.errstate(all="ignore"):
        ulps = abs(float(total) - float(gradient)) / float(np.spacing(np.abs(gradient)))
    by = (
        f"{ulps:.0f} unit{'s' * (ulps >= 1.5)} in the last place"
        if math.isfinite(ulps)
        else "more than rounding"
    )
    return (
        f"Summed path by path: {float(total)!r}. backward() gives {float(gradient)!r}, {by} away: it adds up where "
        f"paths meet and goes on with the sum, which rounds differently."
    )


def standing(x: Any, gradient: Any) -> str:
    """How `.grad` relates to the result."""
    if x._grad is None:
        return "There is no `.grad` yet: backward() has not run."
    now = np.asarray(raw(x._grad))
    if now.tobytes() == np.asarray(gradient).tobytes() or np.array_equal(now, gradient, equal_nan=True):
        return "`.grad` holds the same."
    what = f"{now.item()!r}" if not now.ndim else f"another array, of norm {held(now).norm:.6g}"
    return f"`.grad` holds {what}: that of other passes, or of several together."
