"""What people get wrong with models, losses, optimizers and data: each is an error that says how to mend it."""

import json
import struct

import numpy as np
import pytest

import nn
import optim
from autograd import Value

X, LABELS = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])
OPTIMIZERS = [
    getattr(optim, name)
    for name in optim.__all__
    if isinstance(getattr(optim, name), type)
    and issubclass(getattr(optim, name), optim.Optimizer)
    and name != "Optimizer"
]


def model():
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3, rng=1))


def refused(kind, *words):
    """pytest.raises, the message containing each of the words in turn."""
    return pytest.raises(kind, match=r"(?s)" + ".*".join(words))


# --- optimizers ---------------------------------------------------------------------------------


def test_there_are_all_optimizers():
    assert len(OPTIMIZERS) == 17


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda k: k.__name__)
def test_every_optimizer_refuses_what_cannot_be_optimized(kind):
    def w():
        return Value(np.ones((2, 2)), name="w")

    name = kind.__name__
    with refused(ValueError, name, "lr=-0.1", "0 or more|above 0"):
        kind([w()], lr=-0.1)
    with refused(ValueError, name, "lr=nan"):
        kind([w()], lr=float("nan"))
    with refused(ValueError, name, "params is empty; pass the Values to optimize"):
        kind([])
    twice = w()
    with refused(ValueError, name, "parameter 1 .*name='w'", "is given twice; name each parameter once"):
        kind([twice, twice])
    with refused(ValueError, name, "parameter 0 .*op=multiply", "is not a leaf that requires grad"):
        kind([w() * 2])
    with refused(ValueError, name, "parameter 0", "is not a leaf that requires grad"):
        kind([Value(np.ones((2, 2)), requires_grad=False)])
    with refused(TypeError, name, "single Value; pass a list of them: .w."):
        kind(w())
    with refused(TypeError, name, "parameter 0 is a ndarray; wrap it"):
        kind([np.ones((2, 2))])
    with refused(TypeError, name, "params is a Linear; pass a list of Values: model.parameters"):
        kind(nn.Linear(2, 2))


def test_a_parameter_in_two_groups_is_given_twice():
    a, b = Value([1.0], name="a"), Value([2.0], name="b")
    with refused(ValueError, "name='a'", "given twice"):
        optim.SGD([{"params": [a, b]}, {"params": [a], "lr": 0.1}])
    with refused(ValueError, "empty"):
        optim.SGD([{"params": []}])


# --- states -------------------------------------------------------------------------------------


def test_the_state_of_another_model_is_refused_in_one_message_and_changes_nothing(tmp_path):
    mine = model()
    other = nn.Sequential(nn.Linear(3, 5, rng=3), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3, bias=False))
    other.append(nn.Linear(3, 1))
    before = mine.state_dict()
    words = (
        r"missing \['3.bias'\], unexpected \['4.(weight|bias)', '4.(weight|bias)'\], wrong shapes: ",
        r"0.weight \(5, 3\) given, \(4, 3\) needed",
        r"0.bias \(5,\) given",
        "1.weight",
        "1.running_mean",
        "1.running_var",
        r"3.weight \(3, 5\) given, \(3, 4\) needed",
        "build the model as it was when saved",
    )
    nn.save(other, tmp_path / "weights")
    nn.save_checkpoint(tmp_path / "checkpoint", model=other)
    for load in (
        lambda: mine.load_state_dict(other.state_dict()),
        lambda: mine.load_state_dict(nn.load(tmp_path / "weights")),
        lambda: nn.load_checkpoint(tmp_path / "checkpoint", model=mine),
    ):
        with refused(KeyError, *words):
            load()
        for name, array in mine.state_dict().items():
            np.testing.assert_array_equal(array, before[name])
    with refused(ValueError, "wrong shapes: 0.weight", "3.weight"):
        mine.load_state_dict(other.state_dict(), strict=False)
    np.testing.assert_array_equal(mine[1].running_var.data, before["1.running_var"])


