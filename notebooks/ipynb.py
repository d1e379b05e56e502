"""The problems as Jupyter notebooks: a module in jupytext's percent format is the source of its .ipynb.

In the module a cell begins with `# %%`, a text cell with `# %% [markdown]`; the first one is the module's docstring.
Cells tagged `active-ipynb` are comments there and run in the notebook alone: they show what the module defines.

`python -m notebooks --ipynb` runs each notebook from its first cell, in a kernel of its own that starts in the
folder above this one, and writes it with its results.  Two runs write the same bytes: cells are named by their
place, no times are kept, and sliders and progress bars are kept as the pictures and text that they showed.  Of a player
of gradient steps a still is kept, so that the file stays small; who runs the cell gets the player.

`--check` runs them too but writes nothing.  It compares what a module and its .ipynb say and what was printed.
Between machines a printed number may differ by one in its last digit, or by 1e-9 of its size; whole numbers may
not differ.  Pictures and HTML must be there, but their bytes are the business of the library that drew them.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from autograd.graph.render import write
from notebooks.still import still

FOLDER = Path(__file__).parent
NEEDED = ("jupytext", "nbclient", "ipykernel", "ipywidgets")
TIMEOUT, TIMEOUT_MNIST = 300, 1200  # seconds for one cell; on MNIST and a busy machine one takes minutes
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
WIDGET = "application/vnd.jupyter.widget-view+json"
NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
CLOSE = 1e-9
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # a terminal's, in tracebacks

Notebook = Any  # nbformat's NotebookNode


def paths(name: str) -> tuple[Path, Path]:
    """The module of a problem and its .ipynb."""
    return FOLDER / f"{name}.py", FOLDER / f"{name}.ipynb"


# --- making -----------------------------------------------------------------------------


def unrun(name: str) -> Notebook:
    """The notebook that the module of a problem describes, not yet run."""
    import jupytext

    notebook = jupytext.read(paths(name)[0], fmt="py:percent")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata["kernelspec"] = KERNEL
    for place, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{place:02}"
    return notebook


def run(name: str, data: Path | None = None) -> Notebook:
    """The same, run; `data` is the folder with data that the notebook finds in STEPGRAD_DATA.

    Raises RuntimeError if a cell raises or writes to stderr, TimeoutError if one takes more than TIMEOUT.
    """
    try:
        return run_once(name, data)
    except TimeoutError as error:  # once in some hundred runs a kernel on a busy machine loses a message
        print(f"{name}.ipynb: {str(error).splitlines()[0]}; once more", file=sys.stderr)
        return run_once(name, data)


def run_once(name: str, data: Path | None) -> Notebook:
    """`run`, in one kernel."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = unrun(name)
    place = {"metadata": {"path": str(FOLDER.parent)}}
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_MNIST if data else TIMEOUT,
        kernel_name=KERNEL["name"],
        resources=place,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of an open port on this machine
    )
    with tempfile.TemporaryDirectory() as profile:  # nobody's start-up files and history
        settings = {"IPYTHONDIR": profile} | ({"STEPGRAD_DATA": str(data.resolve())} if data else {})
        try:
            client.execute(env=os.environ | settings)
        except CellExecutionError as error:
            raise RuntimeError(f"a cell raises {error.ename}\n{COLOUR.sub('', str(error))}") from None
    notebook.metadata["language_info"] = {"name": "python"}  # it held the version
    widgets = notebook.metadata.pop("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    state = {key: model["state"] for key, model in widgets.get("state", {}).items()}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(map(lighter, shown(cell.outputs, state)))
            for output in cell.outputs:
                if output.output_type == "stream" and output.name == "stderr":
                    raise RuntimeError(f"{cell.id} writes to stderr: {output.text.strip()}")
    return notebook


def shown(outputs: Sequence[Any], state: dict[str, Any]) -> Iterator[Any]:
    """Outputs with each widget replaced by what it shows: a widget works only while a kernel runs."""
    for output in outputs:
        model = output.get("data", {}).get(WIDGET, {}).get("model_id")
        yield from inside(model, state) if model else [output]


def inside(model: str, state: dict[str, Any]) -> Iterator[Any]:
    """The outputs held by a widget and the widgets in it."""
    from nbformat import from_dict

    yield from map(from_dict, state[model].get("outputs", ()))
    for child in state[model].get("children", ()):
        yield from inside(child.removeprefix("IPY_MODEL_"), state)


def lighter(output: Any) -> Any:
    """The output with a still in place of a player."""
    picture = still(output.get("data", {}).get("text/html", ""))
    if picture:
        del output.data["text/html"]
        output.data["image/svg+xml"] = picture
    return output


def joined(outputs: Iterator[Any]) -> list[Any]:
    """Outputs with printed text in one piece: where a kernel cuts it is a matter of time."""
    whole: list[Any] = []
    for output in outputs:
        last = whole[-1] if whole else {}
        if output.output_type == "stream" == last.get("output_type") and output.name == last["name"]:
            last["text"] += output.text
        else:
            whole.append(output)
    return whole


def save(name: str, notebook: Notebook) -> Path:
    """Write a notebook beside its module."""
    import nbformat

    nbformat.validate(notebook)
    return write(paths(name)[1], (nbformat.writes(notebook) + "\n").encode())  # type: ignore[no-untyped-call]


# --- checking ---------------------------------------------------------------------------


def committed(name: str) -> Notebook:
    """The .ipynb as it lies there; RuntimeError if there is none."""
    import nbformat

    path = paths(name)[1]
    if not path.exists():
        raise RuntimeError(f"{path.name} is missing; make it with: python -m notebooks --ipynb {name}")
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def out_of_step(name: str) -> list[str]:
    """Where the module and the .ipynb do not say the same; nothing is run."""
    return different(
        (what(cell) for cell in unrun(name).cells),
        (what(cell) for cell in committed(name).cells),
        f"{name}.py",
        f"{name}.ipynb",
    )


def changed(name: str, now: Notebook) -> list[str]:
    """Where the outputs of a run are not those of the .ipynb, by the rules above."""
    return [
        f"{cell.id}: {line}"
        for cell, then in zip(now.cells, committed(name).cells, strict=False)
        if cell.cell_type == "code"
        for line in different(
            map(told, cell.outputs), map(told, then.get("outputs", ())), "now", f"{name}.ipynb"
        )
    ]


def what(cell: Any) -> str:
    """A cell as a person edits it."""
    return f"{cell.id}, {cell.cell_type} {cell.metadata.get('tags', [])}:\n{cell.source}"


def told(output: Any) -> str:
    """The text of an output; of a picture or HTML only that it is there."""
    if output.output_type == "stream":
        return f"{output.name}: {output.text}"
    kinds = sorted(output.data)
    return f"{output.output_type} {kinds}: {output.data.get('text/plain', '')}"


def different(ours: Any, theirs: Any, here: str, there: str) -> list[str]:
    """The first line of each pair of texts in which they differ."""
    found = []
    for a, b in zip_longest(ours, theirs, fillvalue=""):
        for line, other in zip_longest(a.splitlines(), b.splitlines(), fillvalue=""):
            if not same(line, other):
                found.append(f"{here} has {line!r}, {there} has {other!r}")
                break
    return found


def same(line: str, other: str) -> bool:
    """Equal but for the last digit of numbers that have a decimal point or an exponent."""
    pairs = zip_longest(NUMBER.findall(line), NUMBER.findall(other), fillvalue="")
    return NUMBER.sub("#", line) == NUMBER.sub("#", other) and all(agree(a, b) for a, b in pairs)


def agree(a: str, b: str) -> bool:
    """Two printed numbers are equal, or differ by one in the last digit or by 1e-9 of their size."""
    if a == b:
        return True
    if unit(a) is None or unit(b) is None:
        return False
    gap = abs(float(a) - float(b))
    return gap <= max(1.000001 * max(unit(a) or 0, unit(b) or 0), CLOSE * abs(float(a)))


def unit(number: str) -> float | None:
    """The worth of the last digit that is printed; None for a whole number."""
    digits, _, exponent = number.partition("e")
    if "." not in digits and not exponent:
        return None
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
