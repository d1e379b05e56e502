"""IDX, the file format of MNIST: a magic number, the lengths of the axes, the elements.

Format: two zero bytes, a type code, the number of axes; then each length and all elements,
big-endian (https://yann.lecun.com/exdb/mnist, "the IDX file format").
"""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LARGEST = 2**31  # bytes: MNIST's largest file has 47 million
_CHUNK = 2**20


def read_idx(path: str | os.PathLike[str]) -> Any:
    """The array in an IDX file, gzip or not (told by its first bytes, not by its name).

    Raises FileNotFoundError, or ValueError for a file that is no IDX file, is cut short,
    goes on after its last element, or announces more than 2 GiB.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                return _parsed(raw, path)
            with gzip.GzipFile(fileobj=raw) as unzipped:
                return _parsed(unzipped, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: the gzip file is damaged or cut short ({error}); fetch it again") from None


def _parsed(stream: IO[bytes] | gzip.GzipFile, path: Path) -> Any:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in TYPES or not head[3]:
        raise ValueError(
            f"{path}: no IDX file: it starts with {head.hex(' ') or 'nothing'}, where two zero bytes, "
            f"a type code and the number of axes are expected; is it another format?"
        )
    lengths = stream.read(4 * head[3])
    if len(lengths) < 4 * head[3]:
        raise ValueError(f"{path}: cut short inside the header; fetch it again")
    shape = struct.unpack(f">{head[3]}I", lengths)
    dtype = np.dtype(TYPES[head[2]])
    size = math.prod(shape) * dtype.itemsize
    if size > LARGEST:
        raise ValueError(
            f"{path}: announces {dtype.name} {shape}, {size} bytes, more than the {LARGEST} read here; "
            f"the header is damaged, or the file must be read in parts"
        )
    content = bytearray()
    while len(content) <= size and (chunk := stream.read(min(_CHUNK, size + 1 - len(content)))):
        content += chunk
    if len(content) != size:
        what = "cut short" if len(content) < size else "too long"
        raise ValueError(
            f"{path}: {what}: {dtype.name} {shape} takes {size} bytes, "
            f"{len(content) if len(content) < size else 'more'} found; fetch it again"
        )
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))
