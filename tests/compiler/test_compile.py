"""compile: what it gives, when it traces again, what it refuses."""

import math
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, compile, enable_grad, grad, gradients, no_grad, special, value_and_grad
from autograd.check.strategies import programs
from autograd.compiler import executable as executable_module
from autograd.containers import leaves_of
from nn import functional as F  # noqa: N812
from tests.numeric import same

# --- numbers ----------------------------------------------------------------------------------------


def system(x, y):
    return (x + y - 16) ** 2 + (10 * x + 25 * y - 250) ** 2


def test_numbers_run_as_python():
    c = compile(system, argnums=(0, 1))
    assert c(0.5, 0.25) == system(0.5, 0.25)
    assert c.backend == "python" and type(c(0.5, 0.25)) is float
    value, slopes = c.value_and_grad(0.5, 0.25)
    expected = value_and_grad(system, (0, 1))(0.5, 0.25)
    assert (value, slopes) == (expected[0], expected[1])
    assert c(np.float64(0.5), 0.25) == system(0.5, 0.25)


SCALAR = (
    "np.exp(x) * np.log(x + 2.0)", "np.sqrt(x * x + 1)", "np.tanh(x) - np.arctan(x)", "x ** 3 / (1 + x * x)",
    "np.maximum(x, y) + np.minimum(x, 0.3)", "np.where(x > y, x * y, y)", "abs(x) ** 1.5", "np.sign(x) * y",
    "special.sigmoid(x) + special.softplus(y)", "special.relu(x) * y", "np.hypot(x, y)", "np.arctan2(y, x)",
    "np.clip(x, -0.5, y)", "np.sin(x) * np.cos(y) + np.tan(x)", "np.log1p(x * x) + np.expm1(y)", "x ** 0.5 if 1 else 0",
    "(x > 0) * y - ~(y > 0) * x", "special.log_sigmoid(x) * y", "np.logaddexp(x, y)",
)  # fmt: skip


@pytest.mark.parametrize("text", SCALAR)
@pytest.mark.parametrize("backend", [None, "numpy", "numba"])
def test_formulas_of_numbers(text, backend):
    if backend == "numba":
        pytest.importorskip("numba")
    scope = {"np": np, "special": special}
    f = eval(f"lambda x, y: {text.replace('~(y > 0)', 'np.logical_not(y > 0)')}", scope)
    g = value_and_grad(f, (0, 1))
    c = compile(g, backend=backend)
    for x, y in ((0.7, 0.4), (1.5, -2.0), (0.25, 0.25)):
        with np.errstate(all="ignore"):
            expected = g(x, y)
        value, slopes = c(x, y)
        np.testing.assert_allclose([value, *slopes], [expected[0], *expected[1]], rtol=1e-14, atol=1e-15)


def test_numpy_answers_where_math_raises():
    for text, x, expected in (
        ("1.0 / x", 0.0, math.inf),
        ("np.log(x)", 0.0, -math.inf),
        ("np.exp(x)", 1000.0, math.inf),
        ("np.sqrt(x)", -1.0, math.nan),
        ("x ** 0.5", -1.0, math.nan),
    ):
        c = compile(eval(f"lambda x: {text}", {"np": np}))
        for _ in range(2):
            assert c(x) == expected or (math.isnan(expected) and math.isnan(c(x)))
        assert c.backend == "python"
        assert math.isfinite(c(0.5))


def test_source_has_the_users_names():
    def area(width, height):
        return width * height

    c = compile(area)
    c(2.0, 3.0)
    assert (
        c.source
        == "def run(width, height):\n    t0 = width * height  # test_compile.py:" + c.source.split(":")[-1]
    )


# --- arrays -----------------------------------------------------------------------------------------


def mean_square(x, w, b):
    return np.mean(np.tanh(x @ w + b) ** 2)


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)


