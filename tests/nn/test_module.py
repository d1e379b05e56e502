"""Module, Parameter, and micrograd's Neuron, Layer and MLP."""

import random

import numpy as np
import pytest

import nn
import optim
from autograd import Value, gradients, no_grad, primitive


class Line(nn.Module):
    def __init__(self):
        self.w = nn.Parameter([1.0, 2.0], name="w")
        self.extra = {"b": [nn.Parameter(0.5)]}
        self.scale = Value(3.0, requires_grad=False)

    def forward(self, x):
        return x @ self.w + self.extra["b"][0]


def test_parameters_are_found_in_order_and_once():
    model = Line()
    model.again = model.w
    model.inner = Line()
    names = [name for name, _ in model.named_parameters()]
    assert names == ["w", "extra.b.0", "inner.w", "inner.extra.b.0"]
    assert model.parameters()[0] is model.w


def test_a_parameter_is_a_value_in_every_respect():
    p = nn.Parameter([1.0, 2.0])
    assert isinstance(p, Value)
    assert type(p * 2) is Value
    (p * p).sum().backward()
    assert p.grad.tolist() == [2.0, 4.0]
    assert (np.float64(2.0) * p).data.tolist() == [2.0, 4.0]


def test_train_and_eval_reach_every_module():
    model = Line()
    model.inner = Line()
    assert model.training
    model.eval()
    assert not model.inner.training
    assert model.train() is model
    assert model.inner.training


def test_forward_must_be_written():
    with pytest.raises(NotImplementedError, match=r"Module\.forward"):
        nn.Module()(1.0)


def reference_mlp(weights, x):
    """The MLP in plain floats, for the weights in the order of parameters()."""
    rest = iter(weights)
    for nin, nout, nonlin in ((2, 4, True), (4, 4, True), (4, 1, False)):
        out = []
        for _ in range(nout):
            w = [next(rest) for _ in range(nin)]
            total = next(rest)
            for wi, xi in zip(w, x, strict=True):
                total = total + wi * xi
            out.append(max(total, 0.0) if nonlin else total)
        x = out
    return x[0]


def test_mlp_computes_and_differentiates_what_it_says():
    random.seed(5)
    model = nn.MLP(2, [4, 4, 1])
    params = model.parameters()
    assert len(params) == 2 * 4 + 4 + 4 * 4 + 4 + 4 + 1
    for p in params:
        p.data += random.uniform(-0.2, 0.2)  # off the kink at 0, where every bias starts
    y = model([0.7, -1.2])
    weights = [p.item() for p in params]
    assert y.item() == reference_mlp(weights, [0.7, -1.2])
    y.backward()
    h = 1e-6
    for i, p in enumerate(params):
        up, down = list(weights), list(weights)
        up[i] += h
        down[i] -= h
        slope = (reference_mlp(up, [0.7, -1.2]) - reference_mlp(down, [0.7, -1.2])) / (2 * h)
        assert (0.0 if p.grad is None else p.grad) == pytest.approx(slope, abs=1e-8)


def test_the_same_seed_gives_the_same_network():
    random.seed(1)
    first = [p.item() for p in nn.MLP(3, [2, 1]).parameters()]
    random.seed(1)
    assert first == [p.item() for p in nn.MLP(3, [2, 1]).parameters()]
    random.seed(1)
    assert first[0] == random.uniform(-1, 1)


def test_a_micrograd_program_runs():
    random.seed(0)
    model = nn.MLP(3, [4, 1])
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(60):
        predictions = [model(x) for x in xs]
        loss = sum((p - y) ** 2 for y, p in zip(ys, predictions, strict=True))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -0.02 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.2 * losses[0]


def test_a_hook_is_taken_away_once():
    layer, seen = nn.Linear(1, 1, bias=False, rng=0), []
    handles = [layer.register_forward_hook(lambda m, args, out, i=i: seen.append(i)) for i in range(2)]
    handles[0].remove()
    handles[0].remove()
    layer(np.ones((1, 1)))
    assert seen == [1]


def test_a_backward_hook_sees_the_gradients_of_all_inputs():
    class Product(nn.Module):
        def forward(self, a, n, b):
            return a * b * n

    seen, module = [], Product()
    module.register_full_backward_hook(
        lambda m, grad_input, grad_output: seen.append((grad_input, grad_output))
    )
    a, b = Value(2.0), Value([3.0, 4.0])
    (module(a, 10.0, b) * np.array([1.0, 2.0])).sum().backward()
    (((ga, gb), (g,)),) = seen
    assert (ga, gb.tolist(), g.tolist()) == (110.0, [20.0, 40.0], [1.0, 2.0])
    assert a.grad == 110.0 and b.grad.tolist() == [20.0, 40.0]


class Listed(nn.Module):
    """What f makes of the arguments; `seen` is what its backward hook was given."""

    def __init__(self, f):
        self.f, self.seen = f, []
        self.register_full_backward_hook(lambda m, *given: self.seen.append(given))

    def forward(self, *args):
        return self.f(*args)


