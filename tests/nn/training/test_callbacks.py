"""Callbacks, and the search for the first number that is not finite."""

import csv

import numpy as np
import pytest

import nn
import optim
from autograd import Value
from nn import init
from nn.activation import ReLU
from nn.containers import Sequential
from nn.dropout import Dropout
from nn.linear import Linear
from nn.loss import CrossEntropyLoss
from nn.normalization import BatchNorm1d
from nn.saving import load_checkpoint
from nn.training import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    NonFiniteError,
    StopOnPlateau,
    TerminateOnNaN,
    first_nonfinite,
    fit,
)
from optim import lr_scheduler
from tests.nn.training.small_models import Dense, Descent, Net, mse

X = np.random.default_rng(1).standard_normal((12, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]])


class Scripted(nn.Module):
    """Its output is what the script says for each epoch of one batch; w counts the steps."""

    def __init__(self, script):
        self.w = nn.Parameter(0.0)
        self.script, self.calls = list(script), 0

    def forward(self, x):
        out = self.script[self.calls]
        self.calls += 1
        return self.w * 0.0 + np.full((len(x), 1), out)


class Count:
    """Adds 1 to w at each step."""

    def __init__(self, model):
        self.model = model

    def zero_grad(self):
        self.model.zero_grad()

    def step(self):
        self.model.w.data = self.model.w.data + 1.0


def scripted(script, *callbacks, metrics=()):
    """A training whose loss is the script, epoch by epoch."""
    model = Scripted(script)
    history = fit(
        model, np.zeros((2, 1)), np.zeros((2, 1)), lambda o, t: o.mean(), Count(model),
        epochs=len(script), callbacks=callbacks, metrics=metrics, verbose=0,
    )  # fmt: skip
    return model, history


def test_callbacks_are_called_in_order():
    calls = []

    class Spy(Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                return lambda run, *rest: calls.append((name, run.epoch, run.batch))
            return super().__getattribute__(name)

    model = Dense(3, 1)
    fit(model, X, Y, mse, Descent(model.parameters()), epochs=2, batch_size=6, callbacks=[Spy()], verbose=0)
    one = ["on_loss", "on_gradients", "on_batch_end"]
    assert [c[0] for c in calls] == [
        "on_train_begin",
        *(["on_epoch_begin", *one, *one, "on_epoch_end", "on_epoch_done"] * 2),
        "on_train_end",
    ]
    assert [c[1:] for c in calls if c[0] == "on_loss"] == [(0, 0), (0, 1), (1, 0), (1, 1)]


# --- stopping -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "options", "epochs"),
    [
        ([5, 4, 3, 2, 1], {}, 5),
        ([5, 4, 4, 3, 2], {}, 3),
        ([5, 4, 4, 3, 2], {"patience": 1}, 3),
        ([5, 4, 4.5, 3, 3.5, 3.5, 1], {"patience": 2}, 6),
        ([5, 4.5, 4.2, 4.1, 1], {"min_delta": 0.4}, 3),
        ([5, 4.9, 4.8, 4.7, 4.6], {"min_delta": 0.25, "patience": 3}, 5),
        ([1, 2, 3, 3, 4], {"mode": "max"}, 4),
    ],
)
def test_early_stopping(script, options, epochs):
    stopper = EarlyStopping("loss", **options)
    for _ in range(2):  # the same object again, from the start
        assert len(scripted(script, stopper)[1].epoch) == epochs


def with_scores(script, *callbacks):
    """A training with a metric "score" that is the script, which may hold nan."""
    rest = iter(script)

    def score(output, target):
        return next(rest)

    return scripted([0.0] * len(script), *callbacks, metrics=[score])[1]


@pytest.mark.filterwarnings("ignore:.*score is nan:UserWarning")
def test_a_number_that_is_nan_is_never_better():
    for script in ([5, np.nan, np.nan, 1], [np.nan, 4, 4, 4, 3]):
        history = with_scores(script, EarlyStopping("score", patience=2))
        assert len(history.epoch) == len(script) - 1
    assert history.stopped == "score has not improved since epoch 2"
    assert len(with_scores([np.nan, np.nan, 1], StopOnPlateau(0.1, "score")).epoch) == 3


