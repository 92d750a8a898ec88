"""The steps from a page to its ink."""

import cv2
import numpy as np
import pytest

from model.vision.page_ink import page_ink
from tests.handwriting.picture_files import FOUR, SEVEN, page
from tests.handwriting.written_pages import noisy, ruled


def test_each_step_takes_something_away():
    clean = page([SEVEN, FOUR], paper=235, ink=20)
    stained = np.minimum(noisy(ruled(clean, 40, 150), 3), cv2.circle(np.full_like(clean, 255), (150, 75), 70, 200, 6))
    steps = page_ink(stained)
    assert steps.without_paper.shape == steps.ink.shape == steps.without_ruled_lines.shape == stained.shape
    counts = [np.count_nonzero(ink) for ink in (steps.without_paper, steps.ink, steps.without_ruled_lines)]
    assert counts[0] > 2 * counts[1] > 2 * counts[2] > np.count_nonzero(clean == 20)
    assert (steps.without_ruled_lines[clean == 20] > 0).mean() > 0.93
    np.testing.assert_array_equal(steps.ink[steps.ink > 0], steps.without_paper[steps.ink > 0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (50, 50)])
def test_a_blank_page_has_no_ink(shape):
    steps = page_ink(np.full(shape, 200, np.uint8))
    assert not steps.ink.any()
    assert not steps.without_ruled_lines.any()
