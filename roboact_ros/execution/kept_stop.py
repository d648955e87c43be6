"""Keeps a person's stop or pause in a file, so that it holds over the death of the node that was told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_STOP, _PAUSE = "stop", "pause"


class KeptStop:
    """The words that hold; there is a file as long as one does.

    Args:
        file: Where they are kept.
        report: Takes a line when that is not possible; what was said holds all the same as long as the node lives.
    """

    def __init__(self, file: Path, report: Callable[[str], None]) -> None:
        self._file, self._report = file, report

    def read(self) -> tuple[bool, bool]:
        """Return whether a stop and whether a pause holds; a damaged file counts as a stop."""
        try:
            words = self._file.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return False, False
        except (OSError, UnicodeDecodeError) as error:
            self._report(f"{self._file} cannot be read ({error}), so the arm begins stopped")
            return True, False
        return words != [_PAUSE], _PAUSE in words

    def keep(self, stopped: bool, paused: bool) -> None:
        """Keep what holds now."""
        words = [word for word, holds in ((_STOP, stopped), (_PAUSE, paused)) if holds]
        try:
            if not words:
                self._file.unlink(missing_ok=True)
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(" ".join(words), encoding="utf-8")
        except OSError as error:
            self._report(f"{self._file} cannot be changed ({error}): who starts this again must know what holds")
