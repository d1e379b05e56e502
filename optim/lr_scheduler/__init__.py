"""Learning rates that change on the way, with PyTorch's names, and Keras's where it has others.

>>> from autograd import Value
>>> from optim.sgd import SGD
>>> x = Value(1.0)
>>> x.backward()
>>> optimizer = SGD([x], lr=0.8)
>>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(4):
...     print(scheduler.get_last_lr())
...     optimizer.step()
...     scheduler.step()
[0.8]
[0.8]
[0.4]
[0.4]
"""

from optim.lr_scheduler.base import LRScheduler
from optim.lr_scheduler.combine import ChainedScheduler, SequentialLR
from optim.lr_scheduler.cyclic import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    OneCycleLR,
    WarmupCosine,
)
from optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    InverseTimeDecay,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialDecay,
    PolynomialLR,
    StepLR,
)
from optim.lr_scheduler.plateau import ReduceLROnPlateau
from optim.lr_scheduler.swa import SWALR

__all__ = [
    "SWALR",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "InverseTimeDecay",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialDecay",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "WarmupCosine",
]
