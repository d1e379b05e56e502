# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -jupytext.text_representation,-kernelspec
# ---

# %% [markdown]
"""
# 08 Beyond: schedules, optimizers, activations, losses

The series of articles goes on to dynamic learning rates (學習率動態調整), optimizers (優化器), activation functions
(激活函数) and loss functions (損失函數). Here they are compared, each kind on one problem, by runs and not by repute.
"""

# %% tags=["active-ipynb"]
# import sys
#
# sys.path.append("..")  # the packages lie one folder up, if Jupyter was started in this one
#
# from notebooks.figures import show

# %%
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import nn
import optim
from autograd import Value, grad
from autograd.graph import Recording, record
from nn import functional
from notebooks import covers, moons
from notebooks.figures import BLUE, FAINT, ORANGE, RED, Figure
from notebooks.moons import COLORS, DASHES, Recipe, Trained
from notebooks.report import Problem, Report
from optim import lr_scheduler
from optim.lr_scheduler import LRScheduler

Array = np.ndarray[Any, np.dtype[np.float64]]
Curve = Callable[[Any], Any]
Optimizer = Callable[[Any, float], optim.Optimizer]  # of parameters and a learning rate

# %% [markdown]
"""
## Fewer epochs?

The articles solve x + y = 16, 10x + 25y = 250 (see notebook 03) in some 8,000 epochs of Adam, stopping where the loss
changes by less than 10⁻⁸, and ask whether that can be improved. Here is the same stop rule with other choices.
"""


# %%
def equations(p: Any) -> Any:
    """The sum of squares of what is left of the two equations."""
    return (p[0] + p[1] - 16) ** 2 + (10 * p[0] + 25 * p[1] - 250) ** 2


def until_flat(
    make: Callable[[Any], optim.Optimizer], tick: Callable[[], object] = lambda: None
) -> tuple[int, float, Array]:
    """Epochs until the loss changes by less than 1e-8 or is past all bounds, at most 10,000; the loss; x, y."""
    p = Value([0.5, 0.5])
    optimizer, before = make([p]), np.inf

    def closure() -> Value:
        optimizer.zero_grad()
        loss: Value = equations(p)
        loss.backward(release=True)
        return loss

    epoch, loss = 1, optimizer.step(closure).item()
    while not (abs(loss - before) < 1e-8 or loss > 1e12 or epoch == 10_000):
        epoch, before, loss = epoch + 1, loss, optimizer.step(closure).item()
        tick()
    return epoch, loss, p.numpy()


def spot(at: Any) -> str:
    """Two coordinates as one reads them."""
    return f"{at[0]:.4g}, {at[1]:.4g}"


CHOICES: dict[str, Callable[[Any], optim.Optimizer]] = {
    "Adam(0.1), the article's": lambda p: optim.Adam(p, 0.1),
    "Adam(1.0)": lambda p: optim.Adam(p, 1.0),
    "SGD(0.001, momentum=0.9)": lambda p: optim.SGD(p, 0.001, momentum=0.9),
    "SGD(0.002)": lambda p: optim.SGD(p, 0.002),
    "RMSprop(0.1)": lambda p: optim.RMSprop(p, 0.1),
    "LBFGS": lambda p: optim.LBFGS(p, max_iter=1, max_eval=25, line_search_fn="strong_wolfe"),
}

# %% tags=["active-ipynb"]
# for words, make in CHOICES.items():
#     epochs, loss, at = until_flat(make)
#     print(f"{words:26} {epochs:5} epochs, loss {round(loss, 6):9.4g}, x, y = {spot(at)}")

# %% [markdown]
"""
So yes. But two rows are wrong: plain SGD with 0.002 flies off, and RMSprop stops at a loss of 3. **A loss that hardly
changes is no proof of a minimum**: RMSprop divides by the size of the gradient, so its steps do not get smaller as the
gradient does, and in the end it jumps to and fro between two places at equal height on both sides of the valley.

## Optimizers

Beale's function has one lowest point, at (3, 0.5), at the end of a bent and ever flatter valley between steep walls. Every
optimizer takes 200 steps from the same start, with the best of eight learning rates for it.
"""

