"""Bad input is refused with a message one can act on.

Each entry names the error, and the words its message must hold: the function or
operation, the shapes or dtypes involved, and the mend.
"""

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd import (
    Value,
    checkpoint,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    primitive,
    special,
    value_and_grad,
    vjp,
)

REFUSED: dict[str, tuple] = {}


def refuses(what, kind, call, *words):
    """Enter: `call()` raises `kind`, and its message holds all of `words`."""
    assert what not in REFUSED
    REFUSED[what] = kind, call, words


def marked(what):
    return pytest.param(*REFUSED[what], id=what)


def vector(*data):
    return Value(np.array(data or (1.0, 2.0, 3.0)))


def constant():
    return Value(np.ones(3), requires_grad=False)


# --- shapes ---------------------------------------------------------------------------------

BROADCAST = ("(3,)", "(2,)", "reshape one of them")
refuses("add", ValueError, lambda: vector() + np.ones(2), "add(", *BROADCAST)
refuses("radd", ValueError, lambda: np.ones(2) + vector(), "add(", *BROADCAST)
refuses("np.multiply", ValueError, lambda: np.multiply(vector(), np.ones(2)), "multiply(", *BROADCAST)
refuses("two Values", ValueError, lambda: vector() / Value(np.ones(2)), "divide(", *BROADCAST)
refuses("np.maximum", ValueError, lambda: np.maximum(vector(), Value(np.ones(2))), "maximum(", *BROADCAST)
refuses("np.where", ValueError, lambda: np.where([True, False], vector(), 0.0), "where(", *BROADCAST)
refuses(
    "comparison",
    ValueError,
    lambda: vector() < np.ones(2),
    "less",
    *BROADCAST,
)
refuses(
    "matmul",
    ValueError,
    lambda: Value(np.ones((2, 3))) @ np.ones(2),
    "matmul(",
    "(2, 3)",
    "(2,)",
    "transpose",
)
refuses(
    "concatenate",
    ValueError,
    lambda: np.concatenate([vector(), np.ones((2, 3))]),
    "concatenate(",
    "(3,)",
    "(2, 3)",
)
refuses("reshape", ValueError, lambda: vector().reshape(2, 2), "reshape", "(3,)", "(2,2)")
refuses("sum axis", np.exceptions.AxisError, lambda: vector().sum(axis=1), "axis 1", "dimension 1")
refuses(
    "softmax axis",
    np.exceptions.AxisError,
    lambda: special.softmax(vector(), axis=2),
    "axis 2",
    "dimension 1",
)
refuses(
    "list of Values",
    ValueError,
    lambda: Value([vector(), Value(1.0)]),
    "Value()",
    "equal shapes",
    "()",
    "(3,)",
)


# --- data -----------------------------------------------------------------------------------

for name, data, dtype in (
    ("integer array", np.array([1, 2]), "int64"),
    ("boolean array", np.array([True]), "bool"),
    ("boolean", True, "bool"),
    ("list of integers under an integer dtype", np.int8([1]), "int8"),
):
    words = "Value()", dtype, "only floating point", "astype(float)", "requires_grad=False"
    refuses(name, TypeError, lambda data=data: Value(data), *words)

for name, data, dtype in (
    ("object array", np.array([object()]), "object"),
    ("array of strings", np.array(["a"]), "<U1"),
    ("string", "1.5", "<U3"),
    ("bytes", b"a", "S1"),
    ("complex array", np.array([1j]), "complex128"),
    ("complex", 1j, "complex128"),
    ("dates", np.array(["2020-01-01"], "M8[D]"), "datetime64"),
    ("None in a list", [1.0, None], "object"),
):
    refuses(name, TypeError, lambda data=data: Value(data), "Value()", dtype, "float array")

