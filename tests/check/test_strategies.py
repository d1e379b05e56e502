"""What the strategies draw: domains, shapes, layouts, aliases, programs, models."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

import nn
from autograd import Value
from autograd.check.strategies import (
    Aliased,
    Program,
    aliased,
    alike,
    arrays,
    axes,
    broadcastable,
    domains,
    indices,
    layouts,
    losses,
    modules,
    programs,
    values,
)
from autograd.check.strategies.layouts import KINDS, Operands, laid_out, pasteable, seen

many = settings(max_examples=30)


def smallest(strategy, condition):
    return find(strategy, condition, settings=settings(max_examples=2000, database=None))


# --- domains --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["REAL", "NONZERO", "POSITIVE", "ABOVE_ONE", "UNIT", "CENTRED", "ODD", "DISTINCT"]
)
def test_domains_are_dyadic_and_exact_in_half_precision(name):
    numbers = np.array(getattr(domains, name).numbers)
    assert len(numbers) > 5 and len(set(numbers)) == len(numbers)
    assert np.array_equal(numbers * 16, np.rint(numbers * 16))
    assert np.array_equal(numbers.astype(np.float16), numbers)
    written = [len(repr(abs(n))) for n in numbers.tolist()]
    assert written == sorted(written)  # shrinks to what reads well


def test_domains_lie_where_they_say():
    assert 0.0 in domains.REAL.numbers and 0.0 not in domains.NONZERO.numbers
    assert min(domains.POSITIVE.numbers) > 0 and min(domains.ABOVE_ONE.numbers) > 1
    assert min(domains.UNIT.numbers) > 0 and max(domains.UNIT.numbers) < 1
    assert min(domains.CENTRED.numbers) > -1 and max(domains.CENTRED.numbers) < 1
    assert not set(domains.ODD.numbers) & set(domains.REAL.numbers)
    assert all(min(abs(n - 0.5), abs(n + 1)) >= 0.25 for n in domains.off(0.5, -1, gap=0.25).numbers)
    with pytest.raises(ValueError, match="without numbers"):
        domains.off(0.0, gap=4.0)


@many
@given(arrays((3, 4), domain=domains.DISTINCT))
def test_distinct_has_no_ties(x):
    assert np.unique(x).size == x.size


@many
@given(st.data())
def test_probabilities_add_up(data):
    axis = data.draw(st.sampled_from([-1, 0, 1]))
    p = data.draw(arrays(domain=domains.probabilities(axis), min_dims=1, min_side=1))
    assert (p > 0).all() and np.allclose(p.sum(axis=axis), 1.0)


@many
@given(arrays(domain=domains.spd(), min_dims=2, min_side=1) | arrays((2, 3, 3), domain=domains.spd()))
def test_positive_definite(x):
    assert np.array_equal(x, np.swapaxes(x, -1, -2))
    assert (np.linalg.eigvalsh(x) >= 0.2).all()


def test_positive_definite_refuses_what_is_not_square():
    with pytest.raises(ValueError, match=r"\(2, 3\) is not"):
        domains.spd().array((2, 3))


# --- arrays ---------------------------------------------------------------------------------


def test_every_kind_of_shape_is_drawn():
    for wanted in [(), (0,), (3,), (2, 3), (1, 0, 2)]:
        assert np.shape(smallest(arrays(), lambda x, wanted=wanted: np.shape(x) == wanted)) == wanted


def test_counterexamples_read_well():
    assert repr(smallest(arrays((2,)), lambda x: True)) == "array([0., 0.])"
    assert repr(smallest(arrays((2,)), lambda x: x[0] > x[1] >= 0)) == "array([1., 0.])"
    assert repr(smallest(arrays(), lambda x: np.any(x < -0.5))) == "np.float64(-1.0)"
    assert smallest(arrays(), np.any) == 1.0


@many
@given(arrays((None, 3), min_side=1, dtype=[np.float32, np.float64]))
def test_a_side_left_open_and_dtypes(x):
    assert x.shape[1] == 3 and 1 <= x.shape[0] <= 20 and x.dtype in (np.float32, np.float64)


def test_scalars_are_numpy_scalars():
    assert type(smallest(arrays(()), lambda x: True)) is np.float64
    assert type(smallest(arrays((), dtype=np.float32), lambda x: True)) is np.float32


@pytest.mark.parametrize("dtype", [int, bool, complex])
def test_dtypes_without_gradient_are_refused(dtype):
    with pytest.raises(TypeError, match="carries no gradient"):
        arrays((3,), dtype=dtype)


@many
@given(values((2,)))
def test_values(v):
    assert isinstance(v, Value) and v.requires_grad and v.shape == (2,)


@many
@given(broadcastable(3), broadcastable(signature=np.matmul.signature), alike(domains.REAL, domains.POSITIVE))
def test_families_fit_each_other(three, pair, same):
    assert len(three) == 3 and np.broadcast_shapes(*map(np.shape, three)) is not None
    assert np.matmul(*pair) is not None
    assert np.shape(same[0]) == np.shape(same[1]) and np.all(np.asarray(same[1]) > 0)


def test_matmul_signature_draws_vectors_and_batches():
    for wanted in [(1, 1), (2, 1), (1, 2), (3, 2)]:
        smallest(
            broadcastable(signature=np.matmul.signature), lambda p, w=wanted: (p[0].ndim, p[1].ndim) == w
        )


def test_a_domain_for_each_array():
    with pytest.raises(ValueError, match="1 domains for 2 arrays"):
        smallest(broadcastable(2, domains=[domains.REAL]), lambda x: True)


# --- arguments ------------------------------------------------------------------------------


@many
@given(st.data(), arrays())
def test_indices_and_axes_fit(data, x):
    x = np.asarray(x)
    x[data.draw(indices(x.shape))]
    np.sum(x, axis=data.draw(axes(x.ndim)))


def test_indices_of_every_kind():
    shape = (2, 3)
    smallest(indices(shape), lambda i: isinstance(i, np.ndarray) and i.dtype == bool)
    smallest(indices(shape), lambda i: np.empty(shape)[i].size == 0)
    smallest(
        indices(shape),
        lambda i: isinstance(i, tuple) and None in [j for j in i if not isinstance(j, np.ndarray)],
    )
    twice = smallest(indices(shape), lambda i: named_twice(shape, i))
    assert named_twice(shape, twice)


def named_twice(shape, index):
    picked = np.arange(np.prod(shape)).reshape(shape)[index]
    return np.unique(picked).size < np.size(picked)


@many
@given(indices((2, 3), duplicates=False, boolean=False, empty=False))
def test_indices_can_be_restricted(index):
    assert np.empty((2, 3))[index].size > 0 and not named_twice((2, 3), index)


@many
@given(axes(2, tuples=False, none=False))
def test_axes_can_be_restricted(axis):
    assert axis in (-2, -1, 0, 1)


# --- layouts --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@many
@given(data=st.data())
def test_a_layout_keeps_the_numbers_and_the_leaf_gives_it_back(kind, data):
    x = np.asarray(data.draw(arrays()))
    laid = laid_out(x, kind)
    if kind != "broadcast":
        assert np.array_equal(laid, x)
    leaf, view = seen(laid)
    assert leaf.flags.c_contiguous
    again = view(leaf)
    assert np.array_equal(again, laid)
    if np.size(x) > 1 and x.ndim:
        signs = lambda a: [np.sign(s) for s, n in zip(a.strides, a.shape, strict=True) if n > 1]
        assert signs(again) == signs(laid)
    value = view(Value(leaf))
    assert np.array_equal(value.data, laid) and np.shape(value.data) == np.shape(laid)
    assert np.array_equal(eval(pasteable(laid), {"np": np}), laid)


def test_layouts_are_what_they_are_called():
    x = np.arange(6.0).reshape(2, 3)
    assert laid_out(x, "F").flags.f_contiguous and not laid_out(x, "F").flags.c_contiguous
    assert laid_out(x, "sliced").strides == (48, 16)
    assert laid_out(x, "reversed").strides == (-24, -8)
    assert laid_out(x, "broadcast").strides == (0, 8) and not laid_out(x, "broadcast").flags.writeable
    assert (
        type(laid_out(np.float64(1), "C")) is np.ndarray and type(laid_out(np.float64(1), "F")) is np.float64
    )


def test_layouts_strategy_draws_each_kind():
    zeros = layouts(st.just(np.zeros((2, 3))))
    for strides in [(24, 8), (8, 16), (48, 16), (-24, -8), (0, 8)]:
        x = smallest(zeros, lambda x, s=strides: x.strides == s)
        assert x.flags.writeable == (strides[0] != 0)
    with pytest.raises(ValueError, match="unknown kind 'fortran'"):
        layouts(arrays(), kinds=["fortran"])


# --- aliases --------------------------------------------------------------------------------


def test_aliased_draws_every_view():
    drawn = aliased(arrays((2, 2)))
    for views in [("x", "x"), ("x", "x.T"), ("x", "x[::-1]"), ("x", "x[...]")]:
        pair = smallest(drawn, lambda a, v=views: a.views == v)
        assert np.shares_memory(*pair)
        assert eval(repr(pair), {"np": np, "Aliased": Aliased}).views == views


def test_numbers_are_aliased_as_they_are_and_copies_keep_the_views():
    assert smallest(aliased(arrays(()), 3), lambda a: True).views == ("x", "x", "x")
    pair = Aliased(np.arange(4.0).reshape(2, 2), ("x", "x.T"))
    again = pickle.loads(pickle.dumps(pair))
    assert again.views == pair.views and np.array_equal(again[1], pair[1])
    assert np.shares_memory(*copy.deepcopy(pair))


def test_a_strategy_of_shapes():
    shapes = st.sampled_from([(2,), 3, (1, 2)])
    found = {smallest(arrays(shapes), lambda x, s=s: x.shape == s).shape for s in ((2,), (3,), (1, 2))}
    assert found == {(2,), (3,), (1, 2)}


def test_operands_know_what_is_one_array():
    x, y = np.ones((2, 2)), np.zeros(3)
    operands = Operands([x, y, x, Aliased(y, ("x", "x[::-1]")), 1, [0, 2]])
    assert len(operands.leaves) == 2
    v, w = Value(x), Value(y)
    a, b, c, d, e, i, j = operands.rebuild([v, w])
    assert a is v and b is w and c is v and d is w and e.inputs[0] is w and i == 1 and j == [0, 2]


# --- programs -------------------------------------------------------------------------------

drawn_programs = st.booleans().flatmap(lambda kinks: programs(max_nodes=30, kinks=kinks))
with_inputs = drawn_programs.flatmap(lambda p: st.tuples(st.just(p), p.arrays()))


@settings(max_examples=150)
@given(with_inputs)
def test_programs_run_on_arrays_and_values_alike(case):
    program, inputs = case
    expected = program(*inputs)
    assert np.all(np.isfinite(expected))
    assert np.array_equal(np.asarray(program(*map(Value, inputs)).data), expected)


@settings(max_examples=60)
@given(with_inputs)
def test_programs_are_their_source(case):
    program, inputs = case
    scope = {"np": np}
    exec(repr(program), scope)
    assert np.array_equal(scope["program"](*inputs), program(*inputs))
    assert len(program.lines) <= 31


def test_programs_use_results_again():
    shared = smallest(programs(), lambda p: any(p.source.count(name) > 2 for name, _ in p.lines))
    assert len(shared.lines) == 2  # one made, and used twice in the other
    assert len(smallest(programs(), lambda p: len(p.lines) > 4).lines) == 5


def test_a_small_program_reads_well():
    assert repr(smallest(programs(), lambda p: True)) == "def program(x):\n    return np.sin(x)"
    assert isinstance(smallest(programs(max_nodes=2), lambda p: "@" in p.source), Program)


@many
@given(programs(scalar=True).flatmap(lambda p: st.tuples(st.just(p), p.arrays())))
def test_scalar_programs(case):
    program, inputs = case
    assert np.shape(program(*inputs)) == ()


# --- models ---------------------------------------------------------------------------------


@many
@given(modules(), losses())
def test_models_run(model, loss):
    y = model.module(*map(Value, model.inputs))
    assert isinstance(y, Value) and np.all(np.isfinite(y.data))
    value = loss.loss(Value(loss.prediction), loss.target)
    assert isinstance(value, Value) and np.all(np.isfinite(value.data))
    for shown in (repr(model), repr(loss)):
        source, _, inputs = shown.partition(" on ")
        assert eval(source, {"nn": nn}) is not None and inputs.startswith("np.array([")


# --- without hypothesis ---------------------------------------------------------------------


def test_without_hypothesis_one_clear_line():
    code = "import sys; sys.modules['hypothesis'] = None; import autograd.check.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: autograd.check.strategies needs hypothesis, which is not installed: "
        'pip install "stepgrad[check]"'
    )


@settings(max_examples=60)
@given(losses(smooth=True))
def test_smooth_losses_have_no_kinks(case):
    name = type(case.loss).__name__
    assert name not in ("L1Loss", "HuberLoss", "SmoothL1Loss", "HingeEmbeddingLoss")


@settings(max_examples=5)
@given(modules(), losses())
def test_hypothesis_shows_models_as_their_source(model, loss):
    for case in (model, loss):
        assert pretty(case) == repr(case) and case.source in pretty(case)


# --- what is drawn where nothing was said ---------------------------------------------------


def test_by_themselves_arrays_are_sometimes_wide_and_sometimes_long():
    """Numbers beyond 5, others than multiples of 1/8, more than 8 elements; mostly none of these."""
    drawn: list[list[np.ndarray]] = []
    usual = st.tuples(
        arrays((3,)), arrays((None,)), arrays((2, None)), broadcastable(2).map(lambda xy: xy[0])
    )
    told = st.tuples(arrays((None,), max_side=3), arrays((3,), domain=domains.REAL))

    @settings(max_examples=200, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(usual, told)
    def collect(ours, theirs):
        drawn.append([*ours, *theirs])

    collect()
    sizes = [max(np.size(x) for x in column) for column in zip(*drawn, strict=True)]
    largest = [max(np.max(np.abs(x), initial=0.0) for x in column) for column in zip(*drawn, strict=True)]
    assert 8 < sizes[1] <= 20 and 16 < sizes[2] <= 40 and sizes[4] == 3
    assert min(largest[:4]) > 5 and max(largest) < 311 and largest[5] <= 3, largest
    whole = [bool(np.all(row[0] * 8 == np.floor(row[0] * 8))) for row in drawn]
    assert 0.7 * len(whole) < sum(whole) < len(whole)


def test_what_is_no_domain_is_refused_by_name():
    for make in (lambda: arrays((2,), domain=(0, 1)), lambda: broadcastable(2, domains=[(0, 1), (0, 1)])):
        with pytest.raises(TypeError, match=r"domain=\(0, 1\) is no domain; pass one of `domains`"):
            make()
