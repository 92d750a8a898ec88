"""Check JSON values against TypedDicts. A field's type may carry rules: `Annotated[float, Range(0, 1)]`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from math import inf
from types import UnionType
from typing import Annotated, Any, NotRequired, Protocol, Union, get_args, get_origin, get_type_hints, is_typeddict

_WORDS = {str: "text", int: "a whole number", bool: "true or false"}


class SchemaError(ValueError):
    """A value is not of its type, or breaks a rule."""

    def __init__(self, expected: str, field: str, received: object) -> None:
        super().__init__(f"Expected {expected} as {field}. Received: {received!r:.60}.")
        self.expected, self.field, self.received = expected, field, received


class Rule(Protocol):
    """A condition on a value beyond its type; its text continues «Expected»."""

    def accepts(self, value: Any) -> bool: ...  # noqa: D102, ANN401


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`, both included; `is_open` excludes `low`."""

    low: float
    high: float = inf
    is_open: bool = False

    def accepts(self, value: float) -> bool:
        """Whether the number lies in the range."""
        return self.low <= value <= self.high and not (self.is_open and value == self.low)

    def __str__(self) -> str:
        if self.high < inf:
            return f"a number in {self.low:g}-{self.high:g}"
        return f"a number above {self.low:g}" if self.is_open else f"a number of {self.low:g} or more"


@dataclass(frozen=True, slots=True)
class Length:
    """A list of exactly `n` values."""

    n: int

    def accepts(self, value: list[Any]) -> bool:
        """Whether the list is that long."""
        return len(value) == self.n

    def __str__(self) -> str:
        return f"{self.n} values"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text that a regular expression matches as a whole; `words` describe it."""

    expression: str
    words: str

    def accepts(self, value: str) -> bool:
        """Whether the text matches."""
        return re.fullmatch(self.expression, value) is not None

    def __str__(self) -> str:
        return self.words


def check(value: object, kind: Any, field: str) -> None:  # noqa: ANN401 - type forms have no common type
    """Check a value, and all that it contains.

    Args:
        value: what `json.loads` returned.
        kind: str, int, bool, float, `list[…]`, `dict[str, …]`, `… | None`, a TypedDict, or one of them `Annotated` with
            rules. Floats must be finite.
        field: its name in messages.

    Raises:
        SchemaError: it is of another type, breaks a rule, or lacks a field or has one too many.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        check(value, arguments[0], field)
        for rule in arguments[1:]:
            _expect(rule.accepts(value), str(rule), field, value)
    elif is_typeddict(kind):
        _check_fields(value, kind, field)
    elif origin in (Union, UnionType):
        if value is not None:
            check(value, arguments[0], field)
    elif origin is list:
        for i, each in enumerate(_instance(value, list, "a list", field)):
            check(each, arguments[0], f"{field}[{i}]")
    elif origin is dict:
        for name, each in _instance(value, dict, "an object", field).items():
            check(each, arguments[1], f"{field}.{name}")
    elif kind is float:
        is_number = isinstance(value, int | float) and type(value) is not bool and abs(value) <= sys.float_info.max
        _expect(is_number, "a finite number", field, value)
    else:
        _expect(type(value) is kind, _WORDS[kind], field, value)


def _check_fields(value: object, kind: type, field: str) -> None:
    fields = _fields(kind)
    found = _instance(value, dict, "an object", field)
    for name, (form, is_required) in fields.items():
        if name in found:
            check(found[name], form, f"{field}.{name}")
        else:
            _expect(not is_required, f"the field {name}", field, sorted(found))
    for name in found:
        _expect(name in fields, f"only the fields {', '.join(fields)}", field, name)


@cache
def _fields(kind: type) -> dict[str, tuple[Any, bool]]:
    """Types of a TypedDict's fields, and whether each is required.

    `__required_keys__` would take NotRequired for required where annotations are strings (Python 3.11).
    """
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: (get_args(form)[0], False) if get_origin(form) is NotRequired else (form, True)
        for name, form in hints.items()
    }


def _instance(value: object, kind: type, words: str, field: str) -> Any:  # noqa: ANN401 - of the kind asked for
    _expect(isinstance(value, kind), words, field, value)
    return value


def _expect(is_met: bool, expected: str, field: str, received: object) -> None:
    if not is_met:
        raise SchemaError(expected, field, received)