for name, data in (
    ("None", None),
    ("Decimal", Decimal(1)),
    ("Fraction", Fraction(1, 2)),
    ("dict", {}),
    ("iterator", iter([1.0])),
):
    refuses(
        name,
        TypeError,
        lambda data=data: Value(data),
        "Value()",
        type(data).__name__,
        "float array",
    )
    for operation, call in (
        ("+", lambda data=data: vector() + data),
        ("r*", lambda data=data: data * vector()),
        ("<", lambda data=data: vector() < data),
    ):
        if not (name == "Fraction" and operation == "r*"):  # a Fraction turns itself into a float
            refuses(
                f"{name} {operation}", TypeError, call, operation.strip("r"), "'Value'", type(data).__name__
            )
    refuses(
        f"np.add {name}",
        TypeError,
        lambda data=data: np.add(vector(), data),
        "add",
        type(data).__name__,
    )

RAGGED = [[1.0, 2.0], [3.0]]
refuses("ragged list", ValueError, lambda: Value(RAGGED), "Value()", "list", "inhomogeneous")
refuses("ragged operand", ValueError, lambda: vector() + RAGGED, "inhomogeneous")
refuses("unknown dtype", TypeError, lambda: Value([1.0], dtype="nonsense"), "Value()", "nonsense")
refuses("dtype=int", TypeError, lambda: Value([1.0], dtype=int), "Value()", "int64", "only floating point")
refuses(
    "a number too large",
    OverflowError,
    lambda: Value(10**400),
    "Value()",
)
for name, data, words in (
    ("object", np.array([object()] * 3), ("object", "convert it")),
    ("strings", np.array(["a"] * 3), ("<U1", "convert it")),
    ("complex", np.array([1j] * 3), ("complex128", "real and the imaginary part as two Values")),
):
    for operation, call in (
        ("add", lambda data=data: vector() + data),
        ("multiply", lambda data=data: data * vector()),
        ("power", lambda data=data: np.power(vector(), data)),
    ):
        refuses(f"{name} {operation}", TypeError, call, *words, "real numbers")
        refuses(f"{name} {operation} is named", TypeError, call, operation)

MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
refuses("masked array", TypeError, lambda: Value(MASKED), "Value()", "masked array", ".filled(")
refuses("v * masked", TypeError, lambda: vector() * MASKED, "masked array", ".filled(")
refuses(
    "np.multiply(v, masked)", TypeError, lambda: np.multiply(vector(), MASKED), "masked array", ".filled("
)
refuses("masked * v", TypeError, lambda: MASKED * vector(), "gradient")
refuses("np.ma.add(v, 1)", TypeError, lambda: np.ma.add(vector(), 1.0), "gradient")
refuses("np.ma.exp(v)", TypeError, lambda: np.ma.exp(vector()), "gradient")
refuses(
    "np.matrix * v",
    TypeError,
    lambda: np.eye(3).view(np.matrix) * vector(),
    "matrix",
    "@",
)
refuses("np.ma.array(v)", TypeError, lambda: np.ma.array(vector()), "gradient", ".data")
refuses("np.less(masked, v)", TypeError, lambda: np.less(MASKED, vector()), "masked array", ".filled(")


def test_a_list_of_values_is_joined_with_its_gradients():
    x, y = Value(1.0), Value(2.0)
    z = Value([[x, 5.0], [y, x]])
    assert z.dtype == np.float64 and z.shape == (2, 2)
    z.backward(np.array([[1.0, 10.0], [100.0, 1000.0]]))
    assert (x.grad, y.grad) == (1001.0, 100.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda v, w: np.add(v, w),
        lambda v, w: np.maximum(v, w),
        lambda v, w: np.where([True, False, True], v, w),
        lambda v, w: np.clip(v, w, 9.0),
        lambda v, w: np.matmul(v, w),
    ],
)
def test_a_list_operand_is_an_array_as_in_numpy(f):
    w = [1.0, 5.0, 2.0]
    np.testing.assert_array_equal(f(vector(), w).data, f(np.array([1.0, 2.0, 3.0]), w))


def test_a_list_can_be_assigned_as_in_numpy():
    y = vector() * 1
    y[:2] = [7.0, 8.0]
    assert y.data.tolist() == [7.0, 8.0, 3.0]


# --- backward -------------------------------------------------------------------------------

for name, seed in (("(1,)", np.ones(1)), ("()", 1.0), ("(1, 3)", np.ones((1, 3))), ("(2,)", np.ones(2))):
    words = "backward()", f"gradient has shape {name}", "(3,)", "must be equal"
    refuses(f"gradient of shape {name}", ValueError, lambda seed=seed: (vector() * 2).backward(seed), *words)
