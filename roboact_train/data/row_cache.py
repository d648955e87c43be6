"""Rows of numbers that are computed once and memory-mapped from then on.

A folder holds the rows and ``done.npy``, which says of each whether it is there. A row is marked after it is on the
disk, so that whatever ends a computation, the next one goes on and believes no half-written row.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_train.training.order import Place

DONE_FILE = "done.npy"
_SAVED_S, _TOLD_S = 5.0, 10.0


class RowCache:
    """A folder of rows.

    Args:
        folder: Of this cache alone.
        name: File of the rows.
        dtype: Of their numbers.
        shape: Of all rows together.
    """

    def __init__(self, folder: Path, name: str, dtype: Any, shape: tuple[int, ...]) -> None:
        self.folder, self._name, self._dtype, self._shape = folder, name, dtype, shape

    def create(self) -> None:
        """Make an empty cache unless there is one; in one process only.

        Raises:
            RecordingError: The disk refused.
        """
        if self.folder.exists():
            return
        unfinished = self.folder.with_name(f".{self.folder.name}.writing-{os.getpid()}")
        try:
            unfinished.mkdir(parents=True)
            open_memmap(unfinished / self._name, "w+", self._dtype, self._shape).flush()
            open_memmap(unfinished / DONE_FILE, "w+", np.bool_, self._shape[:1]).flush()
            unfinished.rename(self.folder)
        except OSError as error:
            raise RecordingError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def open(self, mode: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the rows, and which of them are there.

        Raises:
            RecordingError: The cache is damaged.
        """
        return self._open(self._name, mode, self._shape), self._open(DONE_FILE, mode, self._shape[:1])

    def fill(
        self, compute: Callable[[int], NDArray[Any]], place: Place, what: str, tell: Callable[[str], None]
    ) -> None:
        """Compute this process's share of the rows that are missing.

        Args:
            compute: Returns a row, given its number; whatever it raises, the rows before are kept.
            place: This process.
            what: The rows are features of these.
            tell: Gets lines of progress.

        Raises:
            RecordingError: The cache is damaged.
        """
        rows, done = self.open("r+")
        missing = [row for row in range(place.rank, len(done), place.processes) if not done[row]]
        if missing:
            tell(f"{len(missing)} of {len(done)} {what} go through the frozen encoder once")
        waiting: list[int] = []
        saved = told = time.monotonic()
        try:
            for number, row in enumerate(missing):
                rows[row] = compute(row)
                waiting.append(row)
                now = time.monotonic()
                if now - saved > _SAVED_S:
                    saved = now
                    mark(rows, done, waiting)
                    waiting.clear()
                if now - told > _TOLD_S:
                    told = now
                    tell(f"features of {number + 1} of {len(missing)} {what}")
        finally:
            mark(rows, done, waiting)

    def read(self, what: str) -> NDArray[Any]:
        """Return the rows, all of which must be there; ``what`` says what they are of.

        Raises:
            RecordingError: The cache is damaged or was not filled.
        """
        rows, done = self.open("r")
        if not done.all():
            missing = np.count_nonzero(~done)
            raise RecordingError(f"{self.folder} lacks the features of {missing} of {len(done)} {what}")
        return rows

    def _open(self, name: str, mode: str, shape: tuple[int, ...]) -> NDArray[Any]:
        path = self.folder / name
        try:
            array = open_memmap(path, mode)
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path} cannot be read; delete {self.folder} to compute it again: {error}") from error
        if array.shape != shape:
            raise RecordingError(f"{path} holds {array.shape}, not {shape}; delete {self.folder} to compute it again")
        return array


def mark(array: NDArray[Any], done: NDArray[Any], rows: Sequence[int]) -> None:
    """Put rows on the disk, then say that they are there."""
    array.flush()  # type: ignore[attr-defined]
    done[rows] = True
    done.flush()  # type: ignore[attr-defined]
