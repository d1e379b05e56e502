"""The walk itself: order, accumulation, ownership, depth, memory."""

import copy
import gc
import time
import warnings
import weakref

import numpy as np
import pytest

from autograd import Value, enable_grad, gradients, no_grad, primitive
from autograd.backward import unbroadcast
from autograd.messages import RELEASED, SPENT
from autograd.rules.table import UFUNCS, Op


def test_a_diamond_is_visited_once_after_all_contributions():
    x = Value(2.0)
    y = 3 * x
    z = 2 * y + 5 * y
    z.backward()
    assert x.grad == 21.0
    assert y.grad == 7.0


def test_contributions_arrive_from_a_node_read_at_several_depths():
    x = Value(1.5)
    y = x
    for _ in range(6):
        y = y * x + x  # x is read again and again
    y.backward()
    h = 1e-6

    def f(v):
        out = v
        for _ in range(6):
            out = out * v + v
        return out

    assert x.grad == pytest.approx((f(1.5 + h) - f(1.5 - h)) / (2 * h), rel=1e-8)


def test_leaves_accumulate_over_calls_and_results_show_the_last_one():
    x = Value(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 12.0
    assert y.grad == 1.0
    x.zero_grad()
    assert x.grad is None


def test_gradients_are_never_shared():
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    seed = np.array([1.0, 1.0])
    z = x + y
    z.backward(seed)
    x.grad += 100.0
    seed[:] = -7.0
    assert y.grad.tolist() == [1.0, 1.0]
    assert z.grad.tolist() == [1.0, 1.0]
    assert not np.shares_memory(x.grad, y.grad)
    assert not np.shares_memory(x.grad, seed)


@pytest.mark.parametrize(
    "f", [lambda x: x.T, lambda x: x.reshape(6), lambda x: x + 0.0, lambda x: np.flip(x)]
)
def test_a_gradient_that_is_a_view_is_copied_before_it_is_given_out(f):
    x = Value(np.arange(6.0).reshape(2, 3))
    y = f(x)
    seed = np.ones(y.shape)
    y.backward(seed)
    assert x.grad.base is None
    x.grad += 1.0
    assert (y.grad == 1.0).all()


def test_a_buffer_is_added_to_in_place_only_if_the_engine_made_it():
    constant = np.ones(3)
    from autograd import primitive

    @primitive(lambda g, out, x: constant)
    def odd(x):
        return x

    x = Value([1.0, 2.0, 3.0])
    (odd(x) + odd(x) + odd(x)).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]
    assert constant.tolist() == [1.0, 1.0, 1.0]
    x.zero_grad()
    odd(x).sum().backward()
    x.grad += 5.0
    assert constant.tolist() == [1.0, 1.0, 1.0]


def test_a_rule_that_raises_spends_nothing_and_says_where():
    from autograd import primitive

    fail = True

    def rule(g, out, x):
        if fail:
            raise ZeroDivisionError("by design")
        return g

    @primitive(rule)
    def brittle(x):
        return x

    x = Value([1.0, 2.0])
    y = (brittle(x * 2.0) * 3.0).sum()
    with pytest.raises(ZeroDivisionError) as info:
        y.backward()
    assert any("brittle" in note and "(2,)" in note for note in info.value.__notes__)
    assert x.grad is None
    fail = False
    y.backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_inputs_that_need_no_gradient_are_skipped_before_computing():
    from autograd import primitive

    def never(g, out, x, y):
        raise AssertionError("this rule must not run")

    @primitive(lambda g, out, x, y: g * y, never)
    def product(x, y):
        return x * y

    x, c = Value(2.0), Value(3.0, requires_grad=False)
    product(x, c).backward()
    product(x, 3.0).backward()
    assert x.grad == 6.0
    a, b = Value(2.0), Value(5.0)
    assert gradients(product(a, b), a) == 5.0  # b was not asked for


def test_release_forgets_the_graph_on_the_way():
    x = Value(np.ones(4))
    middle = x * 2.0
    ref = weakref.ref(middle)
    loss = (middle * middle).sum()
    del middle
    loss.backward(release=True)
    assert ref() is None
    assert loss.state == RELEASED
    assert loss.inputs == ()
    assert x.grad.tolist() == [8.0] * 4
    with pytest.raises(RuntimeError, match="released"):
        loss.backward()


def test_the_graph_stays_linked_after_backward():
    x = Value(2.0)
    y = x * x
    z = y + x
    z.backward()
    assert z.state == SPENT
    assert z.inputs[0] is y
    assert y.inputs == (x, x)
    assert y.grad == 1.0


def test_a_graph_is_freed_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x = Value(np.ones(3))
        middle = np.tanh(x * 2.0)
        ref = weakref.ref(middle)
        y = (middle * middle).sum()
        y.backward(retain_graph=True)
        g = gradients(y, x, create_graph=True)
        del middle, y, g
        assert ref() is None
    finally:
        gc.enable()


