"""The state of a training run on disk, from which it goes on after an interruption."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from model.classifiers.report import CurveRow
from model.errors import ArtifactError


@dataclass(slots=True)
class CheckpointStore:
    """The state of a run: after each epoch one folder `epoch-N`, so that a crash leaves the last one whole."""

    checkpoints: Path
    identity: dict[str, Any]
    history: list[CurveRow]

    @classmethod
    def start(cls, checkpoints: Path, identity: dict[str, Any]) -> CheckpointStore:
        """A new run, in place of a finished one; an unfinished one is not thrown away."""
        if old := cls._last(checkpoints):
            if old.epoch < old.identity["epochs"]:
                raise ArtifactError(
                    f"{checkpoints} holds an unfinished run. Expected --resume, or another folder by --checkpoints. "
                    f"Received: neither, and {old.epoch} of {old.identity['epochs']} epochs done in {old.folder}."
                )
            shutil.rmtree(old.folder)
        return cls(checkpoints, identity, [])

    @classmethod
    def resume(cls, checkpoints: Path, identity: dict[str, Any]) -> CheckpointStore:
        """The run in the folder; a new one if there is none."""
        old = cls._last(checkpoints)
        if old and old.identity != identity:
            raise ArtifactError(
                f"The checkpoint in {old.folder} is of another run. Expected {identity}. Received: {old.identity}."
            )
        return old or cls(checkpoints, identity, [])

    @classmethod
    def _last(cls, checkpoints: Path) -> CheckpointStore | None:
        states = sorted(checkpoints.glob("epoch-*/state.json"))
        if not states:
            return None
        try:
            state = json.loads(states[-1].read_text(encoding="utf-8"))
            return cls(checkpoints, state["identity"], state["history"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The checkpoint is damaged. Expected a run's state in {states[-1]}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def folder(self) -> Path:
        """Where the state after the last epoch is."""
        return self.checkpoints / f"epoch-{self.epoch:04d}"

    def load(self, name: str) -> keras.Model:
        """The `last` network, with its optimizer, or the `best` one so far."""
        path = self.folder / f"{name}.keras"
        try:
            return keras.models.load_model(path)
        except Exception as error:  # Keras raises many kinds for a file that it cannot read
            message = f"The checkpoint is damaged. Expected a network in {path}. Received: {error!r:.120}."
            raise ArtifactError(message) from error

    def _rivals(self, row: CurveRow) -> list[CurveRow]:
        """Epochs of the same phase: one that was still to be refined may be ahead by luck, but is not what we ship."""
        return [old for old in self.history if old["augmentation"] == row["augmentation"]]

    @property
    def best_epoch(self) -> int:
        """The epoch whose network is kept as the best one: the last of equals."""
        rivals = self._rivals(self.history[-1])
        errors = [row["held_out_errors"] for row in rivals]
        return self.epoch - errors[::-1].index(min(errors))

    def save(self, network: keras.Model, averaged: keras.Model, row: CurveRow) -> None:
        """Write the state after one more epoch; the folder gets its name when it is complete."""
        previous, half = self.folder, self.checkpoints / "half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        network.save(half / "last.keras")
        if all(row["held_out_errors"] <= old["held_out_errors"] for old in self._rivals(row)):
            averaged.save(half / "best.keras")
        else:
            shutil.copy(previous / "best.keras", half)
        self.history.append(row)
        state = {"identity": self.identity, "history": self.history}
        (half / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
        half.rename(self.folder)
        shutil.rmtree(previous, ignore_errors=True)
