"""Pictures of handwritten digits for two of the problems: MNIST where it is, else scikit-learn's small ones."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nn.data import digits, mnist
from nn.training import Callback, Run
from notebooks.report import Report

Array = np.ndarray[Any, np.dtype[Any]]

LEFT_OUT = (
    "left out: needs the four MNIST files (--data DIR, or the environment variable STEPGRAD_DATA), "
    "or scikit-learn (pip install scikit-learn)"
)


@dataclass(frozen=True)
class Digits:
    """Pictures of digits, their labels, and in words where they are from.

    ink: the number of a black pixel.  epochs and batch: 300 steps, whichever digits they are.
    """

    words: str
    is_mnist: bool
    train: tuple[Array, Array]
    test: tuple[Array, Array]
    ink: int
    epochs: int
    batch: int

    @property
    def side(self) -> int:
        """Pixels along one side of a picture."""
        return self.train[0].shape[-1]

    def scaled(self, pictures: Array, dtype: Any) -> Array:
        """The pixels as numbers from 0 (paper) to 1 (ink)."""
        return pictures.astype(dtype) / dtype(self.ink)

    @property
    def size(self) -> str:
        """How many there are, of what size."""
        return f"{len(self.train[0])} + {len(self.test[0])} of {self.side} x {self.side} pixels"

    @property
    def name(self) -> str:
        """What to call them in a caption."""
        return "MNIST" if self.is_mnist else "the small digits (not MNIST)"


def load(folder: Path | None = None) -> Digits:
    """MNIST from `folder`, or the one STEPGRAD_DATA names (or its subfolder mnist); else the small digits.

    Nothing is fetched.  Raises ImportError if scikit-learn, whose digits they are, is not installed.
    """
    given = folder or os.environ.get("STEPGRAD_DATA")
    why = "neither --data nor STEPGRAD_DATA names a folder with MNIST"
    if given:
        for place in (Path(given), Path(given, "mnist")):
            try:
                train, test = mnist(place)
            except FileNotFoundError:
                continue
            return Digits("MNIST", True, train, test, ink=255, epochs=5, batch=1000)
        why = f"the folder that {'--data' if folder else 'STEPGRAD_DATA'} names does not hold the MNIST files"
    train, test = digits()
    words = f"NOT MNIST but scikit-learn's small digits, as {why}"
    return Digits(words, False, train, test, ink=16, epochs=20, batch=100)


def load_or_leave_out(report: Report) -> Digits | None:
    """The digits, with a row that says which; None, with a row and a line that say why, if there are none."""
    try:
        found = load(report.data)
    except ImportError:
        report.row("the digits", "", "", "", LEFT_OUT)
        print(f"{report.problem.name}: {LEFT_OUT}", file=sys.stderr)
        return None
    report.row("the digits", found.size, "", "", found.words)
    return found


def accuracy_row(report: Report, what: str, accuracy: float, found: Digits, how: str) -> None:
    """A row for a share of rightly read test digits; all of them would be exact."""
    count = len(found.test[1])
    report.row(what, f"{accuracy:.4f}", "1", f"{round((1 - accuracy) * count)} of {count} misread", how)


def tiled(pictures: Array, rows: int, columns: int) -> Array:
    """Square pictures (n, side, side) side by side, with a line of nan around each."""
    side = pictures.shape[-1]
    framed = np.full((rows * columns, side + 1, side + 1), np.nan)
    framed[: len(pictures), :side, :side] = pictures[: rows * columns]
    wide = framed.reshape(rows, columns, side + 1, side + 1).transpose(0, 2, 1, 3)
    return wide.reshape(rows * (side + 1), columns * (side + 1))[:-1, :-1]


class Ticks(Callback):
    """Calls a function after every step of fit()."""

    def __init__(self, tick: Callable[[], object]) -> None:
        self.tick = tick

    def on_batch_end(self, run: Run) -> None:
        """Count the step."""
        self.tick()
