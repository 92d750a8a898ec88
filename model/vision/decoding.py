"""Picture files and arrays to gray pixels, upright; and a preview in color, from the same decoding."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
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
MAX_WEBP_PIXELS = 50_000_000
"""As WebP, whose decoder takes 16 bytes a pixel, for two canvases and two copies; no other takes more than 10."""
MAX_SIDE = 30_000
"""px: a strip of 1.2 m scanned at 600 dpi. On longer ones no digit is left when the longest side is shrunk to 2,400 px,
while a file of some hundred bytes may claim a million rows."""
_STRIP = 4_000_000  # px
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
        ImageError: it cannot be decoded, has no pixel, more than MAX_PIXELS (MAX_WEBP_PIXELS), or a side beyond
            MAX_SIDE.
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
        ImageError: it cannot be decoded, has no pixel, more than MAX_PIXELS (MAX_WEBP_PIXELS), or a side beyond
            MAX_SIDE.
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
            _check_size(*image.size, image.format)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)  # in place: it would copy an upright picture, too
            yield image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit lies above ours
        raise _too_large("several hundred") from error
    except MemoryError as error:
        expected = "Expected one that the memory of this process suffices for."
        raise ImageError(
            f"The picture takes too much memory. {expected} Received: {_describe(source, error)}."
        ) from error
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


def _check_size(width: int, height: int, file_format: str | None = None) -> None:
    is_webp = file_format == "WEBP"
    if width * height > (MAX_WEBP_PIXELS if is_webp else MAX_PIXELS):
        raise _too_large(f"{width}x{height}, {width * height / 1e6:.0f}", is_webp=is_webp)
    if max(width, height) > MAX_SIDE:
        limit = f"Expected at most {MAX_SIDE:,} px a side."
        raise ImageError(f"The picture is too long. {limit} Received: {width}x{height}.")


def _too_large(received: str, *, is_webp: bool = False) -> ImageError:
    most = f"{MAX_WEBP_PIXELS / 1e6:.0f} megapixels as WebP" if is_webp else f"{MAX_PIXELS / 1e6:.0f} megapixels"
    return ImageError(f"The picture is too large. Expected at most {most}. Received: {received} megapixels.")


def _describe(source: bytes | Path | str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    size = f"{len(source)} bytes" if isinstance(source, bytes) else "a file"
    return size if isinstance(error, MemoryError) else f"{size} of another kind, or damaged"


def _gray(image: Image.Image) -> Gray:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _deep_to_gray(image)
    return (
        _on_paper(image)
        if image.has_transparency_data
        else _in_strips(image, lambda strip: np.asarray(strip.convert("L")))
    )


def _in_strips(image: Image.Image, to_gray: Callable[[Image.Image], NDArray[np.integer]]) -> Gray:
    """Convert a picture strip by strip: copies of the whole would take several times the memory of its pixels."""
    gray = np.empty((image.height, image.width), np.uint8)
    for top, strip in _strips(image):
        gray[top : top + strip.height] = to_gray(strip)
    return gray


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Cut a picture into strips of its full width; yields the first row of each, and its pixels."""
    width, height = image.size
    rows = max(_STRIP // width, 1)
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _preview(upright: Image.Image) -> Image.Image | None:
    """Shrink a picture that has color; `upright` itself may be shrunk, since a copy would double the memory."""
    if upright.mode not in _COLORS or upright.has_transparency_data:
        return None
    preview = upright if upright.mode == "RGB" else upright.convert("RGB")
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), reducing_gap=2)
    return preview


def _deep_to_gray(deep: Image.Image) -> Gray:
    """Scale up to 16 bits to 8; the depth is that of the brightest pixel, since 10 or 12 bits may be stored in 16."""
    brightest = max(int(_deep(strip).max()) for _, strip in _strips(deep))
    most = 2 ** max(brightest.bit_length(), 8) - 1
    return _in_strips(deep, lambda strip: _deep(strip) * 255 // most)


def _deep(image: Image.Image) -> NDArray[np.uint32]:
    return np.clip(np.asarray(image), 0, 65535).astype(np.uint32)


def _on_paper(transparent: Image.Image) -> Gray:
    """Compose on white, or on black if the ink is white too, so that only its alpha shows it."""
    on_white = _in_strips(transparent, _on_white)
    return _in_strips(transparent, _on_black) if np.ptp(on_white) < MIN_CONTRAST else on_white


def _on_white(transparent: Image.Image) -> Gray:
    gray, alpha = _gray_and_alpha(transparent)
    return np.asarray(cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(gray), alpha, scale=1 / 255)))


def _on_black(transparent: Image.Image) -> Gray:
    gray, alpha = _gray_and_alpha(transparent)
    return np.asarray(cv2.multiply(gray, alpha, scale=1 / 255))


def _gray_and_alpha(transparent: Image.Image) -> tuple[Gray, Gray]:
    gray, alpha = (np.asarray(band) for band in transparent.convert("RGBA").convert("LA").split())
    return gray, alpha
