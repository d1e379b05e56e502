"""RNN, LSTM, GRU and their cells: the formulas in loops, finite differences, and shapes."""

import gc
import weakref

import numpy as np
import pytest

from autograd import Value, compile, grad, gradients, jvp, value_and_grad
from autograd.check import locate
from nn import init
from nn.functional.recurrent import by_steps, recurrent, steps_of
from nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from tests.numeric import check_first_order, check_freed, check_higher_orders

RNG = np.random.default_rng(5)
KINDS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
CELLS = {"RNN": RNNCell, "LSTM": LSTMCell, "GRU": GRUCell}


def sigma(x):
    return 1 / (1 + np.exp(-x))


def step(kind, x, state, weights):
    """One step for one sample, from the formulas in PyTorch's documentation."""
    w_ih, w_hh, b_ih, b_hh = weights
    a, b = w_ih @ x + b_ih, w_hh @ state[0] + b_hh
    n = len(state[0])
    if kind == "RNN":
        return (np.tanh(a + b),)
    if kind == "LSTM":
        i, f, g, o = (a + b).reshape(4, n)
        c = sigma(f) * state[1] + sigma(i) * np.tanh(g)
        return sigma(o) * np.tanh(c), c
    (ar, az, an), (br, bz, bn) = a.reshape(3, n), b.reshape(3, n)
    r, z = sigma(ar + br), sigma(az + bz)
    return ((1 - z) * np.tanh(an + r * bn) + z * state[0],)


