"""`@gradchecked`: what it draws, what it reports, and that it never passes in vain."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, example, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, Unsatisfiable

from autograd import Value, primitive
from autograd.check import GradientError, Verdict, gradchecked
from autograd.check.decorator import OPTIONS, Tally, UnverifiedError, gradcheck_test, listening
from autograd.check.strategies import Aliased, aliased, arrays, broadcastable, domains, layouts, programs

few = {"examples": 10}


def op(forward, *rules, **flags):
    return primitive(*rules, name="planted", **flags)(forward)


wrong_square = op(np.square, lambda g, out, x: g * x)
wrong_above_one = op(np.square, lambda g, out, x: g * np.where(x > 1, x, 2 * x))


def message_of(test, *args, error=GradientError, **fixtures):
    with pytest.raises(error) as raised:
        test(*args, **fixtures)
    return str(raised.value)


# --- tests that pytest collects -------------------------------------------------------------


@gradchecked(x=arrays((3,)), w=arrays((2, 3)), **few)
def test_by_name(x, w):
    return np.tanh(w @ x)


@gradchecked(broadcastable(2), **few)
def test_a_tuple_is_several_arguments(x, y):
    return x * y + np.sin(x)


@gradchecked(arrays((2,)), arrays((2,), domain=domains.POSITIVE), **few)
def test_by_position(x, y):
    return x / y


@gradchecked(layouts(arrays((2, 3))), **few)
def test_any_layout(x):
    return np.exp(x).sum(axis=0)


@gradchecked(aliased(arrays((3, 3))), **few)
def test_one_array_twice(x, y):
    return x @ y


@gradchecked(x=arrays((2,)), order=3, **few)
def test_higher_orders(x):
    return np.sin(x) * x


@gradchecked(x=arrays((2,)), axis=st.sampled_from([0, -1]), **few)
def test_other_arguments_are_handed_on(x, axis):
    assert type(axis) is int
    return np.cumsum(x, axis=axis)


@gradchecked(x=arrays((2,), dtype=np.float32), **few)
def test_float32(x):
    return np.sin(x)


@pytest.fixture(scope="module")
def factor():
    return 3.0


@gradchecked(x=arrays((2,)), **few)
def test_other_parameters_are_fixtures(x, factor):
    return x * factor


@pytest.mark.parametrize("power", [2, 3])
@gradchecked(x=arrays((2,)), **few)
def test_parametrized(x, power):
    return x**power


class TestMethods:
    """A method is decorated like a function."""

    scale = 2.0

    @gradchecked(x=arrays((2,)), **few)
    def test_by_name(self, x):
        return x * self.scale

    @gradchecked(arrays((2,)), **few)
    def test_by_position(self, x):
        return x * self.scale


test_from_a_table = gradcheck_test(np.sin, arrays((2,)), examples=5)


# --- failures -------------------------------------------------------------------------------


def test_a_failure_is_small_and_says_how_to_repeat_it():
    @gradchecked(x=arrays((None, 3), min_side=1, max_side=2), examples=30)
    def squares(x):
        return wrong_above_one(x)

    text = message_of(squares)
    lines = text.splitlines()
    assert re.match(r"squares  d/dx\[0, \d\]   FAIL$", lines[0]), text
    assert "analytic" in lines[1] and "numeric" in lines[1]
    assert re.search(r"2 of 3 pass; 1 fails", text)
    assert re.search(r"smallest example found by hypothesis, in \d+ runs", text)
    repeat = re.search(r"repeat: +(.*)", text)[1]
    assert repeat.startswith("squares.check(x=np.array([[")
    with pytest.raises(GradientError, match=re.escape(lines[0])):
        eval(repeat, {"np": np, "squares": squares})
    x = eval(re.search(r"x=(.*)\)", repeat)[1], {"np": np})
    assert x.shape == (1, 3) and sorted(x[0].tolist())[:2] == [0, 0] and x.max() == 2.0


def test_layouts_and_aliases_are_in_the_line_that_repeats():
    laid = gradcheck_test(
        lambda x: wrong_square(x), layouts(arrays((2, 2), domain=domains.NONZERO), ["sliced"])
    )
    text = message_of(laid)
    repeat = re.search(r"repeat: +(.*)", text)[1]
    assert repeat.startswith("<lambda>.check(np.array([[") and "[..., ::2]" in repeat
    both = gradcheck_test(lambda x, y: wrong_square(x) + y, aliased(arrays((2, 2), domain=domains.NONZERO)))
    repeat = re.search(r"repeat: +(.*)", message_of(both))[1]
    assert "Aliased(np.array(" in repeat
    pair = eval(repeat.replace("<lambda>.check", ""), {"np": np, "Aliased": Aliased})
    assert isinstance(pair, Aliased)
    with pytest.raises(GradientError):
        both.check(pair)


def test_a_wrong_alias_is_found():
    """Right for two arrays, wrong for one array twice: only `aliased` sees it."""

    def product(x, y):
        return x * (y.detach() if y is x else y)

    assert gradcheck_test(product, arrays((2,)), arrays((2,)), examples=20)() is None
    text = message_of(gradcheck_test(product, aliased(arrays((2,)))))
    assert "('x', 'x')" in text


def test_shrinking_keeps_to_one_failure():
    """Two mistakes, of which the second has smaller examples: the first one found is shrunk."""
    rare = op(np.square, lambda g, out, x: g * np.where(x > 2, 0.0, 2 * x))

    @gradchecked(x=arrays((), domain=domains.POSITIVE), y=arrays((), domain=domains.POSITIVE))
    def both(x, y):
        return rare(x) + wrong_square(y)

    text = message_of(both)
    assert text.count("FAIL") >= 1 and ("d/dy   FAIL" in text or "d/dx   FAIL" in text)


def test_the_number_of_examples():
    seen = []

    @gradchecked(x=arrays((2,)), examples=7)
    def f(x):
        seen.append(isinstance(x, Value))
        return x * 2

    f()
    assert f.gradchecked.tally.examples == 7 and any(seen)


def test_options_of_a_run_come_first():
    old = OPTIONS.examples, OPTIONS.seed
    OPTIONS.examples, OPTIONS.seed = 3, 5
    try:
        f = gradcheck_test(np.sin, arrays((2,)), examples=50)
        f()
        assert f.gradchecked.tally.examples == 3
        assert "seed=5" in f.check(np.zeros(2)).repro() or f.check(np.zeros(2)).seed == 5
    finally:
        OPTIONS.examples, OPTIONS.seed = old


def test_explicit_examples_and_settings():
    @example(x=np.array([2.5]))
    @gradchecked(x=arrays((1,), domain=domains.UNIT), settings=settings(max_examples=4))
    def f(x):
        return wrong_above_one(x)

    text = message_of(f)
    assert "np.array([2.5])" in text

    with pytest.raises(InvalidArgument, match="already been decorated with a settings"):
        settings(max_examples=2)(f)


def test_a_report_reaches_who_listens():
    with listening(Tally("here")) as tally:
        test_by_name()
        test_by_name.check(x=np.ones(3), w=np.ones((2, 3)))
    assert tally.examples == 11 and tally.counts[Verdict.PASS] > 90
    assert set(tally.to_dict()) == {"test", "examples", "counts", "unverified", "worst", "failure"}


# --- bad input: readable, and never a wrong pass ----------------------------------------------


def test_what_gradchecked_refuses():
    with pytest.raises(TypeError, match="needs strategies"):
        gradchecked(lambda x: x)
    with pytest.raises(TypeError, match="nothing to draw"):
        gradchecked(examples=3)
    with pytest.raises(TypeError, match=r"x=\[1, 2\] is neither a strategy nor an option"):
        gradchecked(y=arrays((2,)), x=[1, 2])
    with pytest.raises(TypeError, match="examlpes=3 is neither"):
        gradchecked(y=arrays((2,)), examlpes=3)


def test_functions_without_a_signature_and_with_any_keywords():
    class Unreadable:
        """As some that are written in C."""

        __signature__ = "none"

        def __call__(self, x, y):
            return np.hypot(x, y)

    drawn = arrays((2,), domain=domains.POSITIVE)
    gradchecked(drawn, drawn, **few)(Unreadable())()

    @gradchecked(x=drawn, scale=drawn, **few)
    def f(x, **more):
        return x * more["scale"]

    f()


def test_random_functions_are_nondeterministic():
    rng = np.random.default_rng(0)
    text = message_of(gradcheck_test(lambda x: x + rng.random(), arrays((2,)), examples=3))
    assert "NONDETERMINISTIC" in text and "seed it" in text


@pytest.mark.parametrize("result", [None, "text", 1], ids=["None", "text", "int"])
def test_results_without_gradient(result):
    with pytest.raises((TypeError, GradientError, UnverifiedError)) as raised:
        gradcheck_test(lambda x: result, arrays((2,)), examples=1)()
    assert len(str(raised.value).splitlines()[0]) > 20


def test_a_constant_has_the_gradient_0_and_what_leaves_the_graph_none():
    for result in (np.ones(3), 1.0):
        gradcheck_test(lambda x, result=result: result, arrays((2,)), examples=3)()
    with pytest.raises(GradientError, match=r"leaves the graph|though the slope is not"):
        gradcheck_test(lambda x: np.sin(getattr(x, "numpy", lambda: x)()), arrays((2,)), examples=3)()


def test_mutated_inputs_are_found():
    def f(x):
        y = x * x
        if isinstance(x, Value):
            x.data[...] = 0.0
        return y

    with pytest.raises((GradientError, TypeError, ValueError)):
        gradcheck_test(f, arrays((2,), domain=domains.POSITIVE), examples=3)()


def test_functions_that_print_are_checked_all_the_same(capsys):
    def f(x):
        print("called")  # noqa: T201
        return x * 2

    gradcheck_test(f, arrays((2,)), examples=2)()
    capsys.readouterr()


def test_points_where_the_function_raises_are_undefined():
    def f(x):
        if np.any(x < 0 if isinstance(x, np.ndarray) else x.data < 0):
            raise ValueError("negative")
        return x * 2

    text = message_of(gradcheck_test(f, arrays((3,)), examples=30), error=UnverifiedError)
    assert re.search(r"\d+% of \d+ findings are unverified or undefined, 20% may be", text)
    gradcheck_test(f, arrays((3,), domain=domains.POSITIVE), examples=30)()


def test_a_bug_of_the_function_is_not_a_verdict():
    with pytest.raises(KeyError):
        gradcheck_test(lambda x: {}["missing"], arrays((3,)), examples=5)()


def test_integers_are_refused():
    with pytest.raises(TypeError, match=r"int64; only floating|no floating input"):
        gradcheck_test(lambda x: x * 2.0, st.just(np.array([1, 2])), examples=5)()


def test_nan_is_undefined_not_a_pass():
    test = gradcheck_test(np.sin, st.just(np.array([np.nan, 1.0])), examples=5)
    message_of(test, error=UnverifiedError)


def test_nothing_but_empty_arrays_is_no_pass():
    text = message_of(gradcheck_test(np.sin, arrays((0, 3)), examples=3), error=UnverifiedError)
    assert "nothing was verified in" in text


def test_strategies_that_filter_everything_out():
    with pytest.raises(Unsatisfiable):
        gradcheck_test(np.sin, arrays(()).filter(lambda x: False), examples=1)()


def test_the_limit_of_unverified_findings():
    def f(x):
        with np.errstate(all="ignore"):
            return np.log(x)  # undefined below 0

    limited = gradcheck_test(f, arrays((1,)), examples=30, unverified=1.0)
    limited()
    assert 0.2 < limited.gradchecked.tally.unverified < 1
    message_of(gradcheck_test(f, arrays((1,)), examples=30), error=UnverifiedError)


def test_without_hypothesis_one_clear_line():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import autograd.check\n"
        "from autograd.check import gradchecked, check_grads\n"
        "import numpy as np\n"
        "assert check_grads(np.sin, np.ones(2)).ok\n"
        "gradchecked(x=1)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == (
        'ImportError: gradchecked needs hypothesis, which is not installed: pip install "stepgrad[check]"'
    )


def test_importing_the_checker_does_not_import_hypothesis():
    code = "import sys, autograd.check, autograd.check.decorator; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- whole programs -------------------------------------------------------------------------


@gradchecked(programs(max_nodes=10).flatmap(lambda p: p.arrays().map(lambda xs: (p, *xs))), examples=25)
def test_random_programs(program, *inputs):
    return program(*inputs)


def test_strategies_are_named_as_parameters():
    with pytest.raises(TypeError, match="wieghts= is no parameter of f, which has x, weights"):

        @gradchecked(x=arrays((2,)), wieghts=arrays((2,)))
        def f(x, weights):
            return x * weights

    with pytest.raises(TypeError, match="2 strategies for g, which takes 1 arguments"):

        @gradchecked(arrays((2,)), arrays((2,)))
        def g(x):
            return x


def test_strict_takes_nothing_on_trust():
    f = lambda x: 1e12 * np.abs(x[0]) + 1e-12 * np.abs(x[1])
    drawn = arrays((2,), domain=domains.POSITIVE)
    gradchecked(x=drawn, examples=3, unverified=1.0)(f)()
    with pytest.raises(GradientError, match="UNVERIFIED"):
        gradchecked(x=drawn, examples=3, unverified=1.0, strict=True)(f)()


# --- what other decorators and gradients from elsewhere bring -------------------------------


def test_an_example_below_the_decorator_is_tried_too():
    beyond = {"grad": lambda x: np.where(x > 9, 0, 2 * x), "examples": 3}
    far = example(x=np.array([10.0, 20.0, 30.0]))

    @gradchecked(x=arrays((3,), domain=domains.REAL), **beyond)
    @far
    def below(x):
        return np.sum(x**2)

    @far
    @gradchecked(x=arrays((3,), domain=domains.REAL), **beyond)
    def above(x):
        return np.sum(x**2)

    for test in (below, above):
        assert "np.array([10.0, 20.0, 30.0])" in message_of(test)


@pytest.mark.parametrize("share", [20, -0.1, float("nan"), "0.2"])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(ValueError, match=r"unverified=.*; expected a share from 0 to 1"):
        gradchecked(x=arrays((2,)), unverified=share)


def test_a_gradient_from_elsewhere_is_called_as_the_function_is():
    """With views of one array, whose parts are added up, and in any memory layout."""
    product = lambda x, y: x @ y
    gradcheck_test(product, aliased(arrays((3, 3))), vjp=lambda g, x, y: (g @ y.T, x.T @ g), examples=15)()
    test = gradcheck_test(product, aliased(arrays((3, 3))), vjp=lambda g, x, y: (g @ y.T, g), examples=15)
    assert "FAIL" in message_of(test)
    cube = lambda x: x**3
    gradcheck_test(cube, layouts(arrays((2, 3))), vjp=lambda g, x: 3 * g * x**2, examples=15)()
    one = gradcheck_test(product, aliased(arrays((3, 3))), vjp=lambda g, x, y: g @ y.T, examples=2)
    assert "1 parts for 2 arguments" in message_of(one, error=TypeError)
    shape = gradcheck_test(product, aliased(arrays((3, 3))), vjp=lambda g, x, y: (g @ y.T, 1.0), examples=2)
    assert "for an argument of shape (3, 3)" in message_of(shape, error=TypeError)


def test_wrt_by_name_and_by_position():
    f = lambda x, w: x * w
    for wrt in (1, [1], "w", ["w"]):
        test = gradcheck_test(f, arrays((3,)), arrays((3,)), wrt=wrt, vjp=lambda g, x, w: g * x, examples=3)
        test()
        assert set(vars(test)["gradchecked"].tally.counts) == {Verdict.PASS}
    wrong = gradchecked(x=arrays((2,)), w=arrays((2,)), wrt=[1], examples=3)(lambda x, w: wrong_square(w) * x)
    assert "d/dw" in message_of(wrong)
    assert "wrt='z' names no argument" in message_of(
        gradcheck_test(f, arrays((2,)), arrays((2,)), wrt="z", examples=1), error=TypeError
    )


# --- what is drawn by itself ----------------------------------------------------------------

WRONG_SOMEWHERE = {
    "large": (lambda x: np.where(np.abs(x) > 5, 3 * x, 2 * x), 1),
    "long": (lambda x: 2 * x if x.size <= 8 else x, 9),
    "not in eighths": (lambda x: np.where(x * 8 == np.floor(x * 8), 2 * x, x), 1),
}


@pytest.mark.parametrize("name", WRONG_SOMEWHERE)
def test_a_gradient_that_is_wrong_for_unusual_inputs_is_found(name):
    wrong, least = WRONG_SOMEWHERE[name]
    quiet = settings(database=None, derandomize=True, phases=[Phase.generate])
    test = gradchecked(x=arrays((None,)), grad=wrong, examples=100, settings=quiet)(lambda x: np.sum(x**2))
    found = re.search(r"check\(x=np.array\((\[.*?\])", message_of(test))
    assert found[1].count(",") + 1 >= least


@pytest.mark.parametrize(
    "f", [lambda x, w: np.tanh(x @ w), lambda x, w: np.sum(np.exp(x)) + np.sum(np.exp(w))]
)
def test_a_right_function_is_not_blamed_for_wide_numbers(f):
    """Where it saturates or one term drowns the others."""
    quiet = settings(database=None, derandomize=True)
    gradchecked(x=arrays((3,)), w=arrays((3,)), examples=40, settings=quiet)(f)()