@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_restores_the_best_epoch(restore):
    stopper = EarlyStopping("loss", patience=2, restore_best=restore)
    model, history = scripted([5, 3, 4, 4, 1], stopper)
    assert (stopper.best, stopper.best_epoch, history.epoch) == (3, 1, [0, 1, 2, 3])
    assert model.w.item() == (2 if restore else 4)
    # also where the training ran to its end
    assert scripted([5, 3, 4], stopper)[0].w.item() == (2 if restore else 3)


def test_early_stopping_knows_which_way_a_metric_goes():
    labels = np.array([0, 1] * 6)

    class Worse(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(0.0)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            right = np.eye(2)[labels]
            right[: self.calls] = 1 - right[: self.calls]  # one more mistake each time
            return right + self.w

    model = Worse()
    history = fit(
        model, X, labels, lambda o, t: (o * 0.0).sum(), Count(model), epochs=5, shuffle=False, metrics=["accuracy"],
        callbacks=[EarlyStopping("accuracy", patience=2)], verbose=0,
    )  # fmt: skip
    assert history.epoch == [0, 1, 2]


def test_what_is_monitored_must_be_measured():
    with pytest.raises(KeyError, match=r"'val_loss' is not measured, there are \['loss'\]"):
        scripted([1, 2], EarlyStopping())
    with pytest.raises(ValueError, match="mode='down'"):
        EarlyStopping(mode="down")
    with pytest.raises(ValueError, match="patience=-1"):
        EarlyStopping(patience=-1)
    with pytest.raises(ValueError, match="min_delta"):
        EarlyStopping(min_delta=float("nan"))


def test_stop_on_plateau_compares_with_the_epoch_before():
    assert len(scripted([5, 4, 3.95, 2], StopOnPlateau(0.1))[1].epoch) == 3
    assert len(scripted([5, 4, 4.05, 2], StopOnPlateau(0.1))[1].epoch) == 3
    assert len(scripted([5, 4.8, 4.6, 4.4], StopOnPlateau(0.1))[1].epoch) == 4
    with pytest.raises(ValueError, match="eps=0"):
        StopOnPlateau(0)


# --- writing ------------------------------------------------------------------------------------


def test_model_checkpoint_writes_what_can_be_gone_on_from(tmp_path):
    pytest.importorskip("safetensors")
    model = Net(3, 4, 1)
    optimizer = optim.Adam(model.parameters())
    fit(
        model,
        X,
        Y,
        mse,
        optimizer,
        epochs=3,
        callbacks=[ModelCheckpoint(tmp_path / "e{epoch:02d}.st")],
        verbose=0,
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e01.st", "e02.st", "e03.st"]
    again = Net(3, 4, 1, seed=9)
    other = optim.Adam(again.parameters())
    found = load_checkpoint(tmp_path / "e02.st", model=again, optimizer=other)
    assert found["step"] == 2
    fit(again, X, Y, mse, other, epochs=3, initial_epoch=2, verbose=0)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[name], array)


def test_a_training_with_dropout_goes_on_from_its_checkpoint_bit_for_bit(tmp_path):
    pytest.importorskip("safetensors")
    y = (X[:, 0] > 0).astype(int)

    def made(seed):
        init.manual_seed(seed)
        model = Sequential(Linear(3, 8), ReLU(), Dropout(0.5), Linear(8, 2))
        return model, optim.Adam(model.parameters(), lr=0.01)

    def trained(model, optimizer, first, last):
        saver = ModelCheckpoint(tmp_path / "{epoch}.st")
        return fit(
            model, X, y, CrossEntropyLoss(), optimizer, epochs=last, batch_size=5, initial_epoch=first,
            callbacks=[saver], metrics=["accuracy"], verbose=0,
        ).history["loss"]  # fmt: skip

    whole, optimizer = made(1)
    losses = trained(whole, optimizer, 0, 5)
    model, other = made(2)
    done = load_checkpoint(tmp_path / "3.st", model=model, optimizer=other, rng=init.generator())["step"]
    assert trained(model, other, done, 5) == losses[3:]
    for name, array in whole.state_dict().items():
        np.testing.assert_array_equal(model.state_dict()[name], array)


def cosine(optimizer):
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max=5), {}


