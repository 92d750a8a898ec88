"""Connected components of literal ink."""

import numpy as np

from model.vision.components import connected_components

INK = np.array([[9, 0, 0, 0], [0, 9, 0, 0], [0, 0, 0, 1]], np.uint8)


def test_boxes_sizes_areas_and_centers():
    found = connected_components(INK)
    assert found.labels.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 2]]
    assert found.boxes[1:].tolist() == [[0, 0, 2, 2], [3, 2, 4, 3]]
    assert found.sizes_wh[1:].tolist() == [[2, 2], [1, 1]]
    assert found.areas.tolist() == [9, 2, 1]
    assert found.centers[1:].tolist() == [[0.5, 0.5], [3.0, 2.0]]


def test_blank_ink_is_paper_alone():
    assert connected_components(np.zeros((3, 5), np.uint8)).boxes.tolist() == [[0, 0, 5, 3]]
