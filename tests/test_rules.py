"""Every rule, by property: NumPy's value, differences of every order, and good manners."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import special
from autograd.rules.table import FUNCTIONS, UFUNCS
from tests import numeric
from tests.cases import CASES, F32_TOO, Case

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
seeds = st.integers(0, 2**16)


def drawn(data, case, dtypes=(np.float64,)):
    example = data.draw(case.inputs(dtypes), label="inputs")
    return (
        (lambda *leaves: example.call(case.function, leaves)),
        example.leaves,
        data.draw(seeds, label="seed"),
    )


def cotangent_for(f, leaves, seed):
    return numeric.random_like(np.asarray(numeric.flat(f(*leaves)))[()], np.random.default_rng(seed))


def test_every_rule_has_a_case():
    covered = {case.covers for case in CASES}
    functions = [*UFUNCS, *FUNCTIONS, *(getattr(special, name) for name in special.__all__)]
    missing = sorted({f.__name__ for f in functions if f not in covered})
    assert not missing, f"without a case in tests/cases.py: {missing}"


def test_case_names_are_unique():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names), sorted({n for n in names if names.count(n) > 1})


@cases
@given(data=st.data())
def test_value_and_manners(case: Case, data):
    """NumPy's value; gradients of the right shape, dtype and memory; the same for arrays and Values."""
    f, leaves, seed = drawn(data, case, F32_TOO)
    numeric.check_value(f, leaves, 1e-13 if case.approximate else None)
    cotangent = cotangent_for(f, leaves, seed)
    numeric.check_shapes_and_dtypes(f, leaves, cotangent)
    numeric.check_nothing_changed(f, leaves, cotangent)
    numeric.check_same_bits(f, leaves, cotangent, 1e-13 if case.rules_round else None)
    numeric.check_freed(f, leaves, cotangent)


@settings(max_examples=400)
@given(case=st.sampled_from(CASES), data=st.data())
def test_gradient_of_a_scalar_is_a_scalar(case: Case, data):
    f, leaves, seed = drawn(data, case, F32_TOO)
    numeric.check_scalar_gradients(f, leaves, cotangent_for(f, leaves, seed))


@cases
@given(data=st.data())
def test_first_order(case: Case, data):
    numeric.check_first_order(*drawn(data, case))


@cases
@given(data=st.data())
def test_second_and_third_order(case: Case, data):
    numeric.check_higher_orders(*drawn(data, case))
