"""Embeddings, recurrent layers and attention beside PyTorch's, with the weights copied over."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as T  # noqa: N812
from oracle_nn import compare

from autograd import gradients
from nn import attention, embedding, recurrent
from nn.functional import attention as FA  # noqa: N812
from nn.functional.embedding import embedding as embed
from nn.functional.embedding import embedding_bag, one_hot

pytestmark = pytest.mark.oracle
GROUP = "torch.nn sequences"
RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.normal(size=shape)


def tensor(x):
    return None if x is None else torch.tensor(np.asarray(x))


def copied(mine, other):
    """The weights of `other` in `mine`: the names and shapes must be the same."""
    other = other.double()
    with torch.no_grad():
        for p in other.parameters():
            p.normal_(std=0.5)
    mine.load_state_dict({name: t.numpy() for name, t in other.state_dict().items()})
    return mine, other


def compare_layers(name, mine, other, arrays, call_mine=None, call_other=None, **options):
    """As functions of their inputs and of all their parameters."""
    mine, other = copied(mine, other)
    names = [n for n, _ in other.named_parameters()]
    assert names == [n for n, _ in mine.named_parameters()]
    k = len(arrays)

    def ours(*xs):
        given = dict(zip(names, xs[k:], strict=True))
        put(mine, given)
        return (call_mine or (lambda m, *x: m(*x)))(mine, *xs[:k])

    def theirs(*xs):
        call = call_other or (lambda m, *x: m(*x))
        given = dict(zip(names, xs[k:], strict=True))
        return torch.func.functional_call(Calling(other, call), prefixed(given), xs[:k])

    weights = [p.detach().numpy() for _, p in other.named_parameters()]
    compare(GROUP, name, ours, theirs, [*arrays, *weights], rtol=1e-10, atol=1e-12, **options)


def put(module, given):
    """Values in the place of parameters."""
    for name, value in given.items():
        *path, last = name.split(".")
        at = module
        for part in path:
            at = getattr(at, part)
        vars(at)[last] = value


class Calling(torch.nn.Module):
    def __init__(self, inner, call):
        super().__init__()
        self.inner, self.call = inner, call

    def forward(self, *xs):
        return self.call(self.inner, *xs)


@pytest.fixture(autouse=True)
def differentiable_twice():
    """PyTorch's quicker attention has no second derivative."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        yield


def prefixed(given):
    return {f"inner.{name}": x for name, x in given.items()}


def joined(output, state):
    """Everything a recurrent layer returns, as one vector."""
    library = torch if isinstance(output, torch.Tensor) else np
    parts = [output, *(state if isinstance(state, tuple) else (state,))]
    return library.concatenate([p.reshape(-1) for p in parts])


# --- recurrent layers -----------------------------------------------------------------------

SHAPES = {
    "layers": [1, 2],
    "bidirectional": [False, True],
    "batch_first": [False, True],
    "bias": [True, False],
}


@pytest.mark.parametrize("kind", ["RNN", "RNN relu", "LSTM", "GRU"])
@pytest.mark.parametrize(
    ("layers", "bidirectional", "batch_first", "bias"), list(itertools.product(*SHAPES.values()))
)
def test_recurrent_layers(kind, layers, bidirectional, batch_first, bias):
    name, _, nonlinearity = kind.partition(" ")
    options = dict(num_layers=layers, bidirectional=bidirectional, batch_first=batch_first, bias=bias)
    if nonlinearity:
        options["nonlinearity"] = nonlinearity
    mine, other = getattr(recurrent, name)(3, 4, **options), getattr(torch.nn, name)(3, 4, **options)
    x = normal(2, 5, 3)
    n = 2 if batch_first else 5
    state = normal(layers * (1 + bidirectional), n, 4)
    call = lambda m, *xs: joined(*m(*xs))
    compare_layers(kind, mine, other, [x], call, call)
    if name == "LSTM":
        call = lambda m, x, h, c: joined(*m(x, (h, c)))
        compare_layers(kind, mine_again(name, options), other, [x, state, normal(*state.shape)], call, call)
        single = lambda m, x, h, c: joined(*m(x, (h, c)))
        arrays = [x[0], state[:, 0], normal(*state[:, 0].shape)]
        compare_layers(kind, mine_again(name, options), other, arrays, single, single)
    else:
        compare_layers(kind, mine_again(name, options), other, [x, state], call, call)
        compare_layers(kind, mine_again(name, options), other, [x[0], state[:, 0]], call, call)


