"""RNN, LSTM, GRU, and their cells, with torch.nn's parameter names, shapes and formulas.

Packed sequences and LSTM's proj_size are not offered.
"""

import math
import warnings
from typing import Any, ClassVar

import numpy as np

from autograd.callers import stacklevel
from nn import init
from nn.functional.dropout import dropout
from nn.functional.linear import linear
from nn.functional.recurrent import STEPS, State, recurrent
from nn.functional.shapes import Array, array
from nn.module import Module, Parameter

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]

Weights = tuple[Array, Array, Array | None, Array | None]  # weight_ih, weight_hh, bias_ih, bias_hh


def _nonlinearity(name: str, nonlinearity: str) -> str:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{name}: nonlinearity={nonlinearity!r} is unknown; choose 'tanh' or 'relu'")
    return nonlinearity


def _initial(
    shape: tuple[int, ...], hidden_size: int, gates: int, bias: bool, dtype: Any, rng: Any
) -> list[Any]:
    """weight_ih, weight_hh, bias_ih, bias_hh, uniform in +-1 / sqrt(hidden_size) as PyTorch's."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size else 0.0
    rows = gates * hidden_size
    shapes: list[tuple[int, ...]] = [(rows, *shape), (rows, hidden_size)]
    shapes += [(rows,), (rows,)] if bias else []
    made = [init.uniform_(Parameter(np.zeros(s, dtype)), -bound, bound, rng) for s in shapes]
    return made + [None] * (4 - len(made))


def _zeros(x: Array, shape: tuple[int, ...], weight: Array) -> Any:
    return np.zeros(shape, np.result_type(x.dtype, weight.dtype))


# --- sequences ------------------------------------------------------------------------------


class _Recurrent(Module):
    """Layers of one kind of cell over a sequence."""

    gates: ClassVar[int]
    parts: ClassVar[int] = 1  # of the state

    def __init__(
        self,
        kind: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        dtype: Any,
        rng: Any,
    ) -> None:
        name = type(self).__name__
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout={dropout}; a probability between 0 and 1 is needed")
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(
                f"{name}: input_size={input_size}, hidden_size={hidden_size}, num_layers={num_layers} "
                f"must be 1 or more"
            )
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout={dropout} acts between layers, and num_layers is 1; add layers or leave it out",
                stacklevel=stacklevel(),
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = (
            bias,
            batch_first,
            dropout,
            bidirectional,
        )
        self._step = kind
        self._rng = init.generator(rng) if rng is not None else None
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for suffix in self._suffixes(layer):
                made = _initial((width,), hidden_size, self.gates, bias, dtype, self._rng)
                for part, parameter in zip(_NAMES, made, strict=True):
                    if parameter is not None:
                        parameter.name = part + suffix
                        setattr(self, part + suffix, parameter)

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"] if self.bidirectional else [f"_l{layer}"]

    def _weights(self, suffix: str) -> Weights:
        w_ih, w_hh, b_ih, b_hh = (getattr(self, part + suffix, None) for part in _NAMES)
        return w_ih, w_hh, b_ih, b_hh

    def _states(self, x: Array, batch: tuple[int, ...], hx: Any) -> list[State]:
        """The first state of every layer and direction."""
        name, count = type(self).__name__, self.num_layers * (1 + self.bidirectional)
        shape = (count, *batch, self.hidden_size)
        if hx is None:
            return [(_zeros(x, shape[1:], self._weights("_l0")[1]),) * self.parts] * count
        given = tuple(hx) if self.parts > 1 else (hx,)
        if len(given) != self.parts:
            raise ValueError(f"{name}: the state has {len(given)} parts; (h, c) is needed")
        given = tuple(array(part) for part in given)
        for part in given:
            if part.shape != shape:
                raise ValueError(
                    f"{name}: the state has shape {part.shape}; {shape} is needed: "
                    f"(layers * directions, batch if there is one, hidden_size)"
                )
        return [tuple(part[i] for part in given) for i in range(count)]

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(output, h_n), or (output, (h_n, c_n)) for an LSTM.

        input: (L, N, input_size), with batch_first (N, L, input_size), or (L, input_size).
        hx: the first state, zeros if not given: (layers * directions, N, hidden_size) each.
        """
        x = array(input)
        name = type(self).__name__
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            order = "(N, L, input_size)" if self.batch_first else "(L, N, input_size)"
            raise ValueError(
                f"{name}: input has shape {x.shape}; {order} or (L, input_size) is needed, "
                f"and input_size is {self.input_size}"
            )
        along = 1 if self.batch_first and x.ndim == 3 else 0
        if not x.shape[along]:
            raise ValueError(f"{name}: input has shape {x.shape}: the sequence is empty")
        sequence = x if along == 0 else x.swapaxes(0, 1)
        states = self._states(x, x.shape[1 - along : 2 - along] if x.ndim == 3 else (), hx)
        if x.ndim == 2:  # one sample
            sequence, states = sequence[:, None], [tuple([part[None] for part in s]) for s in states]
        n = len(sequence)
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                sequence = dropout(sequence, self.dropout, True, rng=self._rng)
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                w_ih, w_hh, b_ih, b_hh = self._weights(suffix)
                a = linear(sequence, w_ih, b_ih)
                found = recurrent(self._step, direction == 1, a, w_hh, b_hh, states[len(last)])
                outputs.append(found if self.parts == 1 else found[:n])
                last.append((found[0 if direction else n - 1], *found[n:]))
            sequence = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, -1)
        final = tuple([np.stack(part) for part in zip(*last, strict=True)])
        if x.ndim == 2:
            sequence, final = sequence[:, 0], tuple([part[:, 0] for part in final])
        return sequence if along == 0 else sequence.swapaxes(0, 1), final if self.parts > 1 else final[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0.0)):
            if getattr(self, name) != usual:
                text += f", {name}={getattr(self, name)}"
        return text + ", bidirectional=True" * self.bidirectional