def test_a_hundred_thousand_operations_without_recursion():
    x = Value(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    start = time.perf_counter()
    y.backward()
    assert x.grad == pytest.approx(1.00001**100_000, rel=1e-9)
    del y
    assert time.perf_counter() - start < 60.0  # a hang, not a speed, is what this finds


def test_numbers_follow_creation_and_not_addresses():
    a, b = Value(1.0), Value(1.0)
    assert a._number < b._number < (a + b)._number
    assert a is not b
    assert hash(a) != hash(b)


def test_equal_constants_stay_two_nodes():
    a, b = Value(3.0), Value(3.0)
    (a + b).backward()
    assert (a.grad, b.grad) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("shape", "target"),
    [
        ((2, 3), (3,)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((4, 2, 3), (2, 1)),
        ((0, 3), (3,)),
        ((2, 3), (1, 1)),
    ],
)
def test_unbroadcast_is_the_transpose_of_broadcasting(shape, target):
    rng = np.random.default_rng(0)
    g, x = rng.normal(size=shape), rng.normal(size=target)
    back = unbroadcast(g, target)
    assert np.shape(back) == target
    assert np.sum(back * x) == pytest.approx(np.sum(g * np.broadcast_to(x, shape)))


def test_a_constant_changed_through_a_value_is_noticed():
    x, s = Value(2.0), Value(5.0, requires_grad=False)
    y = x * s
    s.data = 10.0
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_float32_stays_float32_even_beside_float64():
    x = Value(np.ones(3, dtype=np.float32))
    y = (x * np.array([1.0, 2.0, 3.0])).sum()
    assert y.dtype == np.float64
    y.backward()
    assert x.grad.dtype == np.float32


def test_two_threads_share_leaves_without_mixing_their_walks():
    from concurrent.futures import ThreadPoolExecutor

    w = Value(np.ones(50))

    def work(k):
        total = (w * float(k)).sum()
        for _ in range(50):
            total = total + (w * w).sum() * 0.0
        return gradients(total, w)

    with ThreadPoolExecutor(4) as pool:
        for k, g in enumerate(pool.map(work, range(16))):
            assert (g == k).all()


def test_threads_add_to_one_leaf():
    from concurrent.futures import ThreadPoolExecutor

    w, n = Value(np.zeros(2000)), 100

    def work(_):
        for _ in range(n):
            w.sum().backward()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert (w.grad == 8 * n).all()


def test_modes_nest_and_come_back():
    x = Value(1.0)
    with no_grad():
        assert not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


itself = primitive(lambda g, out, x: g, name="itself")(lambda x: x)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: v[0],
        lambda v: v.T,
        lambda v: v.reshape(4),
        lambda v: +v,
        lambda v: Value(v),
        itself,
        copy.copy,
        lambda v: v.astype(float),
    ],
)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_constant_is_never_a_view(f, requires_grad):
    w = Value([[1.0, 2.0], [3.0, 4.0]], requires_grad=requires_grad)
    with no_grad():
        target = f(w)
        before = target.data.copy()
        w *= 10.0
    assert (target.data == before).all()


@pytest.mark.parametrize("ufunc", [u for u in UFUNCS if isinstance(UFUNCS[u], Op)], ids=lambda u: u.__name__)
@np.errstate(all="ignore")
def test_a_ufunc_never_returns_an_operand(ufunc):
    """The operators' way in takes what it returns for new data."""
    x = np.ones((2, 2))
    second = np.ones((2, 2), int) if ufunc is np.ldexp else x
    data = UFUNCS[ufunc].forward(*(x, second)[: ufunc.nin])
    assert not np.shares_memory(data, x)


def test_a_value_of_a_value_is_linked_only_where_gradient_flows():
    w, c = Value([1.0, 2.0]), Value([1.0, 2.0], requires_grad=False)
    assert Value(w).inputs == (w,)
    with no_grad():
        copy = Value(w)
        copy *= 2.0
    assert copy.is_leaf
    assert w.data.tolist() == [1.0, 2.0]
    fresh = Value(c)
    assert fresh.is_leaf
    assert fresh.requires_grad


def test_arrays_and_recorded_gradients_add_up_in_one_node():
    # the rules of + hand plain seeds on, that of * a recorded product: both arrive at h
    x = Value([1.0, 2.0])
    h = np.tanh(x)
    (g,) = gradients(np.sum(h * h + (h + 1.0) + (h + 2.0)), [x], create_graph=True)
    (gg,) = gradients(np.sum(g), [x])
    t = np.tanh([1.0, 2.0])
    np.testing.assert_allclose(g.data, (2 * t + 2) * (1 - t * t), rtol=1e-14)
    np.testing.assert_allclose(gg, 2 * (1 - t * t) ** 2 - (2 * t + 2) * 2 * t * (1 - t * t), rtol=1e-13)


def test_a_failed_gradients_leaves_the_gradients_of_an_earlier_pass():
    broken = []

    def rule(g, out, x):
        if broken:
            raise ValueError("broken")
        return g

    f = primitive(rule)(lambda x: x * 1.0)
    x = Value([1.0, 2.0])
    z = f(x) * 2.0
    s = z.sum()
    s.backward(retain_graph=True)
    broken.append(True)
    with pytest.raises(ValueError, match="broken"):
        gradients(s, x)
    assert z.grad.tolist() == [1.0, 1.0]
    broken.clear()
    assert gradients(s, x).tolist() == [2.0, 2.0]