@pytest.mark.parametrize(("backend", "rows"), [("numpy", 6), ("numpy", 600), ("numba", 600)])
def test_arrays_have_the_same_bits(arrays, backend, rows):
    if backend == "numba":
        pytest.importorskip("numba")
    c = compile(mean_square, argnums=(1, 2), backend=backend)
    x = np.random.default_rng(1).normal(size=(rows, 4))
    for kind in (np.float64, np.float32):
        given = [a.astype(kind) for a in (x, *arrays[1:])]
        for _ in range(3):
            same(c(*given), mean_square(*given))
            value, slopes = c.value_and_grad(*given)
            expected, expected_slopes = value_and_grad(mean_square, (1, 2))(*given)
            same(value, expected)
            for a, b in zip(slopes, expected_slopes, strict=True):
                same(a, b)
            given = [a + kind(0.5) for a in given]
    assert c.traces == 2 and c.backend == backend


SMALL = (
    "np.sum(np.tanh(x @ w + b) ** 2)", "np.mean(x, 0) @ w * b[::-1] + b[1:2]", "w.T @ x.T + b[:, None]",
    "np.where(x[:, :3] > 0, x[:, 1:], -x[:, 1:]).sum(-1, keepdims=True) * b", "np.max(x @ w, axis=1) + x[2] @ w @ b",
    "np.sum(np.sqrt(abs(x).reshape(4, 6))) * np.maximum(b, 0.0)",
)  # fmt: skip


@pytest.mark.parametrize("text", SMALL)
def test_small_arrays_as_numbers(arrays, text):
    """With numba a program of small arrays is one function of numbers: the same up to rounding."""
    pytest.importorskip("numba")
    f = eval(f"lambda x, w, b: {text}", {"np": np})
    slopes = lambda *given: value_and_grad(lambda *v: np.sum(f(*v) * 1.5), (0, 1, 2))(*given)
    for g in (f, slopes):
        c = compile(g, backend="numba")
        for k in range(2):
            given = [a + 0.25 * k for a in arrays]
            found, expected = c(*given), g(*given)
            for a, b in zip(leaves_of(found), leaves_of(expected), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)
                assert np.shape(a) == np.shape(b)
        assert c.source.startswith("def run(") or "max(" in text


def test_empty_arrays_and_results_that_are_arguments():
    pytest.importorskip("numba")
    c = compile(lambda x: (np.sum(x * x), x, x.T), backend="numba")
    for x in (np.zeros((0, 3)), np.ones((2, 2))):
        for _ in range(3):
            total, same_x, turned = c(x)
            assert total == x.size and same_x is not x and turned.shape == x.T.shape
            same(same_x, x)
            same_x += 1.0
            assert x.size == 0 or x[0, 0] == 1.0


