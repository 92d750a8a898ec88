"""Pictures that nobody means well, each made from a seed: mutated files, headers that lie, and hostile pages."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from random import Random

import cv2
import numpy as np
from PIL import Image

from tests.handwriting.digit_strokes import DIGITS, LETTERS, SCRIBBLE, STYLES
from tests.handwriting.picture_files import encode
from tests.handwriting.written_pages import Handwriting, noisy, ruled, write

SHAPES = [*DIGITS.values(), *STYLES.values(), *LETTERS.values(), SCRIBBLE]
SIDES = (60, 300, 800, 1600, 2400)
PIXELS = 100_000_000
"""Of the largest pictures, as many as the decoder accepts."""
FORMATS: dict[str, tuple[tuple[str, dict], ...]] = {
    "L": (("PNG", {}), ("JPEG", {}), ("TIFF", {}), ("GIF", {}), ("BMP", {})),
    "RGB": (
        *(("PNG", {}), ("JPEG", {"progressive": True}), ("JPEG", {"quality": 20}), ("WEBP", {"lossless": True})),
        *(("WEBP", {"quality": 30}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "jpeg"})),
        *(("TIFF", {"compression": "tiff_adobe_deflate"}), ("BMP", {}), ("HEIF", {})),
    ),
    "RGBA": (("PNG", {}), ("WEBP", {"quality": 60}), ("TIFF", {"compression": "packbits"})),
    "P": (("PNG", {}), ("GIF", {"save_all": True, "append_images": [Image.new("P", (90, 40))]}), ("BMP", {})),
    "1": (("PNG", {}), ("TIFF", {"compression": "group4"})),
    "I;16": (("PNG", {}), ("TIFF", {})),
    "CMYK": (("JPEG", {}), ("TIFF", {})),
}
"""How our own code writes its files, by Pillow's mode."""


def picture(seed: int) -> bytes:
    """Make a picture file: mutated, with a hostile header, of a hostile page, or as large as is allowed."""
    rng = Random(f"picture {seed}")
    kinds = {mutated: 90, with_hostile_header: 6, hostile_page: 3.8, largest: 0.2}
    return rng.choices(list(kinds), list(kinds.values()))[0](rng)


@cache
def sound_files() -> tuple[bytes, ...]:
    """A page of three digits in each format and mode."""
    page = Image.fromarray(write("305", style=Handwriting(height=40)))
    return tuple(
        encode(
            page.convert("L").convert(mode, dither=Image.Dither.NONE) if mode != "I;16" else page.convert("I;16"),
            name,
            **options,
        )
        for mode, files in FORMATS.items()
        for name, options in files
    )


def mutated(rng: Random) -> bytes:
    """A sound file, changed in up to four ways."""
    data = bytearray(rng.choice(sound_files()))
    for _ in range(rng.randrange(1, 5)):
        rng.choice((flip, truncate, splice, repeat, put_number))(data, rng)
    return with_checksums(bytes(data)) if rng.random() < 0.7 else bytes(data)


def flip(data: bytearray, rng: Random) -> None:
    """Change up to twenty bytes, most of them near the beginning."""
    for _ in range(rng.randrange(1, 21)):
        if data:
            data[place(data, rng)] = rng.randrange(256)


def truncate(data: bytearray, rng: Random) -> None:
    """Cut off the end."""
    del data[rng.randrange(len(data) + 1) :]


def splice(data: bytearray, rng: Random) -> None:
    """Replace a part by a part of another file."""
    other, at = rng.choice(sound_files()), place(data, rng)
    start, length = rng.randrange(len(other)), rng.randrange(1, 400)
    data[at : at + rng.choice((0, length))] = other[start : start + length]


def repeat(data: bytearray, rng: Random) -> None:
    """Repeat a part, up to 200 times."""
    at, length = place(data, rng), rng.randrange(1, 100)
    data[at:at] = data[at : at + length] * rng.choice((1, 2, 200))


