"""Ctrl-C between two batches, not inside one."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupts:
    """While entered, a Ctrl-C that falls into `with deferred():` waits for its end.

    A second one is not held back.  Outside the main thread, or where the program has a
    handler of its own, nothing is changed.
    """

    def __init__(self) -> None:
        self._busy = self._pending = self._installed = False

    def __enter__(self) -> "Interrupts":
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(self, *error: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, number: int, frame: Any) -> None:
        if not self._busy or self._pending:
            raise KeyboardInterrupt
        self._pending = True
        sys.stderr.write("\nstopping after this batch (Ctrl-C again: at once)\n")

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Raise KeyboardInterrupt at the end of the block, if Ctrl-C came inside it."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
