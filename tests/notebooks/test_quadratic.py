import sys

import numpy as np
import pytest

from autograd import Value
from notebooks import quadratic

# float64 replay without any library: points, start, rate, cleared -> step (from 1), loss before, a, b, c after
RUNS = [
    (
        20,
        (1.1, 1.1, 1.1),
        0.01,
        False,
        [
            (1, 2.4218545931305573, 1.1135290858725764, 1.1003157894736844, 1.105),
            (2, 2.4010410043766344, 1.1405872576177287, 1.1009473684210527, 1.115),
            (5, 2.213718705591327, 1.302936288088643, 1.1047368421052632, 1.1749999999999998),
            (10, 1.5824526137002402, 1.8290969529085876, 1.1272631578947367, 1.3649999999999998),
            (14, 1.1663468312746479, 2.4073684210526323, 1.188, 1.5459999999999998),
            (26, 2.2869038406995434, 3.493063711911358, 1.404, 1.5379999999999994),
            (50, 2.3535424441400288, 2.0325207756232686, 1.498736842105263, -0.7080000000000009),
        ],
    ),
    (
        20,
        (1.1, 1.1, 1.1),
        0.01,
        True,
        [
            (1, 2.4218545931305573, 1.1135290858725764, 1.1003157894736844, 1.105),
            (2, 2.4010410043766344, 1.1270581717451527, 1.1006315789473686, 1.1099999999999999),
            (5, 2.338600238114865, 1.1676454293628815, 1.1015789473684214, 1.1249999999999996),
            (10, 2.2345322943452497, 1.235290858725763, 1.1031578947368428, 1.149999999999999),
            (14, 2.151277939329557, 1.289407202216068, 1.1044210526315799, 1.1699999999999986),
            (26, 1.9146746716175138, 1.4463933518005567, 1.1128421052631592, 1.2259999999999978),
            (50, 1.5833180505830113, 1.7068033240997271, 1.1652631578947388, 1.3039999999999965),
        ],
    ),
    (
        20,
        (1.5, 1.5, 1.5),
        0.01,
        True,
        [
            (1, 1.7040739244887875, 1.5121883656509696, 1.499157894736842, 1.504),
            (2, 1.6876287118868192, 1.5230360110803325, 1.4994736842105263, 1.507),
            (5, 1.649597371580959, 1.5555789473684212, 1.500421052631579, 1.5159999999999996),
            (6, 1.6369202581456719, 1.566426592797784, 1.5007368421052634, 1.5189999999999995),
            (10, 1.5862118044045255, 1.6098171745152356, 1.5020000000000004, 1.530999999999999),
        ],
    ),
    (
        20,
        (1.1, 1.1, 1.1),
        1.0,
        True,
        [
            (1, 2.4218545931305573, 2.452908587257618, 1.1315789473684212, 1.6),
            (2, 1.1955840746782442, 2.343213296398892, 1.2894736842105265, 1.3),
            (5, 1.4730927132224756, 3.1310249307479223, 1.4473684210526319, 1.2000000000000002),
            (10, 1.7137535692893837, 2.1371191135734064, 1.5210526315789477, 0.30000000000000004),
            (11, 1.4381587744199267, 3.3570637119113567, 1.4263157894736844, 0.8),
            (14, 1.135108955483199, 2.536011080332409, 1.2263157894736842, 0.3),
            (20, 1.2451769652373492, 2.4806094182825476, 1.3736842105263158, 0.09999999999999998),
        ],
    ),
    (
        20,
        (1.1, 1.1, 1.1),
        0.1,
        True,
        [
            (1, 2.4218545931305573, 1.2352908587257618, 1.1031578947368421, 1.1500000000000001),
            (2, 2.213718705591327, 1.3705817174515236, 1.1063157894736841, 1.2000000000000002),
            (5, 1.6666082303549943, 1.7309141274238227, 1.1526315789473682, 1.3200000000000003),
            (10, 1.235716146673154, 2.152742382271468, 1.265263157894737, 1.3900000000000003),
            (14, 1.117760920356239, 2.34775623268698, 1.2989473684210526, 1.3900000000000003),
            (26, 1.0710708604819443, 2.4094736842105253, 1.3357894736842102, 1.2000000000000002),
            (50, 1.0235222306549396, 2.5514127423822703, 1.3010526315789464, 0.8899999999999999),
        ],
    ),
    (
        20,
        (1.1, 1.1, 1.1),
        0.001,
        True,
        [
            (1, 2.4218545931305573, 1.1013529085872578, 1.1000315789473685, 1.1005),
            (2, 2.4197732342551648, 1.1027058171745154, 1.1000631578947369, 1.101),
            (5, 2.413529157628988, 1.1067645429362885, 1.100157894736842, 1.1024999999999998),
            (10, 2.4031223632520264, 1.1135290858725768, 1.100315789473684, 1.1049999999999995),
            (11, 2.4010410043766344, 1.1148819944598345, 1.1003473684210523, 1.1054999999999995),
            (14, 2.394796927750457, 1.1189407202216075, 1.1004421052631574, 1.1069999999999993),
            (20, 2.382308774498103, 1.1270581717451535, 1.1006315789473677, 1.109999999999999),
        ],
    ),
    (
        10,
        (1.1, 1.1, 1.1),
        0.01,
        False,
        [
            (1, 3.334608049442005, 1.11520987654321, 1.1013333333333335, 1.104),
            (2, 3.309696237218259, 1.1456296296296298, 1.104, 1.112),
            (5, 3.0854899272045415, 1.3281481481481483, 1.12, 1.1600000000000001),
            (6, 2.9609308660858096, 1.4194074074074075, 1.1280000000000001, 1.1840000000000002),
            (10, 2.213576499373418, 1.9365432098765434, 1.1733333333333336, 1.3200000000000003),
        ],
    ),
    (
        10,
        (1.1, 1.1, 1.1),
        0.01,
        True,
        [
            (1, 3.334608049442005, 1.11520987654321, 1.1013333333333335, 1.104),
            (2, 3.309696237218259, 1.1304197530864197, 1.102666666666667, 1.108),
            (5, 3.2349608005470203, 1.1760493827160492, 1.1066666666666671, 1.12),
            (6, 3.2100489883232735, 1.191259259259259, 1.1080000000000005, 1.124),
            (10, 3.110401739428289, 1.2520987654320983, 1.1133333333333342, 1.1400000000000001),
        ],
    ),
]