def mine_again(name, options):
    return getattr(recurrent, name)(3, 4, **options)


@pytest.mark.parametrize("bias", [True, False])
def test_cells(bias):
    for name, options in (("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("GRUCell", {})):
        for shape in ((2,), ()):
            both = [getattr(lib, name)(3, 4, bias=bias, **options) for lib in (recurrent, torch.nn)]
            compare_layers(name, *both, [normal(*shape, 3), normal(*shape, 4)])
    for shape in ((2,), ()):
        both = [lib.LSTMCell(3, 4, bias=bias) for lib in (recurrent, torch.nn)]
        call = lambda m, x, h, c: joined(*m(x, (h, c)))
        compare_layers(
            "LSTMCell", *both, [normal(*shape, 3), normal(*shape, 4), normal(*shape, 4)], call, call
        )
    both = [lib.LSTMCell(3, 4, bias=bias) for lib in (recurrent, torch.nn)]
    call = lambda m, x: joined(*m(x))
    compare_layers("LSTMCell", *both, [normal(2, 3)], call, call)


# --- attention ------------------------------------------------------------------------------


def test_scaled_dot_product_attention():
    q, k, v = normal(2, 3, 4, 5), normal(2, 3, 6, 5), normal(2, 3, 6, 7)
    allowed = RNG.uniform(size=(4, 6)) < 0.6
    allowed[:, 0] = True
    none = allowed.copy()
    none[1] = False
    cases = [
        {},
        {"scale": 0.3},
        {"attn_mask": allowed},
        {"attn_mask": none},
        {"attn_mask": normal(2, 1, 4, 6)},
        {"attn_mask": np.where(none, 0.3, -np.inf)},
        {"is_causal": True},
    ]
    for options in cases:
        given = {name: tensor(x) if isinstance(x, np.ndarray) else x for name, x in options.items()}
        compare(
            GROUP,
            "scaled_dot_product_attention",
            lambda *x, o=options: FA.scaled_dot_product_attention(*x, **o),
            lambda *x, o=given: T.scaled_dot_product_attention(*x, **o),
            [q, k, v],
            rtol=1e-10,
        )
    compare(
        GROUP,
        "scaled_dot_product_attention",
        lambda *x: FA.scaled_dot_product_attention(*x, enable_gqa=True),
        lambda *x: T.scaled_dot_product_attention(*x, enable_gqa=True),
        [normal(2, 6, 4, 5), k, v],
        rtol=1e-10,
    )


ATTENTION = [
    {},
    {"batch_first": True},
    {"bias": False},
    {"kdim": 3, "vdim": 5},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
]


@pytest.mark.parametrize("options", ATTENTION, ids=str)
def test_multihead_attention(options):
    first = options.get("batch_first", False)
    n, long, short, e, heads = 2, 4, 5, 6, 3
    q, k, v = (
        normal(n, long, e),
        normal(n, short, options.get("kdim", e)),
        normal(n, short, options.get("vdim", e)),
    )
    batched = [x if first else x.swapaxes(0, 1) for x in (q, k, v)]
    padding = np.array([[False, True, False, False, True], [False] * 5])
    mask = np.triu(np.ones((long, short), dtype=bool), k=2)
    heavy = normal(n * heads, long, short)
    calls = [
        ({}, batched),
        ({"key_padding_mask": padding}, batched),
        ({"attn_mask": mask}, batched),
        ({"attn_mask": mask, "key_padding_mask": padding, "average_attn_weights": False}, batched),
        ({"attn_mask": heavy, "key_padding_mask": np.where(padding, -np.inf, 0.0)}, batched),
        ({}, [q[0], k[0], v[0]]),
        ({"attn_mask": mask, "key_padding_mask": padding[0]}, [q[0], k[0], v[0]]),
    ]
    for given, arrays in calls:
        mine = attention.MultiheadAttention(e, heads, **options)
        other = torch.nn.MultiheadAttention(e, heads, **options)
        theirs = {name: tensor(x) if isinstance(x, np.ndarray) else x for name, x in given.items()}
        compare_layers(
            "MultiheadAttention",
            mine,
            other,
            arrays,
            lambda m, *x, g=given: joined(*m(*x, **g)),
            lambda m, *x, g=theirs: joined(*m(*x, **g)),
        )


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_transformer_encoder(norm_first, batch_first, activation):
    options = dict(norm_first=norm_first, batch_first=batch_first, activation=activation, dropout=0.0)
    mask = np.triu(np.ones((4, 4), dtype=bool), k=1)
    for bias in (True, False):
        both = [lib.TransformerEncoderLayer(6, 2, 8, bias=bias, **options) for lib in (attention, torch.nn)]
        x = normal(3, 4, 6) if batch_first else normal(4, 3, 6)
        compare_layers(
            "TransformerEncoderLayer", *both, [x], lambda m, x: m(x, mask), lambda m, x: m(x, tensor(mask))
        )
    padding = np.array([[False] * 4, [False, False, True, True], [False, True, False, False]])
    both = []
    for lib in (attention, torch.nn):
        layer = lib.TransformerEncoderLayer(6, 2, 8, **options)
        more = {} if lib is attention else {"enable_nested_tensor": False}
        both.append(lib.TransformerEncoder(layer, 2, **more))
    compare_layers(
        "TransformerEncoder",
        *both,
        [x],
        lambda m, x: m(x, mask, padding),
        lambda m, x: m(x, tensor(mask), tensor(padding)),
    )


# --- embeddings -----------------------------------------------------------------------------


def test_embedding():
    index = np.array([[0, 2, 2], [4, 1, 2]])
    table = normal(5, 3)
    for options in ({}, {"padding_idx": 2}, {"padding_idx": -1}, {"scale_grad_by_freq": True}):
        compare(
            GROUP,
            "Embedding",
            lambda w, o=options: embed(index, w, **o),
            lambda w, o=options: T.embedding(torch.tensor(index), w, **o),
            [table],
            orders=(0, 1),
        )
    for norm_type in (1.0, 2.0, np.inf):
        mine = embedding.Embedding(5, 3, max_norm=0.7, norm_type=norm_type)
        other = torch.nn.Embedding(5, 3, max_norm=0.7, norm_type=norm_type)
        mine, other = copied(mine, other)
        y, z = mine(index), other(torch.tensor(index))
        np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(mine.weight.data, other.weight.detach().numpy(), rtol=1e-12)
        (g,) = gradients([y], [mine.weight], [np.ones(y.shape)])
        z.sum().backward()
        np.testing.assert_array_equal(g, other.weight.grad.numpy())


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode):
    index = np.array([0, 2, 2, 4, 1, 2, 3])
    calls = [
        ({}, index[:6].reshape(2, 3), None),
        ({"padding_idx": 2}, index[:6].reshape(2, 3), None),
        ({}, index, np.array([0, 3, 3, 5])),
        ({"padding_idx": 2}, index, np.array([0, 3, 3, 5])),
        ({"include_last_offset": True}, index, np.array([0, 3, 3, 5, 7])),
    ]
    for options, given, offsets in calls:
        mine = embedding.EmbeddingBag(5, 3, mode=mode, **options)
        other = torch.nn.EmbeddingBag(5, 3, mode=mode, **options)
        compare_layers(
            "EmbeddingBag",
            mine,
            other,
            [],
            lambda m, i=given, o=offsets: m(i, o),
            lambda m, i=given, o=offsets: m(tensor(i), tensor(o)),
            orders=(0, 1),
        )
    if mode == "sum":
        for given, offsets in ((index[:6].reshape(2, 3), None), (index, np.array([0, 3, 3, 5]))):
            compare(
                GROUP,
                "EmbeddingBag",
                lambda w, s, i=given, o=offsets: embedding_bag(i, w, o, mode="sum", per_sample_weights=s),
                lambda w, s, i=given, o=offsets: T.embedding_bag(
                    tensor(i), w, tensor(o), mode="sum", per_sample_weights=s
                ),
                [normal(5, 3), normal(*given.shape)],
                orders=(0, 1),
            )


def test_one_hot():
    index = np.array([[0, 3], [1, 1]])
    for n in (-1, 4, 6):
        ours, theirs = one_hot(index, n), T.one_hot(torch.tensor(index), n).numpy()
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
