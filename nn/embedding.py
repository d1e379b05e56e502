"""Embedding and EmbeddingBag: learned rows of a table."""

from typing import Any, Self

import numpy as np

from nn import init
from nn.functional.embedding import embedding, embedding_bag
from nn.functional.shapes import array
from nn.module import Module, Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """A table (num_embeddings, embedding_dim), normal with standard deviation 1 as PyTorch's."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        dtype: Any,
        rng: Any,
    ) -> None:
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"{type(self).__name__}: padding_idx={padding_idx} is out of range for {num_embeddings} rows"
            )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        table = init.generator(rng).normal(size=(num_embeddings, embedding_dim)).astype(dtype)
        if self.padding_idx is not None:
            table[self.padding_idx] = 0
        self.weight = Parameter(table, name="weight")

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Self:
        """A layer with the given table; frozen unless freeze=False.

        Raises ValueError for a table that has not two axes.
        """
        table = array(embeddings)
        if table.ndim != 2:
            raise ValueError(
                f"{cls.__name__}.from_pretrained: embeddings have shape {table.shape}; a table (rows, D) is needed"
            )
        rows, width = table.shape
        build: Any = cls
        layer: Self = build(rows, width, dtype=table.dtype, **options)
        layer.weight.data = table
        layer.weight.requires_grad_(not freeze)
        return layer

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"


class Embedding(_Table):
    """The rows weight[input]: integers (...) -> (..., embedding_dim).

    padding_idx: a row of zeros without gradient.  max_norm, norm_type, scale_grad_by_freq: see
    F.embedding.  dtype: float64 by default.  rng: a NumPy Generator or a seed, by default the
    one that nn.manual_seed sets.  Raises IndexError for an index outside the table.

    >>> Embedding(10, 3)([[1, 2], [4, 9]]).shape
    (2, 2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        *,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, dtype, rng
        )

    def forward(self, input: Any) -> Any:
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )


class EmbeddingBag(_Table):
    """The mean, sum or maximum of the rows of each bag of indices; see F.embedding_bag.

    `bag(input)` for input (bags, length), `bag(input, offsets)` for one vector.

    >>> EmbeddingBag(10, 3)([[1, 2], [4, 9]]).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        *,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        dtype: Any = np.float64,
        rng: Any = None,
    ) -> None:
        if mode not in ("sum", "mean", "max"):
            raise ValueError(f"EmbeddingBag: mode={mode!r} is unknown; choose 'sum', 'mean' or 'max'")
        super().__init__(
            num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, dtype, rng
        )
        self.mode, self.include_last_offset = mode, include_last_offset

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, mode={self.mode!r}"
