"""The least that a tape in Python can be: what an eager engine on numbers can hardly be quicker than.

Slots, creation numbers, plain functions as rules, a walk without recursion, as in `autograd`, and
nothing else: no arrays, no checks, no messages, no modes, no names, one graph walked once, Python's
floats (which raise where IEEE has an infinity).  What a step of ours takes beyond it is what those cost.
"""

import math
import operator
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

Rule = Callable[[float, float, float, float], float]  # of the result's gradient, the result, the operands
_next = count(1).__next__
_new = object.__new__


class Value:
    """A number, and how it came to be."""

    __slots__ = ("data", "first", "grad", "number", "rules", "second")
    data: float
    first: Any
    grad: float
    number: int
    rules: Any  # of both operands; None for a leaf
    second: Any

    def __init__(self, data: float) -> None:
        self.data, self.grad, self.number, self.rules = data, 0.0, _next(), None

    def backward(self) -> None:
        """Put the gradient of this number into `.grad` of results, and add it to that of leaves."""
        grads: dict[Value, float] = {self: 1.0}
        heap: list[tuple[int, Value]] = []
        node: Any = self
        while node is not None:
            g = node.grad = grads.pop(node)
            x, y, out, newest = node.first, node.second, node.data, None
            first, second = node.rules
            a = x.data if type(x) is Value else x
            b = y.data if type(y) is Value else y
            if type(x) is Value:
                if x in grads:
                    grads[x] += first(g, out, a, b)
                else:
                    grads[x] = first(g, out, a, b)
                    if x.rules:
                        newest = x
            if type(y) is Value:
                if y in grads:
                    grads[y] += second(g, out, a, b)
                else:
                    grads[y] = second(g, out, a, b)
                    if y.rules:
                        if newest is None:
                            newest = y
                        else:
                            heappush(heap, (-y.number, y))
            if heap:
                if newest is not None:
                    heappush(heap, (-newest.number, newest))
                newest = heappop(heap)[1]
            node = newest
        for leaf, g in grads.items():
            leaf.grad += g


def infix(forward: Callable[[Any, Any], float], *rules: Rule, swap: bool = False) -> Any:
    """The method for an operator; with `swap` where the Value stands on its right."""

    def method(x: Any, y: Any = None) -> Value:
        if swap:
            x, y = y, x
        v = _new(Value)
        v.data = forward(x.data if type(x) is Value else x, y.data if type(y) is Value else y)
        v.number = _next()
        v.first = x
        v.second = y
        v.rules = rules
        return v

    return method


def whole(g: float, out: float, x: float, y: float) -> float:
    return g


def minus(g: float, out: float, x: float, y: float) -> float:
    return -g


def times_second(g: float, out: float, x: float, y: float) -> float:
    return g * y


def times_first(g: float, out: float, x: float, y: float) -> float:
    return g * x


def over_second(g: float, out: float, x: float, y: float) -> float:
    return g / y


def of_divisor(g: float, out: float, x: float, y: float) -> float:
    return -g * out / y


def of_base(g: float, out: float, x: float, y: float) -> float:
    return float(g * y * x ** (y - 1))


def of_exponent(g: float, out: float, x: float, y: float) -> float:
    return g * out * math.log(x)


def of_relu(g: float, out: float, x: float, y: float) -> float:
    return g if x > 0 else 0.0


def of_sigmoid(g: float, out: float, x: float, y: float) -> float:
    return g * out * (1 - out)


OPERATORS: dict[str, tuple[Callable[[Any, Any], Any], Rule, Rule]] = {
    "add": (operator.add, whole, whole),
    "sub": (operator.sub, whole, minus),
    "mul": (operator.mul, times_second, times_first),
    "truediv": (operator.truediv, over_second, of_divisor),
    "pow": (operator.pow, of_base, of_exponent),
}
for _name, _written in OPERATORS.items():
    setattr(Value, f"__{_name}__", infix(*_written))
    setattr(Value, f"__r{_name}__", infix(*_written, swap=True))
_unary: Any = Value
_unary.__neg__ = infix(lambda x, _: -x, minus, minus)
_unary.relu = infix(lambda x, _: x if x > 0 else 0.0, of_relu, of_relu)
_unary.sigmoid = infix(lambda x, _: 1 / (1 + math.exp(-x)), of_sigmoid, of_sigmoid)
