"""Layers and their functions beside PyTorch's: values, first and second derivatives, state."""

import numpy as np
import pytest
import torch
import torch.nn.functional as tf
from oracle_nn import compare

from autograd import Value, no_grad
from nn import containers, convolution, dropout, functional, init, linear, normalization, pooling
from nn.functional import normalization as ours_normalization
from nn.functional import window as ours_window

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),  # PyTorch's own
]
MODULES = {
    name: getattr(file, name)
    for file in (containers, convolution, dropout, linear, normalization, pooling)
    for name in file.__all__
}
FUNCTIONS = {
    name: getattr(functional, name)
    for names in (
        ("bilinear", "linear", "alpha_dropout", "dropout", "dropout1d", "dropout2d"),
        ours_normalization.__all__,
        ours_window.__all__,
    )
    for name in names
}
torch.set_num_threads(1)


def random(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


# --- functions ------------------------------------------------------------------------------

# name, shapes of the arrays, further arguments
FUNCTION_CASES = [
    ("linear", [(5, 3), (4, 3), (4,)], {}),
    ("linear", [(5, 3), (4, 3)], {}),
    ("linear", [(3,), (4, 3), (4,)], {}),
    ("linear", [(2, 5, 3), (4, 3), (4,)], {}),
    ("linear", [(2, 2, 5, 3), (1, 3), (1,)], {}),
    ("linear", [(0, 3), (4, 3), (4,)], {}),
    ("linear", [(5, 3), (3,)], {}),
    ("bilinear", [(5, 3), (5, 2), (4, 3, 2), (4,)], {}),
    ("bilinear", [(2, 5, 3), (2, 5, 2), (4, 3, 2)], {}),
]
for _x, _w in [((2, 3, 9), (4, 3, 3)), ((3, 9), (4, 3, 2)), ((1, 3, 5), (2, 3, 1))]:
    for _options in [
        {},
        {"stride": 2},
        {"padding": 2, "dilation": 2},
        {"padding": "same"},
        {"padding": "same", "dilation": 3},
        {"padding": "valid", "stride": 3},
    ]:
        FUNCTION_CASES.append(("conv1d", [_x, _w, (_w[0],)], _options))
for _x, _w in [((2, 4, 6, 7), (6, 4, 3, 2)), ((4, 6, 7), (2, 4, 2, 3)), ((3, 4, 5, 5), (4, 4, 1, 1))]:
    for _options in [
        {},
        {"stride": (2, 1), "padding": (0, 2)},
        {"dilation": (1, 2), "padding": 1},
        {"padding": "same"},
        {"stride": 3, "padding": 2},
    ]:
        FUNCTION_CASES.append(("conv2d", [_x, _w, (_w[0],)], _options))
        FUNCTION_CASES.append(("conv2d", [_x, _w], _options))
for _groups, _w in [(2, (6, 2, 3, 2)), (4, (4, 1, 2, 2)), (4, (8, 1, 3, 3))]:
    FUNCTION_CASES.append(
        ("conv2d", [(2, 4, 6, 7), _w, (_w[0],)], {"groups": _groups, "stride": 2, "padding": 1})
    )
FUNCTION_CASES.append(("conv1d", [(2, 4, 9), (6, 2, 3)], {"groups": 2}))
for _options in [
    {},
    {"stride": 2},
    {"stride": 3, "padding": 1, "output_padding": 2},
    {"stride": 2, "dilation": 2, "padding": 2},
    {"dilation": 3, "output_padding": 2},
]:
    FUNCTION_CASES.append(("conv_transpose1d", [(2, 4, 5), (4, 3, 3), (3,)], _options))
    FUNCTION_CASES.append(("conv_transpose1d", [(4, 5), (4, 3, 3)], _options))
    FUNCTION_CASES.append(("conv_transpose2d", [(2, 4, 4, 5), (4, 3, 3, 2), (3,)], _options))
FUNCTION_CASES += [
    (
        "conv_transpose2d",
        [(2, 4, 4, 5), (4, 2, 3, 2), (4,)],
        {"groups": 2, "stride": (1, 2), "padding": (1, 0)},
    ),
    ("conv_transpose2d", [(4, 4, 5), (4, 1, 3, 2)], {"groups": 4, "stride": 2, "output_padding": (0, 1)}),
]
for _options in [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
]:
    for _n, _shapes in ((1, [(2, 3, 10), (3, 11)]), (2, [(2, 3, 9, 10), (3, 7, 8)])):
        for _shape in _shapes:
            FUNCTION_CASES.append((f"max_pool{_n}d", [_shape], _options))
            FUNCTION_CASES.append((f"avg_pool{_n}d", [_shape], _options))
            FUNCTION_CASES.append((f"avg_pool{_n}d", [_shape], _options | {"count_include_pad": False}))
FUNCTION_CASES += [
    (
        "max_pool2d",
        [(2, 3, 9, 10)],
        {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0), "dilation": (2, 1)},
    ),
    ("max_pool1d", [(2, 3, 10)], {"kernel_size": 3, "dilation": 3, "ceil_mode": True, "stride": 2}),
    ("avg_pool2d", [(2, 3, 9, 10)], {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0)}),
    ("avg_pool2d", [(2, 3, 9, 10)], {"kernel_size": 3, "divisor_override": 5, "padding": 1}),
]
for _size in (1, 2, 3, 5, 7):
    for _f in ("adaptive_avg_pool", "adaptive_max_pool"):
        FUNCTION_CASES.append((f"{_f}1d", [(2, 3, 7)], {"output_size": _size}))
        FUNCTION_CASES.append((f"{_f}2d", [(2, 3, 6, 7)], {"output_size": _size}))
        FUNCTION_CASES.append((f"{_f}2d", [(3, 6, 7)], {"output_size": (_size, None)}))
        FUNCTION_CASES.append((f"{_f}2d", [(2, 3, 5, 9)], {"output_size": (8, _size)}))
