"""Stretches of video with the text that was given to them, not judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FRAMES = 16
"""Frames that the network sees of each video."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What one camera saw while one text was true.

    Attributes:
        name: What to call it; unique.
        kind: ``video`` (a file), ``images`` (a folder), ``bag``, ``shard`` or ``lerobot``.
        path: Where it is.
        camera: Which camera of it.
        begin: First frame.
        end: One after the last frame.
        text: The annotation, as it was given; may be empty.
        subject: ``robot`` or ``human`` where the data set says so, else empty.
        task: Which task it is; what is counted as tasks.
        episode: Number of the episode in ``path``, or -1.
        fault: Why it cannot be used; empty when it can.
    """

    name: str
    kind: str
    path: str
    camera: str
    begin: int
    end: int
    text: str
    subject: str = ""
    task: str = ""
    episode: int = -1
    fault: str = ""

    @property
    def frames(self) -> int:
        """Number of its frames."""
        return self.end - self.begin


class ClipSource(Protocol):
    """One episode, not read yet; a frozen dataclass, small enough to be sent to another machine."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    def changed_ns(self) -> int:
        """When it was written last [ns]."""
        ...

    def clips(self) -> list[Clip]:
        """Return its clips.

        Raises:
            RecordingError: It cannot be read.
        """
        ...


def runs(texts: list[str]) -> list[tuple[int, int, str]]:
    """Return begin, end and text of each stretch with the same text."""
    found: list[tuple[int, int, str]] = []
    for at, text in enumerate(texts):
        if found and found[-1][2] == text:
            found[-1] = (found[-1][0], at + 1, text)
        else:
            found.append((at, at + 1, text))
    return found
