"""Linear, Bilinear, Identity, Flatten, Unflatten."""

import numpy as np
import pytest

from autograd import Value, compile, value_and_grad
from nn import init
from nn.functional import products
from nn.functional.linear import bilinear, linear
from nn.linear import Bilinear, Flatten, Identity, Linear, Unflatten
from tests import numeric

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
def test_linear_is_its_formula(shape):
    x, w, b = RNG.normal(size=shape), RNG.normal(size=(4, 3)), RNG.normal(size=4)
    assert np.array_equal(linear(x, w, b), x @ w.T + b)
    assert np.array_equal(linear(x, w), x @ w.T)
    values = [Value(v) for v in (x, w, b)]
    y = linear(*values)
    assert y.op.name == "linear" and len(y.inputs) == 3  # one node for the layer
    g = RNG.normal(size=y.shape)
    y.backward(g)
    rows = g.reshape(-1, 4)
    expected = [g @ w, rows.T @ x.reshape(-1, 3), rows.sum(0)]
    for v, e in zip(values, expected, strict=True):
        np.testing.assert_allclose(v.grad, e, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("n", "inside", "out"), [(16, 600, 120), (32, 600, 120), (300, 30, 10)])
def test_large_layers_in_float32(n, inside, out):
    """The first is multiplied the other way round; the gradient of the last one's bias is a product."""
    x, w, b, g = (RNG.normal(size=s).astype("f4") for s in ((n, inside), (out, inside), out, (n, out)))
    values = [Value(v) for v in (x, w, b)]
    y = linear(*values)
    y.backward(g)
    wide = [v.astype("f8") for v in (x, w, b, g)]
    assert y.data.flags.c_contiguous
    for found, exact, terms in (
        (y.data, wide[0] @ wide[1].T + wide[2], abs(wide[0]) @ abs(wide[1]).T),
        (linear(x, w), wide[0] @ wide[1].T, abs(wide[0]) @ abs(wide[1]).T),
        (values[0].grad, wide[3] @ wide[1], abs(wide[3]) @ abs(wide[1])),
        (values[1].grad, wide[3].T @ wide[0], abs(wide[3]).T @ abs(wide[0])),
        (values[2].grad, wide[3].sum(0), abs(wide[3]).sum(0)),
    ):
        assert found.dtype == np.float32
        assert (abs(found - exact) <= 2e-6 * terms + 1e-6).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("n", "inside", "out"), [(128, 784, 10), (1000, 256, 4), (5, 50_000, 12), (700, 300, 2)]
)
def test_few_outputs_are_multiplied_in_blocks(n, inside, out, there, dtype, monkeypatch):
    """Where OpenBLAS has code for small products: blocks of rows, of columns for the gradient; one is left over."""
    monkeypatch.setattr(products, "_small_products", lambda: there)
    x, w, g = (RNG.integers(-2, 3, s).astype(dtype) for s in ((n, inside), (out, inside), (n, out)))
    assert products._in_blocks(x, w) is (there and 1e6 < x.size * out <= 8e6 and inside >= 256)
    for a, b in ((x, w), (x[::-1], np.asfortranarray(w))):
        y = linear(Value(a), v := Value(b))
        assert np.array_equal(y.data, a @ b.T)  # whole numbers: nothing is rounded
        y.backward(g)
        assert np.array_equal(v.grad, g.T @ a) and v.grad.dtype == dtype
        y = linear(Value(a), v := Value(b))
        y.backward(np.asfortranarray(g), create_graph=True)
        assert np.array_equal(v.grad.data, g.T @ a)


def test_a_compiled_layer_with_few_outputs_rounds_in_the_same_way(monkeypatch):
    monkeypatch.setattr(products, "_small_products", lambda: True)
    x, w, g = (RNG.normal(size=s).astype("f4") for s in ((128, 784), (10, 784), (128, 10)))
    both = value_and_grad(lambda w: (linear(x, w) * g).sum())
    for mine, theirs in zip(compile(both, backend="numpy")(w), both(w), strict=True):
        assert np.array_equal(mine, theirs)
    numeric.check_first_order(products._by_columns, [x[:4, :3].astype(float), g[:4, :2].astype(float)], 1)
    numeric.check_higher_orders(products._by_columns, [x[:4, :3].astype(float), g[:4, :2].astype(float)], 2)


