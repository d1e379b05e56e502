"""What losses, modules and callbacks say of what cannot be meant (2 s)."""

import copy
import math
import pickle
import re

import numpy as np
import pytest

import nn
import optim
from autograd import Value, compile, value_and_grad
from nn import foreign, functional
from nn.training.callbacks import Run

X = np.array([0.2, 0.7, 0.9])

# --- targets ----------------------------------------------------------------------------------

SHARES = {
    "binary_cross_entropy": functional.binary_cross_entropy,
    "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
    "multilabel_soft_margin_loss": functional.multilabel_soft_margin_loss,
}
SIGNS = {
    "soft_margin_loss": functional.soft_margin_loss,
    "hinge_embedding_loss": functional.hinge_embedding_loss,
    "margin_ranking_loss": lambda x, y: functional.margin_ranking_loss(x, 2 * x, y),
    "cosine_embedding_loss": lambda x, y: functional.cosine_embedding_loss(
        np.stack([x, x]).T, np.stack([x, 1 - x]).T, y
    ),
}


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("bad", [-1, 2, -math.inf, math.inf])
@pytest.mark.parametrize("kind", [np.array, Value])
def test_a_target_is_between_0_and_1(name, bad, kind):
    with pytest.raises(
        ValueError, match=f"{name}: target holds {float(bad)}; every target must be between 0 and 1"
    ):
        SHARES[name](Value(X), kind([0.0, bad, 1.0]))


@pytest.mark.parametrize("name", SHARES)
def test_targets_that_are_fine(name):
    for target in ([0, 1, 1], [True, False, True], [0.1, 0.5, 1.0], [0.0, 1 + 1e-9, -1e-9]):
        assert math.isfinite(SHARES[name](Value(X), np.array(target)).item())
    assert math.isnan(SHARES[name](Value(X), np.array([0.0, math.nan, 1.0])).item())
    assert SHARES[name](Value(np.ones((0, 3))), np.ones((0, 3)), reduction="none").size == 0


@pytest.mark.parametrize("name", SIGNS)
@pytest.mark.parametrize("bad", [0, 2, 0.5])
def test_a_label_is_1_or_minus_1(name, bad):
    with pytest.raises(ValueError, match=f"{name}: target holds {float(bad)}; every target must be 1 or -1"):
        SIGNS[name](X, np.array([1.0, bad, -1.0]))
    assert math.isfinite(SIGNS[name](X, np.array([1.0, -1.0, -1.0])))


@pytest.mark.parametrize("loss", [functional.binary_cross_entropy_with_logits, functional.soft_margin_loss])
def test_targets_of_a_compiled_function_are_not_looked_at(loss):
    f = compile(value_and_grad(lambda x, t: loss(x, t)))
    for t in (np.array([1.0, 1.0, 1.0]), np.array([3.0, 1.0, 1.0])):
        value, slope = f(X, t)
        assert math.isfinite(value) and slope.shape == X.shape


def test_fit_with_labels_of_minus_1_and_1():
    model, x = nn.Linear(1, 1), np.ones((4, 1))
    y = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    with pytest.raises(ValueError, match=r"labels of -1 and 1 give \(target \+ 1\) / 2"):
        nn.fit(model, x, y, nn.BCEWithLogitsLoss(), optim.SGD(model.parameters()), verbose=0)


def test_classes_for_a_single_output():
    with pytest.raises(
        IndexError, match=r"class 1 is out of range for 1 classes; .*one output use binary_cross"
    ):
        functional.cross_entropy(np.zeros((2, 1)), np.array([0, 1]))
    with pytest.raises(IndexError, match="class 2 is out of range for 2 classes; classes are 0 to 1"):
        functional.cross_entropy(np.zeros((2, 2)), np.array([0, 2]))


def test_a_text_in_place_of_numbers():
    for call in (
        lambda: functional.mse_loss("abc", [1.0]),
        lambda: functional.mse_loss(Value([1.0]), "abc"),
        lambda: nn.MSELoss()("a", "b"),
    ):
        with pytest.raises(TypeError, match="got a str where numbers are needed"):
            call()
    with pytest.raises(TypeError, match="got a str"):
        nn.Linear(3, 2)("abc")
    with pytest.raises(TypeError, match="got a NoneType"):
        functional.mse_loss(None, None)


# --- nan in what is watched -------------------------------------------------------------------


def run_of(callback, values, name="val_loss"):
    model = nn.Linear(1, 1)
    run = Run(model, optim.SGD(model.parameters()), nn.History(), {})
    callback.on_train_begin(run)
    for epoch, value in enumerate(values):
        run.epoch, run.logs = epoch, {name: value}
        callback.on_epoch_end(run)
        callback.on_epoch_done(run)
    return run


NAN = math.nan


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([NAN, NAN], "val_loss is nan since epoch 1; it never was a number"),
        ([1.0, NAN, NAN], "val_loss is nan since epoch 2; the best was in epoch 1"),
        ([1.0, NAN, 2.0], "val_loss has not improved since epoch 1"),
    ],
)
def test_early_stopping_names_nan(values, words):
    with pytest.warns(
        UserWarning, match=r"EarlyStopping: val_loss is nan in epoch \d, which counts as no better"
    ) as said:
        run = run_of(nn.EarlyStopping(patience=2), values)
    assert run.stop == words and len(said) == 1


