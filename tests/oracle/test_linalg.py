"""np.linalg where the libraries differ, or have nothing: what docs/decisions.md says of PyTorch and of JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import oracle_cases  # noqa: F401  # sets JAX to float64
import pytest
import torch

from autograd import grad, vjp

pytestmark = pytest.mark.oracle
la, tl, jl = np.linalg, torch.linalg, jnp.linalg
EYE, RANK_ONE = np.eye(3), np.array([[1.0, 2.0], [2.0, 4.0]])
POSITIVE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 1.0]])
C = np.array([[0.5, -1.0, 2.0], [1.5, 1.0, -0.25], [-2.0, 0.75, 1.0]])


def of_torch(f, x):
    x = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(f(x), x)[0].numpy()


def of_jax(f, x):
    return np.asarray(jax.grad(f)(jnp.asarray(x)))


def near(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("upper", [False, True])
def test_the_gradient_of_a_symmetric_matrix_is_symmetric(upper):
    _, pullback = vjp(lambda x: la.cholesky(x, upper=upper), POSITIVE)
    near(pullback(C)[0], of_torch(lambda x: (torch.tensor(C) * tl.cholesky(x, upper=upper)).sum(), POSITIVE))
    near(pullback(C)[0], of_jax(lambda x: jnp.sum(C * jl.cholesky(x, upper=upper)), POSITIVE))
    near(pullback(C)[0], pullback(C)[0].T)


def test_a_matrix_that_is_not_symmetric():
    """PyTorch reads one triangle, JAX takes the symmetric part, which are two values; here it is refused."""
    x = POSITIVE + np.triu(C, 1) / 4
    theirs = tl.cholesky(torch.tensor(x)).numpy(), np.asarray(jl.cholesky(jnp.asarray(x)))
    near(theirs[0], la.cholesky(x))
    assert abs(theirs[0] - theirs[1]).max() > 1e-3
    with pytest.raises(la.LinAlgError, match="a matrix is not symmetric"):
        grad(lambda x: np.sum(la.cholesky(x)))(x)


@pytest.mark.parametrize("name", ["eigvalsh", "svdvals"])
def test_equal_values_alone(name):
    f = getattr(la, name)
    for x in (EYE, np.diag([1.0, 1.0, 2.0])):
        ours = grad(lambda x: np.sum(f(x) ** 3))(x)
        near(ours, of_torch(lambda x: (getattr(tl, name)(x) ** 3).sum(), x))
        near(ours, of_jax(lambda x: jnp.sum(getattr(jl, name)(x) ** 3), x))
    near(grad(lambda x: np.sum(la.eigh(x)[0] ** 3))(EYE), of_torch(lambda x: (tl.eigh(x)[0] ** 3).sum(), EYE))


def test_vectors_of_equal_values_are_nan_there_and_an_error_here():
    """The logarithm of a matrix has a derivative at the identity: g itself."""

    def logarithm(np_, x):
        w, v = np_.linalg.eigh(x)
        return ((v * np_.log(w)) @ v.T).sum()

    assert np.isnan(of_torch(lambda x: logarithm(torch, x), EYE)).all()
    assert np.isnan(of_jax(lambda x: logarithm(jnp, x), EYE)).all()
    with pytest.raises(la.LinAlgError, match="two eigenvalues are equal"):
        grad(lambda x: logarithm(np, x))(EYE)


def test_det_of_a_singular_matrix():
    expected = [[4.0, -2.0], [-2.0, 1.0]]
    near(grad(la.det)(RANK_ONE), expected)
    near(of_jax(jl.det, RANK_ONE), expected)
    assert abs(of_torch(tl.det, RANK_ONE) - expected).max() > 1  # PyTorch's is 0


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 0.5, np.inf])
def test_norms_of_a_vector_of_zeros(ord):
    near(grad(lambda x: la.norm(x, ord))(np.zeros(3)), of_torch(lambda x: tl.norm(x, ord), np.zeros(3)))


def test_the_nuclear_norm_of_zeros_is_a_kink():
    """PyTorch and JAX give U V.T of whatever U and V are; the subgradient of least norm is 0."""
    assert (of_torch(lambda x: tl.norm(x, "nuc"), np.zeros((2, 2))) == np.eye(2)).all()
    assert (grad(lambda x: la.norm(x, "nuc"))(np.zeros((2, 2))) == 0).all()


def test_pinv_of_a_matrix_of_lower_rank():
    x = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])
    near(
        grad(lambda x: np.sum(C[:2] * la.pinv(x)))(x),
        of_torch(lambda x: (torch.tensor(C[:2]) * tl.pinv(x)).sum(), x),
    )


def test_small_numbers():
    x = np.array([3e-200, 4e-200])
    near(grad(la.norm)(x), [0.6, 0.8])
    assert (of_torch(tl.norm, x) == 0).all() and np.isinf(of_jax(jl.norm, x)).all()
