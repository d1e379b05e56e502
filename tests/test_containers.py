"""Arguments in containers: gradients come back in containers of the same class."""

from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

from autograd import grad, hessian, jvp, value_and_grad
from autograd.containers import leaves_of, rebuilt

Point = namedtuple("Point", ["a", "b"])


class Named(dict):
    """A dict that is made in a way of its own."""

    def __init__(self, name, **items):
        super().__init__(**items)
        self.name = name


TREES = [
    dict(b=2.0, a=3.0),
    OrderedDict(b=2.0, a=3.0),
    defaultdict(float, b=2.0, a=3.0),
    Counter(b=2.0, a=3.0),
    Named("p", b=2.0, a=3.0),
]


@pytest.mark.parametrize("tree", TREES, ids=lambda t: type(t).__name__)
def test_dicts(tree):
    before = dict(tree)
    g = grad(lambda p: p["a"] ** 2 * p["b"])(tree)
    assert type(g) is type(tree) and list(g) == ["b", "a"] and dict(g) == {"b": 9.0, "a": 12.0}
    assert dict(tree) == before
    if isinstance(tree, defaultdict):
        assert g.default_factory is float and value_and_grad(lambda p: p["c"] + p["a"])(tree)[0] == 3.0
    if isinstance(tree, Named):
        assert g.name == "p"
    assert jvp(lambda p: p["a"] * p["b"], (tree,), (g,))[1] == 3.0 * 9.0 + 2.0 * 12.0


def test_tuples_in_dicts_in_lists():
    tree = [Point(1.0, {"x": np.ones(2)}), (2.0, [3.0])]
    leaves = leaves_of(tree)
    again = rebuilt(tree, [10 * x for x in leaves])
    assert type(again[0]) is Point and again[0].a == 10.0 and again[0].b["x"].tolist() == [10.0, 10.0]
    assert again[1] == (20.0, [30.0])
    with pytest.raises(TypeError, match="argument 0 is a defaultdict; one array is needed"):
        hessian(lambda p: p["a"])(defaultdict(float, a=1.0))
