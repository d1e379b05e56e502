"""The table of rules: what an operation is if nothing is said of it, and what is refused."""

import numpy as np
import pytest

from autograd import Value
from autograd.rules.table import (
    FUNCTIONS,
    UFUNCS,
    Op,
    axes_of,
    axis_of,
    door,
    inverse,
    maybe,
    primitive,
    refuse,
    ufunc,
)


def test_an_operation_broadcasts_nothing_and_is_neither_variadic_nor_random():
    for op in (Op("f", np.sin, None), primitive(np.sin, None)):
        assert (op.broadcasts, op.variadic, op.random) == (False, False, False)
    op = primitive(np.sin, None, name="g", broadcasts=True, variadic=True, random=True)
    assert (op.name, op.broadcasts, op.variadic, op.random) == ("g", True, True, True)
    assert primitive(np.sin, None).name == repr(Op("sin", np.sin)) == "sin"


def test_the_engine_has_a_short_way_for_one_and_for_two_inputs():
    def rule(g, out, *inputs):
        return g

    assert [Op("f", np.sin, *[rule] * n).arity for n in range(5)] == [0, 1, 2, 0, 0]
    assert Op("f", np.sin, rule, variadic=True).arity == Op("f", np.sin, rule, None).arity == 0


def test_a_ufunc_broadcasts_and_is_entered():
    function = np.frompyfunc(lambda x: x, 1, 1)
    try:
        op = ufunc(function, None)
        assert UFUNCS[function] is op
        assert op.broadcasts and op.forward is function
        assert ufunc(function, None, forward=abs).forward is abs
    finally:
        UFUNCS.pop(function, None)


def test_a_door_is_for_functions_and_ufuncs_and_none():
    function, ours = np.frompyfunc(lambda x: x, 1, 1), lambda x: x
    try:
        assert door(function, None, test_a_ufunc_broadcasts_and_is_entered)(ours) is ours
        assert UFUNCS[function] is FUNCTIONS[test_a_ufunc_broadcasts_and_is_entered] is ours
        assert None not in FUNCTIONS
    finally:
        UFUNCS.pop(function, None)
        FUNCTIONS.pop(test_a_ufunc_broadcasts_and_is_entered, None)


def test_an_operation_of_arrays_is_its_forward():
    op = Op("double", lambda x, times: x * times, lambda g, out, x, times: g * times)
    assert op(3.0, times=2) == 6.0
    assert isinstance(op(Value(3.0), times=2), Value)


def test_arguments_without_meaning_are_refused_by_name():
    refuse("f", out=None, where=False, initial=np._NoValue)
    for given in (True, 0, np.zeros(2)):
        with pytest.raises(TypeError, match=r"np\.f: argument out= is not supported for a Value"):
            refuse("f", dtype=None, out=given)


def test_maybe():
    assert maybe(Value(0.0)) is True
    assert maybe(np.array([False, True])) is True
    assert maybe(np.array([False, False])) is False
    assert maybe(np.False_) is False
    assert maybe(True) is True
    assert maybe(False) is False


def test_axes_are_counted_from_the_end():
    assert axes_of(None, 3) == (-3, -2, -1)
    assert axes_of((2, 0), 3) == axes_of([-1, -3], 3) == (-3, -1)
    assert axes_of(1, 3) == (-2,)
    assert [axis_of(a, 2) for a in (-2, -1, 0, 1)] == [-2, -1, -2, -1]
    for axis in (-3, 2):
        with pytest.raises(
            np.exceptions.AxisError, match=rf"axis {axis} is out of bounds for array of dimension 2"
        ):
            axis_of(axis, 2)
    with pytest.raises(ValueError, match=r"axis \(0, -2\) names an axis twice"):
        axes_of((0, -2), 2)


def test_the_inverse_of_a_permutation():
    order = (2, 0, 3, 1)
    assert [order[i] for i in inverse(order)] == [0, 1, 2, 3]
