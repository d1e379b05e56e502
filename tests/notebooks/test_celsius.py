import math

import numpy as np
import pytest

from nn import MSELoss, fit
from notebooks import celsius
from optim import SGD

# Adam replayed in float64 without any library: weight at the start -> form -> (epoch, loss before, w, b after)
ONE = {
    -1.0: {
        "keras": [
            (1, 6244.571428571428, -0.9000000000921256, 0.0999999964974774),
            (2, 5897.98571490377, -0.800101085644007, 0.19996476147473904),
            (10, 3560.5353431082117, -0.01394094873856172, 0.995494636470394),
            (20, 1745.0719871765693, 0.8829356379767569, 1.9658566806927031),
            (101, 524.5422057346871, None, None),
            (301, 101.631003287736, None, None),
            (100, None, 1.9811887262457197, 8.58453117492417),
            (300, None, 1.8868500180472232, 21.6682753923949),
            (500, None, 1.8268269930822008, 28.6088360478624),
        ],
        "torch": [
            (1, 6244.571428571428, -0.9000000000002913, 0.09999999998892405),
            (2, 5897.985714287669, -0.8001010854864369, 0.1999647674469206),
            (10, 3560.5353407023817, -0.013940948268167358, 0.9954946542762925),
            (20, 1745.0719844299397, 0.8829356386369096, 1.9658567079125067),
            (101, 524.5422028120697, None, None),
            (301, 101.63100153741858, None, None),
            (100, None, 1.981188725726118, 8.584531240035355),
            (300, None, 1.886850017296598, 21.66827548101095),
            (500, None, 1.8268269925744864, 28.608836107277728),
        ],
    },
    0.5: {
        "keras": [
            (1, 2354.75, 0.5999999998196959, 0.09999999584691506),
            (2, 2177.4500006073604, 0.6997715766060207, 0.19995771642805296),
            (10, 1189.0448182724856, 1.4641016568537235, 0.9946021494421017),
            (20, 871.2736993092294, 2.1580133115864855, 1.9605413195329562),
            (101, 500.8771404529051, None, None),
            (301, 85.51635655557332, None, None),
            (100, None, 1.9848741460339019, 9.11592850215528),
            (300, None, 1.8782571960005972, 22.519221580062908),
            (500, None, 1.8218602102800174, 29.142937918917006),
        ],
        "torch": [
            (1, 2354.75, 0.5999999999994298, 0.09999999998686677),
            (2, 2177.4500000019207, 0.6997715769159383, 0.19995772351267663),
            (10, 1189.0448163002768, 1.4641016577658932, 0.9946021706206926),
            (20, 871.273697568851, 2.1580133124166103, 1.9605413519554802),
            (101, 500.87713696579067, None, None),
            (301, 85.51635472229201, None, None),
            (100, None, 1.9848741453811063, 9.11592858165994),
            (300, None, 1.878257195145128, 22.519221681252393),
            (500, None, 1.821860209751477, 29.14293798124901),
        ],
    },
    1.2: {
        "keras": [
            (1, 1401.2399999999998, 1.2999999996741456, 0.09999999545276446),
            (2, 1302.9400005904838, 1.3994887265333915, 0.19995337077223163),
            (10, 926.809224770435, 2.098215914111787, 0.9941782351165287),
            (20, 904.5751917527817, 2.284275060037239, 1.9633645521031204),
            (101, 491.75447808625535, None, None),
            (301, 81.14524681968673, None, None),
            (100, None, 1.9875476992398347, 9.324512084257933),
            (300, None, 1.8757462718446491, 22.76363841612489),
            (500, None, 1.8205536844064296, 29.282234352039858),
        ],
        "torch": [
            (1, 1401.2399999999998, 1.2999999999989695, 0.09999999998562038),
            (2, 1302.9400000018672, 1.399488727097451, 0.19995337853128217),
            (10, 926.8092234204652, 2.0982159154827937, 0.9941782583422374),
            (20, 904.5751897045105, 2.2842750593148353, 1.9633645877027068),
            (101, 491.75447435038916, None, None),
            (301, 81.14524494689705, None, None),
            (100, None, 1.9875476986080451, 9.324512170219267),
            (300, None, 1.8757462709486643, 22.76363852224475),
            (500, None, 1.8205536838683027, 29.282234415701613),
        ],
    },
}

