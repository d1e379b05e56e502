"""What comes up rarely in compiled programs: entries of arrays, truth values, infinities, odd arguments.  Under 5 s."""

import math
from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import Value, compile, grad, primitive, value_and_grad

Pair = namedtuple("Pair", "loss slope")
BACKENDS = ["numpy", "numba"]


def backend_of(name):
    if name == "numba":
        pytest.importorskip("numba")
    return name


def same(a, b):
    """Equal bits and dtypes."""
    a, b = np.asarray(a), np.asarray(b)
    assert (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()


# --- entries of arrays ------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [3, 5000])
def test_the_gradient_of_entries_is_one_array(backend, size):
    def f(x):
        return x[0] * x[1] + np.sin(x[2]) * -0.0

    x = np.linspace(0.5, 2.0, size)
    g = compile(grad(f), backend=backend_of(backend))
    for _ in range(2):
        same(g(x), grad(f)(x))
    if size > 3:
        assert g.source.count("zeros(") == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_gradient_of_rows_is_one_array(backend):
    def f(x):
        return np.sum(x[0] * x[1]) + np.sum(np.sin(x[-1]))

    x = np.linspace(-2.0, 2.0, 6000).reshape(20, 300)
    g = compile(grad(f), backend=backend_of(backend))
    for _ in range(2):
        same(g(x), grad(f)(x))
    assert g.source.count("zeros(") == 1


def test_entries_of_an_array_taken_with_a_list():
    x = np.linspace(0.5, 2.0, 6)
    f = lambda x: np.sum(x[[0, 2, 2]] ** 2)
    g = compile(value_and_grad(f))
    for a, b in zip(g(x), value_and_grad(f)(x), strict=True):
        same(a, b)


# --- truth values and infinities ---------------------------------------------------------------


@pytest.mark.parametrize("backend", [None, *BACKENDS])
def test_truths_joined_by_operators_from_either_side(backend):
    def f(x, y):
        one, two = x > 0, y > 0
        found = [
            one | two,
            one & two,
            one ^ two,
            ~one,
            True | one,
            False | one,
            True & one,
            True ^ one,
            one ^ False,
        ]
        return sum(np.where(c, 2.0**n * x, y) for n, c in enumerate(found))

    g = compile(f, backend=None if backend is None else backend_of(backend))
    for x in np.array([1.5, -0.5]):
        for y in np.array([2.5, -1.5]):
            same(g(x, y), f(x, y))
            same(g(np.array([x, y]), np.array([y, x])), f(np.array([x, y]), np.array([y, x])))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(), (3,), (3000,)])
def test_constants_that_are_truths_or_not_finite(backend, shape):
    def f(x):
        bounded = np.minimum(np.maximum(x, -math.inf), math.inf)
        return np.where(x > 1.0, bounded * True, x + np.True_) + np.where(x > 9.0, math.nan, 0.0)

    x = np.linspace(0.5, 2.0, 3000).reshape(-1)[: int(np.prod(shape))].reshape(shape)[()]
    g = compile(f, backend=backend_of(backend))
    for _ in range(2):
        same(g(x), f(x))


def test_numbers_that_change_their_dtype_on_the_way():
    f = lambda x: np.sin(x.astype(np.float32)) * x.astype(np.float32)
    x = Value(0.7)
    g = compile(f)
    same(g(x).data if isinstance(g(x), Value) else g(x), f(x).data)


def test_a_large_constant_stays_the_operation_that_makes_it():
    ones = np.ones((300, 300))

    def f(x):
        return np.sum(x * np.tanh(np.full((300, 300), 0.5)) + ones)

    x = np.linspace(0.0, 1.0, 300)
    g = compile(f)
    same(g(x), f(x))


# --- arguments and results -----------------------------------------------------------------------


def test_functions_without_a_signature():
    class Odd:
        __signature__ = "not one"

        def __call__(self, x, y):
            return np.hypot(x, y)

    f = compile(Odd())
    assert [f(3.0, 4.0), f(5.0, 12.0)] == [5.0, 13.0] and f.traces == 1
    np.testing.assert_array_equal(f(np.array([3.0, 5.0]), np.array([4.0, 12.0])), [5.0, 13.0])


