"""Files of JSON lines to which results are added one by one, so that an interruption loses none of them."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from roboact_ros.errors import RecordingError


class Journal:
    """A file that grows; only one process at a time has it open. Also a context manager; threads may share it.

    Attributes:
        rows: What was in it when it was opened. A last line that a crash cut off is not, and is overwritten.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            RecordingError: It cannot be opened, another process has it open, or it is damaged in the middle.
        """
        self._path, self._lock = path, threading.Lock()
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.rows, good = self._read()
            self._file.truncate(good)
        except BlockingIOError:
            self._file.close()
            raise RecordingError(f"{path} is in use by another process; wait for it or choose another folder") from None
        except BaseException:
            self._file.close()
            raise

    def append(self, *rows: dict[str, Any]) -> None:
        """Add rows; when this returns they are on the disk.

        Raises:
            RecordingError: The disk refused.
        """
        lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        try:
            with self._lock:
                self._file.write(lines)
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            raise RecordingError(f"{self._path} cannot be written: {error.strerror}") from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        self._file.seek(0)
        data = self._file.read()
        rows: list[dict[str, Any]] = []
        good = 0
        for number, line in enumerate(data.splitlines(keepends=True), 1):
            last = good + len(line) == len(data)
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            whole = line.endswith(b"\n") and isinstance(row, dict)
            if not whole and not last:
                raise RecordingError(f"{self._path}, line {number}: damaged; take the line out")
            if whole and isinstance(row, dict):
                rows.append(row)
                good += len(line)
        return rows, good
