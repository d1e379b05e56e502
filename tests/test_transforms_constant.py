"""What is said of a result that does not depend on what is differentiated, and where nothing is said (1 s)."""

import threading
import warnings

import numpy as np
import pytest

from autograd import (
    Value,
    checkpoint,
    compile,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)

A = np.array([1.0, 2.0])
W = Value(2.0)
CALLS = {
    "grad": lambda f: grad(f)(A),
    "value_and_grad": lambda f: value_and_grad(f)(A)[1],
    "vjp": lambda f: vjp(f, A)[1](1.0)[0],
    "jvp": lambda f: jvp(f, (A,), (A,))[1],
    "jacobian": lambda f: jacobian(f)(A),
    "hessian": lambda f: hessian(f)(A),
    "hvp": lambda f: hvp(f)(A, A),
}


def loss_by_data(x):
    return np.sum(x.data**2)


def loss_by_item(x):
    return x[0].item() * 2.0


def loss_of_something_else(x):
    return np.sum(x.data) * W * W


def loss_of_a_new_leaf(x):
    return Value(x.data).sum()


def loss_by_comparison(x):
    return np.sum(np.where(x > 1.5, 1.0, 0.0))


def loss_of_nothing(x):
    return 5.0


LOSSES = [v for k, v in globals().items() if k.startswith("loss_")]


@pytest.mark.parametrize("f", LOSSES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", CALLS)
def test_every_transform_says_once_that_nothing_is_recorded(name, f):
    with pytest.warns(UserWarning) as said:
        zero = CALLS[name](f)
    assert not np.any(zero.data if isinstance(zero, Value) else zero)
    (warning,) = said
    message = str(warning.message)
    assert message.startswith(f"{name}: the result of {f.__name__}() does not depend on argument 0")
    assert ".item()" in message and warning.filename == __file__
    assert warning.lineno == CALLS[name].__code__.co_firstlineno


def test_all_arguments_that_were_asked_for_are_named():
    f = lambda x, y, z: z * z
    with pytest.warns(UserWarning, match="arguments 0, 1"):
        assert grad(f, (0, -2))(1.0, np.ones(2, np.float32), 3.0)[1].dtype == np.float32
    with pytest.warns(UserWarning, match="argument 1,"):
        assert grad(f, 1)(1.0, A, 3.0).tolist() == [0.0, 0.0]
    assert grad(f, (0, 2))(1.0, 2.0, 3.0) == (0.0, 6.0)
    assert grad(lambda p: p["a"] * 2.0)({"a": 1.0, "b": A})["b"].tolist() == [0.0, 0.0]
    assert grad(lambda p, x: x * 2.0)({}, 1.0) == {}


def test_an_inner_transform_says_it_of_its_own_argument():
    with pytest.warns(UserWarning) as said:
        assert grad(lambda x: x * grad(lambda y: y.item() * x)(2.0))(1.0) == 0.0
    assert [warning.filename for warning in said] == [__file__]
    with pytest.warns(UserWarning, match="argument 0"):
        assert grad(lambda x: grad(np.sin)(x.item()))(2.0) == 0.0


def test_it_is_said_once_for_nested_transforms():
    with pytest.warns(UserWarning) as said:
        assert grad(jacobian(grad(lambda x: x.item() ** 2)))(3.0) == 0.0
    assert len(said) == 1


def linear(x):
    return np.sum(3.0 * x)


def test_derivatives_may_be_constant():
    g = j = linear
    for k in range(5):
        g, j = grad(g), jacobian(j)
        assert g(2.0) == (0.0 if k else 3.0)
        assert np.all(j(A) == (0.0 if k else 3.0))
    g = np.square
    for expected in (6.0, 2.0, 0.0, 0.0, 0.0):
        g = grad(g)
        assert g(3.0) == expected
    assert not hessian(linear)(A).any() and not hvp(linear)(A, A).any()
    assert not jacobian(hessian(lambda x: np.sum(x * x)))(A).any()
    assert jvp(grad(linear), (2.0,), (1.0,)) == (3.0, 0.0)
    assert grad(lambda x: jvp(linear, (x,), (1.0,))[1])(2.0) == 0.0
    assert not grad(lambda x: vjp(linear, x)[1](1.0)[0].sum())(A).any()
    assert grad(grad(lambda x, y: x * x + y * y, 0), 1)(1.0, 2.0) == 0.0
    assert isinstance(grad(lambda x: W * grad(linear)(x))(2.0), Value)  # depends on W alone
    assert grad(grad(grad(lambda x: stop_gradient(x) ** 2)))(2.0) == 0.0
    assert compile(grad(grad(linear)))(2.0) == 0.0


def test_derivatives_by_the_tape_may_be_constant():
    assert grad(lambda x: gradients(3.0 * x, x, create_graph=True))(1.0) == 0.0

    def by_backward(x):
        v = Value(x)
        (3.0 * v).backward(create_graph=True)
        return v.grad

    assert grad(by_backward)(1.0) == 0.0


def test_another_threads_derivatives_are_no_excuse():
    def f(x):
        other = threading.Thread(target=grad(grad(np.square)), args=(1.0,))
        other.start()
        other.join()
        return x.item()

    with pytest.warns(UserWarning, match="argument 0"):
        assert grad(f)(1.0) == 0.0


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(stop_gradient(x) ** 2),
        lambda x: x.detach().sum(),
        no_grad(np.sum),
        lambda x: Value(5.0, requires_grad=False),
        lambda x: np.sum(np.sign(x)),
        lambda x: np.sum(np.floor(x) + x // 2.0),
        lambda x: np.sum(x * 0.0),
        lambda x: np.sum(x[:0]),
        lambda x: np.sum(np.where(x > 1.5, x, 0.0)) * 0.0,
        lambda x: np.sum(checkpoint(np.sign)(x)),
    ],
)
@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_said_of_what_was_asked_for(name, f):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not np.any(CALLS[name](f))


def test_containers_without_leaves_and_empty_arrays():
    assert grad(lambda p: 5.0)([]) == []
    assert jacobian(lambda a: a[:0])(A).shape == (0, 2)
    assert grad(np.sum)(np.ones((0, 2))).shape == (0, 2)


def test_the_tape_refuses_what_is_not_recorded():
    x = Value(2.0)
    for constant in (x.detach() * 2.0, Value(3.0, requires_grad=False)):
        with pytest.raises(RuntimeError, match="does not require grad"):
            gradients(constant, [x])
        with pytest.raises(RuntimeError, match="does not require grad"):
            constant.backward()
    with pytest.raises(RuntimeError, match="was not used"):
        gradients(W * 2.0, [x])
