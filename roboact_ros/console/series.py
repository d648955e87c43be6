"""Counts the good episodes of the present task, as ``roboact record --task`` does."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.console.board import Board
from roboact_ros.errors import RecordingError
from roboact_ros.recording.session import resume, session_file, session_name, store


@dataclass(frozen=True, slots=True)
class Count:
    """How many episodes of ``task`` are good, how many are wanted (0: nobody said), and what keeps from counting."""

    task: str
    saved: int = 0
    target: int = 0
    problem: str = ""


class Series:
    """Shows the section ``series`` of the board; methods return at once.

    Args:
        folder: Where the recorder writes.
        board: Where the count is shown.
    """

    def __init__(self, folder: Path, board: Board) -> None:
        self._folder, self._board = folder, board
        self._thread = ThreadPoolExecutor(1, "series")

    def recount(self, task: str) -> None:
        """Count again."""
        self._submit(task, None)

    def aim(self, task: str, target: int) -> None:
        """Want ``target`` episodes of ``task``."""
        self._submit(task, target)

    def _submit(self, task: str, target: int | None) -> None:
        self._thread.submit(self._count, task, target).add_done_callback(Future.result)

    def _count(self, task: str, target: int | None) -> None:
        if not task:
            self._board.put("series", Count(""))
            return
        try:
            wanted = self._stored_target(task) if target is None else target
            session = resume(self._folder, task, wanted).session
            if target is not None:
                store(self._folder, session)
        except RecordingError as error:
            self._board.put("series", Count(task, problem=str(error)))
        else:
            self._board.put("series", Count(task, len(session.kept), wanted))

    def _stored_target(self, task: str) -> int:
        path = session_file(self._folder, session_name(task))
        try:
            return int(json.loads(path.read_text(encoding="utf-8"))["target"])
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RecordingError(f"{path} cannot be read: {error}") from error
