"""Connected components of ink."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Ink


class Components(NamedTuple):
    """The connected components of some ink; number 0 is the paper.

    Attributes:
        labels: (h, w) int32, the number of the component that each pixel belongs to.
        boxes: (n, 4) int64, tight boxes, xyxy half-open, px.
        sizes_wh: (n, 2) int64, widths and heights of the boxes, px.
        areas: (n,) int64, px of ink.
        centers: (n, 2) float64, x and y of the centers of mass.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    sizes_wh: NDArray[np.int64]
    areas: NDArray[np.int64]
    centers: NDArray[np.float64]


def connected_components(ink: Ink) -> Components:
    """Label the connected components of everything above 0, diagonal neighbors included."""
    _, labels, stats, centers = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    corners, sizes, areas = np.split(stats.astype(np.int64), [2, 4], axis=1)
    return Components(labels, np.hstack([corners, corners + sizes]), sizes, areas[:, 0], centers)
