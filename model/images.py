"""Picture bytes to ink: decode, turn upright, take the paper away."""

from __future__ import annotations

import io
import warnings
from math import ceil
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from model.errors import ImageError
from model.reading import Ink

Gray = NDArray[np.uint8]
"""(h, w) uint8, 0 black … 255 white."""
Picture = bytes | Path | str | NDArray[np.uint8]

MAX_PIXELS = 100_000_000
"""Larger pictures are refused before decoding: memory and time stay bounded."""

register_heif_opener()  # what phones take pictures in
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "HEIF")
_EXPECTED = f"Expected a picture of the format {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}."
_SMALL_SIDE = 256  # px; paper and light vary slowly, so they are estimated on a small copy
_MIN_CONTRAST = 25  # of 255; what differs less from its paper is not taken for ink
_PALE, _PALE_END = 0.35, 2.0  # of clear ink's darkness, and pens: fainter and farther from it is a stain
_GLYPH_SIDE = 100  # px
_PEN = 12  # px on _GLYPH_SIDE: MNIST's median, measured in the same way, is 11
_DARKEST_PAPER = 64  # darker ground is not divided by its brightness, which would make its noise look like ink


def load_gray(picture: Picture) -> Gray:
    """Decode a picture, upright, as gray.

    EXIF orientation is applied. Transparent pixels lie on white, or on black where that would leave nothing to see.
    The first frame of an animation is taken.

    Args:
        picture: bytes of a PNG, JPEG, WebP, BMP, GIF, TIFF or HEIC file, the path of such a file, or pixels as (h, w)
            gray, (h, w, 3) RGB or (h, w, 4) RGBA uint8.

    Returns:
        (h, w) uint8, 0 black … 255 white, of the upright picture's size.

    Raises:
        ImageError: it cannot be decoded, has no pixel, or more than MAX_PIXELS.
    """
    return _gray(_from_array(picture)) if isinstance(picture, np.ndarray) else _decode(picture)


def remove_paper(gray: Gray) -> tuple[Ink, float]:
    """Take the paper away, whatever its brightness and however unevenly it is lit; dark on light or light on dark.

    The paper's brightness is a morphological closing of the picture, which fills whatever is narrower than its kernel
    (Serra 1982). What falls short of it, relative to it, is ink or the paper's own noise.

    Args:
        gray: (h, w) uint8, h and w at least 1.

    Returns:
        Ink of the same size with the noise still in it, and what the noise hardly exceeds, 0-255.
    """
    if not _is_dark_on_light(gray):
        gray = cv2.bitwise_not(gray)
    paper = _paper(gray)
    ink: Ink = cv2.divide(cv2.subtract(paper, gray), cv2.max(paper, _DARKEST_PAPER), scale=255.0)
    return ink, _noise(gray, paper)


def clear_ink(ink: Ink, noise: float) -> Ink:
    """Zero what is no darker than the paper's noise, and what is faint all over.

    The threshold is Otsu's (1979), kept by hysteresis (Canny 1986): faint ink counts only where it is connected to
    clear ink.
    """
    faint = max(noise, _MIN_CONTRAST / 2)
    inked = ink > faint
    if not inked.any():
        return np.zeros_like(ink)
    threshold, _ = cv2.threshold(ink[inked], 0, 255, cv2.THRESH_OTSU)
    clear = ink > max(threshold, 2 * faint)
    count, pieces = cv2.connectedComponents(inked.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[pieces[clear]] = True
    return np.where(kept[pieces], ink, 0).astype(np.uint8)


def remove_stains(ink: Ink) -> Ink:
    """Zero the faint ink that reaches far beyond clear ink: the ring of a cup, or a crease, that a digit stands on.

    What is only a little fainter than the strokes, or near them, is their own: pens and pencils leave pale places.

    Args:
        ink: (h, w) uint8 without rulings: a ruling is told by its length, and this would part it.
    """
    inked = ink > 0
    if not inked.any():
        return ink.copy()
    threshold, _ = cv2.threshold(ink[inked], 0, 255, cv2.THRESH_OTSU)
    clear = ink > threshold
    if not clear.any():
        return ink.copy()
    distance = cv2.distanceTransform((~clear).astype(np.uint8), cv2.DIST_L2, 3)
    is_stain = (distance > _PALE_END * pen_width(clear)) & (ink < _PALE * float(np.median(ink[clear])))
    return np.where(is_stain, 0, ink).astype(np.uint8)


def pen_width(mask: NDArray[np.bool_]) -> float:
    """Twice the ink's area by its outlines' length, px; 0 without ink."""
    outlines, _ = cv2.findContours(np.pad(mask, 1).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, closed=True) for outline in outlines)
    return float(2 * np.count_nonzero(mask) / max(length, 1.0))


def shrink(gray: Gray, side: int) -> Gray:
    """Copy with the longest side at `side` px at most, averaged over areas."""
    height, width = gray.shape
    scale = min(side / max(height, width), 1.0)
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(gray, size_wh, interpolation=cv2.INTER_AREA))


