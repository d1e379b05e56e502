"""Seconds, bytes, and what they were measured on."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

clock: Callable[[], float] = time.perf_counter  # a worker on one processor counts the processor's seconds


def repeated(run: Callable[[int], object], budget: float, smallest: int = 1) -> float:
    """Seconds for one of the n that `run(n)` does: the median over batches of a tenth of the budget each."""
    run(smallest)
    n, spent = smallest, 0.0
    while True:
        spent = timed(run, n)
        if spent >= budget / 20:
            break
        n *= 2
    n = smallest * max(1, round(n / smallest * budget / 10 / spent))
    batches: list[float] = []
    end = time.perf_counter() + 4 * budget
    while len(batches) < 10 and (not batches or time.perf_counter() < end):
        batches.append(timed(run, n) / n)
    return statistics.median(batches)


def timed(run: Callable[[int], object], n: int) -> float:
    start = clock()
    run(n)
    return clock() - start


def resident() -> int:
    """Bytes this process holds now (where /proc is missing: the most it ever held)."""
    import resource  # where it is missing (Windows), so is only the chain

    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def processor() -> str:
    """The model of the CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def load() -> float | None:
    """How many processes wanted to run in the last minute."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
