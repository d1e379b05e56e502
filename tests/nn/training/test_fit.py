"""fit, evaluate, predict and History."""

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest

import nn
import optim
from autograd import Value
from nn.training import Callback, History, evaluate, fit, predict
from tests.nn.training.small_models import Dense, Descent, Net, cross_entropy, mse

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.25


def quiet(*args, **options):
    return fit(*args, **{"verbose": 0, **options})


def test_fit_is_gradient_descent_on_the_batches_in_order():
    model = Dense(3, 1)
    w, b = model.w.data.copy(), model.b.data.copy()
    history = quiet(model, X, Y, mse, Descent(model.parameters()), epochs=3, batch_size=8, seed=4)
    losses = []
    for epoch in range(3):
        order = np.random.default_rng([4, epoch]).permutation(20)
        total = 0.0
        for rows in (order[:8], order[8:16], order[16:]):
            r = X[rows] @ w + b - Y[rows]
            total += (r**2).sum()
            w = w - 0.1 * 2 * X[rows].T @ r / len(rows)
            b = b - 0.1 * 2 * r.mean(axis=0)
        losses.append(total / 20)
    np.testing.assert_allclose(model.w.data, w, rtol=1e-12)
    np.testing.assert_allclose(model.b.data, b, rtol=1e-12)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-12)
    assert history.epoch == [0, 1, 2]
    assert not history.interrupted


def test_fit_with_adam_solves_the_problem():
    model = Dense(3, 1)
    history = quiet(model, X, Y, mse, optim.Adam(model.parameters(), lr=0.05), epochs=300)
    assert history.history["loss"][-1] < 1e-8
    np.testing.assert_allclose(model.w.data, [[1.0], [-2.0], [0.5]], atol=1e-4)


def test_the_same_call_gives_the_same_bits():
    def run(seed=0, **options):
        model = Net(3, 4, 1)
        quiet(model, X, Y, mse, Descent(model.parameters()), epochs=2, batch_size=7, seed=seed, **options)
        return model.layers[0].w.data

    np.testing.assert_array_equal(run(), run())
    assert (run() != run(seed=1)).any()
    assert (run() != run(shuffle=False)).any()
    np.testing.assert_array_equal(run(shuffle=False), run(seed=1, shuffle=False))


def test_going_on_at_an_epoch_is_the_same_as_not_stopping():
    def run(*spans):
        model = Net(3, 4, 1)
        epochs = []
        for first, last in spans:
            h = quiet(
                model, X, Y, mse, Descent(model.parameters()), epochs=last, initial_epoch=first, batch_size=7
            )
            epochs += h.epoch
        return model.layers[0].w.data, epochs

    whole, parts = run((0, 5)), run((0, 2), (2, 5))
    np.testing.assert_array_equal(whole[0], parts[0])
    assert whole[1] == parts[1] == [0, 1, 2, 3, 4]


def test_the_last_rows_are_held_out_before_shuffling():
    class Recorder(Dense):
        def forward(self, x):
            self.rows.append((self.training, sorted(x[:, 0].tolist())))
            return super().forward(x)

    model = Recorder(1, 1)
    model.rows = []
    x = np.arange(10.0)[:, None] / 10
    history = quiet(model, x, x, mse, Descent(model.parameters()), validation_split=0.3, batch_size=100)
    assert model.rows == [(True, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), (False, [0.7, 0.8, 0.9])]
    assert history.history["val_loss"] == [evaluate(model, x[7:], x[7:], mse)["loss"]]


def test_validation_data_is_measured_after_each_epoch_without_a_graph():
    model = Dense(3, 1)
    history = quiet(
        model, X[:12], Y[:12], mse, Descent(model.parameters()), 2, 5, validation_data=(X[12:], Y[12:])
    )
    assert model.seen == 2 * ([(5, True, True)] * 2 + [(2, True, True), (5, False, False), (3, False, False)])
    r = X[12:] @ model.w.data + model.b.data - Y[12:]
    assert history.history["val_loss"][-1] == pytest.approx((r**2).mean(), rel=1e-12)


def test_metrics_in_training_and_validation():
    labels = (X[:, 0] > 0).astype(int)
    model = Dense(3, 2)

    def margin(output, target):
        return np.abs(output[:, 0] - output[:, 1]).mean()

    history = quiet(
        model, X, labels, cross_entropy, Descent(model.parameters(), 0.0), 1, 7,
        validation_data=(X, labels), metrics=["accuracy", margin],
    )  # fmt: skip
    scores = X @ model.w.data + model.b.data
    numbers = history.history
    assert list(numbers) == ["loss", "accuracy", "margin", "val_loss", "val_accuracy", "val_margin"]
    for name, expected in (
        ("accuracy", (scores.argmax(axis=1) == labels).mean()),
        ("margin", abs(scores[:, 0] - scores[:, 1]).mean()),
    ):
        assert numbers[name][0] == pytest.approx(expected, rel=1e-12)
        assert numbers["val_" + name][0] == pytest.approx(expected, rel=1e-12)
    assert numbers["loss"][0] == pytest.approx(numbers["val_loss"][0], rel=1e-12)


