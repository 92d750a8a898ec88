"""The answer to a drawing in words: sign, title and text."""

from __future__ import annotations

from math import prod

from model.reading import Digit, Finding, Reading
from model.transcript import SURE
from pages.components.shared.html import percent

_WORDS = ((0.99, "Almost certain"), (0.9, "Confident"), (0.0, "Fairly confident"))
SLIGHT = 0.05
"""A runner-up of a lower probability is not named."""

_PLAIN = {
    Finding.NOTHING: ("Draw a digit", "Or a number, with mouse, finger or pen. It is read while you draw."),
    Finding.TOO_LITTLE_INK: ("Too little ink", "A dot is not enough to tell a digit. Keep drawing."),
    Finding.NOT_A_DIGIT: ("Not a digit", "This does not look like any of the ten digits."),
}


def confidence_in_words(confidence: float) -> str:
    """Put a confidence, 0-1, into words."""
    return next(words for least, words in _WORDS if confidence >= least)


def verdict(reading: Reading, threshold: float) -> tuple[str, str, str]:
    """Return the sign, the title and the text of an answer.

    Args:
        reading: of a drawing.
        threshold: 0-1, the least confidence at which a drawing of one digit is accepted.
    """
    if len(reading.digits) > 1:
        return reading.text, *_number(reading)
    return _digit(reading.finding, next(iter(reading), None), threshold)


def least_certain(reading: Reading) -> Digit | None:
    """Return the digit of the lowest confidence, if there is one."""
    return min(reading, key=lambda digit: digit.confidence, default=None)


def _number(reading: Reading) -> tuple[str, str]:
    """Return title and text for several digits: how sure all of them are, and which is the least certain."""
    digits = reading.digits
    doubts = sum(not digit.accepted for digit in digits)
    together = prod(digit.confidence for digit in digits)
    sure = f"{confidence_in_words(together)}, {percent(together)}"
    title = f"Not sure of {doubts} of {len(digits)} digits" if doubts else sure
    least = min(digits, key=lambda digit: digit.confidence)
    article = "an" if least.label == 8 else "a"
    place = digits.index(least) + 1
    return (
        title,
        f"Least certain, and shown by the bars: digit {place}, {article} {least.label}, {percent(least.confidence)}.",
    )


def _digit(finding: Finding, digit: Digit | None, threshold: float) -> tuple[str, str, str]:
    """Return sign, title and text for one digit, or for none."""
    if digit is None or finding in _PLAIN:
        return "?", *_PLAIN[finding]
    second = float(digit.probabilities[digit.runner_up])
    if finding is Finding.BETWEEN:
        title = f"{digit.label} or {digit.runner_up}"
        return "?", title, f"Between two digits: {percent(digit.confidence)} against {percent(second)}."
    if finding is Finding.UNSURE:
        title = f"Perhaps {_a(digit.label)}, {percent(digit.confidence)}"
        return "?", title, f"Not sure enough to say so: that takes {_least(threshold)}."
    title = f"{confidence_in_words(digit.confidence)}, {percent(digit.confidence)}"
    return str(digit.label), title, _alternative(digit, second)


def _a(label: int) -> str:
    return f"an {label}" if label == 8 else f"a {label}"


def _least(threshold: float) -> str:
    """Format a threshold, 0-1, as a percentage that is never rounded up to 100 %."""
    return "more than 99.9%" if threshold >= 0.9995 else f"{threshold:.1%}"


def _alternative(digit: Digit, second: float) -> str:
    if second >= SLIGHT:
        return f"{digit.label}, or perhaps {digit.runner_up}"
    return (
        "No other digit comes close." if digit.confidence >= SURE else "No other digit comes close; perhaps it is none."
    )
