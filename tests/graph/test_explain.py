"""The chain rule that explain() writes is that of the graph: its numbers, its formulas, its words."""

import math
import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import nn
from autograd import Value, checkpoint, no_grad, primitive
from autograd.graph import Explanation, explain
from autograd.graph.formulas import LOCAL, VJP, formula, in_latex, typeset
from autograd.graph.names import latex, local_names
from autograd.rules.table import FUNCTIONS, UFUNCS
from optim import SGD
from tests.graph.test_record import BINARY, UNARY, instruction, program, same_bits


def network():
    """The 2-2-1 network with all weights 1 and biases 0, for x = (-2, -1) and y = 1."""
    p = {
        name: Value(float(name[0] == "w"), name=name)
        for name in ("w1", "w2", "b1", "w3", "w4", "b2", "w5", "w6", "b3")
    }
    h1 = (p["w1"] * -2.0 + p["w2"] * -1.0 + p["b1"]).sigmoid()
    h2 = (p["w3"] * -2.0 + p["w4"] * -1.0 + p["b2"]).sigmoid()
    o1 = (p["w5"] * h1 + p["w6"] * h2 + p["b3"]).sigmoid()
    L = (1 - o1) ** 2  # noqa: N806
    for name, v in {"h1": h1, "h2": h2, "o1": o1, "L": L}.items():
        v.name = name
    return L, p


EXPECTED = """\
L = (1 − o1)²
o1 = sigmoid(w5·h1 + w6·h2 + b3)
h1 = sigmoid(w1·(−2) + w2·(−1) + b1)

∂L/∂w1 = ∂L/∂o1 · ∂o1/∂h1 · ∂h1/∂w1
       ≈ −0.95261 · 0.249439 · −0.0903533
∂L/∂w1 = {w1}

∂L/∂o1 = −2·(1 − o1) ≈ −0.95261
∂o1/∂h1 = o1·(1 − o1)·w5 ≈ 0.249439
∂h1/∂w1 = h1·(1 − h1)·(−2) ≈ −0.0903533

This is what backward() gives, to the last bit.
`.grad` holds the same."""


def test_the_network_as_on_paper():
    loss, p = network()
    loss.backward()
    explanation = explain(loss, p["w1"])
    assert explanation.text == repr(explanation) == EXPECTED.format(w1=p["w1"].grad.item())
    assert explanation.derivations[0].total == p["w1"].grad
    assert [f.by for f in explanation.derivations[0].paths[0].factors] == ["o1", "h1", "w1"]


def test_latex_and_markdown_of_the_network():
    loss, p = network()
    explanation = explain(loss, p["w1"])
    for line in (
        r"} &= \frac{\partial L}{\partial o_{1}} \cdot \frac{\partial o_{1}}{\partial h_{1}} \cdot \frac{",
        r"&\approx \left(-0.95261\right) \cdot 0.249439 \cdot \left(-0.0903533\right) \\",
        r"L &= {\left(1 - o_{1}\right)}^{2} \\",
        r"\frac{\partial o_{1}}{\partial h_{1}} &= o_{1} \cdot \left(1 - o_{1}\right) \cdot w_{5} \approx 0.249439 \\",
    ):
        assert line in explanation.latex
    assert explanation.latex.count("{") == explanation.latex.count("}")
    assert explanation.latex.count(r"\left") == explanation.latex.count(r"\right")
    assert (
        explanation.markdown.startswith("$$\n\\begin{aligned}")
        and "backward() has not run" in explanation.markdown
    )
    assert explanation._repr_mimebundle_() == {
        "text/markdown": explanation.markdown,
        "text/plain": explanation.text,
    }


def test_every_parameter_of_the_network_is_its_grad_to_the_bit():
    loss, p = network()
    explanation = explain(loss, p)  # a dict will do
    loss.backward(retain_graph=True)
    retained, again = explain(loss, p.values()), explain(loss, list(p.values()))
    for d, e, x in zip(explanation.derivations, retained.derivations, p.values(), strict=True):
        assert same_bits(d.total, x.grad) and same_bits(d.paths[0].value, x.grad)
        assert "to the last bit" in d.remarks[0] and e.remarks[-1] == "`.grad` holds the same."
    assert retained.text == again.text  # nothing was spent


