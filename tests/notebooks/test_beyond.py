"""Notebook 08 (about 10 s)."""

from dataclasses import replace

import numpy as np
import pytest

import nn
import optim
from notebooks import PROBLEMS, Report, beyond, moons

# --- fewer epochs ---------------------------------------------------------------------------


def test_the_stop_rule_with_the_articles_optimizer():
    """The epoch and the place are those of PyTorch's Adam in float64."""
    epochs, loss, at = beyond.until_flat(beyond.CHOICES["Adam(0.1), the article's"])
    assert epochs == 7973 and loss == pytest.approx(1.293311645002432e-06, abs=1e-9)
    np.testing.assert_allclose(at, (9.998110631723835, 6.000758332092792), rtol=1e-9)


def test_a_flat_loss_is_no_minimum():
    _, loss, at = beyond.until_flat(beyond.CHOICES["RMSprop(0.1)"])
    assert loss > 3 and loss == pytest.approx(beyond.equations(at), rel=0.01)


def test_better_and_worse_choices():
    counts = {
        words: beyond.until_flat(make)
        for words, make in list(beyond.CHOICES.items())[1:]
        if "RMS" not in words
    }
    for words in ("Adam(1.0)", "SGD(0.001, momentum=0.9)", "LBFGS"):
        epochs, loss, at = counts[words]
        assert epochs < 7973 / 3 and loss < 1e-5
        np.testing.assert_allclose(at, (10, 6), atol=2e-3)
    assert counts["SGD(0.002)"][1] > 1e12


# --- optimizers -----------------------------------------------------------------------------


def test_beale():
    assert beyond.beale(beyond.BEALE_END) == 0
    assert beyond.beale((1.0, 1.0)) == pytest.approx(14.203125)
    walk = optim.minimize(beyond.beale, beyond.BEALE_END, steps=5)
    assert walk.converged and walk.steps == 0


def test_the_best_rate_is_the_best(monkeypatch):
    monkeypatch.setattr(beyond, "BEALE_RATES", (0.01, 0.3, 10.0))
    make = beyond.OPTIMIZERS["Adam"]
    rate, walk = beyond.best_walk(make)
    ends = {
        r: optim.minimize(beyond.beale, beyond.BEALE_START, lambda p, r=r: make(p, r), 200).fun
        for r in (0.01, 0.3, 10.0)
    }
    assert walk.fun == min(ends.values()) == ends[rate] and beyond.off(walk) < 0.01


def test_of_walks_that_arrive_the_shortest(monkeypatch):
    monkeypatch.setattr(beyond, "BEALE_RATES", (0.1, 1.0))
    make = beyond.OPTIMIZERS["LBFGS"]
    _, walk = beyond.best_walk(make)
    both = [
        optim.minimize(beyond.beale, beyond.BEALE_START, lambda p, r=r: make(p, r), 200) for r in (0.1, 1.0)
    ]
    assert beyond.off(walk) < 1e-3 and walk.steps == min(w.steps for w in both if beyond.off(w) < 1e-3) < 50


# --- schedules ------------------------------------------------------------------------------

