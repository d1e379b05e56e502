"""A Value among Python's and NumPy's protocols; modes and threads.

`test_row` holds the protocol rows of the list of edge cases, by number.
"""

import asyncio
import copy
import gc
import math
import pickle
import sys
import threading
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd import Value, detect_anomaly, enable_grad, gradients, is_grad_enabled, no_grad, special

ROWS = {}


def row(number):
    """Enter a check under its row number."""

    def enter(check):
        ROWS.setdefault(number, []).append(check)
        return check

    return enter


def constant(data):
    return Value(data, requires_grad=False)


# --- the rows -------------------------------------------------------------------------------


@row(144)
def truth():
    assert not Value(0.0) and not Value(-0.0) and Value(2.0) and Value(np.nan)
    assert Value([[3.0]]) and not Value([0.0])
    for many in (Value([0.0, 0.0]), Value(np.zeros(0))):
        with pytest.raises(ValueError, match="ambiguous"):
            bool(many)


@row(145)
def numbers_out_of_constants():
    c = constant(2.5)
    assert (float(c), int(c), complex(c)) == (2.5, 2, 2.5 + 0j)
    assert type(float(c)) is float and type(int(c)) is int
    assert [1, 2, 3][constant(np.int64(1))] == 2 and range(constant(np.int64(2))) == range(2)
    with pytest.raises(ValueError, match="NaN to integer"):
        int(constant(np.nan))
    for kind in (float, int, complex):
        with pytest.raises(TypeError):
            kind(constant([1.0, 2.0]))


@row(145)
def numbers_out_of_one_element():
    assert (float(constant([2.5])), int(constant([[2.5]])), complex(constant([2.5]))) == (2.5, 2, 2.5 + 0j)


@row(145)
def numbers_with_gradient_do_not_leave_unasked():
    for kind in (float, int, complex, range, np.asarray):
        with pytest.raises(TypeError, match="would drop the gradient"):
            kind(Value(2.0))
    assert Value(2.0).item() == 2.0 and type(Value(2.0).item()) is float


@row(146)
def formatting():
    x = Value(1234.5678, name="x")
    assert f"{x:.2f}" == "1234.57" and f"{x:,.1f}" == "1,234.6" and f"{x:>9.1f}" == "   1234.6"
    assert f"{Value([1.5]):.2f}" == "1.50"
    assert f"{x}" == str(x) == repr(x) == "Value(1234.5678, name='x')"
    with pytest.raises(TypeError, match="not a single number"):
        f"{Value([1.0, 2.0]):.2f}"
    with pytest.raises(ValueError, match="nonsense"):
        f"{x:nonsense}"


@row(147)
def length_and_iteration():
    s = Value(2.0)
    for f in (len, iter, list, tuple):
        with pytest.raises(TypeError, match=r"Value of shape \(\)"):
            f(s)
    x = Value([1.0, 2.0, 3.0])
    assert len(x) == 3 and len(Value(np.zeros((0, 3)))) == 0 and list(Value(np.zeros((0, 3)))) == []
    sum(v * v for v in x).backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]
    m = Value([[1.0, 2.0], [3.0, 4.0]])
    (first, second), x.grad = m, None
    (first @ second).backward()
    assert m.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert [v.item() for v in reversed(x)] == [3.0, 2.0, 1.0]
    assert [a.item() * b.item() for a, b in zip(x, x, strict=True)] == [1.0, 4.0, 9.0]


@row(148)
def equality():
    x = Value([1.0, 2.0])
    assert (x == [1.0, 3.0]).tolist() == [True, False] and (x != [1.0, 3.0]).tolist() == [False, True]
    assert (np.array([1.0, 3.0]) == x).tolist() == (x == Value([1.0, 3.0])).tolist() == [True, False]
    for stranger in (None, "a", object(), {}, 1j):
        assert (x == stranger) is False and (x != stranger) is True
    assert Value(2.0) == 2 and Value(2.0) != 3 and Value(np.nan) != Value(np.nan)


@row(148)
def membership():
    a, b = Value(1.0), Value(2.0)
    assert a in [b, a] and [b, a].index(a) == 1
    assert Value(1.0) in [a]  # in a list: equal numbers are found, as for floats
    x = Value([1.0, 2.0])
    assert 2.0 in x and b in x and 3.0 not in x
    assert x in [x, Value([5.0, 6.0])]  # identity comes first
    with pytest.raises(ValueError, match="ambiguous"):
        assert x in [Value([5.0, 6.0])]


