"""A small picture of an array: at most 32 x 32 pixels, a PNG inside a data: address."""

import base64
import struct
import zlib
from typing import Any

import numpy as np

Colour = tuple[int, int, int]

MOST = 32
STEPS = 16  # on either side of zero
BAD = (193, 0, 122)  # NaN and infinities


def uri(data: Any) -> str:
    """The picture of the last two axes (of the first entry along the others).

    Blue below zero, orange above, as strong as the largest magnitude; grey from black to
    white where nothing is negative.
    """
    array = np.asarray(data, dtype=float)
    array = array.reshape(-1, *array.shape[-2:])[0]
    return "data:image/png;base64," + base64.b64encode(png(*pixels(shrunk(array)))).decode()


def shrunk(array: Any) -> Any:
    """At most 32 rows and columns: the means of what falls together."""
    for axis in (0, 1):
        n = array.shape[axis]
        if n > MOST:
            starts = np.arange(MOST) * n // MOST
            counts = np.diff(np.append(starts, n))
            with np.errstate(all="ignore"):
                array = np.add.reduceat(array, starts, axis=axis)
            array = array / (counts[:, None] if axis == 0 else counts)
    return array


def pixels(array: Any) -> tuple[Any, bytes]:
    """Indices into a palette, and the palette."""
    finite = np.isfinite(array)
    largest = np.abs(array[finite]).max() if finite.any() else 0.0
    scaled = np.zeros(array.shape) if largest == 0 else np.where(finite, array, 0) / largest
    if (scaled >= 0).all():
        indices = np.rint(scaled * 2 * STEPS).astype(np.uint8)
        palette = [mixed((0, 0, 0), (255, 255, 255), i / (2 * STEPS)) for i in range(2 * STEPS + 1)]
    else:
        indices = (np.rint(scaled * STEPS) + STEPS).astype(np.uint8)
        blue, white, orange = (8, 119, 189), (247, 247, 247), (214, 107, 0)
        palette = [mixed(white, blue, (STEPS - i) / STEPS) for i in range(STEPS)]
        palette += [mixed(white, orange, i / STEPS) for i in range(STEPS + 1)]
    indices[~finite] = len(palette)
    return indices, bytes(c for colour in [*palette, BAD] for c in colour)


def mixed(a: Colour, b: Colour, t: float) -> Colour:
    """The colour at `t` of the way from one to another."""
    red, green, blue = (round(x + (y - x) * t) for x, y in zip(a, b, strict=True))
    return red, green, blue


def png(indices: Any, palette: bytes) -> bytes:
    """A PNG with a palette; its data is stored, not compressed, so that every zlib gives the same bytes."""
    height, width = indices.shape
    rows = b"".join(b"\0" + row.tobytes() for row in indices)
    stored = struct.pack("<BHH", 1, len(rows), len(rows) ^ 0xFFFF) + rows
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(rows))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    pieces = [(b"IHDR", head), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in pieces
    )
