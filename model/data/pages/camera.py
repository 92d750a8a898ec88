"""How a page gets into a picture: where it lies, light, lens, sensor and compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.papers import Field, Picture, clouds, desk
from model.data.pages.sheet import PixelClass, Sheet

_LIGHT = 8  # px of the picture for each px of the light


@dataclass(frozen=True, slots=True)
class View:
    """Where the paper lies in the picture.

    Attributes:
        size_hw: of the picture.
        corner: (x, y) px of the paper at the picture's top left corner, before it is turned and bent.
        turn: degrees.
        tilt: how far corners are moved by perspective, in sides of the picture.
        curl: how far the paper is bent, in sides of the picture.
    """

    size_hw: tuple[int, int]
    corner: tuple[float, float]
    turn: float = 0.0
    tilt: float = 0.0
    curl: float = 0.0


def place_paper(sheet: Sheet, view: View) -> tuple[Picture, NDArray[np.uint8], NDArray[np.uint16]]:
    """Show paper in the picture as the view says, with a desk around it where it ends."""
    (h, w), rng = view.size_hw, sheet.rng
    x, y = (round(side) for side in view.corner)
    (height, width), sides = sheet.classes.shape, (view.turn, view.tilt, view.curl)
    if not any(sides) and x >= 0 and y >= 0 and y + h <= height and x + w <= width:
        region = np.s_[y : y + h, x : x + w]
        return sheet.image[region], sheet.classes[region], sheet.instances[region]
    xs, ys = _map(view, rng)
    shown = cv2.remap(sheet.image, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    nearest, _ = cv2.convertMaps(xs, ys, cv2.CV_16SC2, nninterpolation=True)
    classes, instances = (
        cv2.remap(labels, nearest, None, cv2.INTER_NEAREST) for labels in (sheet.classes, sheet.instances)
    )
    inside = (xs >= -0.5) & (ys >= -0.5) & (xs < width - 0.5) & (ys < height - 0.5)
    if not inside.all():
        shown = _on_desk(shown, inside, rng)
        classes[~inside], instances[~inside] = PixelClass.OTHER, 0
    return shown, classes, instances


def _map(view: View, rng: Generator) -> tuple[Field, Field]:
    """Return x and y of the paper that each pixel of the picture shows."""
    h, w = view.size_hw
    side = max(h, w)
    u, v = np.linspace(0, 1, w, dtype=np.float32)[None, :], np.linspace(0, 1, h, dtype=np.float32)[:, None]
    turn, tilts = np.deg2rad(view.turn), rng.uniform(-view.tilt, view.tilt, (2, 3)) * side
    cos, sin = np.cos(turn), np.sin(turn)
    waves, phases = rng.uniform(0.5, 1.5, 2) * 2 * np.pi, rng.uniform(0, 2 * np.pi, 2)
    dx, dy = (u - 0.5) * (w - 1), (v - 0.5) * (h - 1)
    x = (w - 1) / 2 + view.corner[0] + cos * dx - sin * dy + 0.6 * view.curl * side * np.sin(waves[0] * v + phases[0])
    y = (h - 1) / 2 + view.corner[1] + sin * dx + cos * dy + view.curl * side * np.sin(waves[1] * u + phases[1])
    x, y = (
        axis + tilt[0] * (u - 0.5) + tilt[1] * (v - 0.5) + 2 * tilt[2] * (u - 0.5) * (v - 0.5)
        for axis, tilt in zip((x, y), tilts, strict=True)
    )
    return x.astype(np.float32), y.astype(np.float32)


def _on_desk(paper: Picture, inside: NDArray[np.bool_], rng: Generator) -> Picture:
    h, w = inside.shape
    table = desk((h, w), rng)
    mask = inside.astype(np.uint8) * 255
    thick = max(h, w) / 120
    if rng.random() < 0.7:  # the paper's shadow
        shift = rng.uniform(-1, 1, 2) * thick
        moved = cv2.warpAffine(mask, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (w, h))
        shadow = cv2.GaussianBlur(moved, (0, 0), thick * rng.uniform(0.2, 1)).astype(np.float32)
        table = scaled(table, 1 - shadow * np.float32(rng.uniform(0.2, 0.7) / 255))
    mask = cv2.GaussianBlur(mask, (0, 0), 0.8)
    share = cv2.merge([mask.astype(np.float32) / 255] * 3)
    return np.asarray(table + (paper - table.astype(np.float32)) * share).astype(np.uint8)


def scaled(image: Picture, light: Field) -> Picture:
    """Multiply the three channels by the same (h, w) light."""
    return cv2.multiply(image, cv2.merge([light] * 3), dtype=cv2.CV_8U)


def light_up(image: Picture, rng: Generator) -> Picture:
    """Light a picture unevenly: a gradient, a vignette, soft and hard shadows, a tint, and over- or underexposure."""
    h, w = image.shape[:2]
    size = -(-h // _LIGHT), -(-w // _LIGHT)
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j].astype(np.float32)
    light = np.ones(size, np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light *= 1 + np.float32(rng.uniform(0, 0.3)) * (np.cos(angle) * x + np.sin(angle) * y).astype(np.float32)
    if rng.random() < 0.35:
        light *= 1 - np.float32(rng.uniform(0.05, 0.55)) * (x * x + y * y) / 2
    if rng.random() < 0.35:
        light *= 1 + clouds(size, max(size) / 3, rng) * np.float32(rng.uniform(0.02, 0.12))
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.3 else 0):
        light *= _shadow(x, y, rng)
    exposure = float(np.clip(rng.normal(0.95, 0.14), 0.4, 1.12))
    tints = 1 + rng.normal(0, 0.035, 3)
    turn, spread = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.08, 3) * (rng.random() < 0.25)
    across = (np.cos(turn) * x + np.sin(turn) * y).astype(np.float32)
    channels = [light * (tint + across * slope) for tint, slope in zip(tints, spread, strict=True)]
    coarse = cv2.merge([(channel * exposure).clip(0.2, 1.5).astype(np.float32) for channel in channels])
    return cv2.multiply(image, cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR), dtype=cv2.CV_8U)


def _shadow(x: Field, y: Field, rng: Generator) -> Field:
    """A shadow's edge: straight or round, hard or soft."""
    depth, soft = rng.uniform(0.1, 0.8), np.exp(rng.uniform(np.log(5), np.log(120)))
    cx, cy, angle = rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.75:
        distance = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
    else:
        distance = np.hypot((x - cx) * rng.uniform(0.6, 1.5), y - cy) - rng.uniform(0.2, 0.9)
        soft = min(soft, 12)
    edge = 1 / (1 + np.exp(np.clip(-distance * soft, -30, 30)))
    return (1 - depth * edge).astype(np.float32)