# the same for two layers: losses at the epochs of HIDDEN_EPOCHS, then W1, b1, W2, b2 after 500 epochs
HIDDEN_EPOCHS = (1, 2, 3, 10, 20, 51, 101, 151, 491)
H2 = (
    (
        [0.6, 0.4, -0.5, 0.7, -0.1, 0.2, 0.65, -0.3, 0.55, -0.6],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    ),
    ([0.5, 0.1, -0.6, 0.3, 0.2, -0.4, 0.65, -0.2, 0.45, -0.55], [0.0]),
)

H1_KERAS = """
    2577.99456875 1673.6378262959183 1081.4299585275232 848.6558306052772 477.59742279576597
    21.189553262352746 0.11522536224257848 0.06388401578783708 0.06304595518419945 0.30367634395740406
    -0.27517922078028256 0.6406537540573488 0.369479933141078 -0.27365005575614604 0.35723091520068384
    -0.2399441606182092 0.40845135237014357 0.33442991926599425 -0.20057166646787225 3.8696601677767126
    -3.8255396160840975 3.8450195229750235 -3.3426483845952695 1.485068622653614 3.8273027080963726
    -3.8922789068431403 3.901697958789798 -1.5002717805883148 -3.0403097665771246 0.9197452932908672
    -1.0681264630380802 1.0293297397030587 -0.9095530462113391 0.258800112867328 1.0810617206725424
    -0.8100998925319209 0.8094534296240178 -0.29737993510200306 -0.799810410231802 3.5980688228345423
"""

H1_TORCH = """
    2577.99456875 1673.6378187738624 1081.4299494049917 848.6558223560262 477.5974012873598
    21.18955285519462 0.11522533094554863 0.06388401598177942 0.06304595518420057 0.30367634081444267
    -0.27517921731047673 0.6406537500436628 0.3694799376690375 -0.2736500500608989 0.3572309114904338
    -0.23994415867910246 0.40845134940315325 0.3344299180949386 -0.2005716653635725 3.869660243591015
    -3.825539659035678 3.8450195448127116 -3.3426483976216192 1.4850685512708424 3.82730273912972
    -3.89227904855106 3.9016980585494347 -1.500271732379615 -3.0403098370486834 0.9197452893843622
    -1.0681264505450208 1.0293297255935914 -0.9095530082264129 0.25880006758147645 1.081061705605883
    -0.8100999050781567 0.8094534303689825 -0.29737989774640955 -0.7998104037621296 3.5980688132711083
"""

H2_KERAS = """
    1017.4776714285715 1192.3379926252849 943.1037432746083 777.3993193711478 304.52106061002115
    6.814467530689268 0.10628494337019058 0.0632420971146162 0.06304595518420153 0.43013450231841605
    -0.01845209399446136 -0.35320898128694206 0.4525181771730692 -0.19328123161286143
    0.057394752664137835 0.5087386037352022 -0.02005473048422085 0.36820291079993817 -0.4414329596460462
    2.912121472828125 2.7363858703624255 -2.9096037324484074 2.902749093577053 2.6672722679567022
    -2.7702368948893086 2.92007704084896 -2.807717462519038 2.9051557112840047 -2.9143775285382887
    0.8650714139744418 0.6776454237073178 -1.0304737589012816 0.6210223425719789 1.8038992385097001
    -1.6194571584062196 0.984959410038804 -0.9077104064743443 0.8481259365636175 -0.9138296925466111
    2.928386165546723
"""

H2_TORCH = """
    1017.4776714285715 1192.3380070969486 943.1037403989105 777.3993034827967 304.5210167510242
    6.814470738437961 0.10628496983861248 0.06324209747278377 0.06304595518419995 0.4301345213540203
    -0.01845207450331866 -0.3532090007103321 0.45251819486091893 -0.19328129180644618
    0.05739472194044511 0.5087386233933271 -0.020054748630434382 0.36820292956308076 -0.4414329789108284
    2.9121214846115704 2.736386152780543 -2.9096037269283554 2.902749166160974 2.6672724542836335
    -2.7702368939940505 2.920077031776006 -2.8077175794821456 2.9051557320908477 -2.914377531927798
    0.8650713848672528 0.6776454680194238 -1.030473717511766 0.6210223311128321 1.803899253084432
    -1.6194570655506242 0.9849593801976877 -0.9077103855172097 0.8481259057540423 -0.9138296616831518
    2.928386132934752
"""


def close(found, exact):
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=0)


