"""What record() captures is what happened, to the bit; and it disturbs nothing."""

import asyncio
import json
import math
import threading

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import nn
from autograd import Value, checkpoint, grad, no_grad, primitive
from autograd import compile as compile_graph
from autograd.graph import Graph, record
from autograd.graph.summary import Summary
from autograd.modes import OBSERVE, mode, observers
from autograd.rules.table import UFUNCS
from optim import LBFGS, SGD, Adam

UNARY = sorted((u for u, op in UFUNCS.items() if u.nin == 1 and u.nout == 1), key=lambda u: u.__name__)
BINARY = sorted(
    (u for u in UFUNCS if u.nin == 2 and u.nout == 1 and u is not np.ldexp and u.signature is None),
    key=lambda u: u.__name__,
)


def same_bits(a, b):
    return np.float64(a).tobytes() == np.float64(b).tobytes() or (a != a and b != b)


def check_replay(steps, loss):
    """The last frame's replay against the .grad on every node of the graph that was just walked."""
    segment, frame = list(steps.frames)[-1]
    replayed = steps.replay(frame)
    graph = Graph(loss)
    assert len(graph.nodes) == len(segment.nodes)
    seen = 0
    for n, node, g in zip(graph.nodes, segment.nodes, replayed, strict=True):
        assert (n.id, n.role, n.op, n.shape) == (node.id, node.role, node.op, node.shape)
        if not node.scalar:
            assert g is None
            assert (n.gradient is None) == (n.id not in frame.gradients)
        elif n.gradient is None:
            assert g is None
        else:
            seen += 1
            assert same_bits(float(n.gradient), g), (n, g)
    return seen


# --- the replay ----------------------------------------------------------------------------

instruction = st.tuples(
    st.one_of(st.sampled_from(UNARY), st.sampled_from(BINARY)),
    st.integers(0, 40),
    st.integers(0, 40),
    st.booleans(),
)


def program(leaves, instructions):
    """A random scalar program; everything it makes is used."""
    made = list(leaves)
    for function, i, j, constant in instructions:
        x, y = made[i % len(made)], made[j % len(made)]
        made.append(function(x) if function.nin == 1 else function(x, 1.25) if constant else function(x, y))
    total = made[0]
    for v in made[1:]:
        total = total + v
    return total


@settings(max_examples=150)
@given(
    st.lists(st.integers(-24, 24).map(lambda k: k / 8 + 1 / 16), min_size=1, max_size=3),
    st.lists(instruction, min_size=1, max_size=12),
    st.sampled_from([np.float64, np.float64, np.float32, np.float16]),
    st.floats(-4, 4),
)
def test_replay_of_random_scalar_programs_is_equal_to_the_bit(numbers, instructions, dtype, seed):
    leaves = [Value(np.array(x, dtype)) for x in numbers]
    leaves[0].grad = leaves[0].dtype.type(0.3)  # a gradient from before: backward() adds to it
    with np.errstate(all="ignore"), record(leaves) as steps:
        loss = program(leaves, instructions)
        loss.backward(seed)
    check_replay(steps, loss)
    json.dumps(steps.to_json(), allow_nan=False)


