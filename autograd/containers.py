"""Trees: numbers and arrays in (nested) tuples, lists and dicts, as arguments of functions."""

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

Tree = Any  # a number, an array, a Value, or a tuple, list or dict of trees
CONTAINERS = (dict, tuple, list)


def leaves_of(tree: Tree) -> list[Any]:
    """The numbers and arrays in a tree, in order."""
    if isinstance(tree, dict):
        return [leaf for branch in tree.values() for leaf in leaves_of(branch)]
    if isinstance(tree, tuple | list):
        return [leaf for branch in tree for leaf in leaves_of(branch)]
    return [tree]


def rebuilt(tree: Tree, leaves: Sequence[Any]) -> Tree:
    """`tree` with other leaves in the same places."""
    return built(tree, iter(leaves))


def built(tree: Tree, rest: Iterator[Any]) -> Tree:
    """`tree` with the next of `rest` as its leaves."""
    if type(tree) is dict:
        return {key: built(branch, rest) for key, branch in tree.items()}
    if isinstance(tree, dict):  # a defaultdict keeps its factory, a class of one's own its attributes
        other = copy(tree)
        for key, branch in tree.items():
            other[key] = built(branch, rest)
        return other
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[built(branch, rest) for branch in tree])
    if isinstance(tree, tuple | list):
        return type(tree)([built(branch, rest) for branch in tree])
    return next(rest)


def matched(tree: Tree, other: Tree) -> list[Any]:
    """The leaves of `other` in the order of `tree`, by key; ValueError where the two are not alike."""
    if isinstance(tree, dict):
        if not isinstance(other, dict) or set(other) != set(tree):
            given = sorted(map(str, other)) if isinstance(other, dict) else type(other).__name__
            raise ValueError(f"expected a dict with the keys {sorted(map(str, tree))}, got {given}")
        return [leaf for key in tree for leaf in matched(tree[key], other[key])]
    if isinstance(tree, tuple | list):
        if not isinstance(other, tuple | list) or len(other) != len(tree):
            raise ValueError(f"expected a {type(tree).__name__} of {len(tree)}, got {type(other).__name__}")
        return [leaf for t, o in zip(tree, other, strict=True) for leaf in matched(t, o)]
    return [other]
