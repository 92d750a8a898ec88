"""Save a trained network: in Keras's format, in LiteRT's, and with the report that ties them together."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import cast

import keras
import numpy as np

from model.classifiers.exporters import MAX_LOGIT_ERROR, to_lite
from model.classifiers.inputs import draw_samples
from model.classifiers.networks import compile_predict, input_of
from model.classifiers.registry import LITE_FILE, REPORT_FILE, WEIGHTS_FILE
from model.classifiers.report import Report, TrainingReport, find_file, load_report, write_report
from model.classifiers.runtime import load_lite
from model.errors import ArtifactError
from model.files import sha256_of, write_together

_N_COMPARED = 1000


def save(network: keras.Model, report: TrainingReport, folder: Path) -> None:
    """Save a network in both formats, and its report; all are complete and on the disk before the first is renamed.

    A crash before that leaves the old ones. The report is renamed first: a crash after that leaves the new weights,
    where they have no name of their own yet, under their temporary ones, where loading finds them by their checksums.

    Raises:
        ArtifactError: LiteRT reads 1,000 digits differently, or a value of the report is not of its type or out of its
            range. Nothing is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _finish_interrupted(folder)
    with write_together(folder / REPORT_FILE, folder / WEIGHTS_FILE, folder / LITE_FILE) as (text, weights, lite):
        network.save(weights)
        lite.write_bytes(to_lite(network))
        _compare(network, lite)
        checksums = {"weights_sha256": sha256_of(weights), "lite_sha256": sha256_of(lite)}
        write_report(cast(Report, {**report, **checksums}), text)


def _finish_interrupted(folder: Path) -> None:
    """Rename what a crash has left under temporary names, which the next save uses again."""
    with suppress(ArtifactError):  # there is nothing to lose if the weights are missing or damaged
        report = load_report(folder)
        for file in (WEIGHTS_FILE, LITE_FILE):
            find_file(folder, report, file).replace(folder / file)


def _compare(network: keras.Model, lite: Path) -> None:
    """Compare what Keras and LiteRT compute for digits drawn by this project's code.

    Raises:
        ArtifactError: their logits differ.
    """
    kind = input_of(network)
    digits, _ = draw_samples(kind, _N_COMPARED, np.random.default_rng(0))
    error = float(np.abs(compile_predict(network)(digits) - load_lite(lite, kind)(digits)).max())
    if not error <= MAX_LOGIT_ERROR:  # NaN too
        raise ArtifactError(
            f"LiteRT reads the network differently. Expected logits within {MAX_LOGIT_ERROR} of Keras's for "
            f"{_N_COMPARED:,} digits. Received: {error:.2g}."
        )
