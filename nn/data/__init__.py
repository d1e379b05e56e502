"""Data to learn from: datasets and batches, made-up problems, MNIST and its like."""

from nn.data.dataset import Dataset, TensorDataset
from nn.data.idx import read_idx
from nn.data.labels import one_hot
from nn.data.loader import DataLoader
from nn.data.mnist_files import fashion_mnist, mnist
from nn.data.sklearn_digits import digits
from nn.data.split import train_test_split
from nn.data.synthetic import make_blobs, make_circles, make_moons, make_regression

__all__ = [
    "DataLoader",
    "Dataset",
    "TensorDataset",
    "digits",
    "fashion_mnist",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_regression",
    "mnist",
    "one_hot",
    "read_idx",
    "train_test_split",
]
