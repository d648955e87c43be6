"""Text files that are replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from roboact_ros.recording.failures import recording_error


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write ``parts`` one after the other, so that ``path`` is whole whatever happens: the old file or the new one.

    Raises:
        RecordingError: The disk refused; the old file is still there.
    """
    unfinished = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise recording_error(path, error) from error
