"""What docs/porting.md tells people to write runs: every piece of code in the last column of its tables (2 s)."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import autograd
import nn
import optim
from autograd.check import check_grads

TEXT = (Path(__file__).parent.parent / "docs" / "porting.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ")]
CODE = [
    (row, code) for row in ROWS for code in re.findall(r"`([^`]+)`", row.rstrip(" |").rpartition(" | ")[2])
]
# names in running text
NAMES = {"None", "autograd", "autograd.special", "autograd.check", "nn.functional", "random", "ids"}
NAMES |= {"backward()", "zero_grad()", "no_grad()", ".grad", "dtype=", "create_graph", "retain_graph"}
NAMES |= {"allow_unused", "static_argnums", "primitive", 'pip install "stepgrad[train]"'}


def names():
    x, m = np.array([0.5, 1.5]), np.array([[2.0, 1.0], [1.0, 3.0]])
    v, w = autograd.Value(m), autograd.Value([[1.0, 0.5], [0.5, 2.0]])
    known = {k: getattr(autograd, k) for k in autograd.__all__ if k != "compile"}
    known |= dict(
        np=np,
        scipy=scipy,
        nn=nn,
        optim=optim,
        F=nn.functional,
        check_grads=check_grads,
        compile=autograd.compile,
    )
    known |= dict(x=x, t=np.ones(2), m=m, v=v, w=w, y=(v * w).sum(), z=autograd.Value(3.0))
    known |= dict(f=lambda x: np.sum(x**3), h=np.sin, g=lambda a, b: np.sum(a * b))
    known |= dict(
        aux=lambda x: (np.sum(x**2), x * 2), model=nn.Linear(2, 1), optimizer=optim.SGD([w], lr=0.1)
    )
    return known | dict(params={"a": x}, gs={"a": x})


@pytest.mark.parametrize(("row", "code"), CODE, ids=range(len(CODE)))
def test_what_the_tables_say_runs(row, code, tmp_path, monkeypatch):
    if code in NAMES:
        return
    monkeypatch.chdir(tmp_path)
    known = names()
    if "nn.load(" in code:
        nn.save(known["model"], "model.safetensors")
    exec(code, known)


def test_there_are_tables_of_all_four():
    assert len(CODE) > 150 and TEXT.count("\n## From ") == 4


def test_what_is_called_the_same_is_the_same():
    known = names()
    here = lambda code: np.asarray(eval(code, known))
    x, m, v = known["x"], known["m"], known["v"].data
    np.testing.assert_allclose(here("grad(lambda x: np.sum(h(x)))(x)"), np.cos(x))
    forward = "np.stack([jvp(h, (x,), (e,))[1] for e in np.eye(2)], axis=-1)"
    np.testing.assert_allclose(here(forward), here("jacobian(h)(x)"))
    np.testing.assert_allclose(here("hvp(f)(x, t)"), here("jvp(grad(f), (x,), (t,))[1]"))
    np.testing.assert_allclose(here("np.stack([grad(g)(x, row) for row in m])"), m)
    np.testing.assert_allclose(here("jacobian(lambda x: np.sum(x * m, axis=1))(x)"), m)
    known["z"] = np.array([1.0, 2.0])
    added = np.zeros((3, 2))
    np.add.at(added, [0, 2, 2], known["z"])
    np.testing.assert_allclose(here("np.eye(3)[[0, 2, 2]].T @ np.stack([z, z, z])"), added)
    normal = "-0.5 * ((v - 1.0) / 2.0) ** 2 - np.log(2.0) - 0.5 * np.log(2 * np.pi)"
    density = np.exp(-((v - 1.0) ** 2) / 8.0) / (2.0 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(np.exp(eval(normal, known).data), density)
