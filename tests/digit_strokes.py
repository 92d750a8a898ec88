"""Digits as they are taught at school, for tests that draw: strokes of points in a unit square, y down."""

from math import cos, radians, sin

Point = tuple[float, float]
Drawing = list[list[Point]]


def arc(center: Point, radius: Point, start: float, stop: float, points: int = 24) -> list[Point]:
    """Points on an ellipse from one angle to another, in degrees; 0 is to the right, 90 is down."""
    (cx, cy), (rx, ry) = center, radius
    angles = [radians(start + (stop - start) * i / (points - 1)) for i in range(points)]
    return [(cx + rx * cos(angle), cy + ry * sin(angle)) for angle in angles]


DIGITS: dict[int, Drawing] = {
    0: [arc((0.5, 0.5), (0.32, 0.5), -90, -450, 40)],
    1: [[(0.5, 0.0), (0.5, 1.0)]],
    2: [[*arc((0.5, 0.28), (0.3, 0.28), -170, 30), (0.18, 1.0), (0.85, 1.0)]],
    3: [[*arc((0.48, 0.25), (0.28, 0.25), -150, 90), *arc((0.48, 0.74), (0.32, 0.26), -90, 145)]],
    4: [[(0.55, 0.0), (0.12, 0.65), (0.9, 0.65)], [(0.68, 0.3), (0.68, 1.0)]],
    5: [[(0.28, 0.0), (0.24, 0.42), *arc((0.46, 0.68), (0.34, 0.31), -125, 140)], [(0.28, 0.0), (0.82, 0.0)]],
    6: [[(0.68, 0.0), *arc((0.62, 0.66), (0.42, 0.6), -115, -180, 12), *arc((0.5, 0.72), (0.3, 0.28), -180, -540, 32)]],
    7: [[(0.15, 0.0), (0.85, 0.0), (0.4, 1.0)]],
    8: [[*arc((0.5, 0.24), (0.25, 0.24), 90, 450, 28), *arc((0.5, 0.74), (0.3, 0.26), -90, -450, 28)]],
    9: [[*arc((0.48, 0.28), (0.3, 0.28), 0, -360, 32), (0.74, 0.6), (0.68, 1.0)]],
}
"""One drawing for each digit."""

SCRIBBLE: Drawing = [[(0.1 + 0.8 * ((i * 7) % 11) / 10, 0.05 + 0.9 * ((i * 5) % 13) / 12) for i in range(40)]]
"""Lines across the square and back, which are no digit."""