def even_pen(ink: Ink) -> Ink:
    """Bring a glyph to the ink MNIST has: strokes of full contrast, and no thinner than MNIST's.

    Pencils are faint, and pens of paint programs far thinner than MNIST's 0.10 to 0.24 of the digit's size. Fat pens
    stay: what they have closed cannot be opened again. Half of the ink is saturated, and the strokes are dilated to
    MNIST's median width, taking twice the ink's area by its outline's length as their width.

    Args:
        ink: (h, w) uint8, the tight ink of one glyph, with a mark in it.

    Returns:
        The glyph with its longest side at 100 px, and a margin for what the pen has gained.
    """
    height, width = ink.shape
    scale = _GLYPH_SIDE / max(ink.shape)
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    large = cv2.resize(ink, size_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    strong = large > large.max() / 2
    even = cv2.convertScaleAbs(large, alpha=255 / float(np.median(large[strong])))
    missing = max(_PEN - round(pen_width(strong)), 0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing | 1, missing | 1))
    return np.asarray(cv2.dilate(np.pad(even, missing), kernel))


def _is_dark_on_light(gray: Gray) -> bool:
    """Whether what is written is darker than its ground.

    Ink is rarer than paper, so the skewness of the values about those of their surroundings has the ink's sign. The
    surroundings are wide enough for a fat digit that fills the picture, and narrow enough for uneven light.
    """
    small = shrink(gray, _SMALL_SIDE).astype(np.float32)
    ground = cv2.GaussianBlur(small, (0, 0), max(small.shape) / 6, borderType=cv2.BORDER_REFLECT)
    return bool(((small - ground) ** 3).sum() <= 0)


def _decode(source: bytes | Path | str) -> Gray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow warns of is refused here, or does no harm
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS) as image:
                _check_size(*image.size)
                return _gray(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit lies above ours
        raise _too_large("several hundred") from error
    except Exception as error:  # decoders of damaged files raise almost anything
        raise ImageError(f"The picture cannot be read. {_EXPECTED} Received: {_describe(source, error)}.") from error


def _from_array(pixels: NDArray[np.uint8]) -> Image.Image:
    is_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in {3, 4})
    if not is_picture or pixels.dtype != np.uint8 or pixels.size == 0:
        expected = "Expected (h, w), (h, w, 3) or (h, w, 4) uint8, h and w at least 1."
        raise ImageError(f"The array is no picture. {expected} Received: {pixels.shape} {pixels.dtype}.")
    _check_size(pixels.shape[1], pixels.shape[0])
    return Image.fromarray(pixels)


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


def _to_bytes(deep: NDArray[np.integer]) -> Gray:
    """8 bits of up to 16: scanners and cameras store 10 or 12 bits in 16, so the brightest pixel tells the depth."""
    depth = max(int(deep.max()).bit_length(), 8)
    return np.asarray(deep.astype(np.uint32) * 255 // (2**depth - 1)).astype(np.uint8)


def _on_paper(transparent: Image.Image) -> Gray:
    """Compose on white; on black if the ink is as white as that, and only its alpha shows it."""
    gray, alpha = (np.asarray(band) for band in transparent.convert("RGBA").convert("LA").split())
    on_white = cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(gray), alpha, scale=1 / 255))
    on_black = cv2.multiply(gray, alpha, scale=1 / 255)
    return np.asarray(on_black if np.ptp(on_white) < _MIN_CONTRAST else on_white)


def _paper(gray: Gray) -> Gray:
    """Brightness of the paper under and around dark ink, of the picture's size."""
    small = shrink(gray, _SMALL_SIDE)
    quiet = cv2.medianBlur(small, 3)  # a closing spreads single bright pixels
    widest = max(small.shape) // 4
    _, mask = cv2.threshold(cv2.subtract(_close(quiet, widest), small), 0, 255, cv2.THRESH_OTSU)
    paper = _close(quiet, min(3 * _usual_width(mask), widest))  # no wider than it must: it follows the light the better
    if small.shape == gray.shape:
        return paper
    paper = cv2.erode(paper, np.ones((3, 3), np.uint8))  # enlarging blurs the edges of what is dark: they are no ink
    height, width = gray.shape
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR))


def _usual_width(mask: NDArray[np.uint8]) -> int:
    """Width, in px, that three quarters of the strokes keep to, by their length: a table's edge is wide, but short."""
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ridge = depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))]
    return 2 * ceil(np.quantile(ridge, 0.75)) if len(ridge) else 1


def _close(gray: Gray, side: int) -> Gray:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side | 1, side | 1))
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, kernel))


def _noise(gray: Gray, paper: Gray) -> float:
    """What the paper's own ink hardly exceeds: four standard deviations, from the median absolute deviation.

    Brighter than its paper counts too: half of the noise would be no measure of its spread.
    """
    step = ceil(max(gray.shape) / _SMALL_SIDE)
    here, ground = (values[::step, ::step].astype(np.float64) for values in (gray, paper))
    values = 255 * (ground - here) / np.maximum(ground, _DARKEST_PAPER)
    median = np.median(values)
    return float(median + 4 * 1.4826 * np.median(np.abs(values - median)))
