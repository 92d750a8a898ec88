"""The answer to a drawing in words: sign, title and text."""

from __future__ import annotations

from model.reading import Digit, Finding
from model.transcript import SURE
from pages.components.shared.html import percent

_WORDS = ((0.99, "Almost certain"), (0.9, "Confident"), (0.0, "Fairly confident"))
SLIGHT = 0.05
"""A runner-up of a lower probability is not named."""

_PLAIN = {
    Finding.NOTHING: ("Draw a digit", "Any digit from 0 to 9, with mouse, finger or pen. It is read while you draw."),
    Finding.TOO_LITTLE_INK: ("Too little ink", "A dot is not enough to tell a digit. Keep drawing."),
    Finding.MORE_THAN_ONE: ("More than one digit", "The pad reads one digit at a time. Undo or clear the others."),
    Finding.NOT_A_DIGIT: ("Not a digit", "This does not look like any of the ten digits."),
}


def confidence_in_words(confidence: float) -> str:
    """Put a confidence, 0-1, into words."""
    return next(words for least, words in _WORDS if confidence >= least)


def verdict(finding: Finding, digit: Digit | None, threshold: float) -> tuple[str, str, str]:
    """Return the sign, the title and the text of an answer.

    Args:
        finding: of the reading.
        digit: the reading's digit, if it has one.
        threshold: 0-1, the least confidence that is accepted.
    """
    if digit is None or finding in _PLAIN:
        return "?", *_PLAIN[finding]
    second = float(digit.probabilities[digit.runner_up])
    if finding is Finding.BETWEEN:
        title = f"{digit.label} or {digit.runner_up}"
        return "?", title, f"Between two digits: {percent(digit.confidence)} against {percent(second)}."
    if finding is Finding.UNSURE:
        article = "an" if digit.label == 8 else "a"
        title = f"Perhaps {article} {digit.label}, {percent(digit.confidence)}"
        return "?", title, f"Not sure enough to say so: that takes {_least(threshold)}."
    title = f"{confidence_in_words(digit.confidence)}, {percent(digit.confidence)}"
    return str(digit.label), title, _alternative(digit, second)


def _least(threshold: float) -> str:
    """Format a threshold, 0-1, as a percentage that is never rounded up to 100 %."""
    return "more than 99.9%" if threshold >= 0.9995 else f"{threshold:.1%}"


def _alternative(digit: Digit, second: float) -> str:
    if second >= SLIGHT:
        return f"{digit.label}, or perhaps {digit.runner_up}"
    return (
        "No other digit comes close." if digit.confidence >= SURE else "No other digit comes close; perhaps it is none."
    )