# %%
BEALE_START, BEALE_END, BEALE_STEPS = (0.87, 1.43), (3.0, 0.5), 200
BEALE_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0)
OPTIMIZERS: dict[str, Optimizer] = {
    "SGD": lambda p, rate: optim.SGD(p, rate),
    "SGD, momentum": lambda p, rate: optim.SGD(p, rate, momentum=0.9),
    "SGD, Nesterov": lambda p, rate: optim.SGD(p, rate, momentum=0.9, nesterov=True),
    "Adagrad": lambda p, rate: optim.Adagrad(p, rate),
    "Adadelta": lambda p, rate: optim.Adadelta(p, rate),
    "RMSprop": lambda p, rate: optim.RMSprop(p, rate),
    "Adam": lambda p, rate: optim.Adam(p, rate),
    "NAdam": lambda p, rate: optim.NAdam(p, rate),
    "Adamax": lambda p, rate: optim.Adamax(p, rate),
    "Rprop": lambda p, rate: optim.Rprop(p, rate),
    "Lion": lambda p, rate: optim.Lion(p, rate),
    "LBFGS": lambda p, rate: optim.LBFGS(p, rate, max_iter=1, max_eval=25, line_search_fn="strong_wolfe"),
}


def beale(p: Any) -> Any:
    """Beale's function of two numbers; 0 at (3, 0.5)."""
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def best_walk(make: Optimizer, tick: Callable[[], object] = lambda: None) -> tuple[float, optim.Minimum]:
    """The learning rate with the lowest end, and the walk; of several that end within 0.001, the shortest."""

    def height(p: Any) -> Any:
        tick()
        return beale(p)

    def walk_at(rate: float) -> optim.Minimum:
        with np.errstate(all="ignore"):  # some fly off
            return optim.minimize(height, BEALE_START, lambda p: make(p, rate), BEALE_STEPS)

    walks = [(rate, walk_at(rate)) for rate in BEALE_RATES]
    arrived = [(rate, walk) for rate, walk in walks if off(walk) < 1e-3]
    if arrived:
        return min(arrived, key=lambda found: found[1].steps)
    return min(walks, key=lambda found: found[1].fun if np.isfinite(found[1].fun) else np.inf)


def off(walk: optim.Minimum) -> float:
    """How far from the lowest point a walk ends: the larger of the two differences."""
    return float(np.abs(walk.x - BEALE_END).max())


# %% tags=["active-ipynb"]
# walks = {name: best_walk(make) for name, make in OPTIMIZERS.items()}
# for name, (rate, walk) in walks.items():
#     print(f"{name:14} rate {rate:<5g} {walk.steps:3} steps, {off(walk):.4f} away")


# %%
def plot_walks(figure: Figure, walks: Mapping[str, tuple[float, optim.Minimum]]) -> None:
    """The way of each optimizer over the level lines of Beale's function."""
    u, v = np.meshgrid(np.linspace(-1, 4.2, 80), np.linspace(-2.3, 1.8, 70))
    levels = np.log10(beale(np.stack([u, v])) + 1e-3)
    for i, (ax, (name, (rate, walk))) in enumerate(
        zip(figure.subplots(3, 4).flat, walks.items(), strict=True)
    ):
        ax.contour(u, v, levels, 12, colors=FAINT, linewidths=0.5, linestyles="solid")
        ax.plot(*walk.path.T, ".-", color=BLUE, markersize=4, linewidth=1.2, markevery=slice(0, 40))
        ax.plot(*BEALE_END, "*", color=RED, markersize=11)
        ax.set_title(f"{name} ({rate:g})", fontsize=9)
        ax.set(xlim=(-1, 4.2), ylim=(-2.3, 1.8), xticks=(0, 2, 4), yticks=(-2, -1, 0, 1))
        ax.tick_params(labelleft=i % 4 == 0, labelbottom=i >= 8)
        ax.grid(False)


# %% tags=["active-ipynb"]
# show(plot_walks, walks, size=(10.0, 7.0))

