"""History: what fit() measured, epoch by epoch."""

import importlib
from collections.abc import Sequence
from typing import Any


class History:
    """history: name -> one number per finished epoch; epoch: the numbers of those epochs.

    interrupted: whether Ctrl-C ended the training; stopped: why a callback ended it, or "".

    >>> h = History()
    >>> h.append(0, {"loss": 0.5})
    >>> h.history, h.epoch, h.interrupted
    ({'loss': [0.5]}, [0], False)
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.interrupted = False
        self.stopped = ""

    def append(self, epoch: int, logs: dict[str, float]) -> None:
        """Add one epoch's numbers."""
        self.epoch.append(epoch)
        for name, number in logs.items():
            self.history.setdefault(name, []).append(number)

    def plot(self, ax: Any = None, keys: Sequence[str] | None = None) -> Any:
        """Draw the numbers (all, or those of `keys`) against the epochs; returns the Axes.

        Raises ImportError without matplotlib, KeyError for a key that was not measured.
        """
        names = list(self.history) if keys is None else list(keys)
        unknown = [name for name in names if name not in self.history]
        if unknown:
            raise KeyError(f"History.plot: {unknown} were not measured; there are {sorted(self.history)}")
        if ax is None:
            try:
                figure = importlib.import_module("matplotlib.pyplot").figure()
            except ImportError:
                raise ImportError('History.plot: needs matplotlib: pip install "stepgrad[plot]"') from None
            ax = figure.add_subplot()
        epochs = [e + 1 for e in self.epoch]
        for name in names:
            ax.plot(epochs, self.history[name], label=name, marker="o" if len(epochs) == 1 else None)
        ax.set_xlabel("Epoch")
        if names:
            ax.set_ylabel(names[0].capitalize() if len(names) == 1 else "")
            ax.legend()
        return ax

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {numbers[-1]:.4g}" for name, numbers in self.history.items())
        ended = ", interrupted" if self.interrupted else f", stopped: {self.stopped}" * bool(self.stopped)
        return f"History({len(self.epoch)} epochs{': ' + last if last else ''}{ended})"