@pytest.mark.parametrize("start", ONE)
@pytest.mark.parametrize("form", ["keras", "torch"])
def test_one_neuron_goes_the_way_of_the_replay(start, form):
    run = celsius.train(celsius.line_of(start, 0.0), keras=form == "keras")
    assert len(run.losses) == 500 and len(run.path) == 501 and run.path[0] == (start, 0.0)
    for epoch, loss, w, b in ONE[start][form]:
        if loss is not None:
            close(run.losses[epoch - 1], loss)
        if w is not None:
            close(run.path[epoch], (w, b))


def test_the_two_forms_are_told_apart():
    (_, _, w, b), (_, _, v, c) = ONE[0.5]["keras"][0], ONE[0.5]["torch"][0]
    assert abs(w / v - 1) > 1e-10 and abs(b / c - 1) > 1e-8


@pytest.mark.parametrize(
    ("layers", "form", "numbers"),
    [
        (celsius.HIDDEN, "keras", H1_KERAS),
        (celsius.HIDDEN, "torch", H1_TORCH),
        (H2, "keras", H2_KERAS),
        (H2, "torch", H2_TORCH),
    ],
)
def test_two_layers_go_the_way_of_the_replay(layers, form, numbers):
    exact = np.array(numbers.split(), float)
    run = celsius.train(celsius.two_layers(layers), keras=form == "keras")
    close([run.losses[epoch - 1] for epoch in HIDDEN_EPOCHS], exact[: len(HIDDEN_EPOCHS)])
    close(np.concatenate([p.data.ravel() for p in run.model.parameters()]), exact[len(HIDDEN_EPOCHS) :])


def test_two_linear_layers_are_the_best_line():
    run = celsius.train(celsius.two_layers())
    slope, height = celsius.as_line(run.model)
    assert run.path[-1] == (slope, height)
    w1, b1, w2, b2 = (p.data for p in run.model.parameters())
    close([slope, height], [sum(w2[0] * w1[:, 0]), sum(w2[0] * b1) + b2[0]])
    c = np.linspace(-300, 300, 41)
    close(run.model(c[:, None]).data[:, 0], slope * c + height)
    np.testing.assert_allclose((slope, height), celsius.least_squares(), rtol=0, atol=1e-8)
    assert celsius.settled(run.losses, celsius.loss_of(celsius.least_squares())) == 154
    assert run.losses[99] > 2 * 0.063  # not there by epoch 100


def test_a_line_is_its_own_line():
    assert celsius.as_line(celsius.line_of(1.5, -2.0)) == (1.5, -2.0)


def test_least_squares():
    w, b = celsius.least_squares()
    close([w, b], [1.79794910748196, 31.952525636156476])
    close(celsius.loss_of((w, b)), 0.06304595518420045)
    close(celsius.loss_of((1.8, 32.0)), 0.06857142857142971)
    close(
        celsius.loss_of((w, b), celsius.UNSEEN, celsius.formula(celsius.UNSEEN)),
        0.04314703861660643,
    )
    on = np.isclose(celsius.FAHRENHEIT, celsius.formula(celsius.CELSIUS))
    assert (~on).sum() == 3  # the rounded rows


def test_loss_is_that_of_the_layers():
    model = celsius.line_of(1.2, 3.0)
    close(
        MSELoss()(model(celsius.CELSIUS[:, None]), celsius.FAHRENHEIT[:, None]).item(),
        celsius.loss_of((1.2, 3.0)),
    )


# Keras in float64, whose rate and betas are rounded to float32: rate, epochs, w and b
KERAS = [
    (0.001, 500, 0.962352532761034, 0.4920349784258197),
    (0.01, 500, 2.0320421627398133, 4.570380843457436),
    (1.0, 500, 1.797949107474486, 31.95252563633232),
    (0.1, 2000, 1.79794910748387, 31.952525635931984),
]


@pytest.mark.parametrize(("rate", "epochs", "w", "b"), KERAS)
def test_learning_rates_end_near_keras(rate, epochs, w, b):
    run = celsius.train(celsius.line_of(*celsius.START), rate=rate, epochs=epochs, keras=True)
    np.testing.assert_allclose(run.path[-1], (w, b), rtol=3e-5)


@pytest.mark.parametrize(
    ("start", "w", "b", "loss"), [(0.876, 1.8211, 29.2282, 1.6981), (1.58, 1.8202, 29.3205, 1.6144)]
)
def test_the_published_line_and_the_published_loss_are_of_two_runs(start, w, b, loss):
    line = celsius.train(celsius.line_of(start, 0.0), keras=True).path[-1]
    np.testing.assert_allclose(line, (w, b), atol=6e-5)
    np.testing.assert_allclose(
        celsius.loss_of(line, celsius.UNSEEN, celsius.formula(celsius.UNSEEN)), loss, atol=6e-5
    )