# %% [markdown]
"""
In brackets the learning rate; dots are the first forty steps. SGD jumps off the wall and creeps along the valley.
Momentum swings; Adagrad and RMSprop scale each direction by itself and cut the corner; Lion and Rprop step by the sign
of the gradient alone, hence the straight and slanting lines. LBFGS estimates the curvature and arrives first: with two
unknowns and no noise little beats it.

Momentum's walk as a player: it has so much speed when it comes down the first wall that it climbs the other one, and then
swings about the valley. Select x or y at the update to see its memory (`momentum_buffer`), the sum that drives it on.
(Stored is a still. Run the cell, and it plays.)
"""


# %%
def recorded(
    name: str = "SGD, momentum",
    rate: float = 0.01,
    steps: int = 150,
    tick: Callable[[], object] = lambda: None,
) -> Recording:
    """One of the walks over Beale's function, x and y as two numbers, some of its steps kept."""
    x, y = (Value(number, name=name) for number, name in zip(BEALE_START, "xy", strict=True))
    optimizer = OPTIMIZERS[name]([x, y], rate)
    with record(optimizer, keep=80) as kept:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = beale((x, y))
            loss.name = "loss"
            loss.backward()
            optimizer.step()
            tick()
    return kept


# %% tags=["active-ipynb"]
# recorded()

# %% [markdown]
"""
## Learning rate schedules

What the learning rate does in 100 steps, from 1.0, read from the optimizer that the schedule acts on.
"""

# %%
TOTAL = 100
SCHEDULES: dict[str, Callable[[optim.Optimizer], LRScheduler]] = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 25, gamma=0.5),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [30, 80], gamma=0.3),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.96),
    "InverseTimeDecay": lambda o: lr_scheduler.InverseTimeDecay(o, 20, 1.0),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, TOTAL, power=2.0),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=30),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, TOTAL),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 15, 2),
    "WarmupCosine": lambda o: lr_scheduler.WarmupCosine(o, 80, warmup_target=2.0, warmup_steps=20),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.2, 1.0, 10, mode="triangular2"),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 1.0, TOTAL),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.3, patience=10),
}


def stalling(step: int) -> float:
    """A loss that stops falling at step 30, for the schedule that looks at it."""
    return max(1.0 - step / 30, 0.0)


def rates_of(make: Callable[[optim.Optimizer], LRScheduler]) -> list[float]:
    """The learning rate at each of TOTAL steps."""
    w = Value(0.0)
    w.backward()  # a step without any gradient would warn
    optimizer = optim.SGD([w], lr=1.0, momentum=0.9)
    schedule = make(optimizer)
    rates = []
    for step in range(TOTAL):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step == TOTAL - 1:
            break  # OneCycleLR has no more
        if isinstance(schedule, lr_scheduler.ReduceLROnPlateau):
            schedule.step(stalling(step))
        else:
            schedule.step()
    return rates


def plot_schedules(figure: Figure) -> None:
    """The learning rate of each schedule."""
    for ax, (name, make) in zip(figure.subplots(3, 4, sharex=True).flat, SCHEDULES.items(), strict=True):
        ax.plot(rates_of(make), color=BLUE)
        ax.set_title(name, fontsize=8.5)
        ax.set(ylim=(0, None), xticks=(0, 50, 100))


# %% tags=["active-ipynb"]
# show(plot_schedules, size=(10.0, 5.6))

# %% [markdown]
"""
ReduceLROnPlateau was shown a loss that stops falling at step 30. Of the others only the number of the step counts.

## Activation functions

Each function with its slope and the slope of its slope. None of these derivatives is written down here: they are
`grad` and `grad` of `grad`.
"""

# %%
ACTIVATIONS: dict[str, Curve] = {
    "sigmoid": functional.sigmoid,
    "tanh": functional.tanh,
    "relu": functional.relu,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.1),
    "elu": functional.elu,
    "selu": functional.selu,
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "hardswish": functional.hardswish,
    "softsign": functional.softsign,
}


def slopes(f: Curve, x: Array) -> tuple[Array, Array, Array]:
    """f, its derivative and its second derivative at each element of x."""
    first = grad(lambda t: np.sum(f(t)))
    second = grad(lambda t: np.sum(first(t)))
    return f(x), first(x), second(x)


