"""The worked problems, one module each, in the order in which they build on each other.

`python -m notebooks` solves them and makes a page; `python -m notebooks --ipynb` makes each a Jupyter notebook.
To add one: write a module with a `PROBLEM` (see report.Problem) in jupytext's percent format, and name it here.
"""

from notebooks import beyond, celsius, equations, logistic, mnist, network, parabola, quadratic
from notebooks.report import Problem, Report

PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        parabola.PROBLEM,
        celsius.PROBLEM,
        equations.PROBLEM,
        quadratic.PROBLEM,
        network.PROBLEM,
        mnist.PROBLEM,
        logistic.PROBLEM,
        beyond.PROBLEM,
    )
}

__all__ = ["PROBLEMS", "Problem", "Report"]
