"""A compiled function notices what changes in the modules it calls."""

import gc
import weakref

import numpy as np
import pytest

import nn
from autograd import compile, enable_grad, gradients, no_grad

X = np.random.default_rng(0).normal(size=(8, 4))


def made():
    nn.manual_seed(1)
    return nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Sequential(nn.RReLU(), nn.Linear(6, 2))
    )


CHANGES = {
    "mode": lambda m, i: m.train(i % 2 == 0),
    "inner mode": lambda m, i: setattr(m[3][0], "training", i % 2 == 0),
    "dropout": lambda m, i: setattr(m[2], "p", 0.3 if i % 2 else 0.6),
    "momentum": lambda m, i: setattr(m[1], "momentum", 0.3 if i % 2 else None),
    "frozen": lambda m, i: m[0].requires_grad_(i % 2 == 0),
    "layer": lambda m, i: i == 3 and m.append(nn.Tanh()),
    "parameter": lambda m, i: i == 3 and setattr(m[0], "bias", nn.Parameter(np.ones(6))),
    "hook": lambda m, i: i == 3 and m[3].register_forward_hook(lambda m, args, out: out * 2),
}


def slopes_of(model, x):
    """The output and the gradients of what requires grad."""
    with enable_grad():
        y = model(x)
        return y, gradients((y * y).sum(), [p for p in model.parameters() if p.requires_grad])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("how", ["the model", "closed over", "with gradients"])
def test_changes_count(change, how):
    found = []
    for fast in (False, True):
        model = made()
        f = {"the model": model, "closed over": lambda x, model=model: np.tanh(model(x))}.get(
            how, lambda x, model=model: slopes_of(model, x)
        )
        run = compile(f) if fast else f
        nn.manual_seed(2)
        results = []
        with no_grad():
            for i in range(8):
                change(model, i)
                y = run(X)
                results += [y] if how != "with gradients" else [y[0].data if not fast else y[0], *y[1]]
        found.append([*results, *[b.data for b in model.buffers()]])
        if fast:
            assert run.traces == 2
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(getattr(a, "data", a), getattr(b, "data", b))


def test_a_layer_that_is_there_twice_is_watched():
    shared = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 4, rng=0))
    model = nn.Sequential(shared, nn.Tanh(), shared).eval()
    run = compile(model)
    for change in (lambda: None, lambda: setattr(shared[1], "bias", nn.Parameter(np.ones(4))), model.train):
        change()
        found = []
        for f in (model, run):
            nn.manual_seed(3)
            found.append(getattr(y := f(X), "data", y))
        np.testing.assert_array_equal(*found)
    assert run.traces == 3


def test_a_result_kept_from_a_trace_is_no_parameter():
    class Keeping(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(4, 2, rng=0)

        def forward(self, x):
            self.kept = self.layer(x)
            return self.kept

    model = Keeping()
    compile(model)(X)
    with pytest.raises(RuntimeError, match="used outside: it was there only while"):
        model.kept.item()
    assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    assert len(list(model.parameters())) == 2


def test_the_model_is_not_kept():
    model = made()
    where = weakref.ref(model)
    step = compile(lambda x, model: model(x))

    class Runner(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(4, 2)

        @compile
        def forward(self, x):
            return self.layer(x)

    runner = Runner()
    other = weakref.ref(runner)
    for _ in range(3):
        runner(X)
    del runner, model, step
    gc.collect()
    assert other() is None
    assert where() is None
