"""Neural-network modules on top of autograd."""

from nn.micro import MLP, Layer, Neuron
from nn.module import Buffer, Module, Parameter

__all__ = ["MLP", "Buffer", "Layer", "Module", "Neuron", "Parameter"]
