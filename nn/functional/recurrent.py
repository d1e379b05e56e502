"""Recurrent layers over a whole sequence, as one operation; and their formulas for one step.

`a` is what comes from the input, W_ih x + b_ih, `b` what comes from the state, W_hh h + b_hh.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import Value, gradients, primitive
from nn.functional.activation import relu, sigmoid, tanh
from nn.functional.linear import linear
from nn.functional.shapes import Array, is_traced

__all__ = ["STEPS", "recurrent"]

State = tuple[Array, ...]  # (h,), or (h, c) for an LSTM
Step = Callable[[Array, Array, State], State]


# --- one step -------------------------------------------------------------------------------


def rnn_step(activation: Callable[[Array], Array]) -> Step:
    """h' = activation(a + b)."""
    return lambda a, b, state: (activation(a + b),)


def lstm_step(a: Array, b: Array, state: State) -> State:
    """c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'), with the gates i, f, g, o."""
    i, f, g, o = np.split(a + b, 4, axis=-1)
    c = sigmoid(f) * state[1] + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_step(a: Array, b: Array, state: State) -> State:
    """h' = (1 - z) n + z h, with gates r, z, and n = tanh(a_n + r b_n)."""
    ar, az, an = np.split(a, 3, axis=-1)
    br, bz, bn = np.split(b, 3, axis=-1)
    r, z = sigmoid(ar + br), sigmoid(az + bz)
    n = tanh(an + r * bn)
    return (n + z * (state[0] - n),)


STEPS: dict[str, Step] = {"tanh": rnn_step(tanh), "relu": rnn_step(relu), "lstm": lstm_step, "gru": gru_step}


# --- a sequence -----------------------------------------------------------------------------


def recurrent(kind: str, backwards: bool, a: Array, w: Array, b: Array | None, state: State) -> Array:
    """The outputs h of all steps, (L, N, H); behind them the last c of an LSTM, (L + 1, N, H).

    kind: one of STEPS.  backwards: from the last step to the first.  a: what comes from the input,
    (L, N, gates * H); w: W_hh, (gates * H, H); b: b_hh; state: before the first step, (N, H) each.
    """
    b = np.zeros(w.shape[0], w.dtype) if b is None else b
    inputs = (a, w, b, *state)
    if any([is_traced(x) for x in inputs]):  # a compiled function sees every step
        return by_steps(kind, backwards, *inputs)
    run = RUNS[kind](kind, backwards, *[x.data if isinstance(x, Value) else x for x in inputs])
    return SEQUENCES[kind](*inputs, steps=run)


def by_steps(kind: str, backwards: bool, a: Array, w: Array, b: Array, *state: Array) -> Array:
    """The same, each step from its formula: for what is traced, and for derivatives of the derivative."""
    steps, hs = STEPS[kind], []
    each = steps_of(a)
    for x in reversed(each) if backwards else each:
        state = steps(x, linear(state[0], w, b), state)
        hs.append(state[0])
    return np.stack([*(reversed(hs) if backwards else hs), *state[1:]])


def steps_of(x: Array) -> list[Array]:
    """The entries of the first axis.  By halves: each gradient is then as long as its half, not as x."""
    if len(x) == 1:
        return [x[0]]
    half = len(x) // 2
    return steps_of(x[:half]) + steps_of(x[half:])


# --- in plain NumPy -------------------------------------------------------------------------