@row(148)
def strangers_are_not_members():
    x = Value([1.0, 2.0])
    assert None not in x and "a" not in x


@row(149)
def hashing():
    a, b = Value(3.0), Value(3.0)
    assert hash(a) == hash(a) and len({a, b, a}) == 2 and {a: "a", b: "b"}[b] == "b"
    before = hash(a)
    with no_grad():
        a += 1
    assert hash(a) == before
    x, y = Value(3.0), Value(3.0)
    (x + y).backward()
    assert (x.grad, y.grad) == (1.0, 1.0)


@row(150)
def chains_and_sorting():
    x = Value(1.5)
    assert 0 < x < 2 and not 0 < x < 1 and 1 <= x <= 1.5
    assert type(x > 0) is np.bool_ and type(np.float64(0) < x) is np.bool_
    v = Value([1.0, 2.0])
    with pytest.raises(ValueError, match="ambiguous"):
        assert 0 < v < 3
    a, b = Value(2.0), Value(1.0)
    assert sorted([a, b])[0] is b and min(a, b) is b and max(a, b, 0.5) is a
    max(a * 1, b).backward()
    assert a.grad == 1.0


@row(151)
def strangers_in_operators():
    x = Value(1.0)
    for stranger, kind in (
        (None, "NoneType"),
        ("a", "str"),
        (1j, "complex"),
        ({}, "dict"),
        (object(), "object"),
    ):
        for operation in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a / b, lambda a, b: a < b):
            with pytest.raises(TypeError, match=f"'Value' and '{kind}'|{kind} .*real numbers"):
                operation(x, stranger)
            with pytest.raises(TypeError, match=f"{kind}.*Value"):
                operation(stranger, x)
    assert (x + True) == 2.0 and (True + x) == 2.0 and (x * False) == 0.0


class Friend:
    """A type that knows what to do with Values."""

    def __radd__(self, other):
        return "friend"


@row(151)
def a_foreign_type_may_answer():
    assert Value(1.0) + Friend() == "friend"


