"""Wrong gradients that other libraries have returned in silence, and the right ones.

A row's number is its test id.  Each reproduction gives the right answer here, or
an error that says why there is none.
"""

import numpy as np
import pytest

from autograd import Value, detect_anomaly, grad, gradients, no_grad, primitive, special, vjp

ROWS = {}
NOT_HERE = {  # rows of the list that are tested with the module they belong to
    16: "np.linalg.norm",
    21: "multivariate normal",
    22: "normal distribution",
    26: "np.linalg.norm",
    38: "scatter_reduce: there is none",
    39: "nn losses",
    40: "nn.functional.normalize",
}


def row(*numbers):
    def enter(test):
        for number in numbers:
            assert number not in ROWS
            ROWS[number] = test
        return test

    return enter


def gradient_of(f, *inputs):
    """The gradients of sum(f), by backward(); equal to those of a recorded backward."""
    with np.errstate(all="ignore"):
        xs = [Value(x) for x in inputs]
        np.sum(f(*xs)).backward()
        again = [Value(x) for x in inputs]
        for x, g in zip(xs, gradients(np.sum(f(*again)), again, create_graph=True), strict=True):
            np.testing.assert_array_equal(g.data, x.grad)
    for x in xs:
        assert x.grad.shape == x.shape and x.grad.dtype == x.dtype
    return xs[0].grad if len(xs) == 1 else [x.grad for x in xs]


def same(actual, expected):
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(actual, expected, rtol=1e-13)


# --- the order of the walk ------------------------------------------------------------------


@row(1, 2)
def a_diamond_is_walked_in_topological_order():
    def f(x):
        y = 3 * x
        return 2 * y + 5 * y

    same(gradient_of(f, 2.0), 21.0)


@row(3)
def intermediate_gradients_do_not_pile_up():
    a = Value(3.0)
    b = 2 * a
    c = b * b
    c.backward(retain_graph=True)
    c.backward()
    assert (a.grad, b.grad) == (48.0, 12.0)  # the leaf adds up two calls; the result shows the last
    with pytest.raises(RuntimeError, match="spent"):
        c.backward()


# --- shapes ---------------------------------------------------------------------------------


@row(4)
def a_scalar_times_a_vector():
    ga, gb = gradient_of(lambda a, b: a * b, np.array([1.0, 2.0]), 3.0)
    same(ga, [3.0, 3.0])
    same(gb, 3.0)


@row(12)
def a_scalar_weight():
    gw, gx = gradient_of(lambda w, x: w * x, 2.0, np.array([1.0, 2.0, 3.0]))
    same(gw, 6.0)
    same(gx, [2.0, 2.0, 2.0])


@row(13)
def one_element_times_a_matrix():
    a, b = gradient_of(lambda a, b: a * b, np.ones(1), np.ones((5, 4)))
    same(a, [20.0])
    same(b, np.ones((5, 4)))


@row(14)
def where_sums_a_broadcast_branch():
    c = np.array([True, False, True])
    same(gradient_of(lambda x: np.where(c, x, 2 * x), 1.0), 4.0)


@row(15)
def tile_adds_the_right_blocks():
    w = np.arange(8.0).reshape(2, 2, 2)
    x = np.arange(4.0).reshape(2, 1, 2)
    same(gradient_of(lambda x: w * np.tile(x, (2, 1)), x), [[[2.0, 4.0]], [[10.0, 12.0]]])


@row(17)
def diagonal_of_a_rectangle():
    same(gradient_of(np.diag, np.ones((2, 3))), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    same(gradient_of(np.diagonal, np.ones((3, 2))), [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


@row(19)
def tensordot_names_its_axes():
    a, b = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, 4.0]])
    ga, gb = gradient_of(lambda a, b: np.tensordot(a, b, axes=[0, 1]), a, b)
    same(ga, [4.0, 6.0])
    same(gb, [[1.0, 2.0], [1.0, 2.0]])


@row(20)
def padding_with_nothing_behind():
    same(gradient_of(lambda x: np.pad(x, (0, 1)), np.ones(2)), [1.0, 1.0])
    same(gradient_of(lambda x: np.pad(x, (1, 0)), np.ones(2)), [1.0, 1.0])
    same(gradient_of(lambda x: np.pad(x, (0, 0)), np.ones(2)), [1.0, 1.0])