def test_a_backward_hook_runs_once_in_each_pass_over_a_graph_that_is_kept():
    module, a, b = Listed(lambda a, b: a * b), Value(2.0), Value(3.0)
    y = module(a, b)
    y.backward(retain_graph=True)
    y.backward(5.0)
    assert module.seen == [((3.0, 2.0), (1.0,)), ((15.0, 10.0), (5.0,))]


def test_a_backward_hook_is_given_none_for_what_no_gradient_came_to():
    module, a, b = Listed(lambda a, b: a * a), Value(2.0), Value(3.0)
    for _ in range(2):
        module(a, b).backward()
    assert module.seen == [((4.0, None), (1.0,))] * 2 and b.grad is None
    for used, expected in enumerate([((4.0, None), (1.0, None)), ((None, 6.0), (None, 1.0))]):
        module = Listed(lambda a, b: (a * a, b * b))
        module(a, b)[used].backward()
        assert module.seen == [expected]


def test_a_backward_hook_runs_where_the_arguments_are_plain_data():
    w = Value(2.0)
    module = Listed(lambda x: (x * w, w * 1.0))
    y, z = module(3.0)
    (y + 10.0 * z).backward()
    assert module.seen == [((), (1.0, 10.0))] and w.grad == 13.0


def test_a_backward_hook_is_not_run_by_gradient_that_passes_the_results_by():
    module, x = Listed(lambda x: x**3), Value(2.0)
    (g,) = gradients(module(x), [x], create_graph=True)
    assert len(module.seen) == 1
    (second,) = gradients(g, [x])  # 6x goes to the argument inside
    assert second == 12.0 and len(module.seen) == 1


def test_a_backward_hook_after_a_pass_that_failed():
    def rule(g, out, x):
        if failing:
            raise ArithmeticError("not today")
        return g

    odd, a, b = primitive(rule, name="odd")(np.positive), Value(2.0), Value(3.0)
    module = Listed(lambda a, b: (odd(a) * 1.0, b * b))
    u, v = module(a, b)
    failing = True
    with pytest.raises(ArithmeticError):
        (u + v).backward()
    failing = False
    u.backward(7.0, retain_graph=True)
    assert module.seen == [((7.0, None), (7.0, None))]
    v.backward(retain_graph=True)
    (u + v).backward(release=True)
    assert module.seen[1:] == [((None, 6.0), (None, 1.0)), ((1.0, 6.0), (1.0, 1.0))]


def test_a_backward_hook_where_forward_writes_into_its_argument():
    def written(a):
        a[0] = 5.0
        return a * a

    module, a = Listed(written), Value([2.0, 3.0])
    module(a * 1.0).sum().backward()
    (((ga,), (g,)),) = module.seen
    assert (ga.tolist(), g.tolist(), a.grad.tolist()) == ([0.0, 6.0], [1.0, 1.0], [0.0, 6.0])


def test_repr_reads_like_the_network():
    text = repr(nn.MLP(2, [3, 1]))
    assert text.startswith("MLP of [Layer of [ReLUNeuron(2)")
    assert text.endswith("LinearNeuron(3)]]")


def test_a_neuron_names_a_wrong_number_of_inputs():
    with pytest.raises(ValueError, match="got 3 inputs, expected 2"):
        nn.Neuron(2)([1.0, 2.0, 3.0])


def test_modules_and_optimizers_fit_together():
    model = Line()
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    target = np.array([3.0, -1.0, 2.0])
    for _ in range(800):
        optimizer.zero_grad()
        loss = ((model(x) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3
    model.zero_grad()
    assert model.w.grad is None


def test_register_buffer_is_an_assignment():
    module = nn.Module()
    module.register_buffer("mean", np.zeros(2))
    module.register_buffer("absent", None)
    assert [name for name, _ in module.named_buffers()] == ["mean"]
    assert list(module.state_dict()) == ["mean"]
    assert module.absent is None
    assert module.parameters() == []


@pytest.mark.parametrize("new", [lambda w: w - 1, lambda w: w.data, lambda w: 0.0, lambda w: np.float32(1)])
def test_a_parameter_is_not_lost_by_assignment(new):
    """`model.weight -= step` outside no_grad() would make it a result, which no optimizer and no file sees."""
    model = nn.Linear(2, 1)
    before = model.weight
    with pytest.raises(
        TypeError, match=r"Linear.weight is a parameter, and (the result of subtract|a plain \w+)"
    ):
        model.weight = new(model.weight)
    with pytest.raises(TypeError, match="the result of subtract"):
        model.weight -= 0.5
    assert model.weight is before and len(model.parameters()) == 2


def test_what_may_be_put_in_a_parameter_s_place():
    model = nn.Linear(2, 1)
    with no_grad():
        model.weight -= 0.5
    for new in (nn.Parameter(np.ones((1, 2))), Value(np.ones((1, 2))), model.weight.detach(), None):
        model.weight = nn.Parameter(np.zeros((1, 2)))
        model.weight = new
        assert model.weight is new
    del model.bias
    model.bias = np.zeros(1)
    assert model.parameters() == []