def test_keys_that_are_neither_words_nor_numbers():
    f = compile(lambda parts: parts[0, 1] * 2 + parts[None])
    for x in (1.0, 2.0):
        assert f({(0, 1): x, None: 10.0}) == 2 * x + 10
    assert f.traces == 1


def test_results_in_containers_of_ones_own():
    f = compile(lambda x: Pair(loss=np.sum(x * x), slope={"x": 2 * x}))
    for n in (1.0, 2.0):
        found = f(np.full(3, n))
        assert type(found) is Pair and found.loss == 3 * n * n and found.slope["x"].tolist() == [2 * n] * 3


def test_what_cannot_be_an_argument_is_named_though_another_could():
    f = compile(lambda x, *rest: x)
    with pytest.raises(TypeError, match="an argument is a set; pass numbers, arrays, Values"):
        f(1.0, "text", {3.0})


def test_methods_of_objects_that_cannot_be_referred_to_weakly():
    class Line:
        __slots__ = ("slope",)

        def __init__(self, slope):
            self.slope = slope

        @compile
        def at(self, x):
            return self.slope * x

    lines = [Line(2.0), Line(3.0)]
    assert [line.at(5.0) for line in lines for _ in range(2)] == [10.0, 10.0, 15.0, 15.0]
    assert repr(lines[0].at).startswith("<compiled")


def test_options_before_the_function():
    @compile(backend="numpy")
    def f(x):
        return x * 2

    assert f(3.0) == 6.0 and f.chosen == "numpy"


def test_parameters_that_cannot_be_compared():
    scaled = primitive(lambda g, out, x, by: g * by.factor, name="scaled")(lambda x, by: x * by.factor)
    by = SimpleNamespace(factor=3.0)  # has no hash
    f = lambda x: scaled(x, by=by) + scaled(x, by=by)
    np.testing.assert_array_equal(compile(f)(Value([1.0, 2.0])).data, [6.0, 12.0])


# --- what was left behind ----------------------------------------------------------------------------


def test_results_kept_by_a_program_have_no_private_names():
    kept = []

    @compile
    def f(x):
        kept.append(x * 2)
        return x

    f(1.0)
    assert not hasattr(kept[0], "__array_interface_of_ones_own__")
    with pytest.raises(RuntimeError, match="used outside: it was there only while"):
        kept[0].item()


# --- loops -------------------------------------------------------------------------------------------


def test_a_scan_of_no_steps():
    step = compile(lambda x: (x > 9.0, (x,), (x * 2,)))
    rows, last = step.scan([1.5], 0)
    assert list(last) == [1.5] and all(len(row) == 0 for row in rows)


def test_a_loop_of_machine_code_is_made_once():
    pytest.importorskip("numba")
    step = compile(lambda x: (x > 1e9, (x,), (x * 2,)), backend="numba")
    for start in (1.0, 3.0):
        rows, last = step.scan([start], 6)
        assert list(rows[0]) == [start * 2.0**n for n in range(6)] and last[0] == start * 2.0**5


# --- what is refused, by name ------------------------------------------------------------------------


def test_values_in_tuples_where_no_gradient_goes():
    f = lambda x, y: x * np.lexsort((x, y))
    x, y = Value([3.0, 1.0, 2.0]), Value([0.0, 0.0, -1.0])
    assert np.lexsort((x, y)).tolist() == [2, 1, 0] and f(x, y).data.tolist() == [6.0, 1.0, 0.0]
    with pytest.raises(
        TypeError, match=r"np\.lexsort inside a compiled function: pass the Values by position"
    ):
        compile(f)(x, y)


def test_values_are_not_made_of_values():
    with pytest.raises(TypeError, match=r"Value\(v\) inside a compiled function: use v\.detach\(\)"):
        compile(lambda x: Value(x, requires_grad=False) * x)(1.0)


def test_data_of_another_dtype_is_cast_as_without_compiling():
    found = []
    for how in (lambda f: f, compile):
        p = Value(np.zeros(3, np.float32))

        def f(x, p=p):
            p.data = (x * 2.0).data if not isinstance(x, Value) else x * 2.0
            return x

        how(f)(np.array([1.0, 2.0, 1 / 3]))
        found.append(p.data)
    assert found[1].dtype == np.float32
    np.testing.assert_array_equal(found[1], np.array([2.0, 4.0, 2 / 3], np.float32))
