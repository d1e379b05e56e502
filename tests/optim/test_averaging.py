"""Averages of parameters: means by hand, lending them to the model, saving them."""

import numpy as np
import pytest

import nn
from autograd import Value
from optim.averaging import AveragedModel, get_ema_avg_fn, get_swa_avg_fn, update_bn

PATH = np.array([[1.0, 2.0], [4.0, -2.0], [1.5, 0.0], [0.25, 8.0]])


class Model:
    """Something with parameters, buffers and a result, that is no module of ours."""

    def __init__(self):
        self.w, self.b, self.mean = Value([0.0, 0.0]), Value(0.0), Value([0.0], requires_grad=False)

    def parameters(self):
        return [self.w, self.b]

    def buffers(self):
        return [self.mean]

    def __call__(self, x):
        return (self.w * x).sum() + self.b


def fed(average, model):
    for i, w in enumerate(PATH):
        model.w.data, model.b.data, model.mean.data = w, w.sum(), [float(i)]
        average.update_parameters(model)
    return average


def test_swa_is_the_mean_of_all():
    model = Model()
    average = fed(AveragedModel(model), model)
    np.testing.assert_allclose(average.parameters()[0].data, PATH.mean(0), rtol=1e-15)
    assert average.parameters()[1].item() == pytest.approx(PATH.sum(1).mean())
    assert average.module.mean.data == [3.0]  # the latest
    assert average.n_averaged == 4
    assert average(np.array([1.0, 0.0])).item() == pytest.approx(PATH[:, 0].mean() + PATH.sum(1).mean())
    np.testing.assert_array_equal(model.w.data, PATH[-1])


def test_ema_counts_the_latest_most():
    model = Model()
    average = fed(AveragedModel(model, get_ema_avg_fn(0.8), use_buffers=True), model)
    weights = np.array([0.8**3, 0.2 * 0.8**2, 0.2 * 0.8, 0.2])
    np.testing.assert_allclose(average.parameters()[0].data, weights @ PATH, rtol=1e-14)
    np.testing.assert_allclose(average.module.mean.data, weights @ np.arange(4.0), rtol=1e-14)


def test_the_averages_are_lent_to_the_model():
    model = Model()
    average = fed(AveragedModel(model), model)
    with pytest.raises(KeyError), average.swapped(model):
        np.testing.assert_allclose(model.w.data, PATH.mean(0))
        model.w.data = [9.0, 9.0]
        raise KeyError
    np.testing.assert_array_equal(model.w.data, PATH[-1])
    np.testing.assert_allclose(average.parameters()[0].data, PATH.mean(0))


def test_state_goes_on():
    model = Model()
    average = fed(AveragedModel(model), model)
    other = AveragedModel(Model())
    other.load_state_dict(average.state_dict())
    fed(average, model)
    fed(other, model)
    np.testing.assert_array_equal(other.parameters()[0].data, average.parameters()[0].data)
    assert other.n_averaged == 8


def test_refusals():
    w = Value([1.0, 2.0])
    average = AveragedModel([w])
    with pytest.raises(ValueError, match=r"\[\(3,\)\] given"):
        average.update_parameters([Value([1.0, 2.0, 3.0])])
    with pytest.raises(ValueError, match="needed"):
        average.load_state_dict({"n_averaged": 1, "averages": []})
    with pytest.raises(KeyError, match="missing"):
        average.load_state_dict({"averages": []})
    with pytest.raises(TypeError, match="has no parameters"):
        AveragedModel(w)
    with pytest.raises(TypeError, match="parameter 0 is a float"):
        AveragedModel([1.0])
    with pytest.raises(TypeError, match="cannot be called"):
        average(1.0)
    with pytest.raises(ValueError, match=r"decay=1\.5"):
        get_ema_avg_fn(1.5)
    assert get_swa_avg_fn()(1.0, 4.0, 2) == 2.0


# --- update_bn ----------------------------------------------------------------------------------


def normalized(seed=0):
    return nn.Sequential(
        nn.Linear(3, 4, rng=seed), nn.BatchNorm1d(4, momentum=0.3), nn.ReLU(), nn.Linear(4, 2, rng=seed + 1),
        nn.BatchNorm1d(2), nn.Dropout(0.0),
    )  # fmt: skip


def test_update_bn_measures_the_statistics_of_the_averaged_model():
    model = normalized()
    average = AveragedModel(model)
    rng = np.random.default_rng(0)
    for _ in range(3):
        for p in model.parameters():
            p.data = p.data + rng.normal(size=p.shape)
        average.update_parameters(model)
    inner = average.module
    inner[2].eval()
    batches = [(rng.normal(size=(n, 3)), None) for n in (5, 7, 4)]
    parameters = [p.data.copy() for p in average.parameters()]
    update_bn(batches, average)
    w, b = inner[0].weight.data, inner[0].bias.data
    seen = [x @ w.T + b for x, _ in batches]
    np.testing.assert_allclose(inner[1].running_mean.data, np.mean([s.mean(0) for s in seen], 0), rtol=1e-13)
    np.testing.assert_allclose(
        inner[1].running_var.data, np.mean([s.var(0, ddof=1) for s in seen], 0), rtol=1e-13
    )
    assert inner[1].num_batches_tracked.item() == inner[4].num_batches_tracked.item() == 3
    assert (inner[1].momentum, inner[4].momentum) == (0.3, 0.1)
    assert [m.training for m in inner.modules()] == [True, True, True, False, True, True, True]
    for p, before in zip(average.parameters(), parameters, strict=True):
        np.testing.assert_array_equal(p.data, before)
    assert model[1].num_batches_tracked.item() == 0  # the model itself is as it was


def test_update_bn_takes_loaders_and_plain_batches():
    x = np.random.default_rng(1).normal(size=(12, 3))
    one, two = normalized(), normalized()
    update_bn(nn.data.DataLoader(nn.data.TensorDataset(x, x), 4), one)
    update_bn([x[:4], x[4:8], x[8:]], two)
    for a, b in zip(one.buffers(), two.buffers(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    line = nn.Linear(3, 1)
    update_bn(iter([]), line)  # nothing to measure


def test_update_bn_refuses_what_it_cannot_measure():
    model = normalized()
    with pytest.raises(ValueError, match="gave no batches"):
        update_bn(iter([]), model)
    with pytest.raises(TypeError, match=r"a list has no modules\(\)"):
        update_bn([], AveragedModel([Value(1.0)]))
    with pytest.raises(ValueError, match="3 elements"):
        update_bn([np.ones((4, 2))], model)
    assert model[1].momentum == 0.3
    assert model.training
