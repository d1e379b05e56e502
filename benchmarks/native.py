"""C written by hand, compiled when it is run: how quick a training loop can be."""

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC")


def compiler() -> list[str]:
    """The command of the C compiler; ImportError without one."""
    command = shlex.split(os.environ.get("CC", "cc"))
    if shutil.which(command[0]) is None:
        raise ImportError(f"no C compiler {command[0]!r}; install one or name it in the variable CC")
    return command


def version() -> str:
    """What the compiler calls itself."""
    done = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=True)
    return done.stdout.partition("\n")[0]


LONG, DOUBLE, POINTER = ctypes.c_long, ctypes.c_double, ctypes.c_void_p


def function(source: str, *kinds: Any, result: Any = None) -> Any:
    """The function `run` of a piece of C, which takes arguments of these kinds (of an array its .ctypes.data)."""
    with tempfile.TemporaryDirectory() as folder:
        text, library = Path(folder, "a.c"), Path(folder, "a.so")
        text.write_text(source)
        command = [*compiler(), *FLAGS, str(text), "-o", str(library), "-lm"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        made = ctypes.CDLL(str(library)).run
    made.argtypes, made.restype = kinds, result
    return made