class Run:
    """All steps of a layer, kept for its gradient; a subclass writes the formulas.

    z: what the activations are taken of, (L, N, gates * H).  before: h before each step.
    """

    def __init__(self, kind: str, backwards: bool, *inputs: Any) -> None:
        self.kind, self.backwards, self.inputs = kind, backwards, inputs
        a, w, b, h, *_ = inputs
        dtype = np.result_type(*inputs)
        self.h = w.shape[1]
        self.order = range(len(a))[::-1] if backwards else range(len(a))
        self.z, self.b = np.array(a, dtype, order="C"), b
        self.before = np.empty((len(a), *h.shape), dtype)
        self.out = np.empty((len(a) + len(inputs) - 4, *h.shape), dtype)
        self.found: tuple[Any, ...] = None, ()  # the last gradient pulled back, and what came of it
        self.linked: tuple[Any, dict[int, Any]] = None, {}  # the same, recorded, until all are asked for
        with np.errstate(all="ignore"):
            self.forward(np.ascontiguousarray(w.T), h)

    def forward(self, w: Any, h: Any) -> None:
        """Write z, before and out."""
        raise NotImplementedError

    def backward(self, g: Any, dh: Any, da: Any) -> tuple[Any, ...]:
        """Write the gradient of a into `da`; that of W_hh h + b_hh, of h and of c before the first step."""
        raise NotImplementedError

    def again(self, inputs: tuple[Any, ...]) -> "Run":
        """This run, if it was of these inputs, else that of these."""
        same = all([x is y for x, y in zip(inputs, self.inputs, strict=True)])
        return self if same else type(self)(self.kind, self.backwards, *inputs)

    def pulled(self, g: Any) -> tuple[Any, ...]:
        """The gradient of every input, for that of the result."""
        known, found = self.found
        if known is not g:
            da = np.empty_like(self.z)
            db, *rest = self.backward(g, np.zeros(self.before.shape[1:], da.dtype), da)
            rows = db.reshape(-1, db.shape[-1])
            dw = rows.T @ self.before.reshape(-1, self.h)
            found = da, dw, np.ones(len(rows), rows.dtype) @ rows, *rest
            self.found = g, found
        return found

    def parts(self, x: Any) -> Any:
        """The gates of (L, N, gates * H) apart: (gates, L, N, H), a view."""
        return np.moveaxis(x.reshape(*x.shape[:-1], x.shape[-1] // self.h, self.h), -2, 0)

    def __repr__(self) -> str:
        return str(len(self.z))


class Plain(Run):
    """h' = activation(z)."""

    def forward(self, w: Any, h: Any) -> None:
        self.z += self.b
        for t in self.order:
            self.before[t] = h
            z = self.z[t]
            z += h @ w
            h = self.out[t]
            np.tanh(z, out=h) if self.kind == "tanh" else np.maximum(z, 0, out=h)

    def backward(self, g: Any, dh: Any, da: Any) -> tuple[Any, ...]:
        w = self.inputs[1]
        slope = 4 * bell(2 * self.z) if self.kind == "tanh" else (self.out != 0).astype(da.dtype)
        for t in self.order[::-1]:
            dz = np.multiply(g[t] + dh, slope[t], out=da[t])
            dh = dz @ w
        return da, dh


class Long(Run):
    """An LSTM's."""

    def forward(self, w: Any, h: Any) -> None:
        c = self.inputs[4]
        self.z += self.b
        self.s = np.empty_like(self.z)
        self.c = np.empty((len(self.z) + 1, *h.shape), self.z.dtype)  # after each step; before the first
        self.top = np.empty_like(self.before)  # tanh(c)
        self.c[-1] = c
        (i, f, g, o), inner = self.parts(self.s), self.parts(self.z)[2]
        for t in self.order:
            self.before[t] = h
            z = self.z[t]
            z += h @ w
            sigmoid_into(z, self.s[t])
            c = np.multiply(f[t], c, out=self.c[t])
            c += i[t] * np.tanh(inner[t], out=g[t])
            h = np.multiply(o[t], np.tanh(c, out=self.top[t]), out=self.out[t])
        self.out[-1] = c

    def backward(self, g: Any, dh: Any, da: Any) -> tuple[Any, ...]:
        w, last = self.inputs[1], len(self.z) - 1
        before = np.roll(self.c[:-1], -1 if self.backwards else 1, axis=0)
        before[self.order[0]] = self.c[-1]
        i, f, inner, o = self.parts(self.s)
        double = self.z.copy()
        self.parts(double)[2] *= 2
        slope = bell(double)
        di, df, dg, do = self.parts(slope)
        di *= inner
        df *= before
        dg *= 4 * i
        do *= self.top
        through = 4 * bell(2 * self.c[:-1]) * o
        dc = g[last + 1]
        for t in self.order[::-1]:
            dh = g[t] + dh
            dc = dc + dh * through[t]
            dh = np.multiply(slope[t], np.concatenate((dc, dc, dc, dh), axis=-1), out=da[t]) @ w
            dc = dc * f[t]
        return da, dh, dc


class Gated(Run):
    """A GRU's."""

    def forward(self, w: Any, h: Any) -> None:
        two = slice(2 * self.h)
        self.s = np.empty_like(self.z)
        self.inner = np.empty_like(self.before)  # W_hn h + b_hn
        (r, z, n), last = self.parts(self.s), self.parts(self.z)[2]
        for t in self.order:
            self.before[t] = h
            b = h @ w
            b += self.b
            self.inner[t] = b[:, two.stop :]
            gates = self.z[t, :, two]
            gates += b[:, two]
            sigmoid_into(gates, self.s[t, :, two])
            last[t] += r[t] * self.inner[t]
            new = np.tanh(last[t], out=n[t])
            h = np.add(new, z[t] * (h - new), out=self.out[t])

    def backward(self, g: Any, dh: Any, da: Any) -> tuple[Any, ...]:
        w = self.inputs[1]
        r, z, n = self.parts(self.s)
        double = self.z.copy()
        self.parts(double)[2] *= 2
        slope = bell(double)
        dr, dz, dn = self.parts(slope)
        dr *= self.inner
        dz *= self.before - n
        dn *= 4 * (1 - z)
        db = np.empty_like(da)
        last = self.parts(db)[2]
        for t in self.order[::-1]:
            dh = g[t] + dh
            db[t] = np.multiply(slope[t], np.concatenate((dh * dn[t], dh, dh), axis=-1), out=da[t])
            last[t] *= r[t]
            dh = dh * z[t] + db[t] @ w
        return db, dh


def sigmoid_into(z: Any, out: Any) -> None:
    """out = 1 / (1 + exp(-z)); an exp(-z) that overflows gives 0."""
    np.exp(np.negative(z, out=out), out=out)
    out += 1
    np.reciprocal(out, out=out)


def bell(z: Any) -> Any:
    """The slope of sigmoid, which is never 0 before its time."""
    e = np.abs(z)
    np.exp(np.negative(e, out=e), out=e)
    one = 1 + e
    e /= one
    e /= one
    return e


RUNS: dict[str, type[Run]] = {"tanh": Plain, "relu": Plain, "lstm": Long, "gru": Gated}


# --- as an operation ------------------------------------------------------------------------


def pullback(slot: int) -> Callable[..., Array]:
    """The rule of one input."""

    def rule(g: Array, out: Array, *inputs: Array, steps: Run) -> Array:
        if not any([isinstance(x, Value) for x in (g, *inputs)]):
            with np.errstate(all="ignore"):
                return steps.again(inputs).pulled(g)[slot]
        # to be differentiated again: through the single steps, for all inputs at once
        asked = [i for i, x in enumerate(inputs) if i == slot or (isinstance(x, Value) and x.requires_grad)]
        known, found = steps.linked
        if known is not g:
            fresh = [
                np.positive(x) if isinstance(x, Value) and i in asked else Value(x)
                for i, x in enumerate(inputs)
            ]
            y = by_steps(steps.kind, steps.backwards, *fresh)
            found = dict(
                zip(asked, gradients(y, [fresh[i] for i in asked], g, create_graph=True), strict=True)
            )
        steps.linked = (None, {}) if slot == asked[-1] else (g, found)  # the last to be asked for
        return found[slot]

    return rule


def sequences() -> Iterator[tuple[str, Callable[..., Array]]]:
    """The operation for each kind of cell."""
    for kind in STEPS:
        rules = [pullback(i) for i in range(5 if kind == "lstm" else 4)]
        name = kind if kind in ("lstm", "gru") else "rnn"
        yield kind, primitive(*rules, name=name)(lambda *inputs, steps: steps.again(inputs).out)


SEQUENCES: dict[str, Callable[..., Array]] = dict(sequences())
