"""What the documentation shows is so: its pytest example, its command line, its links and the files it names (10 s).

Its `>>>` examples are doctests; docs/porting.md has tests of its own, PyTorch's pieces are in tests/oracle.
"""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd.rules import elementwise
from autograd.rules.table import FUNCTIONS, UFUNCS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
IN_CI = (ROOT / "docs" / "check_in_ci.md").read_text(encoding="utf-8")
MODEL = """import numpy as np
from autograd import primitive

@primitive(lambda g, out, x: g * x)
def square(x):
    return x**2

def loss(x): return np.sum(square(x))
"""
TEST_LOSS = """import numpy as np
from model import loss
from autograd.check import gradchecked
from autograd.check.strategies import arrays

@gradchecked(x=arrays((2,)))
def test_loss(x):
    return loss(x)
"""


def blocks(text, kind):
    return [code for k, code in re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M) if k == kind]


def run(folder, *command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def test_the_tests_of_the_page_on_ci_pass(tmp_path):
    examples = [b for b in blocks(IN_CI, "python") if ">>>" not in b and "torch" not in b]
    assert len(examples) == 2
    (tmp_path / "test_gradients.py").write_text("\n".join(examples))
    command = (
        "pytest -q -p no:cacheprovider -m gradcheck --hypothesis-profile=gradcheck --gradcheck-examples=4"
    )
    code, out = run(tmp_path, *command.split(), "--gradcheck-report=gradients.json")
    assert code == 0 and "5 passed" in out and (tmp_path / "gradients.json").exists(), out


def test_a_failure_looks_as_the_page_on_ci_shows(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "test_loss.py").write_text(TEST_LOSS)
    code, out = run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider")
    (shown,) = [b for b in blocks(IN_CI, "") if "FAIL" in b]
    assert code == 1
    for line in shown.splitlines():  # the numbers depend on what was drawn, the arrow's length on Python
        words = [w for w in re.split(r"[-+]?\d[\d.]*(?:e[-+]\d+)?|\^+|(?=model)", line) if w.strip()]
        assert re.search(".*".join(map(re.escape, words)), out), (line, out)


def test_the_command_line_of_the_page_on_ci(tmp_path):
    (command,) = [b.split("#")[0].strip() for b in blocks(IN_CI, "") if "python -m autograd.check" in b]
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text(
        "import numpy as np\ndef function(x, w): return np.tanh(x @ w)\n"
    )
    words = re.findall(r'"[^"]*"|\S+', command.replace("200", "2"))
    code, out = run(tmp_path, *[w.strip('"') for w in words[2:]])
    assert code == 0 and (tmp_path / "out.json").exists(), out


def test_the_rule_of_the_page_on_how_it_works_is_the_table_s():
    (rule,) = [b for b in blocks((ROOT / "docs" / "how_it_works.md").read_text(), "python") if ">>>" not in b]
    assert rule.strip() in inspect.getsource(elementwise)


LINK = r"\]\((?!http)([^)#]*)#?([^)]*)\)"


def anchors(page):
    """What a heading is called in a link, as GitHub makes it."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    heads = [re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", h) for h in re.findall(r"^#+ (.*)", text, re.M)]
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(LINK, re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8"))):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), (target, anchor)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_that_are_named_are_there(page):
    ours = r"`((?:autograd|nn|optim|tests|docs|notebooks|benchmarks)/[\w./]*)`"
    for name in re.findall(ours, page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


def test_functions_with_rules_are_as_many_as_the_readme_says():
    said = int(re.search(r"more than (\d+) functions have rules", (ROOT / "README.md").read_text())[1])
    functions = {f for f in FUNCTIONS if str(f.__module__).startswith("numpy")}
    ufuncs = {f for f in UFUNCS if getattr(np, f.__name__, None) is f}  # not those of SciPy that were met
    here = functions | ufuncs
    assert said <= len(here) < said + 50
