"""Attention and the transformer encoder: by hand, in loops, masks, and finite differences."""

import math

import numpy as np
import pytest

from autograd import Value
from nn import init
from nn.attention import MultiheadAttention, TransformerEncoder, TransformerEncoderLayer
from nn.functional.attention import attention_weights, scaled_dot_product_attention
from nn.normalization import LayerNorm
from tests.numeric import check_first_order, check_higher_orders

RNG = np.random.default_rng(9)
Q, K, V = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4)), RNG.normal(size=(2, 5, 6))


def in_loops(q, k, v, allowed=None, scale=None):
    """One query at a time."""
    out = np.zeros((len(q), v.shape[1]))
    for i, row in enumerate(q):
        e = [math.exp(row @ key * (scale or len(row) ** -0.5)) for key in k]
        if allowed is not None:
            e = [x * allowed[i, j] for j, x in enumerate(e)]
        if sum(e):
            out[i] = sum(x * value for x, value in zip(e, v, strict=True)) / sum(e)
    return out


def test_attention_is_the_formula_in_loops():
    allowed = np.array([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], dtype=bool)
    for n in range(2):
        args = Q[n], K[n], V[n]
        same = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
        same(scaled_dot_product_attention(Q, K, V)[n], in_loops(*args))
        same(scaled_dot_product_attention(Q, K, V, scale=2.0)[n], in_loops(*args, scale=2.0))
        same(scaled_dot_product_attention(Q, K, V, allowed)[n], in_loops(*args, allowed))
        added = np.where(allowed, 0.0, -np.inf)
        same(scaled_dot_product_attention(Q, K, V, added)[n], in_loops(*args, allowed))
        causal = np.tri(3, 5)
        same(scaled_dot_product_attention(Q, K, V, is_causal=True)[n], in_loops(*args, causal))
    grouped = scaled_dot_product_attention(RNG.normal(size=(4, 3, 4)), K, V, enable_gqa=True)
    assert grouped.shape == (4, 3, 6)


def test_a_query_that_may_attend_to_nothing_gets_zeros_and_no_gradient():
    q, k, v = Value(Q), Value(K), Value(V)
    y = scaled_dot_product_attention(q, k, v, np.zeros((3, 5), bool))
    assert not y.data.any()
    y.sum().backward()
    assert not any(x.grad.any() for x in (q, k, v))


def test_attention_derivatives():
    mask = RNG.uniform(size=(3, 5)) < 0.7
    mask[1] = False
    heavy = RNG.normal(size=(2, 3, 5))
    for f, leaves in (
        (scaled_dot_product_attention, [Q, K, V]),
        (lambda q, k, v: scaled_dot_product_attention(q, k, v, mask), [Q, K, V]),
        (lambda q, k, v, m: scaled_dot_product_attention(q, k, v, m), [Q, K, V, heavy]),
    ):
        check_first_order(f, leaves, 1)
    check_higher_orders(lambda q, k, v: scaled_dot_product_attention(q, k, v, mask), [Q, K, V], 2, order=2)


def test_large_scores_and_dropout():
    assert attention_weights(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1.0, 0.0, 0.0]]
    full = scaled_dot_product_attention(Q, K, V, dropout_p=0.5, rng=1)
    np.testing.assert_array_equal(full, scaled_dot_product_attention(Q, K, V, dropout_p=0.5, rng=1))
    assert np.any(full != scaled_dot_product_attention(Q, K, V))
    assert not scaled_dot_product_attention(Q, K, V, dropout_p=1.0).any()


def test_multihead_attention_head_by_head():
    layer = MultiheadAttention(6, 3, batch_first=True, rng=1)
    layer.in_proj_bias.data = RNG.normal(size=18)
    x, y = RNG.normal(size=(2, 4, 6)), RNG.normal(size=(2, 5, 6))
    mask = np.triu(np.ones((4, 5), dtype=bool), k=2)
    padding = np.array([[False, False, True, False, False], [False] * 5])
    out, weights = layer(x, y, y, padding, attn_mask=mask, average_attn_weights=False)
    w, b = layer.in_proj_weight.data.reshape(3, 3, 2, 6), layer.in_proj_bias.data.reshape(3, 3, 2)
    for n in range(2):
        allowed = ~mask & ~padding[n]
        heads = [
            in_loops(
                x[n] @ w[0, h].T + b[0, h], y[n] @ w[1, h].T + b[1, h], y[n] @ w[2, h].T + b[2, h], allowed
            )
            for h in range(3)
        ]
        expected = np.concatenate(heads, axis=1) @ layer.out_proj.weight.data.T
        np.testing.assert_allclose(out.data[n], expected, rtol=1e-11, atol=1e-14)
        assert np.all((weights.data[n] > 0) == allowed)
    np.testing.assert_allclose(weights.data.sum(axis=-1), 1.0)
    mean = layer(x, y, y, padding, attn_mask=mask)[1]
    np.testing.assert_allclose(mean.data, weights.data.mean(axis=1))
    assert layer(x, y, y, need_weights=False)[1] is None
    turned = MultiheadAttention(6, 3, rng=1)
    turned.load_state_dict(layer.state_dict())
    x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
    np.testing.assert_allclose(turned(x, y, y, padding, attn_mask=mask)[0].data.swapaxes(0, 1), out.data)


def test_all_masked_is_zero_not_nan():
    layer = MultiheadAttention(4, 2, batch_first=True)
    x = Value(RNG.normal(size=(1, 3, 4)))
    out, weights = layer(x, x, x, np.ones((1, 3), bool))
    assert not out.data.any() and not weights.data.any()
    out.sum().backward()
    assert not x.grad.any()


