"""Explanation: what `explain` found, as text, Markdown and LaTeX."""

# ruff: noqa: RUF001

from dataclasses import dataclass
from typing import Any

from autograd.graph.names import latex
from autograd.graph.summary import Held, Summary

AND = r"\quad + "
TEX = {"=": "= ", "≈": r"\approx "}
TERMS = 4  # more contributions to one node are not written out


@dataclass(frozen=True, slots=True)
class Factor:
    """d of / d by: value is None where it is not a number; text and latex are its formula, or ""."""

    of: str
    by: str
    value: float | None
    text: str
    latex: str


@dataclass(frozen=True, slots=True)
class Path:
    """The factors from the loss on; value: their product as backward()'s rules multiply it."""

    factors: tuple[Factor, ...]
    value: Held


@dataclass(frozen=True, slots=True)
class Term:
    """What a node receives from `of`: `text` says how, `value` what."""

    of: str
    text: str
    value: Held


@dataclass(frozen=True, slots=True)
class Row:
    """The gradient of one node, as the sum of what it receives; made: how the node was computed."""

    symbol: str
    shape: tuple[int, ...]
    gradient: Held
    terms: tuple[Term, ...]
    made: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derivative: its paths and factors, or node by node its rows (`skipped` are left out).

    total: the number that backward() gives, or a Summary of the array.  definitions:
    (name, text, LaTeX) of how the stations were computed.  remarks: sentences.
    """

    symbol: str
    total: Held
    paths: tuple[Path, ...] = ()
    factors: tuple[Factor, ...] = ()
    rows: tuple[Row, ...] = ()
    skipped: int = 0
    remarks: tuple[str, ...] = ()
    definitions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The derivatives of `loss`; prints itself, and shows itself in a notebook."""

    loss: str
    derivations: tuple[Derivation, ...]

    @property
    def text(self) -> str:
        """For a terminal."""
        return "\n\n".join(["\n\n".join(self._text(d)) for d in self.derivations])

    @property
    def latex(self) -> str:
        """The formulas, to be put into a LaTeX document (amsmath) as they are."""
        return "\n\n".join([self._latex(d) for d in self.derivations])

    @property
    def markdown(self) -> str:
        """Markdown with formulas between $$, as notebooks and GitHub show it."""
        parts = []
        for d in self.derivations:
            parts.append(f"$$\n{self._latex(d)}\n$$")
            if d.rows:
                rows = ["| gradient | value | received | result of |", "|---|---|---|---|"]
                for left, value, received, made in self._rows(d):
                    cells = [code(left), value, code(received), code(made)]
                    rows.append(f"| {' | '.join(cells)} |")
                parts.append("\n".join(rows))
                if d.skipped:
                    parts.append(self._skipped(d))
            parts.append(" ".join(marked(r) for r in d.remarks))
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows."""
        try:
            return {"text/markdown": self.markdown, "text/plain": self.text}
        except Exception as error:
            return {"text/plain": f"Explanation of {one_line(self.loss)} ({error})"}

    # --- text -----------------------------------------------------------------------------------

    def _text(self, d: Derivation) -> list[str]:
        blocks = []
        head = self._d(d.symbol)
        if d.definitions:
            blocks.append("\n".join(f"{one_line(name)} = {text}" for name, text, _ in d.definitions))
        chain = self._chain(d, head)
        if chain:
            blocks.append("\n".join(chain))
        elif not d.rows:
            blocks.append(f"{head} = {exact(d.total)}")
        factors = [
            f"{self._ratio(f, d)} = {f.text}"
            + (f" {equals(f.value)} {number(f.value)}" if f.text != number(f.value) else "")
            for f in d.factors
            if f.text
        ]
        if factors:
            blocks.append("\n".join(factors))
        if d.rows:
            table = self._rows(d)
            widths = [max(len(row[i]) for row in table) for i in range(3)]
            lines = [
                f"{a.ljust(widths[0])}  {b.ljust(widths[1])}  = {c.ljust(widths[2])}  {made}".rstrip()
                for a, b, c, made in table
            ]
            if d.skipped:
                lines.insert(len(lines) // 2, self._skipped(d))
            blocks.append("\n".join(lines))
        blocks.append("\n".join(d.remarks))
        return blocks

    def _chain(self, d: Derivation, head: str) -> list[str]:
        if not d.paths:
            return []
        space = " " * len(head)
        scalar = all(f.value is not None for p in d.paths for f in p.factors)
        lines = []
        for i, p in enumerate(d.paths):
            product = " · ".join(self._ratio(f, d) for f in p.factors)
            lines.append(f"{space if i else head} {'+' if i else '='} {product}")
        if not scalar:
            return [*lines, f"{space} : {exact(d.total)}"]
        about = equals(*[f.value for p in d.paths for f in p.factors])
        rounded = about
        if any(len(p.factors) > 1 for p in d.paths):
            for i, p in enumerate(d.paths):
                product = " · ".join(number(f.value) for f in p.factors)
                lines.append(f"{space} {'+' if i else about} {product}")
        if len(d.paths) > 1:
            rounded = equals(*[p.value for p in d.paths])
            lines.append(f"{space} {rounded} {' + '.join(number(p.value) for p in d.paths)}")
        again = (
            head if "≈" in (about, rounded) else space
        )  # the last line is exact: it is not that of the line above
        return [*lines, f"{again} = {exact(d.total)}"]

    def _rows(self, d: Derivation) -> list[tuple[str, str, str, str]]:
        """Gradient, value, what it received, how the node was made; on one line each."""
        found = []
        for row in d.rows:
            terms = [t.text for t in row.terms]
            if len(terms) > TERMS:
                terms[TERMS - 1 :] = [f"... {len(terms) - TERMS + 1:,} more"]
            received = " + ".join(terms) or "1, to begin with"
            made = f"{one_line(row.symbol)} = {row.made}" if row.made else ""
            found.append((self._d(row.symbol), brief(row.gradient), received, made))
        return found

    def _skipped(self, d: Derivation) -> str:
        return f"... {d.skipped:,} more nodes; explain(..., max_rows={d.skipped + len(d.rows)}) shows them"

    def _d(self, by: str) -> str:
        return f"∂{one_line(self.loss)}/∂{one_line(by)}"

    def _ratio(self, f: Factor, d: Derivation) -> str:
        direct = " (direct)" if self._is_direct(f, d) else ""
        return f"∂{one_line(f.of)}/∂{one_line(f.by)}{direct}"

    def _is_direct(self, f: Factor, d: Derivation) -> bool:
        """Whether a factor would be written as the derivative that it is only a part of."""
        return len(d.paths) > 1 and (f.of, f.by) == (self.loss, d.symbol)

    def _fraction(self, f: Factor, d: Derivation) -> str:
        ratio = fraction(f.of, f.by)
        return rf"\left. {ratio} \right|_{{\text{{direct}}}}" if self._is_direct(f, d) else ratio

    # --- LaTeX ----------------------------------------------------------------------------------

    def _latex(self, d: Derivation) -> str:
        lines = [f"{latex(name)} &= {formula}" for name, _, formula in d.definitions]
        head = fraction(self.loss, d.symbol)
        for i, p in enumerate(d.paths):
            product = r" \cdot ".join(self._fraction(f, d) for f in p.factors)
            lines.append(f"{'' if i else head} &{AND if i else '= '}{product}")
        scalar = all(f.value is not None for p in d.paths for f in p.factors)
        about = TEX[equals(*[f.value for p in d.paths for f in p.factors])]
        rounded = about
        if d.paths and scalar and any(len(p.factors) > 1 for p in d.paths):
            for i, p in enumerate(d.paths):
                product = r" \cdot ".join(bracket(in_tex(f.value)) for f in p.factors)
                lines.append(f"&{AND if i else about}{product}")
        if len(d.paths) > 1 and scalar:
            rounded = TEX[equals(*[p.value for p in d.paths])]
            lines.append(f"&{rounded}{' + '.join(bracket(in_tex(p.value)) for p in d.paths)}")
        if isinstance(d.total, Summary):
            shape = ", ".join(map(str, d.total.shape))
            total = rf"\text{{an array of shape ({shape}), norm }} {in_tex(d.total.norm)}"
            lines.append(f"&: {total}" if d.paths else f"{head} &: {total}")
        else:
            exactly = d.paths and TEX["≈"] not in (about, rounded)
            lines.append(f"{'' if exactly else head} &= {in_tex(d.total, 17)}")
        for f in d.factors:
            if f.latex:
                value = "" if f.latex == in_tex(f.value) else f" {TEX[equals(f.value)]}{in_tex(f.value)}"
                lines.append(f"{self._fraction(f, d)} &= {f.latex}{value}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


# --- words --------------------------------------------------------------------------------------


def number(x: Held) -> str:
    """Six digits."""
    return "" if x is None else brief(x)


def equals(*numbers: Held) -> str:
    """Between something and these numbers in six digits: whether they are all of it."""
    exact = all(float(f"{x:.6g}") == x or x != x for x in numbers if isinstance(x, float))
    return "=" if exact else "≈"


def brief(x: Held) -> str:
    """A number in six digits; of an array its shape and norm."""
    if isinstance(x, Summary):
        flaws = "".join(f", {n} {what}" for n, what in ((x.nans, "NaN"), (x.infs, "infinite")) if n)
        return f"{x.shape} norm {x.norm:.6g}{flaws}"
    return f"{x:.6g}".replace("-", "−")


def exact(x: Held) -> str:
    """All digits."""
    if isinstance(x, Summary):
        return f"an array of shape {x.shape}, norm {x.norm:.6g}, from {brief(x.min)} to {brief(x.max)}"
    return repr(x).replace("-", "−")


def one_line(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name)


def code(words: str) -> str:
    """Text in Markdown that nothing in it can get out of."""
    words = one_line(words).replace("`", "ˋ").replace("|", "\\|")
    return f"`{words}`" if words else ""


def marked(words: str) -> str:
    """A remark in Markdown: what is not code has its marks taken away."""
    parts = words.split("`")
    for i in range(0, len(parts), 2):
        for c in "\\*_<>[]$|":
            parts[i] = parts[i].replace(c, {"<": "&lt;", ">": "&gt;"}.get(c, "\\" + c))
    return "`".join(parts)


def fraction(of: str, by: str) -> str:
    return rf"\frac{{\partial {latex(of)}}}{{\partial {latex(by)}}}"


def bracket(tex: str) -> str:
    return rf"\left({tex}\right)" if tex.startswith("-") else tex


def in_tex(x: Any, digits: int = 6) -> str:
    """A number in LaTeX."""
    text = repr(x) if digits == 17 else f"{x:.{digits}g}"
    if "inf" in text or "nan" in text:
        return {"inf": r"\infty", "-inf": r"-\infty"}.get(text, r"\text{NaN}")
    mantissa, _, power = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else mantissa