def printed(run):
    return " ".join(f"{loss:.2f}" for loss in run.losses)


@pytest.mark.parametrize(("count", "start", "rate", "clear", "rows"), RUNS)
def test_the_path_is_that_of_the_replay(count, start, rate, clear, rows):
    x, y = quadratic.noisy_points(count)
    run = quadratic.descend(x, y, start, rate, rows[-1][0], clear)
    assert len(run.losses) == rows[-1][0] and run.path[0] == list(start)
    for step, loss, *abc in rows:
        np.testing.assert_allclose(run.losses[step - 1], loss, rtol=1e-9)
        np.testing.assert_allclose(run.path[step], abc, rtol=1e-9, atol=1e-12)


def test_ten_steps_as_printed():
    x, y = quadratic.noisy_points()
    kept, cleared = quadratic.descend(x, y, clear=False), quadratic.descend(x, y)
    assert printed(kept) == "2.42 2.40 2.36 2.30 2.21 2.11 1.98 1.85 1.72 1.58"
    assert printed(cleared) == "2.42 2.40 2.38 2.36 2.34 2.32 2.30 2.28 2.26 2.23"


def test_the_loop_as_one_writes_it():
    from autograd import no_grad

    x, y = quadratic.noisy_points()
    abc = Value([1.1, 1.1, 1.1])
    losses = []
    for _ in range(10):
        loss = quadratic.error(abc, x, y)
        loss.backward()
        with no_grad():
            abc -= abc.grad * 0.01
        losses.append(loss.item())
    run = quadratic.descend(x, y, clear=False)
    assert losses == run.losses and abc.numpy().tolist() == run.path[-1]


