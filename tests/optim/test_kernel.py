"""Rules as code: the same bits as the rule itself, in place, for numbers and arrays of every layout and size."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import optim
from autograd import Value
from optim import kernel
from optim.kernel import CHUNK, Rooms, kernel_of
from optim.optimizer import Optimizer

RNG = np.random.default_rng(11)
CASES = [
    (optim.SGD, dict()),
    (optim.SGD, dict(momentum=0.9, dampening=0.3, weight_decay=0.1)),
    (optim.SGD, dict(momentum=0.9, nesterov=True, lr_inside=True)),
    (optim.Adam, dict()),
    (optim.Adam, dict(amsgrad=True, weight_decay=0.1, betas=(0.4, 0.9))),
    (optim.Adam, dict(epsilon_hat=True, maximize=True)),
    (optim.AdamW, dict()),
    (optim.ASGD, dict(t0=2)),
    (optim.Adadelta, dict(weight_decay=0.1)),
    (optim.Adagrad, dict(lr_decay=0.1)),
    (optim.Adagrad, dict(eps_inside=True)),
    (optim.Adamax, dict(eps_outside=True)),
    (optim.NAdam, dict(weight_decay=0.1, decoupled_weight_decay=True)),
    (optim.RAdam, dict(betas=(0.9, 0.9))),
    (optim.RMSprop, dict(momentum=0.5, centered=True)),
    (optim.RMSprop, dict(keras=True)),
    (optim.Rprop, dict()),
    (optim.Lion, dict(betas=(0.9, 0.3))),
    (optim.Ftrl, dict()),
    (optim.Ftrl, dict(l1=0.5, l2=0.1, l2_shrinkage=0.1, beta=0.2, lr_power=-0.3)),
]
cases = pytest.mark.parametrize(
    ("kind", "options"), CASES, ids=[f"{k.__name__}-{'-'.join(o)}" for k, o in CASES]
)


def walked(optimizer, start, steps=12, seed=0):
    """The parameter and the state after some steps with random gradients."""
    rng, (w,) = np.random.default_rng(seed), optimizer.parameters()
    for _ in range(steps):
        g = rng.normal(size=np.shape(start)).astype(w.dtype)[()] * w.dtype.type(2)
        w.grad = g
        optimizer.step()
    state = optimizer.state[0]
    return np.array(w.data), [None if state.get(k) is None else np.array(state[k]) for k in optimizer.buffers]


def as_it_is(kind, options, start):
    """An optimizer whose rule runs as plain NumPy."""
    optimizer = kind([Value(start)], lr=0.02, **options)
    optimizer._first = lambda p, g, state, group: optimizer._plainly(
        p, g, state, *optimizer.numbers(group, *[state[k] for k in optimizer.counters])
    )
    return optimizer


def same(a, b):
    np.testing.assert_array_equal(a[0], b[0])
    for x, y in zip(a[1], b[1], strict=True):
        assert (x is None) == (y is None)
        if x is not None:
            np.testing.assert_array_equal(x, y)


@cases
def test_arrays_have_the_bits_of_the_rule(kind, options):
    start = RNG.normal(size=(3, 4))
    expected = walked(as_it_is(kind, options, start), start)
    same(walked(kind([Value(start)], lr=0.02, **options), start), expected)
    assert np.max(np.abs(expected[0] - start)) > 1e-4


@cases
def test_numbers_have_the_bits_of_arrays(kind, options):
    start = np.float64(0.7)
    number = walked(kind([Value(start)], lr=0.02, **options), start)
    array = walked(kind([Value([start])], lr=0.02, **options), np.array([start]))
    np.testing.assert_array_equal(number[0], array[0][0])
    for x, y in zip(number[1], array[1], strict=True):
        assert (x is None) == (y is None) and (x is None or x == y[0])


@pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")
@cases
def test_several_numbers_take_the_path_of_one(kind, options):
    starts, rng = RNG.normal(size=4), np.random.default_rng(3)
    together = [Value(x) for x in starts]
    alone = [Value(x) for x in starts]
    one = kind([{"params": together[:3]}, {"params": together[3:], "lr": 0.05}], lr=0.02, **options)
    each = [kind([v], lr=lr, **options) for v, lr in zip(alone, [0.02] * 3 + [0.05], strict=True)]
    for step in range(8):
        for i, (v, w, o) in enumerate(zip(together, alone, each, strict=True)):
            v.grad = w.grad = None if step % 3 == i else np.float64(rng.normal())  # each misses some
            o.step()
        one.step()
        assert [v.item() for v in together] == [v.item() for v in alone]


@pytest.mark.parametrize("layout", ["C", "F", "mixed"])
@cases
def test_large_arrays_go_in_chunks(kind, options, layout, monkeypatch):
    for module in (kernel, optim.optimizer):
        monkeypatch.setattr(module, "CHUNK", 16)
    start = RNG.normal(size=(7, 9))
    expected = walked(as_it_is(kind, options, start), start)
    w = Value(np.asarray(start, order="F" if layout == "F" else "C"))
    optimizer = kind([w], lr=0.02, **options)
    if layout == "mixed":
        made = optimizer.new_state
        optimizer.new_state = lambda p, group: {
            k: np.asfortranarray(x) if isinstance(x, np.ndarray) else x for k, x in made(p, group).items()
        }
    buffer = w.data
    same(walked(optimizer, start), expected)
    assert w.data is buffer


@pytest.mark.filterwarnings("ignore:.*no parameter has a gradient:UserWarning")
@pytest.mark.parametrize("shape", [(5,), (7, 9)])
def test_large_arrays_that_miss_some_steps(shape, monkeypatch):
    for module in (kernel, optim.optimizer):
        monkeypatch.setattr(module, "CHUNK", 16)
    rng = np.random.default_rng(3)
    together = [Value(np.ones(shape)) for _ in range(3)]
    one, alone = optim.Adam(together, lr=0.1), [Value(np.ones(shape)) for _ in range(3)]
    others = [optim.Adam([v], lr=0.1) for v in alone]
    for step in range(6):
        for i, (v, w, o) in enumerate(zip(together, alone, others, strict=True)):
            v.grad = w.grad = None if step % 3 == i else rng.normal(size=shape)
            o.step()
        one.step()
        for i, (v, w) in enumerate(zip(together, alone, strict=True)):
            np.testing.assert_array_equal(v.data, w.data)
            assert one.state.get(i, {}).get("step") == others[i].state.get(0, {}).get("step")


@cases
def test_another_rate_is_no_other_code(kind, options):
    w = Value(RNG.normal(size=5))
    optimizer = kind([w], lr=0.02, **options)
    walked(optimizer, w.data)
    known = len(kernel._kernels)
    for lr in (0.01, 1, np.float64(0.03)):
        optimizer.param_groups[0]["lr"] = lr
        walked(optimizer, w.data, steps=2)
    assert len(kernel._kernels) == known


@pytest.mark.parametrize("lr", [1, np.float64(0.5), np.float32(0.5)])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_rate_of_another_type_leaves_float32(lr, shape):
    for kind in (optim.SGD, optim.Adam, optim.Lion, optim.Rprop):
        w = Value(np.ones(shape, np.float32))
        optimizer = kind([w], lr=lr)
        walked(optimizer, w.data, 3)
        assert w.dtype == np.float32
        for k in optimizer.buffers:
            assert optimizer.state[0].get(k) is None or optimizer.state[0][k].dtype == np.float32


def test_options_may_change_between_steps():
    a, b = Value([1.0, -2.0]), Value(1.0)
    optimizer = optim.SGD([a, b], lr=0.1)
    for settings, expected in [
        (dict(), 0.9),
        (dict(weight_decay=1.0), 0.9 - 0.1 * 1.9),
        (dict(weight_decay=0.0, momentum=0.5), 0.61),
        (dict(momentum=0.5), 0.61 - 0.1 * 1.5),
        (dict(momentum=0.0), 0.36),
        (dict(maximize=True), 0.46),
    ]:
        optimizer.param_groups[0].update(settings)
        a.grad, b.grad = np.ones(2), np.float64(1)
        optimizer.step()
        assert b.item() == pytest.approx(expected, rel=1e-12) and a.data[0] == b.item()


def test_options_may_be_changed_in_place():
    for kind, name, before, after in [
        (optim.SGD, "lr", np.array(0.1), np.array(0.3)),
        (optim.Adam, "betas", [0.9, 0.999], [0.2, 0.5]),
    ]:
        ends = []
        for in_place in (False, True):
            w = Value(1.0)
            optimizer = kind([w], **{name: before.copy()})
            for step in range(4):
                if step == 2 and in_place:
                    optimizer.param_groups[0][name][slice(None) if name == "betas" else ...] = after
                elif step == 2:
                    optimizer.param_groups[0][name] = after
                w.grad = np.float64(step + 1)
                optimizer.step()
            ends.append(w.item())
        assert ends[0] == ends[1]


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_buffer_that_one_parameter_lacks(shape):
    a, b = Value(np.ones(shape)), Value(np.ones(shape))
    optimizer = optim.SGD([a, b], lr=0.1, momentum=0.5)
    a.grad = np.ones(shape)[()]
    optimizer.step()
    for first, second in (
        (1, 1),
        (1, 1),
    ):  # b begins a step later, a first in the group; then the other way round
        a.grad, b.grad = np.full(shape, float(first))[()], np.full(shape, float(second))[()]
        optimizer.step()
    np.testing.assert_allclose(optimizer.state[0]["momentum_buffer"], 1.75)
    np.testing.assert_allclose(optimizer.state[1]["momentum_buffer"], 1.5)
    c, d = Value(np.ones(shape)), Value(np.ones(shape))
    other = optim.SGD([c, d], lr=0.1, momentum=0.5)
    d.grad = np.ones(shape)[()]
    other.step()
    c.grad = d.grad
    other.step()
    np.testing.assert_allclose(other.state[0]["momentum_buffer"], 1.0)
    np.testing.assert_allclose(other.state[1]["momentum_buffer"], 1.5)


def test_numbers_divide_by_zero_as_arrays_do():
    s, a = Value(1.0), Value([1.0])
    one, two = (optim.Adagrad([v], lr=0.1, eps=0.0) for v in (s, a))
    for g in (0.0, 1.0):
        s.grad, a.grad = np.float64(g), np.array([g])
        one.step()
        two.step()
        np.testing.assert_array_equal(s.data, a.data[0])
    assert np.isnan(s.data) and one.state[0]["step"] == 2


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("fused", [False, True])
def test_a_copied_optimizer_goes_on(copied, fused):
    start = RNG.normal(size=(2, 3))
    optimizer = optim.AdamW([Value(start)], lr=0.1, fused=fused)
    walked(optimizer, start, 3)
    other = copied(optimizer)
    same(walked(other, start, 3, seed=1), walked(optimizer, start, 3, seed=1))
    assert other.fused == fused and other.state[0]["step"] == 6


# --- rules of one's own ---------------------------------------------------------------------------


def optimizer_of(rule, buffers=(), **options):
    class Own(Optimizer):
        def __init__(self, params):
            super().__init__(params, dict(options))

        def new_state(self, p, group):
            return {k: np.zeros_like(p) if p.ndim else p * 0 for k in self.buffers}

        def numbers(self, group, *counters):
            return {}, {k: group[k] for k in options}

    Own.rule, Own.buffers = staticmethod(rule), buffers
    return Own


def test_a_rule_of_ones_own_with_any_names():
    def rule(p, g, v, array, *, rest, most, multiply, sqrt):
        v = v + np.abs(g)
        return p - rest * np.where(v > most, g, multiply * np.sqrt(g * g) * sqrt), v, array + v

    own = optimizer_of(rule, ("v", "array"), rest=0.5, most=2.0, multiply=0.05, sqrt=2.0)
    w, x = Value([1.0, 3.0]), Value(1.0)
    optimizer = own([w, x])
    for _ in range(3):
        w.grad, x.grad = np.array([1.0, 3.0]), np.float64(1)
        optimizer.step()
    np.testing.assert_allclose(w.data, [1 - 0.5 * (0.1 + 0.1 + 1), 3 - 1.5 * 3])
    assert x.item() == w.data[0]
    assert optimizer.state[0]["array"].tolist() == [6.0, 18.0]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda p, g, *, lr: (np.where(g > 0, 1.0, 2.0),), 1.0),
        (lambda p, g, *, lr: (np.sign(-g),), -1.0),
        (lambda p, g, *, lr: (lr,), 0.5),
        (lambda p, g, *, lr: (p,), 4.0),
        (lambda p, g, *, lr: (g,), 3.0),
        (lambda p, g, *, lr: (p / (g - 3) * lr,), np.inf),
    ],
)
def test_results_of_every_kind(rule, expected):
    own = optimizer_of(rule, lr=0.5)
    for start in (np.float64(4), np.float32(4), np.full(3, 4.0), np.full(3, 4.0, np.float32)):
        w, v = Value(start), Value(start)
        w.grad = v.grad = (np.asarray(start) * 0.75)[()]
        own([w, v]).step()
        for x in (w, v):
            assert np.all(x.data == expected) and x.dtype == start.dtype and type(x.data) is type(start)
        assert np.all(w.grad == 3)


def scaled(p, g, *, lr):
    return (p - lr * g / np.sqrt(np.sum(g * g)),)


def decided(p, g, *, lr):
    return (p - lr * g if np.all(p > 0) else p,)


def swapped(p, g, a, b, *, lr):
    return p - lr * g, b, a


def dropped(p, g, a, *, lr):
    return p - lr * g * a, None


def indexed(p, g, *, lr):
    return (p - lr * g[::-1],)


def constant(p, g, *, lr):
    return (p - lr * g * np.array([1.0, 2.0]),)


@pytest.mark.parametrize("rule", [scaled, decided, swapped, dropped, indexed, constant])
def test_a_rule_that_cannot_be_compiled_is_said_and_runs(rule):
    buffers = {swapped: ("a", "b"), dropped: ("a",)}.get(rule, ())
    own, w = optimizer_of(rule, buffers, lr=0.5), Value([3.0, 4.0])
    optimizer, data = own([w]), w.data
    with pytest.warns(UserWarning, match=f"{rule.__name__} cannot be compiled and runs as plain NumPy"):
        w.grad = np.array([3.0, 4.0])
        if buffers:
            optimizer.state[0] = {k: np.full(2, float(i)) for i, k in enumerate(buffers)}
        optimizer.step()
    expected = {
        scaled: [2.7, 3.6],
        decided: [1.5, 2.0],
        swapped: [1.5, 2.0],
        dropped: [3.0, 4.0],
        indexed: [1.0, 2.5],
        constant: [1.5, 0.0],
    }
    np.testing.assert_allclose(w.data, expected[rule])
    assert w.data is data
    if rule is swapped:
        assert [optimizer.state[0][k].tolist() for k in "ab"] == [[1.0, 1.0], [0.0, 0.0]]
    optimizer.step()  # once is enough


def test_a_rule_that_uses_an_array_of_its_own_runs_as_it_is():
    w = Value([3.0, 4.0, 5.0])
    own = optimizer_of(lambda p, g, *, lr: (p - lr * g * np.array([1.0, 2.0, 3.0]),), lr=0.5)
    w.grad = np.array([2.0, 2.0, 2.0])
    with pytest.warns(UserWarning, match="it uses an array that it was not given"):
        own([w]).step()
    np.testing.assert_array_equal(w.data, [2.0, 2.0, 2.0])


def test_a_rule_that_uses_a_value_of_its_own_runs_as_it_is():
    factor, w = Value(2.0), Value([3.0, 4.0])
    own = optimizer_of(lambda p, g, *, lr: (p - lr * g * factor,), lr=0.5)
    w.grad = np.array([1.0, 2.0])
    with pytest.warns(UserWarning, match="it uses a Value that it was not given"):
        own([w]).step()
    np.testing.assert_array_equal(w.data, [2.0, 2.0])


@pytest.mark.parametrize("start", [3.0, [3.0, 4.0]])
def test_a_value_of_a_rule_leaves_no_graph_in_the_state(start):
    factor, w = Value(2.0), Value(start)
    own = optimizer_of(lambda p, g, m, *, lr: (p - lr * factor * g, m + factor * g), ("m",), lr=0.5)
    optimizer, array = own([w]), w.data
    with pytest.warns(UserWarning, match="it uses a Value that it was not given"):
        for _ in range(3):
            w.grad = np.ones_like(w.data)
            optimizer.step()
    m = optimizer.state[0]["m"]
    assert type(m) is type(w.data) is type(array)
    np.testing.assert_array_equal(m, np.full(w.shape, 6.0))
    np.testing.assert_array_equal(w.data, np.array(start) - 3.0)
    assert type(optimizer.state_dict()["state"][0]["m"]) is np.ndarray
    assert w.data is array or not w.ndim  # it is written in place


def test_what_keeps_a_rule_from_being_compiled_is_said_once_for_all_options():
    def rule(p, g, *, lr, way):
        return (p - lr * g[::-1] if way == "back" else p - lr * np.flip(g),)

    own, w = optimizer_of(rule, lr=0.5, way="back"), Value([3.0, 4.0])
    optimizer = own([w])
    w.grad = np.array([1.0, 2.0])
    with pytest.warns(UserWarning, match="rule cannot be compiled") as said:
        optimizer.step()
        optimizer.param_groups[0]["way"] = "flipped"  # other code, but the same rule
        optimizer.step()
    assert len(said) == 1
    np.testing.assert_array_equal(w.data, [1.0, 3.0])


def test_a_rule_that_returns_too_much_is_an_error():
    own = optimizer_of(lambda p, g, *, lr: (p - lr * g, g), lr=0.1)
    w = Value([1.0])
    w.grad = np.ones(1)
    with pytest.warns(UserWarning, match="2 results for p and 0 buffers"), pytest.raises(ValueError):
        own([w]).step()


def test_neither_rule_nor_update_is_an_error():
    class Nothing(Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

    w = Value([1.0])
    w.grad = np.ones(1)
    with pytest.raises(NotImplementedError, match=r"Nothing: give it a `rule`, or write `update`"):
        Nothing([w]).step()
    Nothing.rule = staticmethod(lambda p, g: (p - g,))
    with pytest.raises(NotImplementedError, match=r"Nothing: write `numbers` for its rule, or `update`"):
        Nothing([w]).step()


def test_what_a_rule_does_not_use_is_left_out():
    def rule(p, g, *, lr):
        np.exp(g) + np.exp(lr)
        return (p - lr * g,)

    w = Value([3.0, 4.0])
    w.grad = np.ones(2)
    optimizer = optimizer_of(rule, lr=0.5)([w])
    optimizer.step()
    assert w.data.tolist() == [2.5, 3.5] and "exp" not in kernel_of(rule, {"lr": 0.5}, {}, ()).source


def test_an_update_of_a_subclass_is_called_for_every_parameter():
    seen = []

    class Watched(optim.SGD):
        def update(self, p, g, state, group):
            seen.append(float(p))
            return super().update(p, g, state, group)

    ws = [Value(1.0), Value(2.0), Value(3.0)]
    optimizer = Watched(ws, lr=0.5)
    for _ in range(2):
        for w in ws:
            w.grad = np.float64(1)
        optimizer.step()
    assert seen == [1.0, 2.0, 3.0, 0.5, 1.5, 2.5]


# --- the code -------------------------------------------------------------------------------------


def test_the_code_is_in_place_and_short():
    made = kernel_of(
        optim.Adam.rule,
        options_of(optim.Adam),
        {"exp_avg": True, "exp_avg_sq": True, "max": False},
        ("step",),
    )
    lines = made.code.texts["inplace"].splitlines()
    assert len(lines) == 13 and made.code.rooms == (1, 0)
    assert sum("out=p)" in x or "out=exp_avg)" in x or "out=exp_avg_sq)" in x for x in lines) == 4
    assert "float64(" in made.code.texts["number"] and made.source.startswith("def run(rate, w, ")


def options_of(kind):
    optimizer = kind([Value(1.0)])
    return optimizer.numbers(optimizer.param_groups[0], 0)[1]


def test_rooms_are_used_again_and_grow():
    rooms = Rooms()
    (first,) = rooms[(2, 3), "d", 1, 0]
    assert first.shape == (2, 3) and rooms[(2, 3), "d", 1, 0][0] is first
    one, two, mask = rooms[(2, 3), "d", 2, 1]
    assert not np.shares_memory(one, two) and mask.dtype == bool and mask.shape == (2, 3)
    assert np.shares_memory(rooms[(10,), "d", 1, 0][0], first)
    assert rooms[(2, 3), "f", 1, 0][0].dtype == np.float32
    assert rooms[(CHUNK,), "d", 1, 0][0].size == CHUNK


def test_the_compiler_is_imported_at_the_first_step():
    code = """