@pytest.mark.parametrize("function", UNARY, ids=lambda u: u.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_every_unary_function(function, dtype):
    x = Value(np.array(0.4375, dtype))
    with np.errstate(all="ignore"), record(x) as steps:
        loss = (function(x) * 3 + x) * 7.3
        loss.backward(0.7)
    assert check_replay(steps, loss) == 5 - (len(Graph(loss).nodes) != 7)


@pytest.mark.parametrize("function", BINARY, ids=lambda u: u.__name__)
def test_every_binary_function(function):
    x, y = Value(0.4375), Value(1.3125)
    with np.errstate(all="ignore"), record([x, y]) as steps:
        loss = function(x, y) * 7.3 + function(y, x) * x
        loss.backward(0.7)
    check_replay(steps, loss)


def test_division_needs_corrections_and_multiplication_does_not():
    x = Value(0.1)
    with record(x) as steps:
        (x / 49 * 0.7).backward(0.3)
        (x * 49 * 0.7).backward(0.3)
    divide, multiply = (frame for _, frame in steps.frames)
    assert divide.corrections and not multiply.corrections and not divide.sums


def test_float32_sums_are_kept_where_they_round():
    x = Value(np.float32(0.1))
    with record(x) as steps:
        loss = x * np.float32(3) + x / np.float32(7) + x
        loss.backward()
    assert check_replay(steps, loss) and steps.segments[0].frames[0].sums


def test_minus_zero_and_nan_and_infinity_are_replayed():
    x = Value(0.0)
    with np.errstate(all="ignore"), record(x) as steps:
        loss = -x + np.log(x) * 0.0 + x * -0.0
        loss.backward()
    assert check_replay(steps, loss)
    y = Value(2.0)
    with record(y) as steps:
        (y * -0.0).backward()
    assert math.copysign(1, steps.replay(steps.segments[0].frames[0])[0]) == -1


def test_scalars_that_meet_arrays():
    w, b = Value(0.3, name="w"), Value(-0.1, name="b")
    x = np.linspace(0, 1, 7)
    with record([w, b]) as steps:
        loss = np.mean((w * x + b - 2 * x) ** 2)
        loss.backward()
    assert check_replay(steps, loss) == 3  # w, b, loss
    frame = steps.segments[0].frames[0]
    assert all(isinstance(frame.values[n.id], Summary) for n in steps.segments[0].nodes if not n.scalar)
    assert any("summed back to the shape of b" in e.formula for e in steps.segments[0].edges)


def test_a_tensor_network_keeps_summaries_only():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(40, 50), nn.ReLU(), nn.Linear(50, 3))
    optimizer = Adam(model.parameters())
    x, t = rng.normal(size=(16, 40)), rng.integers(0, 3, 16)
    with record(optimizer, names=dict(model.named_parameters())) as steps:
        for _ in range(3):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), t)
            loss.backward()
            norm = float(np.linalg.norm(model[0].weight.grad))
            optimizer.step()
    assert steps.parameters == ["0.weight", "0.bias", "2.weight", "2.bias"]
    check_replay(steps, loss)
    last = steps.segments[0].frames[-1]
    assert last.updates["0.weight"].gradient.norm == pytest.approx(norm, rel=1e-6)
    assert set(last.updates["0.weight"].state) == {"step", "exp_avg", "exp_avg_sq"}
    assert last.updates["0.weight"].after.thumbnail["rows"] <= 32
    assert not arrays_in(steps)


def arrays_in(x):
    """Arrays of more than one element anywhere inside."""
    if isinstance(x, np.ndarray):
        return [x]
    if isinstance(x, dict):
        return [a for y in x.values() for a in arrays_in(y)]
    if isinstance(x, list | tuple):
        return [a for y in x for a in arrays_in(y)]
    if hasattr(x, "__dataclass_fields__"):
        return [a for k in x.__dataclass_fields__ for a in arrays_in(getattr(x, k))]
    return []


# --- training loops -------------------------------------------------------------------------


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=1e-3),
        lambda p: SGD(p, lr=1e-3, momentum=0.9, nesterov=True),
        lambda p: Adam(p, lr=0.05),
    ],
)
@pytest.mark.parametrize("release", [False, True])
def test_recording_changes_nothing_and_tells_what_happened(make, release):
    def run(recorded):
        p = [Value(-1.2, name="x"), Value(1.0, name="y")]
        optimizer = make(p)
        path, steps = [], None

        def loop():
            for _ in range(12):
                optimizer.zero_grad()
                loss = rosenbrock(*p)
                loss.backward(release=release)
                grads = [float(v.grad) for v in p]
                before = [v.item() for v in p]
                optimizer.step()
                path.append((loss.item(), before, grads, [v.item() for v in p]))

        if recorded:
            with record(optimizer) as steps:
                loop()
        else:
            loop()
        return path, steps, optimizer

    path, steps, optimizer = run(True)
    assert path == run(False)[0]
    assert "step" not in vars(optimizer) and not mode.get() & OBSERVE and not observers.get()
    assert steps.seen == len(steps) == 12 and steps.steps == list(range(1, 13)) and not steps.notes
    segment = steps.segments[0]
    at = {n.name: n.id for n in segment.nodes if n.name}
    for frame, (loss, before, grads, after) in zip(segment.frames, path, strict=True):
        assert frame.loss == loss == steps.losses[frame.step]
        g = steps.replay(frame)
        for i, name in enumerate(("x", "y")):
            u = frame.updates[name]
            assert (frame.values[at[name]], u.before, u.after) == (before[i], before[i], after[i])
            assert g[at[name]] == u.gradient == grads[i]
            assert u.update == after[i] - before[i] and u.lr == optimizer.param_groups[0]["lr"]
    state = optimizer.state[1]
    for key, x in segment.frames[-1].updates["y"].state.items():
        assert x == float(state[key])
    assert steps.optimizer["name"] == type(optimizer).__name__
    assert steps.optimizer["groups"][0]["params"] == ["x", "y"]


