"""compile: what is written into Values, what leaks, methods, copies, arguments that are refused."""

import copy
import functools
import gc
import pickle
import sys
import threading
import weakref

import numpy as np
import pytest

import nn
import optim
from autograd import (
    Value,
    checkpoint,
    compile,
    enable_grad,
    grad,
    gradients,
    no_grad,
    value_and_grad,
)
from nn import functional as F  # noqa: N812
from tests.numeric import same

# --- writing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [None, "numpy", "numba"])
def test_assigned_data_is_assigned_at_each_call(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    total, count = Value(0.0, requires_grad=False, name="total"), Value(np.int64(0), requires_grad=False)

    def add(x):
        with no_grad():
            total.data = total + x
            count.data = count + 1
            return total * 10  # what was written is what is read

    c = compile(add, backend=backend)
    for n, x in enumerate((1.0, 2.5, 4.0), 1):
        before = total.item()
        assert c(x) == 10 * (before + x)
        assert total.item() == before + x and count.item() == n
    assert type(total.data) is np.float64 and type(count.data) is np.int64 and c.traces == 1


def test_the_old_data_is_read_before_a_write_and_a_plain_number_can_be_written(x):
    w = Value(x, requires_grad=False)

    def f(a):
        before = w + a
        w.data = np.ones(5)
        between = w + a
        w.data = before
        return before, between, w + 0.0, w

    c = compile(f)
    before, between, after, itself = c(2.0)
    for y, expected in ((before, x + 2), (between, np.full(5, 3.0)), (after, x + 2), (itself, x + 2)):
        same(y, expected)
    before[:] = itself[:] = 0.0  # the caller's
    same(w.data, x + 2)
    same(c(1.0)[0], x + 3)


def test_a_pass_back_through_what_was_overwritten_is_refused(x):
    w = Value(x, name="w")

    def f(a):
        loss = np.sum(w * w * a)
        with no_grad():
            w.data = w * 0.5
        return gradients(loss, [w])[0]

    number = w._number
    with pytest.raises(RuntimeError, match="changed in place"):
        compile(f)(1.0)
    same(w.data, x)
    assert w._number == number  # a failed trace leaves nothing behind
    loss = np.sum(w * w)
    with pytest.raises(RuntimeError, match="changed in place"):
        compile(f)(1.0)
    loss.backward()
    same(w.grad, 2 * x)


def test_writing_into_arguments_and_results_is_refused(x):
    def argument(a):
        with no_grad():
            a.data = a * 2
        return a

    def result(a):
        b = a * 2
        b.data = a
        return b

    for f in (argument, result):
        with pytest.raises(TypeError, match="return the new data instead"):
            compile(f)(x)
    w = Value(x)
    with pytest.raises(ValueError, match=r"new data has shape \(\), w has shape \(5,\)"):
        w.name = "w"
        compile(lambda a: setattr(w, "data", a) or a)(1.0)
    with pytest.raises(TypeError, match=r"writes no \.grad"):
        compile(lambda a: setattr(w, "grad", a) or a)(x)
    assert w.grad is None


def test_a_training_step_with_the_update_inside(x):
    w = Value(np.zeros(5), name="w")

    def step(a):
        with enable_grad():
            loss = np.sum((w - a) ** 2)
            (slope,) = gradients(loss, [w])
        with no_grad():
            w.data = w - 0.25 * slope
        return loss

    with no_grad():
        c, expected = compile(step), np.zeros(5)
        for _ in range(3):
            same(c(x), np.sum((expected - x) ** 2))
            expected = expected - 0.25 * (2 * (expected - x))
            same(w.data, expected)
    assert c.traces == 1


def test_written_once_where_the_result_is_differentiated(x):
    count = Value(0.0, requires_grad=False)

    def f(a):
        count.data = count + 1
        return np.sum(a * a)

    c = compile(f)
    a = Value(x)
    c(a).backward()
    same(a.grad, 2 * x)
    assert count.item() == 1
    with pytest.raises(TypeError, match="take it of the function itself"):
        c(a).backward(create_graph=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_norm(dtype, momentum):
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(12, 6)).astype(dtype), rng.integers(0, 3, 12)
    runs = []
    for how in (False, True):
        nn.manual_seed(0)
        model = nn.Sequential(
            nn.Linear(6, 5), nn.BatchNorm1d(5, momentum=momentum), nn.ReLU(), nn.Linear(5, 3)
        )
        model.to(dtype) if hasattr(model, "to") else None
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        history = nn.fit(
            model, x, t, loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=3, batch_size=4,
            compile=how, seed=0, verbose=0,
        )  # fmt: skip
        runs.append((model.state_dict(), history))
    assert int(np.asarray(runs[1][0]["1.num_batches_tracked"])) == 9
    for k, v in runs[0][0].items():
        same(np.asarray(runs[1][0][k]), np.asarray(v))


# --- leaks, changes between forward and backward ----------------------------------------------------


def test_leaked_values_are_refused(x):
    kept = []
    compile(lambda a: kept.append(a * 2) or kept.append(a) or a)(x)
    for v in kept:
        for use in (
            lambda v=v: v + 1, lambda v=v: np.sin(v), lambda v=v: v.data, lambda v=v: float(v), lambda v=v: v.shape,
            lambda v=v: v.backward(), lambda v=v: v > 0, lambda v=v: v[0], lambda v=v: compile(lambda a: a + v)(x),
            lambda v=v: Value(x) * v, lambda v=v: Value(v), lambda v=v: np.stack([v, v]), lambda v=v: copy.deepcopy(v),
        ):  # fmt: skip
            with pytest.raises(RuntimeError, match="has no numbers; return it"):
                use()
        assert "no numbers" in repr(v)
    with pytest.raises(RuntimeError, match=r"test_effects\.py"):
        kept[0] + 1

    def failing(a):
        kept.append(a * 3)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        compile(failing)(x)
    with pytest.raises(RuntimeError, match="has no numbers"):
        kept[-1] + 1


def test_constants_that_change_before_the_pass_back_are_noticed(x):
    k = Value(2.0, requires_grad=False)
    a = Value(x)
    loss = compile(lambda a: np.sum(a * k))(a)
    k.data = 5.0
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_requires_grad_may_change(x):
    w = Value(x, requires_grad=False)
    c = compile(lambda a: np.sum(a * w))
    assert not isinstance(c(x), Value)
    w.requires_grad_()
    c(x).backward()
    same(w.grad, x)
    w.requires_grad_(False)
    assert not isinstance(c(x), Value)


def test_gradients_under_no_grad(x):
    f = lambda a: np.sum(a * a * a)
    expected = grad(f)(x)
    with no_grad():
        same(compile(grad(f))(x), expected)
        same(compile(grad(f))(Value(x)), expected)
        same(grad(f)(Value(x)), expected)
        same(compile(lambda a: grad(f)(a.detach()))(x), expected)


def test_checkpoint_inside(x):
    f = lambda x: np.sum(checkpoint(lambda v: np.exp(np.sin(v)))(x))
    same(compile(grad(f), backend="numpy")(x), grad(f)(x))


def test_random_numbers_are_drawn_in_the_order_of_the_code():
    def f(x):
        late, early = [F.dropout(x, p) for p in (0.5, 0.2)]
        return np.stack([early, late]), F.dropout(early, 0.3)

    c, x = compile(f), np.ones(50)
    nn.manual_seed(3)
    expected = [f(x) for _ in range(3)]
    nn.manual_seed(3)
    for y, z in expected:
        found = c(x)
        same(found[0], y)
        same(found[1], z)


# --- methods, copies ----------------------------------------------------------------------------------


class Scale:
    def __init__(self, k):
        self.k = k

    @compile
    def times(self, x, n=1):
        return x * self.k * n

    @staticmethod
    @compile
    def double(x):
        return 2 * x


def test_methods():
    a, b = Scale(3.0), Scale(5.0)
    assert (a.times(2.0), b.times(2.0), a.times(4.0), a.times(2.0, n=2)) == (6.0, 10.0, 12.0, 12.0)
    assert a.times.traces == 2 and b.times.traces == 1 and Scale.times.traces == 0
    assert a.times.value_and_grad(2.0) == (6.0, 3.0)
    assert "def run(x" in b.times.source
    assert Scale(7.0).times(2.0) == 14.0 and Scale.double(2.0) == 4.0
    gone = weakref.ref(b)
    del b
    gc.collect()
    assert gone() is None and list(Scale.times._methods) == [id(a)]


@compile
def cube(x):
    return x**3


def test_copies(x):
    cube(2.0)
    scale = Scale(3.0)
    for c in (
        copy.copy(cube), copy.deepcopy(cube), pickle.loads(pickle.dumps(cube)),
        copy.deepcopy(compile(lambda x: x**3)), compile(functools.partial(pow, exp=3)),
    ):  # fmt: skip
        assert c(2.0) == 8.0
    assert pickle.loads(pickle.dumps(scale)).times(2.0) == 6.0
    assert pickle.loads(pickle.dumps(scale.times))(2.0) == 6.0


# --- arguments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.ma.masked_array([1.0, 2.0], [0, 1]), "an argument is a masked array"),
        (np.ones(2) * 1j, "an argument has dtype complex128"),
        (np.array([None]), "an argument has dtype object"),
        (np.array(["a"]), "an argument has dtype <U1"),
    ],
)
def test_arrays_that_are_refused(wrong, words):
    c = compile(lambda a: a * 2)
    c(np.ones(2))
    with pytest.raises(TypeError, match=words):
        c(wrong)


