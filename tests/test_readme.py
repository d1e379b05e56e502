"""The README and the documentation do what they say."""

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent


def test_the_first_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S).group(1)
    scope = {}
    exec(compile(code, "README.md", "exec"), scope)
    assert scope["loss"].item() < 2e-1
    assert (tmp_path / "loss.svg").read_text(encoding="utf-8").lstrip().startswith(("<?xml", "<svg"))
    w = np.array([0.1, 0.2])
    np.testing.assert_allclose(scope["grad"](scope["f"])(w), 2 * np.tanh(w) / np.cosh(w) ** 2)


def test_the_first_screen_has_two_set_up_lines_and_names_the_clash():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^python3 -m venv .*$", text, re.M)) == 2
    assert "HIPS" in text


def test_every_link_in_the_readme_leads_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / target).exists(), target