@row(152)
def numpy_numbers_and_arrays_on_the_left():
    for dtype in (np.float64, np.float32, np.float16, np.int64, np.bool_):
        x = Value(3.0)
        y = dtype(1) * x
        assert type(y) is Value
        y.backward()
        assert x.grad == 1.0
    a = np.array([1.0, 2.0])
    for f, expected in (
        (lambda x: a * x, [1.0, 2.0]),
        (lambda x: a + x, [1.0, 1.0]),
        (lambda x: a - x, [-1.0, -1.0]),
        (lambda x: a @ x, [1.0, 2.0]),
        (lambda x: np.array([[1.0, 0.0], [5.0, 7.0]]) @ x, [6.0, 7.0]),
        (lambda x: a / x, [-1 / 9, -2 / 16]),
        (lambda x: a**x, [0.0, 16 * np.log(2.0)]),
        (lambda x: a // x, [0.0, 0.0]),
        (lambda x: a % x, [0.0, 0.0]),
    ):
        x = Value([3.0, 4.0])
        y = f(x)
        assert type(y) is Value and y.dtype == np.float64
        np.sum(y).backward()
        np.testing.assert_allclose(x.grad, expected, rtol=1e-15)
    x = Value([1.5, 1.5])
    for comparison in (a < x, a <= x, a > x, a >= x, a == x, a != x):
        assert type(comparison) is np.ndarray and comparison.dtype == bool
    assert (a < x).tolist() == [True, False]
    assert np.float64(1.0) < Value(2.0) and np.float64(1.0) != Value(2.0)


@row(152)
def lists_and_tuples_are_arrays():
    for left, right in (([1.0, 2.0], Value([3.0, 4.0])), (Value([3.0, 4.0]), (1.0, 2.0))):
        assert (left + right).data.tolist() == [4.0, 6.0]
        assert (left @ right) == 11.0
    a = [1.0, 2.0]
    a += Value([3.0, 4.0])
    assert type(a) is Value and a.data.tolist() == [4.0, 6.0]


@row(153)
def nothing_leaves_the_graph_unasked():
    x, s = Value([1.0, 2.0]), Value(2.0)
    assert type(np.exp(x)) is Value
    for leave in (
        lambda: np.asarray(x),
        lambda: np.array(x, dtype=object),
        lambda: np.array([s, s]),
        lambda: np.array([s], dtype=float),
        lambda: np.ascontiguousarray(x),
        lambda: math.exp(s),
        lambda: math.isnan(s),
        lambda: "%.2f" % s,  # noqa: UP031
        lambda: np.zeros(2).__setitem__(slice(None), x),
        lambda: np.random.default_rng(0).normal(s),
    ):
        with pytest.raises(TypeError, match="would drop the gradient"):
            leave()
    with pytest.raises(ValueError):  # NumPy's own error, ours is its cause
        np.zeros(2)[0] = s


@row(153)
def constants_leave_freely_as_copies():
    c = constant([1.0, 2.0])
    a = np.asarray(c)
    a[0] = 7.0
    assert c.data.tolist() == [1.0, 2.0] and np.asarray(c, dtype=np.float32).dtype == np.float32
    assert math.exp(constant(0.0)) == 1.0


@row(154)
def copies_of_leaves():
    x = Value([1.0, 2.0], name="weights")
    x.grad = np.array([3.0, 4.0])
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert other is not x and other.name == "weights" and other.requires_grad and other.is_leaf
        assert other.data.tolist() == [1.0, 2.0] and other.grad.tolist() == [3.0, 4.0]
        other.grad[0] = other.data[0] = 9.0
        assert x.data.tolist() == [1.0, 2.0] and x.grad.tolist() == [3.0, 4.0]
        (other * 2).backward(np.ones(2))
        assert x.grad.tolist() == [3.0, 4.0]
    c = copy.deepcopy(constant(np.array([1, 2])))
    assert not c.requires_grad and c.dtype == np.int64 and c.grad is None
    twice = copy.deepcopy([x, x])
    assert twice[0] is twice[1]
    twice = pickle.loads(pickle.dumps([x, x]))
    assert twice[0] is twice[1]


@row(154)
def a_shallow_copy_stays_in_the_graph():
    x = Value([1.0, 2.0])
    y = copy.copy(x) * copy.copy(x)
    y.backward(np.ones(2))
    assert x.grad.tolist() == [2.0, 4.0]


@row(155)
def results_are_not_copied_out_of_their_graph():
    y = Value(2.0) * 3
    for f in (copy.deepcopy, pickle.dumps):
        with pytest.raises(RuntimeError, match=r"result of multiply.*detach\(\)"):
            f(y)
        assert f(y.detach())


@row(156)
def texts():
    x = Value([1.0, 2.0], name="x")
    assert repr(x) == "Value([1., 2.], name='x')"
    assert repr(x * 2) == "Value([2., 4.], op=multiply)"
    assert repr(constant(1.0)) == "Value(1.0, requires_grad=False)"
    assert repr(Value(np.float32(1.5))) == "Value(1.5, dtype=float32)"
    big = repr(Value(np.zeros((1000, 1000), np.float32)))
    assert len(big) < 300 and "shape=(1000, 1000)" in big and "dtype=float32" in big and "..." in big


@row(156)
def texts_of_rare_values():
    assert "longdouble(" not in repr(Value(np.longdouble(1.5)))
    assert "(0, 3)" in repr(Value(np.zeros((0, 3))))


@row(157)
def operators_that_are_not_there():
    x = Value(2.0)
    for operation in (lambda: ~x, lambda: x & 1, lambda: x << 1, lambda: pow(x, 2, 3), lambda: x()):
        with pytest.raises(TypeError):
            operation()
    y = round(Value(1.256), 2)
    assert y == 1.26 and type(y) is Value and round(Value(2.5)) == 2.0 and round(Value(3.5)) == 4.0
    assert gradients(y.sum(), y)[()] == 1.0
    assert (Value(7.0) // 2) == 3.0 and divmod(Value(7.0), 2)[1] == 1.0


class Meters(float):
    """A subclass of float."""


@row(158)
def subclasses_of_numbers():
    x = Value(Meters(2.0))
    y = x * Meters(3.0) + np.float64(1.0)
    y.backward()
    assert y == 7.0 and x.grad == 3.0 and type(x.data) is np.float64
    with pytest.raises(TypeError):
        Value(Decimal("0.1"))
    with pytest.raises(TypeError):
        Value(Fraction(1, 3))
    for stranger in (Decimal(2), Fraction(1, 2)):
        for operation in (lambda a, b: a + b, lambda a, b: b * a, lambda a, b: a / b):
            with pytest.raises(TypeError, match="Value"):
                operation(Value(2.0), stranger)


@row(158)
def a_fraction_as_exponent_is_a_float():
    x = Value(4.0)  # Python's Fraction answers x ** Fraction with x ** float
    y = x ** Fraction(1, 2)
    y.backward()
    assert y == 2.0 and x.grad == 0.25


@row(159)
def the_sign_of_zero():
    assert np.signbit((-Value(0.0)).data) and np.signbit((+Value(-0.0)).data)
    assert not np.signbit(abs(Value(-0.0)).data)
    expected = np.signbit(np.maximum(-0.0, 0.0))
    assert np.signbit(special.relu(Value(-0.0)).data) == np.signbit(Value(-0.0).relu().data) == expected
    assert np.signbit(np.maximum(Value(-0.0), 0.0).data) == expected


@row(160)
def values_of_values():
    x, y = Value(1.0), Value(2.0)
    for made in (Value(x), Value(Value(Value(x)))):
        assert made is not x and made.dtype == np.float64
        (g,) = gradients(made * 3, [x])
        assert g == 3.0
    z = Value([x, y, 5.0])
    assert z.dtype == np.float64 and z.shape == (3,)
    gx, gy = gradients(np.sum(z * np.array([1.0, 10.0, 100.0])), [x, y])
    assert (gx, gy) == (1.0, 10.0)
    z = Value([[x, y], [y, 1.0]])
    assert gradients(np.sum(z * np.array([[1.0, 10.0], [100.0, 0.0]])), [x, y]) == (1.0, 110.0)
    assert not Value([x, y], requires_grad=False).requires_grad
    with pytest.raises(ValueError, match="equal shapes"):
        Value([x, Value([1.0, 2.0])])


def parameters():
    for number, checks in sorted(ROWS.items()):
        for check in checks:
            yield pytest.param(check, id=f"{number}-{check.__name__}")


@pytest.mark.parametrize("check", list(parameters()))
def test_row(check):
    check()


def test_no_row_is_missing():
    assert set(ROWS) == set(range(144, 161))


# --- unary operators, byte order ------------------------------------------------------------


def test_unary_operators():
    for f, slope in ((lambda v: -v, -1.0), (lambda v: +v, 1.0), (abs, -1.0)):
        x = Value(-3.0)
        y = f(x)
        y.backward()
        assert y is not x and y == f(-3.0) and x.grad == slope


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">f2", "<f8"])
def test_big_endian_data_becomes_native(dtype):
    x = Value(np.arange(3.0).astype(dtype))
    y = np.sum(x * np.arange(3.0).astype(dtype))
    y.backward()
    assert x.dtype.isnative and x.grad.dtype == x.dtype and x.grad.tolist() == [0.0, 1.0, 2.0]
    assert constant(np.arange(3).astype(">i4")).dtype.isnative
    x = Value(np.ones(3))
    x.data = np.arange(3.0).astype(">f8")
    assert x.dtype.isnative and x.data.tolist() == [0.0, 1.0, 2.0]
    x.grad = None
    (x * 2).backward(np.ones(3, ">f8"))
    assert x.grad.dtype.isnative


