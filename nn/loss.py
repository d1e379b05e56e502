"""Loss functions as modules, with torch.nn's names and defaults: `loss(input, target)`.

`reduction` is "mean", "sum" or "none".  What PyTorch puts after its deprecated `size_average`
and `reduce` is given by name.  The formulas, and what is raised, stand with the functions
of the same names in nn.functional.
"""

from collections.abc import Callable
from typing import Any

from nn.functional import loss as F  # noqa: N812 (the field's name for it)
from nn.functional.loss_parts import check_reduction
from nn.module import Buffer, Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]

Array = Any  # a number, an array, or a Value


class _Loss(Module):
    """A loss function with options: `forward(*args)` is `function(*args, **options)`."""

    function: Callable[..., Any]

    def __init__(self, *, reduction: str = "mean", **options: Any) -> None:
        more = ("batchmean",) if self.function is F.kl_div else ()
        check_reduction(type(self).__name__, reduction, *more)
        options["reduction"] = reduction
        for name, value in options.items():
            constant = name in ("weight", "pos_weight") and value is not None
            setattr(self, name, Buffer(value, dtype=float_dtype(value)) if constant else value)
        self._options = tuple(options)

    def forward(self, *args: Array) -> Any:
        return type(self).function(*args, **{name: getattr(self, name) for name in self._options})

    def extra_repr(self) -> str:
        shown = [(name, getattr(self, name)) for name in self._options]
        return ", ".join(f"{name}={x!r}" for name, x in shown if x is not None)


def float_dtype(weight: Array) -> Any:
    """The dtype of `weight` where it is a floating one, else float64."""
    dtype = getattr(weight, "dtype", None)
    return dtype if getattr(dtype, "kind", "") == "f" else float


class L1Loss(_Loss):
    """|input - target|.

    >>> L1Loss()([1.0, 2.0], [0.0, 4.0])
    np.float64(1.5)
    """

    function = staticmethod(F.l1_loss)

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class MSELoss(_Loss):
    """(input - target)**2.

    >>> MSELoss()([1.0, 2.0], [0.0, 4.0])
    np.float64(2.5)
    """

    function = staticmethod(F.mse_loss)

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class HuberLoss(_Loss):
    """d**2 / 2 where |d| <= delta, else delta * (|d| - delta / 2), for d = input - target.

    >>> HuberLoss(delta=1.0)([0.5, 3.0], [0.0, 0.0])
    np.float64(1.3125)
    """

    function = staticmethod(F.huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)


class SmoothL1Loss(_Loss):
    """d**2 / (2 * beta) where |d| < beta, else |d| - beta / 2, for d = input - target.

    >>> SmoothL1Loss(beta=2.0)([1.0, 4.0], [0.0, 0.0])
    np.float64(1.625)
    """

    function = staticmethod(F.smooth_l1_loss)

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction, beta=beta)


class CrossEntropyLoss(_Loss):
    """-log(softmax(input)[target]) for logits and classes, or probabilities; see F.cross_entropy.

    >>> float(CrossEntropyLoss()([[1e4, -1e4]], [1]))
    20000.0
    """

    function = staticmethod(F.cross_entropy)

    def __init__(
        self,
        weight: Array | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            weight=weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )


class NLLLoss(_Loss):
    """-weight[target] * input[target] for log-probabilities and classes.

    >>> NLLLoss()([[-0.5, -1.5], [-2.0, -0.25]], [0, 1])
    np.float64(0.375)
    """

    function = staticmethod(F.nll_loss)

    def __init__(
        self, weight: Array | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(weight=weight, ignore_index=ignore_index, reduction=reduction)


class PoissonNLLLoss(_Loss):
    """exp(x) - t * x: the negative log likelihood of a Poisson count t with log-rate x.

    >>> PoissonNLLLoss()([0.0, 1.0], [1.0, 2.0]).round(4)
    np.float64(0.8591)
    """

    function = staticmethod(F.poisson_nll_loss)

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(log_input=log_input, full=full, eps=eps, reduction=reduction)


class GaussianNLLLoss(_Loss):
    """(log(v) + (input - target)**2 / v) / 2 for v = max(var, eps): `loss(input, target, var)`.

    >>> GaussianNLLLoss()([1.0, 2.0], [0.0, 2.0], [1.0, 1.0])
    np.float64(0.25)
    """

    function = staticmethod(F.gaussian_nll_loss)

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full=full, eps=eps, reduction=reduction)


class KLDivLoss(_Loss):
    """target * (log(target) - input), for log-probabilities `input`; also reduction="batchmean".

    >>> KLDivLoss(reduction="sum")([[-0.7, -0.7]], [[0.5, 0.5]]).round(4)
    np.float64(0.0069)
    """

    function = staticmethod(F.kl_div)

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction, log_target=log_target)