import sys, optim
from autograd import Value
w = Value(1.0)
optimizer = optim.SGD([w], lr=0.5)
assert not [m for m in sys.modules if m.startswith(("autograd.compiler", "optim.generate"))]
(w * w).backward()
optimizer.step()
assert w.item() == 0.0 and "autograd.compiler" in sys.modules and "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- machine code ---------------------------------------------------------------------------------


MACHINE = [
    (optim.SGD, dict(momentum=0.9, nesterov=True)),
    (optim.AdamW, dict(amsgrad=True, weight_decay=0.1)),
    (optim.RMSprop, dict(centered=True)),
    (optim.Rprop, dict()),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "options"), MACHINE, ids=[k.__name__ for k, _ in MACHINE])
def test_fused(kind, options, dtype):
    start = RNG.normal(size=(6, 5)).astype(dtype)
    expected = walked(kind([Value(start)], lr=0.02, **options), start)
    for order in "CF":
        w = Value(np.asarray(start, order=order))
        found = walked(kind([w], lr=0.02, fused=True, **options), start)
        # a few units in the last place of what is added up
        ulp = 64 * np.finfo(dtype).eps
        np.testing.assert_allclose(found[0], expected[0], rtol=ulp, atol=ulp)
        for x, y in zip(found[1], expected[1], strict=True):
            assert (x is None) == (y is None)
            if x is not None:
                np.testing.assert_allclose(x, y, rtol=ulp, atol=ulp)
                assert x.dtype == dtype


