"""Save and load: arrays and plain numbers in safetensors files, never half written, nothing pickled."""

import contextlib
import glob
import importlib
import json
import os
import secrets
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Value
from nn.module import Module, check_names_and_shapes

__all__ = ["load", "load_checkpoint", "save", "save_checkpoint", "write_atomically"]

Path_ = str | os.PathLike[str]
FORMAT = "stepgrad-checkpoint"
VERSION = "1"
STALE = 3600.0  # seconds after which a temporary file belongs to nobody


# --- files that are there whole or not at all ---------------------------------------------------


def write_atomically(path: Path_, content: bytes) -> None:
    """Put `content` into the file: whoever reads it finds the old content or the new, whole.

    A temporary file in the same folder is written, flushed to the disk and renamed.  A process
    killed in between leaves the old file, and perhaps a `.tmp` file beside it, which the next
    write takes away once it is an hour old (a younger one may be another process at work).
    Raises FileNotFoundError if the folder does not exist.
    """
    path = Path(os.path.realpath(path))  # through a link, not in its place
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"save: the folder {path.parent} of {path.name} does not exist; make it first: "
            f"Path({str(path.parent)!r}).mkdir(parents=True)"
        )
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    written = path.stat().st_mtime
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if written - left.stat().st_mtime > STALE:
                left.unlink()
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _safetensors(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ImportError('nn.saving: needs the safetensors package: pip install "stepgrad[train]"') from None


def _written(path: Path_, tensors: Mapping[str, Any], metadata: dict[str, str] | None = None) -> None:
    ready = {name: _storable(name, x) for name, x in tensors.items()}
    write_atomically(path, _safetensors("safetensors.numpy").save(ready, metadata=metadata))


def _storable(name: str, x: Any) -> Any:
    array = np.array(
        x.data if isinstance(x, Value) else x, order="C"
    )  # a C-ordered copy, which keeps the shape () where it is one
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(
            f"save: {name!r} has dtype {array.dtype}; safetensors holds booleans, integers and "
            f"floats up to 64 bits: convert it, or leave it out"
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _read(path: Path_) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors and the metadata of a file; ValueError for a file that is damaged or another."""
    package = _safetensors("safetensors")
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {path}")
    try:
        with package.safe_open(str(path), framework="np") as file:
            # not an iterable, hence the keys
            return {name: _tensor(file, name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except package.SafetensorError as error:
        raise ValueError(
            f"load: {path} is no safetensors file, or was cut short ({error}); "
            f"take another copy, or save it again"
        ) from None


def _tensor(file: Any, name: str) -> Any:
    """One array of an open file; TypeError for bfloat16 and its like."""
    try:
        return file.get_tensor(name)
    except (TypeError, AttributeError):  # the dtype is looked up in NumPy
        dtype = file.get_slice(name).get_dtype()
        raise TypeError(
            f"load: {name!r} has dtype {dtype}, which NumPy has not; write the file with floats that it has "
            f"(of PyTorch's tensors: tensor.float())"
        ) from None


# --- weights ------------------------------------------------------------------------------------


def save(model_or_state: Module | Mapping[str, Any], path: Path_) -> None:
    """Write the state of a model (or a dict of arrays or Values) as a safetensors file, atomically.

    Any program that reads safetensors reads it.  Raises TypeError for what is no array of
    real numbers, ImportError without the safetensors package.
    """
    state = model_or_state.state_dict() if isinstance(model_or_state, Module) else model_or_state
    if not isinstance(state, Mapping):
        raise TypeError(f"save: got a {type(state).__name__}; pass a Module or a dict of arrays")
    wrong = [name for name in state if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"save: the names {wrong} are no strings; a state is a dict from names to arrays")
    _written(path, state)


def load(path: Path_) -> dict[str, Any]:
    """The arrays of a safetensors file by name, for `model.load_state_dict(load(path))`.

    Raises FileNotFoundError, ValueError for a foreign or truncated file, TypeError for dtypes
    that NumPy has not (bfloat16), ImportError without the safetensors package.
    """
    return _read(path)[0]


# --- checkpoints --------------------------------------------------------------------------------


def save_checkpoint(
    path: Path_,
    *,
    model: Module | None = None,
    optimizer: Any = None,
    scheduler: Any = None,
    loader: Any = None,
    callbacks: Sequence[Any] | None = None,
    step: int | None = None,
    rng: Any = None,
    extra: Any = None,
) -> None:
    """Write all that is needed to go on as if never interrupted, atomically, into one file.

    model, optimizer, scheduler, loader: anything with `state_dict()`.
    callbacks: of `fit`; those that have a `state_dict()` are saved.
    rng: a np.random.Generator, or a dict of several.
    extra: numbers, strings, arrays, and lists, tuples and dicts of them.

    Arrays are stored as tensors, all else as JSON, both with a checksum.
    Raises TypeError for what is neither, ImportError without the safetensors package.
    """
    parts: dict[str, Any] = {}
    given = _given(model=model, optimizer=optimizer, scheduler=scheduler, loader=loader, callbacks=callbacks)
    for name, thing in given.items():
        parts[name] = thing.state_dict()
    if rng is not None:
        parts["rng"] = {name: g.bit_generator.state for name, g in _generators(rng).items()}
    if step is not None:
        parts["step"] = step
    if extra is not None:
        parts["extra"] = extra
    tensors: dict[str, Any] = {}
    text = json.dumps({name: _encoded(part, name, tensors) for name, part in parts.items()})
    tensors = {name: _storable(name, x) for name, x in tensors.items()}
    metadata = {"format": FORMAT, "version": VERSION, "parts": text, "crc32": _checksum(text, tensors)}
    _written(path, tensors, metadata)


def load_checkpoint(
    path: Path_,
    *,
    model: Module | None = None,
    optimizer: Any = None,
    scheduler: Any = None,
    loader: Any = None,
    callbacks: Sequence[Any] | None = None,
    rng: Any = None,
) -> dict[str, Any]:
    """Put what is given here into the state it had in the file; {"step": ..., "extra": ...}.

    All or nothing: what is asked for is checked first, and if a `load_state_dict` still
    raises, everything is put back as it was.

    Raises FileNotFoundError; ValueError for a foreign, truncated or altered file, and for
    shapes or random generators that do not fit; KeyError for a part that the file does not
    hold, or other parameters; TypeError for other dtypes.
    """
    tensors, metadata = _read(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"load_checkpoint: {path} is no checkpoint; read plain weights with load()")
    if metadata.get("version") != VERSION:
        raise ValueError(
            f"load_checkpoint: {path} has version {metadata.get('version')}, version {VERSION} is known; "
            f"use the release that wrote it"
        )
    text = metadata.get("parts", "")
    if metadata.get("crc32") != _checksum(text, tensors):
        raise ValueError(f"load_checkpoint: {path} was altered: its checksum is wrong; take another copy")
    parts = {name: _decoded(part, tensors) for name, part in json.loads(text).items()}

    asked = _given(model=model, optimizer=optimizer, scheduler=scheduler, loader=loader, callbacks=callbacks)
    generators = {} if rng is None else _generators(rng)
    absent = [name for name in [*asked, *(["rng"] if generators else [])] if name not in parts]
    if absent:
        raise KeyError(
            f"load_checkpoint: {path} holds {sorted(parts)} and not {absent}; ask only for what was saved"
        )
    if model is not None:
        _check_model(model, parts["model"])
    if generators:
        _check_generators(generators, parts["rng"])

    before = {name: _decoded(*_copied(thing.state_dict())) for name, thing in asked.items()}
    try:
        for name, thing in asked.items():
            thing.load_state_dict(parts[name])
    except BaseException:
        for name, thing in asked.items():
            thing.load_state_dict(before[name])
        raise
    for name, generator in generators.items():
        generator.bit_generator.state = parts["rng"][name]
    return {name: parts.get(name) for name in ("step", "extra")}


class _Callbacks:
    """The callbacks of a training as one thing with a state: by their places and classes."""

    def __init__(self, callbacks: Sequence[Any]) -> None:
        with_state = [c for c in callbacks if hasattr(c, "state_dict")]
        self.named = {f"{i} {type(c).__name__}": c for i, c in enumerate(with_state)}

    def state_dict(self) -> dict[str, Any]:
        return {name: c.state_dict() for name, c in self.named.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if list(state) != list(self.named):
            raise ValueError(
                f"load_checkpoint: the file holds the callbacks {list(state)}, given are {list(self.named)}; "
                f"pass those of the training that was saved, in their order"
            )
        for name, c in self.named.items():
            c.load_state_dict(state[name])


def _given(callbacks: Sequence[Any] | None, **others: Any) -> dict[str, Any]:
    """What has a state, by name, of what is not None."""
    together = None if callbacks is None else _Callbacks(callbacks)
    given = {**others, "callbacks": together}
    return {name: _with_state(name, thing) for name, thing in given.items() if thing is not None}


def _with_state(name: str, thing: Any) -> Any:
    if not hasattr(thing, "state_dict") or not hasattr(thing, "load_state_dict"):
        raise TypeError(
            f"checkpoint: {name} is a {type(thing).__name__} without state_dict() and load_state_dict(); "
            f"pass an object that has them, or its numbers as extra="
        )
    return thing


def _generators(rng: Any) -> dict[str, np.random.Generator]:
    generators = {"": rng} if isinstance(rng, np.random.Generator) else rng
    if not isinstance(generators, Mapping) or not all(
        isinstance(g, np.random.Generator) for g in generators.values()
    ):
        raise TypeError(
            f"checkpoint: rng is a {type(rng).__name__}; pass a np.random.Generator or a dict of them"
        )
    return dict(generators)


def _check_model(model: Module, state: Mapping[str, Any]) -> None:
    own = model.state_dict()
    check_names_and_shapes(
        "load_checkpoint: the model does not fit",
        {name: x.shape for name, x in own.items()},
        {name: x.shape for name, x in state.items()},
    )
    dtypes = [
        f"{k}: {state[k].dtype} in the file, {own[k].dtype} here"
        for k in own
        if state[k].dtype != own[k].dtype
    ]
    if dtypes:
        raise TypeError(
            f"load_checkpoint: the model does not fit: {'; '.join(dtypes)}; build it as it was when saved"
        )


def _check_generators(generators: Mapping[str, np.random.Generator], states: Mapping[str, Any]) -> None:
    if set(generators) != set(states):
        raise KeyError(
            f"load_checkpoint: rng names {sorted(generators)} given, the file holds {sorted(states)}; "
            f"pass the same ones"
        )
    for name, generator in generators.items():
        kind = type(generator.bit_generator)
        if states[name].get("bit_generator") != kind.__name__:
            raise ValueError(
                f"load_checkpoint: the rng {name!r} is a {kind.__name__}, the file holds the state of a "
                f"{states[name].get('bit_generator')}; make a generator of that kind"
            )
        kind().state = states[name]  # raises for a state that is none, and touches nothing of ours


def _copied(state: Any) -> tuple[Any, dict[str, Any]]:
    tensors: dict[str, Any] = {}
    tree = _encoded(state, "state", tensors)
    return tree, {name: np.array(x) for name, x in tensors.items()}


# --- trees of arrays and numbers as JSON ----------------------------------------------------------
#
# A dict whose only key starts with "$" stands for what JSON lacks: {"$array": name of a tensor},
# {"$scalar": the same, of shape ()}, {"$tuple": items}, {"$dict": [key, value] pairs}.


def _encoded(x: Any, name: str, tensors: dict[str, Any]) -> Any:
    """`x` for JSON; its arrays go into `tensors` under names that start with `name`."""
    if x is None or type(x) in (bool, int, float, str):
        return x
    if isinstance(x, np.ndarray | np.generic):
        while name in tensors:  # "a.0" may be a key, or the first of the list "a"
            name += "_"
        tensors[name] = _storable(name, x)
        return {"$array" if isinstance(x, np.ndarray) else "$scalar": name}
    if isinstance(x, dict):
        if all(isinstance(k, str) and not k.startswith("$") for k in x):
            return {k: _encoded(v, f"{name}.{k}", tensors) for k, v in x.items()}
        return {
            "$dict": [
                [_encoded(k, f"{name}.{i}.key", tensors), _encoded(v, f"{name}.{i}", tensors)]
                for i, (k, v) in enumerate(x.items())
            ]
        }
    if isinstance(x, list | tuple):
        items = [_encoded(v, f"{name}.{i}", tensors) for i, v in enumerate(x)]
        return items if isinstance(x, list) else {"$tuple": items}
    raise TypeError(
        f"save_checkpoint: {name} is a {type(x).__name__}; a state holds arrays, numbers, strings, None, "
        f"and lists, tuples and dicts of them"
    )


def _decoded(x: Any, tensors: Mapping[str, Any]) -> Any:
    if isinstance(x, list):
        return [_decoded(v, tensors) for v in x]
    if not isinstance(x, dict):
        return x
    if len(x) == 1:
        ((kind, content),) = x.items()
        if kind == "$array":
            return tensors[content]
        if kind == "$scalar":
            return tensors[content][()]
        if kind == "$tuple":
            return tuple(_decoded(v, tensors) for v in content)
        if kind == "$dict":
            return {_decoded(k, tensors): _decoded(v, tensors) for k, v in content}
    return {k: _decoded(v, tensors) for k, v in x.items()}


def _checksum(text: str, tensors: Mapping[str, Any]) -> str:
    total = zlib.crc32(text.encode())
    for name, x in sorted(tensors.items()):
        total = zlib.crc32(f"{name} {x.dtype} {x.shape}".encode(), total)
        total = zlib.crc32(np.ascontiguousarray(x).data, total)
    return f"{total:08x}"
