"""Where episodes lie: their names, the ones that were discarded, and what can be found in a bag folder."""

from __future__ import annotations

import datetime
import enum
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import UNFINISHED_SUFFIX, publish
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.mcap_records import MAGIC
from roboact_ros.recording.mcap_writer import is_being_written
from roboact_ros.recording.metadata import FILE_NAME

DISCARDED = ".discarded"
KEPT_DISCARDED = 10
"""Discarded episodes that stay until the next episode is saved."""
FREE_BYTES = 200 * 1024 * 1024
"""Free space without which no episode is started."""


class BagState(enum.Enum):
    """How far a bag has come."""

    SAVED = "saved"
    RECORDING = "recording"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class BagFolder:
    """One bag in a bag folder."""

    path: Path
    state: BagState


def episode_path(folder: Path, instruction: str, now: datetime.datetime) -> Path:
    """Return the folder of a new episode, named after the moment and the task, e.g. ``2026-11-21_10-15-30_move_it``.

    Raises:
        RecordingError: The bag folder cannot be made, or its disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise recording_error(folder, error) from error
    if free < FREE_BYTES:
        raise RecordingError(
            f"{folder}: only {free // 2**20} MiB are free, an episode needs {FREE_BYTES // 2**20} MiB to start; "
            "free some space, or record elsewhere with bags:=FOLDER"
        )
    words = re.sub(r"[^a-z0-9]+", "_", instruction.lower()).strip("_")[:40].rstrip("_")
    name = f"{now:%Y-%m-%d_%H-%M-%S}_{words or 'episode'}"
    names = (name, *(f"{name}_{number}" for number in range(2, 1000)))
    return next(folder / n for n in names if not any(taken.exists() for taken in _places(folder, n)))


def find_bags(folder: Path) -> list[BagFolder]:
    """Return the bags directly in ``folder``, oldest name first; discarded ones are not among them.

    Raises:
        RecordingError: There is no such folder.
    """
    try:
        entries = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise recording_error(folder, error) from error
    return [BagFolder(path, bag_state(path)) for path in entries if (path / FILE_NAME).is_file() or mcap_files(path)]


def bag_state(path: Path) -> BagState:
    """Return how far the bag in the folder ``path`` has come."""
    if path.suffix != UNFINISHED_SUFFIX and (path / FILE_NAME).is_file():
        return BagState.SAVED
    written = any(is_being_written(file) for file in mcap_files(path))
    return BagState.RECORDING if written else BagState.UNFINISHED


def check_finished(path: Path) -> None:
    """Refuse a bag, given as its folder or its file, that is still growing.

    Raises:
        RecordingError: It is being recorded.
    """
    folder = path if path.is_dir() else path.parent
    if bag_state(folder) is BagState.RECORDING and (path is folder or is_being_written(path)):
        raise RecordingError(f"{path} is being recorded; save it first")


def is_cut_off(path: Path) -> bool:
    """Return whether the file of a bag ends before it should; looks at its last bytes only.

    Raises:
        RecordingError: It cannot be read.
    """
    for file in mcap_files(path):
        try:
            with file.open("rb") as stream:
                stream.seek(max(0, file.stat().st_size - len(MAGIC)))
                if stream.read() != MAGIC:
                    return True
        except OSError as error:
            raise recording_error(file, error) from error
    return False


def mcap_files(path: Path) -> list[Path]:
    """Return the MCAP files of a bag."""
    return sorted(path.glob("*.mcap"))


def discard(bag: Path) -> Path:
    """Move a saved bag among the discarded ones and return its new place.

    Raises:
        RecordingError: The disk refused.
    """
    place = bag.parent / DISCARDED / bag.name
    try:
        place.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise recording_error(place.parent, error) from error
    publish(bag, place)
    return place


def purge(folder: Path) -> list[Path]:
    """Delete all but the newest discarded episodes; to be called once a new episode is safely saved.

    Returns:
        What was deleted.

    Raises:
        RecordingError: The disk refused.
    """
    discarded = folder / DISCARDED
    old = sorted(discarded.iterdir())[:-KEPT_DISCARDED] if discarded.is_dir() else []
    for path in old:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise recording_error(path, error) from error
    return old


def _places(folder: Path, name: str) -> tuple[Path, Path, Path]:
    return folder / name, folder / f"{name}{UNFINISHED_SUFFIX}", folder / DISCARDED / name
