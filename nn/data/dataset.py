"""TensorDataset: arrays that belong together, row by row."""

from typing import Any, Protocol

import numpy as np


class Dataset(Protocol):
    """What a DataLoader reads: anything with a length and rows."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any) -> Any: ...


class TensorDataset:
    """Arrays of equal length; `dataset[i]` is the tuple of their i-th rows.

    `i` may be a slice or an array of positions, which gives several rows at once.
    Raises ValueError for no arrays, an array of shape () or unequal lengths, TypeError
    for a Value that carries gradient.

    >>> TensorDataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])[1]
    (array([3., 4.]), np.int64(1))
    """

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("TensorDataset: no arrays given; pass at least one: TensorDataset(x, y)")
        self.tensors = tuple(np.asarray(a) for a in arrays)
        shapes = [a.shape for a in self.tensors]
        if () in shapes:
            raise ValueError(
                f"TensorDataset: shapes {shapes}: an array of shape () has no rows; pass arrays with rows"
            )
        if len({s[0] for s in shapes}) > 1:
            raise ValueError(
                f"TensorDataset: shapes {shapes} differ in the number of rows; give every array as many"
            )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(a[index] for a in self.tensors)

    def __repr__(self) -> str:
        return f"TensorDataset({', '.join(f'{a.dtype} {a.shape}' for a in self.tensors)})"
