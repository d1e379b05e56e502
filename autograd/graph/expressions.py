"""How the nodes of a graph were computed, and what follows for the factors, as formulas."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from autograd.graph.chain import Chain
from autograd.graph.formulas import (
    SUPER,
    additive,
    additive_bracketed,
    bracketed,
    formula,
    in_latex,
    latex_call,
    local,
    names_of,
    typeset,
)
from autograd.graph.names import latex

LONGEST = 44  # characters of an unnamed value that is written out
MANY = 5  # operands
SIGNS = {"add": " + ", "subtract": " − ", "multiply": "·", "divide": "/", "matmul": " @ "}
TEX = {"add": " + ", "subtract": " - ", "multiply": r" \cdot ", "matmul": r" \,"}


class Written(NamedTuple):
    """A formula; compound: it needs brackets inside a product."""

    text: str
    tex: str
    compound: bool


class Words:
    """Formulas for the nodes of one Chain.  Stations go by their names, the rest is written out."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.stations: set[int] = set()
        self.used: set[int] = set()  # values without a name that were too long to write out

    def begin(self, stations: set[int]) -> None:
        """From here on these are the stations."""
        self.stations, self.used = stations, set()

    def name(self, n: int) -> Written:
        """The symbol of a node."""
        symbol = self.chain.symbols[n]
        text = "".join(c if c.isprintable() else " " for c in symbol)
        return Written(
            text.replace("-", "−") if symbol[:1] == "-" else text, latex(symbol), symbol[:1] == "-"
        )

    def node(self, n: int) -> Written:
        """A node inside a formula: its name, or how it was computed if that is short."""
        x = self.chain.nodes[n]
        if n in self.stations or self.chain.given[n] or getattr(x, "op", None) is None:
            return self.name(n)
        # a long one is not looked into: depth is bounded by the length that is allowed
        if self.weight(n, LONGEST) <= 0:
            self.used.add(n)
            return self.name(n)
        written = self.made(n)
        if len(written.text) > LONGEST:
            self.used.add(n)
            return self.name(n)
        return written

    def weight(self, n: int, left: int) -> int:
        """What is left of `left` characters after writing out `n`, at least two per node."""
        todo = [n]
        while todo and left > 0:
            m = todo.pop()
            left -= 2
            if not (m in self.stations or self.chain.given[m]):
                todo += self.chain.sources[m]
        return left

    def made(self, n: int) -> Written:
        """How a result was computed: "w·x + b"."""
        op: Any = self.chain.nodes[n].op
        sources = self.chain.sources[n]
        operands = [self.node(m) for m in sources[:MANY]]
        if len(sources) > MANY:
            operands.append(Written("...", r"\dots", False))
        if len(operands) == 2 and op.name in SIGNS:
            a, b = operands
            additive_op = op.name in ("add", "subtract")
            left = a.text if additive_op else bracketed_if(a)
            right = b.text if op.name == "add" and not b.text.startswith("−") else bracketed_if(b)
            if op.name == "divide":
                right = right if bracketed(right) == right or right[:1] == "(" else f"({b.text})"
                return Written(left + "/" + right, rf"\frac{{{a.tex}}}{{{b.tex}}}", False)
            sides = (
                (a.tex if additive_op else tex_if(a)),
                (b.tex if op.name == "add" and right == b.text else tex_if(b)),
            )
            return Written(left + SIGNS[op.name] + right, sides[0] + TEX[op.name] + sides[1], additive_op)
        if len(operands) == 2 and op.name == "power":
            a, b = operands
            base = bracketed(a.text)
            exponent = b.text.translate(SUPER) if b.text.isdigit() else f"^{bracketed(b.text)}"
            return Written(base + exponent, rf"{{{tex_power(a)}}}^{{{b.tex}}}", False)
        if len(operands) == 1 and op.name == "negative":
            return Written("−" + bracketed_if(operands[0]), "-" + tex_if(operands[0]), True)
        inside = [x.text for x in operands]
        return Written(
            f"{op.name}({', '.join(inside)})", latex_call(op.name, [x.tex for x in operands]), False
        )

    def factor(self, target: int, slot: int) -> Written:
        """The local derivative of one operation between single numbers."""
        op = self.chain.nodes[target].op
        operands = [self.node(m) for m in self.chain.sources[target]]
        texts = [x.text for x in operands]
        expression = local(op.name, slot, [t.replace("−", "-") for t in texts])
        if not expression:
            by = operands[slot]
            words = f"∂{op.name}/∂{bracketed(by.text)}"
            return Written(words, rf"\frac{{\partial \, {latex(op.name)}}}{{\partial {tex_if(by)}}}", False)
        out = self.node(target)
        text = typeset(expression, names_of(texts, out.text))
        tex = in_latex(
            expression,
            {
                **dict(zip("xyz", [(x.tex, x.compound) for x in operands], strict=False)),
                "out": (out.tex, out.compound),
            },
        )
        return Written(text, tex, additive(text))

    def sum_of_products(self, routes: Sequence[Sequence[tuple[int, int, int]]]) -> tuple[str, str]:
        """The factors along each route multiplied, and the routes added: text and LaTeX."""
        products = [self.product([self.factor(t, slot) for _s, t, slot in route]) for route in routes]
        text, tex = products[0]
        for more, more_tex in products[1:]:
            text += f" − {more[1:]}" if more[0] == "−" else f" + {more}"
            tex += f" - {more_tex[1:]}" if more_tex[0] == "-" else f" + {more_tex}"
        return text, tex

    def product(self, factors: Sequence[Written]) -> tuple[str, str]:
        """A product without its ones, signs in front."""
        if any(f.text == "0" for f in factors):
            return "0", "0"
        negative = sum(f.text == "−1" for f in factors) % 2 == 1
        left = [f for f in factors if f.text not in ("1", "−1")]
        if not left:
            return ("−1", "-1") if negative else ("1", "1")
        if len(left) == 1 and not negative:
            return left[0].text, left[0].tex
        text = "·".join(additive_bracketed(f.text) for f in left)
        tex = r" \cdot ".join(rf"\left({f.tex}\right)" if f.compound else f.tex for f in left)
        return ("−" + text, "-" + tex) if negative else (text, tex)

    def rule(self, target: int, slot: int, loss: str) -> str:
        """What an operation hands to one operand, as words with the symbols of a table."""
        chain = self.chain
        source, x = chain.sources[target][slot], chain.nodes[target]
        names = [self.name(m).text for m in chain.sources[target]]
        out = self.name(target).text
        shapes = x.inputs[slot].shape == x.shape
        if chain.numbers[source] and chain.numbers[target] and not local(x.op.name, slot):
            return f"∂{loss}/∂{out}·∂{x.op.name}/∂{bracketed(names[slot])}"
        return formula(x.op.name, slot, names, out, False, shapes, f"∂{loss}/∂{out}")

    def plainly(self, n: int) -> str:
        """How a result was computed, with the symbols of a table."""
        stations, self.stations = self.stations, set(range(n))
        try:
            return self.made(n).text
        finally:
            self.stations = stations

    def definitions(self, most: int = 12) -> tuple[tuple[str, str, str], ...]:
        """(name, text, LaTeX) of the stations that were computed, the loss first, and of what was too long."""
        results = [n for n in self.stations if self.chain.nodes[n].op is not None]
        found: list[tuple[str, str, str]] = []
        done: set[int] = set()
        while len(done) < most and (left := (set(results) | self.used) - done):
            n = max(left)
            done.add(n)
            written = self.made(n)
            if len(written.text) <= 3 * LONGEST:
                found.append((self.chain.symbols[n], written.text, written.tex))
        return tuple(found)


def bracketed_if(x: Written) -> str:
    return f"({x.text})" if x.compound else x.text


def tex_if(x: Written) -> str:
    return rf"\left({x.tex}\right)" if x.compound else x.tex


def tex_power(x: Written) -> str:
    return x.tex if bracketed(x.text) == x.text else rf"\left({x.tex}\right)"