for _options in [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "dilation": (1, 2), "padding": (2, 1), "stride": (2, 1)},
]:
    FUNCTION_CASES.append(("unfold", [(2, 3, 6, 5)], _options))
    FUNCTION_CASES.append(("unfold", [(3, 6, 5)], _options))
FUNCTION_CASES += [
    ("fold", [(2, 12, 20)], {"output_size": (6, 5), "kernel_size": 2}),
    ("fold", [(12, 20)], {"output_size": (6, 5), "kernel_size": 2}),
    ("fold", [(2, 18, 20)], {"output_size": (6, 5), "kernel_size": (3, 2), "dilation": (1, 2), "padding": (2, 1),
                             "stride": (2, 1)}),
    ("pad", [(2, 3, 4, 5)], {"pad": (1, 2)}),
    ("pad", [(2, 3, 4, 5)], {"pad": (1, 2, 0, 3), "value": 1.5}),
    ("pad", [(2, 3, 4, 5)], {"pad": (-1, 2, 3, -2, 1, 1)}),
    ("pad", [(2, 3, 4, 5)], {"pad": (0, 0)}),
]  # fmt: skip
for _mode in ("reflect", "replicate", "circular"):
    FUNCTION_CASES += [
        ("pad", [(2, 3, 5)], {"pad": (2, 1), "mode": _mode}),
        ("pad", [(2, 3, 4, 5)], {"pad": (1, 4, 0, 3), "mode": _mode}),
        ("pad", [(2, 3, 4, 5)], {"pad": (-1, 2, 3, -1), "mode": _mode}),
    ]
for _options in [
    {},
    {"p": 1.0},
    {"p": 3.0, "dim": -1},
    {"p": 2.5, "dim": 0},
    {"p": float("inf")},
    {"dim": 2, "eps": 10.0},
]:
    FUNCTION_CASES.append(("normalize", [(2, 3, 4)], _options))
for _shape, _last in [((5, 4), (4,)), ((2, 3, 4), (3, 4)), ((4,), (4,)), ((2, 3, 4, 5), (5,))]:
    _named = {"normalized_shape": _last}
    FUNCTION_CASES += [
        ("layer_norm", [_shape, _last, _last], _named),
        ("layer_norm", [_shape], _named | {"eps": 0.1}),
        ("rms_norm", [_shape, _last], _named),
        ("rms_norm", [_shape], _named | {"eps": 0.1}),
    ]
for _shape in [(3, 4), (2, 4, 3), (2, 4, 3, 2), (2, 4, 2, 2, 3)]:
    FUNCTION_CASES += [
        ("group_norm", [_shape, (4,), (4,)], {"num_groups": 2}),
        ("group_norm", [_shape], {"num_groups": 1, "eps": 0.1}),
        ("batch_norm", [_shape, (4,), (4,)], {"running_mean": None, "running_var": None, "training": True}),
        ("batch_norm", [_shape], {"running_mean": None, "running_var": None, "training": True, "eps": 0.1}),
    ]
    if len(_shape) > 2:
        FUNCTION_CASES += [
            ("instance_norm", [_shape, (4,), (4,)], {}),
            ("instance_norm", [_shape], {"eps": 0.1}),
        ]
