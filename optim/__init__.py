"""Optimizers, schedules and clipping, with PyTorch's names, argument order, defaults and formulas."""

from typing import TYPE_CHECKING, NoReturn

from autograd.foreign import missing as _missing
from optim import lr_scheduler
from optim.adadelta import Adadelta
from optim.adafactor import Adafactor
from optim.adagrad import Adagrad
from optim.adam import Adam, AdamW
from optim.adamax import Adamax
from optim.asgd import ASGD
from optim.averaging import AveragedModel, get_ema_avg_fn, get_swa_avg_fn, update_bn
from optim.clip import clip_grad_norm_, clip_grad_value_
from optim.ftrl import Ftrl
from optim.lamb import Lamb
from optim.lbfgs import LBFGS
from optim.lion import Lion
from optim.minimize import Minimum, minimize, scipy_least_squares, scipy_minimize
from optim.muon import Muon
from optim.nadam import NAdam
from optim.optimizer import Optimizer
from optim.radam import RAdam
from optim.rmsprop import RMSprop
from optim.rprop import Rprop
from optim.sgd import SGD

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AveragedModel",
    "Ftrl",
    "Lamb",
    "Lion",
    "Minimum",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_ema_avg_fn",
    "get_swa_avg_fn",
    "lr_scheduler",
    "minimize",
    "scipy_least_squares",
    "scipy_minimize",
    "update_bn",
]


_ELSEWHERE = {
    "swa_utils": "write optim.AveragedModel, optim.update_bn and optim.lr_scheduler.SWALR",
    "schedules": "write optim.lr_scheduler",
    "SparseAdam": "write optim.Adam",
    "clip_by_norm": "write optim.clip_grad_norm_",
}


if not TYPE_CHECKING:  # a type checker refuses other names by itself

    def __getattr__(name: str) -> NoReturn:
        """Says what is written for a name that is not here."""
        raise _missing("optim", name, _ELSEWHERE, __all__, {"optim.lr_scheduler": lr_scheduler.__all__})
