"""fit(compile=True): the same training, step for step."""

import numpy as np
import pytest

import nn
import optim


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70, 6))
    return x, (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)


def trained(**options):
    nn.manual_seed(3)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 2))
    x, y = data()
    history = nn.fit(
        model, x, y, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01),
        epochs=3, batch_size=16, metrics=["accuracy"], validation_split=0.2, verbose=0, **options,
    )  # fmt: skip
    return [p.data for p in model.parameters()], history


@pytest.mark.parametrize("backend", [True, "numpy"])
def test_the_same_bits_as_without(backend):
    nn.manual_seed(3)
    plain, history = trained()
    fast, compiled_history = trained(compile=backend)
    assert history.history == compiled_history.history
    for p, q in zip(plain, fast, strict=True):
        np.testing.assert_array_equal(p, q)


def test_a_loss_that_is_not_finite_is_explained():
    x, y = data()
    x[37, 1] = np.nan
    model = nn.Linear(6, 2)
    with pytest.raises(nn.NonFiniteError, match=r"x\[37, 1\] is nan"):
        nn.fit(
            model, x, y, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), verbose=0, compile=True
        )


def test_a_model_that_changes_buffers():
    x, y = data()
    states = []
    for how in (False, True):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        nn.fit(
            model, x, y, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), verbose=0, compile=how
        )
        states.append(model.state_dict())
    assert states[0]["1.num_batches_tracked"] > 0
    for k, v in states[0].items():
        np.testing.assert_array_equal(states[1][k], v)