refuses(
    "no gradient for many elements",
    RuntimeError,
    (vector() * 2).backward,
    "backward()",
    "(3,)",
    ".sum()",
    "gradient=",
)
refuses(
    "backward on a constant",
    RuntimeError,
    constant().backward,
    "backward()",
    "does not require grad",
    "detached",
)


@no_grad()
def unrecorded():
    return vector() * 2


refuses("backward on what was not recorded", RuntimeError, lambda: unrecorded().sum().backward(), "no_grad()")


def spent():
    y = vector() ** 2
    y.backward(np.ones(3))
    y.backward(np.ones(3))


def spent_below():
    y = vector() ** 2
    a, b = y * 2, y * 3
    a.backward(np.ones(3))
    b.backward(np.ones(3))


def spent_by_gradients():
    x = vector()
    y = np.sum(x**2)
    gradients(y, x)
    y.backward()


def released():
    y = np.sum(vector() ** 2)
    y.backward(release=True)
    y.backward()


SPENT = ("spent", "power", "(3,)", "retain_graph=True", "compute the result again")
refuses("spent graph", RuntimeError, spent, *SPENT)
refuses("spent subgraph", RuntimeError, spent_below, *SPENT)
refuses("spent by gradients()", RuntimeError, spent_by_gradients, "spent", "retain_graph=True")
refuses("released graph", RuntimeError, released, "release")


# --- changes in place -----------------------------------------------------------------------


def changed(change):
    def run():
        x = Value(np.array([1.0, 2.0]), name="weights")
        y = x * x
        change(x)
        y.backward(np.ones(2))

    return run


@no_grad()
def augmented(x):
    x -= 0.1


def through_data(x):
    x.data = [5.0, 6.0]


@no_grad()
def element(x):
    x[0] = 5.0


CHANGED = ("changed in place", "multiply", "float64 (2,)", "'weights'", "call backward() before")
refuses("augmented assignment", RuntimeError, changed(augmented), *CHANGED)
refuses(".data = ...", RuntimeError, changed(through_data), *CHANGED)
refuses("x[0] = ...", RuntimeError, changed(element), *CHANGED)


def result_written_after_it_was_read():
    y = vector() * 1
    z = y * y
    y[0] = 5.0
    z.backward(np.ones(3))


def result_replaced():
    y = vector() * 1
    y.data = [1.0, 1.0, 1.0]
    y.backward(np.ones(3))


refuses(
    "y[0] = ... after y was read",
    RuntimeError,
    result_written_after_it_was_read,
    "changed in place",
    "multiply",
    "(3,)",
)
refuses("data of a result", RuntimeError, result_replaced, "changed in place", "multiply", "(3,)", "detach()")


def write_leaf():
    vector()[0] = 1.0


def write_named_leaf():
    Value([1.0], name="bias")[0] = 1.0


refuses("writing into a leaf", RuntimeError, write_leaf, "leaf", "no_grad()", "copy")
refuses("writing into a named leaf", RuntimeError, write_named_leaf, "'bias'", "leaf", "no_grad()")


def write(index, new):
    def run():
        y = vector() * 1
        y[index] = new

    return run


refuses("writing too much", ValueError, write(slice(2), np.ones(3)), "setitem(", "(3,)", "broadcast")
refuses("writing out of reach", IndexError, write(7, 1.0), "setitem(", "7", "size 3")
refuses("writing a string", TypeError, write(0, "a"), "str", "number")


def set_attribute(name, new):
    return lambda: setattr(vector(), name, new)


refuses(
    "data of another shape",
    ValueError,
    set_attribute("data", [1.0]),
    "data",
    "(1,)",
    "(3,)",
    "make a new Value",
)
refuses(
    "data that is no number",
    TypeError,
    set_attribute("data", ["a", "b", "c"]),
    "Value.data",
)
refuses("grad of another shape", ValueError, set_attribute("grad", np.ones(1)), "grad", "(1,)", "(3,)")
refuses(
    "grad of another dtype",
    TypeError,
    set_attribute("grad", np.ones(3, int)),
    "grad",
    "int64",
    "astype(float64)",
)
refuses("name", TypeError, set_attribute("name", 3), "name", "string", "int")
refuses("unknown attribute", AttributeError, set_attribute("gradient", 1.0), "gradient")