def test_loops_over_small_arrays():
    pytest.importorskip("numba")

    def step(x, m):
        value, slope = value_and_grad(lambda x: np.sum((x - 3.0) ** 2) + np.exp(-x[0]))(x)
        m = 0.5 * m + slope
        return np.max(abs(slope)) < 1e-9, (x, value), (x - 0.1 * m, m)

    found = [compile(step, backend=b).scan((np.zeros(3), np.zeros(3)), 200) for b in ("numpy", "numba")]
    (rows, last), (fast_rows, fast_last) = found
    assert len(rows[0]) == len(fast_rows[0]) < 200
    for a, b in zip([*rows, *last], [*fast_rows, *fast_last], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@settings(max_examples=60)
@given(data=st.data())
def test_random_programs(data):
    """Random programs give the same bits with the numpy back end, values and gradients."""
    program = data.draw(programs(kinks=True, scalar=True))
    inputs = data.draw(program.arrays())
    f = value_and_grad(program, tuple(range(len(inputs))))
    c = compile(f, backend="numpy")
    value, slopes = f(*inputs)
    for _ in range(2):
        found, found_slopes = c(*inputs)
        same(found, value)
        for x, y in zip(found_slopes, slopes, strict=True):
            same(x, y)


@settings(max_examples=8)
@given(data=st.data())
def test_random_programs_as_machine_code(data):
    pytest.importorskip("numba")
    program = data.draw(programs(kinks=True, scalar=True))
    inputs = data.draw(program.arrays())
    f = value_and_grad(program, tuple(range(len(inputs))))
    value, slopes = f(*inputs)
    found, found_slopes = compile(f, backend="numba")(*inputs)
    np.testing.assert_allclose(found, value, rtol=1e-14, atol=1e-15)
    for x, y in zip(found_slopes, slopes, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-14)


def test_results_are_the_callers(arrays):
    """No result is a buffer, an argument or a constant that a later call would change."""
    table = np.arange(3.0)
    x = arrays[0]
    for f in (
        lambda x: x,
        lambda x: x[0],
        lambda x: x.T,
        lambda x: (x * 2)[1:],
        lambda x: table,
        lambda x: x * 1,
    ):
        c = compile(f)
        first = c(x)
        kept = first.copy()
        c(x + 1)
        same(first, kept)
        first[...] = -1.0
        assert table[1] == 1.0 and x[0, 0] != -1.0
        same(c(x), f(x))


def test_containers_keywords_and_static_arguments(arrays):
    x, w, b = arrays

    def f(params, x, *, power=2, scale):
        h = x @ params["w"] + params["b"]
        return {"loss": np.sum(h**power) * scale, "all": [h, h[0]]}

    c = compile(f)
    params = {"w": w, "b": b}
    for power in (2, 3, 2):
        found = c(params, x, power=power, scale=0.5)
        expected = f(params, x, power=power, scale=0.5)
        same(found["loss"], expected["loss"])
        same(found["all"][1], expected["all"][1])
    assert c.traces == 2
    _, slope = compile(lambda p, x: np.sum(x @ p["w"] + p["b"])).value_and_grad(params, x)
    same(slope["w"], grad(lambda p, x: np.sum(x @ p["w"] + p["b"]))(params, x)["w"])


def test_python_floats_take_the_dtype_of_the_arrays(arrays):
    x = arrays[0].astype(np.float32)
    c = compile(lambda x, s: x * s)
    same(c(x, 0.1), x * 0.1)


def test_many_retraces_warn():
    c = compile(lambda x, n: x * n)
    with pytest.warns(UserWarning, match="traced 20 times"):
        for n in range(21):
            c(1.0, n)
    assert c.traces == 21


def test_closed_over_values_are_read_at_each_call(arrays):
    w = Value(arrays[1], name="w")
    c = compile(lambda x: np.sum(x @ w))
    for _ in range(2):
        loss = c(arrays[0])
        same(loss.data, np.sum(arrays[0] @ w.data))
        with no_grad():
            w += 1.0
    assert c.traces == 1 and "w" in c.source


def test_a_compiled_function_is_part_of_a_graph(arrays):
    x, w, b = arrays
    w, b = Value(w, name="w"), Value(b, name="b")
    c = compile(lambda x, w: np.mean(np.tanh(x @ w + b) ** 2))
    (3 * c(x, w)).backward()
    expected = value_and_grad(lambda w, b: 3 * mean_square(x, w, b), (0, 1))(w.data, b.data)[1]
    np.testing.assert_allclose(w.grad, expected[0], rtol=1e-14)
    np.testing.assert_allclose(b.grad, expected[1], rtol=1e-14)
    c = compile(lambda x, w: mean_square(x, w, arrays[2]))
    second = grad(grad(lambda s: c(x, w.data * s)))(1.0)
    np.testing.assert_allclose(
        second, grad(grad(lambda s: mean_square(x, w.data * s, arrays[2])))(1.0), rtol=1e-12
    )


def test_compiled_inside_compiled(arrays):
    inner = compile(lambda x: np.tanh(x) * 2)
    outer = compile(lambda x: np.sum(inner(x) ** 2))
    same(outer.value_and_grad(arrays[0])[1], grad(lambda x: np.sum((np.tanh(x) * 2) ** 2))(arrays[0]))


def test_threads_do_not_share_buffers(arrays):
    x = arrays[0]
    c = compile(lambda x: np.sum(np.exp(np.sin(x)) * np.cos(x), axis=0))
    c(x)
    wrong = []

    def work(k):
        expected = np.sum(np.exp(np.sin(x + k)) * np.cos(x + k), axis=0)
        for _ in range(200):
            if not np.array_equal(c(x + k), expected):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


# --- networks ---------------------------------------------------------------------------------------


def test_a_network_with_dropout_and_labels():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 5))
    x, t = np.random.default_rng(0).normal(size=(8, 20)), np.arange(8) % 5
    params = model.parameters()

    def step(x, t):
        with enable_grad():
            out = model(x)
            loss = F.cross_entropy(out, t)
            return loss, out, gradients(loss, params)

    c = compile(step)
    nn.manual_seed(1)
    with no_grad():
        found = [c(x, t) for _ in range(3)]
    nn.manual_seed(1)
    for loss, out, slopes in found:
        expected = step(x, t)
        same(loss, expected[0].data)
        same(out, expected[1].data)
        for g, e in zip(slopes, expected[2], strict=True):
            same(g, e)
    assert c.traces == 1
    with pytest.raises(IndexError, match="class 5 is out of range for 5 classes"), no_grad():
        c(x, t + 1)