def test_arrays_of_every_layout(x):
    c = compile(lambda a, b: (np.sum(np.sin(a) * b, axis=0), a - b, a))
    a = np.random.default_rng(1).normal(size=(8, 6))
    fixed = a.copy()
    fixed.flags.writeable = False
    for p, q in (
        (a, a),
        (a[::-1], a),
        (np.asfortranarray(a), a[:, ::-1]),
        (fixed, a),
        (a, np.array(2.0)[()]),
    ):
        for y, expected in zip(c(p, q), c.f(p, q), strict=True):
            same(y, expected)
    same(c(a[:5], a[3:])[1], a[:5] - a[3:])  # views of each other
    assert compile(lambda a: a * 2)(np.array(2.0)) == 4.0
    same(compile(lambda a: (a * 2).reshape(-1))(np.zeros((0, 3))), np.zeros(0))
    half = np.ones(3, np.float16)
    same(compile(lambda a: np.sum(np.exp(a) * 2 + a))(half), np.sum(np.exp(half) * 2 + half))


def test_the_sign_of_zero_and_nan():
    f = lambda x, y: (np.sign(x), np.maximum(x, y), np.minimum(x, y), x + 0.0, x - 0.0, x * 1, -x, x * -0.0)
    for backend in ("python", "numpy"):
        c = compile(f, backend=backend)
        for x in (0.0, -0.0, float("nan"), 2.0):
            for y in (0.0, -0.0, float("nan")):
                found, expected = c(x, y), f(np.float64(x), np.float64(y))
                np.testing.assert_array_equal(found, expected)
                np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("kind", ["generator", "coroutine"])