def test_what_is_no_state_is_refused_and_changes_nothing():
    mine = model()
    before = mine.state_dict()
    with refused(TypeError, "got a str; pass a dict of arrays"):
        mine.load_state_dict("model.safetensors")
    with refused(TypeError, "got a Sequential; pass a dict"):
        mine.load_state_dict(model())
    with refused(TypeError, "'3.bias' has dtype object; real numbers are needed"):
        mine.load_state_dict({**model().state_dict(), "3.bias": np.array([None] * 3)})
    with refused(TypeError, "'3.bias' has dtype complex128"):
        mine.load_state_dict({**model().state_dict(), "0.weight": np.zeros((4, 3)), "3.bias": [1j, 0, 0]})
    for name, array in mine.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_optimizer_state_of_another_model_is_refused_and_changes_nothing():
    def trained(*sizes):
        layer = nn.Linear(*sizes, rng=0)
        optimizer = optim.Adam(layer.parameters(), lr=0.1)
        nn.MSELoss()(layer(np.ones((2, sizes[0]))), np.zeros((2, sizes[1]))).backward()
        optimizer.step()
        return optimizer

    mine, other = trained(3, 2), trained(4, 2)
    before = mine.state_dict()
    with refused(ValueError, "Adam.load_state_dict: parameter 0", r"shape \(2, 4\)", r"\(2, 3\) is needed"):
        mine.load_state_dict(other.state_dict())
    with refused(KeyError, "SGD.load_state_dict", "missing .*momentum", "unexpected .*betas"):
        optim.SGD([Value(1.0)]).load_state_dict(before)
    after = mine.state_dict()
    for position, state in before["state"].items():
        for name, x in state.items():
            np.testing.assert_array_equal(after["state"][position][name], x)
    assert before["param_groups"] == after["param_groups"]


# --- files --------------------------------------------------------------------------------------