def obstruct(
    image: Picture, classes: NDArray[np.uint8], instances: NDArray[np.uint16], rng: Generator
) -> tuple[Picture, NDArray[np.uint8]]:
    """Add what gets into pictures by mistake, where nothing is written: bars, fingers, pens, stains, holes, staples."""
    image, classes = image.copy(), classes.copy()
    h, w = classes.shape
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros((h, w), np.uint8)
        color, opacity = _OBSTACLES[rng.integers(len(_OBSTACLES))](mask, rng)
        if not (mask.astype(bool) & (instances > 0)).any():
            share = cv2.merge([mask.astype(np.float32) * np.float32(opacity / 255)] * 3)
            image = np.asarray(image + (color.astype(np.float32) - image) * share).astype(np.uint8)
            classes[mask > 127] = PixelClass.OTHER
    return image, classes


def _dark(rng: Generator) -> NDArray[np.float64]:
    return rng.normal(rng.uniform(5, 60), 5, 3).clip(0, 255)


def _bar(mask: Picture, rng: Generator) -> tuple[NDArray[np.float64], float]:
    """A bar along an edge, as scanners and phones leave it."""
    h, w = mask.shape
    t = int(rng.uniform(0.005, 0.12) * max(h, w))
    x0, y0, x1, y1 = ((0, 0, w, t), (0, h - t, w, h), (0, 0, t, h), (w - t, 0, w, h))[rng.integers(4)]
    cv2.rectangle(mask, (x0, y0), (x1, y1), 255, -1)
    return (_dark(rng) if rng.random() < 0.8 else rng.uniform(180, 255, 3)), 1.0