def test_two_paths_add_up():
    x = Value(0.5, name="x")
    a, b = x * 3, np.sin(x)
    y = a * b
    for name, v in {"a": a, "b": b, "y": y}.items():
        v.name = name
    y.backward()
    d = explain(y, x).derivations[0]
    assert [[f.by for f in p.factors] for p in d.paths] == [["b", "x"], ["a", "x"]]
    assert same_bits(d.paths[0].value + d.paths[1].value, x.grad)
    text = explain(y, x).text
    assert "= ∂y/∂b · ∂b/∂x\n      + ∂y/∂a · ∂a/∂x" in text
    assert f"≈ {1.5 * math.cos(0.5):.6g} + {3 * math.sin(0.5):.6g}\n" in text


def test_what_enters_directly_is_told_from_the_whole():
    w = Value(0.5, name="w")
    h = w * 3.0
    explanation = explain(h * h + w, w, names={"h": h})
    assert "∂L/∂w = ∂L/∂w (direct)\n      + ∂L/∂h · ∂h/∂w\n" in explanation.text
    assert r"\left. \frac{\partial L}{\partial w} \right|_{\text{direct}}" in explanation.latex


def test_a_square_written_as_a_product_has_one_factor_of_two_terms():
    x = Value(3.0, name="x")
    assert "∂L/∂x = x + x = 6" in explain(x * x, x).text


def test_rounding_is_stated_where_the_order_differs():
    x = Value(0.7, name="x")
    a = x * x
    b = a / 3 + x / 7
    d = explain(a * b, x, names="locals").derivations[0]
    total = d.paths[0].value + d.paths[1].value + d.paths[2].value
    (a * b).backward()
    assert d.total == x.grad != total
    assert (
        f"Summed path by path: {total!r}. backward() gives {d.total!r}, 1 unit in the last place away"
        in d.remarks[0]
    )


@settings(max_examples=60)
@given(
    st.lists(st.integers(-24, 24).map(lambda k: k / 8 + 1 / 16), min_size=1, max_size=3),
    st.lists(instruction, min_size=1, max_size=9),
    st.integers(1, 40),
)
def test_any_scalar_program(numbers, instructions, max_paths):
    leaves = [Value(x) for x in numbers]
    with np.errstate(all="ignore"):
        loss = program(leaves, instructions)
        explanation = explain(loss, leaves, max_paths=max_paths)
        loss.backward()
        for d, x in zip(explanation.derivations, leaves, strict=True):
            assert same_bits(d.total, 0.0 if x.grad is None else x.grad)
            if d.paths:
                assert len(d.paths) <= max_paths
                total = sum(p.value for p in d.paths)
                size = sum(abs(p.value) for p in d.paths)
                if math.isfinite(size):
                    assert abs(total - d.total) <= 1e-12 * size
                for p in d.paths:
                    product = math.prod(f.value for f in p.factors)
                    if math.isfinite(product) and abs(product) > 1e-290:
                        assert product == pytest.approx(p.value, rel=1e-12)
            elif x.grad is not None and d.rows:
                assert same_bits(d.rows[-1].gradient, x.grad)
        assert explanation.text and explanation.latex and explanation.markdown
        assert explanation.latex.count("{") == explanation.latex.count("}")


# --- states of a graph ------------------------------------------------------------------------


def test_before_and_after_and_spent():
    x = Value(2.0, name="x")
    y = x * x
    before = explain(y, x)
    y.backward()
    spent = explain(y, x)
    assert before.derivations[0].paths == spent.derivations[0].paths
    y = x * 3
    y.backward()
    assert "`.grad` holds 7.0: that of other passes, or of several together." in explain(y, x).text


