"""What the page shows: filled by whoever listens to the cell, read by every open page."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LINES = 60
"""Lines of the conversation that are kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """State of one part of the cell.

    Attributes:
        name: The part, e.g. ``executor``.
        level: ``ok``, ``warn``, ``error`` or ``stale``.
        message: One sentence for the operator.
        values: Details by name.
    """

    name: str
    level: str = "ok"
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CellView:
    """What does not change while the cell runs: its name, its robot, the names of its cameras, and its policy."""

    name: str
    robot: str
    cameras: tuple[str, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What the policy chose last: phrases and scores, the best first, and whether the arm was asked for it."""

    motion: str
    best: tuple[tuple[str, float], ...]
    inference_ms: float
    carried_out: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation.

    Attributes:
        number: Counts up over all lines.
        unix_ms: When it was said [ms].
        who: ``person``, ``robot`` or ``console``.
        text: What was said.
        level: As in :class:`Part`.
    """

    number: int
    unix_ms: int
    who: str
    text: str
    level: str = "ok"


class Board:
    """Named sections with the moment each was last heard of; every method may be called from any thread.

    Sections are ``cell``, ``arm``, ``policy``, ``recorder``, ``answer`` (what was understood last), ``choice``,
    ``instruction``, ``log``, ``series``, ``hearing``, ``consoles`` and ``health/NAME``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sections: dict[str, object] = {"log": ()}
        self._heard_ns: dict[str, int] = {}
        self._lines: deque[Line] = deque(maxlen=LINES)
        self._listeners: list[Callable[[], None]] = []
        self._number = 0

    def listen(self, changed: Callable[[], None]) -> None:
        """Have ``changed`` called, in the caller's thread, whenever a section has changed."""
        self._listeners.append(changed)

    def put(self, section: str, content: object) -> None:
        """Show ``content`` in a section and note that it was heard of now."""
        with self._lock:
            changed = self._sections.get(section) != content
            self._sections[section] = content
            self._heard_ns[section] = time.monotonic_ns()
        if changed:
            self._tell()

    def say(self, who: str, text: str, level: str = "ok") -> None:
        """Add a line to the conversation."""
        with self._lock:
            self._number += 1
            self._lines.append(Line(self._number, time.time_ns() // 1_000_000, who, text, level))
            self._sections["log"] = tuple(self._lines)
        self._tell()

    def sections(self) -> dict[str, object]:
        """Return every section by name."""
        with self._lock:
            return dict(self._sections)

    def ages(self) -> dict[str, float]:
        """Return how long ago each section was last heard of [s]."""
        now = time.monotonic_ns()
        with self._lock:
            return {section: (now - heard) / 1e9 for section, heard in self._heard_ns.items()}

    def _tell(self) -> None:
        for changed in self._listeners:
            changed()