# the named arguments that arrays take, where they are not the first ones of the signature
ARRAYS = {
    "layer_norm": ["input", "weight", "bias"],
    "rms_norm": ["input", "weight"],
    "group_norm": ["input", "weight", "bias"],
    "batch_norm": ["input", "weight", "bias"],
    "instance_norm": ["input", "weight", "bias"],
}


@pytest.mark.parametrize(
    ("name", "shapes", "options"), FUNCTION_CASES, ids=[f"{n} {s} {o}" for n, s, o in FUNCTION_CASES]
)
def test_a_function_is_that_of_pytorch(name, shapes, options):
    arrays = [random(*shape, seed=i) for i, shape in enumerate(shapes)]

    def called(f, backend_options):
        names = ARRAYS.get(name)
        if names is None:
            return lambda *xs: f(*xs, **backend_options)
        return lambda *xs: f(**dict(zip(names, xs, strict=False)), **backend_options)

    theirs = getattr(tf, name)
    compare(
        "torch.nn.functional",
        name,
        called(FUNCTIONS[name], options),
        called(theirs, options),
        arrays,
        rtol=1e-9,
    )


@pytest.mark.parametrize("seed", range(60))
def test_convolutions_and_pools_of_random_sizes(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 3))
    kernel, stride, dilation = (tuple(rng.integers(1, 4, size=n).tolist()) for _ in range(3))
    padding = tuple(rng.integers(0, 3, size=n).tolist())
    groups = int(rng.integers(1, 3))
    size = [
        int(d * (k - 1) + 1 + rng.integers(0, 5)) for k, d in zip(kernel, dilation, strict=True)
    ]  # at least one window
    x, out = random(2, 2 * groups, *size, seed=seed), 3 * groups
    weight, bias = random(out, 2, *kernel, seed=seed), random(out, seed=seed)
    sizes = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)

    def check(name, arrays, **options):
        f, g = FUNCTIONS[name], getattr(tf, name)
        compare(
            "torch.nn.functional",
            name,
            lambda *a: f(*a, **options),
            lambda *a: g(*a, **options),
            arrays,
            rtol=1e-9,
        )

    check(f"conv{n}d", [x, weight, bias], **sizes)
    extra = tuple(int(rng.integers(0, max(s, d))) for s, d in zip(stride, dilation, strict=True))
    wide = [(m - 1) * s - 2 * p + d * (k - 1) + 1 + e for m, s, p, d, k, e in zip(
        size, stride, padding, dilation, kernel, extra, strict=True)]  # fmt: skip
    if min(wide) > 0:
        y, w = random(2, out, *size, seed=seed), random(out, 2, *kernel, seed=seed + 1)
        check(f"conv_transpose{n}d", [y, w, random(2 * groups)], output_padding=extra, **sizes)
    half = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
    ceil = bool(rng.integers(0, 2))
    check(
        f"max_pool{n}d",
        [x],
        kernel_size=kernel,
        stride=stride,
        padding=half,
        dilation=dilation,
        ceil_mode=ceil,
    )
    check(f"avg_pool{n}d", [x], kernel_size=kernel, stride=stride, padding=half, ceil_mode=ceil,
          count_include_pad=bool(rng.integers(0, 2)))  # fmt: skip
    if n == 2:
        check("unfold", [x], kernel_size=kernel, stride=stride, padding=padding, dilation=dilation)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 4, 3, 2)])
def test_running_statistics_are_those_of_pytorch(name, shape, training):
    flag = "training" if name == "batch_norm" else "use_input_stats"
    mean, var = random(4, seed=8), np.exp(random(4, seed=9))
    running = {"ours": (mean.copy(), var.copy()), "theirs": (torch.tensor(mean), torch.tensor(var))}

    def called(f, which):
        return lambda x, w, b: f(
            x, *running[which], weight=w, bias=b, momentum=0.3, eps=1e-3, **{flag: training}
        )

    arrays = [random(*shape), random(4, seed=1), random(4, seed=2)]
    compare(
        "torch.nn.functional",
        name,
        called(FUNCTIONS[name], "ours"),
        called(getattr(tf, name), "theirs"),
        arrays,
        rtol=1e-9,
    )
    for mine, theirs in zip(*running.values(), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-13)
    assert training == (not np.array_equal(running["ours"][0], mean))


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("n", [1, 2])
def test_indices_of_the_maxima(n, ceil_mode):
    x = np.round(random(2, 3, *(9, 8)[:n]))  # with ties: the first wins
    args = (3, 2, 1, 1, ceil_mode, True)
    out, at = FUNCTIONS[f"max_pool{n}d"](Value(x), *args)
    expected, places = getattr(tf, f"max_pool{n}d")(torch.tensor(x), *args)
    assert np.array_equal(out.data, expected.numpy()) and np.array_equal(at, places.numpy())


