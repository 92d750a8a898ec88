"""Pages drawn by the project's own code, as arrays and as picture files."""

import io

import cv2
import numpy as np
from PIL import Image

from model.vision.page_ink import page_ink

SEVEN = [[(10, 10), (60, 10), (30, 90)]]
ONE = [[(35, 10), (35, 90)]]
FOUR = [[(40, 10), (10, 60), (65, 60)], [(50, 30), (50, 90)]]
FIVE = [[(15, 30), (15, 48), (45, 48), (58, 62), (55, 82), (35, 90), (12, 82)], [(15, 10), (58, 10)]]  # its bar apart


def page(*rows, size_wh=(400, 150), pen=8, paper=255, ink=0, at=(20, 20)):
    """(h, w) uint8 gray; each row is a list of digits, given as lists of strokes, 100 px to a digit."""
    gray = np.full((size_wh[1], size_wh[0]), paper, np.uint8)
    for y, row in enumerate(rows):
        for x, strokes in enumerate(row):
            for stroke in strokes:
                points = np.array(stroke, np.int32) + np.add(at, (100 * x, 130 * y))
                cv2.polylines(gray, [points], False, int(ink), pen, cv2.LINE_AA)
    return gray


def half_red(size_wh=(80, 60)):
    """A picture, red above and white below."""
    image = Image.new("RGB", size_wh, "white")
    image.paste((200, 0, 0), (0, 0, size_wh[0], size_wh[1] // 2))
    return image


def encode(image, file_format="PNG", **options):
    """A picture file as bytes, from pixels or a Pillow image."""
    buffer = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(buffer, file_format, **options)
    return buffer.getvalue()


def likes(label):
    """A `predict` that answers one label with certainty."""
    return lambda frames: np.tile(np.eye(10, dtype=np.float32)[label] * 20, (len(frames), 1))


def ink_of(gray):
    """(h, w) uint8 ink of a page, without the paper's noise."""
    return page_ink(gray).ink
