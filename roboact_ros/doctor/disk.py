"""The disk of the recordings: whether it can be written, how fast, and for how long."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.finding import Finding, fail, ok, warn
from roboact_ros.recording.folders import FREE_BYTES

PROBE_BYTES = 32 * 1024 * 1024
MARGIN = 2.0
"""How much faster than the cell the disk should be."""
MINUTES = 30
_JPEG_BYTES_PER_PIXEL, _OTHER_BYTES_PER_SECOND = 0.3, 500_000


def check_disk(cell: Cell) -> Iterator[Finding]:
    """Write a little where the recordings go."""
    folder = Path(cell.recording.folder).expanduser().resolve()
    place = next(path for path in (folder, *folder.parents) if path.is_dir())
    elsewhere = "record elsewhere with bags:=FOLDER"
    try:
        free = shutil.disk_usage(place).free
        if free < FREE_BYTES + PROBE_BYTES:
            yield fail("disk", f"{place}: only {free // 2**20} MiB are free", f"free some space, or {elsewhere}")
            return
        speed = _speed(place)
    except OSError as error:
        yield fail("disk", f"{place} cannot be written: {error.strerror}", f"change its owner, or {elsewhere}")
        return
    need = bytes_per_second(cell)
    minutes = (free - FREE_BYTES) / need / 60
    about = f"{place} takes {speed / 1e6:.0f} MB/s, the cell makes about {need / 1e6:.1f}"
    if speed < MARGIN * need:
        yield warn("disk", about, f"use fewer pixels or images per second, leave out raw images, or {elsewhere}")
    else:
        yield ok("disk", about)
    if minutes < MINUTES:
        yield warn("disk space", f"enough for {minutes:.0f} minutes", f"free some space, or {elsewhere}")
    else:
        yield ok("disk space", f"enough for {minutes / 60:.1f} hours")


def bytes_per_second(cell: Cell) -> float:
    """Return about how much an episode of the cell grows in a second."""
    total = float(_OTHER_BYTES_PER_SECOND)
    for camera in cell.cameras.values():
        bytes_per_pixel = _JPEG_BYTES_PER_PIXEL + (3.0 if camera.raw else 0.0)
        total += camera.width * camera.height * camera.fps * bytes_per_pixel
    return total


def _speed(folder: Path) -> float:
    """Return how fast the disk takes what must survive a power failure [bytes/s]."""
    block = os.urandom(4 * 1024 * 1024)
    with tempfile.TemporaryFile(dir=folder) as file:
        begun = time.monotonic()
        for _ in range(PROBE_BYTES // len(block)):
            file.write(block)
        file.flush()
        os.fdatasync(file.fileno())
        return PROBE_BYTES / (time.monotonic() - begun)
