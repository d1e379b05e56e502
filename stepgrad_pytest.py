"""The pytest plugin: quiet, and quick, in a run that checks no gradient.

It is a module by itself because pytest imports it in every run of everybody who has stepgrad
installed: NumPy and autograd are imported when the first gradient is checked.

Fixture `gradcheck`, marker `gradcheck`, options --gradcheck-examples, --gradcheck-seed,
--gradcheck-report, --gradcheck-unverified, a summary of verdict counts, and two hypothesis
profiles: `gradcheck` (pull requests: the same examples every time) and `gradcheck-nightly`
(new examples every time, 2000 of them).  Works without hypothesis; `gradchecked` then says
what to install.  Under pytest-xdist the workers send their counts to the controller.
"""

import json
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

PROFILES = ("gradcheck", "gradcheck-nightly")
TALLY = pytest.StashKey[Any]()
CALLED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The four options."""
    group = parser.getgroup("gradcheck", "gradient checks (stepgrad)")
    group.addoption("--gradcheck-examples", type=int, metavar="N", help="examples of each @gradchecked test")
    group.addoption(
        "--gradcheck-seed", type=int, metavar="N", help="seed of the checks' directions and of hypothesis"
    )
    group.addoption("--gradcheck-report", metavar="FILE.json", help="write every test's verdicts to a file")
    group.addoption(
        "--gradcheck-unverified",
        type=share,
        default=0.2,
        metavar="SHARE",
        help="fail a test when more than this share of its findings is unverified (default 0.2)",
    )


def share(text: str) -> float:
    """A number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(f"{text} is not between 0 and 1")
    return number


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, hand on the options, register a profile that was asked for."""
    config.addinivalue_line(
        "markers",
        "gradcheck(unverified=0.2, **options): a gradient check; options of check_grads for the fixture `gradcheck`",
    )
    config.pluginmanager.register(Summary(config), "gradcheck summary")
    chosen = {name: config.getoption(f"gradcheck_{name}") for name in ("examples", "seed", "unverified")}
    if chosen["examples"] is not None and chosen["examples"] < 1:
        raise pytest.UsageError(f"--gradcheck-examples={chosen['examples']}: at least 1 is needed")
    if chosen != {"examples": None, "seed": None, "unverified": 0.2}:
        from autograd.check import decorator

        for name, value in chosen.items():
            setattr(decorator.OPTIONS, name, value)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    """Before hypothesis reads --hypothesis-profile: register ours if it is one of them."""
    wanted = {f"--hypothesis-profile={name}" for name in PROFILES} | set(PROFILES)
    if wanted & set(args):
        register_profiles()


def register_profiles() -> None:
    """Make the profiles `gradcheck` and `gradcheck-nightly` known to hypothesis."""
    try:
        from hypothesis import HealthCheck, settings
    except ImportError:
        return
    quiet = (HealthCheck.too_slow, HealthCheck.data_too_large)
    common: dict[str, Any] = {"deadline": None, "suppress_health_check": quiet, "print_blob": True}
    settings.register_profile("gradcheck", derandomize=True, database=None, max_examples=100, **common)
    settings.register_profile("gradcheck-nightly", derandomize=False, max_examples=2000, **common)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the options as they were, for another run in this process."""
    from sys import modules

    if (decorator := modules.get("autograd.check.decorator")) is not None:
        decorator.OPTIONS.__init__()


def pytest_itemcollected(item: pytest.Item) -> None:
    """A decorated test and one that uses the fixture carry the marker, so `-m gradcheck` selects them."""
    checks = hasattr(getattr(item, "obj", None), "gradchecked") or uses_fixture(item)
    if checks and item.get_closest_marker("gradcheck") is None:  # one with options stays the closest
        item.add_marker("gradcheck")


def uses_fixture(item: pytest.Item) -> bool:
    """Whether a test asks for the fixture `gradcheck`, itself or by another fixture."""
    return "gradcheck" in getattr(item, "fixturenames", ())


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`check_grads`, with the options of the marker `gradcheck`; its verdicts are counted in the summary.

    A test that asks for it and never calls it fails: it would check nothing.
    """
    from autograd.check import GradientError, check_grads, decorator

    marker = request.node.get_closest_marker("gradcheck")
    marked = {k: v for k, v in (marker.kwargs if marker else {}).items() if k != "unverified"}
    if decorator.OPTIONS.seed is not None:
        marked.setdefault("seed", decorator.OPTIONS.seed)

    def check(f: Callable[..., Any], *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        request.node.stash[CALLED] = True
        wanted = {**marked, **options}
        report = check_grads(f, *args, **{**wanted, "raise_": False})
        decorator.heard(report)
        if report.failures and wanted.get("raise_", True):
            raise GradientError(report)
        return report

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Count the verdicts of a gradient test; fail it if too many say nothing."""
    if item.get_closest_marker("gradcheck") is None and not uses_fixture(item):
        return (yield)
    __tracebackhide__ = True
    from autograd.check import decorator

    marker = item.get_closest_marker("gradcheck")
    limit = decorator.OPTIONS.unverified
    if marker is not None and "unverified" in marker.kwargs:
        limit = share(str(marker.kwargs["unverified"]))
    with decorator.listening(decorator.Tally(item.nodeid)) as tally:
        item.stash[TALLY] = tally
        result = yield
    if tally.examples and not hasattr(
        getattr(item, "obj", None), "gradchecked"
    ):  # that one sees to it itself
        tally.enforce(limit)
    if uses_fixture(item) and not item.stash.get(CALLED, False):
        pytest.fail(
            "the fixture gradcheck was never called: call gradcheck(f, x), or leave it out", pytrace=False
        )
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the counts into the test's report, which xdist sends to the controller."""
    report = yield
    tally = item.stash.get(TALLY, None)
    if call.when == "call" and tally is not None and tally.examples:
        vars(report)["gradcheck"] = tally.to_dict() | {"outcome": report.outcome}
    return report


class Summary:
    """Collects the counts of all tests; on an xdist controller, from its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what makereport put into the report."""
        if (counted := getattr(report, "gradcheck", None)) is not None:
            self.tests[report.nodeid] = counted

    @property
    def counts(self) -> Counter[str]:
        """Findings by verdict, over all tests."""
        total: Counter[str] = Counter()
        for test in self.tests.values():
            total.update(test["counts"])
        return total

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report file, on the controller alone."""
        path = self.config.getoption("gradcheck_report")
        if path is None or hasattr(self.config, "workerinput"):
            return
        from autograd.graph.render import write

        content = {
            "examples": sum(test["examples"] for test in self.tests.values()),
            "counts": dict(sorted(self.counts.items())),
            "unverified limit": self.config.getoption("gradcheck_unverified"),
            "tests": [self.tests[name] for name in sorted(self.tests)],
        }
        try:
            write(Path(path), (json.dumps(content, indent=1) + "\n").encode())
        except OSError as error:
            raise pytest.UsageError(f"--gradcheck-report={path}: {error.strerror or error}") from None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line, and one for each test whose findings are partly unverified."""
        if not self.tests:
            return
        examples = sum(test["examples"] for test in self.tests.values())
        counted = ", ".join(f"{n} {verdict}" for verdict, n in sorted(self.counts.items()))
        terminalreporter.section("gradcheck")
        terminalreporter.line(f"{len(self.tests)} tests, {examples} examples: {counted or 'no findings'}")
        for test in sorted(self.tests.values(), key=lambda t: (-t["unverified"], t["test"])):
            if test["unverified"] > 0.01:
                terminalreporter.line(f"{test['unverified']:6.1%} unverified  {test['test']}")