def test_modes_are_those_from_before():
    model = Net(3, 4, 1)
    model.layers[1].eval()
    optimizer = Descent(model.parameters())
    quiet(model, X, Y, mse, optimizer, validation_split=0.5)
    assert [m.training for m in model.modules()] == [True, True, False]
    assert {training for _, training, _ in model.layers[1].seen} == {False}
    model.eval()
    model.layers[0].seen.clear()
    quiet(model, X, Y, mse, optimizer)
    assert model.layers[0].seen == [(20, True, True)]
    assert [m.training for m in model.modules()] == [False, False, False]
    model.train()
    predict(model, X)
    evaluate(model, X, Y, mse)
    assert [m.training for m in model.modules()] == [True, True, True]
    with pytest.raises(ZeroDivisionError):
        evaluate(model, X, Y, lambda output, target: 1 / 0)
    assert model.training


def test_predict_goes_in_batches_and_gives_one_array():
    model = Dense(3, 2)
    out = predict(model, X, batch_size=6)
    assert type(out) is np.ndarray
    np.testing.assert_array_equal(
        out, np.concatenate([(X[i : i + 6] @ model.w.data + model.b.data) for i in range(0, 20, 6)])
    )
    assert model.seen == [(6, False, False)] * 3 + [(2, False, False)]
    assert model.w.grad is None


def test_evaluate_weighs_batches_by_their_rows():
    model = Dense(3, 1)
    r = X @ model.w.data + model.b.data - Y
    found = evaluate(model, X, Y, mse, ["mae", "r2"], batch_size=7)
    assert found["loss"] == pytest.approx((r**2).mean(), rel=1e-12)
    assert found["mae"] == pytest.approx(abs(r).mean(), rel=1e-12)
    assert found["r2"] == pytest.approx(1 - (r**2).sum() / ((Y - Y.mean()) ** 2).sum(), rel=1e-12)


def test_the_data_stays_as_it_is_whatever_forward_does():
    class Scaled(Dense):
        def forward(self, x):
            x /= 255
            return super().forward(x)

    x, model = X.copy(), Scaled(3, 1)
    for shuffle in (False, True):
        quiet(model, x, Y, mse, Descent(model.parameters()), shuffle=shuffle, validation_split=0.2)
    evaluate(model, x, Y, mse)
    predict(model, x)
    np.testing.assert_array_equal(x, X)


def test_float32_stays_float32():
    model = Dense(3, 1, dtype=np.float32)
    x, y = X.astype(np.float32), Y.astype(np.float32)
    quiet(model, x, y, mse, optim.Adam(model.parameters()), metrics=["mae"])
    assert model.w.dtype == np.float32
    assert predict(model, x).dtype == np.float32


def test_the_graph_of_a_batch_is_released():
    kept = []

    class Keep(Callback):
        def on_loss(self, run, loss):
            kept.append(loss)

    model = Dense(3, 1)
    quiet(model, X, Y, mse, Descent(model.parameters()), callbacks=[Keep()])
    assert kept[0].inputs == ()


# --- bad input ----------------------------------------------------------------------------------