@row(30)
def assigning_through_leading_ones():
    def assigned(index):
        def f(v):
            x = Value(np.zeros((2, 3)), requires_grad=False)
            x[index] = v
            return x

        return f

    for index, shape, repeats in (
        (0, (1, 1, 3), 1.0),
        (0, (1, 1, 1), 3.0),
        (0, (), 3.0),
        (0, (1,), 3.0),
        (..., (3,), 2.0),
        (..., (2, 1), 3.0),
        (..., (1, 1, 2, 1), 3.0),
        ([0, 1], (), 6.0),
    ):
        same(gradient_of(assigned(index), np.ones(shape)), np.full(shape, repeats))


@row(41)
def where_with_a_number_in_the_other_branch():
    same(gradient_of(lambda b: np.where([1, 0, 1], b, -1), np.ones(3)), [1.0, 0.0, 1.0])
    same(gradient_of(lambda b: np.where([1, 0, 1], -1, b), np.ones(3)), [0.0, 1.0, 0.0])


@row(44)
def a_square_matrix_times_a_vector():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
    for product in (lambda a, b: a @ b, np.dot, np.matmul):
        c = np.array([10.0, 1.0])
        x, y = Value(a), Value(b)
        product(x, y).backward(c)
        same(x.grad, np.outer(c, b))
        same(y.grad, c @ a)


@row(45)
def a_matrix_times_a_batch_of_matrices():
    # NumPy's rule broadcasts the batch axes in front, so the batch of 10 is the first axis here
    a, b = np.random.default_rng(0).normal(size=(5, 3)), np.random.default_rng(1).normal(size=(10, 3, 2))
    ga, gb = gradient_of(lambda a, b: a @ b, a, b)
    np.testing.assert_allclose(ga, np.broadcast_to(b.sum(axis=(0, 2)), (5, 3)), rtol=1e-13)
    np.testing.assert_allclose(gb, np.broadcast_to(a.sum(axis=0)[:, None], (10, 3, 2)), rtol=1e-13)


# --- dividing by an input or by the result --------------------------------------------------


@row(8)
def a_product_with_a_zero():
    same(gradient_of(np.prod, np.array([2.0, 0.0, 3.0])), [0.0, 6.0, 0.0])
    same(gradient_of(np.prod, np.array([0.0, 0.0, 3.0])), [0.0, 0.0, 0.0])


@row(9)
def a_square_at_zero():
    same(gradient_of(lambda x: x**2, 0.0), 0.0)
    same(gradient_of(np.square, 0.0), 0.0)


@row(10)
def an_integer_power_under_a_cotangent_that_is_not_one():
    x = Value([2.0, -3.0])
    (x**2).backward([10.0, 100.0])
    same(x.grad, [40.0, -600.0])


@row(18)
def a_standard_deviation_without_degrees_of_freedom():
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        same(gradient_of(lambda x: np.std(x, ddof=1), np.array([2.0])), [np.nan])


@row(23)
def every_spelling_of_the_absolute_value():
    for f in (abs, np.abs, np.absolute, np.fabs, Value.abs):
        same(gradient_of(f, 0.0), 0.0)
        same(gradient_of(f, np.array([-2.0, 0.0, 3.0])), [-1.0, 0.0, 1.0])


@row(24)
def sinc_near_zero():
    same(gradient_of(np.sinc, 0.0), 0.0)
    same(gradient_of(np.sinc, 1e-170), -(np.pi**2) / 3 * 1e-170)


@row(25)  # its np.linalg.norm is tested with np.linalg
def the_deviation_of_a_constant():
    same(gradient_of(np.std, np.full(3, 2.0)), [0.0, 0.0, 0.0])


@row(28)
def infinite_answers():
    same(gradient_of(np.arccos, 1.0), -np.inf)
    assert special.relu(Value(-np.inf)).data == 0.0
    same(gradient_of(special.relu, -np.inf), 0.0)


