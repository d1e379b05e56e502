"""IDX files, downloads, MNIST and Fashion-MNIST."""

import gzip
import hashlib
import http.server
import os
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import nn.data.download as fetch
from nn.data import fashion_mnist, mnist, mnist_files, read_idx
from nn.data.download import download

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
CODES = {"u1": 0x08, "i1": 0x09, ">i2": 0x0B, ">i4": 0x0C, ">f4": 0x0D, ">f8": 0x0E}


def idx(array, code=None):
    dtype = next(k for k in CODES if np.dtype(k).newbyteorder("=") == array.dtype)
    head = bytes([0, 0, CODES[dtype] if code is None else code, array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(dtype).tobytes()


def small(seed=0, n=5):
    rng = np.random.default_rng(seed)
    return {
        NAMES[0]: rng.integers(0, 256, (n, 4, 3), dtype=np.uint8),
        NAMES[1]: rng.integers(0, 10, n, dtype=np.uint8),
        NAMES[2]: rng.integers(0, 256, (2, 4, 3), dtype=np.uint8),
        NAMES[3]: rng.integers(0, 10, 2, dtype=np.uint8),
    }


def written(folder, arrays, zipped=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        content = idx(array)
        path = folder / (name + ".gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


# --- IDX ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_type_of_idx_file_is_read(tmp_path, dtype, zipped):
    array = (np.arange(24).reshape(2, 3, 4) * 5 - (0 if dtype == "u1" else 60)).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(array)) if zipped else idx(array))
    read = read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


def test_an_idx_file_without_elements_is_read(tmp_path):
    (tmp_path / "file").write_bytes(idx(np.zeros((0, 28, 28), np.uint8)))
    assert read_idx(tmp_path / "file").shape == (0, 28, 28)


GOOD = idx(np.arange(12, dtype=np.uint8).reshape(3, 4))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no IDX file"),
        (b"\0\0", "no IDX file"),
        (b"\x89PNG\r\n\x1a\n", "no IDX file: it starts with 89 50 4e 47"),
        (b"\0\0\x07\x01\0\0\0\0", "no IDX file"),
        (b"\0\0\x08\x00", "no IDX file"),
        (GOOD[:7], "cut short inside the header"),
        (GOOD[:-1], r"cut short: uint8 \(3, 4\) takes 12 bytes, 11 found"),
        (GOOD + b"x", "too long"),
        (b"\0\0\x0e\x03" + b"\xff" * 12, "more than the"),
        (gzip.compress(GOOD, mtime=7)[:-9], "damaged or cut short"),
        (gzip.compress(GOOD, mtime=7)[:12], "damaged or cut short"),
        (gzip.compress(GOOD, mtime=7)[:10] + b"garbage!", "damaged or cut short"),
        (gzip.compress(GOOD[:-1], mtime=7), "cut short"),
        (gzip.compress(GOOD + b"x", mtime=7), "too long"),
    ],
)
def test_damaged_and_foreign_files_are_refused(tmp_path, content, words):
    path = tmp_path / "some-file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_idx(path)
    assert "some-file" in str(caught.value)


