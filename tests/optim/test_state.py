"""state_dict and load_state_dict of the optimizers: going on exactly, and refusing what does not fit."""

import copy
import pickle

import numpy as np
import pytest

from autograd import Value
from optim.adadelta import Adadelta
from optim.adafactor import Adafactor
from optim.adagrad import Adagrad
from optim.adam import Adam, AdamW
from optim.adamax import Adamax
from optim.asgd import ASGD
from optim.ftrl import Ftrl
from optim.lamb import Lamb
from optim.lbfgs import LBFGS
from optim.lion import Lion
from optim.muon import Muon
from optim.nadam import NAdam
from optim.radam import RAdam
from optim.rmsprop import RMSprop
from optim.rprop import Rprop
from optim.sgd import SGD

KINDS = [
    (SGD, dict()),
    (SGD, dict(momentum=0.9)),
    (SGD, dict(momentum=0.9, lr_inside=True)),
    (Adam, dict(amsgrad=True)),
    (AdamW, dict()),
    (ASGD, dict(t0=2)),
    (Adagrad, dict()),
    (Adadelta, dict()),
    (Adafactor, dict()),
    (Adamax, dict()),
    (NAdam, dict()),
    (RAdam, dict()),
    (RMSprop, dict(momentum=0.9, centered=True)),
    (Rprop, dict()),
    (Lion, dict()),
    (Ftrl, dict()),
    (Lamb, dict()),
    (Muon, dict()),
    (LBFGS, dict(line_search_fn="strong_wolfe", max_iter=2)),
    (LBFGS, dict(max_iter=1, history_size=2)),
]
BEGIN = [np.array([[1.0, 2.0], [3.0, -1.0]]), np.float64(0.7), np.array([0.3, -0.6, 1.1])]


def made(kind, options):
    params = [Value(w) for w in (BEGIN[:1] if kind is Muon else BEGIN)]
    groups = params if kind is LBFGS else [{"params": params[:1]}, {"params": params[1:], "lr": 0.01}]
    return params, kind(groups, lr=0.02, **options)


def loss_of(params):
    return sum(((w**2 - 1) ** 2).sum() + ((w - 0.3) ** 2).sum() for w in params)


def walk(params, optimizer, steps):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(params)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return [np.array(p.data) for p in params]


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_going_on_is_not_to_be_told_from_never_stopping(kind, options):
    params, optimizer = made(kind, options)
    walk(params, optimizer, 5)
    saved, data = pickle.loads(pickle.dumps(optimizer.state_dict())), [np.array(p.data) for p in params]
    kept = copy.deepcopy(saved)
    expected = walk(params, optimizer, 7)

    again, other = made(kind, {})
    other.load_state_dict(saved)
    for p, w in zip(again, data, strict=True):
        p.data = w
    for got, w in zip(walk(again, other, 7), expected, strict=True):
        np.testing.assert_array_equal(got, w)
    assert repr(saved) == repr(kept)  # copies: what was loaded does not change


