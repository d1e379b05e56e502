"""save, load and checkpoints."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import nn
import optim
from autograd import Value
from nn import saving
from nn.data import DataLoader, TensorDataset
from nn.saving import load, load_checkpoint, save, save_checkpoint, write_atomically
from tests.nn.training.kill import killed
from tests.nn.training.small_models import Dense, Net, mse

safetensors = pytest.importorskip("safetensors")


def same(a, b):
    """Equal values, types, dtypes and bits."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        for k in a:
            same(a[k], b[k])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, np.ndarray | np.generic):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
    else:
        assert a == b or (a != a and b != b)


# --- weights ------------------------------------------------------------------------------------


def test_weights_come_back(tmp_path):
    model = Net(3, 4, 1)
    model.layers[0].b.data = [1.5, -0.0, np.inf, np.nan]
    save(model, tmp_path / "w.safetensors")
    state = load(tmp_path / "w.safetensors")
    same({k: state[k] for k in model.state_dict()}, model.state_dict())
    other = Net(3, 4, 1, seed=9)
    other.load_state_dict(state)
    same(other.state_dict(), model.state_dict())


@pytest.mark.parametrize(
    "dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", ">f4", ">i8"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3)])
def test_every_dtype_and_shape_comes_back(tmp_path, dtype, shape):
    array = (np.arange(np.prod(shape)).reshape(shape) + 1).astype(dtype)
    save({"a": array, "t": array.T, "s": array[..., ::-1] if shape else array}, tmp_path / "f")
    state = load(tmp_path / "f")
    assert state["a"].dtype == array.dtype.newbyteorder("=")
    for name, expected in (("a", array), ("t", array.T), ("s", array[..., ::-1] if shape else array)):
        assert state[name].shape == expected.shape
        np.testing.assert_array_equal(state[name], expected)


def test_others_read_what_is_written(tmp_path):
    from safetensors.numpy import load_file

    save({"a": np.arange(3.0)}, tmp_path / "f")
    assert load_file(tmp_path / "f")["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"a": np.array([1j])}, "'a' has dtype complex128"),
        ({"a": np.array(["x"])}, "'a' has dtype <U1"),
        ({"a": object()}, "'a' has dtype object"),
        ({3: np.zeros(1)}, r"names \[3\]"),
        ([1.0], "got a list"),
    ],
)
def test_what_is_no_array_is_refused_and_nothing_is_written(tmp_path, state, words):
    with pytest.raises(TypeError, match=words):
        save(state, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for call in (lambda: save({}, tmp_path / "f"), lambda: load(tmp_path / "f")):
        with pytest.raises(ImportError, match=r'pip install "stepgrad\[train\]"') as caught:
            call()
        assert "\n" not in str(caught.value)


# --- damaged and foreign files ------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    model = Net(2, 3, 1)
    optimizer = optim.Adam(model.parameters())
    mse(model(np.ones((4, 2))), np.zeros((4, 1))).backward()
    optimizer.step()
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, model=model, optimizer=optimizer, step=7, rng=np.random.default_rng(3))
    return path, model, optimizer


def test_a_file_cut_short_anywhere_is_refused(saved, tmp_path):
    path, model, _ = saved
    content = path.read_bytes()
    cut = tmp_path / "cut"
    for n in [*range(0, len(content), 41), len(content) - 1]:
        cut.write_bytes(content[:n])
        for read in (load, lambda p: load_checkpoint(p, model=model)):
            with pytest.raises(ValueError, match="cut short"):
                read(cut)


def test_a_file_with_a_flipped_bit_is_refused(saved, tmp_path):
    path, model, optimizer = saved
    before = model.state_dict()
    content = path.read_bytes()
    for n in range(8, len(content), 23):
        changed = bytearray(content)
        changed[n] ^= 4
        (tmp_path / "bad").write_bytes(changed)
        with pytest.raises((ValueError, KeyError)):
            load_checkpoint(tmp_path / "bad", model=model, optimizer=optimizer)
    same(model.state_dict(), before)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x80\x04\x95\x00\x00.", b"PK\x03\x04" + bytes(60), b"\xff" * 100]
)
def test_foreign_files_are_refused(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(ValueError, match="no safetensors file"):
        load(tmp_path / "f")


def test_missing_files_weights_and_later_versions_are_refused(tmp_path):
    from safetensors.numpy import save_file

    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path)
    save({"a": np.zeros(2)}, tmp_path / "weights")
    with pytest.raises(ValueError, match=r"no checkpoint; read plain weights with load\(\)"):
        load_checkpoint(tmp_path / "weights")
    save_file({}, tmp_path / "later", metadata={"format": "stepgrad-checkpoint", "version": "99"})
    with pytest.raises(ValueError, match="version 99"):
        load_checkpoint(tmp_path / "later")