def test_learning_rates_of_a_schedule_and_of_groups():
    x, y = Value(1.0, name="x"), Value(1.0, name="y")
    optimizer = SGD([{"params": [x], "lr": 0.5}, {"params": [y]}], lr=0.1)
    with record(optimizer) as steps:
        for _ in range(2):
            (x * y).backward()
            optimizer.step()
            optimizer.param_groups[0]["lr"] = 0.25
    assert [(f.updates["x"].lr, f.updates["y"].lr) for _, f in steps.frames] == [(0.5, 0.1), (0.25, 0.1)]


def test_updates_by_hand_are_found_at_the_next_backward_or_at_the_end():
    w = Value([1.0, 2.0], name="w")
    b = Value(1.0, name="b")
    with record([w, b]) as steps:
        for _ in range(3):
            w.zero_grad()
            b.zero_grad()
            ((w * w).sum() + b * b).backward()
            with no_grad():
                w -= 0.1 * w.grad
                b -= 0.1 * b.grad
    assert len(steps) == 3 and [f.updates["b"].after for _, f in steps.frames] == pytest.approx(
        [0.8, 0.64, 0.512]
    )
    assert all(set(f.updates) == {"w", "b"} for _, f in steps.frames)
    assert steps.segments[0].frames[-1].updates["b"].gradient == pytest.approx(1.28)
    assert steps.segments[0].frames[0].updates["b"].lr is None


def test_a_write_through_numpy_and_one_that_changes_no_bit_are_steps_too():
    w = Value([1.0, 2.0])
    with record(w) as steps:
        (w * w).sum().backward()
        w.data[0] = 5.0
        (w * w).sum().backward()
        with no_grad():
            w -= 0.0
        (w * w).sum().backward()
    assert len(steps) == 3 and [sorted(f.updates) for _, f in steps.frames] == [["p1"], ["p1"], []]


def test_gradients_that_are_never_cleared_are_carried():
    x = Value(3.0, name="x")
    with record(x) as steps:
        for _ in range(3):
            loss = x * x
            loss.backward()
            with no_grad():
                x -= 0.01 * x.grad
            expected = float(x.grad)
            assert same_bits(expected, expected)
    frames = [f for _, f in steps.frames]
    assert [bool(f.carried) for f in frames] == [False, True, True]
    assert steps.replay(frames[-1])[0] == frames[-1].updates["x"].gradient == float(x.grad)
    assert list(steps.losses.values()) == [f.loss for f in frames]  # each its own, though carried


def test_gradients_of_arrays_that_are_never_cleared_are_carried_as_summaries():
    w = Value([1.0, 2.0], name="w")
    with record(w) as steps:
        for _ in range(2):
            loss = (w * w).sum()
            loss.backward()
            with no_grad():
                w -= 0.25 * w.grad
    frame = [f for _, f in steps.frames][-1]
    before, after = frame.carried[0]
    assert before.norm == np.linalg.norm([2.0, 4.0]) and after.norm == np.linalg.norm(w.grad)
    assert steps.replay(frame)[0] is None
    assert check_replay(steps, loss)


def test_arrays_that_take_no_gradient_have_none():
    x, data = Value(2.0, name="x"), Value([1.0, 2.0, 3.0], requires_grad=False, name="data")
    with record(x) as steps:
        (x * data).sum().backward()
    segment, frame = next(iter(steps.frames))
    symbols = {n.id: n.symbol for n in segment.nodes}
    assert "data" in symbols.values() and "data" not in {symbols[n] for n in frame.gradients}


