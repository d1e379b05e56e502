"""Neural-network modules on top of autograd."""

from nn.micro import MLP, Layer, Neuron
from nn.module import Module, Parameter

__all__ = ["MLP", "Layer", "Module", "Neuron", "Parameter"]