def test_what_cannot_be_explained_is_said():
    x = Value(2.0, name="x")
    y = x * x
    y.backward(release=True)
    with pytest.raises(RuntimeError, match=r"released: what multiply was made of was forgotten"):
        explain(y, x)
    y = x * x
    SGD([x], lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"x was changed in place after multiply read it \(an optimizer's"):
        explain(y, x)
    y = x * x
    z = y * 2
    with no_grad():
        y -= 1
    with pytest.raises(RuntimeError, match="multiply was changed in place"):
        explain(z, x)
    with pytest.raises(RuntimeError, match="no graph, it was made by hand"):
        explain(x, x)
    with pytest.raises(RuntimeError, match="made from constants"):
        explain(Value(1.0, requires_grad=False) * 2, x)


def test_no_path_means_zero():
    x, q = Value(2.0, name="x"), Value(1.0, name="q")
    explanation = explain(x * x, [q, x])
    assert explanation.derivations[0].total == 0.0
    assert explanation.text.startswith("∂L/∂q = 0.0\n\nNo path leads from L to q: the derivative is 0.")


def test_results_on_the_way_and_the_loss_itself():
    loss, _ = network()
    h1 = loss.inputs[0].inputs[1].inputs[0].inputs[0].inputs[0].inputs[1]
    assert h1.name == "h1"
    loss.backward()
    assert explain(loss, h1).derivations[0].total == h1.grad
    assert explain(loss, loss).derivations[0].total == 1.0


def test_gradients_of_gradients():
    x = Value(0.5, name="x")
    y = x**3
    y.backward(create_graph=True)
    assert explain(x.grad, x).derivations[0].total == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("loss", "wrt", "error", "words"),
    [
        (3.0, Value(1.0), TypeError, "got float"),
        (Value(1.0) * 2, 3.0, TypeError, "wrt is a float"),
        (Value(1.0) * 2, [1.0], TypeError, "wrt holds a float"),
        (Value(1.0) * 2, [], ValueError, "wrt is empty"),
        (Value([1.0, 2.0]) * 2, Value(1.0), ValueError, r"shape \(2,\)"),
    ],
)
def test_bad_input(loss, wrt, error, words):
    with pytest.raises(error, match=words):
        explain(loss, wrt)


def test_a_wrong_names_is_named():
    with pytest.raises(ValueError, match="names='globals'"):
        explain(Value(1.0) * 2, Value(1.0), names="globals")


# --- arrays and large graphs ------------------------------------------------------------------


def test_arrays_are_told_by_shape_norm_and_rule():
    w = Value(np.arange(6.0).reshape(2, 3) / 7, name="W")
    y = np.tanh(np.ones((4, 2)) @ w)
    y.name = "y"
    loss = np.mean((y - 1) ** 2)
    loss.backward()
    explanation = explain(loss, w)
    d = explanation.derivations[0]
    assert d.total.norm == pytest.approx(np.linalg.norm(w.grad))
    assert [r.symbol for r in d.rows] == ["L", "h3", "h2", "y", "h1", "W"]
    assert [r.terms[0].text for r in d.rows[1:]] == [
        "∂L/∂L / n, repeated over what was averaged",
        "∂L/∂h3·2·h2",
        "∂L/∂h2",
        "∂L/∂y·(1 − y²)",
        "c1ᵀ @ ∂L/∂h1",
    ]
    assert (
        "∂L/∂W = ∂L/∂y · ∂y/∂W\n" in explanation.text
        and "Jacobian, which is never formed" in explanation.text
    )
    assert (
        "(2, 3) norm" in explanation.text and r"\text{an array of shape (2, 3), norm }" in explanation.latex
    )
    assert "| `∂L/∂W` | (2, 3) norm" in explanation.markdown


