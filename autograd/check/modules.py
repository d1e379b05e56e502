"""Checks of whole things: a module, a loss, an optimizer, a rule of one's own, another library's gradient."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.check.grads import check_grads
from autograd.check.report import GradientError, GradReport, literal
from autograd.check.structure import near
from autograd.check.subject import quietly
from autograd.check.verdict import Finding, Verdict
from autograd.containers import leaves_of
from autograd.value import Value


def check_module(
    module: Any,
    *inputs: Any,
    params: bool = True,
    inputs_too: bool = True,
    train: bool | None = None,
    loss: Callable[..., Any] | None = None,
    seed: int = 0,
    generators: Sequence[np.random.Generator] = (),
    raise_: bool = True,
    **options: Any,
) -> GradReport:
    """Check a module's gradients with respect to its parameters and its floating inputs.

    module: anything callable with `parameters()`; `named_parameters()`, `buffers()`, `modules()`
    and `train(mode)` are used where it has them.  train: the mode to check in (default: as it is).
    loss: applied to the module's output.  Buffers and random generators (those that its modules
    hold, and `generators`) are put back before every call, so running statistics and dropout
    are the same each time.  Everything is restored afterwards.  `options` go to check_grads.
    """
    named = dict(module.named_parameters()) if hasattr(module, "named_parameters") else {}
    values = list(named.values()) or list(module.parameters())
    unnamed = [(v, name) for name, v in named.items() if not v.name]
    parts = list(module.modules()) if hasattr(module, "modules") else [module]
    drawn = [
        *generators,
        *[g for part in parts for g in vars(part).values() if isinstance(g, np.random.Generator)],
    ]
    states = [g.bit_generator.state for g in drawn]
    buffers = list(module.buffers()) if hasattr(module, "buffers") else []
    held = [(b, np.array(b.data)[()], b._number) for b in buffers]
    modes = [(part, part.training) for part in parts if hasattr(part, "training")]

    def restore() -> None:
        for g, state in zip(drawn, states, strict=True):
            g.bit_generator.state = state
        for b, data, number in held:
            b._array, b._number = np.array(data)[()], number

    def f(*args: Any) -> Any:
        restore()
        y = module(*args)
        return y if loss is None else loss(y)

    wrt: list[Any] = [*values] if params else []
    if inputs_too:
        wrt += [i for i, x in enumerate(inputs) if any(is_variable(leaf) for leaf in leaves_of(x))]
    if not wrt:
        raise TypeError(
            "check_module: there is nothing to differentiate; the module has no parameters, no input floats"
        )
    options.setdefault("name", type(module).__name__)
    try:
        for v, name in unnamed:
            v.name = name
        if train is not None:
            module.train(train)
        report = check_grads(f, *inputs, wrt=wrt, seed=seed, raise_=False, **options)
    finally:
        restore()
        for part, mode in modes:
            part.training = mode
        for v, _ in unnamed:
            v.name = None
    report.findings = [
        replace(f, reason=f"{f.reason}; if it is dropout, check it with train=False, or call module.eval()")
        if f.verdict is Verdict.NONDETERMINISTIC
        else f
        for f in report.findings
    ]
    mode = "" if train is None else f", train={train}"
    report.call = f"check_module(module, {', '.join(map(literal, inputs))}{mode}, seed={seed})"
    return concluded(report, raise_)


def check_loss(
    loss: Any,
    pred: Any,
    target: Any,
    *,
    reductions: Sequence[str] = ("mean", "sum", "none"),
    raise_: bool = True,
    seed: int = 0,
    **options: Any,
) -> GradReport:
    """Check a loss with every reduction, and that "sum" and "none" are of one mind.

    loss: a function of (pred, target, reduction=...), or a module with an attribute `reduction`
    (put back afterwards).  A loss that knows no reductions is checked as it is.
    """
    name = options.pop("name", None) or getattr(loss, "__name__", type(loss).__name__)
    findings: list[Finding] = []
    totals: dict[str, float] = {}
    calls = 0
    for reduction in reductions if knows_reduction(loss) else ("",):
        f = reduced(loss, reduction)
        report = check_grads(f, pred, target, wrt=0, seed=seed, raise_=False, name=name, **options)
        label = f"reduction={reduction!r}: " if reduction else ""
        findings += [replace(x, reason=label + x.reason) if x.verdict.failed else x for x in report.findings]
        calls += report.calls
        with quietly():
            y = f(
                *[
                    x.data if isinstance(x, Value) else np.array(x) if is_variable(x) else x
                    for x in (pred, target)
                ]
            )
        totals[reduction] = float(np.sum(y.data if isinstance(y, Value) else y))
    if {"sum", "none"} <= set(totals):
        a, b = totals["sum"], totals["none"]
        if abs(a - b) > 1e-5 * max(abs(a), abs(b)):
            findings.append(
                Finding(Verdict.FAIL, "structure", reason=f"reduction 'sum' gives {a}, 'none' adds up to {b}")
            )
    call = f"check_loss({name}, {literal(pred)}, {literal(target)}, seed={seed})"
    return concluded(GradReport(name, findings, seed, call, calls, bool(options.get("strict"))), raise_)


def knows_reduction(loss: Any) -> bool:
    """Whether a loss has a reduction that can be chosen."""
    if hasattr(loss, "reduction"):
        return True
    try:
        return "reduction" in inspect.signature(loss).parameters
    except (TypeError, ValueError):
        return False


def reduced(loss: Any, reduction: str) -> Callable[..., Any]:
    """The loss with one reduction, as a function of (pred, target)."""
    if not reduction:
        return loss
    if not hasattr(loss, "reduction"):
        return lambda p, t: loss(p, t, reduction=reduction)

    def call(p: Any, t: Any) -> Any:
        before = loss.reduction
        loss.reduction = reduction
        try:
            return loss(p, t)
        finally:
            loss.reduction = before

    return call


def check_optimizer(
    make_opt: Callable[[list[Value]], Any],
    *,
    reference: Callable[..., Any],
    steps: int = 5,
    shapes: Sequence[tuple[int, ...]] = ((), (3,), (2, 3)),
    rtol: float = 1e-12,
    seed: int = 0,
) -> None:
    """Compare an optimizer, step by step, with its formula written out in NumPy.

    make_opt: from a list of Values, an optimizer with step().  reference: called as
    reference(x, g, state, t) for each parameter with its array, its gradient, a dict of its own and
    the number of the step (from 1); returns the new array.  Raises AssertionError naming the
    first step, parameter and element that differ by more than `rtol`, relatively.

    >>> import optim
    >>> check_optimizer(lambda ps: optim.SGD(ps, lr=0.1), reference=lambda x, g, state, t: x - 0.1 * g)
    """
    rng = np.random.default_rng(seed)
    params = [Value(rng.normal(size=shape)) for shape in shapes]
    arrays = [np.array(p.data) for p in params]
    states: list[dict[str, Any]] = [{} for _ in params]
    opt = make_opt(params)
    for t in range(1, steps + 1):
        grads = [np.asarray(rng.normal(size=shape)) for shape in shapes]
        for p, g in zip(params, grads, strict=True):
            p.grad = g.copy()[()]
        opt.step()
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            arrays[i] = np.asarray(reference(arrays[i], g, states[i], t))
            ours = np.asarray(p.data)
            wrong = ~(np.abs(ours - arrays[i]) <= rtol * np.abs(arrays[i]))
            if ours.shape != arrays[i].shape or wrong.any():
                where = np.argwhere(wrong)[0].tolist() if ours.shape == arrays[i].shape else "shape"
                at = tuple(where) if isinstance(where, list) else ()
                raise AssertionError(
                    f"{type(opt).__name__}: step {t}, parameter {i} of shape {shapes[i]}, element {where}: "
                    f"{ours[at]!r}, the reference says {arrays[i][at]!r}"
                )


def check_primitive(
    op: Callable[..., Any], *args: Any, order: int = 2, raise_: bool = True, seed: int = 0, **options: Any
) -> GradReport:
    """Check a rule of one's own (autograd.primitive): its derivatives up to `order`, and its manners.

    On top of check_grads: the recorded result is that of plain arrays, bit for bit, and the rules
    give the same for Values (create_graph) as for arrays.
    """
    report = check_grads(op, *args, order=order, raise_=False, seed=seed, **options)
    tracked = [Value(x) if is_variable(x) else x for x in args]
    reasons = []
    with quietly():
        y, plain = op(*tracked, **options.get("kwargs") or {}), op(*args, **options.get("kwargs") or {})
        if isinstance(y, Value):
            if np.asarray(y.data).tobytes() != np.asarray(plain).tobytes():
                reasons.append("it computes something else for Values than for arrays")
            leaves = [v for v in tracked if isinstance(v, Value)]
            seed_ = np.ones(y.shape, y.dtype)
            from autograd.transforms import gradients

            if not report.failures:
                a = gradients(y, leaves, seed_, retain_graph=True, allow_unused=True)
                b = gradients(y, leaves, seed_, create_graph=True, allow_unused=True)
                pairs = [(g, h.data) for g, h in zip(a, b, strict=True) if g is not None and h is not None]
                if not near([g for g, _ in pairs], [h for _, h in pairs]):
                    reasons.append(
                        "its rules give another gradient for Values (create_graph) than for arrays"
                    )
    findings = [*report.findings, *[Finding(Verdict.FAIL, "structure", reason=r) for r in reasons]]
    call = report.call.replace("check_grads(", "check_primitive(", 1)
    return concluded(GradReport(report.name, findings, seed, call, report.calls, report.strict), raise_)


def check_value_and_grad(call: Callable[..., Any], *args: Any, **options: Any) -> GradReport:
    """Check another library's gradient: `call(*args)` returns (value, gradient or gradients).

    >>> import numpy as np
    >>> check_value_and_grad(lambda x: (np.sum(x**2), 2 * x), np.array([1.0, -3.0])).ok
    True
    """

    def value(*xs: Any, **more: Any) -> Any:
        return call(*xs, **more)[0]

    def gradient(*xs: Any, **more: Any) -> Any:
        return call(*xs, **more)[1]

    options.setdefault("name", getattr(call, "__name__", type(call).__name__))
    return check_grads(value, *args, grad=gradient, **options)


def is_variable(x: Any) -> bool:
    """Whether x is real floating data."""
    return isinstance(x, float) or getattr(getattr(x, "dtype", None), "kind", "") == "f"


def concluded(report: GradReport, raise_: bool) -> GradReport:
    """The report, or GradientError."""
    if raise_ and not report.ok:
        raise GradientError(report)
    return report