def plot_activations(figure: Figure) -> None:
    """Twelve activation functions with two derivatives."""
    x = np.linspace(-4, 4, 400)  # 0, where some have a kink, is not among them
    for ax, (name, f) in zip(figure.subplots(3, 4, sharex=True).flat, ACTIVATIONS.items(), strict=True):
        for y, color, dashes, words in zip(
            slopes(f, x), (BLUE, ORANGE, FAINT), ("-", "--", ":"), ("f", "f′", "f″"), strict=True
        ):
            ax.plot(x, y, color=color, linestyle=dashes, label=words)
        ax.set_title(name, fontsize=9)
        ax.set(ylim=(-1.3, 2.1), xticks=(-4, 0, 4))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)


# %% tags=["active-ipynb"]
# show(plot_activations, size=(10.0, 6.0))

# %% [markdown]
"""
The slope of the sigmoid is nowhere above 1/4, so every layer takes three quarters of the gradient, or more. Here is the
gradient that arrives at the first layer, by the number of layers (see notebook 05):
"""

# %% tags=["active-ipynb"]
# from notebooks.network import first_gradient
#
# layers = (nn.Sigmoid, nn.Tanh, nn.ReLU, nn.ELU, nn.SELU, nn.GELU)
# print("layers  " + "".join(f"{layer.__name__:>9}" for layer in layers))
# for depth in (1, 2, 4, 8):
#     print(f"{depth:6}  " + "".join(f"{first_gradient(depth, 1000, a):9.0e}" for a in layers))

# %% [markdown]
"""
## Loss functions

On the left as a function of the error of a prediction; on the right, for a classifier whose right answer is 1, as a
function of its score. Below are the slopes: how hard the loss pulls.
"""

# %%
REGRESSION: dict[str, Curve] = {
    "mse": lambda e: functional.mse_loss(e, np.zeros(e.shape), reduction="none"),
    "l1": lambda e: functional.l1_loss(e, np.zeros(e.shape), reduction="none"),
    "huber, delta 1": lambda e: functional.huber_loss(e, np.zeros(e.shape), reduction="none"),
    "log cosh": lambda e: np.log(np.cosh(e)),
}
CLASSES: dict[str, Curve] = {
    "cross entropy": lambda s: functional.binary_cross_entropy_with_logits(
        s, np.ones(s.shape), reduction="none"
    ),
    "mse of the sigmoid": lambda s: functional.mse_loss(
        functional.sigmoid(s), np.ones(s.shape), reduction="none"
    ),
    "hinge": lambda s: functional.relu(1 - s),
    "squared hinge": lambda s: functional.relu(1 - s) ** 2,
}


def plot_losses(figure: Figure) -> None:
    """Losses above, their slopes below."""
    axes, x = figure.subplots(2, 2, sharex=True), np.linspace(-4, 4, 400)
    for column, (losses, words) in enumerate(((REGRESSION, "error"), (CLASSES, "score"))):
        above, below = axes[:, column]
        for (name, f), color, dashes in zip(losses.items(), COLORS, DASHES, strict=False):
            y, slope, _ = slopes(f, x)
            above.plot(x, y, color=color, linestyle=dashes, label=name)
            below.plot(x, slope, color=color, linestyle=dashes)
        above.set(
            title=("Regression", "Classification, right answer 1")[column], ylim=(-0.2, 6), ylabel="loss"
        )
        below.set(xlabel=words, ylim=(-4.5, 4.5) if column == 0 else (-4.5, 0.5), ylabel="slope")
        above.legend()


# %% tags=["active-ipynb"]
# show(plot_losses, size=(10.0, 5.6))

# %% [markdown]
"""
The squared error pulls hardest where the error is large, so one wrong row moves everything; the others pull with a
bounded force. And the squared error of a sigmoid hardly pulls where the classifier is most wrong, far to the left: the
reason why one takes the cross entropy. One number in place of five, of which one is off:
"""

