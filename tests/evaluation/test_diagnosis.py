"""Diagnosis of a linear network, whose neighbors and saliency are known by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from model.classifiers.architectures import build_cnn
from model.classifiers.networks import compile_predict
from model.data.mnist import LabeledFrames, Mnist
from model.data.stroke_templates import draw_digits
from model.evaluation.diagnosis import compare, diagnose, draw_map, embed, find_neighbors, find_saliency, select
from model.evaluation.results import DIAGNOSIS_FILE, load_diagnosis, save_diagnosis
from tests.evaluation.test_results import folder  # noqa: F401

pytestmark = pytest.mark.slow

FOR, AGAINST = (10, 8), (20, 15)  # pixels that are evidence for a 9 and for a 4


@pytest.fixture(scope="module")
def linear():
    """A network of one layer: one pixel is evidence for 9, another for 4, the rest for nothing."""
    frames = keras.Input((28, 28), dtype="uint8", name="frames")
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(frames))
    network = keras.Model(frames, layers.Dense(10, name="logits")(flat))
    weights = np.zeros((28, 28, 10), np.float32)
    weights[(*FOR, 9)] = weights[(*AGAINST, 4)] = 5
    network.get_layer("logits").set_weights([weights.reshape(784, 10), np.zeros(10, np.float32)])
    return network


@pytest.fixture(scope="module")
def data():
    train, test = draw_digits(120, np.random.default_rng(0)), draw_digits(40, np.random.default_rng(1))
    return Mnist(train, np.arange(len(train)), test, "of drawn digits")


def frames_with(*pixels):
    frames = np.zeros((1, 28, 28), np.uint8)
    for pixel in pixels:
        frames[(0, *pixel)] = 200
    return frames


def test_misread_digits_come_first_each_group_by_ascending_confidence():
    likely = [0.6, 0.9, 0.5, 0.8, 0.7]
    probabilities = np.stack([np.array([p, 1 - p, *[0] * 8]) for p in likely])
    assert select(probabilities, np.array([0, 1, 0, 1, 0])).tolist() == [3, 1, 2, 0, 4]
    assert select(probabilities, np.zeros(5, int)).dtype == np.int32


def test_only_the_sixty_least_confident_correct_digits_are_selected():
    likely = np.linspace(0.55, 1, 100)
    probabilities = np.zeros((100, 10))
    probabilities[:, 3], probabilities[:, 5] = likely, 1 - likely
    assert select(probabilities, np.full(100, 3)).tolist() == list(range(60))
    assert len(select(probabilities, np.full(100, 5))) == 100


def test_a_digit_is_compared_with_the_true_one_or_with_the_runner_up():
    probabilities = np.zeros((2, 10))
    probabilities[:, [9, 7, 4]] = 0.6, 0.3, 0.1
    assert compare(probabilities, np.array([4, 9])).tolist() == [[9, 4], [9, 7]]
    assert compare(np.full((1, 10), 0.1), np.array([0])).tolist() == [[0, 1]]  # a tie: argmax takes the first


def test_saliency_is_positive_for_evidence_of_the_first_digit(linear):
    frames = np.repeat(frames_with(FOR, AGAINST), 3, axis=0)
    saliency = find_saliency(linear, frames, np.array([[9, 4], [4, 9], [9, 1]], np.uint8))
    assert (saliency.shape, saliency.dtype) == ((3, 28, 28), np.float32)
    values = [(s[FOR], s[AGAINST]) for s in saliency]
    np.testing.assert_allclose(values, [(1, -1), (-1, 1), (1, 0)], atol=1e-5)
    assert np.count_nonzero(saliency) == 5


def test_saliency_is_zero_where_no_pixel_makes_a_difference(linear):
    blank, aside = np.zeros((1, 28, 28), np.uint8), frames_with((3, 3))
    for frames in (blank, aside, blank[:0]):
        saliency = find_saliency(linear, frames, np.full((len(frames), 2), [9, 4], np.uint8))
        assert saliency.shape == frames.shape
        assert not saliency.any()


def test_saliency_is_found_in_a_convolutional_network():
    keras.utils.set_random_seed(0)
    frames = draw_digits(3, np.random.default_rng(0)).frames
    network = build_cnn()
    weights = [array.copy() for array in network.get_weights()]
    saliency = find_saliency(network, frames, np.array([[1, 2]] * 3, np.uint8))
    np.testing.assert_allclose(np.abs(saliency).max(axis=(1, 2)), 1)
    assert not saliency[frames == 0].any()
    assert all(np.array_equal(*pair) for pair in zip(weights, network.get_weights(), strict=True))


def test_features_are_the_input_of_the_last_layer(linear, data):
    np.testing.assert_allclose(embed(linear, data.test.frames), data.test.frames.reshape(-1, 784) / 255, atol=1e-6)
    assert embed(build_cnn(), data.test.frames[:2]).shape == (2, 128)


def test_the_nearest_neighbor_of_a_digit_is_itself(linear, data):
    features = embed(linear, data.train.frames)
    neighbors = find_neighbors(features[[5, 50]], features)
    assert neighbors.shape == (2, 8)
    assert neighbors[:, 0].tolist() == [5, 50]
    distances = np.linalg.norm(features[neighbors] - features[[5, 50], None], axis=2)
    assert (np.diff(distances) >= 0).all()


def test_the_map_separates_clusters():
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (40, 20)), rng.normal(30, 1, (40, 20))]).astype(np.float32)
    places = draw_map(features)
    assert (places.shape, places.dtype) == ((80, 2), np.float32)
    middles = places[:40].mean(axis=0), places[40:].mean(axis=0)
    to_own, to_other = (np.linalg.norm(places[:40] - middle, axis=1) for middle in middles)
    assert (to_own < to_other).all()
    np.testing.assert_array_equal(draw_map(features), places)


@pytest.fixture(scope="module")
def diagnosed(linear, data):
    return diagnose(linear, data)


def test_the_parts_of_a_diagnosis_agree(diagnosed, data, linear):
    predicted = compile_predict(linear)(data.test.frames).argmax(axis=1)
    wrong = np.flatnonzero(predicted != data.test.labels)
    m = len(diagnosed.indices)
    assert m == len(data.test)  # of 40 digits all correct ones are among the 60 least confident
    assert set(diagnosed.indices[: len(wrong)]) == set(wrong)
    np.testing.assert_array_equal(diagnosed.frames, data.test.frames[diagnosed.indices])
    np.testing.assert_array_equal(diagnosed.compared[: len(wrong), 0], predicted[diagnosed.indices[: len(wrong)]])
    assert (diagnosed.saliency.shape, diagnosed.neighbors.shape) == ((m, 28, 28), (m, 8))
    assert diagnosed.embedding.shape == (40, 2)
    assert [curve.name for curve in diagnosed.robustness] == [
        *("rotation", "size", "shift", "pen width", "noise", "blur", "contrast")
    ]


def test_neighbors_are_indices_in_the_order_of_keras(diagnosed, data):
    np.testing.assert_array_equal(diagnosed.neighbor_labels, data.whole.labels[diagnosed.neighbors])
    distances = np.linalg.norm(
        data.whole.frames[:, None].astype(float) - diagnosed.frames[None, :3].astype(float), axis=(2, 3)
    )
    np.testing.assert_array_equal(distances.argmin(axis=0), diagnosed.neighbors[:3, 0])


def test_a_diagnosis_is_saved_and_loaded(diagnosed, folder):  # noqa: F811
    (folder / DIAGNOSIS_FILE).unlink()
    save_diagnosis(folder, diagnosed)
    assert load_diagnosis().robustness == diagnosed.robustness
    np.testing.assert_array_equal(load_diagnosis().indices, diagnosed.indices)


def test_nothing_is_selected_of_no_digits():
    empty = LabeledFrames(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))
    assert len(select(np.empty((0, 10)), empty.labels)) == 0
