"""Folders that get their name only when everything in them has been written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import publish


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to that becomes ``out`` in one step at the end, and disappears after a failure.

    Raises:
        RecordingError: ``out`` exists already, or the disk refused.
    """
    if out.exists():
        raise RecordingError(f"{out} exists already; nothing is overwritten")
    unfinished = out.with_name(f".{out.name}.writing-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        publish(unfinished, out)
    except OSError as error:
        raise RecordingError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
