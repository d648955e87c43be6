"""Files that are replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from roboact_ros.recording.failures import recording_error


@contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open what takes the place of ``path`` when the block ends well; otherwise the old file stays.

    Raises:
        OSError: The disk refused.
    """
    unfinished = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write ``parts`` one after the other, so that ``path`` is whole whatever happens: the old file or the new one.

    Raises:
        RecordingError: The disk refused; the old file is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as file:
            file.writelines(part.encode() for part in parts)
    except OSError as error:
        raise recording_error(path, error) from error
