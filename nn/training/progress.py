"""What fit() shows while it runs: a bar, a line per epoch, or nothing."""

import importlib
import sys
import time
from typing import Any


class Progress:
    """verbose 1: one bar over all epochs if tqdm is installed, else as 2; 2: a line per epoch; 0: silent.

    All goes to the standard error stream.
    """

    def __init__(self, verbose: int, epochs: int, batches: int) -> None:
        self._lines, self._epochs, self._batches = bool(verbose), epochs, batches
        self._bar: Any = None
        self._begun = time.perf_counter()
        if verbose == 1:
            try:
                tqdm = importlib.import_module("tqdm.auto").tqdm
            except ImportError:
                return
            self._bar, self._lines = tqdm(total=epochs * batches, unit="batch"), False

    def epoch(self, number: int) -> None:
        """An epoch begins (0 is the first)."""
        self._begun = time.perf_counter()
        if self._bar is not None:
            self._bar.set_description(f"epoch {number + 1}/{self._epochs}", refresh=False)

    def batch(self) -> None:
        """A batch is done."""
        if self._bar is not None:
            self._bar.update()

    def done(self, number: int, logs: dict[str, float]) -> None:
        """An epoch is done."""
        shown = ", ".join(f"{name} {x:.4g}" for name, x in logs.items())
        if self._bar is not None:
            self._bar.set_postfix_str(shown, refresh=False)
        if self._lines:
            seconds = time.perf_counter() - self._begun
            sys.stderr.write(f"epoch {number + 1}/{self._epochs}: {shown} ({seconds:.1f} s)\n")

    def close(self) -> None:
        """Training is over."""
        if self._bar is not None:
            self._bar.close()
