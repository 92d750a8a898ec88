"""TODO model.vision.page_ink."""

from __future__ import annotations

import numpy as np

from model.reading import Ink
from model.vision.paper import clear_ink, remove_stains
from model.vision.ruled_lines import remove_ruled_lines

_FAINT = 0.7  # of the noise: rulings are found by their length, even if they are hardly darker


def page_ink(ink: Ink, without_paper: Ink, noise: float) -> Ink:
    """The ink without rulings, even those that are hardly darker than the paper's noise, and without stains.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink, as `clear_ink` gives it; it is not changed.
        without_paper: (h, w) uint8, the same with the noise still in it, as `remove_paper` gives it.
        noise: 0-255, what the noise hardly exceeds.

    Returns:
        (h, w) uint8 ink.
    """
    faint = clear_ink(without_paper, _FAINT * noise)
    is_ruling = (faint > 0) & (remove_ruled_lines(faint) == 0)
    return remove_stains(np.where(is_ruling, 0, ink).astype(np.uint8))
