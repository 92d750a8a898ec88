"""The measurements are run by hand; here it is only checked that they could be."""

from importlib import import_module

import pytest

from tests.browser.server import ROOT


@pytest.mark.parametrize("name", ["__main__", "diagnostics_page", "models_cost", "timing"])
def test_modules_are_imported(name):
    import_module(f"tests.benchmarks.{name}")


@pytest.mark.parametrize("screen", ["draw", "diagnostics"])
def test_screens_that_are_measured_exist(screen):
    assert (ROOT / "pages" / "screens" / f"{screen}.py").is_file()


def test_stages_of_a_photo_are_functions_of_their_modules():
    stages = import_module("tests.benchmarks.__main__").STAGES
    missing = [name for module, names in stages.values() for name in names if not hasattr(module, name)]
    assert missing == []
