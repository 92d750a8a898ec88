"""The drawing on the pad: what is drawn, and which source of strokes counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.components.pad.fabric_paths import Unchecked, is_sound

INK = "#1f2a37"
"""The color that strokes are drawn in."""
Objects = list[Unchecked]
"""Fabric path objects, as the browser sent them; `strokes_of` checks them."""


@dataclass
class PadState:
    """The drawing on the pad, kept in the visitor's session.

    Strokes arrive from two sources: the listener (live) and the canvas (200 ms after pen-up). Once the listener has
    sent a stroke, canvas reports are ignored: they are duplicates or, after an undo, stale. The canvas is then asked
    to send none.

    After an undo or a clear, the canvas loads the drawing again. What is drawn between the click and the load is
    overwritten on the canvas; the listener still has it, says so, and the canvas loads the drawing once more.

    Attributes:
        load_number: counts the drawings that the canvas had to load; a message about an earlier one is ignored.
        loaded: the objects that the canvas had to load last.
        last_message_before_load: the number of the listener's last message before that.
        base: the objects that were there before the strokes that the listener reports.
        objects: the objects that are drawn now.
        listener_active: the listener has reported since the canvas was mounted that it hears a stroke.
        answered: the number of the listener's last message.
        pen_width: canvas px, of the next stroke.
    """

    load_number: int = 0
    loaded: Objects = field(default_factory=list)
    last_message_before_load: int = 0
    base: Objects = field(default_factory=list)
    objects: Objects = field(default_factory=list)
    listener_active: bool = False
    answered: int = 0
    pen_width: int = 20

    @property
    def version(self) -> str:
        """Return what changes whenever the drawing does."""
        return f"{self.load_number}.{self.answered}"

    @property
    def canvas_version(self) -> tuple[int, bool]:
        """Return what the canvas depends on: when it changes, the canvas has to run again."""
        return self.load_number, self.listener_active

    def take_strokes(self, message: Unchecked) -> None:
        """Take a message of the listener: all strokes drawn since the canvas loaded its drawing."""
        if not isinstance(message, dict):
            return
        objects = _as_list(message.get("objects"))
        self.answered = message.get("message", 0)
        self.listener_active = self.listener_active or bool(objects) or bool(message.get("listening"))
        if message.get("load_number") == self.load_number:
            self.objects = self.base + objects
            if message.get("overwritten"):
                self.reload(self.objects)

    def take_report(self, drawing: Unchecked) -> None:
        """Take a report of the canvas: everything that is on it, under "raw"."""
        raw = drawing.get("raw") if isinstance(drawing, dict) else None
        if not self.listener_active and isinstance(raw, dict):
            self.objects = self.base = _as_list(raw.get("objects"))

    def remount(self) -> None:
        """Load the drawing into a new canvas, which the listener has yet to find."""
        self.listener_active = False
        self.reload(self.objects)

    def undo(self) -> None:
        """Remove the last stroke."""
        self.reload(self.objects[:-1])

    def clear(self) -> None:
        """Remove all strokes."""
        self.reload([])

    def reload(self, objects: Objects) -> None:
        """Have the canvas load these objects, without those that it could not show."""
        self.load_number += 1
        self.last_message_before_load = self.answered
        self.objects = self.base = self.loaded = [item for item in objects if is_sound(item)]


def _as_list(value: Unchecked) -> Objects:
    return value if isinstance(value, list) else [value]
