"""The Dockerfile by hand: its packages and files in a folder, and its command."""

import json
import os
import re
import shutil
import venv
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_imports import ROOT

DEPLOY = ROOT / ".deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
COPIED = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
PORT = 8501
"""Of the app in the image."""


def serving_requirements():
    """The packages that .deploy/requirements.txt names."""
    lines = (DEPLOY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def serving_packages():
    """They and all that is installed with them, as names of distributions."""
    found, waiting = set(), serving_requirements()
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name not in found:
            found.add(name)
            needed = map(Requirement, distribution(name).requires or [])
            waiting += [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def command_after(instruction):
    """The words of an instruction in its exec form."""
    return json.loads(re.search(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])


@dataclass(frozen=True)
class Image:
    """A folder with a Python that has the serving packages alone, and with the copied files."""

    folder: Path

    @property
    def app(self):
        return self.folder / "app"

    def command(self, words, port=PORT):
        """A command of the Dockerfile, with its own Python and another port."""
        python, *rest = [word.replace(str(PORT), str(port)) for word in words]
        assert python == "python"
        return [str(self.folder / "venv" / "bin" / "python"), *rest]

    def environment(self, **more):
        return {"PATH": os.defpath, "HOME": str(self.folder), **more}


def build(folder):
    """Build the image in a folder; packages are linked instead of installed."""
    venv.create(folder / "venv", symlinks=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    for name in serving_packages():
        installed = distribution(name)
        for part in {file.parts[0] for file in installed.files} - {"..", "__pycache__"}:
            if not (site / part).exists():
                (site / part).symlink_to(installed.locate_file(part))
    image = Image(folder)
    for source, target in COPIED:
        copy = image.app / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, copy)
        else:
            shutil.copy(ROOT / source, copy)
    return image
