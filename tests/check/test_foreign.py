"""The checker pointed at other people's gradients: written by hand, PyTorch, HIPS autograd.

HIPS autograd has our import name, so it runs in a process of its own: set STEPGRAD_HIPS_PYTHON
to an interpreter that has it (pip install autograd).
"""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import find, settings

from autograd.check import GradientError, check_grads, gradchecked
from autograd.check.decorator import UnverifiedError
from autograd.check.strategies import arrays, domains

X = np.array([[0.5, -1.25], [2.0, 0.75]])


# --- written by hand ------------------------------------------------------------------------


def softplus(x):
    return np.sum(np.log1p(np.exp(x)))


def test_a_gradient_written_by_hand():
    assert check_grads(softplus, X, grad=lambda x: 1 / (1 + np.exp(-x))).ok
    with pytest.raises(GradientError, match="FAIL"):
        check_grads(softplus, X, grad=lambda x: 1 / (1 + np.exp(x)))


def test_a_property_of_a_gradient_written_by_hand():
    right = gradchecked(x=arrays((3,)), grad=lambda x: 1 / (1 + np.exp(-x)), examples=10)(softplus)
    right()
    wrong = gradchecked(x=arrays((3,)), grad=lambda x: 1 / (1 + np.exp(-abs(x))), examples=50)(softplus)
    with pytest.raises(GradientError, match=r"softplus\.check\(x=np\.array\(\[") as raised:
        wrong()
    assert "-1.0" in str(raised.value)


# --- PyTorch --------------------------------------------------------------------------------


def test_a_torch_function():
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")

    def function(factor):
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, g):
                return factor * g * ctx.saved_tensors[0]

        return Square.apply

    def forward(apply):
        return lambda x: apply(torch.from_numpy(np.array(x))).numpy()

    def backward(apply):
        def pull(v, x):
            leaf = torch.from_numpy(np.array(x)).requires_grad_()
            return torch.autograd.grad(apply(leaf), leaf, torch.from_numpy(np.array(v)))[0].numpy()

        return pull

    assert check_grads(forward(function(2)), X, vjp=backward(function(2))).ok
    with pytest.raises(GradientError, match="FAIL"):
        check_grads(forward(function(1)), X, vjp=backward(function(1)))


# --- HIPS autograd --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hips():
    """ask(function, cotangent or None, arrays), answered by HIPS autograd in its own process."""
    python = os.environ.get("STEPGRAD_HIPS_PYTHON")
    if python is None:
        pytest.skip("set STEPGRAD_HIPS_PYTHON to an interpreter with HIPS autograd (pip install autograd)")
    worker = subprocess.Popen(
        [python, "-W", "ignore", str(Path(__file__).with_name("hips_worker.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent,
    )  # fmt: skip

    def ask(name, cotangent, xs):
        plain = None if cotangent is None else np.asarray(cotangent).tolist()
        worker.stdin.write(json.dumps([name, plain, [np.asarray(x).tolist() for x in xs]]) + "\n")
        worker.stdin.flush()
        fine, found = json.loads(worker.stdout.readline())
        if not fine:
            raise RuntimeError(found)
        return np.array(found, dtype=float)[()] if cotangent is None else [np.array(g)[()] for g in found]

    yield ask
    worker.stdin.close()
    worker.stdout.close()
    worker.wait(timeout=30)


def property_of(hips, name, *strategies, examples=60):
    """A property test of a function and the gradient HIPS gives for it."""

    def value(*xs):
        return hips(name, None, xs)

    def vjp(v, **xs):
        found = hips(name, v, list(xs.values()))
        return found[0] if len(found) == 1 else tuple(found)

    value.__name__ = name.replace(", ", "_")
    return gradchecked(*strategies, vjp=vjp, structural=False, examples=examples)(value)


COLUMN = arrays((2, 1, 2))
WRONG = {
    "tile": [COLUMN],
    "where": [arrays(()), arrays((3,))],
    "norm": [arrays((None, 2), domain=domains.NONZERO, min_side=1)],
    "diag": [arrays((None, None), min_side=1)],
}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_gradients_of_hips_autograd_are_found(hips, name):
    with pytest.raises(GradientError) as raised:
        property_of(hips, name, *WRONG[name])()
    text = str(raised.value)
    assert "FAIL" in text.splitlines()[0] and "smallest example" in text
    repeat = re.search(r"repeat: +(.*)", text)[1]
    numbers = re.findall(r"-?\d+\.\d*", repeat)
    assert len(numbers) <= 8 and all(float(n) in (0, 1, -1, 2, 0.0625, -0.0625) for n in numbers), repeat


def test_its_std_with_ddof_of_one_number_is_found(hips):
    """std([x], ddof=1) is nan, its gradient there is said to be 0: no number for differences to refute."""

    def silent(x):
        return np.isnan(hips("std", None, [x])) and np.isfinite(hips("std", 1.0, [x])[0]).all()

    x = find(arrays((None,), min_side=1), silent, settings=settings(max_examples=200, database=None))
    assert x.tolist() == [0.0]
    with pytest.raises(UnverifiedError, match=r"100% of .* undefined"):  # and never a pass
        property_of(hips, "std", arrays((1,)), examples=5)()


RIGHT = {
    "tile, right": [arrays((2,))],
    "norm, right": [arrays((2, 2), domain=domains.NONZERO)],
    "diag": [arrays((3, 3))],
    "std, right": [arrays((3,), domain=domains.DISTINCT)],
}


@pytest.mark.parametrize("name", RIGHT)
def test_its_right_gradients_pass(hips, name):
    property_of(hips, name, *RIGHT[name], examples=10)()
