"""Every rule through the shipped checker: NumPy's value, derivatives of three orders, good manners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import special
from autograd.check import GradientError, check_grads
from autograd.check.decorator import heard
from autograd.rules.table import FUNCTIONS, UFUNCS
from tests import numeric
from tests.cases import CASES, F32_TOO, Case

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
seeds = st.integers(0, 2**16)


# --- four looks at one example (tests/mutation uses them too) -------------------------------------


def function_of(case, example):
    return lambda *leaves: example.call(case.function, leaves)


def cotangent_for(f, leaves, seed):
    return numeric.random_like(np.asarray(numeric.flat(f(*leaves)))[()], np.random.default_rng(seed))


def checked(f, *args, **options):
    report = check_grads(f, *args, raise_=False, **options)
    heard(report)
    if report.failures:
        raise GradientError(report)
    return report


def value(case, example, seed):
    """NumPy's value; the rules give the same for arrays and for Values."""
    f, leaves = function_of(case, example), example.leaves
    numeric.check_value(f, leaves, 1e-13 if case.approximate else None)
    numeric.check_same_bits(f, leaves, cotangent_for(f, leaves, seed), 1e-13 if case.rules_round else None)


def scalars(case, example, seed):
    """The gradient of a scalar is a scalar."""
    f, leaves = function_of(case, example), example.leaves
    numeric.check_scalar_gradients(f, leaves, cotangent_for(f, leaves, seed))


def gradient(case, example, seed):
    """Each element of each input; shapes, dtypes, linearity, memory, layout, a graph that is freed."""
    checked(function_of(case, example), *example.leaves, seed=seed, name=case.name)


def orders(case, example, seed):
    """Derivatives of orders 1, 2 and 3 along a random line through the inputs."""
    f, rng = function_of(case, example), np.random.default_rng(seed)
    leaves = [np.asarray(x, np.float64)[()] for x in example.leaves]
    along = [numeric.random_like(x, rng) for x in leaves]

    def line(t):
        return numeric.flat(f(*[x + t * d for x, d in zip(leaves, along, strict=True)]))

    checked(line, 0.0, order=3, structural=False, seed=seed, name=case.name)


# --- the tests --------------------------------------------------------------------------------

OWN = [*UFUNCS, *FUNCTIONS]  # before any test lets SciPy's in, whose cases are in test_scipy_special.py


def share_of_profile(part):
    """Some of the profile's examples: the checker looks at each of them from every side."""
    return settings(max_examples=max(1, round(settings.default.max_examples * part)))


def test_every_rule_has_a_case():
    covered = {case.covers for case in CASES}
    functions = [*OWN, *(getattr(special, name) for name in special.__all__)]
    missing = sorted({f.__name__ for f in functions if f not in covered})
    assert not missing, f"without a case in tests/cases.py: {missing}"


def test_case_names_are_unique():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), sorted({n for n in names if names.count(n) > 1})


@cases
@given(data=st.data(), seed=seeds)
def test_value(case: Case, data, seed):
    value(case, data.draw(case.inputs(F32_TOO), label="inputs"), seed)


@settings(max_examples=400)
@given(case=st.sampled_from(CASES), data=st.data(), seed=seeds)
def test_gradient_of_a_scalar_is_a_scalar(case: Case, data, seed):
    scalars(case, data.draw(case.inputs(F32_TOO), label="inputs"), seed)


@cases
@pytest.mark.gradcheck(unverified=1.0)  # the few examples of a case may all be empty; its line below is not
@share_of_profile(1 / 2)
@given(data=st.data(), seed=seeds)
def test_every_element_and_manners(case: Case, data, seed):
    gradient(case, data.draw(case.inputs(F32_TOO), label="inputs"), seed)


@cases
@pytest.mark.gradcheck(unverified=0.5)
@share_of_profile(1 / 3)
@given(data=st.data(), seed=seeds)
def test_three_orders(case: Case, data, seed):
    orders(case, data.draw(case.inputs(), label="inputs"), seed)
