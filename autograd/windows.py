"""Sliding windows: what convolution and pooling are made of, for arrays and Values."""

from autograd.rules.windows import correlate, correlate_transpose, fold, max_pool, sum_pool, windows

__all__ = ["correlate", "correlate_transpose", "fold", "max_pool", "sum_pool", "windows"]
