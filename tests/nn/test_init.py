"""nn.init: distributions, structure, the one generator."""

import math

import numpy as np
import pytest

from autograd import Value
from nn import init


def new(*shape, dtype=np.float64):
    return Value(np.full(shape, np.nan), dtype=dtype)


@pytest.mark.parametrize(
    ("fill", "low", "high", "std"),
    [
        (lambda v: init.uniform_(v, -1, 3), -1, 3, 4 / math.sqrt(12)),
        (
            lambda v: init.xavier_uniform_(v, 2.0),
            -2 * math.sqrt(6 / 1350),
            2 * math.sqrt(6 / 1350),
            2 * math.sqrt(2 / 1350),
        ),
        (lambda v: init.kaiming_uniform_(v), -math.sqrt(6 / 450), math.sqrt(6 / 450), math.sqrt(2 / 450)),
        (
            lambda v: init.kaiming_uniform_(v, math.sqrt(5)),
            -1 / math.sqrt(450),
            1 / math.sqrt(450),
            1 / math.sqrt(1350),
        ),
        (lambda v: init.normal_(v, 1.0, 2.0), None, None, 2.0),
        (lambda v: init.xavier_normal_(v, 2.0), None, None, 2 * math.sqrt(2 / 1350)),
        (lambda v: init.kaiming_normal_(v, 0.0, "fan_out", "relu"), None, None, math.sqrt(2 / 900)),
        (lambda v: init.kaiming_normal_(v, nonlinearity="tanh"), None, None, 5 / 3 / math.sqrt(450)),
    ],
)
def test_ranges_and_deviations(fill, low, high, std):
    init.manual_seed(0)
    v = new(100, 50, 3, 3)  # fan_in 450, fan_out 900
    assert fill(v) is v
    assert abs(v.data.std() / std - 1) < 0.02
    if low is not None:
        width = high - low
        assert low <= v.data.min() < low + 0.001 * width and high - 0.001 * width < v.data.max() <= high


@pytest.mark.parametrize(("a", "b"), [(-2.0, 2.0), (1.0, 3.0), (9.0, 40.0), (-40.0, -9.0), (-0.1, 0.1)])
def test_a_truncated_normal_has_the_moments_of_its_density(a, b):
    x = init.trunc_normal_(new(200, 200), a=a, b=b, generator=1).data
    assert x.min() >= a and x.max() <= b
    grid = np.linspace(a, b, 400_001)
    density = np.exp((min(abs(a), abs(b)) ** 2 * (a * b > 0) - grid**2) / 2)
    mean = np.trapezoid(grid * density, grid) / np.trapezoid(density, grid)
    std = math.sqrt(np.trapezoid((grid - mean) ** 2 * density, grid) / np.trapezoid(density, grid))
    assert abs(x.mean() - mean) < 5 * std / 200
    assert abs(x.std() / std - 1) < 0.03
    shifted = init.trunc_normal_(new(200, 200), 5.0, 2.0, 5 + 2 * a, 5 + 2 * b, generator=1).data
    np.testing.assert_allclose(shifted, 5 + 2 * x, rtol=1e-12)


@pytest.mark.parametrize("shape", [(5, 5), (4, 7), (7, 4), (3, 2, 2, 2)])
def test_orthogonal(shape):
    q = init.orthogonal_(new(*shape), gain=2.0).data.reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, 4 * np.eye(min(q.shape)), atol=1e-13)


def test_orthogonal_is_uniform():
    signs = [np.sign(np.linalg.det(init.orthogonal_(new(3, 3), generator=i).data)) for i in range(200)]
    assert 60 < signs.count(1.0) < 140  # rotations and reflections alike
    first = np.array([init.orthogonal_(new(3, 3), generator=i).data[0, 0] for i in range(400)])
    assert abs(first.mean()) < 0.15 and abs(first.std() - 1 / math.sqrt(3)) < 0.06


def test_sparse_identity_and_constants():
    v = init.sparse_(new(11, 30), 0.25, std=2.0)
    assert ((v.data == 0).sum(0) == 3).all()  # ceil(2.75) in every column
    assert len({tuple(np.flatnonzero(c == 0)) for c in v.data.T}) > 10
    assert np.array_equal(init.eye_(new(2, 3)).data, np.eye(2, 3))
    assert (init.constant_(new(2), 4.0).data == 4).all()
    assert (init.ones_(new(2)).data == 1).all() and (init.zeros_(new(2)).data == 0).all()
    assert init.ones_(Value(0.0)).item() == 1.0


def test_dirac_hands_the_channels_on():
    from nn.functional.window import conv2d

    x = np.random.default_rng(0).normal(size=(2, 4, 5, 5))
    assert np.array_equal(conv2d(x, init.dirac_(new(4, 4, 3, 3)).data, padding=1), x)
    grouped = conv2d(x, init.dirac_(new(4, 2, 3, 3), groups=2).data, padding=1, groups=2)
    assert np.array_equal(grouped, x)


def test_the_generator():
    init.manual_seed(5)
    first = [init.normal_(new(3)).data for _ in range(2)]
    assert not np.array_equal(*first)
    init.manual_seed(5)
    assert np.array_equal(init.normal_(new(3)).data, first[0])
    init.normal_(new(3), generator=9)  # leaves the common one alone
    assert np.array_equal(init.normal_(new(3)).data, first[1])
    assert np.array_equal(init.uniform_(new(3), generator=9).data, init.uniform_(new(3), generator=9).data)
    own = np.random.default_rng(9)
    assert init.generator(own) is own
    assert init.manual_seed(1) is init.generator()


def test_a_program_gives_the_same_numbers_at_every_run():
    import subprocess
    import sys

    code = "from nn.linear import Linear; print(Linear(2, 2).weight.data.tolist())"
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)
    }
    assert len(runs) == 1


def test_dtype_and_graphs():
    v = new(3, 3, dtype=np.float32)
    init.kaiming_uniform_(v)
    assert v.dtype == np.float32 and np.isfinite(v.data).all()
    y = v * v
    init.ones_(v)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.uniform_(np.zeros(3)), TypeError, "uniform_: tensor is a ndarray"),
        (lambda: init.xavier_normal_(new(3)), ValueError, r"fan_in and fan_out .* got shape \(3,\)"),
        (lambda: init.kaiming_normal_(new(3, 3), mode="in"), ValueError, "kaiming_normal_: mode='in'"),
        (lambda: init.calculate_gain("silu"), ValueError, "nonlinearity='silu'"),
        (lambda: init.eye_(new(3)), ValueError, r"eye_: tensor has shape \(3,\); 2 axes"),
        (lambda: init.dirac_(new(3, 3)), ValueError, "dirac_: .* 3 to 5 axes"),
        (lambda: init.dirac_(new(3, 3, 3), groups=2), ValueError, "groups=2"),
        (lambda: init.orthogonal_(new(3)), ValueError, "2 or more axes"),
        (lambda: init.sparse_(new(3, 3, 3), 0.1), ValueError, "sparse_"),
        (lambda: init.sparse_(new(3, 3), 1.5), ValueError, "sparsity=1.5"),
        (lambda: init.trunc_normal_(new(3), a=1.0, b=1.0), ValueError, "a=1.0 must be below b=1.0"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
