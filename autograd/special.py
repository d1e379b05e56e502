"""Functions of machine learning that NumPy has not, for arrays and Values: softmax, sigmoid, logsumexp ..."""

from autograd.rules.special import (
    log_sigmoid,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
    xlogy,
)

__all__ = [
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "xlogy",
]
