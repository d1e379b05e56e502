"""Optimizers, with PyTorch's names, argument order, defaults and update formulas."""
