"""`@gradchecked(x=arrays(...), w=...)`: a function becomes a property test of its gradient.

Importing this needs no hypothesis; decorating does.
"""

import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, update_wrapper
from typing import Any

from autograd.check.drawn import on_leaves
from autograd.check.grads import RAISES, check_grads
from autograd.check.options import is_number
from autograd.check.report import GradientError, GradReport, relative
from autograd.check.verdict import Verdict
from autograd.value import Value

__tracebackhide__ = True  # pytest shows the user's lines, not ours
MISSING = 'gradchecked needs hypothesis, which is not installed: pip install "stepgrad[check]"'


# --- what is set for a whole run ------------------------------------------------------------


@dataclass
class Options:
    """Set by the pytest plugin and the command line; an argument of `gradchecked` comes before `unverified`."""

    examples: int | None = None  # None: what the decorator or hypothesis's profile says
    seed: int | None = None
    unverified: float = 0.2


OPTIONS = Options()


@dataclass
class Tally:
    """Verdicts counted over the examples of a test."""

    name: str
    examples: int = 0
    counts: Counter[Verdict] = field(default_factory=Counter)
    worst: float = 0.0  # largest relative error of a gradient that passed
    failure: dict[str, Any] | None = None  # the last one; of a property test, the smallest
    spared: int = 0  # findings that say nothing, and count for nothing
    raises: int = 0  # in so many examples the function raised
    raised: str = ""  # what it raised first

    def add(self, report: GradReport, *, seldom: bool = False) -> None:
        """Count one report; `seldom`: of numbers so large that what is unverified there is not held against it."""
        self.examples += 1
        if seldom:
            self.spared += report.counts[Verdict.UNVERIFIED] + report.counts[Verdict.UNDEFINED]
        self.counts.update({v: n for v, n in report.counts.items() if n})
        if report.findings and (raised := report.findings[0].reason).startswith(RAISES):
            self.raises += 1
            self.raised = self.raised or raised.removeprefix(RAISES)
        if not report.failures:
            self.worst = max(self.worst, largest_error(report))
        else:
            self.failure = report.to_dict()

    @property
    def unverified(self) -> float:
        """The share of findings that say nothing about the gradient; 1 if there are none."""
        total = sum(self.counts.values()) - self.spared
        silent = self.counts[Verdict.UNVERIFIED] + self.counts[Verdict.UNDEFINED] - self.spared
        return silent / total if total else 1.0

    @property
    def always_raises(self) -> bool:
        """Whether the function raised in every example."""
        return 0 < self.examples == self.raises

    def enforce(self, limit: float) -> None:
        """Raise UnverifiedError if more than `limit` of the findings are unverified, or the function always
        raised: that test is vacuous."""
        __tracebackhide__ = True
        if self.always_raises:
            raise UnverifiedError(
                f"{self.name} raised in every one of {self.examples} examples, first {self.raised}; "
                f"mend it, or draw inputs that it takes"
            )
        if self.unverified <= limit:
            return
        total = sum(self.counts.values()) - self.spared
        if not total:
            raise UnverifiedError(
                f"{self.name}: nothing was verified in {self.examples} examples; "
                f"draw arrays that are not empty"
            )
        raise UnverifiedError(
            f"{self.name}: {self.unverified:.0%} of {total} findings are unverified or undefined, "
            f"{limit:.0%} may be; draw inputs where the function has a derivative "
            f"(a narrower domain), or raise the limit (unverified=)"
            + (f"; it raised in {self.raises} examples, first {self.raised}" if self.raises else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the same for the same run."""
        return {
            "test": self.name,
            "examples": self.examples,
            "counts": {v.name: self.counts[v] for v in Verdict if self.counts[v]},
            "unverified": self.unverified,
            "worst": self.worst,
            "failure": self.failure,
        }


class UnverifiedError(AssertionError):
    """Too many findings say nothing about the gradient: the test is vacuous."""


LISTENER: ContextVar[Tally | None] = ContextVar("gradcheck_listener", default=None)


@contextmanager
def listening(tally: Tally) -> Iterator[Tally]:
    """Every report of a property test inside is also counted in `tally`."""
    token = LISTENER.set(tally)
    try:
        yield tally
    finally:
        LISTENER.reset(token)


def heard(report: GradReport, *, seldom: bool = False) -> None:
    """Count a report in the tally that listens, if one does."""
    tally = LISTENER.get()
    if tally is not None:
        tally.add(report, seldom=seldom)


# --- what a report says to hypothesis -------------------------------------------------------


def largest_error(report: GradReport) -> float:
    """The largest relative error of a gradient that passed; 0 if there is none."""
    errors = [relative(f) for f in report.findings if f.verdict is Verdict.PASS]
    return max([e for e in errors if math.isfinite(e)], default=0.0)


def kind_of(report: GradReport) -> tuple[str, ...]:
    """What stays the same while a failure shrinks: verdict, argument, operation; for structure, the reason."""
    bad = max(report.failures, key=relative)
    reason = "".join(c for c in bad.reason if c.isalpha()) if bad.index is None else ""
    return bad.verdict.name, bad.arg, getattr(bad.node, "op", "") or reason


@cache
def error_class(kind: tuple[str, ...]) -> type[GradientError]:
    """A GradientError of its own for each kind of failure.

    hypothesis tells failures apart by their type and place, so it shrinks one kind
    and does not slip into another on the way.
    """
    return type("GradientError", (GradientError,), {"__module__": GradientError.__module__})


# --- one property ---------------------------------------------------------------------------


class Property:
    """A function, what to draw for it, and how to check its gradient there."""

    def __init__(
        self,
        function: Callable[..., Any],
        positional: Sequence[Any],
        named: dict[str, Any],
        unverified: float | None,
        options: dict[str, Any],
    ) -> None:
        self.function, self.positional, self.named, self.options = function, positional, named, options
        self._unverified = unverified
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self.source = f"{self.name}.check({{}})"  # the line that repeats a check, but for the arguments
        self.tally = Tally(self.name)

    @property
    def unverified(self) -> float:
        """The share of findings that may be unverified."""
        return OPTIONS.unverified if self._unverified is None else self._unverified

    def report(
        self, positional: Sequence[Any], named: dict[str, Any], constants: dict[str, Any]
    ) -> GradReport:
        """Check the gradient at these drawn arguments."""
        from autograd.check.strategies.layouts import Operands

        operands = Operands([*positional, *named.values()])
        n = len(operands.makers) - len(named)
        names = self.leaf_names(operands, n)

        def f(**leaves: Any) -> Any:
            given = operands.rebuild([leaves[name] for name in names])
            return self.function(*given[:n], **dict(zip(named, given[n:], strict=True)), **constants)

        update_wrapper(f, self.function)
        options = {"seed": OPTIONS.seed or 0, **self.options}
        chosen: Sequence[Any] = names
        if options.get("wrt") is not None:
            chosen = options["wrt"] = self.chosen(options["wrt"], operands, n, names)
        for key in ("grad", "vjp"):
            if callable(gradient := options.get(key)):
                options[key] = on_leaves(gradient, operands, n, names, list(named), constants, chosen)
        inputs = dict(zip(names, operands.leaves, strict=True))
        report = check_grads(f, kwargs=inputs, raise_=False, name=self.name, **options)
        call = self.repeat(positional, named)
        return GradReport(self.name, report.findings, report.seed, call, report.calls, report.strict)

    def argument_names(self, n: int) -> list[str]:
        """What the drawn arguments are called; `n` are positional."""
        parameters = [p for p in parameters_of(self.function) if p not in self.named]
        return [parameters[i] if i < len(parameters) else f"x{i}" for i in range(n)] + list(self.named)

    def leaf_names(self, operands: Any, n: int) -> list[str]:
        """What each leaf is called: the first argument made from it."""
        found: dict[int, str] = {}
        for (slot, _), name in zip(operands.makers, self.argument_names(n), strict=True):
            if slot >= 0:
                found.setdefault(slot, name)
        return [found[i] for i in range(len(operands.leaves))]

    def chosen(self, wrt: Any, operands: Any, n: int, names: Sequence[str]) -> list[Any]:
        """wrt= by the names of leaves: of a position, the argument there; of an argument, what it is made of."""
        arguments = self.argument_names(n)
        order = arguments if n else parameters_of(self.function)
        found: list[Any] = []
        for key in [wrt] if isinstance(wrt, int | str | Value) else wrt:
            name: Any = order[key] if isinstance(key, int) and 0 <= key < len(order) else key
            slot = operands.makers[arguments.index(name)][0] if name in arguments else -1
            found.append(names[slot] if slot >= 0 else name)
        return found

    def repeat(self, positional: Sequence[Any], named: dict[str, Any]) -> str:
        """The line that checks these arguments again."""
        from autograd.check.strategies.layouts import pasteable

        given = [pasteable(x) for x in positional] + [f"{k}={pasteable(x)}" for k, x in named.items()]
        return self.source.replace("{}", ", ".join(given))

    def check(self, *positional: Any, **named: Any) -> GradReport:
        """Check the gradient at these arguments; raises GradientError if it is wrong."""
        report = self.report(positional, named, {})
        heard(report)
        if report.failures:
            raise GradientError(report)
        return report

    def example(self, positional: Sequence[Any], named: dict[str, Any], constants: dict[str, Any]) -> None:
        """What hypothesis runs for each example."""
        __tracebackhide__ = True
        import hypothesis

        from autograd.check.strategies.domains import SELDOM

        seldom = SELDOM.get()
        SELDOM.set(False)
        report = self.report(positional, named, constants)
        self.tally.add(report, seldom=seldom)
        heard(report, seldom=seldom)
        for verdict in report.counts:
            hypothesis.event(f"gradcheck: {verdict.value}")
        if (error := largest_error(report)) > 0 and not seldom:
            hypothesis.target(math.log10(error), label="log10 of the largest relative error")
        if report.failures:
            report.example = f"smallest example found by hypothesis, in {self.tally.examples} runs"
            raise error_class(kind_of(report))(report)


def set_signature(function: Callable[..., Any], names: Sequence[str]) -> None:
    """Let `function`, which takes anything, say that it takes these arguments."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    vars(function).pop("__wrapped__", None)
    vars(function)["__signature__"] = inspect.Signature([inspect.Parameter(n, kind) for n in names])


def parameters_of(function: Callable[..., Any]) -> list[str]:
    try:
        kinds = inspect.Parameter
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins have no signature
        return []
    return [p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]


# --- the decorator --------------------------------------------------------------------------


def gradchecked(
    *positional: Any,
    examples: int | None = None,
    unverified: float | None = None,
    settings: Any = None,
    **arguments: Any,
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Turn a function into a property test of its gradient, which pytest collects.

    Arguments that are strategies are drawn: by name, or by position, where a strategy of
    tuples (`broadcastable`, `aliased`) stands for several arguments.  Parameters without
    a strategy are pytest fixtures, made once for all examples.  The other arguments:

    examples: how many to draw (else what hypothesis's profile says).
    unverified: the share of findings that may be unverified before the test fails, 0.2.
    settings: hypothesis's, for all else.
    grad, vjp: a gradient by other means, called with the drawn arguments (vjp: with the cotangent in
    front), returning one part for each; of views of one array (`aliased`) the parts are added up.
    wrt: what to differentiate, by name or position.
    order, rtol, kinks, elements, directions, structural, strict, seed, seconds: as for `check_grads`.

    An `@example(x=...)`, above or below, is tried first.  A failure shows the smallest example found and
    a line that repeats it; `test.check(...)` is that line's function, `test.function` the function itself.
    Raises ImportError, with the pip install that mends it, without hypothesis; TypeError or ValueError
    for an argument that makes no sense.
    """
    try:
        import hypothesis
        from hypothesis.strategies import SearchStrategy
    except ImportError:
        raise ImportError(MISSING) from None
    for x in positional:
        if callable(x) and not isinstance(x, SearchStrategy):
            raise TypeError("gradchecked needs strategies: write @gradchecked(x=arrays(...)), with arguments")
    named = {k: s for k, s in arguments.items() if isinstance(s, SearchStrategy)}
    options = {k: v for k, v in arguments.items() if k not in named}
    unknown = sorted(set(options) - set(inspect.signature(check_grads).parameters))
    if unknown:
        raise TypeError(
            f"gradchecked: {unknown[0]}={options[unknown[0]]!r} is neither a strategy nor an option of check_grads"
        )
    if unverified is not None and not (is_number(unverified) and 0 <= unverified <= 1):
        raise ValueError(f"gradchecked: unverified={unverified!r}; expected a share from 0 to 1")
    if not positional and not named:
        raise TypeError(
            "gradchecked: nothing to draw; give a strategy for each argument, e.g. x=arrays((3,))"
        )

    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        check_names(function, len(positional), named)
        tested = Property(function, positional, named, unverified, options)
        drawn: dict[str, Any] = dict(named)
        if positional:
            drawn = {"arguments": hypothesis.strategies.tuples(*positional), **drawn}

        order = [*left_over(function, bool(positional), named), *drawn]

        def example(*args: Any, **given: Any) -> None:
            __tracebackhide__ = True
            given = {**dict(zip(order, args, strict=False)), **given}
            owner = [given.pop("self")] if "self" in given else []
            first = flattened(given.pop("arguments", ()))
            chosen = {k: given.pop(k) for k in named}
            tested.example([*owner, *first], chosen, given)

        update_wrapper(example, function)
        set_signature(example, order)
        if (code := getattr(function, "__code__", None)) is not None:  # what pytest shows of a failure
            place = dict(co_filename=code.co_filename, co_firstlineno=code.co_firstlineno)
            example.__code__ = example.__code__.replace(**place)
        explicit = "hypothesis_explicit_examples"  # one list, for each @example below or above this decorator
        vars(example)[explicit] = (
            list(vars(function).get(explicit, ())) if hasattr(function, "__dict__") else []
        )
        limits: dict[str, Any] = {"deadline": None, "report_multiple_bugs": False}
        checks = (settings or hypothesis.settings()).suppress_health_check
        limits["suppress_health_check"] = {*checks, hypothesis.HealthCheck.function_scoped_fixture}
        if (wanted := OPTIONS.examples or examples) is not None:
            limits["max_examples"] = wanted
        if (
            settings is None
        ):  # explaining an example takes longer than finding it, and says less than the report
            limits["phases"] = [p for p in hypothesis.Phase if p is not hypothesis.Phase.explain]
        test = hypothesis.settings(settings, **limits)(hypothesis.given(**drawn)(example))
        if OPTIONS.seed is not None:
            test = hypothesis.seed(OPTIONS.seed)(test)

        def run(*args: Any, **fixtures: Any) -> None:
            __tracebackhide__ = True
            for name, value in vars(run).items():  # what decorators above this one have set
                if name.startswith("_hypothesis_internal_use"):
                    setattr(test, name, value)
            tested.tally = Tally(tested.name)
            test(*args, **fixtures)
            tested.tally.enforce(tested.unverified)

        update_wrapper(run, test)
        vars(run).update(function=function, check=tested.check, gradchecked=tested)
        return run

    return decorate


def gradcheck_test(function: Callable[..., Any], *strategies: Any, **options: Any) -> Callable[..., None]:
    """`gradchecked(*strategies, **options)(function)`: to make tests from a table of functions."""
    return gradchecked(*strategies, **options)(function)


def check_names(function: Callable[..., Any], positional: int, named: dict[str, Any]) -> None:
    """Raise TypeError for a strategy that no parameter of the function takes."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some builtins have no signature
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    what = getattr(function, "__name__", type(function).__name__)
    for name in named:
        if name not in parameters:
            raise TypeError(
                f"gradchecked: {name}= is no parameter of {what}, which has {', '.join(parameters) or 'none'}; "
                f"name the strategies as the parameters"
            )
    many = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters.values())
    if positional > many and not any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        raise TypeError(
            f"gradchecked: {positional} strategies for {what}, which takes {many} arguments; give one for each"
        )


def left_over(function: Callable[..., Any], positional: bool, named: dict[str, Any]) -> list[str]:
    """The parameters that are not drawn: `self`, and pytest's fixtures."""
    parameters = parameters_of(function)
    if positional:
        return parameters[:1] if parameters[:1] == ["self"] else []
    defaults = inspect.signature(function).parameters if parameters else {}
    return [n for n in parameters if n not in named and defaults[n].default is inspect.Parameter.empty]


def flattened(drawn: Sequence[Any]) -> list[Any]:
    """Positional draws as arguments: a tuple is several, an Aliased stays in one piece."""
    from autograd.check.strategies.layouts import Aliased

    found: list[Any] = []
    for x in drawn:
        found += x if isinstance(x, tuple) and not isinstance(x, Aliased) else [x]
    return found
