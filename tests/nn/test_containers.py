"""Sequential, ModuleList, ModuleDict; summary."""

import numpy as np
import pytest

from autograd import Value
from nn.containers import ModuleDict, ModuleList, Sequential
from nn.convolution import Conv2d
from nn.dropout import Dropout
from nn.linear import Flatten, Identity, Linear
from nn.module import Module
from nn.normalization import BatchNorm2d
from nn.pooling import MaxPool2d
from nn.summary import summary


def model():
    return Sequential(
        Linear(2, 3), Sequential({"a": Linear(3, 3), "b": Identity()}), Linear(3, 1, bias=False)
    )


def test_sequential_applies_its_modules_in_order():
    m = model()
    x = np.ones((4, 2))
    w1, b1, w2, b2, w3 = (p.data for p in m.parameters())
    np.testing.assert_allclose(m(x).data, ((x @ w1.T + b1) @ w2.T + b2) @ w3.T, rtol=1e-14)
    assert Sequential()(x) is x


def test_names_are_those_of_pytorch():
    assert list(model().state_dict()) == ["0.weight", "0.bias", "1.a.weight", "1.a.bias", "2.weight"]
    lists = Sequential(ModuleList([Identity(), Linear(1, 1)]), ModuleDict({"x": Linear(1, 1)}))
    assert list(lists.state_dict()) == ["0.1.weight", "0.1.bias", "1.x.weight", "1.x.bias"]


def test_a_sequential_is_a_list():
    m = model()
    first, middle, last = m
    assert len(m) == 3 and m[0] is first and m[-1] is last
    assert list(m[1:]) == [middle, last] and isinstance(m[1:], Sequential)
    assert next(iter(m[1:].state_dict())) == "1.a.weight"
    assert m.pop(1) is middle and list(m) == [first, last]
    m.insert(1, middle).append(extra := Identity())
    assert list(m) == [first, middle, last, extra]
    del m[0]
    assert list(m) == [middle, last, extra] and [n for n, _ in m.named_children()] == ["0", "1", "2"]
    m[0] = first
    assert list(m) == [first, last, extra]
    m += [middle]
    assert list(m) == [first, last, extra, middle]
    assert list(Sequential(first) + Sequential(last)) == [first, last]
    del m[1:]
    assert list(m) == [first]


def test_a_slice_can_be_appended_to():
    m = model()[1:]
    m.append(Identity())
    assert len(m) == 3 and isinstance(m[-1], Identity)


def test_training_mode_and_gradients_reach_inside():
    m = Sequential(ModuleList([Dropout()]), ModuleDict({"x": Dropout()}))
    m.eval()
    assert not m[0][0].training and not m[1]["x"].training
    m = model()
    m(np.ones((4, 2))).sum().backward()
    assert all(p.grad is not None for p in m.parameters())
    m.zero_grad()
    assert all(p.grad is None for p in m.parameters())


def test_module_list_and_dict():
    a, b, c = Identity(), Identity(), Identity()
    modules = ModuleList([a]) + [b]
    assert list(modules) == [a, b] and list(modules[:1]) == [a]
    d = ModuleDict({"a": a, "b": b})
    d["c"] = c
    assert list(d) == ["a", "b", "c"] and "b" in d and len(d) == 3
    assert list(d.items()) == [("a", a), ("b", b), ("c", c)] and list(d.values()) == [a, b, c]
    assert d.pop("a") is a
    del d["b"]
    assert list(d.keys()) == ["c"]
    d["c"] = a
    d.update([("z", b)])
    assert d["c"] is a and d["z"] is b
    d.clear()
    assert len(d) == 0
    with pytest.raises(NotImplementedError, match="ModuleList"):
        modules(1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Sequential(Linear), TypeError, "Sequential: .* is a type, not a Module"),
        (lambda: Sequential(np.tanh), TypeError, "not a Module"),
        (lambda: ModuleList([1]), TypeError, "ModuleList: 1 is a int"),
        (lambda: Sequential({"a.b": Identity()}), KeyError, "'a.b' cannot be the name"),
        (lambda: Sequential({"forward": Identity()}), KeyError, "'forward'"),
        (lambda: ModuleDict({"_a": Identity()}), KeyError, "'_a'"),
        (lambda: ModuleDict({"keys": Identity()}), KeyError, "'keys'"),
        (lambda: ModuleDict({1: Identity()}), TypeError, "not a string"),
        (lambda: Sequential()[0], IndexError, "Sequential: index 0 is out of range for 0 modules"),
        (lambda: ModuleDict()["a"], KeyError, "no module is named 'a'"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- summary ----------------------------------------------------------------------------------


TABLE = """\
Layer (name)       Output shape  Parameters
-------------------------------------------
Sequential         (1, 10)                -
  Conv2d (0)       (1, 4, 6, 6)          40
  BatchNorm2d (1)  (1, 4, 6, 6)           8
  MaxPool2d (2)    (1, 4, 3, 3)           -
  Sequential (3)   (1, 10)                -
    Flatten (3.0)  (1, 36)                -
    Linear (3.1)   (1, 10)              370
-------------------------------------------
Parameters: 418 (418 trainable)"""


def test_summary_is_a_table_of_the_layers():
    net = Sequential(Conv2d(1, 4, 3), BatchNorm2d(4), MaxPool2d(2), Sequential(Flatten(), Linear(4 * 9, 10)))
    before = net.state_dict()
    assert str(summary(net, (1, 1, 8, 8))) == TABLE
    assert net.training and net[1].training
    assert all(np.array_equal(a, before[k]) for k, a in net.state_dict().items())


def test_summary_counts_shared_and_frozen_parameters_once():
    shared = Linear(3, 3)
    net = Sequential(shared, shared, Linear(3, 2).requires_grad_(False))
    table = summary(net, (5, 3))
    assert [(r.name, r.parameters) for r in table.rows] == [("", 0), ("0", 12), ("0", 0), ("2", 8)]
    assert (table.total, table.trainable) == (20, 12)
    assert table.rows[-1].output_shape == (5, 2)


def test_summary_of_several_results_and_of_parameters_of_its_own():
    class Pair(Module):
        def __init__(self):
            self.scale = Value([1.0, 2.0])
            self.inner = Linear(2, 1)

        def forward(self, x):
            assert x.dtype == np.int64
            return x * self.scale, (self.inner(x), 1.0)

    table = summary(Pair(), (4, 2), dtype=np.int64)
    assert table.rows[0].output_shape == [(4, 2), (4, 1), ()]
    assert [r.parameters for r in table.rows] == [2, 3]
    assert "(4, 2), (4, 1), ()" in str(table)


def test_summary_takes_its_hooks_away_when_the_model_fails():
    net = Sequential(Linear(2, 3), Linear(2, 3))
    with pytest.raises(ValueError, match="in_features=2"):
        summary(net, (1, 2))
    assert net.training
    assert not any(hooks for m in net.modules() for hooks in vars(m)["_hooks"].values())
