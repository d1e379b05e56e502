"""Training: fit, evaluate, predict; History, callbacks and metrics."""

from nn.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    Run,
    StopOnPlateau,
    TerminateOnNaN,
)
from nn.training.history import History
from nn.training.loop import evaluate, fit, predict
from nn.training.metrics import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    Metric,
    R2Score,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from nn.training.nonfinite import NonFiniteError, first_nonfinite

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CSVLogger",
    "Callback",
    "CategoricalAccuracy",
    "EarlyStopping",
    "History",
    "LearningRateScheduler",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "ModelCheckpoint",
    "NonFiniteError",
    "R2Score",
    "Run",
    "SparseCategoricalAccuracy",
    "StopOnPlateau",
    "TerminateOnNaN",
    "TopKCategoricalAccuracy",
    "evaluate",
    "first_nonfinite",
    "fit",
    "predict",
]
