"""Picture files and arrays to gray pixels, upright; and a preview in color, from the same decoding."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from model.errors import ImageError

Gray = NDArray[np.uint8]
"""(h, w) uint8, 0 black … 255 white."""
Picture = bytes | Path | str | NDArray[np.uint8]

MAX_PIXELS = 100_000_000
"""Larger pictures are refused before decoding, which bounds memory and time."""
PREVIEW_SIDE = 1400
"""px, the longest side of a preview; more would only make the page slow."""

register_heif_opener()  # phones take their pictures in this format
# Pillow warns of large pictures and of damaged metadata. The size is checked here, and the metadata does no harm. The
# filters are set once, because `warnings.catch_warnings` changes those of all threads.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "HEIF")
_EXPECTED = f"Expected a picture of the format {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}."
_COLORS = ("RGB", "YCbCr", "CMYK")
MIN_CONTRAST = 25
"""Of 255; pixels that differ less from their paper are not taken for ink."""


@dataclass(frozen=True, eq=False, slots=True)
class DecodedPhoto:
    """A picture file, decoded once for the reader and for the screen.

    Attributes:
        gray: (h, w) uint8, 0 black … 255 white, of the upright picture's size.
        preview: the upright picture in RGB, its longest side at PREVIEW_SIDE px at most; None if it has no color, or if
            it is transparent, where only `gray` is sure to show the ink.
    """

    gray: Gray
    preview: Image.Image | None


def decode_photo(data: bytes) -> DecodedPhoto:
    """Decode a picture file as `load_gray` does, and keep a small copy in color.

    Args:
        data: a PNG, JPEG, WebP, BMP, GIF, TIFF or HEIC file.

    Raises:
        ImageError: it cannot be decoded, has no pixel, or more than MAX_PIXELS.
    """
    with _opened(data) as upright:
        gray = _gray(upright)
        return DecodedPhoto(gray, _preview(upright))


def load_gray(picture: Picture) -> Gray:
    """Decode a picture, upright, as gray.

    EXIF orientation is applied. Transparent pictures are composed on white, or on black if nothing would be seen on
    white. The first frame of an animation is decoded.

    Args:
        picture: bytes of a PNG, JPEG, WebP, BMP, GIF, TIFF or HEIC file, the path of such a file, or pixels as (h, w)
            gray, (h, w, 3) RGB or (h, w, 4) RGBA uint8.

    Returns:
        (h, w) uint8, 0 black … 255 white, of the upright picture's size. A gray array is returned as it is.

    Raises:
        ImageError: it cannot be decoded, has no pixel, or more than MAX_PIXELS.
    """
    if isinstance(picture, np.ndarray):
        return _gray_of_array(picture)
    with _opened(picture) as upright:
        return _gray(upright)


def shrink(gray: Gray, side: int) -> Gray:
    """Copy a picture with its longest side at `side` px at most, averaged over areas."""
    height, width = gray.shape
    scale = min(side / max(height, width), 1.0)
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(gray, size_wh, interpolation=cv2.INTER_AREA))


@contextmanager
def _opened(source: bytes | Path | str) -> Iterator[Image.Image]:
    """Decode a file and turn it upright; every error that its pixels cause in the block becomes an ImageError."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS) as image:
            _check_size(*image.size)
            yield ImageOps.exif_transpose(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit lies above ours
        raise _too_large("several hundred") from error
    except Exception as error:  # decoders of damaged files raise almost anything
        raise ImageError(f"The picture cannot be read. {_EXPECTED} Received: {_describe(source, error)}.") from error


def _gray_of_array(pixels: NDArray[np.uint8]) -> Gray:
    """Check an array and convert its color to gray; a gray, contiguous one is returned as it is, without a copy."""
    is_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in {3, 4})
    if not is_picture or pixels.dtype != np.uint8 or pixels.size == 0:
        expected = "Expected (h, w), (h, w, 3) or (h, w, 4) uint8, h and w at least 1."
        raise ImageError(f"The array is no picture. {expected} Received: {pixels.shape} {pixels.dtype}.")
    _check_size(pixels.shape[1], pixels.shape[0])
    return np.ascontiguousarray(pixels) if pixels.ndim == 2 else _gray(Image.fromarray(pixels))


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width}x{height}, {width * height / 1e6:.0f}")


def _too_large(received: str) -> ImageError:
    limit = f"Expected at most {MAX_PIXELS / 1e6:.0f} megapixels."
    return ImageError(f"The picture is too large. {limit} Received: {received} megapixels.")


def _describe(source: bytes | Path | str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    size = f"{len(source)} bytes" if isinstance(source, bytes) else "a file"
    return f"{size} of another kind, or damaged"


def _gray(image: Image.Image) -> Gray:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _to_bytes(np.clip(np.asarray(image), 0, 65535))
    return _on_paper(image) if image.has_transparency_data else np.asarray(image.convert("L"))


def _preview(upright: Image.Image) -> Image.Image | None:
    """Shrink a picture that has color; `upright` itself may be shrunk, since a copy would double the memory."""
    if upright.mode not in _COLORS or upright.has_transparency_data:
        return None
    preview = upright if upright.mode == "RGB" else upright.convert("RGB")
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=2)
    return preview


def _to_bytes(deep: NDArray[np.integer]) -> Gray:
    """Scale up to 16 bits to 8; the depth is that of the brightest pixel, since 10 or 12 bits may be stored in 16."""
    depth = max(int(deep.max()).bit_length(), 8)
    return np.asarray(deep.astype(np.uint32) * 255 // (2**depth - 1)).astype(np.uint8)


def _on_paper(transparent: Image.Image) -> Gray:
    """Compose on white, or on black if the ink is white too, so that only its alpha shows it."""
    gray, alpha = (np.asarray(band) for band in transparent.convert("RGBA").convert("LA").split())
    on_white = cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(gray), alpha, scale=1 / 255))
    on_black = cv2.multiply(gray, alpha, scale=1 / 255)
    return np.asarray(on_black if np.ptp(on_white) < MIN_CONTRAST else on_white)
