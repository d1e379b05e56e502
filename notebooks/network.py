"""A network of three neurons, written number by number: the chain rule by hand, then training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from nn.functional import mse_loss, sigmoid
from notebooks.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED
from notebooks.report import Problem, Report
from optim import SGD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("w1", "w2", "b1", "w3", "w4", "b2", "w5", "w6", "b3")
# weight and height, less 135 pounds and 66 inches; 1: a woman, 0: a man
PEOPLE = {
    "Alice": (-2.0, -1.0, 1.0),
    "Bob": (25.0, 6.0, 0.0),
    "Charlie": (17.0, 4.0, 0.0),
    "Diana": (-15.0, -6.0, 1.0),
}
NEW = {"Emily": (-7.0, -3.0), "Frank": (20.0, 2.0)}
ONES = dict.fromkeys(("w1", "w2", "w3", "w4", "w5", "w6"), 1.0) | dict.fromkeys(("b1", "b2", "b3"), 0.0)
START = {
    "w1": 0.5,
    "w2": -0.3,
    "w3": 0.8,
    "w4": 0.2,
    "w5": -0.6,
    "w6": 0.9,
    "b1": 0.1,
    "b2": -0.2,
    "b3": 0.05,
}
OTHER = {
    "w1": -1.0,
    "w2": 0.5,
    "w3": 0.25,
    "w4": -0.75,
    "w5": 1.5,
    "w6": -1.25,
    "b1": 0.0,
    "b2": 0.0,
    "b3": 0.0,
}
STARTS = {"mixed": START, "other": OTHER, "all ones": ONES}
COLORS = {"mixed": BLUE, "other": GREEN, "all ones": ORANGE}
RATE, EPOCHS = 0.1, 1000

Numbers = Mapping[str, Any]


def neuron(weights: Any, bias: Any, x: Any) -> Any:
    """sigmoid(weights . x + bias)."""
    return sigmoid(np.dot(weights, x) + bias)


def values(numbers: Mapping[str, float]) -> dict[str, Value]:
    """The nine numbers as Values with their names."""
    return {name: Value(numbers[name], name=name) for name in NAMES}


def outputs(p: Numbers, x1: Any, x2: Any) -> tuple[Any, Any, Any]:
    """h1, h2 and o1: two hidden neurons that see both inputs, one that sees the hidden two."""
    h1 = sigmoid(p["w1"] * x1 + p["w2"] * x2 + p["b1"])
    h2 = sigmoid(p["w3"] * x1 + p["w4"] * x2 + p["b2"])
    return h1, h2, sigmoid(p["w5"] * h1 + p["w6"] * h2 + p["b3"])


def loss_of(p: Numbers, x1: float, x2: float, y: float) -> tuple[Value, dict[str, Value]]:
    """The squared error for one person, and the Values on the way to it by name."""
    h1, h2, o1 = outputs(p, x1, x2)
    loss = (y - o1) ** 2
    named = {"h1": h1, "h2": h2, "o1": o1, "L": loss}
    for name, value in named.items():
        value.name = name
    return loss, named


def mean_loss(p: Mapping[str, float]) -> float:
    """The mean squared error over the four people."""
    x1, x2, y = np.array(list(PEOPLE.values())).T
    return float(mse_loss(outputs(p, x1, x2)[2], y))


@dataclass(frozen=True)
class Run:
    """A training: the nine numbers after every step (the start first), the mean loss after every epoch."""

    path: list[dict[str, float]]
    losses: list[float]


def train(
    start: Mapping[str, float] = START, epochs: int = EPOCHS, tick: Callable[[], object] = lambda: None
) -> Run:
    """Steps against the gradient for one person after the other, in the same order every epoch."""
    p = values(start)
    optimizer = SGD(p.values(), lr=RATE)
    path, losses = [dict(start)], []
    for _ in range(epochs):
        for x1, x2, y in PEOPLE.values():
            optimizer.zero_grad()
            loss, _named = loss_of(p, x1, x2, y)
            loss.backward()
            optimizer.step()
            path.append({name: value.item() for name, value in p.items()})
            tick()
        losses.append(mean_loss(path[-1]))
    return Run(path, losses)


def by_hand(start: Mapping[str, float] = ONES, person: str = "Alice") -> tuple[Value, dict[str, Value]]:
    """One backward pass: the loss, and all Values with their gradients by name."""
    p = values(start)
    loss, named = loss_of(p, *PEOPLE[person])
    loss.backward()
    return loss, p | named


def chain(h: float, o: float, x1: float) -> float:
    """dL/dw1 as one multiplies it on paper, for a weight w5 of 1 and y = 1."""
    return -2 * (1 - o) * o * (1 - o) * h * (1 - h) * x1


def at_step(run: Run, step: int) -> tuple[Value, str]:
    """The loss of one step (counted from 1), after the backward pass, and whose it was."""
    person = list(PEOPLE)[(step - 1) % len(PEOPLE)]
    return by_hand(run.path[step - 1], person)[0], person


def solve(report: Report) -> None:
    """Everything this part shows."""
    weights, bias, x = Value([0.0, 1.0], name="weights"), Value(4.0, name="bias"), np.array([2.0, 3.0])
    out = neuron(weights, bias, x)
    exact = 1 / (1 + np.exp(-7.0))
    report.row(
        "one neuron, weights (0, 1), bias 4, inputs (2, 3)",
        f"{out.item():.16f}",
        f"{exact:.16f}",
        f"{abs(out.item() - exact):.1e}",
        "sigmoid(7)",
    )
    _x1, _x2, y = np.array(list(PEOPLE.values())).T
    guess = float(mse_loss(np.zeros(len(y)), y))
    report.row(
        "mean squared error of the answer 0 for all four",
        f"{guess}",
        "0.5",
        f"{abs(guess - 0.5):.1e}",
        "(1 + 0 + 0 + 1) / 4",
    )

    loss, by_name = by_hand()
    h, o = by_name["h1"].item(), by_name["o1"].item()
    paper = chain(h, o, PEOPLE["Alice"][0])
    found = by_name["w1"].grad.item()
    report.row(
        "dL/dw1 for Alice, weights 1, biases 0",
        f"{found:.16f}",
        f"{paper:.16f}",
        f"{abs(found - paper):.1e}",
        f"h1 = h2 = {h:.4f}, o1 = {o:.4f}, L = {loss.item():.4f}; all nine: "
        + ", ".join(f"{name} {by_name[name].grad.item():.5f}" for name in NAMES),
    )
    report.graph(
        "graph-by-hand",
        "The hand calculation: Alice, all weights 1, all biases 0. Read from the loss L backwards it is the chain rule: "
        "the gradient of every value is that of the value it goes into, times one local derivative.",
        loss,
    )

    runs = {name: train(start, tick=report.tick) for name, start in STARTS.items()}
    for name, run in runs.items():
        last = run.path[-1]
        answers = [float(outputs(last, x1, x2)[2]) for x1, x2, _y in PEOPLE.values()]
        others = ", ".join(f"{who} {float(outputs(last, *at)[2]):.3f}" for who, at in NEW.items())
        targets = [person[-1] for person in PEOPLE.values()]
        report.row(
            f"four people told apart, start: {name}",
            ", ".join(f"{answer:.3f}" for answer in answers),
            ", ".join(f"{target:g}" for target in targets),
            f"{max(abs(a - t) for a, t in zip(answers, targets, strict=True)):.3f}",
            f"mean loss {run.losses[0]:.3f} after epoch 1, {run.losses[-1]:.4f} after {EPOCHS}; not seen before: {others}",
        )
    report.figure(
        "loss",
        f"The mean squared error over the four people after every epoch of four steps, learning rate {RATE:g}, from three "
        "starts. From all ones both hidden neurons get the same gradient at every step, so they stay the same "
        "neuron for ever; for four people one is enough.",
        lambda figure: plot_loss(figure, runs),
        (8.0, 3.8),
    )
    report.figure(
        "regions",
        "What the network answers everywhere, from the start “mixed”: before training, after 10 epochs, at the end. The "
        "line is where it answers 0.5. Circles are the four people it was trained on, diamonds two it has "
        "never seen.",
        lambda figure: plot_regions(figure, runs["mixed"]),
        (10.0, 3.8),
    )
    steps = len(PEOPLE) * EPOCHS
    for words, step in (("first", 1), ("middle", steps // 2), ("last", steps)):
        loss, person = at_step(runs["mixed"], step)
        report.graph(f"graph-{words}", f"Training: the graph at step {step} of {steps}, {person}'s.", loss)


def plot_loss(figure: "Figure", runs: Mapping[str, Run]) -> None:
    """The loss on two kinds of axis."""
    for ax, scale in zip(figure.subplots(1, 2), ("linear", "log"), strict=True):
        for name, run in runs.items():
            ax.plot(range(1, len(run.losses) + 1), run.losses, color=COLORS[name], label=name)
        ax.set(xlabel="epoch", ylabel="mean squared error", yscale=scale)
        ax.set_title("Plain axis" if scale == "linear" else "Logarithmic axis")
    ax.legend(title="start")


def plot_regions(figure: "Figure", run: Run) -> None:
    """The answer over the plane at three times."""
    u, v = np.meshgrid(np.linspace(-25, 32, 115), np.linspace(-10, 10, 81))
    axes: Sequence[Any] = figure.subplots(1, 3, sharey=True)
    for ax, epoch in zip(axes, (0, 10, EPOCHS), strict=True):
        numbers = run.path[epoch * len(PEOPLE)]
        answer = outputs(numbers, u, v)[2]
        shades = ax.contourf(u, v, answer, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.75)
        if answer.min() < 0.5 < answer.max():
            ax.contour(u, v, answer, levels=[0.5], colors=INK, linewidths=1.5)
        for name, (x1, x2, y) in PEOPLE.items():
            ax.plot(x1, x2, "o", color=PURPLE if y else RED, markersize=8, markeredgecolor="white")
            ax.annotate(name, (x1, x2), (0, 8), textcoords="offset points", ha="center", fontsize=8)
        for name, (x1, x2) in NEW.items():
            ax.plot(x1, x2, "D", color="white", markersize=6, markeredgecolor=INK)
            ax.annotate(name, (x1, x2), (0, -14), textcoords="offset points", ha="center", fontsize=8)
        when = "before" if not epoch else f"after {epoch} epochs"
        ax.set(title=f"{when}: loss {mean_loss(numbers):.3f}", xlabel="weight - 135 lb")
        ax.grid(False)
    axes[0].set_ylabel("height - 66 in")
    figure.colorbar(shades, ax=axes, label="answer (1: a woman)", ticks=[0, 0.5, 1]).outline.set_edgecolor(
        FAINT
    )


PROBLEM = Problem(
    "network",
    "Three neurons by hand",
    "Two hidden neurons and one output, nine numbers in all, each a Value with a name: the graph is the chain rule "
    "that one would write on paper, and backward() gives all nine derivatives in one pass. Trained on the weight "
    "and height of four people, it tells apart two it has not seen.",
    solve,
)
