import cv2
import numpy as np
import pytest

from tests.handwriting.sample_pictures import FOLDER, SAMPLES, draw


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_what_our_code_draws(name):
    saved = cv2.imread(str(FOLDER / name)).astype(int)
    assert np.abs(saved - draw(name)).mean() < 4


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_read_right(reader, name):
    assert reader.read_photo(FOLDER / name).text == "\n".join(line.replace(" ", "") for line in SAMPLES[name])