@pytest.mark.parametrize("p", [0.0, 1.0])
@pytest.mark.parametrize("name", ["dropout", "dropout1d", "dropout2d", "alpha_dropout"])
def test_dropout_of_none_and_of_all(name, p):
    shape = (2, 3, 4) if name == "dropout1d" else (2, 3, 4, 5)
    compare("torch.nn.functional", name, lambda x: FUNCTIONS[name](x, p, True), lambda x: getattr(tf, name)(x, p, True),
            [random(*shape)])  # fmt: skip


# --- modules --------------------------------------------------------------------------------

# name, positional and named arguments, shapes of the inputs
MODULE_CASES = [
    ("Identity", (), {}, [(2, 3)]),
    ("Flatten", (), {}, [(2, 3, 4)]),
    ("Flatten", (0, 1), {}, [(2, 3, 4)]),
    ("Flatten", (-2,), {}, [(2, 3, 4)]),
    ("Unflatten", (1, (2, 3)), {}, [(2, 6, 4)]),
    ("Unflatten", (-1, (2, -1)), {}, [(2, 6, 4)]),
    ("Linear", (3, 4), {}, [(5, 3)]),
    ("Linear", (3, 4), {"bias": False}, [(2, 5, 3)]),
    ("Bilinear", (3, 2, 4), {}, [(5, 3), (5, 2)]),
    ("Bilinear", (3, 2, 4), {"bias": False}, [(5, 3), (5, 2)]),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, [(2, 4, 8)]),
    ("Conv2d", (4, 6, 3), {}, [(2, 4, 8, 7)]),
    ("Conv2d", (4, 6, (3, 2), (1, 2), (2, 0), (2, 1), 2, False), {}, [(2, 4, 8, 7)]),
    ("Conv2d", (4, 2, 4), {"padding": "same", "dilation": 2}, [(4, 8, 7)]),
    ("ConvTranspose1d", (4, 6, 3, 2, 1, 1, 2), {}, [(2, 4, 8)]),
    ("ConvTranspose2d", (4, 6, 3, 2, 1, 1, 2, False, 2), {}, [(2, 4, 5, 4)]),
    ("MaxPool1d", (2,), {}, [(2, 3, 8)]),
    ("MaxPool2d", (3, 2, 1), {"ceil_mode": True}, [(2, 3, 8, 7)]),
    ("AvgPool1d", (3, 2, 1), {"count_include_pad": False}, [(2, 3, 8)]),
    ("AvgPool2d", (2,), {"divisor_override": 3}, [(2, 3, 8, 7)]),
    ("AdaptiveAvgPool1d", (3,), {}, [(2, 3, 8)]),
    ("AdaptiveAvgPool2d", ((3, None),), {}, [(2, 3, 8, 7)]),
    ("AdaptiveMaxPool1d", (3,), {}, [(2, 3, 8)]),
    ("AdaptiveMaxPool2d", (3,), {}, [(2, 3, 8, 7)]),
    ("LayerNorm", (4,), {}, [(5, 4)]),
    ("LayerNorm", ((3, 4), 0.1), {"bias": False}, [(2, 3, 4)]),
    ("LayerNorm", (4,), {"elementwise_affine": False}, [(5, 4)]),
    ("GroupNorm", (2, 4), {}, [(3, 4, 5)]),
    ("GroupNorm", (4, 4), {"affine": False, "eps": 0.1}, [(3, 4, 5, 2)]),
    ("RMSNorm", (4,), {}, [(5, 4)]),
    ("RMSNorm", ((3, 4), 0.1, False), {}, [(2, 3, 4)]),
    ("BatchNorm1d", (4,), {}, [(5, 4)]),
    ("BatchNorm1d", (4, 0.1, None), {}, [(5, 4, 2)]),
    ("BatchNorm2d", (4,), {"affine": False}, [(5, 4, 2, 3)]),
    ("BatchNorm2d", (4,), {"track_running_stats": False, "momentum": 0.5}, [(5, 4, 2, 3)]),
    ("InstanceNorm1d", (4,), {}, [(5, 4, 3)]),
    ("InstanceNorm1d", (4,), {"affine": True, "track_running_stats": True}, [(4, 3)]),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, [(5, 4, 2, 3)]),
    ("InstanceNorm2d", (4,), {"momentum": None, "track_running_stats": True}, [(4, 2, 3)]),
]  # fmt: skip
for _mode in ("reflect", "replicate", "circular"):
    MODULE_CASES += [
        ("Conv1d", (2, 3, 3), {"padding": 2, "padding_mode": _mode}, [(2, 2, 6)]),
        ("Conv2d", (2, 3, (3, 2)), {"padding": (2, 1), "padding_mode": _mode}, [(2, 2, 6, 5)]),
        ("Conv2d", (2, 3, (4, 2)), {"padding": "same", "padding_mode": _mode}, [(2, 2, 6, 5)]),
    ]