@row(35)
def the_branch_that_was_not_taken_overflows():
    x = np.float32(100)
    safe = gradient_of(lambda a: np.where(a <= 0, np.exp(np.where(a <= 0, a, 0.0)), 1 + a), x)
    same(safe, np.float32(1))
    with np.errstate(all="ignore"):  # the trap itself: an honest nan, and anomaly mode names the cause
        a = Value(x)
        (g,) = gradients(np.where(a <= 0, np.exp(a), 1 + a), [a])
        assert np.isnan(g)
        a = Value(x)
        with (
            detect_anomaly(),
            pytest.raises(FloatingPointError, match=r"backward of exp.*\(0 \* inf\).*where"),
        ):
            np.where(a <= 0, np.exp(a), 1 + a).backward()


# --- ties and counting ----------------------------------------------------------------------


@row(7)
def ties_are_counted_in_more_than_half_precision():
    g = gradient_of(np.max, np.ones(70000, np.float16))
    assert (g == np.float16(1 / 70000)).all() and g[0] > 0


@row(11)
def the_mean_of_many_halves():
    assert np.mean(Value(np.ones(70000, np.float16))).data == 1.0
    g = gradient_of(np.mean, np.ones(70000, np.float16))
    assert (g == np.float16(1 / 70000)).all() and g[0] > 0


@row(27)
def the_maximum_of_one_thing_and_itself():
    for f in (np.maximum, np.minimum, np.fmax, np.fmin):
        same(gradient_of(lambda x, f=f: f(x, x), 2.0), 1.0)


@row(32)
def tied_maxima_share_one_gradient():
    same(gradient_of(np.max, np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])


# --- aliases and changes in place -----------------------------------------------------------


@row(5)
def data_changed_after_it_was_read():
    x = Value(3.0)
    y = x * x
    x.data = 10.0
    with pytest.raises(RuntimeError, match="changed in place after multiply read it"):
        y.backward()
    x = Value([3.0])
    with detect_anomaly():
        y = x * x
        x.data[...] = 10.0
        with pytest.raises(RuntimeError, match=r"input 0 of multiply.*overwritten through NumPy"):
            y.backward()
    array = np.array([3.0])
    x = Value(array)  # a copy
    y = x * x
    array[0] = 10.0
    y.backward()
    same(x.grad, [6.0])


@row(6)
def equal_numbers_are_different_nodes():
    a, b = Value(3.0), Value(3.0)
    (a + b).backward()
    assert (a.grad, b.grad) == (1.0, 1.0)


@row(29)
def two_views_of_one_array():
    def f(x):
        z = x * 1
        z[1:][:1] *= 10
        return z

    same(gradient_of(f, np.ones(3)), [1.0, 10.0, 1.0])


@row(31)
def integers_are_refused():
    with pytest.raises(TypeError, match="int64; only floating point carries gradient"):
        Value(np.array([1, 2]))
    with pytest.raises(TypeError, match="int64; only floating point carries gradient"):
        grad(lambda x: np.sum(x * x))(np.array([1, 2]))


@row(33)
def an_element_read_twice():
    same(gradient_of(lambda y: y[[0, 0]][0], np.array([1.0, 2.0])), [1.0, 0.0])
    same(gradient_of(lambda y: y[[0, 0]], np.array([1.0, 2.0])), [2.0, 0.0])


@row(34)
def an_element_written_twice():
    y, v = Value(np.zeros(3)) * 1, Value(5.0)
    with pytest.raises(IndexError, match=r"\[2, 2\]\]? names an element twice"):
        y[[2, 2]] = v
    y[[2]] = v
    (g,) = gradients(np.sum(y), [v])
    assert g == 1.0


@row(36)
def a_constant_operand_changed_after_it_was_read():
    s = Value(np.array([2, 2]), requires_grad=False)
    x = Value([1.0, 1.0])
    out = x * s
    with no_grad():
        s += 3
    # the gradient flows to x alone, so only the operand's stamp can tell
    with pytest.raises(RuntimeError, match="changed in place after multiply read it"):
        out.backward(np.ones(2))
    s, x = np.array([2, 2]), Value([1.0, 1.0])
    with detect_anomaly():
        out = x * s
        s += 3
        with pytest.raises(RuntimeError, match=r"input 1 of multiply.*overwritten through NumPy"):
            out.backward(np.ones(2))


