"""Names of other libraries say what is written here, and are not in the way of anything (0.1 s)."""

import copy
import importlib
import inspect
import pickle

import numpy as np
import pytest

from autograd import Value, grad, special
from autograd.foreign import VALUE, Named, listed, missing, name_all


@pytest.mark.parametrize("name", VALUE)
def test_a_name_of_another_library_says_what_is_written_here(name):
    v = Value([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(AttributeError, match=f"a Value has no {name}; (write|leave)"):
        getattr(v, name)
    assert not hasattr(v, name) and getattr(v, name, 7) == 7
    assert name not in dir(v)


def test_what_the_table_says_works():
    w, axis, axes = Value([[1.0, 2.0], [3.0, 4.0]]), 0, (1, 0)
    known = dict(
        np=np, v=Value([[1.0, 2.0], [3.0, 4.0]]), w=w, n=2, axis=axis, axes=axes, other=w, shape=(2, 2, 2)
    )
    known |= dict(min=0, max=1, mask=np.ones((2, 2), bool), number=3.0, indices=np.array([[0, 1]]), repeats=2)
    known |= dict(dtype=np.float32, new=np.ones((2, 2)))
    for name, mend in VALUE.items():
        if not mend.startswith("write ") or "..." in mend or "autograd" in mend or "gradients" in mend:
            continue
        for code in (
            mend.removeprefix("write ").partition(" for ")[0].replace(", with the axes", "#").split(", or ")
        ):
            for statement in code.split(" and "):
                here = dict(known, v=Value([[1.0, 2.0], [3.0, 4.0]]))
                exec(statement, here)
                assert here["v"].shape == (2, 2), name


def test_other_names_stay_as_they_are():
    v = Value([1.0, 2.0], name="v")
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'nothing'"):
        v.nothing  # noqa: B018
    assert copy.deepcopy(v).name == pickle.loads(pickle.dumps(v)).name == "v"
    assert {"sum", "data", "backward"} <= set(dir(v))
    assert dict(inspect.getmembers(Value([[1.0]])))["shape"] == (1, 1)


REDUCTIONS = ("sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "cumprod", "argmax", "argmin")


@pytest.mark.parametrize(
    "method", [*REDUCTIONS, "argsort", "any", "all", "squeeze", "softmax", "log_softmax"]
)
def test_dim_is_called_axis(method):
    v = Value([[1.0, 2.0]])
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'dim'; write axis="):
        getattr(v, method)(dim=0)
    with pytest.raises(TypeError, match=r"'keepdim'; write keepdims="):
        getattr(v, method)(keepdim=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        getattr(v, method)(other=1)


def test_a_name_that_is_there_is_not_taken():
    class Box:
        size = 3

    with pytest.raises(AssertionError, match="size"):
        name_all(Box, {"size": "write box.length"})
    name_all(Box, {"width": "write box.size"})
    assert listed(dir(Box()), Box).count("width") == 0 and isinstance(vars(Box)["width"], Named)


def test_names_in_other_letters_and_in_modules_inside():
    places = {"optim.lr_scheduler": ["StepLR"]}
    assert str(missing("optim", "Nadam", {}, ["NAdam"], places)).endswith("'Nadam'; write optim.NAdam")
    assert str(missing("optim", "StepLR", {}, [], places)).endswith("; write optim.lr_scheduler.StepLR")
    assert str(missing("optim", "x", {"x": "write y"}, [], places)).endswith("no attribute 'x'; write y")
    assert str(missing("optim", "z", {}, [], places)) == "module 'optim' has no attribute 'z'"


@pytest.mark.parametrize("name", ["special", "windows"])
def test_a_public_module_can_be_imported(name):
    import autograd

    module = importlib.import_module(f"autograd.{name}")
    assert module is getattr(autograd, name)
    rules = importlib.import_module(f"autograd.rules.{name}")
    assert module.__all__ == rules.__all__ and all(
        getattr(module, k) is getattr(rules, k) for k in module.__all__
    )


def test_from_special_import():
    from autograd.special import sigmoid

    assert sigmoid is special.sigmoid


@pytest.mark.parametrize("name", ["grad", "value_and_grad", "jacobian", "hessian", "hvp", "vjp", "jvp"])
def test_a_transform_of_what_is_no_function_is_refused_at_once(name):
    import autograd

    y, more = Value(2.0) * 3.0, ((1.0,), (1.0,)) if name == "jvp" else ()
    with pytest.raises(TypeError, match=rf"{name}: f is a Value; .*write gradients\(y, \[x\]\)"):
        getattr(autograd, name)(y, *more)


def test_grad_as_pytorch_calls_it():
    x = Value(2.0)
    with pytest.raises(TypeError, match="grad: f is a Value"):
        grad(x * x, x)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (
            ((3,), (4,)),
            r"the lengths 3 and 4 on axis -1 differ: reshape one of them, for a table of all pairs y\[:, None\]",
        ),
        (((2, 3), (2,)), r"the lengths 3 and 2 on axis -1 differ: reshape one of them, e.g. y\[:, None\]"),
        (((5, 1, 3), (5, 4, 3)[:2]), "the lengths 3 and 4 on axis -1 differ"),
        (((2, 3), (4, 3)), "the lengths 2 and 4 on axis -2 differ"),
    ],
)
def test_shapes_that_do_not_fit_name_the_lengths(shapes, words):
    x, y = (np.ones(shape) for shape in shapes)
    with pytest.raises(ValueError, match=words):
        Value(x) + y


def test_a_result_that_does_not_fit_into_its_place():
    from autograd import no_grad

    x = Value(np.ones(3))
    with no_grad(), pytest.raises(ValueError, match="shapes are aligned from the right: reshape one of them"):
        x += np.ones((2, 3))
