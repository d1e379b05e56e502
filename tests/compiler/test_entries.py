"""How a compiled function recognizes its arguments: every kind gets its own answer, from the second call on too."""

import gc
import inspect
import tracemalloc
import weakref

import numpy as np
import pytest

from autograd import Value, compile, grad, no_grad
from autograd.compiler import Compiled

KINDS = [
    (0.5,), (2,), (True,), (np.float64(0.5),), (np.float32(0.5),), (np.arange(3.0),), (np.arange(3.0, dtype="f4"),),
    (np.arange(4.0),), (np.arange(6.0).reshape(2, 3),), (np.arange(6.0).reshape(3, 2).T,), ([0.5, 1.5],), ((0.5, 1.5),),
    ([0.5, 2],), ({"a": 0.5},), ({"b": 0.5},), ({"a": np.ones(2), "b": [np.zeros(2), 3]},), (np.array(0.5),),
    (np.arange(6.0)[::2],), (np.arange(3.0)[::-1],), (0.5, 1.5), (np.ones(1)[::-1],), (np.arange(3),),
]  # fmt: skip


def twice(*args):
    def of(x):
        if isinstance(x, dict):
            return {k: of(v) for k, v in x.items()}
        return type(x)([of(v) for v in x]) if isinstance(x, list | tuple) else x * 2

    return [of(x) for x in args]


@pytest.mark.parametrize("rounds", [1, 3])
def test_every_kind_in_turn(rounds):
    c = compile(twice)
    for _ in range(rounds):
        for args in KINDS:
            for _ in range(3):
                found, expected = c(*args), twice(*args)
                assert repr(found) == repr(expected).replace("np.float64(1.0)", "1.0") or args == (
                    np.array(0.5),
                )
                assert c.last is c.entries[next(k for k, e in c.entries.items() if e is c.last)]
    assert c.traces == len({id(e) for e in c.entries.values()})


def test_words_and_mistakes_as_without_compiling():
    c = compile(lambda x, y: x - 2 * y)
    for _ in range(3):
        assert c(1.0, 2.0) == c(y=2.0, x=1.0) == c(1.0, y=2.0) == -3.0
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
            c(1.0)
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            c(1.0, z=2.0)
    c = compile(lambda x, y=3.0, *more, k=1.0: (x - 2 * y + sum(more)) * k)
    for _ in range(3):
        assert c(1.0) == -5.0
        assert c(1.0, 2.0) == -3.0
        assert c(1.0, 2.0, 4.0) == 1.0
        assert c(1.0, 2.0, 4.0, k=2.0) == 2.0
        assert c(1.0, y=2.0) == -3.0
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
            c()


def test_any_number_of_arguments():
    c = compile(lambda x, y, *more: x - 2 * y + sum(more))
    for _ in range(3):
        assert c(1.0, 2.0) == c(x=1.0, y=2.0) == -3.0
        assert c(1.0, 2.0, 4.0) == 1.0
        assert c(1.0, 2.0, 4.0, 5.0) == 6.0
        assert c(1.0, 2.0, 4) == 1.0
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
            c(1.0)
    assert c.traces == 5  # one for the words


def test_words_that_mean_something_in_the_code():
    scope = {"np": np}
    for words in (
        ["exp", "sqrt"],
        ["float", "len"],
        ["_made", "_run"],
        ["t0", "t1"],
        ["x0", "_x0"],
        ["ndarray", "sum"],
        ["w", "w0"],
    ):
        f = eval(
            f"lambda {words[0]}, {words[1]}: np.exp({words[0]}) * np.sqrt({words[1]} + 2.0) - {words[1]}",
            scope,
        )
        for args in ((0.5, 0.25), (np.full(3, 0.5), np.full(3, 0.25))):
            c = compile(f)
            for _ in range(3):
                np.testing.assert_allclose(c(*args), f(*args), rtol=1e-15)
        c = compile(eval(f"lambda {words[0]}, {words[1]}: {words[0]}[0] * {words[0]}[1] - {words[1]}"))
        for _ in range(3):
            assert c([2.0, 3.0], 5.0) == 1.0


def test_layouts_have_their_own_buffers():
    """Sums go through memory: a transposed array is another kind."""
    f = lambda x: np.sum(np.exp(x) * 0.1)
    x = np.random.default_rng(0).normal(size=(50, 70))
    c = compile(f)
    for _ in range(3):
        assert c(x) == f(x)
        assert c(x.T) == f(x.T.copy("K"))
        assert c(x[:, ::-2]) == f(x[:, ::-2].copy("K"))
    assert c.traces == 3


