"""A folder that is being filled, by a run that may be interrupted and gone on with."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import publish
from roboact_ros.recording.whole_file import write_whole

_PROGRESS = "progress.json"


@dataclass(slots=True)
class Unfinished:
    """Where shards are written until all are there.

    Attributes:
        folder: The folder.
        arguments: What decides about the content; a run with others does not go on with it.
        shards: How many are whole.
        episodes: How many episodes these have used up.
        notes: What was noted beside them.
    """

    folder: Path
    arguments: str
    shards: int
    episodes: int
    notes: dict[str, Any]

    def note(self, episodes: int, notes: dict[str, Any]) -> None:
        """Remember, whatever happens, that one more shard is whole."""
        self.shards, self.episodes, self.notes = self.shards + 1, episodes, notes
        found = {"arguments": self.arguments, "shards": self.shards, "episodes": episodes, "notes": notes}
        write_whole(self.folder / _PROGRESS, [json.dumps(found)])


@contextmanager
def unfinished(out: Path, arguments: str) -> Iterator[Unfinished]:
    """Give the folder that becomes ``out`` in one step at the end; its whole shards stay after a failure.

    Raises:
        RecordingError: ``out`` exists already, what was begun has other arguments, another process is at it, or the
            disk refused.
    """
    if out.exists():
        raise RecordingError(f"{out} exists already; nothing is overwritten")
    folder = out.with_name(f".{out.name}.unfinished")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RecordingError(f"another process is writing {out}") from None
            begun = _begun(folder, arguments)
            try:
                yield begun
                (folder / _PROGRESS).unlink(missing_ok=True)
                publish(folder, out)
            finally:
                if folder.exists() and not begun.shards:
                    shutil.rmtree(folder)
        finally:
            os.close(lock)
    except OSError as error:
        raise RecordingError(f"{out} cannot be written: {error.strerror or error}") from error


def _begun(folder: Path, arguments: str) -> Unfinished:
    path = folder / _PROGRESS
    if not path.exists():
        return Unfinished(folder, arguments, 0, 0, {})
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["arguments"] == arguments:
            return Unfinished(folder, arguments, int(found["shards"]), int(found["episodes"]), dict(found["notes"]))
    except (ValueError, TypeError, KeyError) as error:
        raise RecordingError(f"{path} is damaged ({error}); delete {folder} to begin anew") from error
    raise RecordingError(
        f"{folder} was begun with other arguments; give those again to go on, or delete it to begin anew"
    )
