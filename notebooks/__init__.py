"""The worked problems, one module each: `python -m notebooks` solves them and makes a page.

To add one: write a module with a `PROBLEM` (see report.Problem) and name it here.
"""

from notebooks import celsius, equations, logistic, mnist, network, parabola, quadratic
from notebooks.report import Problem, Report

PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        parabola.PROBLEM,
        quadratic.PROBLEM,
        celsius.PROBLEM,
        equations.PROBLEM,
        network.PROBLEM,
        mnist.PROBLEM,
        logistic.PROBLEM,
    )
}

__all__ = ["PROBLEMS", "Problem", "Report"]
