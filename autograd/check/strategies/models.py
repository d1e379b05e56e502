"""Small modules with inputs that fit them, and losses with predictions and targets.

`nn` is imported when one of them is first used: the checker itself does not need it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from autograd.check.report import literal
from autograd.check.strategies import domains
from autograd.check.strategies.arrays import alike, arrays


@dataclass(frozen=True, repr=False)
class ModuleCase:
    """A module, its parameters set to dyadic numbers, and inputs for it."""

    module: Any
    inputs: tuple[Any, ...]
    source: str

    def __repr__(self) -> str:
        return f"{self.source} on {', '.join(map(literal, self.inputs))}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # how hypothesis shows it


@dataclass(frozen=True, repr=False)
class LossCase:
    """A loss, a prediction and a target for it."""

    loss: Any
    prediction: Any
    target: Any
    source: str

    def __repr__(self) -> str:
        return f"{self.source} on {literal(self.prediction)}, {literal(self.target)}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # how hypothesis shows it


def settled(module: Any, seed: int) -> Any:
    """The module with its parameters drawn anew, in multiples of 1/16, none of them 0."""
    rng = np.random.default_rng(seed)
    for p in module.parameters():
        p.data = rng.choice((-1.0, 1.0), p.shape) * (rng.integers(0, 16, p.shape) + 0.5) / 16
    return module


@st.composite
def modules(draw: st.DrawFn, *, smooth: bool = False) -> ModuleCase:
    """Layers and small networks of `nn` with a batch for them; `smooth`: without kinks."""
    import nn

    m, n, k = (draw(st.integers(1, 3)) for _ in range(3))
    bias = draw(st.booleans())
    activations = ["Tanh", "Sigmoid", "SiLU", "Softplus", "GELU"]
    activations += [] if smooth else ["ReLU", "LeakyReLU", "ELU", "Hardtanh"]
    activation = draw(st.sampled_from(activations))
    kinds: dict[str, tuple[str, tuple[tuple[int, ...], ...]]] = {
        "linear": (f"nn.Linear({n}, {k}, bias={bias})", ((m, n),)),
        "activation": (f"nn.{activation}()", ((m, n),)),
        "network": (f"nn.Sequential(nn.Linear({n}, 3), nn.{activation}(), nn.Linear(3, {k}))", ((m, n),)),
        "bilinear": (f"nn.Bilinear({n}, {k}, 2, bias={bias})", ((m, n), (m, k))),
        "layer norm": (f"nn.LayerNorm({n + 1})", ((m, n + 1),)),
        "rms norm": (f"nn.RMSNorm({n + 1})", ((m, n + 1),)),
        "conv1d": (f"nn.Conv1d({n}, {k}, 2, bias={bias})", ((m, n, 4),)),
        "conv2d": (f"nn.Conv2d(1, {k}, 2, bias={bias})", ((m, 1, 3, 3),)),
        "recurrent": (f"nn.GRUCell({n}, {k}, bias={bias})", ((m, n), (m, k))),
        "softmax": ("nn.Softmax(-1)", ((m, n),)),
    }
    source, shapes = kinds[draw(st.sampled_from(sorted(kinds)))]
    module = settled(eval(source, {"nn": nn}), draw(st.integers(0, 99)))
    distinct = domains.DISTINCT  # normalizing equal elements would hide everything
    return ModuleCase(module, draw(st.tuples(*[distinct.array(s) for s in shapes])), source)


@st.composite
def losses(draw: st.DrawFn, *, smooth: bool = False) -> LossCase:
    """Losses of `nn` with a prediction and a target; `smooth`: without kinks."""
    import nn

    box: dict[str, int] = {"min_dims": 1, "max_dims": 2, "min_side": 1}
    both: Callable[..., Any] = lambda p, t: alike(p, t, **box)
    rows, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    scores = arrays((rows, classes), domain=domains.logits())
    labels = hnp.arrays(np.int64, (rows,), elements=st.integers(0, classes - 1), fill=st.nothing())
    odd, real = domains.ODD, domains.REAL
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "MSELoss": both(real, real),
        "BCELoss": both(domains.UNIT, domains.UNIT),
        "BCEWithLogitsLoss": both(real, domains.UNIT),
        "CrossEntropyLoss": st.tuples(scores, labels)
        | st.tuples(scores, arrays((rows, classes), domain=domains.probabilities())),
        "NLLLoss": st.tuples(scores, labels),
        "KLDivLoss": both(real, domains.UNIT),
        "PoissonNLLLoss": both(real, domains.POSITIVE),
        "SoftMarginLoss": both(real, domains.Numbers((1.0, -1.0))),
    }
    if not smooth:  # off the kinks all the same: odd sixteenths less eighths
        kinds |= {
            "L1Loss": both(odd, real),
            "HuberLoss": both(odd, real),
            "SmoothL1Loss": both(odd, real),
            "HingeEmbeddingLoss": both(odd, domains.Numbers((1.0, -1.0))),
        }
    name = draw(st.sampled_from(sorted(kinds)))
    prediction, target = draw(kinds[name])
    reductions = ["mean", "sum", "none"] + (["batchmean"] if name == "KLDivLoss" else [])
    source = f"nn.{name}(reduction={draw(st.sampled_from(reductions))!r})"
    return LossCase(eval(source, {"nn": nn}), prediction, target, source)