# --- checkpoints --------------------------------------------------------------------------------

TREE = {
    "numbers": [0, -1, 2**200, 0.1, float("inf"), float("nan"), True, None, "text"],
    "tuple": (1, (2.5, []), {}),
    3: {"by position": np.arange(3, dtype=np.float32), (1, "a"): np.float32(0.1)},
    "scalar": np.float64(0.1),
    "zero-dim": np.array(7, dtype=np.int16),
    "$array": "not one of ours",
    "inner": {"$tuple": [1], "x": np.zeros((2, 0))},
    "a.0": np.array([1.0]),
    "a": [np.array([2.0])],
}


def test_a_tree_comes_back_as_it_was(tmp_path):
    save_checkpoint(tmp_path / "c", extra=TREE, step=12)
    found = load_checkpoint(tmp_path / "c")
    same(found["extra"], TREE)
    assert found["step"] == 12


def test_names_that_join_to_the_same_are_kept_apart(tmp_path):
    tree = {"a.0": np.array([1.0]), "a": [np.array([2.0])], "a.0_": np.array([3.0])}
    save_checkpoint(tmp_path / "c", extra=tree)
    same(load_checkpoint(tmp_path / "c")["extra"], tree)


def test_what_cannot_be_stored_is_refused_and_the_old_file_stays(saved):
    path, _, _ = saved
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"extra\.f is a function"):
        save_checkpoint(path, extra={"f": lambda: 1})
    with pytest.raises(TypeError, match="optimizer is a object"):
        save_checkpoint(path, optimizer=object())
    with pytest.raises(TypeError, match="rng is a RandomState"):
        save_checkpoint(path, rng=np.random.RandomState(0))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_every_kind_of_generator_goes_on(tmp_path, name):
    kind = getattr(np.random, name)
    rng = np.random.Generator(kind(5))
    rng.random(3, dtype=np.float32)  # leaves half a word over
    save_checkpoint(tmp_path / "c", rng={"noise": rng})
    expected = rng.standard_normal(5), rng.integers(0, 9, 5, dtype=np.uint8)
    other = np.random.Generator(kind(6))
    load_checkpoint(tmp_path / "c", rng={"noise": other})
    same((other.standard_normal(5), other.integers(0, 9, 5, dtype=np.uint8)), expected)