def _finger(mask: Picture, rng: Generator) -> tuple[NDArray[np.float64], float]:
    """A finger, or the rounded corner of something, in a corner."""
    h, w = mask.shape
    corner, side = (int(rng.choice([0, w])), int(rng.choice([0, h]))), max(h, w)
    axes = int(rng.uniform(0.05, 0.2) * side), int(rng.uniform(0.1, 0.3) * side)
    cv2.ellipse(mask, corner, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    return (rng.normal((205, 150, 125), 25).clip(0, 255) if rng.random() < 0.5 else _dark(rng)), 1.0


def _stick(mask: Picture, rng: Generator) -> tuple[NDArray[np.float64], float]:
    """A pen, or a staple."""
    h, w = mask.shape
    side, is_pen = max(h, w), rng.random() < 0.5
    start = rng.uniform((0, 0), (w, h))
    end = start + rng.normal(0, 0.4 if is_pen else 0.03, 2) * side
    width = max(int((rng.uniform(0.01, 0.03) if is_pen else 0.004) * side), 1)
    cv2.polylines(mask, [np.array([start, end]).astype(np.int32)], False, 255, width, cv2.LINE_AA)
    return rng.uniform(0, 255, 3), 1.0


def _ring(mask: Picture, rng: Generator) -> tuple[NDArray[np.float64], float]:
    """The ring of a cup."""
    h, w = mask.shape
    x, y = rng.uniform((0, 0), (w, h)).astype(int).tolist()
    cv2.circle(mask, (x, y), int(rng.uniform(0.05, 0.25) * max(h, w)), 255, max(max(h, w) // 150, 1), cv2.LINE_AA)
    return np.array([120.0, 80.0, 40.0]), float(rng.uniform(0.1, 0.4))


def _specks(mask: Picture, rng: Generator) -> tuple[NDArray[np.float64], float]:
    """Dirt, or punched holes."""
    h, w = mask.shape
    for x, y in rng.uniform((0, 0), (w, h), (int(rng.integers(1, 30)), 2)).astype(int).tolist():
        cv2.circle(mask, (x, y), int(rng.integers(1, max(max(h, w) // 200, 2))), 255, -1, cv2.LINE_AA)
    return _dark(rng), float(rng.uniform(0.3, 1))


_OBSTACLES = (_bar, _finger, _stick, _ring, _specks)
"""Each draws itself into a mask and returns its color and opacity."""


def invert_part(image: Picture, rng: Generator) -> Picture:
    """Turn light to dark and dark to light beyond a straight line across the picture, as on a page half in black."""
    h, w = image.shape[:2]
    x, y, angle = (
        rng.uniform(0.2, 0.8) * w,
        rng.uniform(0.2, 0.8) * h,
        rng.integers(4) * np.pi / 2 + rng.normal(0, 0.05),
    )
    normal, along = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    reach = 2.0 * max(h, w)
    corners = np.array([(x, y)] * 4) + reach * np.array([along, along + normal, normal - along, -along])
    mask = cv2.fillPoly(np.zeros((h, w), np.uint8), [np.rint(corners).astype(np.int32)], 1)
    return np.where(mask[..., None] == 1, 255 - image, image)


def expose(image: Picture, smallest: float, rng: Generator) -> Picture:
    """Take the picture: focus, shake, noise and compression, which leave digits of `smallest` px legible."""
    if rng.random() < 0.15:
        image = resample(image, smallest / rng.uniform(11, 30), rng)
    image = _blurred(image, smallest, rng)
    if rng.random() < 0.85:
        image = _noisy(image, min(abs(rng.normal(0, 3.5)) + 0.5, 3 + smallest / 3), rng)
    if rng.random() < 0.15:  # sharpened by the camera
        image = cv2.addWeighted(image, 1.6, cv2.GaussianBlur(image, (0, 0), 1.2), -0.6, 0)
    return image


def resample(image: Picture, factor: float, rng: Generator) -> Picture:
    """Reduce a picture by a factor and enlarge it again, smoothly or by repeating pixels; not below a factor of 1.3."""
    h, w = image.shape[:2]
    if factor < 1.3:
        return image
    small = cv2.resize(image, (max(round(w / factor), 1), max(round(h / factor), 1)), interpolation=cv2.INTER_AREA)
    return cv2.resize(
        small, (w, h), interpolation=(cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(3)]
    )


def _blurred(image: Picture, smallest: float, rng: Generator) -> Picture:
    sigma = min(abs(rng.normal(0, 0.035)) * smallest, 0.09 * smallest, 6.0)
    if rng.random() < 0.12:
        length = int(np.clip(rng.uniform(0.03, 0.13) * smallest, 1, 15))
        kernel = np.zeros((2 * length + 1,) * 2, np.float32)
        angle = rng.uniform(0, np.pi)
        end = np.cos(angle) * length, np.sin(angle) * length
        ends = [(round(length - s * end[0]), round(length - s * end[1])) for s in (0.5, -0.5)]
        cv2.line(kernel, ends[0], ends[1], 1.0)
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.3 else image


def _noisy(image: Picture, sigma: float, rng: Generator) -> Picture:
    """Add noise whose spread is about `sigma` levels; uniform bytes, blurred, are nearly normal and cheap."""
    h, w = image.shape[:2]
    noise = np.frombuffer(rng.bytes(h * w * 3), np.int8).reshape(h, w, 3).astype(np.float32)
    soft = float(rng.uniform(0.5, 1.1))
    noise = cv2.GaussianBlur(noise, (0, 0), soft)
    return cv2.add(image, noise * np.float32(sigma * soft * 3.5 / 74), dtype=cv2.CV_8U)


def compress(image: Picture, quality: int) -> Picture:
    """Compress as JPEG and decode again."""
    data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None, "what OpenCV has encoded it decodes"
    return np.ascontiguousarray(decoded[..., ::-1])