def one_cycle(optimizer):
    return lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=15), {"every": "batch"}


def plateau(optimizer):
    return lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.2), {"monitor": "loss"}


@pytest.mark.parametrize("first", ["scheduler", "checkpoint"])
@pytest.mark.parametrize("kind", [cosine, one_cycle, plateau])
def test_a_training_with_a_scheduler_goes_on_bit_for_bit_in_any_order_of_callbacks(tmp_path, kind, first):
    pytest.importorskip("safetensors")

    def made(seed):
        model = Net(3, 4, 1, seed=seed)
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        scheduler, options = kind(optimizer)
        return model, optimizer, scheduler, LearningRateScheduler(scheduler, **options)

    def trained(model, optimizer, scheduler, stepper, begin):
        callbacks = [stepper, ModelCheckpoint(tmp_path / "{epoch}.st")]
        fit(model, X, Y, mse, optimizer, epochs=5, batch_size=4, initial_epoch=begin, verbose=0,
            callbacks=callbacks if first == "scheduler" else callbacks[::-1])  # fmt: skip
        return model.state_dict(), optimizer.param_groups[0]["lr"], scheduler.state_dict()

    whole = trained(*made(1), 0)
    again = made(9)
    done = load_checkpoint(tmp_path / "2.st", model=again[0], optimizer=again[1], scheduler=again[2])["step"]
    state, lr, scheduler = trained(*again, done)
    for name, array in whole[0].items():
        np.testing.assert_array_equal(state[name], array)
    assert (lr, scheduler) == whole[1:]


