"""The pytest plugin, in runs of its own: fixture, marker, options, summary, xdist, profiles."""

import importlib.util
import json
import re

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import numpy as np
import pytest
from autograd import primitive
from autograd.check import gradchecked
from autograd.check.strategies import arrays, domains

planted = primitive(lambda g, out, x: g * x)(np.square)

@gradchecked(x=arrays((2,)), w=arrays((3, 2)))
def test_right(x, w):
    return np.tanh(w @ x)

@gradchecked(x=arrays((2,), domain=domains.NONZERO))
def test_wrong(x):
    return planted(x)

@gradchecked(x=arrays(()))
def test_vacuous(x):
    with np.errstate(all="ignore"):
        return np.log(x)

def test_fixture(gradcheck):
    assert gradcheck(np.sin, np.ones(3)).ok

def test_wrong_fixture(gradcheck):
    gradcheck(planted, np.ones(3))

@pytest.mark.gradcheck(order=2, unverified=1.0)
def test_marked(gradcheck):
    report = gradcheck(np.sin, np.ones(3))
    assert len(report.findings) == 6
    gradcheck(np.sin, np.array([np.nan]))

def test_vacuous_fixture(gradcheck):
    gradcheck(np.sin, np.array([np.nan]))

def test_other():
    pass
"""


@pytest.fixture
def project(pytester):
    pytester.makepyfile(test_gradients=TESTS)
    return pytester


def run(project, *options):
    return project.runpytest_subprocess("-p", "stepgrad_pytest", "-p", "no:cacheprovider", *options)


def test_the_whole(project):
    """Outcomes, summary, report file, seed and number of examples."""
    result = run(
        project,
        "--gradcheck-examples=8",
        "--gradcheck-seed=3",
        "--gradcheck-report=out.json",
        "--strict-markers",
    )
    result.assert_outcomes(passed=4, failed=4)
    out = result.stdout.str()
    assert re.search(r"gradcheck =+\n7 tests, \d+ examples: .*\d+ FAIL, \d+ PASS", out), out
    assert re.search(r"\d+\.\d% unverified  test_gradients.py::test_vacuous", out)
    assert "findings are unverified or undefined, 20% may be" in out
    assert "test_wrong.check(x=np.array([" in out and "smallest example found by hypothesis" in out
    assert (
        ">   def test_wrong(x):\n" in out and "\ntest_gradients.py:14: GradientError" in out
    )  # the user's lines
    written = json.loads((project.path / "out.json").read_text())
    tests = {test["test"].split("::")[1]: test for test in written["tests"]}
    assert list(tests) == sorted(tests) and len(tests) == 7
    assert tests["test_right"]["examples"] == 8 and tests["test_right"]["outcome"] == "passed"
    assert sum(tests["test_right"]["counts"].values()) == 64
    assert tests["test_wrong"]["outcome"] == "failed" and tests["test_wrong"]["failure"]["seed"] == 3
    assert tests["test_marked"]["outcome"] == "passed" and tests["test_marked"]["unverified"] > 0
    assert written["counts"]["PASS"] > 64 and written["unverified limit"] == 0.2


def test_the_same_under_xdist(project):
    if importlib.util.find_spec("xdist") is None:
        pytest.skip("needs pytest-xdist")
    alone = run(project, "--gradcheck-examples=4", "--gradcheck-seed=3", "--gradcheck-report=alone.json")
    shared = run(
        project, "--gradcheck-examples=4", "--gradcheck-seed=3", "--gradcheck-report=shared.json", "-n", "2"
    )
    alone.assert_outcomes(passed=4, failed=4)
    shared.assert_outcomes(passed=4, failed=4)
    assert (project.path / "alone.json").read_text() == (project.path / "shared.json").read_text()
    assert re.search(r"7 tests, \d+ examples", shared.stdout.str())


def test_the_limit(project):
    result = run(project, "--gradcheck-unverified=1", "-k", "vacuous", "--gradcheck-examples=8")
    result.assert_outcomes(passed=2, deselected=6)
    result = run(project, "--gradcheck-unverified=3")
    assert result.ret == pytest.ExitCode.USAGE_ERROR and "--gradcheck-unverified" in result.stderr.str()
    result = run(project, "--gradcheck-examples=0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR and "at least 1" in result.stderr.str()


def test_the_marker_selects(project):
    result = run(project, "-m", "gradcheck", "--collect-only", "-q")
    found = re.findall(r"::(\w+)", result.stdout.str())
    fixture = ["test_fixture", "test_wrong_fixture", "test_marked", "test_vacuous_fixture"]
    assert found == ["test_right", "test_wrong", "test_vacuous", *fixture]


@pytest.mark.parametrize("profile", ["gradcheck", "gradcheck-nightly"])
def test_profiles(pytester, profile):
    pytester.makepyfile(
        f"""
        from hypothesis import settings

        def test_profile():
            s = settings.default
            assert s.deadline is None
            assert s.derandomize == {profile == "gradcheck"} and s.max_examples == {100 if profile == "gradcheck" else 2000}
        """
    )
    run(pytester, f"--hypothesis-profile={profile}").assert_outcomes(passed=1)
    run(pytester, "--hypothesis-profile", profile).assert_outcomes(passed=1)


def test_quiet_unless_used(pytester):
    """No import of NumPy, of autograd, of hypothesis, and not a word."""
    pytester.makepyfile(
        """
        import sys

        def test_nothing(request):
            assert request.config.pluginmanager.hasplugin("stepgrad_pytest")
            assert not {"numpy", "autograd", "hypothesis"} & set(sys.modules)
        """
    )
    result = run(pytester, "-p", "no:hypothesispytest", "-p", "no:cov")
    result.assert_outcomes(passed=1)
    assert "gradcheck" not in result.stdout.str()


def test_pytest_finds_it_by_itself(pytester):
    pytester.makepyfile(test_a="def test_a(gradcheck): assert gradcheck(lambda x: x * x, 2.0).ok")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_fixture_that_is_never_called_is_a_failure(pytester):
    pytester.makepyfile(
        """
        import pytest

        def test_never(gradcheck):
            [gradcheck(f, 2.0) for f in []]

        def test_refused(gradcheck):
            with pytest.raises(TypeError):
                gradcheck(len, "text")
        """
    )
    result = pytester.runpytest_subprocess("-p", "stepgrad_pytest", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test_never*", "*the fixture gradcheck was never called*"])


def test_without_hypothesis(pytester):
    pytester.makeconftest("import sys; sys.modules['hypothesis'] = None")
    pytester.makepyfile(
        """
        import numpy as np
        import pytest

        def test_fixture(gradcheck):
            gradcheck(np.sin, np.ones(2))

        def test_decorator():
            from autograd.check import gradchecked
            with pytest.raises(ImportError, match="pip install"):
                gradchecked(x=1)
        """
    )
    result = run(pytester, "-p", "no:hypothesispytest", "--gradcheck-examples=3")
    result.assert_outcomes(passed=2)


def test_a_report_that_cannot_be_written(project):
    result = run(project, "--gradcheck-report=no/such/out.json", "-k", "test_other")
    assert "no/such/out.json" in result.stdout.str() + result.stderr.str() and result.ret != 0


def test_a_missing_return_is_one_clear_error(pytester):
    pytester.makepyfile(
        """
        from autograd.check import gradchecked
        from autograd.check.strategies import arrays

        @gradchecked(x=arrays((2,)))
        def test_nothing(x):
            x**2
        """
    )
    result = run(pytester)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "the function returned None; is a return missing?" in text
    failure = text.partition("= FAILURES =")[2].partition("= short test summary")[0]
    assert 0 < len(failure.splitlines()) < 20 and "During handling" not in text


def test_the_mark_selects_tests_that_use_the_fixture(pytester):
    """Itself or by another fixture; a mark with options, also of the module, keeps them."""
    pytester.makepyfile(
        test_marks="""
        import numpy as np
        import pytest
        from autograd.check import Verdict

        @pytest.fixture
        def checked(gradcheck):
            return gradcheck

        def test_wrong(gradcheck):
            gradcheck(lambda x: np.sum(x**2), np.ones(1), grad=lambda x: x)

        def test_by_another(checked):
            assert len(checked(np.sin, np.ones(3)).findings) == 3

        def test_other():
            pass

        class TestSecond:
            pytestmark = pytest.mark.gradcheck(order=2)

            def test_options(self, gradcheck):
                assert len(gradcheck(np.sin, np.ones(3)).findings) == 6
        """
    )
    run(pytester, "-m", "gradcheck").assert_outcomes(failed=1, passed=2, deselected=1)
