"""`python -m autograd.check package.module:function --args "arrays((3, 4)), arrays((4,))"`, or by name:
`--args "x=arrays((3, 4)), w=arrays((4,))"`.

Exit codes: 0 every gradient right; 1 one is wrong, or the function raised; 2 more findings
unverified than --unverified allows; 3 the command could not be run as given.
"""

import argparse
import ast
import contextlib
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

RIGHT, WRONG, UNVERIFIED, USAGE = 0, 1, 2, 3


class UsageError(Exception):
    """The command could not be run as given."""


class Parser(argparse.ArgumentParser):
    """argparse's exit code for usage errors is 2, which here says unverified."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and leave with code 3."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The command line."""
    p = Parser(
        prog="python -m autograd.check",
        description="Check the gradient of a function on examples drawn by hypothesis.",
        epilog="Exit codes: 0 right, 1 wrong, 2 unverified above the limit, 3 usage error.",
    )
    p.add_argument("function", metavar="package.module:function", help="a function of arrays or Values")
    p.add_argument(
        "--args",
        required=True,
        metavar="STRATEGIES",
        help='by position or by name: "arrays((3, 4)), arrays((4,), domain=domains.UNIT)" or "x=arrays((3,))"; '
        "what stays the same by name: axis=0",
    )
    p.add_argument("--examples", type=int, default=100, metavar="N", help="examples to draw (100)")
    p.add_argument("--order", type=int, default=1, metavar="N", help="check derivatives up to this order (1)")
    p.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed draws the same examples (0)"
    )
    p.add_argument(
        "--unverified",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of findings that may be unverified (0.2)",
    )
    for name, called in (("grad", "as the function is"), ("vjp", "with the cotangent in front")):
        p.add_argument(
            f"--{name}", metavar="MODULE:FUNCTION", help=f"a gradient from elsewhere, called {called}"
        )
    p.add_argument("--json", metavar="FILE", help="write the verdicts to a file")
    return p


# --- reading the arguments ------------------------------------------------------------------


def vocabulary() -> dict[str, Any]:
    """The names --args may use: the strategies, and `domains`."""
    from autograd.check import strategies

    return {name: getattr(strategies, name) for name in strategies.__all__ if name[0].islower()}