def broken(**changes):
    model = changes.pop("model", None) or Dense(3, 2)
    given = {"x": X, "y": np.zeros((20, 2)), "loss": mse, "optimizer": None, **changes}
    if given["optimizer"] is None:
        given["optimizer"] = Descent(model.parameters())
    before = model.state_dict() if isinstance(model, nn.Module) else None
    try:
        quiet(model, **given)
    finally:
        if before is not None:
            np.testing.assert_array_equal(model.w.data, before["w"])


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"y": np.zeros((19, 2))}, ValueError, "x has 20 rows, y has 19"),
        ({"x": np.zeros((0, 3)), "y": np.zeros((0, 2))}, ValueError, r"x has shape \(0, 3\), no rows"),
        ({"x": 3.0}, ValueError, r"x has shape \(\)"),
        ({"x": np.array(["a"] * 20)}, TypeError, "real numbers"),
        ({"x": Value(X)}, TypeError, r"\.data"),
        ({"batch_size": 0}, ValueError, "batch_size=0"),
        ({"batch_size": 1.5}, TypeError, "batch_size=1.5"),
        ({"epochs": -1}, ValueError, "epochs=-1"),
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"validation_split": 1.0}, ValueError, r"must be in \[0, 1\)"),
        ({"validation_split": -0.1}, ValueError, r"must be in \[0, 1\)"),
        ({"validation_split": 0.99}, ValueError, "leaves 0 to train with"),
        ({"validation_split": 0.5, "validation_data": (X, X)}, ValueError, "leave one out"),
        ({"validation_data": X}, TypeError, r"pair \(x, y\)"),
        ({"validation_data": (X, Y[1:])}, ValueError, "validation_data: x has 20 rows, y has 19"),
        ({"optimizer": optim.Adam}, TypeError, r"the class Adam; pass an object: Adam\(model\.parameters\(\)\)"),
        ({"loss": nn.MSELoss}, TypeError, r"pass an object: MSELoss\(\)"),
        ({"optimizer": object()}, TypeError, r"without zero_grad\(\)"),
        ({"optimizer": optim.SGD([Value(1.0)])}, ValueError, "no parameter of this model"),
        ({"loss": "mse"}, TypeError, "loss='mse'"),
        ({"loss": nn.Module}, TypeError, "loss="),
        ({"loss": lambda o, t: 1.0}, TypeError, "the loss is a float"),
        ({"loss": lambda o, t: o - t}, ValueError, r"the loss has shape \(20, 2\)"),
        ({"y": np.full(20, 2), "loss": cross_entropy}, ValueError, "label 2 at row 0 is out of range.*0 to 1"),
        ({"y": np.array([0] * 19 + [-1]), "loss": cross_entropy}, ValueError, "label -1 at row 19"),
        ({"metrics": "accuracy"}, TypeError, "pass a list"),
        ({"metrics": ["acurracy"]}, ValueError, "unknown metric 'acurracy'; known are"),
        ({"metrics": ["mae", "mae"]}, ValueError, "'mae' is taken"),
        ({"metrics": [3]}, TypeError, "metric 3"),
    ],
)  # fmt: skip
def test_fit_refuses(changes, kind, words):
    with pytest.raises(kind, match=words):
        broken(**changes)


def test_models_that_are_none_are_refused():
    with pytest.raises(TypeError, match=r"pass an object: Dense\(\)"):
        quiet(Dense, X, Y, mse, Descent([]))
    with pytest.raises(TypeError, match=r"nn\.Module"):
        predict(lambda x: x, X)

    class Wrong(nn.Module):
        def forward(self, x):
            return x.sum()

    with pytest.raises(ValueError, match=r"gave shape \(\) for 20 rows"):
        predict(Wrong(), X)
    with pytest.raises(TypeError, match="must return a Value"):
        quiet(Wrong(), X, Y, mse, Descent([]))
    with pytest.raises(ValueError, match="no rows"):
        predict(Wrong(), X[:0])
    with pytest.raises(ValueError, match="x has 20 rows, y has 3"):
        evaluate(Dense(3, 1), X, Y[:3], mse)
    with pytest.raises(ValueError, match="evaluate: label 7"):
        evaluate(Dense(3, 2), X, np.full(20, 7), cross_entropy)


def test_an_ignored_label_is_not_out_of_range():
    def loss(output, target):
        return cross_entropy(output, np.where(target == -100, 0, target))

    loss.ignore_index = -100
    y = np.zeros(20, int)
    y[3] = -100
    model = Dense(3, 2)
    assert quiet(model, X, y, loss, Descent(model.parameters())).epoch == [0]
    y[4] = -99
    with pytest.raises(ValueError, match="label -99 at row 4"):
        quiet(model, X, y, loss, Descent(model.parameters()))


# --- Ctrl-C -------------------------------------------------------------------------------------


def whole_batches(steps):
    """The parameters after so many steps, uninterrupted."""
    model = Net(3, 4, 1)
    order = [i for e in range(9) for i in np.split(np.random.default_rng([0, e]).permutation(20), 4)]
    optimizer = Descent(model.parameters())
    for rows in order[:steps]:
        optimizer.zero_grad()
        mse(model(X[rows]), Y[rows]).backward()
        optimizer.step()
    return model.state_dict()


@pytest.mark.skipif(
    not hasattr(signal, "raise_signal") or sys.platform == "win32", reason="needs POSIX signals"
)
@pytest.mark.parametrize("moment", ["forward", "step", "callback"])
def test_ctrl_c_in_a_batch_waits_for_its_end(moment, capsys):
    model = Net(3, 4, 1)
    calls = []

    def press(where):
        calls.append(where)
        if where == moment and calls.count(where) == 7:
            signal.raise_signal(signal.SIGINT)

    class Optimizer(Descent):
        def step(self):
            self.steps += 1
            for p in self.params:
                p.data = p.data - self.lr * p.grad
                if p is self.params[1]:
                    press("step")

    class Press(Callback):
        def on_loss(self, run, loss):
            press("callback")

    def loss(output, target):
        press("forward")
        return mse(output, target)

    optimizer = Optimizer(model.parameters())
    history = quiet(model, X, Y, loss, optimizer, epochs=9, batch_size=5, callbacks=[Press()])
    assert history.interrupted
    assert history.epoch == [0]
    assert [len(v) for v in history.history.values()] == [1]
    assert optimizer.steps == 7
    for name, array in whole_batches(7).items():
        np.testing.assert_array_equal(model.state_dict()[name], array)
    assert all(p.grad is None for p in model.parameters())
    assert model.training
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert "stopping after this batch" in capsys.readouterr().err


