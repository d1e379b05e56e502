"""The law of the rule files: plain NumPy, nothing of ours but each other, nothing in place."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd.rules

FOLDER = Path(autograd.rules.__file__).parent
FILES = sorted(p for p in FOLDER.glob("*.py") if p.name not in ("__init__.py", "kernels.py"))
ALLOWED = {"numpy", "math", "operator", "itertools", "string", "collections.abc", "typing"}
SIBLINGS = {p.stem for p in FOLDER.glob("*.py")}
# file.name of what is written to and holds Python objects, never an array or a Value
PYTHON_OBJECTS = {
    "table.self": "an Op under construction",
    "table.UFUNCS": "the table itself",
    "table.FUNCTIONS": "the table itself",
    "shaping.order": "a list of axes",
    "shaping.start": "a count of elements",
    "shaping.k": "a number of turns",
    "indexing.grid": "a list of indices",
    "contraction.sizes": "a dict of lengths by letter",
    "contraction.wanted": "a string of letters",
    "contraction.subscripts": "a string of letters",
    "sequences.ends": "a list of two arguments",
}
ARRAY_WRITERS = {
    "put", "place", "copyto", "putmask", "fill_diagonal", "put_along_axis", "at", "fill", "itemset", "setflags",
    "__setitem__", "__iadd__", "__imul__", "__isub__", "__itruediv__",
}  # fmt: skip

files = pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module, node.lineno
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            assert node.level == 1, f"line {node.lineno}: imports from outside the rules"
            yield from (("." + name, node.lineno) for name in names)


def name_of(target):
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ast.unparse(target)


def writes(tree):
    """Everything that changes an object in place: (line, name, source)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            yield node.lineno, name_of(node.target), ast.unparse(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Delete | ast.For):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            for part in (p for target in targets for p in ast.walk(target)):
                stored = isinstance(getattr(part, "ctx", None), ast.Store | ast.Del)
                if stored and isinstance(part, ast.Subscript | ast.Attribute):
                    yield node.lineno, name_of(part), ast.unparse(node)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in ARRAY_WRITERS:
                yield node.lineno, name_of(node.func), ast.unparse(node)
            for keyword in node.keywords:
                plain_call = ast.unparse(node.func).split(".")[0] == "np"
                if keyword.arg == "out" and plain_call:
                    yield node.lineno, "out", ast.unparse(node)


def rules_in(tree):
    """(entry, rule) for every rule written as a lambda or named in Op(...), ufunc(...), primitive(...)."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("Op", "ufunc", "primitive")
        ):
            skip = 2 if node.func.id == "Op" else 1
            for argument in node.args[skip:]:
                if isinstance(argument, ast.Lambda):
                    yield ast.unparse(node)[:60], argument.args
                elif isinstance(argument, ast.Name) and argument.id in functions:
                    yield argument.id, functions[argument.id].args


def offences(source, stem=""):
    tree = ast.parse(source)
    found = [
        f"line {n}: imports {m}"
        for m, n in imports(tree)
        if m not in ALLOWED and m.removeprefix(".") not in SIBLINGS
    ]
    found += [
        f"line {n}: writes in place: {text}"
        for n, name, text in writes(tree)
        if f"{stem}.{name}" not in PYTHON_OBJECTS
    ]
    for entry, arguments in rules_in(tree):
        names = [a.arg for a in arguments.posonlyargs + arguments.args]
        if names[:2] != ["g", "out"]:
            found.append(f"{entry}: a rule takes (g, out, ...), not {tuple(names)}")
        if arguments.kwarg:
            found.append(f"{entry}: a rule names its parameters, **{arguments.kwarg.arg} hides them")
    return found


@files
def test_a_rule_file_is_plain_numpy(path):
    assert offences(path.read_text(encoding="utf-8"), path.stem) == []


def test_every_exception_is_still_needed():
    written = {
        f"{p.stem}.{name}" for p in FILES for _, name, _ in writes(ast.parse(p.read_text(encoding="utf-8")))
    }
    assert set(PYTHON_OBJECTS) == written


def test_every_rule_file_is_read_and_holds_rules():
    assert {"elementwise", "reductions", "shaping", "indexing", "contraction", "special"} <= {
        p.stem for p in FILES
    }
    count = sum(len(list(rules_in(ast.parse(p.read_text(encoding="utf-8"))))) for p in FILES)
    assert count > 100


@pytest.mark.parametrize(
    "source",
    [
        "from autograd.engine import record",
        "from .. import engine",
        "import scipy",
        "def f(g, out, x):\n    g *= 2\n    return g",
        "def f(g, out, x):\n    g[0] = 2\n    return g",
        "def f(g, out, x):\n    g[0], y = 2, 3\n    return g",
        "def f(g, out, x):\n    x.data = g",
        "def f(g, out, x):\n    del x[0]",
        "def f(g, out, x):\n    np.add(g, x, out=g)",
        "def f(g, out, x):\n    np.add.at(g, x, 1)",
        "def f(g, out, x):\n    g.fill(0)",
        "A = Op('a', np.sin, lambda g, out, x, **options: g)",
        "A = ufunc(np.sin, lambda out, g, x: g)",
        "def rule(x, g, out): return g\nA = primitive(np.sin, rule)",
    ],
)
def test_an_offence_is_found(source):
    try:
        assert offences(source)
    except AssertionError as error:
        assert "outside the rules" in str(error)


def test_import_brings_numpy_and_the_standard_library_alone():
    code = "import sys; before = set(sys.modules); import autograd; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert "autograd" in tops and "numpy" in tops
    strangers = {t for t in tops if t not in sys.stdlib_module_names and t not in ("numpy", "autograd")}
    assert not strangers, f"import autograd brings in {sorted(strangers)}"