def test_astype_gives_native_data():
    assert Value(np.ones(3)).astype(">f4").dtype.isnative


def test_data_is_copied_in():
    a = np.ones(3)
    x = Value(a)
    a[0] = 5.0
    assert x.data.tolist() == [1.0, 1.0, 1.0]
    b = np.zeros(3)
    x.data = b
    b[0] = 5.0
    assert x.data.tolist() == [0.0, 0.0, 0.0]
    d = x.detach()
    d.data[0] = 9.0
    n = x.numpy()
    n[1] = 9.0
    assert x.data.tolist() == [0.0, 0.0, 0.0]


def test_structural_matching():
    match Value(3.0):
        case Value(data):
            assert data == 3.0
        case _:
            raise AssertionError


def test_graphs_are_freed_without_the_garbage_collector():
    gc.disable()
    try:
        x = Value([1.0, 2.0])
        y = np.sum(np.sin(x) * x)
        y.backward()
        gone = weakref.ref(y)
        references = sys.getrefcount(x)
        del y
        assert gone() is None and sys.getrefcount(x) < references
    finally:
        gc.enable()


# --- modes ----------------------------------------------------------------------------------


def watching():
    """Whether detect_anomaly() is on: a backward that makes a NaN raises."""
    x = Value(0.0)
    with np.errstate(all="ignore"):
        y = x * np.log(x)
        try:
            y.backward()
        except FloatingPointError:
            return True
    return False


def infinities():
    """Whether detect_anomaly(inf=True) is on."""
    x = Value(0.0)
    try:
        np.sqrt(x).backward()
    except FloatingPointError:
        return True
    return False


