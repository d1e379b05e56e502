"""Run one checker over the cases in this environment: JSON on standard output, one row per case.

python worker.py stepgrad|torch|jax|hips [tuning|final|second|third]
"""

import json
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import second
import third
from cases import Case, cases

Verdict = tuple[str, str]  # accepted | rejected | unverified, and why


def stepgrad(case: Case) -> Verdict:
    import numpy as np

    from autograd import primitive
    from autograd.check import check_grads

    f = primitive(lambda g, out, x: g * np.asarray(case.g, case.dtype)[()])(lambda x: case.f(np, x))
    report = check_grads(f, np.dtype(case.dtype).type(case.x), raise_=False, locate=False, name=case.name)
    finding = report.findings[0]
    kind = "rejected" if report.failures else "accepted" if finding.verdict.passed else "unverified"
    return kind, f"{finding.verdict.name} {finding.numeric:.9g} ± {finding.error:.1g} {finding.reason}"


def torch(case: Case) -> Verdict:
    import torch as t

    class Names:
        """NumPy's names in torch."""

        def __getattr__(self, name: str) -> Any:
            return getattr(t, name)

        arccos, arcsin, arctan, arccosh = t.acos, t.asin, t.atan, t.acosh

    class Rule(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return case.f(Names(), x) * t.ones_like(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * case.g

    x = t.tensor(case.x, dtype=getattr(t, case.dtype), requires_grad=True)
    try:
        return ("accepted" if t.autograd.gradcheck(Rule.apply, (x,)) else "rejected"), ""
    except Exception as error:
        return "rejected", f"{type(error).__name__}: {error}"[:200]


def jax(case: Case) -> Verdict:
    import jax as j
    import jax.numpy as jnp
    from jax.test_util import check_grads

    j.config.update("jax_enable_x64", True)

    @j.custom_vjp
    def f(x: Any) -> Any:
        return case.f(jnp, x)

    f.defvjp(lambda x: (f(x), None), lambda _, g: (g * jnp.asarray(case.g, case.dtype),))
    try:
        check_grads(f, (jnp.asarray(case.x, case.dtype),), order=1, modes=["rev"])
        return "accepted", ""
    except Exception as error:
        return "rejected", f"{type(error).__name__}: {error}"[:200]


def hips(case: Case) -> Verdict:
    import autograd.numpy as anp
    import numpy as np
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    f = primitive(lambda x: case.f(np, x))
    defvjp(f, lambda out, x: lambda g: g * np.asarray(case.g, case.dtype)[()])
    del anp
    np.random.seed(0)  # the cotangent and direction it draws
    try:
        check_grads(f, modes=["rev"], order=1)(np.dtype(case.dtype).type(case.x))
        return "accepted", ""
    except Exception as error:
        return "rejected", f"{type(error).__name__}: {error}"[:200]


CHECKERS: dict[str, Callable[[Case], Verdict]] = {
    "stepgrad": stepgrad,
    "torch": torch,
    "jax": jax,
    "hips": hips,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    checker, half = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "tuning"
    import numpy

    rows = []
    with numpy.errstate(all="ignore"):
        sets = {"second": second.cases, "third": third.cases}
        for case in sets.get(half, cases)():
            if case.final == (half == "final"):
                kind, why = CHECKERS[checker](case)
                g = case.g if math.isfinite(case.g) else str(case.g)
                rows.append({"case": case.name, "g": g, "right": case.right, "kind": kind, "why": why})
    print(json.dumps(rows, indent=1))
