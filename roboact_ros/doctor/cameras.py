"""Cameras: whether each of the cell opens and sees."""

from __future__ import annotations

import ctypes.util
import queue
import threading
from collections.abc import Iterator

from roboact_ros.cameras.open import camera_opener
from roboact_ros.cells.description import CameraDescription, Cell
from roboact_ros.doctor.finding import Finding, fail, ok, warn
from roboact_ros.errors import CameraError, ConfigurationError
from roboact_ros.types import Frame

SEEING_SECONDS = 10.0


def check_cameras(cell: Cell) -> Iterator[Finding]:
    """Look through every camera."""
    if not cell.cameras:
        yield warn("cameras", "the cell has none", "name one under cameras: in its system file (docs/cameras.md)")
    for name, description in cell.cameras.items():
        yield _simulated(name) if description.kind == "simulated" else _real(name, description, cell)


def _simulated(name: str) -> Finding:
    if ctypes.util.find_library("EGL") is None and ctypes.util.find_library("OSMesa") is None:
        return fail(f"camera {name}", "no library can draw its images", "apt install libegl1 libgl1-mesa-dri")
    return ok(f"camera {name}", "simulated: drawn by the simulator")


def _real(name: str, description: CameraDescription, cell: Cell) -> Finding:
    part = f"camera {name}"
    source = f"{description.kind}:{description.source}"
    listing = f'"roboact cameras" lists what is plugged in; the cell uses {source}'
    try:
        opened = camera_opener(name, description, cell.robot_address)
    except ConfigurationError as error:
        return fail(part, str(error), listing)
    answers: queue.Queue[Frame | CameraError | ConfigurationError] = queue.Queue()

    def look() -> None:
        try:
            camera = opened()
            try:
                answers.put(camera.read())
            finally:
                camera.close()
        except (CameraError, ConfigurationError) as error:
            answers.put(error)

    threading.Thread(target=look, daemon=True).start()
    try:
        answer = answers.get(timeout=SEEING_SECONDS)
    except queue.Empty:
        return fail(part, f"{source} sent no image for {SEEING_SECONDS:.0f} s", "unplug it and plug it in again")
    if not isinstance(answer, Frame):
        return fail(part, str(answer), f"{listing}; a running cell holds its cameras, so end it first")
    height, width = answer.image.shape[:2]
    seen = f"{source} sees, {width}x{height}"
    if answer.image.max() < 10:
        return warn(part, f"{seen}, but everything is black", "take off the lens cap, switch on the light")
    return ok(part, seen)
