"""The drawing of one visitor, and who may change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.components.pad.fabric_paths import Unchecked, is_sound

INK = "#1f2a37"
"""The color that strokes are drawn in."""
Objects = list[Unchecked]
"""Fabric path objects; what comes from the browser is unchecked until `strokes_of` reads it."""


@dataclass
class PadState:
    """What is drawn on the pad, kept in the visitor's session.

    Two witnesses report it. The listener tells every stroke while it is drawn; the canvas tells the whole drawing a
    while after the pen is up. Once the listener has spoken, the canvas can only repeat what is known, or, just after
    an undo, what is no longer true, so its reports count only where the listener is silent, and are then switched off.

    What is drawn between a click on undo or clear and the server's answer is lost to the canvas, which loads the new
    sheet over it. The listener calls such strokes torn, and the canvas is given them anew.

    Attributes:
        number: counts how often the canvas was given its drawing anew; a message about an earlier sheet is void.
        given: what the canvas was given then.
        known: the number of the listener's last message before that.
        earlier: what was drawn before the strokes that the listener tells of.
        objects: what is drawn now.
        heard: the listener has told of a stroke since the canvas was mounted.
        answered: the number of the listener's last message.
        pen_width: px, of the next stroke.
    """

    number: int = 0
    given: Objects = field(default_factory=list)
    known: int = 0
    earlier: Objects = field(default_factory=list)
    objects: Objects = field(default_factory=list)
    heard: bool = False
    answered: int = 0
    pen_width: int = 20

    @property
    def given_to_canvas(self) -> tuple[int, bool]:
        """What the canvas must be told anew when it changes: the sheet, and whether its reports are still needed."""
        return self.number, self.heard

    def take_strokes(self, message: Unchecked) -> None:
        """Take the listener's message: the strokes drawn since this sheet was given to the canvas."""
        if not isinstance(message, dict):
            return
        objects = _as_list(message.get("objects"))
        self.answered = message.get("message", 0)
        self.heard = self.heard or bool(objects)
        if message.get("sheet") == self.number:
            self.objects = self.earlier + objects
            if message.get("torn"):
                self.reload(self.objects)

    def take_report(self, drawing: Unchecked) -> None:
        """Take the canvas's report: everything that is on it, under "raw"."""
        raw = drawing.get("raw") if isinstance(drawing, dict) else None
        if not self.heard and isinstance(raw, dict):
            self.objects = self.earlier = _as_list(raw.get("objects"))

    def remount(self) -> None:
        """Start on a canvas mounted anew, whose listener has yet to find it."""
        self.heard = False
        self.reload(self.objects)

    def undo(self) -> None:
        """Take the last stroke away."""
        self.reload(self.objects[:-1])

    def clear(self) -> None:
        """Take everything away."""
        self.reload([])

    def reload(self, objects: Objects) -> None:
        """Start a new sheet with these objects, without those that the canvas could not show."""
        self.number += 1
        self.known = self.answered
        self.objects = self.earlier = self.given = [item for item in objects if is_sound(item)]


def _as_list(value: Unchecked) -> Objects:
    return value if isinstance(value, list) else [value]