def test_fused_is_no_part_of_the_state():
    w = Value(np.ones(3))
    optimizer = optim.Adam([w], fused=True)
    walked(optimizer, w.data, 2)
    saved = optimizer.state_dict()
    assert "fused" not in saved["param_groups"][0]
    other = optim.Adam([Value(np.ones(3))])
    other.load_state_dict(saved)
    assert not other.fused and other.state[0]["step"] == 2


@pytest.mark.parametrize("start", [np.ones(3, np.float16), np.float64(1.0), np.float32(1.0)])
def test_fused_leaves_the_others_to_numpy(start):
    one, two = (optim.Adam([Value(start)], lr=0.1, fused=fused) for fused in (False, True))
    same(walked(one, start), walked(two, start))


def test_without_numba_fused_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)  # Python's way to say: not there
    with pytest.raises(ImportError, match=r'Adam: fused=True needs numba; .*pip install "stepgrad\[jit\]"'):
        optim.Adam([Value(1.0)], fused=True)


def test_where_numba_fails_the_step_is_done_without():
    def own(p, g, *, lr):
        return (p - lr * g,)

    w = Value(np.ones(3))
    optimizer = optimizer_of(own, lr=0.5)([w])
    optimizer.fused = True
    w.grad = np.ones(3)
    optimizer.step()
    (made,) = [k for key, k in kernel._kernels.items() if key[0] is own]
    made._loop = None
    made.code.texts["element"] = "def run(p, g, lr):\n    return p.whatever\n"
    with pytest.warns(UserWarning, match="numba cannot compile the rule own, which runs without fused"):
        optimizer.step()
    optimizer.step()
    assert w.data.tolist() == [-0.5] * 3