def test_many_contributions_to_one_array_are_counted():
    w = Value([1.0, 2.0], name="w")
    loss = w.sum()
    for n in range(2, 8):
        loss = loss + (w * float(n)).sum()
    explanation = explain(loss, w)
    (row,) = [r for r in explanation.derivations[0].rows if r.symbol == "w"]
    assert len(row.terms) == 7
    line = next(
        line for line in explanation.text.splitlines() if line.lstrip().startswith("∂L/∂w") and "..." in line
    )
    assert "... 4 more" in line
    assert row.gradient.mean == 28.0


def test_nodes_left_out_are_said_in_a_notebook_too():
    x = Value(1.0, name="x")
    y = x
    for _ in range(60):
        y = y + y * 0.5
    assert "111 more nodes" in explain(y, x, max_rows=10).markdown


def test_many_routes_between_two_names_are_a_number():
    h = x = Value(0.5, name="x")
    for _ in range(3):  # 8 routes
        h = np.sin(h) + np.cos(h)
    h.name = "h"
    factor = explain(h * 2.0, x).derivations[0].factors[-1]
    h.backward()
    assert (factor.of, factor.by, factor.text, factor.latex) == ("h", "x", "", "")
    assert factor.value == x.grad


def test_an_operation_of_many_operands_is_shortened():
    x = [Value(float(i), name=f"x{i}") for i in range(7)]
    total = np.concatenate([v.reshape(1) for v in x]).sum()
    assert "concatenate(" in (text := explain(total, x[0]).text) and ", ...)" in text


def test_an_operand_without_a_rule_is_named():
    weighted = primitive(lambda g, out, x, w: g * w, None, name="weighted")(lambda x, w: x * w)
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    with pytest.raises(TypeError, match="weighted has no gradient with respect to operand 1"):
        explain(weighted(x, w), x)


def test_a_network_of_modules():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    loss = nn.functional.mse_loss(model(np.ones((5, 3))), np.zeros((5, 2)))
    loss.backward()
    d = explain(loss, model[0].bias, names=dict(model.named_parameters())).derivations[0]
    assert d.symbol == "0.bias" and d.total.norm == pytest.approx(np.linalg.norm(model[0].bias.grad))
    assert "summed back to the shape of 0.bias" in d.rows[-1].terms[0].text or d.rows[-1].terms


def test_many_paths_are_summed_by_node():
    x = Value(1.0, name="x")
    y = x
    for _ in range(60):
        y = y + y * 0.5
    d = explain(y, x, max_rows=10).derivations[0]
    y.backward()
    assert not d.paths and same_bits(d.total, x.grad) and len(d.rows) == 10 and d.skipped == 111
    assert "More than 1e+15 paths lead from L to x: the sums are made node by node" in d.remarks[0]
    assert "... 111 more nodes; explain(..., max_rows=121) shows them" in explain(y, x, max_rows=10).text


def test_a_long_chain():
    x = Value(1.0, name="x")
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    text = explain(y, x).text
    assert "One path of 20,000 factors leads" in text and len(text) < 5000
    middle = y
    middle.name = "end"
    d = explain(middle * 2, x).derivations[0]  # a name far away: its factor is a number, not a formula
    assert [f.text for f in d.factors] == ["2", ""] and d.paths[0].value == pytest.approx(2 * 1.0001**20_000)


def test_checkpoints_and_joined_values():
    x = Value(0.5, name="x")
    inner = checkpoint(lambda v: np.exp(np.sin(v)))(x)
    loss = np.stack([inner, x, x * 2]).sum()
    loss.backward()
    assert explain(loss, x).derivations[0].total == x.grad


# --- names ------------------------------------------------------------------------------------


def test_names_from_variables():
    w, x = Value(2.0), Value(3.0)
    layers = [Value(1.0), {"deep": Value(0.5)}]
    h = w * x
    out = h + layers[0]
    head = explain(out, layers[0], names="locals").text.splitlines()[0]
    assert head == "out = h + layers[0]"
    assert explain(out, w, names=locals()).text.splitlines()[-1].startswith("There is no")
    assert explain(out, w, names={"weight": w}).derivations[0].symbol == "weight"
    assert explain(out, w).text.splitlines()[0] == "L = h1 + x3"
    options = {"rate": w, 3: x}
    assert explain(w * x, w, names={"options": options}).text.splitlines()[0] == "L = rate·options[3]"
    _private = w
    assert set(local_names({"_private": w, "pair": (w, x), "net": nn.Linear(1, 1)}).values()) == {
        "pair[0]",
        "pair[1]",
        "net.weight",
        "net.bias",
    }


