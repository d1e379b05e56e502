"""The MNIST problems run without MNIST: on scikit-learn's digits, and they say so."""

import re

import pytest

from notebooks import PROBLEMS, Report


@pytest.mark.parametrize(("name", "least"), [("mnist", 0.9), ("logistic", 0.9)])
def test_a_problem_learns_the_bundled_digits(name, least, monkeypatch):
    monkeypatch.delenv("STEPGRAD_DATA", raising=False)
    report = Report(PROBLEMS[name])
    PROBLEMS[name].solve(report)
    text = " ".join(
        " ".join(map(str, vars(row).values() if hasattr(row, "__dict__") else row)) for row in report.rows
    )
    assert "NOT MNIST" in text
    shares = [float(x) for x in re.findall(r"\b0\.\d{4}\b", text)]
    assert max(shares) >= least
    assert any(picture.is_graph for picture in report.pictures)
    assert any(not picture.is_graph for picture in report.pictures)