def test_plain_gradient_descent_needs_one_step_on_a_standardised_input():
    x = (celsius.CELSIUS - celsius.CELSIUS.mean()) / celsius.CELSIUS.std()
    y = celsius.FAHRENHEIT
    for inputs, rate, epochs, least in (
        (x, 0.5, 1, 0.0630459551842),
        (celsius.CELSIUS, 0.0017, 500, 37.29160),
    ):
        model = celsius.line_of(*celsius.START)
        fit(model, inputs[:, None], y[:, None], MSELoss(), SGD(model.parameters(), rate), epochs, verbose=0)
        w, b = celsius.START  # the same by formulas
        for _ in range(epochs):
            d = w * inputs + b - y
            w, b = w - rate * 2 * np.mean(d * inputs), b - rate * 2 * np.mean(d)
        close(celsius.as_line(model), (w, b))
        np.testing.assert_allclose(celsius.loss_of((w, b), inputs), least, rtol=1e-5)


def test_a_standardised_input_is_slower_at_the_same_rate():
    x = (celsius.CELSIUS - celsius.CELSIUS.mean()) / celsius.CELSIUS.std()
    run = celsius.train(celsius.line_of(*celsius.START), x, keras=True)
    np.testing.assert_allclose(run.path[-1], (34.51252933407706, 33.70024699408084), rtol=3e-5)
    np.testing.assert_allclose(celsius.loss_of(run.path[-1], x), 96.67449627594786, rtol=3e-4)


def replay(x, y, w, b, epochs, batch, lr=0.1, b1=0.9, b2=0.999, eps=1e-8):
    """Adam for a line in plain floats: w, b after every epoch."""
    m, v, t, path = np.zeros(2), np.zeros(2), 0, []
    for _ in range(epochs):
        for i in range(0, len(x), batch):
            d = w * x[i : i + batch] + b - y[i : i + batch]
            g = np.array([2 * np.mean(d * x[i : i + batch]), 2 * np.mean(d)])
            t += 1
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
            step = lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
            w, b = w - step[0], b - step[1]
        path.append((w, b))
    return path


def test_thousand_rows_in_batches_find_the_formula():
    x = np.linspace(-100, 100, celsius.MANY)
    y = celsius.formula(x)
    run = celsius.train(celsius.line_of(*celsius.START), x, y, epochs=250)
    exact = replay(x, y, *celsius.START, 30, celsius.BATCH)
    close(run.path[1:31], exact)
    # Keras in float64, from the same start: the loss of the first epochs, the mean over all rows
    np.testing.assert_allclose(
        run.losses[:3], [1458.8742287383022, 1863.4893730843587, 1120.9234801917555], rtol=1e-4
    )
    close(run.path[-1], (1.8, 32.0))
    assert run.losses[-1] < 1e-20


def test_not_converged_by_epoch_450():
    run = celsius.train(celsius.line_of(*celsius.START))
    assert run.losses[449] > 1.9 * run.losses[499] > 200 * celsius.loss_of(celsius.least_squares())
    assert celsius.settled(run.losses, celsius.loss_of(celsius.least_squares())) is None


def test_settled():
    assert celsius.settled([5, 3, 1.0], 1.0) == 3
    assert celsius.settled([1.0, 3, 1.0, 1.0], 1.0) == 3
    assert celsius.settled([1.0, 1.0], 1.0) == 1
    assert celsius.settled([1.0, 1.02], 1.0) is None
    assert celsius.settled([1.0, 1.02], 1.0, share=0.03) == 1


def test_words():
    assert celsius.words_for((1.8, 32.0)) == "1.800000c + 32.000000"
    assert celsius.words_for((1.8, -0.5)) == "1.800000c - 0.500000"
    assert celsius.distance((1.8, 30.0), (1.8, 32.0)) == "2.00"
    assert celsius.distance((1.8, 32.0), (1.8, 32.0)) == "0.0e+00"


def test_every_step_is_counted():
    steps = []
    celsius.train(celsius.line_of(0.0, 0.0), epochs=3, batch_size=3, tick=lambda: steps.append(math.nan))
    assert len(steps) == 9  # 7 rows, 3 batches