def test_steps_of_an_optimizer_that_are_passed_over_are_made_all_the_same():
    x = Value(4.0, name="x")
    optimizer, points = SGD([x], lr=0.25), []
    with record(optimizer, every=3) as steps:
        for _ in range(7):
            points.append(x.item())
            optimizer.zero_grad()
            (x * x).backward()
            optimizer.step()
    assert points == [4.0 * 0.5**n for n in range(7)]
    assert steps.steps == [1, 4, 7] and steps.seen == 7
    assert list(steps.losses.values()) == [p * p for p in points]
    assert [f.updates["x"].before for _, f in steps.frames] == points[::3]


@pytest.mark.parametrize("by_hand", [False, True])
def test_gradient_accumulation_is_one_step_of_several_parts(by_hand):
    w = Value(2.0, name="w")
    optimizer = SGD([w], lr=0.1)
    with record([w] if by_hand else optimizer) as steps:
        for _ in range(2):
            w.zero_grad()
            for x in (1.0, 2.0, 3.0):
                ((w * x - 1) ** 2).backward()
            total = float(w.grad)
            optimizer.step()
    assert [(f.step, f.part, f.parts) for _, f in steps.frames] == [
        (s, p, 3) for s in (1, 2) for p in (0, 1, 2)
    ]
    frames = [f for _, f in steps.frames]
    assert [bool(f.updates) for f in frames] == [False, False, True] * 2
    assert steps.replay(frames[-1])[0] == total == frames[-1].updates["w"].gradient
    assert steps.losses[2] == sum(f.loss for f in frames[3:])


