"""Averages of parameters: means by hand, lending them to the model, saving them."""

import numpy as np
import pytest

from autograd import Value
from optim.averaging import AveragedModel, get_ema_avg_fn, get_swa_avg_fn

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