# --- leaving the graph ----------------------------------------------------------------------

v, s = vector(), Value(2.0)
LEAVES = ("drop the gradient", ".item()", ".data")
refuses("float(v)", TypeError, lambda: float(s), "float()", "shape ()", *LEAVES)
refuses("int(v)", TypeError, lambda: int(s), "int()", *LEAVES)
refuses("complex(v)", TypeError, lambda: complex(s), "complex()", *LEAVES)
refuses("range(v)", TypeError, lambda: range(s), "index", *LEAVES)
refuses("np.asarray(v)", TypeError, lambda: np.asarray(v), "np.asarray()", "shape (3,)", *LEAVES)
refuses("np.array([v, w])", TypeError, lambda: np.array([v, v]), *LEAVES, "np.stack")
refuses("np.array([s, s], float)", TypeError, lambda: np.array([s, s], dtype=float), *LEAVES, "np.stack")
refuses("math.sin(v)", TypeError, lambda: math.sin(s), *LEAVES, "np.f(value)", "math.f(value)")
refuses("a[:] = v", TypeError, lambda: np.zeros(3).__setitem__(slice(None), v), *LEAVES)
refuses("a[0] = v", ValueError, lambda: np.zeros(3).__setitem__(0, s), "setting an array element")


def test_writing_a_value_into_an_array_names_the_cause():
    # NumPy raises an error of its own; ours is its cause, and printed above it
    a = np.zeros(3)
    with pytest.raises(ValueError) as caught:
        a[0] = s
    for word in LEAVES:
        assert word in str(caught.value.__cause__)
    assert a[0] == 0.0


def array_in_place():
    a = np.zeros(3)
    a += v


refuses("a += v", TypeError, array_in_place, "np.add", "out=")
refuses(
    "a += v has a mend",
    TypeError,
    array_in_place,
    "a = a +",
)


# --- NumPy's functions ----------------------------------------------------------------------

A = np.zeros(3)
NO_RULE = ("no gradient rule", "v.data", "primitive")
refuses("np.fft.fft", TypeError, lambda: np.fft.fft(Value(np.ones(2))), "np.fft.fft", *NO_RULE[:2])
refuses("np.isnat", TypeError, lambda: np.isnat(v), "np.isnat", *NO_RULE[:1])
refuses("np.copyto", TypeError, lambda: np.copyto(A, v), "np.copyto", "writes into an array", "np.where")
refuses("np.strings.isalpha", TypeError, lambda: np.strings.isalpha(v), "np.isalpha", *NO_RULE)
refuses("np.full_like(a, v)", TypeError, lambda: np.full_like(A, s), "np.full_like", "np.ones_like")
refuses(
    "np.full_like(a, v) is named",
    TypeError,
    lambda: np.full_like(A, s),
    "full_like",
)
refuses("np.full(n, v)", TypeError, lambda: np.full(3, s), *LEAVES)

UNSUPPORTED = ("not supported for a Value", "np.where", ".astype")
refuses("out=", TypeError, lambda: np.add(v, 1.0, out=A), "np.add", "out=", *UNSUPPORTED)
refuses("out=v", TypeError, lambda: np.add(A, 1.0, out=v), "np.add", "out=", *UNSUPPORTED)
refuses("where=", TypeError, lambda: np.add(v, 1.0, where=[True] * 3), "np.add", "where=", *UNSUPPORTED)
refuses("dtype=", TypeError, lambda: np.exp(v, dtype=np.float32), "np.exp", "dtype=", *UNSUPPORTED)
refuses("np.sum out=", TypeError, lambda: np.sum(v, out=A), "np.sum", "out=", "leave it out")
refuses("np.sum dtype=", TypeError, lambda: np.sum(v, dtype=int), "np.sum", "dtype=", "leave it out")
for ufunc, method, call in (
    ("add", "reduce", lambda: np.add.reduce(v)),
    ("add", "accumulate", lambda: np.add.accumulate(v)),
    ("multiply", "outer", lambda: np.multiply.outer(v, v)),
    ("add", "at", lambda: np.add.at(A, [0], s)),
    ("add", "reduceat", lambda: np.add.reduceat(v, [0])),
):
    refuses(f"np.{ufunc}.{method}", TypeError, call, f"np.{ufunc}.{method}", "np.sum", ".data")