# --- random rules ---------------------------------------------------------------------------------

UNARY = [np.abs, np.sign, np.negative, np.square, lambda x: np.sqrt(np.abs(x))]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, np.minimum]


def random_rule(rng):
    """A rule of some random steps on p, g, two buffers and two numbers; half of its results are new."""
    steps = [(int(rng.integers(3)), rng.integers(1 << 30, size=4), int(rng.integers(5))) for _ in range(8)]
    ends = rng.integers(1 << 30, size=3)

    def rule(p, g, a, b, *, x, y):
        arrays, known = [p, g, a, b], [p, g, a, b, x, y]
        for kind, at, which in steps:
            two, three, four = (known[i % len(known)] for i in at[1:])
            array = arrays[at[0] % len(arrays)]
            if kind == 0:
                new = UNARY[which](array)
            elif kind == 1:
                new = BINARY[which](array, two)
            else:
                new = np.where(array > two, three, four)
            arrays.append(new)
            known.append(new)
        return tuple([arrays[-1 - i % len(arrays)] for i in ends])

    return rule


@pytest.mark.parametrize("seed", [*range(120), 542])
@pytest.mark.filterwarnings("ignore:the rule rule cannot be compiled:UserWarning")  # results exchanged
def test_random_rules(seed, monkeypatch):
    if seed % 2:
        for module in (kernel, optim.optimizer):
            monkeypatch.setattr(module, "CHUNK", 4)
    rng = np.random.default_rng(seed)
    own = optimizer_of(random_rule(rng), ("a", "b"), x=0.3, y=-1.2)
    start, gradients = rng.normal(size=7), rng.normal(size=(3, 7))
    whole, numbers = Value(start), [Value(x) for x in start]
    optimizer, other = own([whole]), own(numbers)
    expected, buffers = start, [np.zeros(7), np.zeros(7)]
    for g in gradients:
        expected, *buffers = own.rule(expected, g, *buffers, x=0.3, y=-1.2)
        whole.grad = kept = g.copy()
        for v, x in zip(numbers, g, strict=True):
            v.grad = x
        optimizer.step()
        other.step()
        np.testing.assert_array_equal(kept, g)
        np.testing.assert_array_equal(whole.data, expected)
        np.testing.assert_array_equal([v.item() for v in numbers], expected)
        for k, x in zip("ab", buffers, strict=True):
            np.testing.assert_array_equal(optimizer.state[0][k], x)
            np.testing.assert_array_equal([other.state[i][k] for i in range(7)], x)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_gradients_that_are_values_are_taken_for_every_parameter(shape, fused):
    # as backward(create_graph=True) leaves them; the parameters after the first are done in one loop
    if fused:
        pytest.importorskip("numba")
    ours, plain = ([Value(np.full(shape, 1.0 + k)) for k in range(4)] for _ in range(2))
    for params, how in ((ours, True), (plain, False)):
        optimizer = optim.SGD(params, lr=0.1, momentum=0.9, fused=fused)
        for _ in range(3):
            optimizer.zero_grad()
            sum([(p**3).sum() for p in params]).backward(create_graph=how)
            optimizer.step()
        optimizer.zero_grad()  # the graphs of gradients are cycles
    assert [p.data.tolist() for p in ours] == [p.data.tolist() for p in plain]


def test_numbers_of_ones_own_are_asked_for_at_every_step():
    class Scaled(Optimizer):
        rule = staticmethod(lambda p, g, *, lr, up: (p + lr * g if up else p - lr * g,))
        scale, up = 1.0, False

        def numbers(self, group):
            return {}, {"lr": group["lr"] * self.scale, "up": self.up}

    w, v = Value([0.0, 0.0]), Value(0.0)
    optimizer = Scaled([w, v], {"lr": 1.0})
    for scale, up in ((1.0, False), (10.0, False), (100.0, True)):
        optimizer.scale, optimizer.up = scale, up
        w.grad, v.grad = np.ones(2), 1.0
        optimizer.step()
    assert w.data.tolist() == [89.0, 89.0]
    assert v.item() == 89.0