def safetensors_of(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


ENTRY = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
FOREIGN = {
    "empty": b"",
    "text": b"epoch,loss\n0,1.5\n",
    "pickle": b"\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
    "npz": b"PK\x03\x04" + bytes(60),
    "npy": b"\x93NUMPY\x01\x00v\x00" + bytes(118),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "a header as large as memory": struct.pack("<Q", 2**62) + bytes(100),
    "no JSON": safetensors_of(b"{not json"),
    "cut short": safetensors_of({"w": ENTRY}, bytes(7)),
    "offsets that overlap": safetensors_of({"w": ENTRY, "v": ENTRY}, bytes(8)),
    "offsets outside": safetensors_of({"w": {**ENTRY, "data_offsets": [8, 16]}}, bytes(8)),
    "a shape that does not fit": safetensors_of({"w": {**ENTRY, "shape": [2]}}, bytes(8)),
    "a name twice": safetensors_of(
        b'{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"w":{"dtype":"F64","shape":[1],"data_offsets":[8,16]}}',
        bytes(16),
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_and_forged_files_are_refused(tmp_path, kind):
    path = tmp_path / "model.safetensors"
    path.write_bytes(FOREIGN[kind])
    mine = model()
    before = mine.state_dict()
    for read in (nn.load, lambda p: nn.load_checkpoint(p, model=mine)):
        with refused(ValueError, "no safetensors file, or was cut short", "take another copy"):
            read(path)
    for name, array in mine.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_names_are_no_paths(tmp_path):
    nn.save({"../../evil": np.ones(1)}, tmp_path / "f")
    assert list(nn.load(tmp_path / "f")) == ["../../evil"]  # a key of a dict, never a file
    with refused(KeyError, "unexpected .'../../evil'."):
        nn.Linear(1, 1).load_state_dict(nn.load(tmp_path / "f"))
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


# --- data ---------------------------------------------------------------------------------------


def trained(x=X, y=LABELS, **options):
    net = model()
    given = {"loss": nn.CrossEntropyLoss(), "optimizer": optim.SGD(net.parameters()), "verbose": 0, **options}
    return nn.fit(net, x, y, **given)


def test_x_and_y_of_different_length():
    words = ("x has 6 rows, y has 5; give one target per row",)
    with refused(ValueError, "fit: ", *words):
        trained(y=LABELS[:5])
    with refused(ValueError, "fit: validation_data: ", *words):
        trained(validation_data=(X, LABELS[:5]))
    with refused(ValueError, "evaluate: ", *words):
        nn.evaluate(model(), X, LABELS[:5], nn.CrossEntropyLoss())
    with refused(ValueError, "TensorDataset", r"\(6, 3\), \(5,\)", "differ in the number of rows"):
        nn.data.TensorDataset(X, LABELS[:5])
    with refused(ValueError, "differ in the number of rows"):
        nn.data.train_test_split(X, LABELS[:5])


def test_batch_size_0():
    with refused(ValueError, "fit: batch_size=0 must be 1 or more"):
        trained(batch_size=0)
    with refused(ValueError, "evaluate: batch_size=0"):
        nn.evaluate(model(), X, LABELS, nn.CrossEntropyLoss(), batch_size=0)
    with refused(ValueError, "predict: batch_size=-1"):
        nn.predict(model(), X, batch_size=-1)
    with refused(ValueError, "DataLoader: batch_size=0"):
        nn.data.DataLoader(nn.data.TensorDataset(X), batch_size=0)


def test_a_class_for_an_object():
    with refused(TypeError, "the class Adam; pass an object: Adam.model.parameters"):
        trained(optimizer=optim.Adam)
    with refused(TypeError, r"pass an object: CrossEntropyLoss\(\)"):
        trained(loss=nn.CrossEntropyLoss)
    with refused(TypeError, r"metric SparseCategoricalAccuracy is a class; pass an object"):
        trained(metrics=[nn.SparseCategoricalAccuracy])
    with refused(TypeError, "nn.ReLU.. with brackets"):
        nn.Sequential(nn.Linear(2, 2), nn.ReLU)


def test_what_fit_cannot_use_is_named_with_the_way_out():
    net = model()
    optimizer = optim.SGD(net.parameters())
    with refused(TypeError, "x is a DataLoader; pass the arrays, and batch_size="):
        trained(nn.data.DataLoader(nn.data.TensorDataset(X, LABELS)), LABELS)
    with refused(
        TypeError,
        "LBFGS evaluates the loss several times",
        r"optimizer.step\(closure\), or use optim.minimize",
    ):
        nn.fit(net, X, LABELS, nn.CrossEntropyLoss(), optim.LBFGS(net.parameters()))
    with refused(TypeError, "is a StepLR; pass a scheduler as LearningRateScheduler"):
        trained(callbacks=[optim.lr_scheduler.StepLR(optimizer, 3)])
    with refused(TypeError, "StepLR is a class; pass an object: StepLR"):
        nn.LearningRateScheduler(optim.lr_scheduler.StepLR)
    with refused(KeyError, "'val_loss' is not measured, there are .'loss'."):
        trained(callbacks=[nn.EarlyStopping()])
    binary = nn.Linear(3, 1)
    with refused(
        ValueError, "Accuracy: an output is below 0 or above 1", r"logits pass BinaryAccuracy\(threshold=0\)"
    ):
        nn.fit(binary, 10 * X, LABELS[:, None] > 0, nn.BCEWithLogitsLoss(), optim.SGD(binary.parameters()),
               metrics=["accuracy"], verbose=0)  # fmt: skip


# --- labels and shapes in losses ------------------------------------------------------------------


@pytest.mark.parametrize("label", [3, -1, 100])
def test_a_label_out_of_range_is_named(label):
    labels = LABELS.copy()
    labels[4] = label
    logits = X @ np.ones((3, 3))
    for loss in (nn.CrossEntropyLoss(), nn.NLLLoss(), nn.MultiMarginLoss()):
        with refused((ValueError, IndexError), rf"\b{label}\b", "0 to 2|3 classes"):
            loss(Value(logits), labels)
    with refused(ValueError, f"fit: label {label} at row 4 is out of range", "0 to 2"):
        trained(y=labels)
    with refused(ValueError, f"evaluate: label {label} at row 4"):
        nn.evaluate(model(), X, labels, nn.CrossEntropyLoss())
    with refused(ValueError, f"{label}"):
        nn.data.one_hot(labels, 3)
    with refused((ValueError, IndexError), f"{label}"):
        nn.Embedding(3, 2)(labels)


COLUMN, FLAT = np.full((3, 1), 0.5), np.array([1.0, 0.0, 1.0])
SHAPED = {
    "L1Loss": (COLUMN, FLAT),
    "MSELoss": (COLUMN, FLAT),
    "HuberLoss": (COLUMN, FLAT),
    "SmoothL1Loss": (COLUMN, FLAT),
    "BCELoss": (COLUMN, FLAT),
    "BCEWithLogitsLoss": (COLUMN, FLAT),
    "KLDivLoss": (COLUMN, FLAT),
    "PoissonNLLLoss": (COLUMN, FLAT),
    "GaussianNLLLoss": (COLUMN, FLAT, np.ones(3)),
    "SoftMarginLoss": (COLUMN, 2 * FLAT - 1),
    "HingeEmbeddingLoss": (COLUMN, 2 * FLAT - 1),
    "MultiLabelSoftMarginLoss": (COLUMN, FLAT),
    "MarginRankingLoss": (COLUMN, FLAT, 2 * FLAT - 1),
    "CosineEmbeddingLoss": (np.ones((3, 2)), np.ones((1, 2)), 2 * FLAT - 1),
    "TripletMarginLoss": (np.ones((3, 2)), np.ones((1, 2)), np.ones((3, 2))),
    "TripletMarginWithDistanceLoss": (np.ones((3, 2)), np.ones((1, 2)), np.ones((3, 2))),
    "CrossEntropyLoss": (np.ones((3, 2)), np.ones((3, 1), int)),
    "NLLLoss": (np.ones((3, 2)), np.ones((3, 1), int)),
    "MultiMarginLoss": (np.ones((3, 2)), np.ones((3, 1), int)),
    "MultiLabelMarginLoss": (np.ones((3, 2)), np.ones((1, 2), int)),
}


def test_the_shapes_of_every_loss_are_tried():
    losses = {n for n in nn.__all__ if n.endswith("Loss")}
    with_shapes_of_their_own = {"CTCLoss", "LinearCrossEntropyLoss", "AdaptiveLogSoftmaxWithLoss"}
    assert losses - set(SHAPED) == with_shapes_of_their_own


@pytest.mark.parametrize("name", SHAPED)
def test_shapes_that_would_be_broadcast_are_an_error_in_every_loss(name):
    first, *rest = SHAPED[name]
    with pytest.raises(ValueError, match=r"\(3, 1\)|\(1, 2\)") as caught:
        getattr(nn, name)()(Value(first), *rest)
    assert "(3," in str(caught.value)


def test_a_column_against_a_flat_target_says_how_to_mend_it_in_fit():
    net = nn.Linear(3, 1)
    with refused(ValueError, r"\(6, 1\)", r"\(6,\)", "reshape|squeeze|None"):
        nn.fit(net, X, X[:, 0], nn.MSELoss(), optim.SGD(net.parameters()), verbose=0)


# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Linear(3, 2)(np.ones((4, 5))), [r"\(4, 5\)", "3 elements"]),
        (lambda: nn.Conv2d(3, 4, 3)(np.ones((2, 1, 8, 8))), [r"\(2, 1, 8, 8\)", "3"]),
        (lambda: nn.Conv2d(1, 4, 9)(np.ones((2, 1, 8, 8))), ["kernel", "8"]),
        (lambda: nn.MaxPool2d(3)(np.ones((1, 1, 2, 2))), [r"\(1, 1, 2, 2\)", "smaller kernel"]),
        (
            lambda: nn.BatchNorm1d(3)(np.ones((1, 3))),
            ["more than 1 value per channel", "larger batch, or eval"],
        ),
        (lambda: nn.LSTM(3, 4)(np.ones((5, 2, 7))), ["7", "3"]),
        (lambda: nn.MultiheadAttention(6, 4), ["4", "6"]),
        (lambda: nn.Embedding(3, 2)([0, 5]), ["5", "0 to 2|3"]),
        (lambda: nn.Dropout(1.5), ["p=1.5"]),
        (lambda: nn.Softmax(dim=2)(np.ones((2, 2))), ["2"]),
    ],
)
def test_layers_name_what_does_not_fit(call, words):
    with refused((ValueError, IndexError), *words):
        call()
