"""stepgrad's engine: reverse-mode automatic differentiation of NumPy code, step by step."""

from autograd.modes import detect_anomaly, enable_grad, is_grad_enabled, no_grad
from autograd.rules import special
from autograd.value import Value

