"""Save a trained network: Keras's file, the same network for LiteRT, and the report that ties them together."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import keras
import numpy as np

from model.classifiers.exporters import ParitySet, to_lite
from model.classifiers.networks import compile_predict
from model.classifiers.registry import LITE_FILE, REPORT_FILE, WEIGHTS_FILE
from model.classifiers.report import Report, TrainingReport, write_report
from model.classifiers.runtime import load_lite
from model.errors import ArtifactError
from model.files import sha256_of, write_together

_MAX_LOGIT_ERROR = 1e-3  # float32 sums may be taken in another order; nothing else may differ


def save(network: keras.Model, report: TrainingReport, folder: Path) -> None:
    """Save a network in both formats, and its report; all are complete and on the disk before the first is renamed.

    A crash before that leaves the old ones. A crash between two renames leaves the new report under its temporary
    name, where loading finds it by the weights' checksum.

    Raises:
        ArtifactError: LiteRT reads 1,000 digits differently, or a value of the report is not of its type or out of its
            range. Nothing is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / LITE_FILE, folder / WEIGHTS_FILE, folder / REPORT_FILE
    with write_together(*paths) as (lite, weights, text):
        network.save(weights)
        lite.write_bytes(to_lite(network))
        _compare(network, lite)
        checksums = {"weights_sha256": sha256_of(weights), "lite_sha256": sha256_of(lite)}
        write_report(cast(Report, {**report, **checksums}), text)


def _compare(network: keras.Model, lite: Path) -> None:
    frames = ParitySet.load().compared.frames
    error = float(np.abs(compile_predict(network)(frames) - load_lite(lite).predict(frames)).max())
    if error > _MAX_LOGIT_ERROR:
        raise ArtifactError(
            f"LiteRT reads the network differently. Expected logits within {_MAX_LOGIT_ERROR} of Keras's on "
            f"{len(frames):,} digits. Received: {error:.2g}."
        )
