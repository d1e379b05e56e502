"""scikit-learn's handwritten digits: small, and there without a network."""

import importlib
from typing import Any

import numpy as np

from nn.data.split import train_test_split


def digits(test_size: float | int = 297, seed: int = 0) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """1,797 digits of 8 x 8 pixels: ((x_train, y_train), (x_test, y_test)), as `mnist` returns them.

    x is uint8 (n, 8, 8), 0 (paper) to 16 (ink); y is int64, 0 to 9.  The split has each digit
    in proportion.  The pictures come with scikit-learn (the test part of the UCI data set
    "Optical Recognition of Handwritten Digits", 1998); nothing is fetched.

    Raises ImportError if scikit-learn is not installed.
    """
    try:
        datasets = importlib.import_module("sklearn.datasets")
    except ImportError:
        raise ImportError("digits: needs scikit-learn: pip install scikit-learn") from None
    images, labels = datasets.load_digits(return_X_y=True)
    x = images.astype(np.uint8).reshape(-1, 8, 8)
    y = labels.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=test_size, seed=seed, stratify=y)
    return (x_train, y_train), (x_test, y_test)