def test_a_closure_is_evaluated_inside_the_step():
    x = Value(3.0, name="x")
    optimizer = LBFGS([x], lr=0.5, max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = (x - 1) ** 2
        loss.backward()
        return loss

    with record(optimizer) as steps:
        optimizer.step(closure)
    frames = [f for _, f in steps.frames]
    assert len(steps) == 1 and frames[0].parts == len(frames) > 1
    assert frames[-1].updates["x"].before == 3.0 and frames[-1].updates["x"].after == x.item()
    assert steps.losses[1] == frames[-1].loss  # cleared in between, so not the sum


def test_fit_can_be_recorded():
    model = nn.Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    x = np.linspace(-1, 1, 8)[:, None]
    with record(optimizer, names=dict(model.named_parameters())) as steps:
        nn.fit(model, x, 2 * x, loss=nn.MSELoss(), optimizer=optimizer, epochs=3, batch_size=4)
    assert len(steps) == 6 and steps.parameters == ["weight", "bias"]
    assert {n.module for n in steps.segments[0].nodes} != {None}


def test_a_structure_that_changes_starts_a_segment_and_one_that_returns_goes_on():
    x = Value(2.0, name="x")
    optimizer = SGD([x], lr=0.01)
    with record(optimizer) as steps:
        for i in range(6):
            optimizer.zero_grad()
            (x * x if i % 3 else np.sin(x)).backward()
            optimizer.step()
    assert [[f.step for f in s.frames] for s in steps.segments] == [[1, 4], [2, 3, 5, 6]]
    assert [f.step for _, f in steps.frames] == [1, 2, 3, 4, 5, 6]
    assert steps.order[:3] == [(0, 0), (1, 0), (1, 1)]
    assert "2 structures" in repr(steps) and any("2 structures" in note for note in steps.notes)


def test_the_same_shape_with_other_parameters_is_another_segment():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    with record([x, y]) as steps:
        (x * x).backward()
        (y * y).backward()
    assert [s.nodes[0].parameter for s in steps.segments] == ["x", "y"]


def test_constants_that_change_are_symbols_and_those_that_do_not_are_numbers():
    w = Value(2.0, name="w")
    with record(w) as steps:
        for x in (1.5, 2.5):
            (w * x - 2.0) ** 2
            ((w * x - 2.0) ** 2).backward()
    assert [n.symbol for n in steps.segments[0].nodes] == ["w", "c1", "h1", "2", "h2", "2", "L"]
    assert [e.formula for e in steps.segments[0].edges] == ["c1", "", "1", "", "2·h2", ""]


def test_a_pass_that_fails_is_not_recorded():
    x = Value(2.0)
    with record(x) as steps:
        loss = x * x
        loss.backward()
        with pytest.raises(RuntimeError, match="spent"):
            loss.backward()
        loss = x * x
        with no_grad():
            x -= 1
        with pytest.raises(RuntimeError, match="changed in place"):
            loss.backward()
        (x * x).backward()
    assert len(steps) == 2


def test_a_rule_that_raises_is_not_recorded():
    """Nor when it is asked for the local derivative, before the pass begins."""

    def failing(g, out, x):
        raise ArithmeticError("no derivative today")

    odd = primitive(failing, name="odd")(lambda x: x + 1.0)
    x = Value(2.0, name="x")
    with record(x) as steps:
        with pytest.raises(ArithmeticError, match="no derivative today"):
            (odd(x) * x).backward()
        (x * x).backward()
    assert len(steps) == 1 and steps.losses[1] == 4.0


def cubed_by_a_pass_of_its_own(fails=False):
    """x**3, whose rule calls backward() on a graph of its own."""

    def rule(g, out, x):
        own = Value(float(x))
        cube = own**3
        cube.backward()
        if fails:
            with pytest.raises(RuntimeError, match="spent"):
                cube.backward()
        return g * own.grad

    return primitive(rule, name="cubed")(lambda x: x**3)


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("fails", [False, True])
def test_a_backward_inside_a_rule_is_part_of_the_pass_around_it(fails, every):
    cubed, x = cubed_by_a_pass_of_its_own(fails), Value(2.0, name="x")
    optimizer = SGD([x], lr=0.125)
    with record(optimizer, every=every) as steps:
        for _ in range(2):
            optimizer.zero_grad()
            loss = cubed(x) * x
            loss.backward()
            optimizer.step()
    assert steps.seen == 2 and steps.losses == {1: 16.0, 2: 16.0}  # 2 - 32/8 = -2
    assert steps.notes == (["Looked at every 2 steps."] if every > 1 else [])
    assert [frame.step for _, frame in steps.frames] == [1, 2][: 2 // every]
    if every == 1:
        assert check_replay(steps, loss) == 3


def test_a_backward_inside_a_rule_that_fails_loses_only_its_pass():
    failing = primitive(lambda g, out, x: 1 / 0, name="failing")(lambda x: x)

    def rule(g, out, x):
        with pytest.raises(ZeroDivisionError):
            failing(Value(float(x))).backward()
        return g * 2

    double, x = primitive(rule, name="double")(lambda x: 2 * x), Value(3.0, name="x")
    with record(x) as steps:
        (double(x) * x).backward()
        with no_grad():
            x -= 1.0
        with pytest.raises(ZeroDivisionError):
            failing(x).backward()
        x.zero_grad()
        (double(x) * x).backward()
    assert steps.losses == {1: 18.0, 2: 8.0} and not steps.notes


def test_what_was_captured_before_an_error_stays():
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError), record(x) as steps:
        (x * x).backward()
        raise ZeroDivisionError
    assert len(steps) == 1 and not mode.get() & OBSERVE


def test_create_graph_checkpoint_and_functions_inside():
    x = Value(0.7, name="x")
    with record(x) as steps:
        y = x**3
        y.backward(create_graph=True)
        assert float(grad(lambda v: v * v)(3.0)) == 6.0  # functional: no backward(), not recorded
        second = x.grad * 1
        x.zero_grad()
        second.backward()
        inner = checkpoint(lambda v: np.exp(np.sin(v)))(x)
        x.zero_grad()
        (inner * 2).backward()
    assert len(list(steps.frames)) == 3 and steps.seen == 1
    last = list(steps.frames)[-1][1]
    assert steps.replay(last)[0] == float(x.grad)


def test_two_recordings_at_once_each_see_their_own():
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    with record(x) as first, record(y) as second:
        (x * x).backward()
        (x * y).backward()
    assert (len(list(first.frames)), len(list(second.frames))) == (2, 1)
    assert any("1 backward() reached none" in note for note in second.notes)


def test_two_recordings_of_one_optimizer():
    x = Value(1.0, name="x")
    optimizer = SGD([x], lr=0.1)
    with record(optimizer) as outer:
        for _ in range(2):
            with record(optimizer) as inner:
                (x * x).backward()
                optimizer.step()
            assert len(inner) == 1
    assert len(outer) == 2 and all("x" in f.updates for _, f in outer.frames)
    assert "step" not in vars(optimizer)


def test_other_threads_and_tasks_are_not_seen():
    x = Value(1.0)
    with record(x) as steps:
        thread = threading.Thread(target=lambda: (x * 2).backward())
        thread.start()
        thread.join()
    assert len(steps) == 0

    async def inside():
        with record(x) as steps:
            await asyncio.sleep(0)
            (x * 3).backward()
        return steps

    async def outside():
        (x * 5).backward()

    async def both():
        return (await asyncio.gather(inside(), outside()))[0]

    assert [f.loss for _, f in asyncio.run(both()).frames] == [3.0]


# --- names ----------------------------------------------------------------------------------


def test_names_come_from_values_then_the_dict_then_variables():
    w, b = Value(1.0, name="weight"), Value(2.0)
    with record([w, b], names={"w": w, "bias": b}) as steps:
        (w * b).backward()
    assert steps.parameters == ["weight", "bias"]
    with record([w, b], names="locals") as steps:
        hidden = w * b
        out = np.tanh(hidden)
        out.backward()
    assert [n.symbol for n in steps.segments[0].nodes] == ["weight", "b", "hidden", "out"]
    with record([Value(1.0, name="w"), Value(1.0, name="w"), b]) as steps:
        pass
    assert steps.parameters == ["w", "w_2", "p3"]


def test_a_module_brings_its_own_names():
    model = nn.Linear(2, 1)
    with record(model) as steps:
        model(np.ones((1, 2))).sum().backward()
    assert steps.parameters == ["weight", "bias"]


def test_a_compiled_step_inside():
    """Its backward pass is traced at the first use, while this one is watched."""
    x = Value(2.0, name="x")
    f = compile_graph(lambda a: np.sin(a) * a)
    with record([x]) as steps:
        for _ in range(3):
            x.zero_grad()
            loss = f(x) + x * x
            loss.backward()
            with no_grad():
                x -= 0.01 * x.grad
    check_replay(steps, loss)
    assert len(steps) == 3


def test_blocks_left_out_of_order_are_an_error_that_says_so():
    w = Value(1.0)
    optimizer = SGD([w], lr=0.1)
    outer, inner = record(optimizer), record(optimizer)
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(RuntimeError, match="reverse order"):
        outer.__exit__()
    inner.__exit__()
    outer.__exit__()
    assert "step" not in vars(optimizer)


# --- names from modules --------------------------------------------------------------------------


def test_parameters_of_an_optimizer_are_called_what_their_module_calls_them():
    model, alone = nn.MLP(2, [2, 1]), Value(1.0)
    optimizer = SGD([*model.parameters(), alone], lr=0.1)
    with record(optimizer) as steps:
        assert steps.parameters[0] == "p1"  # no graph was seen yet
        for _ in range(2):
            optimizer.zero_grad()
            (model([1.0, 2.0]) * alone).backward()
            optimizer.step()
    names = [*dict(model.named_parameters()), f"p{len(model.parameters()) + 1}"]
    assert steps.parameters == names == steps.optimizer["groups"][0]["params"]
    segment = steps.segments[0]
    assert set(segment.frames[0].updates) == {n.parameter for n in segment.nodes if n.parameter} == set(names)


def test_two_modules_of_one_structure_keep_their_parameters_apart():
    a, b = nn.Linear(2, 1), nn.Linear(1, 1)
    optimizer = SGD([*a.parameters(), *b.parameters()], lr=0.1)
    with record(optimizer) as steps:
        for model, x in ((a, np.ones((1, 2))), (b, np.ones((1, 1)))):
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
    assert steps.parameters == ["weight", "bias", "weight_2", "bias_2"]
    assert [sorted(f.updates) for _, f in steps.frames] == [["bias", "weight"], ["bias_2", "weight_2"]]
