"""The drawing on the pad, as Python knows and edits it."""

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

    The browser keeps the strokes and numbers them (listener.js). Each of its messages holds the whole drawing. Python
    edits it: after an undo or a clear, and on a new page, the canvas loads what is kept. A message that was sent before
    the browser knew of the edit still holds what was removed, and is ignored. The browser then makes the edit, too; if
    it has strokes that Python did not know, the canvas has overwritten them: it says so, and the canvas loads them.

    Attributes:
        objects: the objects that are drawn now.
        loaded: the objects that the canvas had to load last.
        edits: counts the drawings that the canvas had to load.
        known: the number of the last stroke that the browser has told of.
        pen_width: canvas px, of the next stroke.
    """

    objects: Objects = field(default_factory=list)
    loaded: Objects = field(default_factory=list)
    edits: int = 0
    known: int = 0
    pen_width: int = 20

    @property
    def version(self) -> str:
        """Return what changes whenever the drawing does."""
        return f"{self.edits}.{self.known}"

    def take(self, message: Unchecked) -> None:
        """Take a message of the browser, which may come again with every run of the page."""
        if not isinstance(message, dict) or message.get("edits") != self.edits:
            return
        objects, count = message.get("objects"), message.get("count")
        self.objects = objects if isinstance(objects, list) else [objects]
        self.known = count if isinstance(count, int) else 0
        if message.get("overwritten"):
            self.load(self.objects)

    def undo(self) -> None:
        """Remove the last stroke."""
        self.load(self.objects[:-1])

    def clear(self) -> None:
        """Remove all strokes."""
        self.load([])

    def load(self, objects: Objects) -> None:
        """Have the canvas load these objects, without those that it could not show."""
        self.edits += 1
        self.objects = self.loaded = [item for item in objects if is_sound(item)]
