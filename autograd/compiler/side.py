"""The same arithmetic on several small arrays, side by side in one: a call of NumPy costs more than its numbers.

An optimizer's update of a small model's parameters is what it is for.
"""

from dataclasses import dataclass, field
from typing import Any

from autograd.compiler.buffers import is_elementwise
from autograd.compiler.passes import key_of
from autograd.compiler.program import CONSTANT, STEP, Program, Variable, drawing
from autograd.compiler.single import EXACT
from autograd.compiler.ufuncs import ufunc_of
from autograd.rules import reductions
from autograd.rules.contraction import MATMUL

SMALL = 1 << 14  # bytes of an array: of a larger one the numbers cost more than the call
LEAST = 3  # calls to be saved
MOST = 500  # steps: in a longer program to look for it takes too long


@dataclass(eq=False)
class Row:
    """Arrays that lie side by side in one buffer."""

    members: list[Variable]


@dataclass(eq=False)
class Group:
    """Steps that are one call: `args` are Rows, and numbers that all of them take."""

    steps: list[Variable]
    args: list[Any]
    made: Row


def groups_of(program: Program, taken: set[int]) -> list[Group]:
    """The steps of a program that are to be computed together, which is put in an order for it.

    taken: variables that have a place in memory already.
    """
    finder = Finder(program, taken)
    finder.find()
    return finder.groups


@dataclass(eq=False)
class Finder:
    """Groups the steps of a program."""

    program: Program
    taken: set[int]  # what has a place elsewhere already
    rows: dict[int, tuple[Row, int]] = field(default_factory=dict)  # variable -> where it lies
    groups: list[Group] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = self.taken | {id(x) for x in self.program.outputs}

    def find(self) -> None:
        """All groups: of steps that are equally far from the results, so that none depends on another."""
        steps, results = self.program.steps, self.program.outputs
        if len(results) < 2 or len(steps) > MOST or drawing(steps):  # the order of draws must stay
            return
        far: dict[int, int] = {}
        for s in reversed(self.program.steps):
            n = far.setdefault(id(s), 0) + 1
            for x in s.args:
                far[id(x)] = max(far.get(id(x), 0), n)
        levels: dict[int, list[Variable]] = {}
        for s in self.program.steps:
            if ufunc_of(s.op) in EXACT and is_elementwise(s) and self.is_small(s):
                levels.setdefault(far[id(s)], []).append(s)
        for n in sorted(levels, reverse=True):
            alike: dict[Any, list[Variable]] = {}
            for s in levels[n] if len(levels[n]) > 1 else ():
                key = self.kind(s)
                if key is not None:
                    alike.setdefault(key, []).append(s)
            for steps in alike.values():
                if len(steps) > 1:
                    self.join(steps)
        if sum([len(g.steps) - 1 for g in self.groups]) < LEAST:
            self.groups, self.rows = [], {}
        elif self.groups:
            self.program.steps = in_order(self.program.steps, self.groups, far)

    def is_small(self, x: Variable) -> bool:
        """Whether it is an array that can lie anywhere."""
        fits = x.is_array and x.dtype.char in "fd" and x.data.flags.c_contiguous and x.data.nbytes <= SMALL
        return fits and id(x) not in self.taken

    def kind(self, s: Variable) -> Any:
        """What is equal for steps that can be one call; None where an operand is not made to lie somewhere."""
        found: list[Any] = [s.op, s.dtype]
        for x in s.args:
            if not x.is_array:
                if x.kind == CONSTANT and hasattr(x.data, "dtype") and x.dtype != s.dtype:
                    return None
                found.append(key_of(x) if x.kind == CONSTANT else id(x))
            elif x.shape == s.shape and x.dtype == s.dtype and is_placed(x) and self.is_small(x):
                row = self.rows.get(id(x))
                found.append((s.args.index(x), id(row[0]) if row else 0))
            else:
                return None
        return tuple(found)

    def join(self, steps: list[Variable]) -> None:
        """The steps as one group, if their operands lie, or can lie, in the same order."""
        first = next((x for x in steps[0].args if id(x) in self.rows), None)
        if first is not None:
            i = steps[0].args.index(first)
            steps = sorted(steps, key=lambda s: self.rows[id(s.args[i])][1])
        new: dict[int, Row] = {}  # by their first members
        args: list[Any] = []
        for operands in zip(*[s.args for s in steps], strict=True):
            x = operands[0]
            if not x.is_array:
                args.append(x)
                continue
            row = self.rows[id(x)][0] if id(x) in self.rows else new.setdefault(id(x), Row(list(operands)))
            ids = [id(y) for y in operands]
            if [id(y) for y in row.members] != ids or len(set(ids)) < len(ids):
                return
            args.append(row)
        made = new[0] = Row(steps)
        for row in new.values():
            self.rows.update([(id(x), (row, i)) for i, x in enumerate(row.members)])
        self.groups.append(Group(steps, args, made))


def is_placed(x: Variable) -> bool:
    """Whether the line of a step writes into memory that it is given."""
    return x.kind == STEP and (x.op in (MATMUL, reductions.SUM) or is_elementwise(x))


def in_order(steps: list[Variable], groups: list[Group], far: dict[int, int]) -> list[Variable]:
    """The steps, those of a group one after the other: they and what is made of them as late as can be."""
    late = {id(s) for g in groups for s in g.steps}
    rest = []
    for s in steps:
        if id(s) in late or any([id(x) in late for x in s.args]):
            late.add(id(s))
            rest.append(s)
    return [s for s in steps if id(s) not in late] + sorted(rest, key=lambda s: -far[id(s)])


__all__ = ["Group", "Row", "groups_of"]
