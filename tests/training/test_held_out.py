"""Temperature and thresholds on literal confidences."""

import numpy as np
import pytest

from model.reading import softmax
from model.training.held_out import MAX_FALSE_ACCEPT_RATE, choose_line_threshold, choose_threshold, fit_temperature

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_fitted_temperature_is_the_one_that_scaled_the_logits(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10))
    labels = np.array([rng.choice(10, p=row) for row in softmax(logits)])
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_threshold_is_the_least_with_the_selective_accuracy_aimed_at():
    confidence = np.concatenate([np.full(995, 0.9), np.full(5, 0.8), np.full(100, 0.6)])
    right = np.concatenate([np.ones(995, bool), np.zeros(105, bool)])
    none = np.empty(0)
    assert choose_threshold(confidence, right, none) == 0.8
    assert choose_threshold(confidence, np.ones(1100, bool), none) == 0.6
    assert choose_threshold(np.array([0.2, 0.3]), np.ones(2, bool), none) == 0.5
    assert choose_threshold(confidence, np.zeros(1100, bool), none) == 1.0


def test_in_a_line_of_digits_only_errors_set_the_threshold():
    confidence = np.concatenate([np.full(995, 0.9), np.full(5, 0.8), np.full(100, 0.6)])
    assert choose_line_threshold(confidence, np.arange(1100) < 995) == 0.8
    assert choose_line_threshold(confidence, np.ones(1100, bool)) == 0.6
    assert choose_line_threshold(np.array([0.2, 0.3]), np.ones(2, bool)) == 0.5
    assert choose_line_threshold(confidence, np.zeros(1100, bool)) == 1.0


def test_digits_of_the_same_confidence_are_accepted_together():
    right = np.arange(1000) < 995
    assert choose_line_threshold(np.append(np.full(995, 0.9), np.full(5, 0.6)), right) == 0.6
    assert choose_line_threshold(np.append(np.full(994, 0.9), np.full(6, 0.6)), right) == 0.6
    assert choose_line_threshold(np.full(209, 0.9), np.arange(209) < 199) == 1.0, "95 in 100 are right, not 99.5"
    assert choose_line_threshold(np.append(np.full(100, 0.9), np.full(109, 0.7)), np.arange(209) < 150) == 0.9


def test_threshold_limits_the_false_accept_rate_of_non_digits():
    confidence, right = np.linspace(0.5, 1, 1000), np.ones(1000, bool)
    others = np.concatenate([np.full(975, 0.2), np.full(20, 0.7), np.full(5, 0.95)])
    threshold = choose_threshold(confidence, right, others)
    assert threshold == pytest.approx(0.7)
    assert (others >= threshold).mean() <= MAX_FALSE_ACCEPT_RATE
