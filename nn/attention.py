"""MultiheadAttention, TransformerEncoderLayer, TransformerEncoder, with torch.nn's names and shapes."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value
from nn import init
from nn.containers import ModuleList
from nn.dropout import Dropout
from nn.functional.activation import gelu, relu
from nn.functional.attention import attention_weights
from nn.functional.dropout import dropout
from nn.functional.linear import linear
from nn.functional.shapes import Array, array
from nn.linear import Linear
from nn.module import Module, Parameter
from nn.normalization import LayerNorm

__all__ = ["MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer"]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": relu, "gelu": gelu}


def _mask(name: str, what: str, mask: Any, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """A mask as floats to be added; PyTorch's booleans here mean: True where attention is not allowed."""
    m = array(mask)
    if m.shape not in shapes:
        raise ValueError(f"{name}: {what} has shape {m.shape}; {' or '.join(map(str, shapes))} is needed")
    if m.dtype == bool:
        return np.where(m.data if isinstance(m, Value) else m, -np.inf, 0.0)
    if m.dtype.kind != "f":
        raise TypeError(
            f"{name}: {what} has dtype {m.dtype}; booleans, or floats to be added, are needed: "
            f"convert with .astype(bool)"
        )
    return m


class MultiheadAttention(Module):
    """Attention of num_heads parts of the embedding at once (Vaswani et al., 2017).

    Parameters: in_proj_weight (3 E, E) for query, key and value in turn (with kdim or vdim:
    q_proj_weight (E, E), k_proj_weight (E, kdim), v_proj_weight (E, vdim)), in_proj_bias (3 E),
    out_proj, and with add_bias_kv a further key and value, bias_k and bias_v.  add_zero_attn: a
    further key and value of zeros.  dropout: of the weights, in training.  dtype: float64 by
    default.  rng: a NumPy Generator or a seed, by default the one that nn.manual_seed sets.
    Raises ValueError if num_heads does not divide embed_dim.

    >>> x = np.ones((2, 7, 8))
    >>> output, weights = MultiheadAttention(8, num_heads=2, batch_first=True)(x, x, x)
    >>> output.shape, weights.shape
    ((2, 7, 8), (2, 7, 7))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        if min(embed_dim, num_heads) < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: num_heads={num_heads} must divide embed_dim={embed_dim}, both 1 or more"
            )
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = (
            embed_dim,
            num_heads,
            dropout,
            batch_first,
        )
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.add_zero_attn = add_zero_attn
        rng = None if rng is None else init.generator(rng)  # a seed is for all that is made here
        self._rng = rng

        def made(*shape: int) -> Any:
            return init.xavier_uniform_(Parameter(np.zeros(shape, dtype)), generator=rng)

        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = made(3 * embed_dim, embed_dim)
        else:
            self.q_proj_weight = made(embed_dim, embed_dim)
            self.k_proj_weight = made(embed_dim, self.kdim)
            self.v_proj_weight = made(embed_dim, self.vdim)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k, self.bias_v = (
                init.xavier_normal_(Parameter(np.zeros((1, 1, embed_dim), dtype)), generator=rng)
                for _ in "kv"
            )
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=rng)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """(output, weights): the output in the query's shape, the weights (N, L, S) or None.

        query (L, N, E), key (S, N, kdim), value (S, N, vdim); with batch_first (N, L, E) and so on;
        without a batch (L, E) and so on.  key_padding_mask (N, S) and attn_mask (L, S) or
        (N * num_heads, L, S): True where attention is *not* allowed, or floats to be added.
        average_attn_weights=False: the weights of each head, (N, num_heads, L, S).
        is_causal says that attn_mask is the causal one, and needs it, as in PyTorch.
        """
        if is_causal and attn_mask is None:
            raise ValueError(
                "MultiheadAttention: is_causal=True needs attn_mask too; give np.triu(np.ones((L, S), bool), k=1)"
            )
        q, k, v = (array(x) for x in (query, key, value))
        single = q.ndim == 2
        self._check(q, k, v)
        if single:
            q, k, v = q[None], k[None], v[None]
        elif not self.batch_first:
            q, k, v = (x.swapaxes(0, 1) for x in (q, k, v))
        samples, long, short = q.shape[0], q.shape[1], k.shape[1]
        mask = self._masks(key_padding_mask, attn_mask, samples, long, short, single)

        q, k, v = self._projected(q, k, v)
        more = 0
        for further_k, further_v in self._further(k):
            k, v = np.concatenate([k, further_k], axis=1), np.concatenate([v, further_v], axis=1)
            more += 1
        if mask is not None and more:
            mask = np.concatenate([mask, np.zeros((*mask.shape[:-1], more))], axis=-1)

        q, k, v = (x.reshape((samples, x.shape[1], self.num_heads, -1)).swapaxes(1, 2) for x in (q, k, v))
        scores = (q * (q.shape[-1] ** -0.5)) @ k.swapaxes(-1, -2)
        weights = dropout(attention_weights(scores, mask), self.dropout, self.training, rng=self._rng)
        out = (weights @ v).swapaxes(1, 2).reshape((samples, long, self.embed_dim))
        out = self.out_proj(out)
        out = out[0] if single else out if self.batch_first else out.swapaxes(0, 1)
        if not need_weights:
            return out, None
        weights = np.mean(weights, axis=1) if average_attn_weights else weights
        return out, weights[0] if single else weights

    def _check(self, q: Array, k: Array, v: Array) -> None:
        batch = 0 if self.batch_first else 1
        fits = q.ndim == k.ndim == v.ndim and q.ndim in (2, 3)
        fits = fits and (q.shape[-1], k.shape[-1], v.shape[-1]) == (self.embed_dim, self.kdim, self.vdim)
        if fits and q.ndim == 3:
            fits = q.shape[batch] == k.shape[batch] and k.shape[:2] == v.shape[:2]
        elif fits:
            fits = k.shape[0] == v.shape[0]
        if not fits:
            order = "(N, L, {})" if self.batch_first else "(L, N, {})"
            sizes = [order.format(n) for n in (self.embed_dim, self.kdim, self.vdim)]
            raise ValueError(
                f"MultiheadAttention: query has shape {q.shape}, key {k.shape}, value {v.shape}; "
                f"{', '.join(sizes)} with equal N, and equal lengths of key and value, are needed "
                f"(batch_first={self.batch_first}), or all without N"
            )

    def _masks(self, padding: Any, mask: Any, samples: int, long: int, short: int, single: bool) -> Any:
        """Both masks as one, to be added to the scores (N, heads, L, S), or None."""
        total = None
        if mask is not None:
            each = (samples * self.num_heads, long, short)
            total = _mask("MultiheadAttention", "attn_mask", mask, ((long, short), each))
            shape = (1, 1, long, short) if total.ndim == 2 else (samples, self.num_heads, long, short)
            total = total.reshape(shape)
        if padding is not None:
            shapes = ((short,),) if single else ((samples, short),)
            padded = _mask("MultiheadAttention", "key_padding_mask", padding, shapes)
            padded = padded.reshape((samples, 1, 1, short))
            total = padded if total is None else total + padded
        return total

    def _projected(self, q: Array, k: Array, v: Array) -> list[Array]:
        """Query, key and value times their weights."""
        e, bias = self.embed_dim, self.in_proj_bias
        rows = [slice(0, e), slice(e, 2 * e), slice(2 * e, 3 * e)]
        weights: list[Any] = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        if self.in_proj_weight is not None:
            weights = [self.in_proj_weight[r] for r in rows]
        biases = [None if bias is None else bias[r] for r in rows]
        return [linear(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True)]

    def _further(self, k: Array) -> list[tuple[Array, Array]]:
        """Keys and values beyond those given: learned ones, zeros."""
        shape = (k.shape[0], 1, self.embed_dim)
        pairs: list[tuple[Array, Array]] = []
        if self.bias_k is not None and self.bias_v is not None:
            pairs.append((np.broadcast_to(self.bias_k, shape), np.broadcast_to(self.bias_v, shape)))
        if self.add_zero_attn:
            zeros = np.zeros(shape, k.dtype)
            pairs.append((zeros, zeros))
        return pairs

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, batch_first={self.batch_first}"


class TransformerEncoderLayer(Module):
    """Self-attention, then two linear layers, each added to its input and normalized.

    x = norm1(x + dropout1(self_attn(x))), x = norm2(x + dropout2(linear2(dropout(activation(linear1(x)))))),
    or with norm_first the norms before instead.  activation: "relu", "gelu" or a function.
    dtype and rng as in MultiheadAttention.  Source: Vaswani et al. (2017); Xiong et al. (2020) for norm_first.

    >>> TransformerEncoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)(np.ones((2, 7, 8))).shape
    (2, 7, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Array], Array] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        if isinstance(activation, str) and activation not in ACTIVATIONS:
            raise ValueError(
                f"TransformerEncoderLayer: activation={activation!r} is unknown; choose 'relu', 'gelu' or a function"
            )
        rng = None if rng is None else init.generator(rng)  # a seed is for all that is made here
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=rng), Dropout(dropout, rng=rng)
        self.activation = ACTIVATIONS[activation] if isinstance(activation, str) else activation

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """src (L, N, d_model), with batch_first (N, L, d_model), or (L, d_model); the same shape back.

        The masks are MultiheadAttention's attn_mask and key_padding_mask.
        """
        x = array(src)
        masks = src_mask, src_key_padding_mask, is_causal
        if self.norm_first:
            x = x + self._attended(self.norm1(x), *masks)
            return x + self._fed(self.norm2(x))
        x = self.norm1(x + self._attended(x, *masks))
        return self.norm2(x + self._fed(x))

    def _attended(self, x: Array, mask: Any, padding: Any, is_causal: bool) -> Array:
        out, _ = self.self_attn(
            x, x, x, key_padding_mask=padding, need_weights=False, attn_mask=mask, is_causal=is_causal
        )
        return self.dropout1(out)

    def _fed(self, x: Array) -> Array:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    """num_layers copies of an encoder layer in a row, then `norm` if given.

    The copies begin with equal parameters, as PyTorch's do.  Raises ValueError for num_layers < 1.

    >>> layer = TransformerEncoderLayer(8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> TransformerEncoder(layer, num_layers=2)(np.ones((2, 7, 8))).shape
    (2, 7, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        if num_layers < 1:
            raise ValueError(f"TransformerEncoder: num_layers={num_layers} must be 1 or more")
        # a generator given to the layer stays one: copies would drop the same elements in every layer
        shared = {id(g): g for m in encoder_layer.modules() if (g := getattr(m, "_rng", None)) is not None}
        self.layers = ModuleList([copy.deepcopy(encoder_layer, dict(shared)) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """As TransformerEncoderLayer's."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)