@pytest.mark.parametrize(("kind", "options"), KINDS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_plain_arrays_and_numbers_only(kind, options):
    params, optimizer = made(kind, options)
    walk(params, optimizer, 3)
    saved = optimizer.state_dict()
    assert set(saved["state"]) == ({0} if kind is LBFGS else set(range(len(params))))
    for state in saved["state"].values():
        for value in state.values():
            assert value is None or type(value) in (int, float, np.ndarray)
    first = saved["param_groups"][0]
    assert first["params"][0] == 0 and first["lr"] == 0.02
    own = optimizer.state[0]
    for name, value in saved["state"][0].items():
        assert not isinstance(value, np.ndarray) or not np.shares_memory(value, own[name])


def adam_state():
    params, optimizer = made(Adam, {})
    walk(params, optimizer, 2)
    return optimizer.state_dict()


def changed(path, value):
    state = adam_state()
    *way, last = path
    at = state
    for key in way:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return state


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (dict, KeyError, "missing.*param_groups"),
        (lambda: changed(["more"], 1), KeyError, "unexpected.*more"),
        (lambda: changed(["param_groups"], []), ValueError, "0 groups given, 2 needed"),
        (lambda: changed(["param_groups", 1, "params"], [1]), ValueError, "group 1"),
        (lambda: changed(["param_groups", 0, "lr"], None), KeyError, "missing.*lr"),
        (lambda: changed(["param_groups", 0, "lr"], -1.0), ValueError, "lr=-1"),
        (lambda: changed(["param_groups", 0, "speed"], 1), KeyError, "speed"),
        (lambda: changed(["state", 9], {}), KeyError, "position 9"),
        (lambda: changed(["state", 0, "exp_avg"], None), KeyError, "parameter 0.*exp_avg"),
        (lambda: changed(["state", 0, "exp_avg"], np.zeros(3)), ValueError, r"'exp_avg' has shape \(3,\)"),
        (lambda: changed(["state", 2, "exp_avg"], np.zeros(3, complex)), ValueError, "dtype complex128"),
        (lambda: changed(["state", 0, "step"], np.zeros(2)), ValueError, "'step' is a ndarray"),
        (lambda: changed(["state", 0, "other"], 1), KeyError, "other"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(state, error, message):
    params, optimizer = made(Adam, {})
    walk(params, optimizer, 3)
    before = repr(optimizer.state_dict())
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(state())
    assert repr(optimizer.state_dict()) == before


def test_lbfgs_refuses_a_memory_of_another_size():
    params, optimizer = made(LBFGS, {})
    walk(params, optimizer, 2)
    saved = optimizer.state_dict()
    with pytest.raises(ValueError, match="'d' has shape"):
        LBFGS([Value([1.0, 2.0]) for _ in BEGIN]).load_state_dict(saved)


def test_buffers_take_the_dtype_of_the_parameter():
    w = Value(np.ones(2, dtype=np.float32))
    optimizer = Adam([w])
    state = {0: {"step": 1, "exp_avg": np.ones(2), "exp_avg_sq": np.ones(2)}}
    optimizer.load_state_dict({"state": state, "param_groups": [{**optimizer.defaults, "params": [0]}]})
    assert optimizer.state[0]["exp_avg"].dtype == np.float32


@pytest.mark.parametrize(("kind", "options"), [(k, o) for k, o in KINDS if k is not LBFGS])
def test_a_parameter_without_elements_is_left_as_it_is(kind, options):
    empty, x = Value(np.zeros((0, 3))), Value([[1.0, 2.0]])
    optimizer = kind([empty, x], **options)
    for _ in range(2):
        empty.grad, x.grad = np.zeros((0, 3)), np.ones((1, 2))
        optimizer.step()
    assert empty.shape == (0, 3) and x.data[0, 0] != 1.0


@pytest.mark.parametrize(
    "change",
    [
        lambda groups, v: groups[0].update(params=[v]),
        lambda groups, v: groups[0].update(params=[*groups[0]["params"], v]),
        lambda groups, v: groups.pop(0),
        lambda groups, v: groups.append({**groups[0], "params": [v]}),
    ],
)
def test_parameters_do_not_come_or_go_unseen(change):
    """What is remembered is known by position: another parameter would take over its momentum."""
    a, b, v = Value([1.0, 2.0]), Value([1.0, 2.0]), Value([1.0, 2.0])
    optimizer = SGD([{"params": [a]}, {"params": [b]}], lr=0.1, momentum=0.9)
    for _ in range(2):
        a.grad, b.grad, v.grad = np.ones((3, 2))
        optimizer.step()
    change(optimizer.param_groups, v)
    before = [x.data.copy() for x in (a, b, v)]
    with pytest.raises(RuntimeError, match="add_param_group"):
        optimizer.step()
    assert all(np.array_equal(x.data, old) for x, old in zip((a, b, v), before, strict=True))


def test_the_parameters_of_a_group_are_no_list():
    with pytest.raises(AttributeError, match="append"):
        SGD([Value(1.0)]).param_groups[0]["params"].append(Value(2.0))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_know_their_parameters(copied):
    a = Value([1.0, 2.0])
    optimizer = SGD([a], lr=0.1)
    optimizer.add_param_group({"params": [Value(3.0)]})
    again = copied(optimizer)
    for p in again.parameters():
        p.grad = np.ones(p.shape)
    again.step()
    assert again.parameters()[0].data.tolist() == [0.9, 1.9] and a.data.tolist() == [1.0, 2.0]
