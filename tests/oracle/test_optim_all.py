"""Fifty steps of every optimizer beside PyTorch's on a Rosenbrock-like problem, in float64, to 1e-12.

Not to the bit: PyTorch's kernels fuse a multiplication and an addition into one rounding.
`-s` prints the largest relative deviation of each optimizer.
"""

import sys

import numpy as np
import pytest
import torch
import torch.optim._muon

import nn
from autograd import Value
from optim.adadelta import Adadelta
from optim.adafactor import Adafactor
from optim.adagrad import Adagrad
from optim.adam import Adam, AdamW
from optim.adamax import Adamax
from optim.asgd import ASGD
from optim.averaging import AveragedModel, get_ema_avg_fn, update_bn
from optim.clip import clip_grad_norm_, clip_grad_value_
from optim.lbfgs import LBFGS
from optim.muon import Muon
from optim.nadam import NAdam
from optim.radam import RAdam
from optim.rmsprop import RMSprop
from optim.rprop import Rprop
from optim.sgd import SGD

pytestmark = pytest.mark.oracle
STEPS, RTOL = 50, 1e-12
LARGEST = {}  # name -> largest relative deviation


@pytest.fixture(scope="module", autouse=True)
def float64():
    """PyTorch counts in its default dtype (mu_product, eta): ours counts in Python floats."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    for name, deviation in sorted(LARGEST.items()):
        sys.stdout.write(f"\n{name:12} {deviation:.1e}")


def slope(w, sign=1.0):
    """The gradient of sum 2 (w_{i+1} - w_i^2)^2 + (1 - w_i)^2, w as a vector (`sign` turns it over)."""
    x = w.ravel()
    g = -2 * (1 - x)
    d = x[1:] - x[:-1] ** 2
    g[1:] += 4 * d
    g[:-1] -= 8 * d * x[:-1]
    return (sign * g).reshape(w.shape)


def starts(shapes):
    rng = np.random.default_rng(5)
    return [rng.uniform(-1.0, 1.5, size=shape) for shape in shapes]


def near(ours, theirs, name, scale=None):
    expected = theirs.detach().numpy()
    scale = max(np.max(np.abs(expected)), scale or 0.0)
    deviation = np.max(np.abs(ours - expected)) / scale
    LARGEST[name] = max(LARGEST.get(name, 0.0), deviation)
    assert deviation <= RTOL


OPTIONS = [
    (SGD, [dict(), dict(momentum=0.9, nesterov=True), dict(momentum=0.8, dampening=0.2, weight_decay=0.1)]),
    (
        Adam,
        [dict(), dict(amsgrad=True, weight_decay=0.1), dict(decoupled_weight_decay=True, weight_decay=0.1)],
    ),
    (AdamW, [dict(), dict(weight_decay=0.2, amsgrad=True), dict(betas=(0.4, 0.95), eps=1e-4)]),
    (ASGD, [dict(), dict(t0=5, lambd=0.1, alpha=0.6), dict(weight_decay=0.1, t0=0)]),
    (
        Adagrad,
        [dict(), dict(lr_decay=0.1, weight_decay=0.1), dict(initial_accumulator_value=0.5, eps=1e-3)],
    ),
    (Adadelta, [dict(), dict(rho=0.5, eps=1e-3), dict(weight_decay=0.1)]),
    (Adafactor, [dict(), dict(beta2_decay=-0.5, d=2.0), dict(weight_decay=0.1, eps=(1e-3, 1e-2))]),
    (Adamax, [dict(), dict(betas=(0.8, 0.9), eps=1e-3), dict(weight_decay=0.1)]),
    (
        NAdam,
        [
            dict(),
            dict(momentum_decay=1.0),
            dict(weight_decay=0.1),
            dict(weight_decay=0.1, decoupled_weight_decay=True),
        ],
    ),
    (
        RAdam,
        [
            dict(),
            dict(betas=(0.8, 0.9)),
            dict(weight_decay=0.1),
            dict(weight_decay=0.1, decoupled_weight_decay=True),
        ],
    ),
    (
        RMSprop,
        [
            dict(),
            dict(momentum=0.9),
            dict(centered=True),
            dict(centered=True, momentum=0.5, weight_decay=0.1),
        ],
    ),
    (Rprop, [dict(), dict(etas=(0.3, 1.5), step_sizes=(1e-3, 0.1))]),
]
CASES = [(kind, o) for kind, options in OPTIONS for o in (*options, {**options[-1], "maximize": True})]


@pytest.mark.parametrize(("kind", "options"), CASES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_fifty_steps(kind, options):
    sign = -1.0 if options.get("maximize") else 1.0
    begin = starts([(4, 3), (5,), (1,), (2, 3, 4)])
    begin[2] = begin[2][0]  # a scalar
    ours = [Value(w) for w in begin]
    theirs = [torch.tensor(w, requires_grad=True) for w in begin]
    lr = 0.2 if kind is Adadelta else 0.01
    groups = [{"params": slice(0, 2)}, {"params": slice(2, 4), "lr": lr / 2}]
    mine = kind([{**g, "params": ours[g["params"]]} for g in groups], lr=lr, **options)
    other = getattr(torch.optim, kind.__name__)(
        [{**g, "params": theirs[g["params"]]} for g in groups], lr=lr, **options
    )
    for step in range(STEPS):
        for i, (w, p) in enumerate(zip(ours, theirs, strict=True)):
            skipped = i == 1 and step % 7 == 3  # no gradient now and then
            w.grad = None if skipped else slope(np.asarray(w.data), sign)
            p.grad = None if skipped else torch.tensor(slope(p.detach().numpy(), sign))
        mine.step()
        other.step()
        for w, p, w0 in zip(ours, theirs, begin, strict=True):
            near(w.data, p, kind.__name__, np.max(np.abs(w0)))
    for w, w0 in zip(ours, begin, strict=True):
        assert np.max(np.abs(w.data - w0)) > 1e-3
    if kind is ASGD:
        for i, p in enumerate(theirs):
            near(mine.state[i]["ax"], other.state[p]["ax"], "ASGD average")


@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(nesterov=False),
        dict(weight_decay=0.0, momentum=0.8, ns_steps=3),
        dict(adjust_lr_fn="match_rms_adamw"),
    ],
    ids=str,
)
def test_muon(options, monkeypatch):
    # PyTorch's rounds to bfloat16 inside; kept in float64 the formulas must agree
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda x: x.clone())
    begin = starts([(4, 3), (3, 6), (5, 5)])
    ours, theirs = [Value(w) for w in begin], [torch.tensor(w, requires_grad=True) for w in begin]
    mine, other = Muon(ours, lr=0.02, **options), torch.optim.Muon(theirs, lr=0.02, **options)
    for _ in range(STEPS):
        for w, p in zip(ours, theirs, strict=True):
            w.grad, p.grad = slope(w.data), torch.tensor(slope(p.detach().numpy()))
        mine.step()
        other.step()
        for w, p in zip(ours, theirs, strict=True):
            near(w.data, p, "Muon")


def test_muon_is_that_of_pytorch_up_to_bfloat16():
    begin = starts([(4, 3)])[0]
    w, p = Value(begin), torch.tensor(begin, requires_grad=True)
    w.grad, p.grad = slope(begin), torch.tensor(slope(begin))
    Muon([w], lr=0.1).step()
    torch.optim.Muon([p], lr=0.1).step()
    np.testing.assert_allclose(w.data, p.detach().numpy(), atol=0.1 * 0.02)


def rosenbrock(x, y, tensor):
    """(1 - x)^2 + s (y - x^2)^2 over three pairs.

    s is no larger, because the method multiplies roundings: with s = 100 two runs of PyTorch's
    that begin one unit in the last place apart differ by 1e-3 after fifty steps of four iterations.
    """
    scale = tensor([4.0, 2.0, 1.0])
    return ((1 - x) ** 2 + scale * (y - x**2) ** 2).sum()


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        (STEPS, dict(line_search_fn="strong_wolfe", max_iter=1, max_eval=20)),
        (STEPS, dict(line_search_fn="strong_wolfe", max_iter=5, max_eval=3, lr=0.3)),
        (STEPS, dict(max_iter=1, lr=0.1)),
        # a short memory multiplies roundings faster: fewer steps, of four iterations each
        (7, dict(line_search_fn="strong_wolfe", max_iter=4, history_size=3)),
        (5, dict(max_iter=4, lr=0.2, history_size=2)),
    ],
    ids=str,
)
def test_lbfgs(steps, options):
    begin = np.array([-1.2, 0.5, 2.0]), np.array([1.0, -0.3, 0.7])
    ours, theirs = [Value(w) for w in begin], [torch.tensor(w, requires_grad=True) for w in begin]
    mine, other = LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    calls = [0, 0]

    def closure_of(i, optimizer, params, tensor):
        def closure():
            calls[i] += 1
            optimizer.zero_grad()
            loss = rosenbrock(*params, tensor)
            loss.backward()
            return loss

        return closure

    here, there = closure_of(0, mine, ours, np.array), closure_of(1, other, theirs, torch.tensor)
    for _ in range(steps):
        one, two = mine.step(here), other.step(there)
        assert calls[0] == calls[1]
        assert one.item() == pytest.approx(two.item(), rel=1e-10, abs=1e-20)
        for w, p in zip(ours, theirs, strict=True):
            near(w.data, p, "LBFGS")
    state = other.state[theirs[0]]
    assert mine.state[0]["func_evals"] == state["func_evals"] and mine.state[0]["n_iter"] == state["n_iter"]


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clipping(norm_type, max_norm):
    begin = starts([(4, 3), (5,)])
    ours, theirs = [Value(w) for w in begin], [torch.tensor(w, requires_grad=True) for w in begin]
    for w, p in zip(ours, theirs, strict=True):
        w.grad, p.grad = slope(w.data), torch.tensor(slope(w.data))
    norm = clip_grad_norm_(ours, max_norm, norm_type)
    assert norm == pytest.approx(
        torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type).item(), rel=1e-14
    )
    for w, p in zip(ours, theirs, strict=True):
        near(w.grad, p.grad, "clip")
    clip_grad_value_(ours, 0.1)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    for w, p in zip(ours, theirs, strict=True):
        near(w.grad, p.grad, "clip")


@pytest.mark.parametrize("decay", [None, 0.9])
def test_averages(decay):
    swa = torch.optim.swa_utils
    model = torch.nn.Linear(3, 2)
    ours = [Value(p.detach().numpy()) for p in model.parameters()]
    averaged = AveragedModel(ours, None if decay is None else get_ema_avg_fn(decay))
    other = swa.AveragedModel(model, avg_fn=None if decay is None else swa.get_ema_avg_fn(decay))
    for step in range(20):
        with torch.no_grad():
            for w, p in zip(ours, model.parameters(), strict=True):
                p += np.sin(step) * p + 0.1
                w.data = p.numpy()
        averaged.update_parameters(ours)
        other.update_parameters(model)
        for w, p in zip(averaged.parameters(), other.parameters(), strict=True):
            near(w.data, p, "averages")


def test_update_bn():
    rng = np.random.default_rng(2)
    mine = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.ReLU(), nn.BatchNorm1d(4))
    other = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.BatchNorm1d(4)
    )
    other.load_state_dict({k: torch.tensor(v) for k, v in mine.state_dict().items()})
    batches = [rng.normal(size=(n, 3)) for n in (6, 6, 3)]
    update_bn(batches, mine)
    torch.optim.swa_utils.update_bn([torch.tensor(b) for b in batches], other)
    for name, v in other.state_dict().items():
        np.testing.assert_allclose(mine.state_dict()[name], v, rtol=1e-13, err_msg=name)
