"""Gray page to ink: without its paper, its noise, its ruled lines and its stains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.reading import Ink
from model.vision.decoding import Gray
from model.vision.paper import clear_ink, remove_paper, remove_stains
from model.vision.ruled_lines import remove_ruled_lines

_FAINT = 0.7  # of the noise; ruled lines are found by their length, even if they are hardly darker than the paper


@dataclass(frozen=True, eq=False, slots=True)
class PageInk:
    """The ink of a page, step by step; each is (h, w) uint8, 0 paper … 255 ink.

    Attributes:
        without_paper: ink without the paper's brightness, light and shadows, but with its noise.
        ink: ink without the noise.
        without_ruled_lines: ink without ruled lines, the boxes of forms and stains.
    """

    without_paper: Ink
    ink: Ink
    without_ruled_lines: Ink


def page_ink(gray: Gray) -> PageInk:
    """Separate a page's writing from its paper, its ruled lines and its stains.

    Args:
        gray: (h, w) uint8, 0 black … 255 white, h and w at least 1; it is not changed.

    Returns:
        The ink after each step, of the size of `gray`.
    """
    without_paper, noise = remove_paper(gray)
    ink = clear_ink(without_paper, noise)
    faint = clear_ink(without_paper, _FAINT * noise)
    is_ruled_line = (faint > 0) & (remove_ruled_lines(faint) == 0)
    return PageInk(without_paper, ink, remove_stains(np.where(is_ruled_line, 0, ink).astype(np.uint8)))