def test_a_file_that_unpacks_to_far_more_than_it_says_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(GOOD + bytes(50_000_000)))
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(ValueError, match="too long"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


# --- finding the files --------------------------------------------------------------------------


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(fetch.urllib.request, "urlopen", refuse)
    monkeypatch.delenv("STEPGRAD_DATA", raising=False)


def check(found, arrays):
    for (x, y), (images, labels) in zip(found, (NAMES[:2], NAMES[2:]), strict=True):
        np.testing.assert_array_equal(x, arrays[images])
        np.testing.assert_array_equal(y, arrays[labels])
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("load", [mnist, fashion_mnist])
def test_files_in_a_folder(tmp_path, no_network, load, zipped):
    arrays = small()
    check(load(written(tmp_path, arrays, zipped)), arrays)


def test_the_environment_names_the_folder(tmp_path, no_network, monkeypatch):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    digits, clothes = small(1), small(2)
    written(tmp_path, digits)
    written(tmp_path / "fashion_mnist", clothes, zipped=True)
    check(mnist(), digits)
    check(fashion_mnist(), clothes)
    nested = small(3)
    written(tmp_path / "mnist", nested)
    check(mnist(), nested)


@pytest.mark.parametrize("cache", ["given", "at home"])
def test_without_the_variable_the_files_are_in_the_users_cache(tmp_path, no_network, monkeypatch, cache):
    arrays = small()
    if cache == "given":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
        written(tmp_path / "own" / "stepgrad" / "mnist", arrays)
    else:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", lambda: tmp_path)
        written(tmp_path / ".cache" / "stepgrad" / "mnist", arrays)
    check(mnist(), arrays)


def test_missing_folders_and_files_are_named(tmp_path, no_network, monkeypatch):
    arrays = small()
    written(tmp_path, {NAMES[0]: arrays[NAMES[0]]})
    with pytest.raises(FileNotFoundError, match=f"{NAMES[1]}, {NAMES[2]}, {NAMES[3]}"):
        mnist(tmp_path)
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="STEPGRAD_DATA"):
        mnist()


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        (NAMES[1], np.arange(4, dtype=np.uint8), "holds 5 pictures, train-labels-idx1-ubyte 4 labels"),
        (NAMES[1], np.full(5, 11, np.uint8), "label 11"),
        (NAMES[0], np.zeros(5, np.uint8), r"pictures are uint8 \(n, height, width\)"),
        (NAMES[0], np.zeros((5, 4, 3), np.float32), "holds float32"),
        (NAMES[3], np.zeros((2, 2), np.uint8), "labels are uint8"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(tmp_path, no_network, name, array, words):
    with pytest.raises(ValueError, match=words):
        mnist(written(tmp_path, {**small(), name: array}))


# --- fetching -----------------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content`; `ranges`: honours Range; `cut`: breaks off after so many bytes, once."""

    content, ranges, cut, asked = b"", True, None, []

    def do_GET(self):
        cls = type(self)
        wanted = self.headers.get("Range")
        cls.asked.append((self.path, wanted))
        if self.path.endswith("missing"):
            self.send_error(404)
            return
        start = int(wanted[6:-1]) if wanted and cls.ranges else 0
        if start and start >= len(cls.content):
            self.send_error(416)
            return
        body = cls.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cls.cut is not None:
            body, cls.cut = body[: cls.cut], None
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    handler = type("Handler", (Server,), {"asked": [], "content": os.urandom(300_000)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{s.server_address[1]}/file"
        yield handler
        s.shutdown()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_fetched_and_checked(server, tmp_path):
    path = download([server.url], tmp_path / "deep" / "file", sha(server.content))
    assert path.read_bytes() == server.content
    assert names(tmp_path / "deep") == ["file"]


@pytest.mark.parametrize("tqdm", [True, False])
def test_a_bar_is_shown_where_tqdm_is(server, tmp_path, monkeypatch, capsys, tqdm):
    if tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    path = download([server.url], tmp_path / "file", sha(server.content))
    assert path.read_bytes() == server.content
    said = capsys.readouterr().err
    assert "300k/300k" in said if tqdm else not said


def test_a_checksum_may_be_that_of_the_content(server, tmp_path):
    server.content = gzip.compress(GOOD, mtime=7)
    assert download([server.url], tmp_path / "f.gz", sha(GOOD)).read_bytes() == server.content


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on(server, tmp_path, ranges):
    server.ranges, server.cut = ranges, 100_000
    with pytest.raises(ConnectionError, match="go on where it broke off"):
        download([server.url], tmp_path / "file", sha(server.content))
    assert names(tmp_path) == ["file.part"]
    assert (tmp_path / "file.part").stat().st_size == 100_000
    path = download([server.url], tmp_path / "file", sha(server.content))
    assert path.read_bytes() == server.content
    assert server.asked[-1][1] == "bytes=100000-"
    assert names(tmp_path) == ["file"]


def test_a_part_of_something_else_is_thrown_away(server, tmp_path):
    (tmp_path / "file.part").write_bytes(b"other" * 100)
    path = download([server.url], tmp_path / "file", sha(server.content))
    assert path.read_bytes() == server.content


def test_a_complete_part_is_taken(server, tmp_path):
    (tmp_path / "file.part").write_bytes(server.content)
    assert download([server.url], tmp_path / "file", sha(server.content)).read_bytes() == server.content


def test_a_wrong_file_is_never_given_the_name(server, tmp_path):
    with pytest.raises(ConnectionError, match="another sha256"):
        download([server.url], tmp_path / "file", "0" * 64)
    assert names(tmp_path) == []


def test_the_second_mirror_is_asked_when_the_first_has_none(server, tmp_path):
    path = download([server.url + "/missing", server.url], tmp_path / "file", sha(server.content))
    assert path.read_bytes() == server.content
    with pytest.raises(ConnectionError, match="404"):
        download([server.url + "/missing"], tmp_path / "other", sha(server.content))


def test_missing_files_are_fetched_into_the_data_folder(server, tmp_path, monkeypatch):
    arrays = small()
    contents = {name: gzip.compress(idx(a)) for name, a in arrays.items()}

    def respond(self):
        body = contents[self.path.removeprefix("/file/").removesuffix(".gz")]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    monkeypatch.setattr(server, "do_GET", respond)
    monkeypatch.setattr(mnist_files, "FASHION_MIRRORS", (server.url + "/",))
    monkeypatch.setattr(mnist_files, "FASHION_SHA256", tuple(sha(contents[name]) for name in NAMES))
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    check(fashion_mnist(), arrays)
    assert names(tmp_path / "fashion_mnist") == sorted(f"{name}.gz" for name in NAMES)
    monkeypatch.setattr(server, "do_GET", None)  # a second time, nothing is asked
    check(fashion_mnist(), arrays)


@pytest.mark.skipif(not os.environ.get("STEPGRAD_DATA"), reason="STEPGRAD_DATA names no folder with MNIST")
def test_the_real_files():
    (x, y), (x_test, y_test) = mnist()
    assert (x.shape, y.shape, x_test.shape, y_test.shape) == (
        (60000, 28, 28),
        (60000,),
        (10000, 28, 28),
        (10000,),
    )
    assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    for name, digest in zip(NAMES, mnist_files.MNIST_SHA256, strict=True):
        found = next(Path(os.environ["STEPGRAD_DATA"]).rglob(f"{name}*"))
        assert fetch.matches(found, digest)
