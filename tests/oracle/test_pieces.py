"""The pieces of the documentation that need PyTorch run (1 s)."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from autograd.check import GradientError, check_grads

pytestmark = pytest.mark.oracle
DOCS = Path(__file__).parents[2] / "docs"


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


class Wrong(Square):
    @staticmethod
    def backward(ctx, g):
        return ctx.saved_tensors[0] * g


def pieces():
    for page in ("check_in_ci.md", "checking.md"):
        for code in re.findall(r"^```\w+\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.S | re.M):
            if "torch." in code:
                yield page, code


@pytest.mark.parametrize(("page", "code"), list(pieces()), ids=["ci", "checking"])
def test_a_function_of_pytorch(page, code):
    names = dict(np=np, torch=torch, check_grads=check_grads, x=np.array([0.5, -1.0, 2.0]))
    exec(code, names | dict(Square=Square, layer=torch.nn.Linear(3, 2, dtype=torch.float64)))
    with pytest.raises(GradientError, match="2 times too small"):
        exec(code, names | dict(Square=Wrong, layer=Wrong.apply))


def test_both_pages_have_one():
    assert [page for page, _ in pieces()] == ["check_in_ci.md", "checking.md"]
