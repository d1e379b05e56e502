"""Dropout, Dropout1d, Dropout2d, AlphaDropout: at random in training, the identity in evaluation."""

from collections.abc import Callable
from typing import Any, ClassVar

from nn import functional, init
from nn.module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d"]


class Dropout(Module):
    """Each element 0 with probability p, else divided by 1 - p; in evaluation the input itself.

    rng: a NumPy Generator or a seed, by default the one that nn.manual_seed sets.
    inplace: taken, as PyTorch's, and makes no difference.
    Raises ValueError for p outside [0, 1].  Source: Srivastava et al. (2014), JMLR 15.

    >>> layer = Dropout(0.5, rng=0)
    >>> layer([1.0, 1.0, 1.0, 1.0])
    array([2., 0., 0., 0.])
    >>> layer.eval()([1.0, 1.0, 1.0, 1.0])
    array([1., 1., 1., 1.])
    """

    function: ClassVar[Callable[..., Any]] = staticmethod(functional.dropout)

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Any = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p={p}; a probability between 0 and 1 is needed")
        self.p = p
        self._rng = None if rng is None else init.generator(rng)

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.p, self.training, rng=self._rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Dropout1d(Dropout):
    """Dropout of whole channels of (N, C, L) or (C, L).

    >>> Dropout1d(0.5, rng=0)([[[1.0, 1.0], [1.0, 1.0]]])
    array([[[2., 2.],
            [0., 0.]]])
    """

    function = staticmethod(functional.dropout1d)


class Dropout2d(Dropout):
    """Dropout of whole channels of (N, C, H, W) or (C, H, W).  Source: Tompson et al. (2015).

    >>> Dropout2d(0.5, rng=0)([[[[1.0]], [[1.0]], [[1.0]]]]).ravel()
    array([2., 0., 0.])
    """

    function = staticmethod(functional.dropout2d)


class AlphaDropout(Dropout):
    """Dropout that keeps SELU's mean and variance.  Source: Klambauer et al. (2017), arXiv:1706.02515.

    >>> AlphaDropout(0.5, rng=0)([0.0, 1.0, 2.0]).round(4)
    array([ 0.7792, -0.7792, -0.7792])
    """

    function = staticmethod(functional.alpha_dropout)