class BCELoss(_Loss):
    """-(t * log(p) + (1 - t) * log(1 - p)) for probabilities p.

    >>> BCELoss()([0.5, 0.5], [1.0, 0.0]).round(4)
    np.float64(0.6931)
    """

    function = staticmethod(F.binary_cross_entropy)

    def __init__(self, weight: Array | None = None, *, reduction: str = "mean") -> None:
        super().__init__(weight=weight, reduction=reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(input), exact for every input.

    >>> BCEWithLogitsLoss()([0.0, 1000.0], [1.0, 1.0]).round(4)
    np.float64(0.3466)
    """

    function = staticmethod(F.binary_cross_entropy_with_logits)

    def __init__(
        self, weight: Array | None = None, *, reduction: str = "mean", pos_weight: Array | None = None
    ) -> None:
        super().__init__(weight=weight, reduction=reduction, pos_weight=pos_weight)


class MultiLabelSoftMarginLoss(_Loss):
    """The mean over classes of BCEWithLogitsLoss.

    >>> MultiLabelSoftMarginLoss()([[0.0, 0.0]], [[1.0, 0.0]]).round(4)
    np.float64(0.6931)
    """

    function = staticmethod(F.multilabel_soft_margin_loss)

    def __init__(self, weight: Array | None = None, *, reduction: str = "mean") -> None:
        super().__init__(weight=weight, reduction=reduction)


class MultiLabelMarginLoss(_Loss):
    """The sum over target classes y and others i of max(0, 1 - x[y] + x[i]), over C.

    >>> MultiLabelMarginLoss()([[0.1, 0.2, 0.4, 0.8]], [[3, 0, -1, 1]]).round(4)
    np.float64(0.85)
    """

    function = staticmethod(F.multilabel_margin_loss)

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class MultiMarginLoss(_Loss):
    """The mean over classes i other than y of weight[y] * max(0, margin - x[y] + x[i])**p (over C).

    >>> MultiMarginLoss()([[0.5, 0.25, 0.0]], [0])
    np.float64(0.4166666666666667)
    """

    function = staticmethod(F.multi_margin_loss)

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Array | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(p=p, margin=margin, weight=weight, reduction=reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-y * x)) for targets y of 1 and -1.

    >>> SoftMarginLoss()([0.0, 1000.0], [1.0, -1.0]).round(4)
    np.float64(500.3466)
    """

    function = staticmethod(F.soft_margin_loss)

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)


class MarginRankingLoss(_Loss):
    """max(0, -y * (x1 - x2) + margin): `loss(input1, input2, target)`.

    >>> MarginRankingLoss(margin=1.0)([2.0, 0.0], [0.0, 1.0], [1, 1])
    np.float64(1.0)
    """

    function = staticmethod(F.margin_ranking_loss)

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)


class HingeEmbeddingLoss(_Loss):
    """x where y is 1, max(0, margin - x) where y is -1.

    >>> HingeEmbeddingLoss()([0.5, 0.25], [1, -1])
    np.float64(0.625)
    """

    function = staticmethod(F.hinge_embedding_loss)

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(x1, x2) where y is 1, max(0, cos(x1, x2) - margin) where y is -1.

    >>> CosineEmbeddingLoss()([[1.0, 0.0]], [[0.0, 2.0]], [1])
    np.float64(1.0)
    """

    function = staticmethod(F.cosine_embedding_loss)

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(margin=margin, reduction=reduction)


class TripletMarginLoss(_Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of the difference.

    >>> TripletMarginLoss()([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 1.0]]).round(4)
    np.float64(5.0)
    """

    function = staticmethod(F.triplet_margin_loss)

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin=margin, p=p, eps=eps, swap=swap, reduction=reduction)


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d a function of one's own.

    >>> TripletMarginWithDistanceLoss()([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 1.0]]).round(4)
    np.float64(5.0)
    """

    function = staticmethod(F.triplet_margin_with_distance_loss)

    def __init__(
        self,
        *,
        distance_function: Callable[[Array, Array], Array] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(distance_function=distance_function, margin=margin, swap=swap, reduction=reduction)


class CTCLoss(_Loss):
    """-log of the probability that some alignment of the inputs spells the targets.

    `loss(log_probs, targets, input_lengths, target_lengths)`.

    >>> CTCLoss()([[[-0.7, -0.7]], [[-0.7, -0.7]]], [[1]], [2], [1]).round(4)
    np.float64(0.3014)
    """

    function = staticmethod(F.ctc_loss)

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(blank=blank, reduction=reduction, zero_infinity=zero_infinity)