def test_convolution_and_pooling():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4))
    x, t = np.random.default_rng(0).normal(size=(2, 1, 8, 8)), np.array([0, 3])
    eager = lambda x: F.cross_entropy(model(x), t)
    loss = compile(eager)(x)
    loss.backward()
    found = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.zero_grad()
    eager(x).backward()
    for g, p in zip(found, model.parameters(), strict=True):
        same(g, p.grad)


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: x if x.sum() > 0 else -x, "np.where"),
        (lambda x: x * x.sum().item(), "item()"),
        (lambda x: x * float(x.sum()), "float()"),
        (lambda x: x * x.data, ".data"),
        (lambda x: np.nonzero(x), "depends on the numbers"),
        (lambda x: None, "return missing"),
        (lambda x: "text", "returned a str"),
        (lambda x: np.sum(x).backward(), "gradients(loss, [x])"),
    ],
)
def test_refused(f, words, arrays):
    with pytest.raises(TypeError) as caught:
        compile(f)(arrays[0])
    assert words in str(caught.value)


def test_in_place_changes_are_refused(arrays):
    w = Value(arrays[0])
    before = w.data.copy()

    def step(x):
        nonlocal w
        with no_grad():
            w -= x
        return np.sum(x)

    with pytest.raises(TypeError, match="return the new data instead"):
        compile(step)(arrays[0])
    same(w.data, before)


def test_a_failed_trace_leaves_nothing_behind(arrays):
    c = compile(lambda x: x if x.sum() > 0 else -x)
    for _ in range(2):
        with pytest.raises(TypeError):
            c(arrays[0])
    assert c.traces == 0
    x = Value(2.0)
    (x * x).backward()
    assert x.grad == 4.0 and bool(x > 1)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.var(x, ddof=np.float64(1)),
        lambda x: np.quantile(x, np.float64(0.3)),
        lambda x: np.nan_to_num(x, nan=np.float64(3)),
        lambda x: np.linalg.norm(x, ord=np.float64(3)),
        lambda x: np.clip(x, -np.inf, np.float32(0.5)),
    ],
)
def test_numbers_of_numpy_as_options(f):
    x = np.linspace(0.1, 1, 4)
    same(compile(f, backend="numpy")(x), f(x))


def test_bad_options():
    with pytest.raises(ValueError, match="choose one of python, numpy, numba"):
        compile(system, backend="cuda")
    with pytest.raises(TypeError, match="expected a function"):
        compile(3)
    with pytest.raises(ValueError, match="programs of float64 numbers"):
        compile(np.sum, backend="python")(np.ones(3))
    with pytest.raises(RuntimeError, match="not called yet"):
        compile(system).source  # noqa: B018
    with pytest.raises(TypeError, match="an argument is a set"):
        compile(lambda x: 1.0)({1})


def test_without_numba(monkeypatch, arrays):
    monkeypatch.setitem(__import__("sys").modules, "numba", None)
    executable_module._warned.clear()
    with pytest.warns(UserWarning, match=r'pip install "stepgrad\[jit\]"'):
        same(compile(mean_square, backend="numba")(*arrays), mean_square(*arrays))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(mean_square, backend="numba")(*arrays)  # said once