def test_a_checkpoint_holds_one_scheduler(tmp_path):
    model = Dense(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    steppers = [LearningRateScheduler(lr_scheduler.ExponentialLR(optimizer, 0.9)) for _ in range(2)]
    with pytest.raises(
        ValueError, match="2 schedulers, and a checkpoint holds one; step them as one Chained"
    ):
        fit(model, X, Y, mse, optimizer, callbacks=[*steppers, ModelCheckpoint(tmp_path / "c")], verbose=0)
    assert list(tmp_path.iterdir()) == []


def test_model_checkpoint_can_keep_the_best_only(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "best.st"
    scripted([5, 3, 4, 2.5, 2.7], ModelCheckpoint(path, "loss", save_best_only=True))
    model = Scripted([])
    assert load_checkpoint(path, model=model) == {"step": 4, "extra": {"loss": 2.5}}
    assert model.w.item() == 4


def test_csv_logger_writes_every_epoch(tmp_path):
    path = tmp_path / "log.csv"
    seen = []

    class Look(Callback):
        def on_epoch_end(self, run):
            seen.append(path.read_text())

    scripted([0.1, 0.2], CSVLogger(path), Look())
    assert seen == ["epoch,loss\n0,0.1\n", "epoch,loss\n0,0.1\n1,0.2\n"]
    scripted([0.3], CSVLogger(path, append=True))
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [["epoch", "loss"], ["0", "0.1"], ["1", "0.2"], ["0", "0.3"]]
    with pytest.raises(ValueError, match=r"has the columns \['epoch', 'loss'\]"):
        scripted([0.3], CSVLogger(path, append=True), metrics=["mae"])
    scripted([0.5], CSVLogger(path))
    assert path.read_text() == "epoch,loss\n0,0.5\n"
    assert [p.name for p in tmp_path.iterdir()] == ["log.csv"]


# --- the learning rate --------------------------------------------------------------------------


def test_a_scheduler_steps_per_epoch_per_batch_or_with_a_number():
    class Scheduler:
        def __init__(self):
            self.calls = []

        def step(self, *args):
            self.calls.append(args)

    def run(**options):
        scheduler = Scheduler()
        model = Dense(3, 1)
        h = fit(
            model, X, Y, mse, Descent(model.parameters()), epochs=2, batch_size=5,
            callbacks=[LearningRateScheduler(scheduler, **options)], verbose=0,
        )  # fmt: skip
        return scheduler.calls, h.history["loss"]

    assert run()[0] == [(), ()]
    assert run(every="batch")[0] == [()] * 6
    calls, losses = run(monitor="loss")
    assert calls == [(losses[0],), (losses[1],)]
    with pytest.raises(ValueError, match="every='step'"):
        LearningRateScheduler(Scheduler(), every="step")
    with pytest.raises(ValueError, match="monitor= is known after an epoch; leave out every='batch'"):
        LearningRateScheduler(Scheduler(), monitor="loss", every="batch")
    with pytest.raises(TypeError, match=r"no step\(\)"):
        LearningRateScheduler(0.1)


# --- not a number -------------------------------------------------------------------------------


def first(make):
    with np.errstate(all="ignore"):
        return first_nonfinite(make())


def test_the_first_operation_that_is_not_finite_is_named():
    x = Value([1.0, 1000.0, 2.0], name="x")
    assert first(lambda: (np.exp(x) / np.exp(x)).sum()) == (
        "exp(float64 (3,)) gave inf at [1] (1 of 3 elements) from finite inputs"
    )
    assert first(lambda: np.log(x - 1).sum()).startswith("log(float64 (3,)) gave -inf at [0]")
    assert first(lambda: x.sum()) is None
    assert first(lambda: Value(0.0) / Value(0.0) + x.sum()) == "divide(0.0, 0.0) gave nan from finite inputs"


def test_of_two_the_one_computed_first_is_named():
    x = Value([-1.0])
    assert first(lambda: (np.log(x) + np.sqrt(x)).sum()).startswith("log(")
    assert first(lambda: (np.sqrt(x) + np.log(x)).sum()).startswith("sqrt(")


def test_what_was_not_finite_to_begin_with_is_named():
    w = Value([1.0, np.nan], name="w")
    assert first(lambda: (w * 2).sum()) == (
        "the parameter 'w' (float64 (2,)) is not finite before any operation: nan at [1] (1 of 2 elements)"
    )
    x = Value([1.0, 2.0])
    message = first(lambda: (x * np.array([np.inf, 1.0])).sum())
    assert (
        message
        == "input 1 of multiply (float64 (2,)), a constant, is not finite: inf at [0] (1 of 2 elements)"
    )


def test_a_long_graph_is_walked_without_recursion():
    def make():
        x = Value(1.0)
        for _ in range(20_000):
            x = x * 1.0
        return x / 0.0

    assert first(make).startswith("divide(1.0, 0.0) gave inf")


class Exploding(nn.Module):
    """exp(x @ w): overflows in a row of large numbers."""

    def __init__(self, n=3):
        self.w = nn.Parameter(np.ones((n, 1)))
        self.scale = 1.0

    def forward(self, x):
        e = np.exp(np.abs(x @ self.w) * self.scale)
        return e / (e + 1)


def fitted_until_nonfinite(model, x, y=Y, loss=mse, **options):
    """The error that fit() raises; nothing of the model has changed by then."""
    before = model.state_dict()
    optimizer = optim.SGD(model.parameters(), lr=0.0)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as caught:
        fit(
            model, x, y, loss, optimizer, epochs=2, batch_size=5,
            shuffle=options.pop("shuffle", False), verbose=0, **options,
        )  # fmt: skip
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert all(p.grad is None for p in model.parameters())
    assert model.training
    return caught.value


def test_the_error_names_the_first_operation_its_module_and_its_line():
    model = Sequential(Linear(3, 3, rng=0), Exploding())
    x = X.copy()
    x[7] = 1e6
    message = str(fitted_until_nonfinite(model, x))
    line = Exploding.forward.__code__.co_firstlineno + 1
    assert message.startswith(
        "fit: epoch 1, batch 2: the loss is nan: exp(float64 (5, 1)) gave inf at [2, 0] (1 of 5 elements) from "
        f"finite inputs (in the module '1', test_callbacks.py:{line}); the first nan: "
        "divide(float64 (5, 1), float64 (5, 1)) gave nan at [2, 0] (1 of 5 elements) from inputs without nan. The"
    )
    assert message.endswith("The parameters are those before this batch; lower the learning rate, or keep "
                            "the operation away from such inputs")  # fmt: skip


def test_a_logarithm_of_a_negative_number_is_named():
    class Log(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(np.ones((3, 1)))

        def forward(self, x):
            return np.log(x @ self.w)

    x = abs(X)
    x[[1, 2]] *= -1
    line = Log.forward.__code__.co_firstlineno + 1
    assert str(fitted_until_nonfinite(Log(), x)).startswith(
        "fit: epoch 1, batch 1: the loss is nan: log(float64 (5, 1)) gave nan at [1, 0] (2 of 5 elements) from "
        f"finite inputs (test_callbacks.py:{line}). The parameters"
    )
    log = np.log
    model = Dense(3, 1)
    error = fitted_until_nonfinite(model, X, loss=lambda output, target: log(output - 1e3).mean())
    assert "log(float64 (5, 1)) gave nan at [0, 0] (5 of 5 elements)" in str(error)


def test_a_second_run_that_fails_in_its_own_way_is_no_place():
    class Once(Exploding):
        """Raises an error of its own when the batch is run again, to find the line."""

        runs = 0

        def forward(self, x):
            self.runs += 1
            if self.runs > 1:
                raise LookupError("only once")
            return super().forward(x)

    message = str(fitted_until_nonfinite(Once(), X * 1e6))
    assert "exp(float64 (5, 1)) gave inf" in message and "only once" not in message and ".py:" not in message


@pytest.mark.parametrize("shuffle", [False, True])
def test_data_that_is_not_finite_is_named_by_its_row(shuffle):
    x, y = X.copy(), Y.copy()
    x[8, 2] = np.nan
    message = str(fitted_until_nonfinite(Dense(3, 1), x, shuffle=shuffle))
    assert ": the loss is nan: the data is not finite: x[8, 2] is nan. The parameters are those " in message
    assert message.endswith("; take such rows out, or fill them in")
    y[3] = -np.inf
    message = str(fitted_until_nonfinite(Dense(3, 1), X, y, shuffle=shuffle))
    assert ": the loss is inf: the data is not finite: y[3, 0] is -inf" in message


def test_buffers_are_those_before_the_batch_and_so_are_the_random_numbers():
    model = Sequential(Linear(3, 4, rng=0), BatchNorm1d(4), Dropout(0.5), Exploding(4))
    x = X.copy()
    x[6:] *= 1e6
    good = Sequential(Linear(3, 4, rng=0), BatchNorm1d(4), Dropout(0.5), Exploding(4))
    model[3].scale = 1e4
    init.manual_seed(3)
    fitted_until_nonfinite(model, x)  # the first batch is bad already: nothing moved
    drawn = init.generator().random()
    init.manual_seed(3)
    good(x[:5])
    assert init.generator().random() == drawn
    assert model[1].num_batches_tracked.item() == 0


def test_a_number_beyond_the_dtype_is_no_fault():
    model = Dense(3, 1, dtype=np.float32)
    x = np.full((4, 3), 1e13, np.float32)  # the square of the gradient is infinite in float32
    with np.errstate(over="ignore"):
        fit(
            model,
            x,
            x[:, :1] * 0,
            lambda o, t: (o * 1e13).mean(),
            Descent(model.parameters(), 0.0),
            verbose=0,
        )
    assert np.isfinite(model.w.data).all()


class Root(nn.Module):
    """sqrt at 0: the loss is finite, its slope is not."""

    def __init__(self):
        self.w = nn.Parameter([[1.0]])

    def forward(self, x):
        return np.sqrt(x @ self.w * 0.0) + x @ self.w


def test_training_ends_before_a_gradient_that_is_not_a_number_is_used():
    message = str(fitted_until_nonfinite(Root(), X[:, :1]))
    assert message.startswith(
        "fit: epoch 1, batch 1: the loss is finite, the gradient of 'w' is not: nan at [0, 0] (1 of 1 elements)."
    )


def test_a_callback_may_mend_a_gradient():
    class Mend(Callback):
        def on_gradients(self, run):
            for p in run.model.parameters():
                p.grad = np.nan_to_num(p.grad)

    model = Root()
    assert fit(model, X[:, :1], Y, mse, Descent(model.parameters()), callbacks=[Mend()], verbose=0).epoch == [
        0
    ]


def test_the_error_holds_the_epochs_before():
    model = Dense(1, 1)
    x = np.ones((4, 1))
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match=r"epoch \d+, batch 1") as caught:
        fit(model, x, x, mse, Descent(model.parameters(), 1e60), epochs=99, verbose=0)
    history = caught.value.history
    assert 0 < len(history.epoch) < 99
    assert np.isfinite(history.history["loss"]).all()
    assert np.isfinite(model.w.data).all()


def test_terminate_on_nan_ends_the_training_instead():
    ended = []

    class End(Callback):
        def on_train_end(self, run):
            ended.append(run.stop)

    for make, x in ((Root, X[:, :1]), (Exploding, X * 1e6)):
        model = make()
        before = model.w.data.copy()
        with np.errstate(all="ignore"):
            history = fit(
                model, x, Y, mse, Descent(model.parameters()), 5, 4, callbacks=[TerminateOnNaN(), End()],
                verbose=0,
            )  # fmt: skip
        assert history.epoch == []
        assert history.stopped.startswith("fit: epoch 1, batch 1: the loss is ")
        assert ended.pop() == history.stopped
        assert history.stopped in repr(history)
        np.testing.assert_array_equal(model.w.data, before)
        assert model.training


def test_a_parameter_that_is_not_a_number_is_named_with_its_place_in_the_model():
    model = Net(3, 4, 1)
    model.layers[1].w.data[2] = np.nan
    with pytest.raises(NonFiniteError, match=r"the parameter 'layers\.1\.w' .* nan at \[2, 0\]"):
        fit(model, X, Y, mse, Descent(model.parameters()), verbose=0)


@pytest.mark.parametrize(
    ("callbacks", "words"),
    [
        (TerminateOnNaN(), "single TerminateOnNaN; pass a list"),
        ([TerminateOnNaN], r"pass an object: TerminateOnNaN\(\)"),
        ([print], "pass objects of subclasses of Callback"),
    ],
)
def test_what_is_no_callback_is_refused(callbacks, words):
    model = Dense(3, 1)
    with pytest.raises(TypeError, match=words):
        fit(model, X, Y, mse, Descent(model.parameters()), callbacks=callbacks, verbose=0)


def test_what_callbacks_have_seen_goes_on_from_a_checkpoint(tmp_path):
    """Patience, the best so far and its parameters are as if the training had never stopped."""
    pytest.importorskip("safetensors")
    script = [5.0, 3.0, 4.0, 3.5, 3.2, 3.9, 1.0]
    every, best = tmp_path / "{epoch}.st", tmp_path / "best.st"

    def made():
        return [
            EarlyStopping("loss", patience=4, restore_best=True),
            ModelCheckpoint(best, "loss", save_best_only=True),
            StopOnPlateau(1e-3),
            ModelCheckpoint(every, "loss"),
        ]

    whole, history = scripted(script, *made())
    assert history.stopped == "loss has not improved since epoch 2" and len(history.epoch) == 6
    for done in (3, 4, 5):
        best.unlink()
        callbacks, model = made(), Scripted(script[done:])
        with pytest.raises(ValueError, match=r"the file holds the callbacks .*in their order"):
            load_checkpoint(tmp_path / f"{done}.st", model=model, callbacks=callbacks[::-1])
        found = load_checkpoint(tmp_path / f"{done}.st", model=model, callbacks=callbacks)
        again = fit(
            model, np.zeros((2, 1)), np.zeros((2, 1)), lambda o, t: o.mean(), Count(model),
            epochs=len(script), initial_epoch=found["step"], callbacks=callbacks, verbose=0,
        )  # fmt: skip
        assert again.stopped == history.stopped and again.epoch == history.epoch[done:]
        assert not best.exists()  # none of these epochs is better than the second
        assert model.w.item() == whole.w.item() == callbacks[0].best_state["w"]
        best.touch()
    scripted([2.0], callbacks[0])
    assert callbacks[0].best == 2.0  # another training begins anew
    with pytest.raises(ValueError, match="was it saved by the same class"):
        callbacks[0].load_state_dict(callbacks[1].state_dict())