for _p in (0.0, 1.0):
    MODULE_CASES += [
        ("Dropout", (_p,), {}, [(2, 3)]),
        ("Dropout1d", (_p,), {}, [(2, 3, 4)]),
        ("Dropout2d", (_p,), {}, [(2, 3, 4, 5)]),
        ("AlphaDropout", (_p,), {}, [(2, 3)]),
    ]
module_cases = pytest.mark.parametrize(
    ("name", "args", "options", "shapes"), MODULE_CASES, ids=[f"{n} {a} {o}" for n, a, o, _ in MODULE_CASES]
)
RANDOM_STATE = ("weight", "bias", "running_mean")


def both(name, args, options):
    """Our module and PyTorch's with the same random state."""
    mine, theirs = MODULES[name](*args, **options), getattr(torch.nn, name)(*args, **options).double()
    state = mine.state_dict()
    assert set(state) == set(theirs.state_dict())
    for key, old in state.items():
        if key in RANDOM_STATE:
            state[key] = random(*old.shape, seed=len(key))
        assert old.shape == tuple(theirs.state_dict()[key].shape)
    mine.load_state_dict(state)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    return mine, theirs


@module_cases
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_a_module_is_that_of_pytorch(name, args, options, shapes, training):
    mine, theirs = both(name, args, options)
    mine.train(training), theirs.train(training)
    names = [n for n, _ in theirs.named_parameters()]
    assert {n for n, _ in mine.named_parameters()} == set(names)
    k = len(shapes)

    def ours_called(*xs):
        for n, v in zip(names, xs[k:], strict=True):
            vars(mine)[n] = v
        return mine(*xs[:k])

    def theirs_called(*xs):
        return torch.func.functional_call(theirs, dict(zip(names, xs[k:], strict=True)), xs[:k])

    arrays = [random(*shape, seed=3) for shape in shapes]
    arrays += [p.detach().numpy() for _, p in theirs.named_parameters()]
    compare("torch.nn", name, ours_called, theirs_called, arrays, rtol=1e-9)
    for n, b in theirs.named_buffers():
        np.testing.assert_allclose(dict(mine.named_buffers())[n].data, b.numpy(), rtol=1e-13, err_msg=n)


def test_three_batches_of_running_statistics():
    for momentum in (0.2, None):
        mine, theirs = both("BatchNorm2d", (3,), {"momentum": momentum})
        for step in range(3):
            x = random(4, 3, 2, 5, seed=step)
            out, expected = mine(Value(x)), theirs(torch.tensor(x))
            np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
        state = theirs.state_dict()
        for key, array in mine.state_dict().items():
            np.testing.assert_allclose(array, state[key].numpy(), rtol=1e-13)


@pytest.mark.parametrize("output_size", [(9, 8), (10, 7), (2, 3, 10, 8)])
def test_output_size_of_a_transposed_convolution(output_size):
    mine, theirs = both("ConvTranspose2d", (4, 3, 3, 2, 1), {})
    x = random(2, 4, 5, 4)
    size = list(output_size)
    y = mine(x, size)
    np.testing.assert_allclose(y.data, theirs(torch.tensor(x), size).detach().numpy(), rtol=1e-12, atol=1e-13)