refuses(
    "v.astype(int)", TypeError, lambda: v.astype(int), "astype(int64)", "no gradient", ".data.astype(int64)"
)
if hasattr(np, "astype"):  # NumPy 2.1
    refuses(
        "np.astype(v, int)",
        TypeError,
        lambda: np.astype(v, int),
        "astype(int64)",
        "no gradient",
    )


# --- operators and indices ------------------------------------------------------------------

for operation, call in (
    ("~", lambda: ~v),
    ("&", lambda: v & 1),
    ("|", lambda: v | 1),
    ("^", lambda: v ^ 1),
    ("<<", lambda: v << 1),
    (">>", lambda: v >> 1),
):
    refuses(f"v {operation}", TypeError, call, operation, "'Value'")
refuses("pow(v, 2, 3)", TypeError, lambda: pow(s, 2, 3), "__pow__")


def test_floor_division_is_a_step():
    # not an error: the value is NumPy's, and the gradient of a step is 0
    x = vector()
    y = x // 2
    y.backward(np.ones(3))
    assert y.data.tolist() == [0.0, 1.0, 1.0] and x.grad.tolist() == [0.0, 0.0, 0.0]


refuses("v[1.0]", IndexError, lambda: v[1.0], "index", "float64", "integers", ".astype(int)")
refuses("v[np.array([1.0])]", IndexError, lambda: v[np.array([1.0])], "index", "float64", ".astype(int)")
refuses("v['a']", IndexError, lambda: v["a"], "index", "str", "integers")
refuses("v[None, v]", IndexError, lambda: v[None, v], "an index is a Value", ".data")
refuses("v[s]", IndexError, lambda: v[s], "an index is a Value", ".data", "argmax")
refuses("v[s:]", TypeError, lambda: v[s:], "index", *LEAVES)
refuses("v[7]", IndexError, lambda: v[7], "getitem(", "(3,)", "7", "size 3")
refuses("v[0, 0]", IndexError, lambda: v[0, 0], "getitem(", "(3,)", "2 were indexed")
refuses("v[mask]", IndexError, lambda: v[np.array([True])], "getitem(", "(3,)", "boolean")


# --- whole Values ---------------------------------------------------------------------------

RESULT = ("result of multiply", "detach()")
refuses("requires_grad_ on a result", RuntimeError, (v * 2).requires_grad_, "requires_grad_", *RESULT)
refuses("deepcopy of a result", RuntimeError, lambda: copy.deepcopy(v * 2), "deepcopy", *RESULT, "leaves")
refuses("pickle of a result", RuntimeError, lambda: pickle.dumps(v * 2), "pickle", *RESULT, "leaves")
refuses("bool of many", ValueError, lambda: bool(v), "bool()", "(3,)", "ambiguous", "np.any", "np.all")
refuses("bool of none", ValueError, lambda: bool(Value(np.zeros(0))), "bool()", "(0,)", "ambiguous")
refuses("len of a number", TypeError, lambda: len(s), "len()", "()", "no length")
refuses("iterating over a number", TypeError, lambda: iter(s), "iteration", "()", "no axis")
refuses("format of many", TypeError, lambda: f"{v:.2f}", "'.2f'", "(3,)", "not a single number")
refuses("item of many", ValueError, v.item, "item()", "(3,)")
refuses(
    "float of a constant array",
    TypeError,
    lambda: float(constant()),
    "float()",
    "(3,)",
)


# --- transforms -----------------------------------------------------------------------------


def double(x):
    return x * 2


def product(x, y):
    return x * x * y * y


