"""What property tests of gradients draw: arrays, layouts, aliases, indices, programs, models.

Numbers are dyadic (k/8, k/16): float16 holds them exactly, ties occur often, and a
counterexample reads well.  Needs hypothesis: pip install "stepgrad[check]".

"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError:
    raise ImportError(
        'autograd.check.strategies needs hypothesis, which is not installed: pip install "stepgrad[check]"'
    ) from None

from autograd.check.strategies import domains
from autograd.check.strategies.arguments import axes, indices
from autograd.check.strategies.arrays import alike, arrays, broadcastable, shapes, values
from autograd.check.strategies.layouts import Aliased, aliased, layouts
from autograd.check.strategies.models import losses, modules
from autograd.check.strategies.programs import Program, programs

__all__ = [
    "Aliased",
    "Program",
    "aliased",
    "alike",
    "arrays",
    "axes",
    "broadcastable",
    "domains",
    "indices",
    "layouts",
    "losses",
    "modules",
    "programs",
    "shapes",
    "values",
]
