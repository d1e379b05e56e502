"""Optimizers, with PyTorch's names, argument order, defaults and update formulas."""

from optim.adam import Adam
from optim.optimizer import Optimizer
from optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer"]
