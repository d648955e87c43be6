"""What a search for cameras tells of each."""

from __future__ import annotations

from dataclasses import dataclass

ANY = "any"
"""Source that stands for the only camera of its kind that is plugged in."""


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """One camera that is plugged in.

    Attributes:
        kind: Its driver, as ``kind`` in a system file.
        source: What ``source`` in a system file must say.
        model: Name its maker gave it.
        serial: Serial number, empty when it has none.
        connection: How it is connected, e.g. ``USB 3.2``; empty when unknown.
        profiles: Colour streams it offers, e.g. ``640x480 at 30 Hz``; empty when the driver does not tell.
    """

    kind: str
    source: str
    model: str
    serial: str = ""
    connection: str = ""
    profiles: tuple[str, ...] = ()


def profile_text(width: int, height: int, fps: int) -> str:
    """Return the text of a stream profile."""
    return f"{width}x{height} at {fps} Hz"
