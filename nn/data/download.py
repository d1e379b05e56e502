"""Fetch a file once: checked, resumed where it was broken off, never half there."""

import gzip
import hashlib
import importlib
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_CHUNK = 2**16
_TIMEOUT = 30.0  # seconds without an answer


def download(urls: Sequence[str], path: Path, sha256: str) -> Path:
    """Fetch `path` from the first of `urls` that has it, and check it.

    sha256: of the file, or of what it holds unzipped (mirrors compress anew).
    What has arrived is kept in `path`.part, so that the next call goes on there; only a
    checked file gets the name `path`.

    Raises ConnectionError if no address answers, naming each reason; ValueError if what
    came is not the file asked for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            begun = part.exists()
            _fetch(url, part)
            if begun and not matches(part, sha256):  # what was there may be from another mirror
                part.unlink()
                _fetch(url, part)
        except (OSError, ValueError) as error:  # urllib's errors are OSErrors
            reasons.append(f"{url}: {error}")
            continue
        if not matches(part, sha256):
            part.unlink()
            reasons.append(f"{url}: what came has another sha256 than {sha256}")
            continue
        part.replace(path)
        return path
    raise ConnectionError(
        f"could not fetch {path.name}: {'; '.join(reasons)}. Call again to go on where it broke off, "
        f"or put the file into {path.parent}"
    )


def matches(path: Path, sha256: str) -> bool:
    """Whether the file, or what it holds unzipped, has that checksum."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() == sha256:
        return True
    try:
        return hashlib.sha256(gzip.decompress(content)).hexdigest() == sha256
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False


def _fetch(url: str, part: Path) -> None:
    """Append to `part` what is missing of the file at `url`."""
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and there:  # nothing after what is there: it is complete, or not ours
            error.close()
            return
        error.close()
        raise
    with answer:
        resumed = answer.status == 206
        expected = answer.headers.get("Content-Length")
        got = 0
        with part.open("ab" if resumed else "wb") as file, _Bar(part.stem, expected) as bar:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                got += len(chunk)
                bar.update(len(chunk))
    if expected is not None and got < int(expected):
        raise OSError(f"broken off after {got} of {expected} bytes")


class _Bar:
    """A progress bar if tqdm is installed, else nothing."""

    def __init__(self, name: str, total: str | None) -> None:
        self._bar: Any = None
        try:
            tqdm = importlib.import_module("tqdm.auto").tqdm
        except ImportError:
            return
        self._bar = tqdm(total=int(total) if total else None, desc=name, unit="B", unit_scale=True)

    def update(self, n: int) -> None:
        if self._bar is not None:
            self._bar.update(n)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