def run(kind, layer, x):
    """The whole layer for one sample (L, input_size), in plain loops: outputs and last states."""
    state = layer.state_dict()
    zeros = (np.zeros(layer.hidden_size),) * (2 if kind == "LSTM" else 1)
    last = []
    for i in range(layer.num_layers):
        found = []
        for suffix in ["", "_reverse"] if layer.bidirectional else [""]:
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights = [state[f"{name}_l{i}{suffix}"] for name in names]
            h, out = zeros, []
            for row in x[::-1] if suffix else x:
                h = step(kind, row, h, weights)
                out.append(h[0])
            last.append(h)
            found.append(out[::-1] if suffix else out)
        x = np.concatenate(found, axis=1)
    return x, [np.stack(part) for part in zip(*last, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_layers_are_the_formulas_in_loops(kind, layers, bidirectional):
    layer = KINDS[kind](3, 4, layers, batch_first=True, bidirectional=bidirectional, rng=1)
    x = RNG.normal(size=(2, 5, 3))
    out, state = layer(x)
    states = state if kind == "LSTM" else (state,)
    assert out.shape == (2, 5, 4 * (1 + bidirectional))
    for i in range(2):
        expected, last = run(kind, layer, x[i])
        np.testing.assert_allclose(out.data[i], expected, rtol=1e-12, atol=1e-15)
        for mine, theirs in zip(states, last, strict=True):
            np.testing.assert_allclose(mine.data[:, i], theirs, rtol=1e-12, atol=1e-15)
        alone, _ = layer(x[i])
        np.testing.assert_allclose(alone.data, expected, rtol=1e-12, atol=1e-15)
    turned = KINDS[kind](3, 4, layers, bidirectional=bidirectional, rng=1)
    np.testing.assert_array_equal(turned(x.swapaxes(0, 1))[0].data, out.data.swapaxes(0, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_by_input_state_and_weights(kind):
    layer = KINDS[kind](2, 3, 2, bidirectional=True, rng=2)
    names = [name for name, _ in layer.named_parameters()]
    x, h = RNG.normal(size=(4, 2, 2)), RNG.normal(size=(4, 2, 3))
    shown = [names[0], names[1], names[-1]]

    def f(x, h, *weights):
        for name, w in zip(shown, weights, strict=True):
            vars(layer)[name] = w  # not kept as parameters
        out, state = layer(x, (h, np.tanh(h)) if kind == "LSTM" else h)
        return [out, *(state if kind == "LSTM" else [state])]

    leaves = [x, h, *[getattr(layer, name).data for name in shown]]
    layer.requires_grad_(False)
    check_first_order(lambda *xs: [data_of(v, xs) for v in f(*xs)], leaves, 1)


def data_of(v, given):
    """Arrays for arrays, Values for Values."""
    return v if any(isinstance(x, Value) for x in given) else v.data


OPERATIONS = {"tanh": "rnn", "relu": "rnn", "lstm": "lstm", "gru": "gru"}


def sequence(kind, seed=7, dtype=float):
    """Steps of 2 samples with 2 features: what a layer of 3 is given, (a, w, b, *state)."""
    rng, gates = np.random.default_rng(seed), {"lstm": 4, "gru": 3}.get(kind, 1)
    shapes = [(4, 2, 3 * gates), (3 * gates, 3), (3 * gates,), (2, 3), (2, 3)]
    return [rng.normal(size=s).astype(dtype) for s in shapes[: 5 if kind == "lstm" else 4]]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_sequence_is_one_operation(kind, backwards):
    """And the same as its single steps, as are its derivatives to the third order."""
    inputs = sequence(kind)
    values = [Value(x) for x in inputs]
    y = recurrent(kind, backwards, *values[:3], tuple(values[3:]))
    assert str(y.op) == OPERATIONS[kind] and y.inputs == tuple(values) and repr(y.params["steps"]) == "4"
    g = RNG.normal(size=y.shape)
    y.backward(g, retain_graph=True)
    first = [v.grad for v in values]
    again = [Value(x) for x in inputs]
    steps = by_steps(kind, backwards, *again)
    np.testing.assert_allclose(y.data, steps.data, rtol=1e-14, atol=1e-15)
    steps.backward(g)
    for mine, v in zip(first, again, strict=True):
        np.testing.assert_allclose(mine, v.grad, rtol=1e-12, atol=1e-14)
    y.backward(2 * g)  # another gradient, of what is kept
    for v, mine in zip(values, first, strict=True):
        np.testing.assert_allclose(v.grad, 3 * mine, rtol=1e-12)
    assert locate(y) == []  # a replay with other numbers finds its own
    f = lambda *x: recurrent(kind, backwards, *x[:3], x[3:])
    check_first_order(f, inputs, 1)
    check_higher_orders(f, inputs, 2)
    check_freed(f, inputs, g)


def second(kind, chosen):
    """The gradient of a gradient with respect to the chosen inputs."""
    values = [Value(x) for x in sequence(kind)]
    some = [values[i] for i in chosen]
    y = recurrent(kind, False, *values[:3], tuple(values[3:]))
    first = gradients((y * y).sum(), some, create_graph=True)
    return y, [g.tolist() for g in gradients(sum([(g * g).sum() for g in first]), some)]


@pytest.mark.parametrize("kind", OPERATIONS)
def test_second_derivatives_keep_nothing_alive(kind):
    """The gradients of all inputs are found at once, and kept until the last is asked for."""
    gc.disable()
    try:
        y, _ = second(kind, range(len(sequence(kind))))
        assert y.params["steps"].linked == (None, {})
        there = weakref.ref(y)
        del y, _
        assert there() is None
    finally:
        gc.enable()
    y, few = second(kind, [1])
    values = [Value(x, requires_grad=i == 1) for i, x in enumerate(sequence(kind))]
    y = recurrent(kind, False, *values[:3], tuple(values[3:]))
    g = gradients((y * y).sum(), values[1], create_graph=True)
    np.testing.assert_allclose(few[0], gradients((g * g).sum(), values[1]), rtol=1e-12)


@pytest.mark.parametrize("n", range(5))
@pytest.mark.parametrize("kind", OPERATIONS)
def test_some_inputs_of_a_sequence_are_constants(kind, n):
    inputs = sequence(kind)
    n %= len(inputs)

    def total(*x):
        return recurrent(kind, False, *x[:3], x[3:]).sum()

    def alone(x):
        return total(*inputs[:n], x, *inputs[n + 1 :])

    value, slopes = value_and_grad(total, tuple(range(len(inputs))))(*inputs)
    y, g = value_and_grad(alone)(inputs[n])
    assert y == value == total(*inputs) and np.array_equal(g, slopes[n])
    assert type(recurrent(kind, False, *inputs[:3], tuple(inputs[3:]))) is np.ndarray
    t = RNG.normal(size=g.shape)
    assert abs(jvp(alone, (inputs[n],), (t,))[1] - (g * t).sum()) < 1e-12


@pytest.mark.parametrize("kind", OPERATIONS)
def test_sequences_in_float32_and_float16(kind):
    exact = grad(lambda a, *x: recurrent(kind, False, a, *x[:2], x[2:]).sum())(*sequence(kind))
    for dtype, off in (("f4", 1e-6), ("f2", 1e-2)):
        inputs = [Value(x) for x in sequence(kind, dtype=dtype)]
        y = recurrent(kind, False, *inputs[:3], tuple(inputs[3:]))
        y.sum().backward()
        assert y.dtype == dtype and all([v.grad.dtype == dtype for v in inputs])
        np.testing.assert_allclose(inputs[0].grad, exact, rtol=0, atol=off)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_nothing(kind):
    layer = KINDS[kind](3, 4, 2, bidirectional=True)
    x = Value(np.zeros((5, 0, 3)))
    out, _ = layer(x)
    out.sum().backward()
    assert out.shape == (5, 0, 8) and x.grad.shape == (5, 0, 3)
    assert not any([p.grad.any() for p in layer.parameters()])


def test_saturated_gates_keep_their_slope():
    """sigmoid(40) is 1, its slope is not 0; exp(-z) of the gates that are shut overflows."""
    for size in (40.0, 800.0):
        a = Value(size * np.array([[[-1.0, 1, 1, -1]]]))
        y = recurrent("lstm", False, a, np.zeros((4, 1)), None, (np.zeros((1, 1)), np.ones((1, 1))))
        y[-1].sum().backward()
        e = np.exp(-size)
        np.testing.assert_allclose(a.grad.ravel(), [e, e, 4 * e * e * e, 0], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_compiled_layer_is_the_same(kind):
    layer = KINDS[kind](3, 4, 2, bidirectional=True, rng=1).requires_grad_(False)
    x = RNG.normal(size=(5, 2, 3))
    both = value_and_grad(lambda x: layer(x)[0].sum())
    for mine, theirs in zip(compile(both)(x), both(x), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_is_one_step(kind):
    cell = CELLS[kind](3, 4, rng=3)
    weights = [cell.weight_ih.data, cell.weight_hh.data, cell.bias_ih.data, cell.bias_hh.data]
    x, h, c = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 4)), RNG.normal(size=(2, 4))
    state = (h, c) if kind == "LSTM" else (h,)
    new = cell(x, state if kind == "LSTM" else h)
    for i in range(2):
        expected = step(kind, x[i], [part[i] for part in state], weights)
        for mine, theirs in zip(new if kind == "LSTM" else [new], expected, strict=True):
            np.testing.assert_allclose(mine.data[i], theirs, rtol=1e-13)
    first = cell(x[0])
    expected = step(kind, x[0], [np.zeros(4)] * len(state), weights)
    np.testing.assert_allclose((first[0] if kind == "LSTM" else first).data, expected[0], rtol=1e-13)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert [name for name, _ in cell.named_parameters()] == names
    assert CELLS[kind](3, 4, bias=False).state_dict().keys() == {"weight_ih", "weight_hh"}


@pytest.mark.parametrize("kind", CELLS)
def test_second_derivatives_through_a_cell(kind):
    cell = CELLS[kind](2, 3, rng=4).requires_grad_(False)

    def f(x, h):
        out = cell(x, (h, h * h) if kind == "LSTM" else h)
        return [data_of(v, (x, h)) for v in (out if kind == "LSTM" else [out])]

    check_higher_orders(f, [RNG.normal(size=(2, 2)), RNG.normal(size=(2, 3))], 5)


def test_relu_by_hand():
    cell = RNNCell(1, 1, nonlinearity="relu")
    for name, value in (
        ("weight_ih", [[2.0]]),
        ("weight_hh", [[-1.0]]),
        ("bias_ih", [0.5]),
        ("bias_hh", [0.0]),
    ):
        getattr(cell, name).data = value
    assert cell([[1.0], [0.0]], [[1.0], [3.0]]).data.tolist() == [[1.5], [0.0]]


def test_parameters_begin_as_pytorchs_do():
    layer = GRU(5, 16, 2, bidirectional=True)
    shapes = {name: p.shape for name, p in layer.named_parameters()}
    assert list(shapes)[:5] == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
    ]  # fmt: skip
    assert shapes["weight_ih_l0"] == (48, 5) and shapes["weight_ih_l1"] == (48, 32)
    assert shapes["weight_hh_l1_reverse"] == (48, 16) and len(shapes) == 16
    largest = max(abs(p.data).max() for p in layer.parameters())
    assert 0.24 < largest <= 0.25
    init.manual_seed(1)
    first = LSTM(2, 3).weight_ih_l0.data
    init.manual_seed(1)
    np.testing.assert_array_equal(LSTM(2, 3).weight_ih_l0.data, first)
    assert LSTM(2, 3, dtype=np.float32)(np.zeros((4, 2), np.float32))[0].dtype == np.float32
    assert len(LSTM(2, 3, bias=False).parameters()) == 2
    assert repr(LSTM(2, 3, 2, bidirectional=True)) == "LSTM(2, 3, num_layers=2, bidirectional=True)"


def test_dropout_acts_between_layers_in_training():
    x = RNG.normal(size=(6, 2, 3))
    layer = RNN(3, 4, 2, dropout=0.5, rng=1)
    plain = RNN(3, 4, 2, rng=1)
    assert np.any(layer(x)[0].data != layer(x)[0].data)
    np.testing.assert_array_equal(layer.eval()(x)[0].data, plain(x)[0].data)
    dead = RNN(3, 4, 2, dropout=1.0, rng=1)
    np.testing.assert_array_equal(dead(x)[0].data, dead(7 * x)[0].data)  # nothing comes through
    with pytest.warns(UserWarning, match="between layers") as said:
        RNN(3, 4, dropout=0.5)
    assert said[0].filename == __file__


def test_steps_by_halves():
    for n in (1, 2, 5, 8):
        x = Value(RNG.normal(size=(n, 3)))
        steps = steps_of(x)
        np.testing.assert_array_equal([s.data for s in steps], x.data)
        sum([(s * (i + 1)).sum() for i, s in enumerate(steps)]).backward()
        assert x.grad[:, 0].tolist() == list(range(1, n + 1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: LSTM(3, 4)(np.zeros((5, 2, 2))), r"LSTM: input has shape \(5, 2, 2\).*input_size is 3"),
        (lambda: LSTM(3, 4)(np.zeros(3)), r"LSTM: input has shape \(3,\)"),
        (lambda: RNN(3, 4)(np.zeros((0, 2, 3))), "the sequence is empty"),
        (lambda: GRU(3, 4)(np.zeros((5, 2, 3)), np.zeros((2, 2, 4))), r"\(2, 2, 4\); \(1, 2, 4\) is needed"),
        (lambda: LSTM(3, 4)(np.zeros((5, 2, 3)), np.zeros((1, 2, 4))), r"1 parts; \(h, c\) is needed"),
        (lambda: GRU(3, 4, dropout=2.0), "dropout=2.0"),
        (lambda: GRU(3, 0), "hidden_size=0"),
        (lambda: RNN(3, 4, nonlinearity="sin"), "nonlinearity='sin'"),
        (lambda: RNNCell(3, 4, nonlinearity="sin"), "nonlinearity='sin'"),
        (lambda: GRUCell(3, 4)(np.zeros((2, 2))), r"\(2, 2\); \(N, 3\) or \(3,\) is needed"),
        (lambda: GRUCell(3, 4)(np.zeros((2, 3)), np.zeros((1, 4))), r"\[\(1, 4\)\]; 1 of shape \(2, 4\)"),
    ],
)
def test_what_is_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
