"""What the page shows of a picture: upright, no larger than a screen, as a data URL.

Not by way of Streamlit's media files or the canvas package, whose stores of pictures all sessions share.
"""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass

from PIL import Image, ImageOps

from model.vision.decoding import Gray

MAX_SIDE = 1400
"""px; more would only make the page slow."""
_COLORS = ("RGB", "YCbCr", "CMYK")


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture for the screen.

    Attributes:
        size_wh: px of the upright original, whatever the preview's own size.
        url: the preview as a data URL.
    """

    size_wh: tuple[int, int]
    url: str


def make_preview(data: bytes, gray: Gray) -> Preview:
    """Make the preview of a picture file that has been decoded as gray."""
    height, width = gray.shape
    shown = _in_color(data) or Image.fromarray(gray)
    shown.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=85)
    return Preview((width, height), f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}")


def _in_color(data: bytes) -> Image.Image | None:
    """The upright picture, known to be sound, in color; None if it has none, or if it needs care to be seen at all."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode not in _COLORS or image.has_transparency_data:
            return None
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        return ImageOps.exif_transpose(image).convert("RGB")