# --- where parameters begin -----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Linear", "Bilinear", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"]
)
def test_parameters_begin_in_the_same_range(name):
    args = (30, 20, 25) if name == "Bilinear" else (30, 40) if name == "Linear" else (24, 32, 5)
    torch.manual_seed(0)
    mine, theirs = MODULES[name](*args, rng=1), getattr(torch.nn, name)(*args)
    for key, a in mine.state_dict().items():
        b = theirs.state_dict()[key].numpy()
        assert abs(np.abs(a).max() / np.abs(b).max() - 1) < 0.15
        if a.size > 100:
            assert abs(a.std() / b.std() - 1) < 0.05
            assert abs(np.abs(a).max() / np.abs(b).max() - 1) < 0.02


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("uniform_", (300, 200), {"a": -1.0, "b": 3.0}),
        ("normal_", (300, 200), {"mean": 1.0, "std": 2.0}),
        ("trunc_normal_", (300, 200), {"mean": 0.5, "std": 1.5, "a": -1.0, "b": 2.5}),
        ("xavier_uniform_", (30, 20, 9, 9), {"gain": 2.0}),
        ("xavier_normal_", (30, 20, 9, 9), {"gain": 2.0}),
        ("kaiming_uniform_", (30, 20, 9, 9), {"a": 0.3}),
        ("kaiming_normal_", (30, 20, 9, 9), {"mode": "fan_out", "nonlinearity": "relu"}),
        ("orthogonal_", (200, 300), {"gain": 1.5}),
        ("sparse_", (300, 200), {"sparsity": 0.3, "std": 2.0}),
    ],
)
def test_a_random_initialization_has_the_distribution_of_pytorch(name, shape, options):
    torch.manual_seed(0)
    mine = getattr(init, name)(Value(np.zeros(shape)), generator=0, **options).data
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape, dtype=torch.float64), **options).numpy()
    # two-sample Kolmogorov-Smirnov, far out in the tail
    both = np.sort(np.concatenate([mine.ravel(), theirs.ravel()]))
    a, b = (np.searchsorted(np.sort(x.ravel()), both, side="right") / x.size for x in (mine, theirs))
    assert np.abs(a - b).max() < 2.2 * np.sqrt(2 / mine.size)


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("constant_", (3, 4), {"val": 2.5}),
        ("ones_", (3,), {}),
        ("zeros_", (2, 2), {}),
        ("eye_", (3, 5), {}),
        ("dirac_", (4, 3, 5), {}),
        ("dirac_", (6, 2, 3, 4), {"groups": 3}),
        ("dirac_", (2, 4, 3, 3, 2), {"groups": 2}),
    ],
)
def test_a_fixed_initialization_is_that_of_pytorch(name, shape, options):
    mine = getattr(init, name)(Value(random(*shape)), **options)
    theirs = getattr(torch.nn.init, name)(torch.tensor(random(*shape)), **options)
    assert np.array_equal(mine.data, theirs.numpy())


def test_gains_are_those_of_pytorch():
    for name in (
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "sigmoid",
        "tanh",
        "relu",
        "selu",
        "leaky_relu",
    ):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_a_small_network_trains_as_in_pytorch():
    """Convolution, batch normalization, pooling and a linear layer: five steps of gradient descent."""

    def build(n):
        return n["Sequential"](
            n["Conv2d"](1, 4, 3, padding=1),
            n["BatchNorm2d"](4),
            n["MaxPool2d"](2),
            n["Flatten"](),
            n["Linear"](36, 3),
        )

    mine = build(MODULES)
    theirs = build({k: getattr(torch.nn, k) for k in MODULES}).double()
    theirs.load_state_dict({k: torch.tensor(v) for k, v in mine.state_dict().items()})
    x, t = random(8, 1, 6, 6), random(8, 3, seed=1)
    for _ in range(5):
        loss = ((mine(x) - t) ** 2).mean()
        expected = ((theirs(torch.tensor(x)) - torch.tensor(t)) ** 2).mean()
        np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-11)
        mine.zero_grad(), theirs.zero_grad()
        loss.backward(), expected.backward()
        with no_grad(), torch.no_grad():
            for p in mine.parameters():
                p -= 0.1 * p.grad
            for p in theirs.parameters():
                p -= 0.1 * p.grad
    for key, b in theirs.state_dict().items():
        np.testing.assert_allclose(mine.state_dict()[key], b.numpy(), rtol=1e-10, atol=1e-12)