def test_modes_nest():
    assert (is_grad_enabled(), watching()) == (True, False)
    with no_grad():
        assert not is_grad_enabled()
        with no_grad():
            assert not is_grad_enabled()
        assert not is_grad_enabled()
        with enable_grad():
            assert is_grad_enabled()
            with detect_anomaly():
                assert is_grad_enabled() and watching() and not infinities()
                with detect_anomaly(inf=True):
                    assert watching() and infinities()
                    with detect_anomaly():
                        assert watching() and not infinities()
                    with no_grad():
                        assert not is_grad_enabled()
                    assert is_grad_enabled() and infinities()
                assert watching() and not infinities()
            assert is_grad_enabled() and not watching()
        assert not is_grad_enabled()
    assert (is_grad_enabled(), watching()) == (True, False)


@pytest.mark.parametrize("mode", [no_grad, enable_grad, detect_anomaly])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_modes_are_restored_when_a_block_raises(mode, error):
    for outer in (no_grad, enable_grad):
        with outer():
            before = is_grad_enabled()
            with pytest.raises(error), mode():
                raise error
            assert is_grad_enabled() == before
    assert is_grad_enabled() and not watching()


def test_modes_are_restored_when_backward_raises():
    x = Value(0.0)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError), detect_anomaly():
        (x * np.log(x)).backward()
    assert is_grad_enabled() and not watching()


def test_one_mode_object_can_be_entered_twice():
    mode = no_grad()
    with mode:
        with mode:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_modes_decorate_functions():
    @no_grad
    def bare(depth):
        return is_grad_enabled() or (depth and bare(depth - 1))

    @no_grad()
    def called():
        return is_grad_enabled()

    @enable_grad
    def enabled():
        return is_grad_enabled()

    @no_grad
    def failing():
        raise ValueError("inside")

    assert not bare(3) and not called() and is_grad_enabled() and bare.__name__ == "bare"
    with no_grad():
        assert enabled() and not is_grad_enabled()
    with pytest.raises(ValueError, match="inside"):
        failing()
    assert is_grad_enabled()


def in_thread(work):
    """What `work` returns, or raises, in a thread of its own."""
    results, errors = [], []

    def run():
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]
    return results[0]


def test_a_mode_belongs_to_its_thread():
    with no_grad(), detect_anomaly():
        assert in_thread(is_grad_enabled) and not in_thread(watching)
        assert in_thread(lambda: (Value(2.0) * 3).requires_grad)
        assert not (Value(2.0) * 3).requires_grad

    def leave_open():
        no_grad().__enter__()
        return is_grad_enabled()

    assert in_thread(leave_open) is False and is_grad_enabled()


def test_a_mode_belongs_to_its_task():
    async def main():
        inside, checked = asyncio.Event(), asyncio.Event()

        async def unrecorded():
            with no_grad():
                inside.set()
                await checked.wait()
                return is_grad_enabled()

        async def recorded():
            await inside.wait()
            seen = is_grad_enabled()
            checked.set()
            return seen

        return await asyncio.wait_for(asyncio.gather(unrecorded(), recorded()), 30)

    assert asyncio.run(main()) == [False, True] and is_grad_enabled()


def test_two_threads_one_in_no_grad():
    steps, meet = 300, threading.Barrier(2, timeout=30)
    w = Value(2.0)  # read by both

    def recorded():
        seen = 0.0
        for _ in range(steps):
            meet.wait()
            x = Value(3.0)
            y = w * x + x
            meet.wait()
            (g,) = gradients(y, [x])
            seen += g
        return seen

    def unrecorded():
        with no_grad():
            for _ in range(steps):
                meet.wait()
                y = w * 3.0 + 1.0
                meet.wait()
                assert not y.requires_grad and not is_grad_enabled()
        return is_grad_enabled()

    other = []
    thread = threading.Thread(target=lambda: other.append(unrecorded()))
    thread.start()
    assert recorded() == 3.0 * steps
    thread.join(30)
    assert other == [True] and is_grad_enabled()


def test_threads_that_record_at_once_do_not_mix():
    start = threading.Barrier(4, timeout=30)

    def work(k, found):
        start.wait()
        for _ in range(100):
            x = Value(np.full(3, float(k)))
            y = x
            for _ in range(10):
                y = y * 1.0 + x
            np.sum(y * x).backward()
            found.append((x.grad == 22.0 * k).all())

    found = [[] for _ in range(4)]
    threads = [threading.Thread(target=work, args=(k, found[k])) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(f) for f in found] == [100] * 4 and all(all(f) for f in found)