ONE_NUMBER = ("grad", "(3,)", "single number", ".sum()", "jacobian")
refuses("grad of a vector function", ValueError, lambda: grad(double)(A), *ONE_NUMBER)
refuses("value_and_grad of a vector function", ValueError, lambda: value_and_grad(double)(A), *ONE_NUMBER)
refuses("hessian of a vector function", ValueError, lambda: hessian(double)(A), "hessian", *ONE_NUMBER[1:])
for name, argument, words in (
    ("integer array", np.array([1, 2]), ("int64", "astype(float)")),
    ("boolean", True, ("bool", "astype(float)")),
    ("string", "abc", ("<U3",)),
    ("None", None, ("object",)),
):
    for transform in (grad, jacobian, hessian):
        refuses(
            f"{transform.__name__} of {name}",
            TypeError,
            lambda t=transform, a=argument: t(double)(a),
            transform.__name__,
            *words,
        )

RANGE = ("argnums=2", "2 arguments")
refuses("grad argnums", TypeError, lambda: grad(product, 2)(1.0, 2.0), "grad", *RANGE)
refuses("jacobian argnums", TypeError, lambda: jacobian(product, 2)(1.0, 2.0), "jacobian", *RANGE)
refuses("hessian argnums", TypeError, lambda: hessian(product, 2)(1.0, 2.0), *RANGE)
refuses(
    "hvp argnums",
    TypeError,
    lambda: hvp(product, 2)(1.0, 2.0, 1.0),
    "argnums=2",
)
refuses(
    "grad argnums below", TypeError, lambda: grad(product, -3)(1.0, 2.0), "grad", "argnums=-3", "2 arguments"
)
refuses("argnums of another type", TypeError, lambda: grad(product, "x")(1.0, 2.0), "argnums")
refuses(
    "hessian by two arguments",
    TypeError,
    lambda: hessian(product, (0, 1))(1.0, 2.0),
    "hessian",
    "argnums",
)
FLAGS = {"retain_graph": True, "release": True}
refuses(
    "retain and release",
    ValueError,
    lambda: (s * 1).backward(**FLAGS),
    *FLAGS,
)
refuses("argnums twice", ValueError, lambda: grad(product, (0, 0))(2.0, 3.0), "argnums", "twice")
refuses(
    "argnums twice, once from the end",
    ValueError,
    lambda: grad(product, (0, -2))(2.0, 3.0),
    "twice",
)

refuses(
    "a function that returns None",
    TypeError,
    lambda: grad(lambda x: None)(1.0),
    "grad",
    "returned NoneType",
)
refuses(
    "a function that returns a string",
    TypeError,
    lambda: grad(lambda x: "a")(1.0),
    "grad",
    "returned str",
)
refuses(
    "a function that returns a tuple",
    TypeError,
    lambda: grad(lambda x: (x, x))(1.0),
    "grad",
    "returned tuple",
    "has_aux=True",
)
refuses(
    "jacobian of what returns None",
    TypeError,
    lambda: jacobian(lambda x: None)(A),
    "jacobian",
    "NoneType",
)
refuses("has_aux", TypeError, lambda: grad(double, has_aux=True)(1.0), "has_aux=True", "(value, extra)")

refuses("jvp tangents", ValueError, lambda: jvp(double, (A,), (np.ones(2),)), "jvp", "(2,)", "(3,)")
refuses(
    "jvp number of tangents", ValueError, lambda: jvp(double, (A,), (A, A)), "jvp", "[(3,), (3,)]", "[(3,)]"
)
refuses("vjp cotangent", ValueError, lambda: vjp(double, A)[1](np.ones(2)), "cotangent", "(2,)", "(3,)")
refuses(
    "vjp cotangent is named",
    ValueError,
    lambda: vjp(double, A)[1](np.ones(2)),
    "vjp",
)
refuses("hvp vector", ValueError, lambda: hvp(lambda x: np.sum(x * x))(A, np.ones(2)), "(2,)", "(3,)")
refuses("hvp without a vector", TypeError, lambda: hvp(double)(A), "hvp", "then the vector")
refuses(
    "gradients of a constant",
    RuntimeError,
    lambda: gradients(s * 1, constant()),
    "gradients()",
    "does not require grad",
)
refuses(
    "gradients of an unused input",
    RuntimeError,
    lambda: gradients(s * 1, [v]),
    "input 0",
    "allow_unused=True",
)
refuses(
    "grad_outputs", ValueError, lambda: gradients([s * 1], [s], [1.0, 1.0]), "1 outputs", "2 grad_outputs"
)
refuses(
    "gradients of an array",
    TypeError,
    lambda: gradients(1.0, s),
    "gradients()",
    "Value",
)
refuses(
    "gradients by an array",
    TypeError,
    lambda: gradients(s * 1, 1.0),
    "gradients()",
    "Value",
)
refuses(
    "checkpoint", TypeError, lambda: checkpoint(lambda x: 3)(s), "checkpoint", "int", "must return one Value"
)