def test_names_that_come_twice_get_numbers():
    a, b = Value(1.0, name="w"), Value(2.0, name="w")
    assert [d.symbol for d in explain(a * b, [a, b]).derivations] == ["w", "w_2"]


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "a`b|c",
        "$x$ \\end{aligned}",
        "new\nline",
        "x" * 10_000,
        "损失",
        "−2",
    ],
)
def test_hostile_names(name):
    x = Value(np.ones(3), name=name)
    explanation = explain((x * x).sum(), x)
    y = Value(2.0, name=name)
    both = (explanation.markdown, explain(y * y, y).markdown, explain(y * y, y).latex)
    for words in both:
        assert "<script" not in re.sub(r"`[^`]*`", "", words)
        outside = re.sub(r"`[^`]*`", "", words)
        assert "\\end{aligned}" not in outside.replace("\n\\end{aligned}", "", 2)
        assert words.count("{") - words.count(r"\{") == words.count("}") - words.count(r"\}")
    assert "\nline" not in explain(y * y, y).text


def test_latex_of_names():
    assert [latex(n) for n in ("w1", "loss", "x", "h_12", "w12", "-2.5", "1e-07")] == [
        "w_{1}",
        r"\mathrm{loss}",
        "x",
        "h_{12}",
        "w_{12}",
        "-2.5",
        r"1 \cdot 10^{-7}",
    ]


# --- the table of formulas --------------------------------------------------------------------

WORDS = {
    "log": np.log,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "pi": math.pi,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}
OPS = {u.__name__: u for u in (*UNARY, *BINARY)}
MORE = {
    "sigmoid": Value.sigmoid,
    "relu": Value.relu,
    "astype": lambda x: x.astype(np.float32),
    "copy": Value.copy,
    "identity": lambda x: Value(x),
    "round": lambda x: np.round(x, 1),
    "power": lambda x, y: x**y,
    "softplus": nn.functional.softplus,
    "log_sigmoid": getattr(nn.functional, "logsigmoid", None),
    "silu": nn.functional.silu,
    "clip": lambda x, lo, hi: np.clip(x, lo, hi),
}


@pytest.mark.parametrize("op", sorted(LOCAL))
@pytest.mark.parametrize("x", [0.4375, 0.8125, 1.8125])
def test_each_formula_is_the_rule(op, x):
    function = MORE.get(op) or OPS.get(op)
    if op in ("sigmoid_slope", "xlogy", "where"):
        from autograd.rules import elementwise, special

        function = {
            "sigmoid_slope": elementwise.SIGMOID_SLOPE,
            "xlogy": special.XLOGY,
            "where": lambda c, a, b: np.where(c.data > 0.5, a, b),
        }[op]
    assert function is not None, op
    operands = [Value(v) for v in (x, 0.6875, 1.3125)[: 3 if op == "clip" else len(LOCAL[op])]]
    if op == "arccosh":
        operands[0] = Value(x + 1)
    if op in ("arcsin", "arccos", "arctanh"):
        operands[0] = Value(x / 2)
    out = function(*operands)
    assert out.op.name == op
    out.backward()
    given = dict(zip("xyz", [v.item() for v in operands], strict=False)) | {"out": out.item()} | WORDS
    for slot, v in enumerate(operands):
        expression = LOCAL[op][slot]
        if not expression:
            continue
        if op == "where":
            given["x"] = x > 0.5
        found = float(eval(expression.strip("[]") if expression[0] == "[" else expression, {}, given))
        assert found == pytest.approx(float(v.grad if v.grad is not None else 0.0), rel=1e-6), expression
        names = dict(zip("xyz", ("a", "b", "c"), strict=True)) | {"out": "o"}
        assert not re.search(r"(?<![a-z])(x|y|z|out)(?![a-z])", typeset(expression, names))
        tex = in_latex(expression, {k: (n, False) for k, n in names.items()})
        assert tex.count("{") == tex.count("}") and not re.search(r"(?<![a-z])(out)(?![a-z])", tex)