def test_parameters_and_their_beginning():
    init.manual_seed(2)
    layer = MultiheadAttention(8, 2, add_bias_kv=True)
    assert {name: p.shape for name, p in layer.named_parameters()} == {
        "in_proj_weight": (24, 8),
        "in_proj_bias": (24,),
        "bias_k": (1, 1, 8),
        "bias_v": (1, 1, 8),
        "out_proj.weight": (8, 8),
        "out_proj.bias": (8,),
    }
    assert not layer.in_proj_bias.data.any() and not layer.out_proj.bias.data.any()
    assert abs(layer.in_proj_weight.data).max() <= math.sqrt(6 / 32)
    other = MultiheadAttention(8, 2, kdim=3, vdim=5, bias=False)
    assert {name: p.shape for name, p in other.named_parameters()} == {
        "q_proj_weight": (8, 8),
        "k_proj_weight": (8, 3),
        "v_proj_weight": (8, 5),
        "out_proj.weight": (8, 8),
    }


def test_encoder_layer_written_out():
    layer = TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True, activation=np.tanh, rng=1)
    first = TransformerEncoderLayer(4, 2, 5, 0.0, np.tanh, batch_first=True, norm_first=True, rng=1)
    x = RNG.normal(size=(2, 3, 4))

    def norm(x):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)

    def feed(x):
        hidden = np.tanh(x @ layer.linear1.weight.data.T + layer.linear1.bias.data)
        return hidden @ layer.linear2.weight.data.T + layer.linear2.bias.data

    def attend(x):
        return layer.self_attn(x, x, x)[0].data

    after = norm(x + attend(x))
    np.testing.assert_allclose(layer(x).data, norm(after + feed(after)), rtol=1e-11)
    before = x + attend(norm(x))
    np.testing.assert_allclose(first(x).data, before + feed(norm(before)), rtol=1e-11)


def test_encoder_is_its_layers_in_a_row():
    layer = TransformerEncoderLayer(4, 2, 5, dropout=0.3, rng=1)
    encoder = TransformerEncoder(layer, 2, LayerNorm(4)).eval()
    x = RNG.normal(size=(3, 2, 4))
    mask = np.triu(np.ones((3, 3), dtype=bool), k=1)
    expected = LayerNorm(4)(layer.eval()(layer(x, mask), mask))
    np.testing.assert_allclose(encoder(x, mask).data, expected.data, rtol=1e-12)
    assert len(encoder.parameters()) == 2 * len(layer.parameters()) + 2
    own = [name for name, _ in encoder.named_parameters()]
    assert own[0] == "layers.0.self_attn.in_proj_weight" and own[-1] == "norm.bias"
    changed = x.copy()
    changed[2] += 1.0  # a later place does not reach an earlier one
    np.testing.assert_array_equal(encoder(changed, mask).data[:2], encoder(x, mask).data[:2])
    assert np.any(encoder(changed, mask).data[2] != encoder(x, mask).data[2])


def test_dropout_differs_between_the_layers_of_an_encoder():
    encoder = TransformerEncoder(TransformerEncoderLayer(4, 2, 5, dropout=0.5, rng=1), 2)
    first, second = encoder.layers
    ones = np.ones(1000)
    assert np.any(first.dropout(ones) != second.dropout(ones))
    assert first.dropout._rng is second.dropout._rng


def test_derivatives_of_an_encoder_layer():
    layer = TransformerEncoderLayer(4, 2, 5, dropout=0.0, activation="gelu", rng=1).requires_grad_(False)

    def f(x):
        return layer(x) if isinstance(x, Value) else layer(x).data

    x = RNG.normal(size=(3, 2, 4))
    check_first_order(f, [x], 1)
    check_higher_orders(f, [x], 2, order=2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: scaled_dot_product_attention(Q, K[..., :3], V), ValueError, r"query \(2, 3, 4\), key \(2, 5, 3\)"),
        (lambda: scaled_dot_product_attention(Q, K, V[:, :4]), ValueError, r"value \(2, 4, 6\)"),
        (lambda: scaled_dot_product_attention(Q, K, V, np.ones((3, 4), bool)), ValueError, r"\(3, 4\)"),
        (lambda: scaled_dot_product_attention(Q, K, V, np.ones((3, 5), int)), TypeError, "int64"),
        (lambda: scaled_dot_product_attention(Q, K, V, np.ones((3, 5)), 0, True), ValueError, "not both"),
        (lambda: scaled_dot_product_attention(Q[:1], K, V, enable_gqa=True), ValueError, "no multiple"),
        (lambda: MultiheadAttention(5, 2), ValueError, "num_heads=2 must divide embed_dim=5"),
        (lambda: MultiheadAttention(4, 2)(Q, K, V), ValueError, r"query has shape \(2, 3, 4\), key \(2, 5, 4\)"),
        (lambda: MultiheadAttention(4, 2, batch_first=True)(Q, K, K, np.ones((2, 3), bool)), ValueError,
         r"key_padding_mask has shape \(2, 3\); \(2, 5\) is needed"),
        (lambda: MultiheadAttention(4, 2, batch_first=True)(Q, K, K, attn_mask=np.ones((5, 3), bool)), ValueError,
         r"attn_mask has shape \(5, 3\); \(3, 5\) or \(4, 3, 5\)"),
        (lambda: MultiheadAttention(4, 2, batch_first=True)(Q, K, K, np.ones((2, 5), int)), TypeError, "int64"),
        (lambda: MultiheadAttention(4, 2)(Q, Q, Q, is_causal=True), ValueError, "needs attn_mask"),
        (lambda: TransformerEncoderLayer(4, 2, activation="sin"), ValueError, "activation='sin'"),
        (lambda: TransformerEncoder(LayerNorm(4), 0), ValueError, "num_layers=0"),
    ],
)  # fmt: skip
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
