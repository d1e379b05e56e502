"""DOT text to a picture: Graphviz from the system, or the one inside pygraphviz's wheels."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import get_ident

TIMEOUT = 120  # seconds
# In a process of its own: a layout that hangs can be stopped, and what its libraries
# print stays out of the user's terminal.
PYGRAPHVIZ = (
    "import sys, pygraphviz; "
    "graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()); "
    "sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog='dot'))"
)


def render(source: str, form: str) -> bytes:
    """The picture of a DOT text; `form` is 'svg', 'png' or 'pdf'.

    Raises RuntimeError if Graphviz is not installed, fails, or takes too long.
    """
    command = graphviz(form)
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"Graphviz did not finish in {TIMEOUT} s; draw a smaller graph") from None
    if done.returncode or not done.stdout:
        raise RuntimeError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip() or 'no output'}")
    return done.stdout


def graphviz(form: str) -> list[str]:
    """The command that reads DOT and writes a picture; RuntimeError if there is none."""
    if (dot := shutil.which("dot")) is not None:
        return [dot, f"-T{form}"]
    if sys.executable and importlib.util.find_spec("pygraphviz") is not None:
        return [sys.executable, "-P", "-c", PYGRAPHVIZ, form]
    raise RuntimeError(
        'drawing needs Graphviz, which was not found; install it with: pip install "stepgrad[viz]"'
    )


def write(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that it is there whole or not at all; returns its path."""
    path = Path(path)
    part = path.with_name(f".{path.name[:40]}.{os.getpid()}.{get_ident()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None  # not of the part
    finally:
        part.unlink(missing_ok=True)
    return path