def test_recorded_gradients_of_two_leaves_are_two_values():
    x, y, seed = Value([1.0, 2.0]), Value([3.0, 4.0]), Value([1.0, 1.0])
    ((x + y) ** 3).sum().backward(create_graph=True)
    with no_grad():
        x.grad *= 0.0
    assert y.grad.tolist() == [48.0, 108.0]
    (gg,) = gradients(y.grad.sum(), [x])
    assert gg.tolist() == [24.0, 36.0]
    w = Value([5.0, 6.0])
    (w + 1.0).backward(seed, create_graph=True)
    with no_grad():
        seed *= 0.0
    assert w.grad.tolist() == [1.0, 1.0]
    x.grad = y.grad = w.grad = None  # cycles


class Kept(np.ndarray):
    """A subclass without any meaning of its own."""


def test_the_result_of_a_primitive_is_a_plain_array():
    f = primitive(lambda g, out, x: g)(lambda x: x.view(Kept))
    assert type(f(Value([1.0, 2.0])).data) is np.ndarray
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        f = primitive(lambda g, out, x: g)(np.matrix)  # * would be the matrix product
        with pytest.raises(TypeError, match=r"result of .*matrix"):
            f(Value([[1.0, 2.0], [3.0, 4.0]]))
    f = primitive(lambda g, out, x: g)(np.ma.masked_array)
    with pytest.raises(TypeError, match=r"result of .*masked"):
        f(Value([1.0, 2.0]))


# --- rare ways in and out -----------------------------------------------------------------------

weighted = primitive(lambda g, out, x, w: g * w, None, name="weighted")(lambda x, w: x * w)
scaled = primitive(lambda g, out, x, w, by: g * w * by, None, name="scaled")(lambda x, w, by: x * w * by)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "f", [weighted, lambda x, w: scaled(x, w, by=2.0)], ids=["plain", "with a parameter"]
)
def test_a_second_operand_without_a_rule_is_named(f, create_graph):
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    with pytest.raises(TypeError, match=r"(weighted|scaled).*'w'|w.*(weighted|scaled)"):
        f(x, w).backward(create_graph=create_graph)
    (g,) = gradients(f(x, w.detach()), [x])
    assert g in (2.0, 4.0)


def test_one_result_asked_for_twice_counts_twice():
    x = Value([1.0, 2.0])
    y = x * x
    (g,) = gradients([y, y], [x], [np.ones(2), np.array([10.0, 1.0])])
    assert g.tolist() == [22.0, 8.0]


def test_results_that_are_leaves_count_where_they_are_asked_for():
    x, w = Value(3.0), Value(5.0)
    (g,) = gradients([w, x * x * w, x], [x], [1.0, 1.0, 100.0])
    assert g == 2 * 3 * 5 + 100 and x.grad is w.grad is None


def test_a_primitive_may_return_a_python_number():
    total = primitive(lambda g, out, x: g * np.ones_like(x), name="total")(lambda x: float(x.sum()))
    x = Value([1.0, 2.0])
    y = total(x) * 3.0
    y.backward()
    assert type(y.data) is np.float64 and y.data == 9.0 and x.grad.tolist() == [3.0, 3.0]


def test_a_rule_of_too_few_axes_is_wrong_even_where_operands_are_broadcast():
    odd = primitive(lambda g, out, x, y: g.sum(axis=0), lambda g, out, x, y: g, broadcasts=True, name="odd")(
        lambda x, y: x + y
    )
    with pytest.raises(RuntimeError, match=r"rule of odd for input 0 returned shape \(3,\).*shape \(2, 3\)"):
        odd(Value(np.ones((2, 3))), np.ones(3)).sum().backward()


def test_a_number_is_not_made_an_array_in_place():
    x = Value(1.0)
    with (
        no_grad(),
        pytest.raises(ValueError, match=r"in-place add: the result has shape \(3,\), the Value has"),
    ):
        x += np.ones(3)
    assert x.data == 1.0


def test_a_gradient_to_start_with_may_be_a_value():
    x, seed = Value([1.0, 2.0]), Value([3.0, 4.0])
    (x * x).backward(seed)
    assert x.grad.tolist() == [6.0, 16.0] and type(x.grad) is np.ndarray and seed.grad is None


def test_what_a_value_is_written_into_itself_it_read_before():
    x = Value([1.0, 2.0])
    y = x * 2
    y[...] = y
    (y * y).sum().backward()
    assert y.data.tolist() == [2.0, 4.0] and x.grad.tolist() == [8.0, 16.0]


def test_views_that_cannot_be_written_through():
    x, v = Value([[1.0, 2.0], [3.0, 4.0]]), Value(9.0)
    part = x[0]
    with pytest.raises(RuntimeError, match="a view of a leaf that requires grad: write into a copy"):
        part[1] = v
    turned = (x * 1.0).T
    with pytest.raises(RuntimeError, match=r"this Value is a view \(transpose\) of another"):
        turned[0] = v
    assert x.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