_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class RNN(_Recurrent):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu, over a sequence (Elman, 1990).

    Parameters weight_ih_l0 (H, input_size), weight_hh_l0 (H, H), bias_ih_l0, bias_hh_l0 (H), then
    those of the layers _l1 ...; _reverse for the other direction, whose result is appended.
    dropout: between layers, in training.  dtype: float64 by default.  rng: a NumPy Generator or a
    seed, by default the one that nn.manual_seed sets.  Raises ValueError for shapes that do not fit.

    >>> output, h = RNN(3, 5)(np.ones((7, 2, 3)))  # time, batch, features
    >>> output.shape, h.shape
    ((7, 2, 5), (1, 2, 5))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        self.nonlinearity = _nonlinearity("RNN", nonlinearity)
        super().__init__(
            nonlinearity,
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            dtype,
            rng,
        )


class LSTM(_Recurrent):
    """Long short-term memory over a sequence (Hochreiter & Schmidhuber, 1997); see RNN.

    The parameters have 4 H rows, for the gates i, f, g, o.  The state is (h, c).

    >>> output, (h, c) = LSTM(3, 5, num_layers=2, batch_first=True)(np.ones((2, 7, 3)))
    >>> output.shape, h.shape, c.shape
    ((2, 7, 5), (2, 2, 5), (2, 2, 5))
    """

    gates, parts = 4, 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__(
            "lstm", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        )


class GRU(_Recurrent):
    """Gated recurrent units over a sequence (Cho et al., 2014), with PyTorch's reset gate; see RNN.

    The parameters have 3 H rows, for the gates r, z, n.

    >>> output, h = GRU(3, 5, bidirectional=True)(np.ones((7, 2, 3)))
    >>> output.shape, h.shape
    ((7, 2, 10), (2, 2, 5))
    """

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__(
            "gru", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        )


# --- single steps as modules ----------------------------------------------------------------


class _Cell(Module):
    """One step: input (N, input_size) or (input_size) and state -> state."""

    gates: ClassVar[int]
    parts: ClassVar[int] = 1

    def __init__(
        self, kind: str, input_size: int, hidden_size: int, bias: bool, dtype: Any, rng: Any
    ) -> None:
        self.input_size, self.hidden_size = input_size, hidden_size
        self._step = kind
        made = _initial((input_size,), hidden_size, self.gates, bias, dtype, rng)
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = made

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The new state: h, or (h, c) for an LSTMCell.  hx: the old one, zeros if not given."""
        x = array(input)
        name = type(self).__name__
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(
                f"{name}: input has shape {x.shape}; (N, {self.input_size}) or ({self.input_size},) is needed"
            )
        shape = (*x.shape[:-1], self.hidden_size)
        if hx is None:
            state: State = (_zeros(x, shape, self.weight_hh),) * self.parts
        else:
            state = tuple(array(part) for part in (hx if self.parts > 1 else (hx,)))
        if len(state) != self.parts or any(part.shape != shape for part in state):
            raise ValueError(
                f"{name}: the state has shapes {[part.shape for part in state]}; "
                f"{self.parts} of shape {shape} are needed"
            )
        a = linear(x, self.weight_ih, self.bias_ih)
        state = STEPS[self._step](a, linear(state[0], self.weight_hh, self.bias_hh), state)
        return state if self.parts > 1 else state[0]

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ", bias=False" * (self.bias_ih is None)


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu: `h = cell(x, h)`.

    >>> RNNCell(3, 5)(np.ones((2, 3))).shape
    (2, 5)
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        self.nonlinearity = _nonlinearity("RNNCell", nonlinearity)
        super().__init__(nonlinearity, input_size, hidden_size, bias, dtype, rng)


class LSTMCell(_Cell):
    """One step of an LSTM: `h, c = cell(x, (h, c))`.

    >>> h, c = LSTMCell(3, 5)(np.ones((2, 3)))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    gates, parts = 4, 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__("lstm", input_size, hidden_size, bias, dtype, rng)


class GRUCell(_Cell):
    """One step of a GRU: `h = cell(x, h)`.

    >>> GRUCell(3, 5)(np.ones((2, 3))).shape
    (2, 5)
    """

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__("gru", input_size, hidden_size, bias, dtype, rng)
