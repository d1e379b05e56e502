"""MultiheadAttention without a batch, with further keys, and with masks over them: against the formula, head by head."""

import numpy as np
import pytest

from autograd.check import check_grads
from nn.attention import MultiheadAttention

RNG = np.random.default_rng(5)
Q, K = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def by_hand(m, q, k, v, mask=None):
    """One sample: (output, weights of each head)."""
    w, b = m.in_proj_weight.data, m.in_proj_bias.data
    q, k, v = (x @ w[4 * i : 4 * i + 4].T + b[4 * i : 4 * i + 4] for i, x in enumerate((q, k, v)))
    more = 0
    if m.bias_k is not None:
        k, v = np.vstack([k, m.bias_k.data[0]]), np.vstack([v, m.bias_v.data[0]])
        more += 1
    if m.add_zero_attn:
        k, v = np.vstack([k, np.zeros(4)]), np.vstack([v, np.zeros(4)])
        more += 1
    weights, parts = [], []
    for h in (slice(0, 2), slice(2, 4)):
        scores = q[:, h] @ k[:, h].T / np.sqrt(2)
        if mask is not None:
            scores = np.where(np.pad(mask, ((0, 0), (0, more))), -np.inf, scores)
        weights.append(softmax(scores))
        parts.append(weights[-1] @ v[:, h])
    out = np.hstack(parts) @ m.out_proj.weight.data.T + m.out_proj.bias.data
    return out, np.stack(weights)


def module(**options):
    m = MultiheadAttention(4, 2, rng=1, **options)
    m.in_proj_bias.data = RNG.normal(size=12)
    return m


OPTIONS = [{}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"add_bias_kv": True, "add_zero_attn": True}]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_single_sample(options, masked):
    m = module(**options)
    mask = np.triu(np.ones((3, 5), bool), 2) if masked else None
    out, weights = m(Q, K, K, attn_mask=mask, average_attn_weights=False)
    expected, each = by_hand(m, Q, K, K, mask)
    np.testing.assert_allclose(out.data, expected, rtol=1e-12)
    np.testing.assert_allclose(weights.data, each, rtol=1e-12, atol=1e-15)
    averaged = m(Q, K, K, attn_mask=mask)[1]
    np.testing.assert_allclose(averaged.data, each.mean(axis=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("batch_first", [False, True])
def test_a_batch_is_its_samples(batch_first):
    m = module(add_bias_kv=True, batch_first=batch_first)
    q, k = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 5, 4))
    given = (q, k) if batch_first else (q.swapaxes(0, 1), k.swapaxes(0, 1))
    out, weights = m(given[0], given[1], given[1])
    out = out.data if batch_first else out.data.swapaxes(0, 1)
    for i in range(2):
        expected, each = by_hand(m, q[i], k[i], k[i])
        np.testing.assert_allclose(out[i], expected, rtol=1e-12)
        np.testing.assert_allclose(weights.data[i], each.mean(axis=0), rtol=1e-12)


def test_a_mask_of_floats_is_added():
    m = module()
    forbidden = np.triu(np.ones((3, 5), bool), 2)
    asked, given = m(Q, K, K, attn_mask=np.where(forbidden, -np.inf, 0.0)), m(Q, K, K, attn_mask=forbidden)
    np.testing.assert_array_equal(asked[0].data, given[0].data)
    np.testing.assert_array_equal(asked[1].data, given[1].data)
    shifted = m(Q, K, K, key_padding_mask=np.log([1.0, 2.0, 3.0, 4.0, 5.0]), average_attn_weights=False)[
        1
    ].data
    plain = by_hand(m, Q, K, K)[1] * np.arange(1.0, 6.0)  # exp(score + log n) = n exp(score)
    np.testing.assert_allclose(shifted, plain / plain.sum(axis=-1, keepdims=True), rtol=1e-12)


def test_keys_and_values_of_other_widths():
    m = MultiheadAttention(4, 2, kdim=3, vdim=5, rng=2)
    assert m.in_proj_weight is None
    k, v = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 5))
    q, k_, v_ = Q @ m.q_proj_weight.data.T, k @ m.k_proj_weight.data.T, v @ m.v_proj_weight.data.T
    heads = [
        softmax(q[:, h] @ k_[:, h].T / np.sqrt(2)) @ v_[:, h] for h in (slice(0, 2), slice(2, 4))
    ]  # its biases are 0
    expected = np.hstack(heads) @ m.out_proj.weight.data.T
    np.testing.assert_allclose(m(Q, k, v)[0].data, expected, rtol=1e-12)


def test_the_gradient_of_further_keys():
    m = module(add_bias_kv=True)
    leaves = [m.bias_k, m.bias_v]
    assert check_grads(lambda: m(Q, K, K, need_weights=False)[0], wrt=leaves).ok


def test_lengths_that_do_not_fit():
    with pytest.raises(ValueError, match="equal lengths of key and value"):
        module()(Q, K, K[:4])


def test_repr():
    assert repr(module()).startswith("MultiheadAttention(embed_dim=4, num_heads=2, batch_first=False")
