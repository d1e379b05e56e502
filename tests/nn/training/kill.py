"""Kill a training at random moments; every checkpoint found must go on as if nothing had happened.

`python -m tests.nn.training.kill --kills 50` prints what it found; POSIX only (SIGKILL).

A child trains and writes a checkpoint after every step, under one name or under changing ones.  It is
killed; each file found is loaded into new objects, whose state, and that of three steps later,
must have the very bits of a training that was never interrupted.  The next child goes on from
the newest file.  Half-written temporary files may be left, and are counted.
"""

import argparse
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

import nn
import optim
from nn import init
from nn.data import DataLoader, TensorDataset
from optim.lr_scheduler import CosineAnnealingWarmRestarts

AHEAD = 3  # steps that each checkpoint is followed on
KEPT = 3  # files that the child writes in turn


class Training:
    """All that moves: parameters, running statistics, moments, rate, order of the rows, dropout."""

    def __init__(self, seed):
        init.manual_seed(seed)
        self.rng = init.generator()
        self.model = nn.Sequential(
            nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 3)
        )
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.01, amsgrad=True)
        self.scheduler = CosineAnnealingWarmRestarts(self.optimizer, T_0=7, T_mult=2)
        x = np.random.default_rng(0).standard_normal((50, 20))
        self.loader = DataLoader(TensorDataset(x, (x[:, 0] > 0) + 2 * (x[:, 1] > 1) - (x[:, 1] > 1)), 8,
                                 shuffle=True, seed=1, repeat=True)  # fmt: skip
        self.steps = 0

    def parts(self):
        names = ("model", "optimizer", "scheduler", "loader", "rng")
        return {name: getattr(self, name) for name in names}

    def run(self, steps=None):
        """That many steps (None: for ever); yields after each."""
        for x, y in islice(self.loader, steps):
            self.optimizer.zero_grad()
            self.loss(self.model(x), y).backward(release=True)
            self.optimizer.step()
            self.scheduler.step()
            self.steps += 1
            yield self.steps

    def save(self, path):
        nn.save_checkpoint(path, **self.parts(), step=self.steps)

    def load(self, path):
        self.steps = nn.load_checkpoint(path, **self.parts())["step"]
        return self

    def bits(self):
        """A digest of everything."""
        total = hashlib.sha256()
        for name, part in self.parts().items():
            feed(total, [name, part.bit_generator.state if name == "rng" else part.state_dict()])
        return total.hexdigest()


def feed(total, x):
    if isinstance(x, dict):
        feed(total, list(x.items()))
    elif isinstance(x, list | tuple):
        total.update(f"{type(x).__name__} {len(x)}".encode())
        for item in x:
            feed(total, item)
    elif isinstance(x, np.ndarray | np.generic):
        total.update(f"{x.dtype} {x.shape}".encode() + x.tobytes())
    else:
        total.update(repr(x).encode())


class Reference:
    """The digests of a training that was never interrupted, made as far as they are asked for."""

    def __init__(self):
        self.training = Training(3)
        self.digests = [self.training.bits()]
        self.ahead = self.training.run()

    def bits(self, step):
        state = init.generator()
        init._default = self.training.rng  # dropout draws from the one generator of nn
        while len(self.digests) <= step:
            next(self.ahead)
            self.digests.append(self.training.bits())
        init._default = state
        return self.digests[step]


def newest(folder):
    """(step, path) of each whole checkpoint, the newest last; every file of that name must be one."""
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        found.append((nn.load_checkpoint(path)["step"], path))
    return sorted(found)


def child(folder):
    """Go on from the newest checkpoint, for ever."""
    training = Training(3)
    there = newest(folder)
    if there:
        training = Training(99).load(there[-1][1])
    for step in training.run():
        training.save(folder / f"step_{step % KEPT}.safetensors")


@dataclass
class Report:
    kills: int
    checkpoints: int  # loaded and followed on
    steps: int  # of the newest checkpoint
    broken_off: int  # temporary files left by kills in the middle of a write


def killed(folder, kills, seed=0):
    """Kill a training so often, and check what is found each time; AssertionError for any difference."""
    folder, moments = Path(folder), random.Random(seed)
    reference = Reference()
    checked = broken_off = last = 0
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-m", "tests.nn.training.kill", "--child", str(folder)])
        try:
            begun = time.monotonic()
            while not any(p.stat().st_mtime_ns > last for p in folder.glob("*.safetensors")):
                assert process.poll() is None, "the training ended by itself"
                assert time.monotonic() - begun < 60, "no checkpoint for a minute"
                time.sleep(0.002)
            time.sleep(moments.random() * 0.1)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == -signal.SIGKILL
        for path in folder.glob(".*.tmp"):
            broken_off += 1
            path.unlink()
        found = newest(folder)
        last = max(p.stat().st_mtime_ns for _, p in found)
        for step, path in found:
            again = Training(50 + checked).load(path)
            assert again.steps == step
            assert again.bits() == reference.bits(step), f"{path.name} is not step {step}"
            again = Training(50 + checked).load(path)
            for later in again.run(AHEAD):
                assert again.bits() == reference.bits(later), f"{path.name}: step {later} is another"
            checked += 1
    return Report(kills, checked, found[-1][0], broken_off)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(Path(given.child))
        return
    with tempfile.TemporaryDirectory() as folder:
        report = killed(folder, given.kills, given.seed)
    sys.stdout.write(
        f"{report.kills} kills: {report.checkpoints} checkpoints loaded and went on bit for bit for {AHEAD} steps, "
        f"up to step {report.steps}; {report.broken_off} kills fell into a write\n"
    )


if __name__ == "__main__":
    main()