def put_number(data: bytearray, rng: Random) -> None:
    """Write a number at the limit of its type, as a size or an offset may be."""
    number = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.getrandbits(32)))
    at = place(data, rng)
    data[at : at + 4] = struct.pack(rng.choice("<>") + "I", number)


def place(data: bytearray, rng: Random) -> int:
    """A place in the file, in two cases of three among its headers."""
    return rng.randrange(max(min(len(data), rng.choice((64, 400, len(data)))), 1))


def with_checksums(data: bytes) -> bytes:
    """The file with the checksums of its PNG chunks put right: a decoder looks at nothing else in a wrong one."""
    if not data.startswith(b"\x89PNG"):
        return data
    repaired, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        repaired += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return bytes(repaired)


def with_hostile_header(rng: Random) -> bytes:
    """A file of a few pixels that claims to have millions."""
    width, height = (rng.choice((1, 3, 60, 30_000, 65_535, 1_000_001, 2**31 - 1, rng.randrange(2**24))) for _ in "wh")
    kind = rng.choice(("PNG", "GIF", "BMP", "WEBP", "JPEG"))
    data = bytearray(encode(Image.new("RGB" if kind == "JPEG" else "L", (40, 30)).convert("RGB"), kind))
    if kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    elif kind == "WEBP":
        data[26:30] = struct.pack("<HH", width & 0x3FFF, height & 0x3FFF)
    else:
        form, at, most = {"PNG": (">II", 16, 2**32), "GIF": ("<HH", 6, 2**16), "BMP": ("<II", 18, 2**32)}[kind]
        data[at : at + struct.calcsize(form)] = struct.pack(form, width % most, height % most)
    return with_checksums(bytes(data))


