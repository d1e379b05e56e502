"""Runs under HIPS autograd, whose import name is ours: answers requests on its standard input.

A request is one line of JSON: [function, cotangent or null, arrays]; so is the answer:
the value, or the gradients of the arrays.
"""

import json
import sys

import autograd.numpy as np

from autograd import make_vjp

FUNCTIONS = {
    "tile": lambda x: np.tile(x, (2, 1)),
    "tile, right": lambda x: np.tile(x, 2),
    "where": lambda x, y: np.where(np.array([True, False, True]), x, y),
    "norm": lambda x: np.linalg.norm(x, axis=-1, keepdims=True),
    "norm, right": lambda x: np.linalg.norm(x, axis=-1),
    "diag": np.diag,
    "std": lambda x: np.std(x, ddof=1),
    "std, right": lambda x: np.std(x),
}


def answer(name, cotangent, arrays):
    function, arrays = FUNCTIONS[name], [np.array(x, dtype=float) for x in arrays]
    if cotangent is None:
        return np.asarray(function(*arrays)).tolist()
    pull, value = make_vjp(lambda xs: function(*xs))(tuple(arrays))
    return [np.asarray(g).tolist() for g in pull(np.array(cotangent, dtype=float).reshape(np.shape(value)))]


for line in sys.stdin:
    try:
        reply = [True, answer(*json.loads(line))]
    except Exception as error:
        reply = [False, f"{type(error).__name__}: {error}"]
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