@row(37)
def views_made_without_a_graph_are_not_written_into():
    for view in (lambda w: w[1:], lambda w: w.T, lambda w: w.reshape(2, 2), lambda w: np.split(w, 2)[0]):
        w = Value(np.arange(4.0))
        y = w * w
        with no_grad():
            part = view(w)
            with pytest.raises(RuntimeError, match="view of another's data"):
                part *= 10
            with pytest.raises(RuntimeError, match="view of another's data"):
                part[...] = 10
        y.backward(np.ones(4))
        same(w.data, np.arange(4.0))
        same(w.grad, 2 * np.arange(4.0))


@row(42)
def one_gradient_handed_to_two_inputs():
    x, y = Value([1.0, 2.0]), Value([3.0, 4.0])
    z = x + y
    (np.sum(z) + np.sum(x)).backward()
    same(x.grad, [2.0, 2.0])
    same(y.grad, [1.0, 1.0])
    same(z.grad, [1.0, 1.0])


@row(43)
def a_gradient_still_in_use_is_not_overwritten():
    # every result hands the same gradient to two inputs, and every input collects from two results
    def f(x):
        a, b = x * 1, x * 1
        for _ in range(10):
            a, b = a + b, a - b
        return a * np.array([1.0, 10.0]) + b

    same(gradient_of(f, np.array([1.0, 2.0])), f(np.ones(2)))  # f is linear


@row(46)
def a_wrong_rule_is_not_hidden_by_a_kind_cotangent():
    # a rule that forgets its cotangent is right for a cotangent of ones, and for no other
    forgetful = primitive(lambda g, out, x: 2 * x)(lambda x: x**2)
    x = np.array([1.0, 2.0])
    for cotangent, right in (([1.0, 1.0], True), ([3.0, 5.0], False)):
        (ours,) = vjp(lambda x: x**2, x)[1](np.array(cotangent))
        (theirs,) = vjp(forgetful, x)[1](np.array(cotangent))
        same(ours, 2 * x * cotangent)
        assert (ours == theirs).all() == right


# --- running the rows -----------------------------------------------------------------------


def parameters():
    for number, test in sorted(ROWS.items()):
        yield pytest.param(test, id=str(number), marks=getattr(test, "pytestmark", []))


@pytest.mark.parametrize("test", list(parameters()))
def test_row(test):
    test()


def test_no_row_is_missing():
    assert set(ROWS) | set(NOT_HERE) == set(range(1, 47)) and not set(ROWS) & set(NOT_HERE)


# --- other ways to the same faults ----------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        lambda w: w[:],
        lambda w: w.reshape(2, 1)[:, 0],
        lambda w: w.T,
        lambda w: np.broadcast_to(w, (2,)),
        lambda w: np.split(w, [2])[0],
        lambda w: np.einsum("i->i", w),
        Value,
    ],
)
def test_a_recorded_view_keeps_what_was_read(view):
    w, x = Value([1.0, 2.0]), Value([1.0, 1.0])
    part = view(w)
    y = np.sum(part * x)
    with no_grad():
        w += 10
    try:
        (g,) = gradients(y, [x])
    except RuntimeError as error:
        assert "changed in place" in str(error)
    else:
        same(g, [1.0, 2.0])


@pytest.mark.parametrize("data", [np.array([1, 2]), np.array(1)])
def test_integers_in_place_are_not_cut_off(data):
    c = Value(data, requires_grad=False)
    with no_grad(), pytest.raises(TypeError, match="int64"):
        c -= 0.5


def test_writing_and_reading_in_turn():
    def f(x):
        y = x * 1
        y[0] = y[1] * y[2]
        y[1] = y[0] * 2
        return y

    same(gradient_of(f, np.array([1.0, 2.0, 3.0])), [0.0, 9.0, 7.0])


def test_writing_through_a_named_view_reaches_its_base():
    x = Value([1.0, 2.0, 3.0])
    y = x * 1
    z = y[1:]
    z[0] = 10.0
    same(y.data, [1.0, 10.0, 3.0])
    np.sum(y * np.array([1.0, 10.0, 100.0])).backward()
    same(x.grad, [1.0, 0.0, 100.0])


def test_a_view_of_what_was_written_since_has_no_gradient():
    x = Value([1.0, 2.0, 3.0])
    y = x * 1
    z = y[1:]
    y[1] = 10.0
    with pytest.raises(RuntimeError, match="changed in place"):
        np.sum(z).backward()
