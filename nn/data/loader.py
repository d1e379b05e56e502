"""DataLoader: batches of a dataset, in an order that depends on the seed and the epoch alone."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nn.data.dataset import Dataset, TensorDataset


class DataLoader:
    """Batches of `batch_size` rows of `dataset`; the last may be smaller.

    dataset: a TensorDataset, or anything with `len` and `dataset[i]`, whose rows (arrays
    or tuples of arrays) are then stacked.
    shuffle: a new order each time it is iterated, that of `order(epoch)`: the same seed
    and epoch give the same order, in every process.
    drop_last: leave out a last batch that is not full.
    repeat: go on with the next epoch for ever; `len` is still that of one epoch.

    `state_dict()` between two batches, given to `load_state_dict()` of another loader,
    makes that one go on with the batch that would have come next.

    Raises ValueError for a batch size below 1, a negative seed or a dataset without rows,
    TypeError where those are no integers.

    >>> loader = DataLoader(TensorDataset(np.arange(5)), batch_size=2)
    >>> [batch[0].tolist() for batch in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        seed: int = 0,
        drop_last: bool = False,
        repeat: bool = False,
    ) -> None:
        self.dataset, self.shuffle, self.drop_last, self.repeat = dataset, shuffle, drop_last, repeat
        self.batch_size = at_least("DataLoader", "batch_size", batch_size, 1)
        self.seed = at_least("DataLoader", "seed", seed, 0)
        if len(dataset) == 0:
            raise ValueError("DataLoader: the dataset has no rows; pass at least one")
        if len(self) == 0:
            raise ValueError(
                f"DataLoader: drop_last=True leaves no batch of {batch_size} among {len(dataset)} rows; "
                f"take a smaller batch_size"
            )
        self._epoch, self._batch, self._loaded = 0, 0, False

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def order(self, epoch: int) -> Any:
        """The positions of the rows in the order of that epoch (0 is the first)."""
        n = len(self.dataset)
        return np.random.default_rng([self.seed, epoch]).permutation(n) if self.shuffle else np.arange(n)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Any]:
        """The batches of one epoch, from batch `start` on; what state_dict() says stays as it is."""
        order = self.order(epoch)
        for i in range(start, len(self)):
            yield self._rows(order[i * self.batch_size : (i + 1) * self.batch_size])

    def __iter__(self) -> Iterator[Any]:
        if self._batch and not self._loaded:  # the iteration before was left half-way
            self._epoch, self._batch = self._epoch + 1, 0
        self._loaded = False
        while True:
            epoch, start = self._epoch, self._batch
            for i, batch in enumerate(self.batches(epoch, start), start + 1):
                last = i == len(self)
                self._epoch, self._batch = (epoch + 1, 0) if last else (epoch, i)
                yield batch
            if not self.repeat:
                return

    def _rows(self, positions: Any) -> Any:
        if isinstance(self.dataset, TensorDataset):
            return self.dataset[positions]
        rows = [self.dataset[int(i)] for i in positions]
        if isinstance(rows[0], tuple | list):
            return tuple(np.stack([np.asarray(x) for x in column]) for column in zip(*rows, strict=True))
        return np.stack([np.asarray(x) for x in rows])

    # --- where it stands ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Which batch of which epoch comes next, and what the order depends on."""
        return {
            "epoch": self._epoch,
            "batch": self._batch,
            "seed": self.seed,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "rows": len(self.dataset),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration go on where `state` was taken.

        Raises ValueError, and changes nothing, if the rows, the batch size, the seed or
        shuffling differ: the batches would be others.
        """
        own = self.state_dict()
        if set(state) != set(own):
            raise ValueError(
                f"DataLoader.load_state_dict: keys {sorted(state)} given, {sorted(own)} needed; "
                f"pass what state_dict() of a DataLoader returned"
            )
        fixed = ("seed", "batch_size", "shuffle", "rows")
        wrong = [f"{k}: {state[k]!r} given, {own[k]!r} here" for k in fixed if state[k] != own[k]]
        if wrong:
            raise ValueError(
                f"DataLoader.load_state_dict: {'; '.join(wrong)}; make the loader with the same options"
            )
        epoch = at_least("DataLoader.load_state_dict", "epoch", state["epoch"], 0)
        batch = at_least("DataLoader.load_state_dict", "batch", state["batch"], 0)
        if batch >= len(self):
            raise ValueError(
                f"DataLoader.load_state_dict: batch {batch} does not exist, an epoch has {len(self)}"
            )
        self._epoch, self._batch, self._loaded = epoch, batch, True

    def __repr__(self) -> str:
        return (
            f"DataLoader({self.dataset!r}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"seed={self.seed}, {len(self)} batches)"
        )


def at_least(owner: str, name: str, given: Any, least: int) -> int:
    """`given` as an int; TypeError if it is none, ValueError if it is below `least`."""
    try:
        if isinstance(given, bool):
            raise TypeError
        number = operator.index(given)
    except TypeError:
        raise TypeError(f"{owner}: {name}={given!r} must be an integer, {least} or more") from None
    if number < least:
        raise ValueError(f"{owner}: {name}={given!r} must be {least} or more")
    return number