def test_typesetting():
    names = {"x": "w1", "y": "−2", "out": "h + 1"}
    assert typeset("out*(1 - out)", names) == "(h + 1)·(1 − (h + 1))"
    assert typeset("-x/y**2", names) == "−w1/(−2)²" and typeset("y", names) == "−2"
    assert (
        in_latex("1/sqrt(1 - x**2)", {"x": ("a + b", True)})
        == r"\frac{1}{\sqrt{1 - {\left(a + b\right)}^{2}}}"
    )
    assert formula("matmul", 0, ["x", "y"], "out", False) == "g @ yᵀ"
    assert formula("unknown", 1, ["a", "b"], "out", True) == "∂unknown/∂b"
    assert formula("unknown", 1, ["a", "b"], "out", False, False) == "the rule of unknown applied to g"
    assert formula("add", 1, ["a", "b"], "out", False, False) == "g, summed back to the shape of b"
    assert formula("power", 0, ["x", "3"], "out", True) == "3·x²"
    assert formula("power", 0, ["x", "n"], "out", True) == "n·x^(n − 1)"


def test_vjp_words_are_of_operations_that_exist():
    import gc

    from autograd.rules.table import Op

    known = {}  # the compiler has operations of the same names, with one rule for any number of operands
    for o in gc.get_objects():
        if type(o) is Op:
            known.setdefault(o.name, set()).add(len(o.rules))
    assert FUNCTIONS and UFUNCS
    for op, words in (VJP | LOCAL).items():
        assert op in known and (len(words) in {1, *known[op]} or op == "linear"), op


def test_a_notebook_shows_something_always(monkeypatch):
    loss, p = network()
    explanation = explain(loss, p["w1"])
    monkeypatch.setattr(Explanation, "markdown", property(lambda self: 1 / 0))
    assert "division by zero" in explanation._repr_mimebundle_()["text/plain"]


def test_all_leaves_without_wrt():
    x, y, c = Value(2.0, name="x"), Value(3.0, name="y"), Value(4.0, requires_grad=False)
    loss = y * x + c
    found = explain(loss)
    assert [d.symbol for d in found.derivations] == ["y", "x"]  # in the order of their use, no constants
    assert found == explain(loss, [y, x])


def test_a_rounded_factor_is_no_equality():
    """0.5 times 2 is not 0.9999999999999998: the first factor is not quite 0.5."""
    w = Value(-3.0, name="w")
    n = w * 2 + 6.8813735870195432
    n.name = "n"
    text = explain(np.tanh(n), w).text
    assert "≈ 0.5 · 2\n∂L/∂w = 0.9999999999999998\n" in text
    assert "≈ 0.5\n" in text and "= 0.5" not in text


def test_parameters_are_called_what_their_module_calls_them():
    layer = nn.Layer(2, 1)
    loss = layer([Value(2.0, name="a"), Value(1.0, name="b")]) * 1.0
    named = [name for name, _ in layer.named_parameters()]
    assert {d.symbol for d in explain(loss).derivations} == {*named, "a", "b"}
    layer.parameters()[0].name = "mine"
    assert "mine" in [d.symbol for d in explain(loss).derivations]


def test_names_from_a_module():
    """Also where the graph was made outside of its forward()."""
    model = nn.Linear(1, 1)
    loss = (model.weight * 2.0 + model.bias).sum()
    assert [d.symbol for d in explain(loss).derivations] == ["x1", "x2"]
    assert [d.symbol for d in explain(loss, names=model).derivations] == ["weight", "bias"]