def test_generators_and_coroutines(kind):
    async def coroutine(x):
        return x

    def generator(x):
        yield x

    with pytest.raises(TypeError, match=f"{kind} is a {kind} function"):
        compile(locals()[kind])


def test_many_threads_and_calls(x):
    """Threads take buffers from one list: none is lost, none shared."""
    c = compile(lambda a: np.sum(np.sin(a) * a))
    wrong = []

    def work(k):
        expected = np.sum(np.sin(x + k) * (x + k))
        wrong.extend([k for _ in range(500) if c(x + k) != expected])

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong and len(next(iter(c.entries.values())).run.idle) <= 5


def test_an_error_in_the_middle_gives_the_buffers_back(x):
    c = compile(lambda a, t: F.cross_entropy(a, t))
    logits = np.random.default_rng(0).normal(size=(4, 3))
    good = c(logits, np.array([0, 1, 2, 0]))
    for _ in range(5):
        with pytest.raises(IndexError):
            c(logits, np.array([0, 1, 7, 0]))
    same(c(logits, np.array([0, 1, 2, 0])), good)
    assert len(next(iter(c.entries.values())).run.idle) == 1


def test_derivatives_of_compiled_functions(x):
    f = lambda x: np.sum(np.tanh(x) ** 3 * x)
    c, a = compile(f), Value(x)
    c(a).backward(create_graph=True)
    (second,) = gradients(np.sum(a.grad**2), [a])
    np.testing.assert_allclose(second, grad(lambda x: np.sum(grad(f)(x) ** 2))(x), rtol=1e-12)
    a.zero_grad()
    y = compile(lambda p, q: np.sum(p * q))(a, a)
    y.backward()
    same(a.grad, 2 * x)
    value, slope = value_and_grad(c)(x)
    same(slope, grad(f)(x))
    same(value, f(x))


def test_several_results_are_values_of_a_graph(x):
    w = Value(np.linspace(0.1, 1.0, x.shape[-1]), name="w")

    def f(x):
        h = np.tanh(x * w)
        return {"loss": np.mean(h**2), "all": (h, h.argmax(), np.float64(3.0), h.detach())}

    c = compile(f)
    for k in range(3):
        found, expected = c(x + k), f(x + k)
        same(found["loss"].data, expected["loss"].data)
        same(found["all"][1], expected["all"][1])
        assert isinstance(found["loss"], Value) and not isinstance(found["all"][1], Value)
        assert not isinstance(found["all"][2], Value)
        for result in (found, expected):
            w.zero_grad()
            (3.0 * result["loss"] + np.sum(result["all"][0] ** 2)).backward()
            result["gradient"] = w.grad
        np.testing.assert_allclose(found["gradient"], expected["gradient"], rtol=1e-13)
    assert c.traces == 1
    second = [grad(grad(lambda s, f=f: f(x * s)["loss"]))(1.5).item() for f in (c, f)]
    np.testing.assert_allclose(*second, rtol=1e-12)


@pytest.mark.parametrize("x", [np.array([1, 2, 3]), np.array([True, False]), np.int64(3)])
def test_integers_are_not_differentiated(x):
    with pytest.raises(TypeError, match=r"only floating dtypes carry gradient; convert it"):
        compile(lambda x: np.sum(x * x * 0.25)).value_and_grad(x)
    with pytest.raises(TypeError, match=r"only floating dtypes carry gradient; convert it"):
        compile(lambda p: np.sum(p["w"] / 4)).value_and_grad({"w": x})


def test_zero_grad_in_a_compiled_function_is_refused():
    w = Value(2.0)

    @compile
    def f(x):
        w.zero_grad()
        return x * w

    with pytest.raises(TypeError, match=r"keeps no .grad"):
        f(3.0)


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_scan_of_a_function_that_keeps_nothing_on_the_way(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    halved = compile(lambda x: (x < 0.1, (), (x * 0.5,)), backend=backend)
    assert halved.scan((1.0,), 20) == ([], (0.0625,))
