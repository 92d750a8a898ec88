import numpy as np
import pytest

from model.reading import Digit, Finding


def digit(threshold, **probabilities):
    """p7=0.9 is a probability of 0.9 for a 7; the other digits share what is left."""
    given = {int(name[1]): probability for name, probability in probabilities.items()}
    rest = (1 - sum(given.values())) / (10 - len(given))
    row = np.array([given.get(label, rest) for label in range(10)])
    label = int(row.argmax())
    return Digit(label, row[label], row[label] >= threshold, row, (0, 0, 1, 1), np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize(
    ("threshold", "probabilities", "finding"),
    [
        (0.9, {"p7": 0.9}, Finding.DIGIT),
        (0.9, {"p4": 0.5, "p9": 0.45}, Finding.BETWEEN),
        (0.9, {"p4": 0.79, "p9": 0.2}, Finding.BETWEEN),
        (0.9, {"p7": 0.85, "p1": 0.017}, Finding.UNSURE),
        (0.8, {"p7": 0.76}, Finding.UNSURE),
        (0.8, {"p4": 0.5, "p9": 0.25}, Finding.UNSURE),
        (0.8, {"p4": 0.45, "p9": 0.3}, Finding.NOT_A_DIGIT),
        (0.8, {}, Finding.NOT_A_DIGIT),
    ],
)
def test_finding(threshold, probabilities, finding):
    assert digit(threshold, **probabilities).finding is finding


def test_runner_up_is_the_second_likeliest():
    assert digit(0.9, p4=0.5, p9=0.45).runner_up == 9
