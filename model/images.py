"""Picture bytes to ink."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.reading import Ink

Picture = bytes | Path | str | NDArray[np.uint8]


def load_grey(picture: Picture) -> NDArray[np.uint8]:
    """Decode a picture, upright, as (h, w) uint8 grey."""
    raise NotImplementedError


def photo_ink(grey: NDArray[np.uint8]) -> Ink:
    """Remove the paper: (h, w) uint8 grey -> ink of the same size."""
    raise NotImplementedError