def test_hvp_counts_arguments_from_the_end():
    assert hvp(product, -1)(2.0, 3.0, 1.0) == hvp(product, 1)(2.0, 3.0, 1.0)


# --- primitives of one's own ----------------------------------------------------------------

cube = primitive(lambda g, out, x: g * 3 * x**2, name="cube")(lambda x: x**3)


def ruled_by(rule):
    return lambda: primitive(rule, name="mine")(lambda x: x * 1.0)(vector()).backward(A)


def returning(result):
    return lambda: primitive(lambda g, out, x: g, name="mine")(lambda x: result)(vector())


WRONG = ("rule of mine", "input 0", "(3,)", "rule is wrong")
refuses(
    "arguments of a primitive", TypeError, lambda: cube(s, s), "cube()", "2 arguments", "1 rules", "one rule"
)
refuses("rule returning a number", RuntimeError, ruled_by(lambda g, out, x: g.sum()), *WRONG, "shape ()")
refuses(
    "rule returning too much",
    RuntimeError,
    ruled_by(lambda g, out, x: np.ones((2, 3))),
    *WRONG,
    "shape (2, 3)",
)
refuses("rule returning nothing", RuntimeError, ruled_by(lambda g, out, x: None), "mine")
refuses("rule returning complex", RuntimeError, ruled_by(lambda g, out, x: g * 1j), "mine")
refuses("no rule", TypeError, ruled_by(None), "mine has no gradient", "input 0", ".data", ".detach()")
refuses("rule that is no function", TypeError, lambda: primitive(3), "primitive()", "rule", "function", "int")
refuses("primitive returning None", TypeError, returning(None), "mine", "NoneType")
refuses("primitive returning a list", TypeError, returning([1.0]), "mine", "list")


def test_an_error_inside_a_rule_says_where():
    with pytest.raises(ZeroDivisionError) as caught:
        ruled_by(lambda g, out, x: 1 // 0)()
    assert "backward of mine(float64 (3,))" in caught.value.__notes__[0]


# --- what is said in the words of the caller --------------------------------------------------

REAL = ("real numbers", "keep the real and the imaginary part as two Values")
refuses("gradients names its own argument", RuntimeError, lambda: gradients(v * 1, [v]), "pass grad_outputs=")
refuses("backward names its own argument", RuntimeError, lambda: (v * 1).backward(), "pass gradient=")
refuses("1j * v", TypeError, lambda: 1j * v, "multiply", "1j", *REAL)
refuses("v + 0j", TypeError, lambda: v + 0j, "add", "0j", *REAL)
refuses("np.complex128 * s", TypeError, lambda: np.complex128(1j) * s, "multiply", "complex128", *REAL)
refuses("np.exp(1j * v)", TypeError, lambda: np.exp(1j * v), *REAL)
refuses("complex(s) says real", TypeError, lambda: complex(s), *REAL)
refuses("primitive without a rule", TypeError, lambda: primitive(np.sin)(v), "got Value", "primitive(rule)")
refuses(
    "softmax of two axes", TypeError, lambda: special.softmax(vector(), (0, 1)), "axis=(0, 1)", "pass one int"
)
NESTED = "np.stack([np.stack(row) for row in rows])"
refuses("np.stack of rows", TypeError, lambda: np.stack([[s, s], [s, s]]), "np.stack", NESTED)
refuses("np.array of rows", TypeError, lambda: np.array([[s, s], [s, s]]), "Value([...])", NESTED)


# --- running them ---------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "call", "words"), [marked(what) for what in REFUSED])
def test_refused(kind, call, words):
    with pytest.raises(kind) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert word in message, f"{word!r} is missing in: {message}"
