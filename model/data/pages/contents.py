"""What people write: numbers with and without signs, expressions, and words."""

from __future__ import annotations

import re

import numpy as np
from numpy.random import Generator

from model.data.pages.inks import SCRIBBLE

_WORDS = re.findall(
    r"\w+",
    """
total sum price name date time kg km cm hours paid room page number count score test group class week Monday May milk
bread eggs apples rent tax VAT each left right yes no ok average mean run trial sample Ohm volts depth width Summe Preis
Datum Uhr Euro Stück Menge Betrag nom prix jours kilo fecha precio hora suma nota tel fax street the of and to in is
that for it with as was on be at by this had not are but from or have an they which one you
""",
)


def whole(rng: Generator, longest: int = 6) -> str:
    """A number with one to `longest` digits; zeros may lead."""
    return "".join(map(str, rng.integers(0, 10, rng.integers(1, longest + 1))))


def signed(rng: Generator) -> str:
    """A price, a date, a time, a phone number, a percentage, a negative or a decimal number."""
    n = [f"{k:02d}" for k in rng.integers(0, 100, 8)]
    dot = "." if rng.random() < 0.5 else ","
    day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1950, 2030)
    place = "/-."[rng.integers(3)]
    forms = (
        f"{int(n[0])}{dot}{n[1]}",
        f"{rng.integers(1, 1000)},{rng.integers(0, 1000):03d}",
        f"{day:02d}{place}{month:02d}{place}{year % 100:02d}",
        f"{day}{place}{month}{place}{year}",
        f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}",
        f"-{whole(rng, 3)}",
        f"-{int(n[0])}{dot}{n[1][0]}",
        f"{int(n[0])}%",
        f"{int(n[0])}{dot}{n[1][0]}%",
        f"0{n[0]}{'-/ '[rng.integers(3)]}{n[1]}{n[2]}{n[3]}",
        f"{n[0]}{n[1]}-{n[2]}{n[3]}",
        f"{n[0]}/{n[1]}",
        f"{int(n[0])}{dot}{n[1]} €",
        f"${int(n[0])}.{n[1]}",
    )
    return str(forms[rng.integers(len(forms))])


def any_number(rng: Generator) -> str:
    """A number, with or without signs."""
    return signed(rng) if rng.random() < 0.3 else whole(rng, 8)


def expression(rng: Generator, depth: int = 2) -> str:
    """An arithmetic expression with signs and parentheses."""
    operators = "+-×x÷/·*±"
    weights = np.array([5, 5, 2, 3, 1.5, 2, 0.7, 0.7, 0.7])
    terms = []
    for _ in range(int(rng.integers(1, 4))):
        simple = depth == 0 or rng.random() < 0.75
        before, after = "()" if rng.random() < 0.9 else ("[]", "{}")[rng.integers(2)]
        terms.append(whole(rng, 4) if simple else f"{before}{expression(rng, depth - 1)}{after}")
        if simple and rng.random() < 0.06:
            terms[-1] += "²³⁴"[rng.integers(3)]
        elif rng.random() < 0.05:
            terms[-1] += "abcnyzπ"[rng.integers(7)]
    space = " " if rng.random() < 0.5 else ""
    text = terms[0]
    for term in terms[1:]:
        text += space + operators[rng.choice(len(operators), p=weights / weights.sum())] + space + term
    return text


def equation(rng: Generator) -> str:
    """An expression, or two of them with a sign between."""
    text = expression(rng)
    if rng.random() < 0.6:
        sign = "==≠≤≥<>"[rng.integers(7)]
        minus = "-" if rng.random() < 0.3 else ""
        text += f"{' ' * rng.integers(2)}{sign}{' ' * rng.integers(2)}" + (
            minus + whole(rng, 5) if rng.random() < 0.85 else ""
        )
    return text


def words(rng: Generator, count: int) -> str:
    """Some words."""
    chosen = [str(_WORDS[int(rng.integers(len(_WORDS)))]) for _ in range(count)]
    return " ".join(word.capitalize() if rng.random() < 0.3 else word for word in chosen)


def cursive(text: list[str], rng: Generator) -> list[str]:
    """Take each word as one character, in joined letters or illegible."""
    scribbles = rng.random() < 0.3
    return [part for word in text for part in (SCRIBBLE if scribbles or len(word) < 2 else word, " ")]