T = np.arange(100)
CLOSED = {
    "StepLR": 0.5 ** (T // 25),
    "MultiStepLR": 0.3 ** ((T >= 30).astype(int) + (T >= 80)),
    "ExponentialLR": 0.96**T,
    "InverseTimeDecay": 1 / (1 + T / 20),
    "PolynomialLR": (1 - T / 100) ** 2,
    "LinearLR": np.minimum(0.1 + 0.9 * T / 30, 1),
    "CosineAnnealingLR": (1 + np.cos(np.pi * T / 100)) / 2,
    "WarmupCosine": np.where(T < 20, 1 + T / 20, 1 + np.cos(np.pi * np.clip(T - 20, 0, 80) / 80)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_schedule_is_its_formula(name):
    np.testing.assert_allclose(beyond.rates_of(beyond.SCHEDULES[name]), CLOSED[name], rtol=1e-9, atol=1e-12)


def test_schedules_without_a_short_formula():
    rates = {name: np.array(beyond.rates_of(make)) for name, make in beyond.SCHEDULES.items()}
    assert all(len(r) == 100 and (r >= 0).all() for r in rates.values())
    once = rates["OneCycleLR"]
    assert (
        once.max() == 1 and once[0] == pytest.approx(0.04) and 25 <= once.argmax() <= 30 and once[-1] < 1e-4
    )
    assert list(np.flatnonzero(rates["CosineAnnealingWarmRestarts"] == 1)) == [0, 15, 45]
    peaks = rates["CyclicLR"][[10, 30, 50]]
    np.testing.assert_allclose(peaks - 0.2, [0.8, 0.4, 0.2])
    drops = np.flatnonzero(np.diff(rates["ReduceLROnPlateau"]))
    assert 40 <= drops[0] <= 42  # ten steps of patience after step 30


# --- activations and losses -----------------------------------------------------------------


@pytest.mark.parametrize("name", [*beyond.ACTIVATIONS, *beyond.REGRESSION, *beyond.CLASSES])
def test_slopes_agree_with_differences(name):
    f = (beyond.ACTIVATIONS | beyond.REGRESSION | beyond.CLASSES)[name]
    x, h = np.array([-3.3, -1.7, -0.4, 0.6, 1.3, 2.9]), 1e-5  # no kink among them
    y, first, second = beyond.slopes(f, x)
    np.testing.assert_allclose(y, [float(f(np.array([t]))[0]) for t in x], rtol=1e-12)
    np.testing.assert_allclose(first, (f(x + h) - f(x - h)) / (2 * h), rtol=1e-6, atol=1e-8)
    up, down = (beyond.slopes(f, x + d)[1] for d in (h, -h))
    np.testing.assert_allclose(second, (up - down) / (2 * h), rtol=1e-5, atol=1e-8)


# --- moons ----------------------------------------------------------------------------------


def test_a_line_is_not_enough_and_a_bend_is():
    straight = moons.train(replace(beyond.BASE, layer=nn.Identity))
    bent = moons.train(beyond.BASE)
    assert straight.fresh < 0.89 < 0.92 < bent.fresh and bent.losses[-1] < straight.losses[-1]
    assert len(bent.losses) == moons.STEPS // moons.LOOK
    assert moons.train(beyond.BASE).losses == bent.losses


def test_the_rate_with_the_least_loss():
    found = moons.at_best_rate(beyond.BASE, (0.001, 0.03))
    assert found == replace(beyond.BASE, rate=0.03)


def test_a_recipe_in_several_groups_is_run_once():
    count = 0

    def tick():
        nonlocal count
        count += 1

    given = {"a": {"x": beyond.BASE}, "b": {"y": beyond.BASE, "z": replace(beyond.BASE, rate=0.1)}}
    table = beyond.compared(given, (0, 1), tick)
    assert table["a"]["x"] is table["b"]["y"] and count == 4 * moons.STEPS
    assert len(table["b"]["z"]) == 2


def test_the_page(monkeypatch):
    monkeypatch.setattr(beyond, "BEALE_RATES", (0.003,))
    monkeypatch.setattr(beyond, "MOONS_RATES", (0.03,))
    monkeypatch.setattr(beyond, "CHOICES", {"LBFGS": beyond.CHOICES["LBFGS"]})
    monkeypatch.setattr(moons, "STEPS", 20)
    report = Report(PROBLEMS["beyond"])
    PROBLEMS["beyond"].solve(report)
    assert len(report.rows) == 1 + 12 + 7 + 8 + 5 + 4
    names = ("walks", "schedules", "activations", "losses", "training", "borders")
    assert [p.name for p in report.pictures] == [f"beyond-{name}" for name in names]
    assert [p.name for p in report.players] == ["beyond-steps", "beyond-adam"]
    assert all(len(p.html.encode()) < 250_000 for p in report.players)