def test_a_checkpoint_of_the_best_says_that_none_is_written(tmp_path):
    path = tmp_path / "best.safetensors"
    with pytest.warns(
        UserWarning, match="ModelCheckpoint: val_loss is nan in epoch 1, which is never the best"
    ) as said:
        run_of(nn.ModelCheckpoint(path, save_best_only=True), [NAN, NAN, NAN])
    assert not path.exists() and len(said) == 1
    run_of(nn.ModelCheckpoint(path), [NAN])  # it looks at nothing
    assert path.exists()


def test_stop_on_plateau_says_it_too():
    with pytest.warns(UserWarning, match="StopOnPlateau: loss is nan in epoch 2"):
        run_of(nn.StopOnPlateau(), [1.0, NAN, NAN], "loss")


def test_a_plateau_scheduler_in_fit_says_it_once():
    model, x = nn.Linear(1, 1), np.ones((2, 1))
    optimizer = optim.SGD(model.parameters())
    plateau = nn.LearningRateScheduler(optim.lr_scheduler.ReduceLROnPlateau(optimizer), monitor="val_loss")
    with pytest.warns(UserWarning, match="ReduceLROnPlateau.step: the metric of step 1 is nan") as said:
        nn.fit(
            model,
            x,
            x,
            nn.MSELoss(),
            optimizer,
            epochs=2,
            validation_data=(x, x * NAN),
            callbacks=[plateau],
            verbose=0,
        )
    assert len(said) == 1


def test_a_training_with_nan_in_the_validation_rows():
    model, x = nn.Linear(1, 1), np.ones((2, 1))
    stopping = nn.EarlyStopping(patience=2)
    with pytest.warns(UserWarning, match="look for nan in the data it was measured with"):
        history = nn.fit(
            model, x, x, nn.MSELoss(), optim.SGD(model.parameters()),
            epochs=9, validation_data=(x, x * NAN), callbacks=[stopping], verbose=0,
        )  # fmt: skip
    assert history.stopped == "val_loss is nan since epoch 1; it never was a number"


def test_options_of_callbacks_in_other_libraries():
    with pytest.raises(
        TypeError, match="EarlyStopping: there is no restore_best_weights=; write restore_best="
    ):
        nn.EarlyStopping(restore_best_weights=True)
    with pytest.raises(TypeError, match="TerminateOnNaN\\(\\) takes no arguments"):
        nn.TerminateOnNaN(3)


# --- names of other libraries -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("Dense", "nn.Linear"),
        ("Conv2D", "nn.Conv2d"),
        ("DataLoader", "nn.data.DataLoader"),
        ("Adam", "optim.Adam"),
    ]
    + [
        ("relu", "nn.functional.relu"),
        ("StepLR", "optim.lr_scheduler.StepLR"),
        ("CosineAnnealingLR", "optim"),
    ],
)
def test_modules_of_other_libraries(name, here):
    with pytest.raises(AttributeError, match=rf"module 'nn' has no attribute '{name}'; write {here}"):
        getattr(nn, name)
    assert not hasattr(nn, name) and not hasattr(nn, "Nothing")


def test_every_name_that_the_tables_give_is_there():
    here = {"nn": nn, "optim": optim}
    for mend in [*foreign.METHODS.values(), *foreign.OPTIONS.values(), *foreign.MODULES.values()]:
        for dotted in re.findall(r"\b(?:nn|optim)(?:\.\w+)+", mend):
            first, *rest = dotted.split(".")
            found = here[first]
            for part in rest:
                found = getattr(found, part)


@pytest.mark.parametrize("name", foreign.METHODS)
def test_methods_of_other_libraries(name):
    model = nn.Sequential(nn.Linear(1, 1))
    with pytest.raises(AttributeError, match=f"a Sequential has no {name}; "):
        getattr(model, name)
    assert not hasattr(model, name) and name not in dir(model) and "forward" in dir(model)


def test_a_model_may_have_attributes_of_these_names():
    class Net(nn.Module):
        def __init__(self, units=3):
            self.summary, self.units = "mine", units

        def fit(self):
            return "fitted"

    net = Net(units=4)
    assert (net.summary, net.fit(), net.units) == ("mine", "fitted", 4)
    again = pickle.loads(pickle.dumps(copy.deepcopy(nn.Linear(2, 1))))
    assert again.weight.shape == (1, 2)


class Plain(nn.Module):
    pass


def test_options_of_modules_in_other_libraries():
    with pytest.raises(
        TypeError, match=r"Linear: there is no units=; write Linear\(in_features, out_features\)"
    ):
        nn.Linear(units=3)
    with pytest.raises(TypeError, match="Linear: there is no activation=; put a module of its own after it"):
        nn.Linear(3, 2, activation="relu")
    with pytest.raises(TypeError, match="unexpected keyword argument 'color'"):
        nn.Linear(3, 2, color="red")
    with pytest.raises(TypeError, match=r"Plain\(\) takes no arguments"):
        Plain(3)
