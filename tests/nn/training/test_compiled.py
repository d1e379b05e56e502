"""fit(compile=True): the same training, step for step."""

import numpy as np
import pytest

import nn
import optim
from nn.training.compiled import CompiledStep


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


class Each(nn.Callback):
    """Calls a function with the training and the number of the batch at the end of each batch."""

    def __init__(self, change, gradients=None):
        self.change, self.look, self.n = change, gradients, 0

    def on_gradients(self, run):
        if self.look is not None:
            self.look(run)

    def on_batch_end(self, run):
        self.n += 1
        self.change(run.model, self.n)


def make():
    return nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.1), nn.RReLU(), nn.Linear(8, 2)
    )


def states(change, loss=None, begin=lambda model: None, gradients=None, more=lambda loss: [], **options):
    """What a training leaves behind, eager and compiled, with `change` after each batch."""
    found = []
    x, y = data()
    for how in (False, True):
        nn.manual_seed(3)
        model = make()
        measure = nn.CrossEntropyLoss() if loss is None else loss()
        optimizer = optim.SGD([*model.parameters(), *more(measure)], lr=0.1)
        begin(model)
        history = nn.fit(
            model, x, y, measure, optimizer, epochs=3, batch_size=14, verbose=0, compile=how,
            callbacks=[Each(change, gradients)], **options,
        )  # fmt: skip
        held = model.state_dict() | {f"more.{i}": p.data for i, p in enumerate(more(measure))}
        found.append((held, history.history, [p.grad for p in model.parameters()]))
    return found


def equal(found):
    (eager, history, _), (compiled, compiled_history, _) = found
    assert history == compiled_history
    for name, v in eager.items():
        np.testing.assert_array_equal(compiled[name], v, err_msg=name)


def set_at(name, *steps):
    """Assign to an attribute, `at.the[0].path`, at given batches."""
    path, _, last = name.rpartition(".")

    def change(model, n):
        for at, value in steps:
            if n == at:
                thing = model
                for word in path.split("."):
                    thing = thing[int(word)] if word.isdigit() else getattr(thing, word)
                setattr(thing, last, value)

    return change


CHANGES = {
    "frozen": set_at("0.weight.requires_grad", (4, False)),
    "frozen and back": set_at("0.weight.requires_grad", (4, False), (8, True)),
    "normalization in evaluation": set_at("1.training", (4, False), (9, True)),
    "momentum": set_at("1.momentum", (4, 0.5)),
    "momentum None": set_at("1.momentum", (4, None)),
    "dropout": set_at("3.p", (2, 0.5), (4, 0.1), (7, 0.0)),
    "slopes": set_at("4.upper", (3, 2.0)),
    "another generator": lambda model, n: n == 4 and setattr(model[3], "_rng", np.random.default_rng(9)),
    "all in evaluation": lambda model, n: n == 4 and model.eval(),
    "another layer": lambda model, n: n == 4 and model.append(nn.Sigmoid()),
    "another weight": lambda model, n: n == 4 and setattr(model[5], "bias", nn.Parameter(np.ones(2))),
    "no weight": lambda model, n: n == 4 and setattr(model[5], "bias", None),
    "a hook": lambda model, n: n == 4 and model[2].register_forward_hook(lambda m, args, out: out * 0.5),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_callback_changes_counts_from_the_next_batch_on(change):
    found = states(change)
    equal(found)
    unchanged = states(lambda model, n: None)[1]
    mean = "1.running_mean"
    assert found[1][1] != unchanged[1] or (found[1][0][mean] != unchanged[0][mean]).any()


def test_thawed():
    change = set_at("0.weight.requires_grad", (5, True))
    found = states(change, begin=lambda model: model[0].weight.requires_grad_(False))
    equal(found)
    nn.manual_seed(3)
    assert (found[1][0]["0.weight"] != make()[0].weight.data).any()


class Weighted(nn.Module):
    """A loss with an option and a parameter of its own."""

    def __init__(self):
        self.factor, self.bias = 1.0, nn.Parameter(np.zeros(2))

    def forward(self, output, y):
        return nn.functional.cross_entropy(output + self.bias, y) * self.factor


def test_options_and_parameters_of_the_loss():
    losses = []

    def loss():
        losses.append(Weighted())
        return losses[-1]

    def change(model, n):
        losses[-1].factor = 1.0 if n < 6 else 3.0

    found = states(change, loss, more=lambda measure: measure.parameters())
    equal(found)
    assert (found[1][0]["more.0"] != 0).any()


def test_gradients_that_no_optimizer_takes_add_up():
    norms = []

    def look(run):
        norms.append(optim.clip_grad_norm_(run.model.parameters(), 0.5))

    x, y = data()
    for how in (False, True):
        nn.manual_seed(3)
        model = make()
        nn.fit(
            model, x, y, nn.CrossEntropyLoss(), optim.SGD(model[5].parameters(), lr=0.1), verbose=0, batch_size=14,
            compile=how, callbacks=[Each(lambda model, n: None, look)], epochs=2,
        )  # fmt: skip
    assert norms[: len(norms) // 2] == norms[len(norms) // 2 :]


def test_each_state_is_traced_once():
    x, y = data()
    model = make()
    step = CompiledStep(model, nn.CrossEntropyLoss(), None)
    for i in range(12):
        model[3].p = 0.1 * (i % 3)
        model.train(i % 2 == 0)
        step(x, y)
    assert step.run.traces == 6


def test_all_frozen_is_said():
    x, y = data()
    model = make()
    with pytest.raises(RuntimeError, match="requires grad"):
        nn.fit(
            model, x, y, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), verbose=0, compile=True,
            callbacks=[Each(lambda model, n: model.requires_grad_(False))],
        )  # fmt: skip


def test_a_model_that_keeps_its_results():
    class Keeping(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(6, 2)

        def forward(self, x):
            self.kept = self.layer(x)
            return self.kept

    x, y = data()
    weights = []
    for how in (False, True):
        nn.manual_seed(0)
        model = Keeping()
        nn.fit(
            model, x, y, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), epochs=3, verbose=0,
            validation_split=0.2, compile=how,
        )  # fmt: skip
        weights.append(model.layer.weight.data)
        assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    np.testing.assert_array_equal(*weights)
