"""Buffers: which memory each result of a program on arrays is written into."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.compiler.names import Names, literal
from autograd.compiler.program import CONSTANT, Program, Variable
from autograd.compiler.recycled import LARGE, Recycled
from autograd.compiler.ufuncs import ufunc_of

Key = tuple[
    tuple[int, ...], int, tuple[int, ...]
]  # shape, dtype (by identity, there is one of each), strides


@dataclass
class Buffers:
    """What the generated code refers to, and what is free or in use while its lines are written."""

    program: Program
    names: Names
    namespace: dict[str, Any] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)  # once, before the first run
    lines: list[str] = field(default_factory=list)
    seen: dict[int, str] = field(default_factory=dict)  # what is in the namespace, by identity
    buffers: list[Any] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)  # of the buffers
    free: dict[Key, list[int]] = field(default_factory=dict)
    users: dict[int, int] = field(default_factory=dict)  # buffer -> live variables that may show it
    held: dict[int, set[int]] = field(default_factory=dict)  # variable -> buffers it may show
    shown: set[int] = field(default_factory=set)  # variables that may be arrays of their own, or views
    likes: dict[int, Key] = field(default_factory=dict)  # variable -> its key
    ahead: dict[int, Variable] = field(default_factory=dict)  # step -> whose array it takes over, or itself
    rows: dict[int, str] = field(default_factory=dict)  # step -> the row of a buffer that it is written into

    def __post_init__(self) -> None:
        self.left = self.program.uses()
        self.returned = {id(x) for x in self.program.outputs}

    # --- text ---------------------------------------------------------------------------------------

    def text(self, x: Variable) -> str:
        """How a variable is written."""
        if x.kind == CONSTANT:
            return literal(x.data) or self.known(x.data, "c")
        return self.names[x]

    def known(self, thing: Any, prefix: str) -> str:
        """The name of an object that the code refers to."""
        if id(thing) in self.seen:
            return self.seen[id(thing)]
        name = getattr(thing, "__name__", "") if prefix == "" else prefix if "_" in prefix else ""
        if not name.isidentifier():
            name = f"{prefix or 'f'}{len(self.namespace)}"
        name = self.names.unused(name, ("make", "run"))
        self.namespace[name] = thing
        self.seen[id(thing)] = name
        return name

    # --- buffers ------------------------------------------------------------------------------------

    def room(self, s: Variable, reuse: Sequence[Variable] = ()) -> str:
        """The buffer that a step writes into: one of an operand that is not used again, a free one, or a new one."""
        before = self.ahead.get(id(s))
        if before is not None:
            return self.names[before] if before is not s else self.recycled(s)
        if id(s) in self.rows:
            return self.rows[id(s)]
        if id(s) in self.returned:  # it is the caller's
            return self.recycled(s) if s.data.nbytes >= LARGE else "None"
        key = self.key(s)
        for x in reuse:
            mine = self.held.get(id(x))
            if mine and self.left[id(x)] == 1 and len(mine) == 1 and self.key(x) == key:
                (b,) = mine
                if self.users[b] == 1 and self.keys[b] == key:
                    return self.hold(s, b)
        if self.free.get(key):
            return self.hold(s, self.free[key].pop())
        return self.hold(s, self.another(s.data, key))

    def look_ahead(self) -> None:
        """What a large result is made of in place is computed in its memory from the start: fewer arrays in the caches."""
        for s in self.program.outputs:
            if id(s) in self.ahead or not (is_elementwise(s) and s.data.nbytes >= LARGE):
                continue
            x: Variable | None = s
            while x is not None:
                alone = [y for y in x.args if is_elementwise(y) and self.left[id(y)] == 1]
                before = next((y for y in alone if self.key(y) == self.key(s)), None)
                self.ahead[id(x)] = before or x
                x = before

    def stack(self, s: Variable) -> tuple[str, list[str]]:
        """A buffer whose rows are the operands of a step, and its rows: what can be is computed there from the start."""
        x = s.args[0]
        whole = np.empty((len(s.args), *x.shape), x.dtype)
        b = self.another(whole, key_of(whole))
        rows = []
        for i, x in enumerate(s.args):
            rows.append(self.names.unused(f"row{len(self.before)}"))
            self.before.append(f"{rows[i]} = buffer{b}[{i}]")
            if is_elementwise(x) and id(x) not in self.returned and id(x) not in self.ahead:
                self.rows.setdefault(id(x), rows[i])
        return f"buffer{b}", rows

    def key(self, s: Variable) -> Key:
        """Equal for variables that fit into the same buffer."""
        found = self.likes.get(id(s))
        if found is None:
            found = self.likes[id(s)] = key_of(s.data)
        return found

    def another(self, like: Any, key: Key) -> int:
        """A new buffer."""
        self.buffers.append(like if like.flags.forc else np.empty_like(like))
        self.keys.append(key)
        return len(self.buffers) - 1

    def recycled(self, s: Variable) -> str:
        """Room for a large result."""
        name = self.names.unused(f"room{len(self.before)}")
        like = self.known(np.empty_like(s.data), "like")
        self.before.append(f"{name} = {self.known(Recycled, 'Recycled')}({like})")
        return f"{name}()"

    def hold(self, s: Variable, b: int) -> str:
        if id(s) in self.held:
            self.held[id(s)].add(b)
        else:
            self.held[id(s)] = {b}
        self.users[b] = self.users.get(b, 0) + 1
        return f"buffer{b}"

    def release(self, s: Variable) -> None:
        """The operands that were used for the last time give their buffers back."""
        left, users = self.left, self.users
        for x in s.args:
            n = id(x)
            left[n] -= 1
            if left[n]:
                continue
            for b in self.held.pop(n, ()):
                users[b] -= 1
                if not users[b]:
                    self.free.setdefault(self.keys[b], []).append(b)

    def is_in_place(self, x: Variable, s: Variable) -> bool:
        """Whether `x` was written into the buffer that `s` has now."""
        return id(s) in self.held and self.held.get(id(x)) == self.held[id(s)] and id(x) not in self.shown


def is_elementwise(s: Variable) -> bool:
    """Whether `elementwise` writes the line of a step."""
    function = ufunc_of(s.op)
    return function is not None and s.is_array and len(s.args) == function.nin and function is not np.matmul


def key_of(data: Any) -> Key:
    return data.shape, id(data.dtype), data.strides