def test_modes_are_looked_at():
    w = Value(np.ones(3), name="w")
    c = compile(lambda x: np.sum(w * x))
    x = np.arange(3.0)
    with no_grad():
        for _ in range(3):
            assert c(x) == 3.0
    y = c(x)
    y.backward()
    assert np.array_equal(w.grad, x)
    w.data = 2 * w.data
    with no_grad():
        assert c(x) == 6.0
        assert compile(lambda s: c(x * s))(2.0) == 12.0
    s = Value(2.0, name="s")
    c = compile(lambda x: x * s)
    with no_grad():
        assert [c(float(i)) for i in range(4)] == [0.0, 2.0, 4.0, 6.0]
        s.data = 3.0
        assert [c(float(i)) for i in range(2)] == [0.0, 3.0]


def test_numbers_that_python_refuses():
    c = compile(lambda x: (1.0 / x, np.exp(x)))
    for x in (2.0, 0.0, 1000.0, 0.0, 2.0):
        with np.errstate(all="ignore"):
            expected = (np.float64(1.0) / x, np.exp(x))
        assert c(x) == expected
    assert c.traces == 1


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_signs(backend):
    """Minus signs move, the numbers stay: the same bits as NumPy's, zeros included."""
    if backend == "numba":
        pytest.importorskip("numba")

    def f(x, y):
        a = -x * y
        b = (-x / -y) * -a
        return a + b, b - a, -a, a - (-b), -a + x, -a - x, (-b) * (-y), -x - (-x), -x + x

    g = compile(f, backend=backend)
    for x in (0.0, -0.0, 1.5, -2.5):
        for y in (0.3, -7.0, 1.0):
            for _ in range(2):
                found, expected = np.array(g(x, y)), np.array(f(np.float64(x), np.float64(y)))
                assert found.tobytes() == expected.tobytes(), (x, y)


def test_is_a_function_like_others():
    def area(width: float, height: float = 2.0) -> float:
        """Of a rectangle."""
        return width * height

    c = compile(area)
    c(1.0)
    c(1.0)
    assert callable(c) and isinstance(c, Compiled) and c.__name__ == "area" and c.__doc__ == "Of a rectangle."
    assert str(inspect.signature(c)) == "(width: float, height: float = 2.0) -> float"
    assert grad(c)(3.0) == 2.0
    assert list(map(c, [1.0, 2.0])) == [2.0, 4.0]


def held(run, n):
    """The bytes that `n` calls leave behind."""
    run()
    gc.collect()
    tracemalloc.start()
    try:
        run()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(n):
            run()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("backend", [None, "numba"])
def test_many_calls_hold_nothing(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    w = Value(np.ones((4, 3)), name="w")
    loss = compile(lambda x, s: np.mean(np.tanh(x @ w) ** 2) * s, argnums=1, backend=backend)
    number = compile(lambda x, y: (x * y, -x / y), backend=backend)
    x = np.random.default_rng(0).normal(size=(64, 200, 4))

    def run():
        with no_grad():
            loss(x, 0.5)
            loss.value_and_grad(x, 0.5)
        number(2.0, 0.0)
        number(np.float64(2.0), 3.0)
        number(x=2.0, y=4.0)

    assert held(run, 2000) < 20_000


def test_passes_back_hold_nothing():
    w = Value(np.ones(300), name="w")
    c = compile(lambda x: (np.sum(w * x), np.tanh(w)))
    x = np.arange(300.0)

    def run():
        loss, h = c(x)
        (loss + np.sum(h)).backward()
        w.zero_grad()

    assert held(run, 200) < 20_000


def test_a_compiled_function_is_freed_without_the_collector():
    f = lambda x: x * 2
    c = compile(f)
    for x in (1.0, np.ones(3), [1.0]):
        for _ in range(3):
            c(*([x] if not isinstance(x, list) else x))
    gone = weakref.ref(c)
    gc.disable()
    try:
        del c
        assert gone() is None
    finally:
        gc.enable()


def test_the_same_text_is_compiled_once():
    pytest.importorskip("numba")
    from autograd.compiler.jit import machine_code

    for f, args in ((lambda x: x * x + 1.25, (2.0,)), (lambda x: np.sum((x * x + 1.25) * x), (np.ones(5),))):
        f(*args)
        found = []
        for _ in range(2):
            c = compile(f, backend="numba")
            assert c(*args) == f(*args)
            found.append(machine_code.cache_info().misses)
        assert found[0] == found[1]


def test_large_results_are_the_callers_as_long_as_they_are_held():
    x = np.zeros(40_000)
    c = compile(lambda x: (x + 1.0, (x * 2.0 + 3.0).reshape(200, 200)))
    held = [c(x + i) for i in range(4)]
    views = [a[5:] for a, _ in held]
    for i, ((a, b), view) in enumerate(zip(held, views, strict=True)):
        assert a[0] == view[0] == i + 1.0 and b[0, 0] == 2.0 * i + 3.0
    del held, a, b, view
    for i in range(4):
        c(x - 1.0)
        assert views[i][0] == i + 1.0  # a view is enough