def largest(rng: Random) -> bytes:
    """A sound file of as many pixels as are accepted, which takes few bytes."""
    mode, kind = rng.choice(
        (("RGB", "PNG"), ("RGBA", "PNG"), ("1", "PNG"), ("RGB", "JPEG"), ("RGB", "WEBP"), ("P", "GIF"))
    )
    pixels = PIXELS // 2 if kind == "WEBP" else PIXELS
    width = rng.choice((10_000, 5_000))
    image = Image.new(mode, (width, pixels // width), 255 if mode in "1P" else "white")
    image.paste(0 if mode in "1P" else "black", (width // 3, 100, width // 3 + 40, 4_000))
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"compress_level": 1} if kind == "PNG" else {}))
    return buffer.getvalue()


def hostile_page(rng: Random) -> bytes:
    """A sound file of a page that costs a reader much work: more of everything than people write."""
    drawn = rng.choice((marks, shapes, zigzags, stripes, checkers, blobs, noise, chains))
    page = drawn(rng, np.random.default_rng(rng.getrandbits(32)))
    if rng.random() < 0.25:
        page = ruled(page, rng.randrange(12, 80), squares=rng.random() < 0.5)
    if rng.random() < 0.25:
        page = noisy(page, rng.uniform(1, 20), rng.getrandbits(16))
    return encode(255 - page if rng.random() < 0.2 else page)


def blank(rng: Random) -> np.ndarray:
    return np.full((rng.choice(SIDES), rng.choice(SIDES)), 255, np.uint8)


def cells(page: np.ndarray, n: int) -> list[tuple[int, int, int]]:
    """x, y and side of about n cells that fill the page, its rows in order."""
    side = max(int((page.size / n) ** 0.5), 4)
    return [(x, y, side) for y in range(0, page.shape[0], side) for x in range(0, page.shape[1], side)]


def marks(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Up to thousands of dots or bars, in rows or anywhere."""
    page, in_rows = blank(rng), rng.random() < 0.5
    size = rng.uniform(0.1, 0.95), rng.uniform(0.1, 0.95)
    for left, top, side in cells(page, rng.choice((30, 200, 950, 1_050, 5_000, 50_000))):
        x, y = (left, top) if in_rows else numbers.integers(page.shape[::-1])
        page[y : y + max(round(size[0] * side), 1), x : x + max(round(size[1] * side), 1)] = 0
    return page


def shapes(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Up to a thousand digits, letters or scribbles, near each other or touching."""
    page, chosen, size = blank(rng), rng.sample(SHAPES, rng.choice((1, 4, 12))), rng.uniform(0.5, 1.3)
    pen = rng.uniform(0.03, 0.15)
    for x, y, side in cells(page, rng.choice((12, 45, 200, 950))):
        for stroke in rng.choice(chosen):
            points = np.array(stroke) * size * side + numbers.normal(0, 0.03 * side, (len(stroke), 2)) + (x, y)
            cv2.polylines(page, [points.astype(np.int32)], False, 0, max(round(pen * side), 1))
    return page


def zigzags(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """45 digits and four zigzags, or many zigzags alone."""
    page = write(*["314159265"] * 5, style=Handwriting(height=60)) if rng.random() < 0.5 else blank(rng)
    height, width = page.shape
    teeth, n = rng.choice((8, 20, 60, 200)), rng.choice((1, 4, 10, 30))
    for i in range(n):
        x, odd = np.linspace(0.05, 0.95, teeth) * width, np.arange(teeth) % 2 * 2 - 1
        y = (i + 0.5) * height / n + odd * rng.uniform(0.1, 0.6) * height / n + numbers.normal(0, 2, teeth)
        cv2.polylines(page, [np.stack([x, y], axis=1).astype(np.int32)], False, 0, rng.choice((1, 3, 6)))
    return page


def stripes(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Lines from border to border, straight or tilted, dense or not, whole or dashed."""
    page, slope = blank(rng), rng.choice((0, 0, rng.uniform(-0.3, 0.3)))
    height, width = page.shape
    every = rng.choice((2, 3, 6, 12, 30))
    for y in range(-width, height + width, every):
        cv2.line(page, (0, y), (width, round(y + slope * width)), int(numbers.integers(0, 200)), max(every // 3, 1))
    dash = rng.choice((0, 0, 4, 20))
    if dash:
        page[:, np.arange(width) % (2 * dash) < dash] = 255
    return page.T.copy() if rng.random() < 0.5 else page


def checkers(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """A checkerboard, its squares a little apart or touching at their corners."""
    page, side = blank(rng), rng.choice((2, 5, 10, 40, 80))
    y, x = np.indices(page.shape)
    inside = (np.maximum(x % side, y % side) < side - rng.choice((0, 1, 2))) if side > 4 else True
    return np.where((x // side + y // side) % 2 & inside, 0, page).astype(np.uint8)


def blobs(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Islands or labyrinths of blurred noise."""
    page, sigma = blank(rng), rng.choice((1, 2, 4, 9, 20))
    field = cv2.GaussianBlur(numbers.normal(0, 1, page.shape).astype(np.float32), (0, 0), sigma)
    return np.where(field > np.quantile(field, rng.choice((0.5, 0.6, 0.8, 0.95))), 0, page).astype(np.uint8)


def noise(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Pixels of any gray, or of black and white."""
    page = blank(rng)
    if rng.random() < 0.5:
        return numbers.integers(0, 256, page.shape).astype(np.uint8)
    return np.where(numbers.random(page.shape) < rng.choice((0.001, 0.01, 0.05, 0.3)), 0, page).astype(np.uint8)


def chains(rng: Random, numbers: np.random.Generator) -> np.ndarray:
    """Long rows of digits that all touch."""
    row = "~".join(str(digit) for digit in numbers.integers(0, 10, rng.choice((4, 12, 40))))
    return write(*[row] * rng.choice((1, 5, 20)), style=Handwriting(height=rng.choice((20, 40, 60))))