def test_whether_there_is_code_for_small_products_is_asked_of_numpy():
    assert products._small_products() in (True, False)


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 2, 3)])
def test_derivatives_to_third_order(shape):
    x, w, b = RNG.normal(size=shape), RNG.normal(size=(4, 3)), RNG.normal(size=4)
    for leaves in ([x, w, b], [x, w]):
        numeric.check_first_order(lambda *a: linear(*a), leaves, 1)
        numeric.check_higher_orders(lambda *a: np.tanh(linear(*a)), leaves, 2)
        numeric.check_nothing_changed(lambda *a: linear(*a), leaves, np.ones((*shape[:-1], 4)))
        numeric.check_freed(lambda *a: linear(*a), leaves, np.ones((*shape[:-1], 4)))
    y, a = RNG.normal(size=(*shape[:-1], 2)), RNG.normal(size=(4, 3, 2))
    numeric.check_first_order(bilinear, [x, y, a, b], 3)
    numeric.check_higher_orders(bilinear, [x, y, a, b], 4)


def test_bilinear_is_its_formula():
    x, y, w, b = (RNG.normal(size=s) for s in ((5, 3), (5, 2), (4, 3, 2), (4,)))
    np.testing.assert_allclose(bilinear(x, y, w, b), np.einsum("ni,kij,nj->nk", x, w, y) + b, rtol=1e-13)


def test_dtypes():
    assert Linear(3, 4)(np.ones((2, 3), np.float32)).dtype == np.float64
    layer = Linear(3, 4, dtype=np.float32)
    y = layer(Value(np.ones((2, 3), np.float32)))
    assert y.dtype == layer.weight.dtype == layer.bias.dtype == np.float32
    y.sum().backward()
    assert layer.weight.grad.dtype == layer.bias.grad.dtype == np.float32
    assert linear(np.ones((2, 3), np.float32), np.ones((1, 3), np.float32), np.ones(1)).dtype == np.float64
    assert Linear(3, 4)([[1, 2, 3]]).shape == (1, 4)


def test_parameters_are_drawn_from_one_generator():
    init.manual_seed(3)
    first = Linear(4, 4), Linear(4, 4)
    init.manual_seed(3)
    second = Linear(4, 4), Linear(4, 4)
    assert np.array_equal(first[1].weight.data, second[1].weight.data)
    assert not np.array_equal(first[0].weight.data, first[1].weight.data)
    assert np.array_equal(Linear(4, 4, rng=7).bias.data, Linear(4, 4, rng=np.random.default_rng(7)).bias.data)
    wide = Linear(100, 300, rng=0)
    for p in (wide.weight, wide.bias):
        assert 0.095 < np.abs(p.data).max() <= 0.1  # 1 / sqrt(100)
        assert abs(p.data.std() - 0.1 / np.sqrt(3)) < 0.004
    assert [n for n, _ in Linear(2, 3, bias=False).named_parameters()] == ["weight"]
    assert repr(Linear(2, 3, bias=False)) == "Linear(in_features=2, out_features=3, bias=False)"


def test_shapes():
    x = Value(np.arange(24.0).reshape(2, 3, 4))
    assert Flatten()(x).shape == (2, 12)
    assert Flatten(0)(x).shape == (24,)
    assert Flatten(0, 1)(x).shape == (6, 4)
    assert Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert Unflatten(2, (2, -1))(x).shape == (2, 3, 2, 2)
    assert Unflatten(-2, (3, 1))(x).shape == (2, 3, 1, 4)
    assert Identity(54, unused=1)(x) is x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Linear(3, 2)(np.ones((5, 4))),
            r"Linear\(in_features=3, .*input of shape \(5, 4\).* 3 elements",
        ),
        (lambda: Linear(3, 2)(1.0), r"input of shape \(\)"),
        (lambda: linear(np.ones(3), np.ones((2, 4))), r"\(3,\) and weight of shape \(2, 4\)"),
        (lambda: linear(np.ones(3), np.ones((2, 3)), np.ones(3)), r"bias of shape \(3,\)"),
        (lambda: Bilinear(3, 2, 1)(np.ones((5, 3)), np.ones((5, 3))), "in1, in2"),
        (lambda: Flatten(2)(np.ones((2, 2))), r"start_dim=2.*\(2, 2\)"),
        (lambda: Unflatten(1, (2, 2))(np.ones((2, 3))), r"\(2, 3\) does not divide into \(2, 2\)"),
        (lambda: Unflatten(1, (-1, -1))(np.ones((2, 3))), "does not divide"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