def test_points():
    x, y = quadratic.noisy_points()
    assert len(x) == len(y) == 20
    np.testing.assert_allclose(
        y[[0, 6, 10, 19]],
        [11.869037259947495, -0.2977375638897217, 0.2547498278860454, 13.693917415398694],
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    ("abc", "error", "gradient"),
    [
        ((1.1, 1.1, 1.1), 2.4218545931305573, (-1.3529085872576179, -0.03157894736842108, -0.5)),
        ((2.0, 2.0, 2.0), 1.4500669394027914, (0.40443213296398894, 0.6, 0.5)),
        ((-1.0, 0.5, 4.0), 4.2378838342800815, (-1.073684210526316, -0.24210526315789477, -0.1)),
    ],
)
def test_error_and_gradient(abc, error, gradient):
    x, y = quadratic.noisy_points()
    v = Value(abc)
    loss = quadratic.error(v, x, y)
    loss.backward()
    np.testing.assert_allclose(loss.item(), error, rtol=1e-12)
    np.testing.assert_allclose(v.grad, gradient, rtol=1e-12)
    assert quadratic.error(abc, x, y) == loss.item()


def test_best_is_lowest():
    x, y = quadratic.noisy_points()
    corner, least = quadratic.best(x, y)
    np.testing.assert_allclose(corner, (2.61420790411082, 1.336613053435068, 0.5638596920852763), rtol=1e-9)
    np.testing.assert_allclose(least, 0.9859229424991593, rtol=1e-12)
    assert np.isclose(quadratic.quadratic(corner, x), y, rtol=0, atol=1e-9).sum() == 3
    for direction in np.random.default_rng(0).normal(size=(200, 3)):
        assert quadratic.error(corner + 1e-3 * direction, x, y) > least


def test_kept_gradients_swing_through_the_valley():
    x, y = quadratic.noisy_points()
    losses = np.array(quadratic.descend(x, y, steps=50, clear=False).losses)
    assert losses.argmin() == 39 and losses[-1] > 2.3
    turns = np.diff(np.sign(np.diff(losses)))
    assert (turns > 0).sum() == 2 and (turns < 0).sum() == 1


def test_behaviour_in_words():
    assert (
        quadratic.behaviour([3.0, 2.0], 1.0)
        == "falls at every step; 50% of the way from 3.00 down to the least"
    )
    assert quadratic.behaviour([3.0, 1.0, 1.5], 1.0).startswith("rises at 1 of 2 steps; 75%")


def test_looks_at_the_gradient_before_the_step():
    x, y = quadratic.noisy_points()
    seen = []

    def look(step, loss):
        (leaf,) = [v for v in _leaves(loss) if v.name == "abc"]
        seen.append((step, loss.name, leaf.grad.copy()))

    run = quadratic.descend(x, y, steps=3, clear=False, look=look)
    assert [s[:2] for s in seen] == [(1, "loss"), (2, "loss"), (3, "loss")]
    for before, after, (_, _, g) in zip(run.path, run.path[1:], seen, strict=False):
        np.testing.assert_allclose(np.subtract(before, after), 0.01 * g, rtol=1e-9)


# --- sliders --------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """What was displayed."""
    found = []
    monkeypatch.setattr("IPython.display.display", found.append)
    return found


def test_sliders_move_one_curve(monkeypatch, shown):
    made = []
    monkeypatch.setattr("ipywidgets.interact", lambda move, **sliders: made.append((move, sliders)))
    x, y = quadratic.noisy_points()
    quadratic.sliders(x, y)
    ((move, sliders),) = made
    assert list(sliders) == ["a", "b", "c"] and shown == []
    for slider in sliders.values():
        assert (slider.value, slider.step, slider.continuous_update) == (1.1, 0.1, False)
    start = move(1.1, 1.1, 1.1).svg
    moved = move(2.0, 2.0, 2.0).svg
    assert "MAE: 2.42" in start and "MAE: 1.45" in moved  # matplotlib writes texts as comments, too
    assert start.count("<!-- MAE") == moved.count("<!-- MAE") == 1
    assert move(1.1, 1.1, 1.1).svg == start != moved  # the same figure goes to and fro


def test_without_ipywidgets_there_is_a_still_picture_and_a_line(monkeypatch, shown, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    quadratic.sliders(*quadratic.noisy_points())
    assert capsys.readouterr().out == (
        'ipywidgets is not installed: a still picture; for sliders, pip install "stepgrad[jupyter]"\n'
    )
    (picture,) = shown
    assert "MAE: 2.42" in picture._repr_svg_() and repr(picture) == "Figure: the points and a curve"


def _leaves(value):
    found, todo = {}, [value]
    while todo:
        v = todo.pop()
        if isinstance(v, Value) and id(v) not in found:
            found[id(v)] = v
            todo += v.inputs
    return [v for v in found.values() if v.is_leaf]