def test_ctrl_c_in_validation_stops_at_once_with_the_epochs_that_are_done():
    model = Net(3, 4, 1)
    calls = []

    def loss(output, target):
        if not output.requires_grad:
            calls.append(1)
            if len(calls) == 3:
                signal.raise_signal(signal.SIGINT)
        return mse(output, target)

    history = quiet(
        model, X, Y, loss, Descent(model.parameters()), 9, 5, validation_data=(X, Y), shuffle=False
    )
    assert (history.interrupted, history.epoch) == (True, [])
    assert len(calls) == 3
    assert [m.training for m in model.modules()] == [True] * 3


def test_a_second_ctrl_c_is_not_held_back():
    class Twice(Callback):
        def on_loss(self, run, loss):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("still running")

    model = Dense(3, 1)
    optimizer = Descent(model.parameters())
    assert quiet(model, X, Y, mse, optimizer, callbacks=[Twice()]).interrupted
    assert optimizer.steps == 0


def test_a_real_ctrl_c_from_outside():
    model = Dense(3, 1)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.perf_counter()
    history = quiet(model, X, Y, mse, Descent(model.parameters(), 1e-6), epochs=10_000_000, batch_size=4)
    timer.join()
    assert history.interrupted
    assert time.perf_counter() - begun < 10
    assert len(history.history["loss"]) == len(history.epoch) > 0


def test_another_thread_trains_without_touching_signals():
    model = Dense(3, 1)
    found = []
    thread = threading.Thread(
        target=lambda: found.append(quiet(model, X, Y, mse, Descent(model.parameters())))
    )
    thread.start()
    thread.join()
    assert found[0].epoch == [0]


# --- what is shown ------------------------------------------------------------------------------


def without(monkeypatch, *names):
    """As if these packages were not installed."""
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_silent_when_not_wanted(capsys):
    model = Dense(3, 1)
    quiet(model, X, Y, mse, Descent(model.parameters()), verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("verbose", "tqdm"), [(1, False), (2, True)])
def test_a_line_per_epoch(capsys, monkeypatch, verbose, tqdm):
    if not tqdm:
        without(monkeypatch, "tqdm.auto")
    model = Dense(3, 1)
    history = fit(model, X, Y, mse, Descent(model.parameters()), epochs=2, verbose=verbose)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == 2
    assert lines[1].startswith(f"epoch 2/2: loss {history.history['loss'][1]:.4g} (")


def test_a_bar_with_tqdm(capsys):
    pytest.importorskip("tqdm")
    model = Dense(3, 1)
    fit(model, X, Y, mse, Descent(model.parameters()), epochs=2, batch_size=5)
    err = capsys.readouterr().err
    assert "epoch 2/2: 100%" in err
    assert "8/8" in err
    assert "loss" in err


# --- History ------------------------------------------------------------------------------------


def test_history_draws_itself():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    history = History()
    for epoch, loss in enumerate([3.0, 2.0, 1.5]):
        history.append(epoch, {"loss": loss, "val_loss": loss + 1})
    ax = history.plot()
    assert [line.get_label() for line in ax.lines] == ["loss", "val_loss"]
    assert ax.lines[0].get_xydata().tolist() == [[1, 3], [2, 2], [3, 1.5]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Epoch", "")
    own = plt.figure().add_subplot()
    assert history.plot(own, ["loss"]) is own
    assert (len(own.lines), own.get_ylabel()) == (1, "Loss")
    empty = History().plot()
    assert (len(empty.lines), empty.get_legend(), empty.get_xlabel()) == (0, None, "Epoch")
    with pytest.raises(KeyError, match="there are"):
        history.plot(keys=["accuracy"])
    plt.close("all")


def test_history_without_matplotlib_says_what_to_install(monkeypatch):
    without(monkeypatch, "matplotlib", "matplotlib.pyplot")
    with pytest.raises(ImportError, match=r'pip install "stepgrad\[plot\]"'):
        History().plot()


def test_history_reads_as_its_last_numbers():
    history = History()
    history.append(0, {"loss": 0.123456})
    assert repr(history) == "History(1 epochs: loss 0.1235)"