def test_nothing_changes_where_anything_does_not_fit(saved):
    path, _, _ = saved

    class Stubborn:
        """Takes over half and then refuses."""

        def __init__(self):
            self.value = {"a": 1}

        def state_dict(self):
            return dict(self.value)

        def load_state_dict(self, state):
            self.value = dict(state)
            if state != {"a": 1}:
                raise ValueError("refused")

    def attempt(kind, words, model=None, at=path, **parts):
        model = model or Net(2, 3, 1, seed=5)
        optimizer = parts.pop("optimizer", None) or optim.Adam(model.parameters(), lr=0.5)
        rng = parts.pop("rng", None) or np.random.default_rng(8)
        generator = rng["noise"] if isinstance(rng, dict) else rng
        before = model.state_dict(), optimizer.state_dict(), generator.bit_generator.state
        with pytest.raises(kind, match=words):
            load_checkpoint(at, model=model, optimizer=optimizer, rng=rng, **parts)
        same((model.state_dict(), optimizer.state_dict(), generator.bit_generator.state), before)

    attempt(
        ValueError,
        r"wrong shapes: layers\.0\.w \(2, 3\) given, \(2, 5\) needed, layers\.0\.b \(3,\) given",
        Net(2, 5, 1),
    )
    attempt(
        KeyError,
        r"unexpected \['layers\.1\.w', 'layers\.1\.b'\], wrong shapes: layers\.0\.w \(2, 3\) given, \(2, 1\)",
        Net(2, 1),
    )
    half = Net(2, 3, 1)
    half.layers[0].b = nn.Parameter(np.zeros(3, np.float32))
    attempt(TypeError, r"layers\.0\.b: float64 in the file, float32 here", half)
    attempt(
        ValueError,
        "is a MT19937, the file holds the state of a PCG64",
        rng=np.random.Generator(np.random.MT19937(1)),
    )
    attempt(
        KeyError,
        r"rng names \['noise'\] given, the file holds \[''\]; pass the same ones",
        rng={"noise": np.random.default_rng(8)},
    )
    attempt(KeyError, r"not \['scheduler'\]", scheduler=Stubborn())
    attempt(
        KeyError,
        "missing .*momentum",
        optimizer=optim.SGD([nn.Parameter(np.zeros(s)) for s in ((2, 3), 3, (3, 1), 1)], momentum=0.5),
    )
    model = Net(2, 3, 1)
    optimizer = optim.Adam(model.parameters())
    other = Stubborn()
    other.value = {"a": 2}
    both = path.with_name("both")
    save_checkpoint(both, model=model, optimizer=optimizer, scheduler=other, rng=np.random.default_rng(0))
    mine = Stubborn()
    attempt(ValueError, "refused", at=both, scheduler=mine)
    assert mine.value == {"a": 1}


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_what_a_killed_write_left_is_taken_away_by_a_later_one(tmp_path):
    path = tmp_path / "c[1].safetensors"
    names = [".c[1].safetensors.0123abcd.tmp", ".c[1].safetensors.4567abcd.tmp", ".c1.safetensors.0.tmp"]
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    old = time.time() - 7200
    os.utime(tmp_path / names[0], (old, old))
    os.utime(tmp_path / names[2], (old, old))  # of another file
    write_atomically(path, b"whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, names[1], names[2]])


def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = Dense(2, 1)
    for write in (save, lambda m, p: save_checkpoint(p, model=m)):
        with pytest.raises(
            FileNotFoundError, match=r"the folder .*missing_folder of x\.safetensors"
        ) as caught:
            write(model, "missing_folder/x.safetensors")
        assert ".tmp" not in str(caught.value) and "make it first" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes are POSIX's")
def test_links_and_modes_are_those_of_ordinary_writing(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "target").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    calls = []
    sync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(
        os, "fsync", lambda fd: (calls.append(str(Path(f"/proc/self/fd/{fd}").readlink())), sync(fd))
    )
    monkeypatch.setattr(type(tmp_path), "replace", lambda a, b: (calls.append("replace"), replace(a, b))[1])
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see what is flushed")
    write_atomically(tmp_path / "f", b"content")
    assert calls[0].endswith(".tmp")
    assert calls[1:] == ["replace", str(tmp_path)]


def test_where_a_folder_cannot_be_opened_the_file_is_written_all_the_same(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError("a folder")

    monkeypatch.setattr(saving, "os", SimpleNamespace(name="nt", open=refuse, path=os.path, fsync=os.fsync))
    write_atomically(tmp_path / "f", b"content")
    assert (tmp_path / "f").read_bytes() == b"content"


WRITER = """
import sys, numpy as np, itertools
from nn.saving import save_checkpoint
for step in itertools.count():
    full = np.full(150_000, float(step))
    save_checkpoint(sys.argv[1], step=step, extra={"a": full, "b": full[:77]}, rng=np.random.default_rng(step))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_writer_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    moments = random.Random(0)
    path = tmp_path / "c"
    steps, broken_off = [], 0
    while len(steps) < 10 or (not broken_off and len(steps) < 60):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
        begun = time.monotonic()
        path.unlink(missing_ok=True)
        while not path.exists():
            assert writer.poll() is None
            assert time.monotonic() - begun < 60
            time.sleep(0.002)
        time.sleep(moments.random() * 0.05)
        os.kill(writer.pid, signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        rng = np.random.default_rng(12345)
        found = load_checkpoint(path, rng=rng)
        step = found["step"]
        assert found["extra"]["a"].tolist() == [step] * 150_000
        assert found["extra"]["b"].tolist() == [step] * 77
        assert rng.bit_generator.state == np.random.default_rng(step).bit_generator.state
        steps.append(step)
        left = [p for p in tmp_path.iterdir() if p.name != "c"]
        broken_off += len(left)
        for p in left:
            p.unlink()
    assert max(steps) > 0
    assert broken_off > 0  # the kills did fall into writes


class Halving:
    """A scheduler: half the learning rate every third step."""

    def __init__(self, optimizer):
        self.optimizer, self.steps = optimizer, 0

    def step(self):
        self.steps += 1
        if self.steps % 3 == 0:
            self.optimizer.param_groups[0]["lr"] *= 0.5

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


class Training:
    """All that moves in a training: parameters, moments, learning rate, order, noise."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.model = Net(3, 8, 1, seed=seed, noise=self.rng)
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.02, amsgrad=True)
        self.scheduler = Halving(self.optimizer)
        x = np.random.default_rng(0).standard_normal((22, 3))
        self.loader = DataLoader(TensorDataset(x, x[:, :1]), 5, shuffle=True, seed=1, repeat=True)
        self.losses = []

    def run(self, steps):
        for x, y in itertools.islice(self.loader, steps):
            loss = mse(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward(release=True)
            self.optimizer.step()
            self.scheduler.step()
            self.losses.append(loss.item())
        return self

    def parts(self):
        names = ("model", "optimizer", "scheduler", "loader", "rng")
        return {name: getattr(self, name) for name in names}

    def everything(self):
        parts = self.parts()
        rng = parts.pop("rng")
        return {name: part.state_dict() for name, part in parts.items()}, rng.bit_generator.state


@pytest.mark.parametrize("k", [0, 1, 5, 7, 12])
def test_going_on_after_k_steps_is_the_uninterrupted_run_bit_for_bit(tmp_path, k):
    whole = Training(3).run(14)
    first = Training(3).run(k)
    save_checkpoint(tmp_path / "c", **first.parts(), step=k)
    second = Training(99)
    assert load_checkpoint(tmp_path / "c", **second.parts())["step"] == k
    second.run(14 - k)
    assert first.losses + second.losses == whole.losses
    same(second.everything(), whole.everything())


def test_going_on_in_another_process(tmp_path):
    path = tmp_path / "c"
    save_checkpoint(path, **Training(3).run(6).parts(), step=6)
    code = (
        "import sys, json\n"
        "from tests.nn.training.test_saving import Training, load_checkpoint\n"
        "t = Training(50)\n"
        "load_checkpoint(sys.argv[1], **t.parts())\n"
        "print(json.dumps(t.run(5).losses))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=100, check=True
    )
    assert json.loads(out.stdout) == Training(3).run(11).losses[6:]


def test_layers_are_saved_as_any_other_array(tmp_path):
    model = Dense(2, 2, dtype=np.float32)
    save(model, tmp_path / "f")
    assert load(tmp_path / "f")["w"].dtype == np.float32


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_training_killed_at_any_moment_goes_on_bit_for_bit(tmp_path):
    """Fifty times: python -m tests.nn.training.kill --kills 50."""
    report = killed(tmp_path, kills=3)
    assert report.kills == 3
    assert report.checkpoints >= 3


@pytest.mark.parametrize(("dtype", "size"), [("BF16", 2), ("F8_E4M3", 1)])
def test_what_numpy_has_no_dtype_for_is_named(tmp_path, dtype, size):
    header = json.dumps({"w": {"dtype": dtype, "shape": [2], "data_offsets": [0, 2 * size]}}).encode()
    (tmp_path / "half").write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * size))
    with pytest.raises(TypeError, match=f"load: 'w' has dtype {dtype}, which NumPy has not; .*tensor.float"):
        load(tmp_path / "half")


def test_values_are_saved_as_their_data(tmp_path):
    save({"w": Value([1.0, 2.0]), "b": Value(3.0) * 2}, tmp_path / "v")
    same(load(tmp_path / "v"), {"b": np.array(6.0), "w": np.array([1.0, 2.0])})
