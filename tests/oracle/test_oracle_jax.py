"""Every operation that JAX has: value, gradient and second derivative, to nine digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracle_cases import CASES, COUNTS, COVERED
from oracle_compare import compare, directions, listed

pytestmark = pytest.mark.oracle
WITH = [c for c in CASES if c.jax is not None]


def jax_gradients(case, arrays):
    def f(*xs):
        return listed(case.jax(*xs))

    values = [np.asarray(y) for y in jax.jit(f)(*arrays)]
    cotangents = [jnp.asarray(c, v.dtype) for c, v in zip(directions(case, values), values, strict=True)]
    us = directions(case, arrays)

    def first(*xs):
        return jax.vjp(f, *xs)[1](cotangents)

    def along(*xs):
        return sum(jnp.vdot(g, u) for g, u in zip(first(*xs), us, strict=True))

    both = jax.jit(lambda *xs: (first(*xs), jax.grad(along, tuple(range(len(xs))))(*xs)))
    one, two = both(*arrays)
    return values, [np.asarray(g) for g in one], [np.asarray(g) for g in two]


@pytest.mark.parametrize("case", WITH, ids=lambda c: c.name)
def test_values_and_gradients_are_those_of_jax(case):
    for arrays in case.inputs():
        compare("JAX", case, arrays, jax_gradients(case, arrays))


def test_the_operations_without_a_counterpart_in_jax():
    without = COVERED - {c.name.partition("#")[0] for c in WITH}
    COUNTS["JAX"].without = without
    assert len(without) <= 0.05 * len(COVERED)