def evaluated(text: str, names: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments, made of literals and calls of `names`; no other code runs.

    Raises UsageError for anything else, naming it.
    """
    try:
        call = ast.parse(f"given({text.strip()})", mode="eval").body
    except SyntaxError as error:
        raise UsageError(
            f"--args {text!r}: {error.msg}; write e.g. arrays((3, 4)), arrays((4,)) or x=arrays((3,)), w=arrays((3,))"
        ) from None

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Tuple():
                return tuple(value(e) for e in node.elts)
            case ast.List():
                return [value(e) for e in node.elts]
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.Name() if node.id in names:
                return names[node.id]
            case ast.Attribute(value=ast.Name(id="domains")) if not node.attr.startswith("_"):
                try:
                    return getattr(names["domains"], node.attr)
                except AttributeError:
                    pass
            case ast.Call() if all(k.arg for k in node.keywords):
                function, given = value(node.func), [value(a) for a in node.args]
                return function(*given, **{str(k.arg): value(k.value) for k in node.keywords})
        known = ", ".join(sorted(names))
        raise UsageError(f"--args: {ast.unparse(node)!r} is not a strategy; the names are {known}")

    if not isinstance(call, ast.Call) or not all(k.arg for k in call.keywords):
        raise UsageError(
            f"--args {text!r} is no list of strategies; write e.g. arrays((3, 4)), w=arrays((4,))"
        )
    try:
        return [value(a) for a in call.args], {str(k.arg): value(k.value) for k in call.keywords}
    except (TypeError, ValueError) as error:
        raise UsageError(f"--args {text!r}: {error}") from None


def strategies_in(text: str) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """The strategies of --args, by position or by name, and the constants, by name."""
    from hypothesis.strategies import SearchStrategy

    positional, given = evaluated(text, vocabulary())
    if len(positional) == 1 and isinstance(positional[0], tuple):
        positional = list(positional[0])
    for x in positional:
        if not isinstance(x, SearchStrategy):
            raise UsageError(
                f"--args: {x!r} is not a strategy; write e.g. arrays((3, 4)), w=arrays((4,)), "
                f"and what stays the same by name: axis=0"
            )
    named = {k: x for k, x in given.items() if isinstance(x, SearchStrategy)}
    constants = {k: x for k, x in given.items() if k not in named}
    if drawn := [k for k, x in constants.items() if callable(x)]:
        raise UsageError(f"--args: {drawn[0]}= is not a strategy; write e.g. {drawn[0]}=arrays((3, 4))")
    if not positional and not named:
        raise UsageError("--args is empty of strategies; write e.g. arrays((3, 4)), arrays((4,))")
    if positional and named:
        raise UsageError("--args: some strategies are named and some are not; name all of them, or none")
    return positional, named, constants


def fixed(function: Callable[..., Any], constants: dict[str, Any]) -> Callable[..., Any]:
    """`function` with some arguments given by name, whatever else it is called with."""
    if not constants:
        return function

    @wraps(function)
    def with_constants(*args: Any, **named: Any) -> Any:
        return function(*args, **named, **constants)

    with contextlib.suppress(TypeError, ValueError):  # some builtins have no signature
        parameters = inspect.signature(function).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            if unknown := [k for k in constants if k not in parameters]:
                raise UsageError(
                    f"--args: {unknown[0]}= is no parameter of {function.__name__}, which has {', '.join(parameters)}"
                )
            left = [p for k, p in parameters.items() if k not in constants]
            vars(with_constants)["__signature__"] = inspect.Signature(left)
    return with_constants


def function_named(name: str) -> Callable[..., Any]:
    """The function of "package.module:function"; the folder one is in comes first on the path."""
    module_name, colon, path = name.partition(":")
    if not colon or not module_name or not path:
        raise UsageError(f"{name!r} names no function; write package.module:function")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise UsageError(
                f"there is no module {error.name!r} here; run from the folder it is in"
            ) from None
        raise
    for part in path.split("."):
        if not hasattr(found, part):
            raise UsageError(f"module {module_name!r} has no {path!r}")
        found = getattr(found, part)
    found = getattr(found, "function", found) if hasattr(found, "gradchecked") else found
    if not callable(found):
        raise UsageError(f"{name} is a {type(found).__name__}; a function is needed")
    function: Callable[..., Any] = found
    return function


# --- running --------------------------------------------------------------------------------


def source(
    options: argparse.Namespace, elsewhere: Iterable[str], by_name: bool, constants: dict[str, Any]
) -> str:
    """The line that repeats a check, but for the arguments, for which {} stands."""
    imports = ["import numpy as np", "from autograd.check import check_grads"]
    fixed_ = "".join([f", {k}={x!r}" for k, x in constants.items()])
    if constants:
        imports.append("from functools import partial")

    def imported(name: str) -> str:
        module, _, called = name.partition(":")
        imports.append(f"from {module} import {called.partition('.')[0]}")
        return f"partial({called}{fixed_})" if constants else called

    function = imported(options.function)
    order = f", order={options.order}" if options.order > 1 else ""
    gradients = "".join([f", {k}={imported(getattr(options, k))}" for k in elsewhere])
    given = "kwargs=dict({})" if by_name else "{}"
    return f"{'; '.join(imports)}; check_grads({function}, {given}{order}{gradients}, seed={options.seed})"


def run(options: argparse.Namespace) -> tuple[int, str, dict[str, Any]]:
    """Exit code, what to print, and the report."""
    try:
        import hypothesis
    except ImportError:
        raise UsageError(
            'this needs hypothesis, which is not installed: pip install "stepgrad[check]"'
        ) from None
    from autograd.check import GradientError, decorator

    if options.examples < 1 or options.order < 1 or not 0 <= options.unverified <= 1:
        raise UsageError("--examples and --order are at least 1, --unverified is between 0 and 1")
    drawn, named, constants = strategies_in(options.args)
    function = fixed(function_named(options.function), constants)
    quiet = hypothesis.settings(
        database=None, print_blob=False, suppress_health_check=list(hypothesis.HealthCheck)
    )
    try:
        decorator.check_names(function, len(drawn), named)
    except TypeError as error:
        raise UsageError(str(error).replace("gradchecked:", "--args:")) from None
    if named and (missing := decorator.left_over(function, False, named)):
        raise UsageError(
            f"--args: {function.__name__} needs {missing[0]} too; draw it, {missing[0]}=arrays((3,)), or give it: "
            f"{missing[0]}=0"
        )
    elsewhere = {
        k: fixed(function_named(g), constants)
        for k in ("grad", "vjp")
        if (g := getattr(options, k)) is not None
    }
    if len(elsewhere) > 1 or (elsewhere and options.order > 1):
        raise UsageError("--grad, --vjp and --order above 1 exclude each other; give one of them")
    test = decorator.gradchecked(
        *drawn,
        examples=options.examples,
        unverified=options.unverified,
        settings=quiet,
        order=options.order,
        seed=options.seed,
        **elsewhere,
        **named,
    )(function)
    test = hypothesis.seed(options.seed)(test)
    tested: decorator.Property = vars(test)["gradchecked"]
    tested.source = source(options, elsewhere, bool(named), constants)
    code, text = RIGHT, ""
    try:
        test()
    except hypothesis.errors.Unsatisfiable as error:
        code, text = UNVERIFIED, f"nothing could be drawn: {error}; let --args filter less"
    except decorator.UnverifiedError as error:
        code, text = WRONG if tested.tally.always_raises else UNVERIFIED, str(error)
    except (Exception, SystemExit) as error:  # sys.exit(0) in f is no success
        wrong = isinstance(error, GradientError)
        code, text = (
            WRONG,
            str(error) if wrong else f"{options.function} raised {type(error).__name__}: {error}",
        )
    result = tested.tally.to_dict() | {"exit code": code, "message": text}
    return code, text, result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        code, text, result = run(options)
        if options.json is not None:
            from autograd.graph.render import write

            write(Path(options.json), (json.dumps(result, indent=1) + "\n").encode())
    except (UsageError, ImportError, OSError) as error:
        sys.stderr.write(f"python -m autograd.check: {error}\n")
        return USAGE
    counted = ", ".join(f"{n} {verdict}" for verdict, n in result["counts"].items()) or "no findings"
    sys.stdout.write(f"{text}\n" if text else "")
    sys.stdout.write(f"{options.function}: {result['examples']} examples: {counted}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
