"""The picture on the screen: upright, no larger than a screen, as a data URL.

Streamlit's media files and the canvas package could show it too, but all sessions share their stores of pictures.
"""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass

from PIL import Image

from model.vision.decoding import PREVIEW_SIDE, DecodedPhoto


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture for the screen.

    Attributes:
        size_wh: px of the upright original, whatever the preview's own size.
        url: the preview as a data URL.
    """

    size_wh: tuple[int, int]
    url: str


def make_preview(photo: DecodedPhoto) -> Preview:
    """Encode a decoded photo for the screen: in color, or in gray where it has no color to show."""
    height, width = photo.gray.shape
    shown = photo.preview or Image.fromarray(photo.gray)
    shown.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=2)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=85)
    return Preview((width, height), f"data:image/jpeg;base64,{b64encode(buffer.getvalue()).decode()}")
