"""Every method and in-place operator of a Value is NumPy's, or the function of that name.  Under 1 s."""

import operator

import numpy as np
import pytest

from autograd import Value, gradients, no_grad, special
from autograd.operators import Operators

X = np.array([[0.25, 1.5, 0.75], [2.0, 0.5, 1.25], [0.125, 3.0, 1.75]])

# method -> some arguments (positional, by name), and the function where NumPy's is another
METHODS = {
    "sum": [((), {}), ((0,), {}), ((), {"axis": (0, 1), "keepdims": True})],
    "prod": [((), {}), ((1,), {"keepdims": True})],
    "mean": [((), {}), ((-1,), {})],
    "var": [((), {}), ((0,), {"ddof": 1})],
    "std": [((), {}), ((0,), {"ddof": 1, "keepdims": True})],
    "max": [((), {}), ((1,), {})],
    "min": [((), {}), ((0,), {"keepdims": True})],
    "cumsum": [((), {}), ((1,), {})],
    "cumprod": [((), {}), ((0,), {})],
    "argmax": [((), {}), ((1,), {})],
    "argmin": [((), {}), ((0,), {})],
    "argsort": [((), {}), ((0,), {})],
    "any": [((), {}), ((0,), {})],
    "all": [((), {}), ((1,), {"keepdims": True})],
    "reshape": [((9,), {}), (((1, -1),), {}), ((9,), {"order": "F"})],
    "ravel": [((), {})],
    "transpose": [((), {}), (((1, 0),), {})],
    "swapaxes": [((0, 1), {})],
    "repeat": [((2,), {}), ((2, 1), {})],
    "diagonal": [((), {}), ((1,), {})],
    "trace": [((), {}), ((-1,), {})],
    "take": [(([0, 2],), {"axis": 1}), ((4,), {}), (([7, -5],), {"axis": 0, "mode": "wrap"})],
    "dot": [((X + 1,), {})],
    "clip": [((0.5, 1.5), {}), ((), {"max": 1.0})],
    "round": [((), {}), ((1,), {})],
    "astype": [((np.float32,), {})],
    "copy": [((), {})],
    "exp": [((), {})],
    "log": [((), {})],
    "sqrt": [((), {})],
    "abs": [((), {})],
    "tanh": [((), {})],
    "relu": [((), {})],
    "sigmoid": [((), {})],
    "softmax": [((), {}), ((0,), {})],
    "log_softmax": [((), {}), ((0,), {})],
    "flatten": [((), {})],
    "squeeze": [((), {}), ((1,), {})],
}
FUNCTIONS = {"flatten": np.ravel, "astype": lambda x, dtype: np.asarray(x).astype(dtype)} | {
    name: getattr(special, name) for name in ("relu", "sigmoid", "softmax", "log_softmax")
}
CALLS = [(name, args, options) for name, calls in METHODS.items() for args, options in calls]


def test_no_method_is_missing():
    methods = {n for n, x in vars(Operators).items() if callable(x) and not n.startswith("_")}
    assert methods == set(METHODS)


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=[f"{n}{a}{o or ''}" for n, a, o in CALLS])
def test_a_method_is_the_function_of_its_name(name, args, options):
    function = FUNCTIONS.get(name) or getattr(np, name)
    plain = X[:, None] if name == "squeeze" else X
    v, w = Value(plain), Value(plain)
    found = getattr(v, name)(*args, **options)
    expected = function(plain, *args, **options)
    data = found.data if isinstance(found, Value) else found
    np.testing.assert_array_equal(data, expected)
    assert np.asarray(data).dtype == np.asarray(expected).dtype
    if name.startswith("arg") or name in ("any", "all"):
        assert not isinstance(found, Value)
        return
    by_function = w.astype(*args) if name == "astype" else function(w, *args, **options)
    cotangent = np.cos(np.arange(data.size)).reshape(data.shape).astype(data.dtype)[()]
    (g,), (h,) = gradients(found, [v], cotangent), gradients(by_function, [w], cotangent)
    np.testing.assert_array_equal(g, h)
    assert g.shape == plain.shape and g.dtype == plain.dtype


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"])
def test_in_place_operators(name):
    """In place under no_grad(), another result of the graph elsewhere."""
    change, plain = getattr(operator, f"i{name}"), getattr(operator, name)
    v, y = Value(X), X[::-1].copy()
    data = v.data
    with no_grad():
        assert change(v, y) is v
    np.testing.assert_array_equal(v.data, plain(X, y))
    assert v.data is data and v.is_leaf
    w = Value(X)
    new = change(w, y)
    np.testing.assert_array_equal(new.data, plain(X, y))
    assert new is not w and new.op is not None and np.array_equal(w.data, X)
