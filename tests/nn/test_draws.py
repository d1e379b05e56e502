"""Everything random in nn draws anew at each call of a compiled function, the numbers of the eager one."""

import inspect

import numpy as np
import pytest

import nn
from autograd import Value, compile, no_grad, value_and_grad
from nn import functional as fn

FUNCTIONS = {
    "alpha_dropout": lambda x, rng: fn.alpha_dropout(x, training=True, rng=rng),
    "dropout": lambda x, rng: fn.dropout(x, 0.3, rng=rng),
    "dropout1d": lambda x, rng: fn.dropout1d(x, rng=rng),
    "dropout2d": lambda x, rng: fn.dropout2d(x[..., None], rng=rng)[..., 0],
    "gumbel_softmax": lambda x, rng: fn.gumbel_softmax(x, tau=0.7, rng=rng),
    "rrelu": lambda x, rng: fn.rrelu(x, training=True, rng=rng),
    "scaled_dot_product_attention": lambda x, rng: fn.scaled_dot_product_attention(
        x, x, x, dropout_p=0.5, rng=rng
    ),
}
MORE = {
    "hard gumbel_softmax": lambda x, rng: fn.gumbel_softmax(x, hard=True, rng=rng),
    "hard gumbel_softmax, another axis": lambda x, rng: fn.gumbel_softmax(x, hard=True, dim=0, rng=rng),
}
X = -np.arange(1.0, 73.0).reshape(4, 3, 6) / 9


def test_every_function_with_a_generator_is_here():
    takes = {
        name
        for name in dir(fn)
        if callable(f := getattr(fn, name)) and "rng" in inspect.signature(f).parameters
    }
    assert takes == set(FUNCTIONS)


def same(a, b):
    assert (a.dtype, a.shape) == (b.dtype, b.shape)
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [*FUNCTIONS.values(), *MORE.values()], ids=[*FUNCTIONS, *MORE])
def test_a_compiled_function_draws_as_the_eager_one(f, dtype):
    x = X.astype(dtype)
    compiled = compile(lambda x: f(x, None))
    nn.manual_seed(5)
    eager = [f(x, None) for _ in range(4)]
    nn.manual_seed(5)
    for y in eager:
        same(compiled(x), y)
    assert compiled.traces == 1
    assert any((y != eager[0]).any() for y in eager)
    nn.manual_seed(5)  # another generator object: it is looked up at each call
    same(compiled(x), eager[0])


@pytest.mark.parametrize("f", [*FUNCTIONS.values(), *MORE.values()], ids=[*FUNCTIONS, *MORE])
def test_generators_and_seeds(f):
    for make in (
        lambda: np.random.default_rng(3),
        lambda: 3,
        lambda: [3, 4],
        lambda: np.random.SeedSequence(3),
    ):
        eager, rng = make(), make()
        compiled = compile(lambda x, rng=rng: f(x, rng))
        for _ in range(3):  # a seed: the same again
            same(compiled(X), f(X, eager))


@pytest.mark.parametrize("f", [*FUNCTIONS.values(), *MORE.values()], ids=[*FUNCTIONS, *MORE])
def test_the_gradient_is_of_the_numbers_drawn(f):
    weights = np.linspace(-1, 1, X.size).reshape(X.shape)

    def loss(x):
        return (f(x, None) * weights).sum()

    nn.manual_seed(5)
    eager = [value_and_grad(loss)(X) for _ in range(3)]
    step = compile(loss).value_and_grad
    nn.manual_seed(5)
    for value, slope in eager:
        found, its = step(X)
        assert found == value
        np.testing.assert_array_equal(its, slope)


@pytest.mark.parametrize("of", [Value(np.ones(9)), np.ones(9)], ids=["a parameter", "an array"])
def test_what_is_no_argument(of):
    x = np.arange(9.0)
    compiled = compile(lambda x: x * fn.dropout(of))
    with no_grad():
        nn.manual_seed(0)
        eager = [np.asarray(x * fn.dropout(of)) for _ in range(3)]
        nn.manual_seed(0)
        for y in eager:
            same(compiled(x), y)


@pytest.mark.parametrize("rng", [None, 7])
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: nn.RReLU(rng=rng),
        lambda rng: nn.Dropout(0.5, rng=rng),
        lambda rng: nn.Dropout1d(0.5, rng=rng),
        lambda rng: nn.Dropout2d(0.5, rng=rng),
        lambda rng: nn.AlphaDropout(0.5, rng=rng),
        lambda rng: nn.MultiheadAttention(6, 2, dropout=0.5, rng=rng),
        lambda rng: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.5, rng=rng),
        lambda rng: nn.LSTM(6, 5, num_layers=2, dropout=0.5, rng=rng),
        lambda rng: nn.GRU(6, 5, num_layers=2, dropout=0.5, rng=rng),
    ],
)
def test_layers(make, rng):
    def output(layer, x):
        y = layer(x, x, x) if isinstance(layer, nn.MultiheadAttention) else layer(x)
        return y[0] if isinstance(y, tuple) else y

    layers = []
    for _ in range(2):
        nn.manual_seed(1)
        layers.append(make(rng))
    compiled = compile(lambda x: output(layers[1], x))
    with no_grad():
        nn.manual_seed(2)
        eager = [np.asarray(output(layers[0], X)) for _ in range(3)]
        nn.manual_seed(2)
        for y in eager:  # recurrent layers are several operations there, one here: rounded in another order
            np.testing.assert_allclose(compiled(X), y, rtol=1e-12, strict=True)
    assert (eager[0] != eager[1]).any()
