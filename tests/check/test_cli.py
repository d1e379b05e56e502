"""`python -m autograd.check`: exit codes, what it prints and writes, what it refuses."""

import json
import re
import subprocess
import sys

import pytest

from autograd.check import GradientError
from autograd.check.__main__ import RIGHT, UNVERIFIED, USAGE, WRONG, main

MODULE = """
import hypothesis
import numpy as np
from autograd import primitive
from autograd.check import gradchecked

planted = primitive(lambda g, out, x: g * x)(np.square)

def right(x, y):
    return np.tanh(x @ y)

def wrong(x):
    return planted(x) + 1

def logarithm(x):
    with np.errstate(all="ignore"):
        return np.log(x)

def never(x):
    hypothesis.assume(False)

def raises(x):
    raise KeyError("a bug")

def always(x):
    raise ValueError("no such thing")

def off(x):
    return 2 * x

def squares(x):
    return np.sum(x**2)

def leaves(x):
    raise SystemExit(0)

def power_of(x, power, how="sum"):
    assert isinstance(power, (int, float)) and how == "sum"
    return np.sum(planted(x)) if power == 3 else np.sum(x**power)

def power_slope(x, power, how="sum"):
    return 2 * x

class Model:
    @staticmethod
    def loss(x):
        return np.sum(x * x)

number = 3
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "checked_functions.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("checked_functions", None)


def run(function, args, *options):
    return main([f"checked_functions:{function}", "--args", args, "--examples", "10", *options])


def test_by_name(capsys):
    assert run("right", "y=arrays((4,)), x=arrays((3, 4))") == RIGHT
    assert run("right", "x=arrays((3, 4))") == USAGE
    assert "right needs y too; draw it, y=arrays((3,)), or give it: y=0" in capsys.readouterr().err
    capsys.readouterr()
    for args, message in (
        ("z=arrays((3,))", "z= is no parameter of right, which has x, y"),
        ("arrays((3,)), y=arrays((3,))", "some strategies are named"),
        ("arrays((3,)), arrays((3,)), arrays((3,))", "3 strategies for right, which takes 2"),
        ("arrays((3,)", "write e.g. arrays((3, 4))"),
    ):
        assert run("right", args) == USAGE
        assert message in capsys.readouterr().err


def test_right(capsys):
    assert run("right", "arrays((3, 4), domain=domains.REAL), arrays((4,), domain=domains.POSITIVE)") == RIGHT
    assert capsys.readouterr().out == "checked_functions:right: 10 examples: 160 PASS\n"
    assert run("Model.loss", "arrays((2,), dtype='float64')", "--order", "2") == RIGHT
    capsys.readouterr()
    assert run("right", "(arrays((1,)), arrays((1,)))") == RIGHT  # the arguments as a tuple
    assert capsys.readouterr().out.startswith("checked_functions:right: 10 examples: ")
    assert run("wrong", "arrays((1,), dtype=['float32'], domain=domains.Numbers((-1.5, 2.0)))") == WRONG
    assert "dtype=np.float32" in capsys.readouterr().out


def test_wrong(capsys, module):
    assert run("wrong", "arrays((2,))", "--json", "out.json") == WRONG
    out = capsys.readouterr().out
    assert re.match(r"wrong  d/dx\[\d\]   FAIL\n", out) and "smallest example found by hypothesis" in out
    line = re.search(r"repeat: +(.*)", out)[1]
    assert "; from checked_functions import wrong; check_grads(wrong, np.array([" in line
    with pytest.raises(GradientError):
        exec(line, {})
    written = json.loads((module / "out.json").read_text())
    assert written["exit code"] == WRONG and written["counts"]["FAIL"] > 0
    assert written["failure"]["worst"]["reason"] and written["message"] in out


@pytest.mark.parametrize(
    "args",
    ["x=arrays((2,)), power=3, how='sum'", "arrays((2,)), how='sum', power=3", "x=arrays((2,)), power=3"],
)
def test_what_stays_the_same(args, capsys):
    """A constant is given by name, and is in the line that repeats the check; a float is not differentiated."""
    assert run("power_of", args) == WRONG
    line = re.search(r"repeat: +(.*)", capsys.readouterr().out)[1]
    assert "check_grads(partial(power_of, " in line and "power=3" in line
    with pytest.raises(GradientError, match=r"d/d(x|arg0)\[\d\]"):
        exec(line, {})
    assert run("power_of", args.replace("3", "2.0")) == RIGHT
    assert run("power_of", args, "--grad", "checked_functions:power_slope") == RIGHT


def test_it_says_where_things_are_defined(capsys, module):
    assert run("wrong", "arrays((2,))") == WRONG
    out = capsys.readouterr().out
    assert re.search(
        r"first wrong local gradient: .*checked_functions.py:\d+, its rule .*checked_functions.py:\d+", out
    )
    assert run("squares", "arrays((2,))", "--vjp", "checked_functions:right") == WRONG
    assert re.search(r"\n  vjp=right   .*checked_functions.py:\d+\n", capsys.readouterr().out)


def test_the_same_seed_gives_the_same_run(capsys):
    assert run("wrong", "arrays((2,))", "--seed", "4") == WRONG
    first = capsys.readouterr().out
    assert run("wrong", "arrays((2,))", "--seed", "4") == WRONG
    assert capsys.readouterr().out == first and "seed=4)" in first


def test_a_function_that_raises_is_not_right(capsys):
    assert run("raises", "arrays(())") == WRONG
    assert "checked_functions:raises raised KeyError: 'a bug'" in capsys.readouterr().out


def test_a_function_that_always_raises_what_may_mean_outside(capsys):
    for options in ([], ["--unverified", "1"]):
        assert run("always", "arrays((2,))", *options) == WRONG
        assert (
            "raised in every one of 10 examples, first ValueError: no such thing" in capsys.readouterr().out
        )


def test_a_gradient_from_elsewhere(capsys):
    assert run("squares", "arrays((2,))", "--grad", "checked_functions:off") == RIGHT
    assert run("wrong", "arrays((2,))", "--grad", "checked_functions:off") == WRONG
    capsys.readouterr()
    assert run("squares", "arrays((2,))", "--vjp", "checked_functions:right") == WRONG
    out = capsys.readouterr().out
    assert "import right; check_grads(squares, " in out and "vjp=right, seed=0)" in out
    assert run("squares", "arrays(2)", "--grad", "checked_functions:off", "--order", "2") == USAGE
    assert "exclude each other" in capsys.readouterr().err


def test_a_function_that_leaves_is_not_right(capsys):
    assert run("leaves", "arrays(3)") == WRONG
    assert "raised SystemExit" in capsys.readouterr().out


def test_unverified_above_the_limit(capsys):
    assert run("logarithm", "arrays(())") == UNVERIFIED
    assert "findings are unverified or undefined, 20% may be" in capsys.readouterr().out
    assert run("logarithm", "arrays(())", "--unverified", "1") == RIGHT
    assert run("logarithm", "arrays((0,))") == UNVERIFIED
    assert "nothing was verified" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        ("right", "", "--args is empty"),
        ("right", "arrays((3,)) arrays((3,))", "invalid syntax"),
        ("right", "arrays((3,)", "'(' was never closed"),
        ("right", "__import__('os').getcwd()", "is not a strategy; the names are aliased"),
        ("right", "arrays(3).map(print)", "'arrays(3).map' is not a strategy"),
        ("right", "domains.__class__", "is not a strategy"),
        ("right", "domains.NOWHERE", "'domains.NOWHERE' is not a strategy"),
        ("right", "(lambda: 1)()", "is not a strategy"),
        ("right", "[x for x in arrays]", "is not a strategy"),
        ("right", "arrays(**{'shape': 3})", "is not a strategy"),
        ("right", "3", "3 is not a strategy; write e.g."),
        ("right", "arrays(3), 3", "and what stays the same by name: axis=0"),
        ("right", "x=arrays(3), y=arrays", "y= is not a strategy; write e.g. y=arrays((3, 4))"),
        ("right", "y=2.0", "--args is empty of strategies"),
        ("right", "arrays(3), z=2.0", "z= is no parameter of right, which has x, y"),
        ("right", "3) + given(4", "is no list of strategies; write e.g."),
        ("right", "**{}", "is no list of strategies; write e.g."),
        ("right", "arrays(3, dtype='int64')", "carries no gradient"),
        ("right", "arrays(sides=3)", "unexpected keyword"),
        ("right", "arrays(-1)", "no side is negative"),
        ("number", "arrays(3)", "is a int; a function is needed"),
        ("missing", "arrays(3)", "has no 'missing'"),
    ],
)
def test_usage_errors(function, args, message, capsys):
    assert run(function, args) == USAGE
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1


def test_more_usage_errors(capsys):
    for name, message in [("nothing", "names no function"), ("no_such.thing:f", "no module 'no_such'")]:
        assert main([name, "--args", "arrays(3)"]) == USAGE
        assert message in capsys.readouterr().err
    for option in (["--examples", "0"], ["--order", "0"], ["--unverified", "2"]):
        assert main(["checked_functions:right", "--args", "arrays(3)", *option]) == USAGE
        assert "at least 1" in capsys.readouterr().err
    for arguments in ([], ["checked_functions:right"], ["a:b", "--args", "x", "--examples", "many"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == USAGE
    assert run("right", "arrays((3, 4)), arrays((4,))", "--json", "no/such/folder.json") == USAGE


def test_nothing_that_can_be_drawn_is_not_right(capsys):
    assert run("never", "arrays(())") == UNVERIFIED
    assert "nothing could be drawn: " in capsys.readouterr().out


def test_a_module_that_misses_one_of_its_own_says_which(module, capsys):
    (module / "misses.py").write_text("import no_such_dependency\ndef f(x): return x\n")
    assert main(["misses:f", "--args", "arrays(3)"]) == USAGE
    assert capsys.readouterr().err == "python -m autograd.check: No module named 'no_such_dependency'\n"


def test_as_a_command():
    command = [sys.executable, "-m", "autograd.check", "checked_functions:wrong", "--args", "arrays(())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == WRONG and done.stdout.startswith("wrong  d/dx   FAIL\n") and not done.stderr
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from autograd.check.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command[3:]], capture_output=True, text=True, check=False
    )
    assert done.returncode == USAGE and 'pip install "stepgrad[check]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1