# %% tags=["active-ipynb"]
# data = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
# for name, f in REGRESSION.items():
#     found = optim.minimize(lambda c, f=f: np.mean(f(c - data)), 10.0, lambda p: optim.Adam(p, 0.05), 3000)
#     print(f"{name:14} {float(found.x):6.2f}")

# %% [markdown]
"""
The mean is 22, the median 3.

## One classifier, all choices

Two half moons, 200 points to learn from and 2000 fresh ones to test with; a network 2-16-16-1, and 150 steps with 20
points each. One choice is changed at a time, from tanh, Adam, a constant rate and the cross entropy. Each number is the
mean of three random starts; "loss" is the cross entropy on the 200 points, whatever was trained with, and "fresh" the
share of the 2000 that are told right. Each optimizer has the best of five rates, by the loss of one run.
"""

# %%
SEEDS, MOONS_RATES = (0, 1, 2), (0.01, 0.03, 0.1, 0.3, 1.0)
LAYERS: dict[str, type[nn.Module]] = {
    "none (a straight line)": nn.Identity,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
MOONS_OPTIMIZERS = ("SGD", "SGD, momentum", "Adagrad", "RMSprop", "Adam", "NAdam", "Rprop", "Lion")
MOONS_SCHEDULES: dict[str, Callable[[optim.Optimizer], LRScheduler]] = {
    "constant": lambda o: lr_scheduler.ConstantLR(o, 1.0),
    "StepLR": lambda o: lr_scheduler.StepLR(o, moons.STEPS // 3, gamma=0.3),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.98),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, moons.STEPS),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, moons.STEPS + 1),
}
BASE = Recipe(nn.Tanh, OPTIMIZERS["Adam"], 0.03, MOONS_SCHEDULES["constant"], CLASSES["cross entropy"])


def recipes(tick: Callable[[], object] = lambda: None) -> dict[str, dict[str, Recipe]]:
    """Kind of choice -> name -> recipe."""
    return {
        "activation": {name: replace(BASE, layer=layer) for name, layer in LAYERS.items()},
        "optimizer": {
            name: moons.at_best_rate(replace(BASE, optimizer=OPTIMIZERS[name]), MOONS_RATES, tick)
            for name in MOONS_OPTIMIZERS
        },
        "schedule": {name: replace(BASE, rate=0.1, schedule=s) for name, s in MOONS_SCHEDULES.items()},
        "loss": {name: replace(BASE, loss=loss) for name, loss in CLASSES.items()},
    }


def compared(
    given: Mapping[str, Mapping[str, Recipe]],
    seeds: Sequence[int] = SEEDS,
    tick: Callable[[], object] = lambda: None,
) -> dict[str, dict[str, list[Trained]]]:
    """The same with a run from each seed in place of the recipe."""
    runs: dict[Recipe, list[Trained]] = {}  # some recipes are in several groups
    for recipe in (recipe for group in given.values() for recipe in group.values()):
        runs[recipe] = runs.get(recipe) or [moons.train(recipe, seed, tick) for seed in seeds]
    return {kind: {name: runs[r] for name, r in group.items()} for kind, group in given.items()}


# %% tags=["active-ipynb"]
# given = recipes()
# table = compared(given)
# for kind, group in table.items():
#     print(f"{kind:33} loss  fresh")
#     for name, runs in group.items():
#         rate = f"rate {given[kind][name].rate:g}" if kind == "optimizer" else ""
#         loss, fresh = moons.means(runs)
#         print(f"  {name:22} {rate:9} {loss:.2f}  {fresh:.2f}")

# %% tags=["active-ipynb"]
# show(moons.plot_training, {kind: table[kind] for kind in ("optimizer", "schedule")}, size=(10.0, 4.0))

# %% tags=["active-ipynb"]
# show(moons.plot_borders, table["activation"], size=(10.0, 4.6))

# %% [markdown]
"""
Without an activation function the layers are still one straight line, and the sigmoid has hardly left it after 150 steps. Of
the optimizers Rprop stays behind: it goes by the sign of each gradient and is meant for all points at once, not for 20.
Of the schedules only OneCycleLR gains much. It is the one that both begins and ends low: 0.1 is too much for the first
steps, and lowering it later does not make up for that.

On fresh points nearly all end between 0.91 and 0.95: the moons reach into each other, and some points lie on the wrong
side of any line. Three starts are few, so differences of a hundredth or two are within chance. What decides here is
that there is an activation function, and a rate that suits the optimizer.

## For the page

The rest is what `python -m notebooks` calls: the same results, for one page with all problems.
"""


# %% jupyter={"source_hidden": true}
def solve(report: Report) -> None:
    """Everything this part shows."""
    for words, make in CHOICES.items():
        epochs, loss, at = until_flat(make, report.tick)
        gap = f"{np.abs(at - (10, 6)).max():.1e}"
        report.row(
            f"x + y = 16, 10x + 25y = 250 by {words}",
            spot(at),
            "10, 6",
            gap,
            f"{epochs} epochs, loss {loss:.1e}",
        )
    walks = {name: best_walk(make, report.tick) for name, make in OPTIMIZERS.items()}
    for name, (rate, walk) in walks.items():
        how = f"{walk.steps} steps, learning rate {rate:g}, loss {walk.fun:.0e}"
        report.row(f"Beale's function by {name}", spot(walk.x), spot(BEALE_END), f"{off(walk):.1e}", how)
    best = walks["LBFGS"][1]
    report.card(
        "lowest point of Beale's function, by LBFGS",
        f"x = {best.x[0]:.5f}, y = {best.x[1]:.5f}",
        "x = 3, y = 0.5",
        lambda figure: covers.walks(
            figure,
            lambda u, v: beale((u, v)),
            [walks[name][1].path for name in ("SGD, momentum", "LBFGS", "Adam", "Adagrad")],
            BEALE_END,
        ),
    )
    for name, title, words in (
        (
            "SGD, momentum",
            "Momentum on Beale's function",
            "It climbs the other wall, then swings about the valley.",
        ),
        ("Adam", "Adam on Beale's function", "The same start with steps scaled number by number."),
    ):
        steps = recorded(name, walks[name][0], tick=report.tick)
        file = "steps" if name != "Adam" else "adam"
        report.player(file, title, f"{len(steps)} of {steps.seen} steps from {BEALE_START}. {words}", steps)
    table = compared(recipes(report.tick), SEEDS[:1], report.tick)
    for kind, group in table.items():
        for name, runs in group.items():
            loss, fresh = moons.means(runs)
            how = f"share of fresh points told right; cross entropy {loss:.3f}"
            report.row(f"two moons, {kind}: {name}", f"{fresh:.3f}", "1", f"{1 - fresh:.3f}", how)
    report.figure(
        "walks",
        f"{BEALE_STEPS} steps of each optimizer on Beale's function, each at its best learning rate (in brackets).",
        lambda figure: plot_walks(figure, walks),
        (10.0, 7.0),
    )
    report.figure(
        "schedules", "Learning rates over 100 steps, read from the optimizer.", plot_schedules, (10.0, 5.6)
    )
    words = "Activation functions with two derivatives, all by grad: none is written down."
    report.figure("activations", words, plot_activations, (10.0, 6.0))
    words = "Losses above, their slopes below. The squared error of a sigmoid hardly pulls where it is most wrong."
    report.figure("losses", words, plot_losses, (10.0, 5.6))
    report.figure(
        "training",
        "The same classifier of two moons, trained with several optimizers, each at its best rate, and schedules.",
        lambda figure: moons.plot_training(figure, {kind: table[kind] for kind in ("optimizer", "schedule")}),
        (10.0, 4.0),
    )
    report.figure(
        "borders",
        "Where it draws the line with each activation function. Without one, two layers are still a straight line.",
        lambda figure: moons.plot_borders(figure, table["activation"]),
        (10.0, 4.6),
    )


PROBLEM = Problem(
    "beyond",
    "08 Beyond: schedules, optimizers, activations, losses",
    "Twelve optimizers in one valley, and every other choice compared by running it.",
    "Twelve optimizers on one function, twelve schedules, twelve activation functions and eight losses with the "
    "derivatives that grad finds; then one classifier trained with many of them. The choices decide how fast the "
    "loss falls; on fresh points most of them end alike.",
    solve,
)
