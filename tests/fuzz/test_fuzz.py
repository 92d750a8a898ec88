"""The fuzzing of `make fuzz` in small, and that it finds what it looks for."""

import pytest

from model.errors import ImageError
from tests.fuzz import measured
from tests.fuzz.batches import costs
from tests.fuzz.measured import cost_of
from tests.fuzz.pictures import picture, sound_files

SLACK = 5  # times the limit of processor time: beside other tests, cores are slower


@pytest.mark.parametrize(("kind", "count"), [("pictures", 200), ("messages", 4_000)])
def test_what_comes_from_outside_is_read_or_refused_at_a_bounded_cost(kind, count, reader, monkeypatch):
    monkeypatch.setattr(measured, "MOST_SECONDS", SLACK * measured.MOST_SECONDS)
    assert [(number, cost) for number, cost in costs(kind, range(count), reader) if cost.fault] == []


def test_files_are_sound_before_they_are_mutated(reader):
    assert all(reader.read_photo(data).lines for data in sound_files())


def test_an_input_can_be_made_again():
    assert [picture(number) for number in range(30)] == [picture(number) for number in range(30)]


def fails(error):
    def read():
        raise error

    return read


def test_other_errors_are_faults():
    assert cost_of(fails(ImageError("A thing is wrong. Expected one. Received: another."))).fault == ""
    assert cost_of(fails(ImageError("No."))).fault == "an error without its three beats: No."
    assert cost_of(fails(KeyError("path"))).fault == "KeyError: 'path'"


def test_costs_beyond_the_limits_are_faults(monkeypatch):
    assert cost_of(lambda: bytearray(50_000_000)).megabytes > 45
    assert cost_of(lambda: None).megabytes < 5
    monkeypatch.setattr(measured, "MOST_MEGABYTES", 20)
    assert cost_of(lambda: bytearray(50_000_000)).fault == "it costs too much"
    monkeypatch.setattr(measured, "MOST_SECONDS", 0.01)
    assert cost_of(lambda: sum(range(2_000_000))).fault == "it costs too much"
