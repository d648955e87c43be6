"""One picture of a whole episode: images of every camera in rows, and below them the arm over time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.images import frame_from_recorded
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.recording.timeline import Curve, Timeline, timeline
from roboact_ros.types import ImageArray

COLUMNS = 8
SUFFIXES = (".png", ".jpg")
_WIDTH, _MARGIN, _GRAPH = 240, 8, 160
_BACKGROUND, _INK, _FAINT = (250, 250, 250), (30, 30, 30), (200, 200, 200)
_COLOURS = ((200, 60, 40), (40, 140, 60), (50, 80, 200), (120, 60, 160), (190, 130, 20), (20, 140, 150))
_WHO = {"teleop": (255, 224, 178), "policy": (200, 222, 250)}
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_contact_sheet(bag: Path, out: Path) -> Path:
    """Write the contact sheet of an episode as an image file and return its path.

    Raises:
        RecordingError: The bag cannot be read, or the file cannot be written.
    """
    if out.suffix not in SUFFIXES:
        raise RecordingError(f'{out}: a picture cannot be written as "{out.suffix}"; valid: {", ".join(SUFFIXES)}')
    with Episode(bag) as episode:
        image = contact_sheet(timeline(episode))
    _, data = cv2.imencode(out.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    try:
        out.write_bytes(bytes(data))
    except OSError as error:
        raise recording_error(out, error) from error
    return out


def contact_sheet(it: Timeline) -> ImageArray:
    """Return the (H, W, 3) RGB picture of an episode."""
    width = COLUMNS * (_WIDTH + _MARGIN) + _MARGIN
    rows = [_heading(it, width)]
    rows += [_row(it, camera, width) for camera in it.images]
    for name, arm in it.arms.items():
        whose = f"{name} " if name else ""
        rows += [_graph(it, arm.tool, f"{whose}tool [m]", width), _graph(it, arm.gripper, f"{whose}gripper", width)]
    return np.concatenate(rows)


def _heading(it: Timeline, width: int) -> ImageArray:
    s = it.summary
    lost = int(s.notes.get("drops", 0)) + int(s.notes.get("lost_in_transit", 0))
    lines = [
        f"{Path(s.path).name}   {s.notes.get('outcome', s.state)}",
        f'"{s.instruction}"   {s.seconds:.1f} s, {s.messages} messages, {lost} lost, {len(s.gaps)} gaps',
    ]
    canvas = _canvas(24 * len(lines) + 2 * _MARGIN, width)
    for number, line in enumerate(lines):
        _write(canvas, line, (_MARGIN, 24 * number + 22), 0.55)
    return canvas


def _row(it: Timeline, camera: str, width: int) -> ImageArray:
    """Return images of one camera, evenly spaced in time, each with its moment and what the arm did then."""
    images = it.images[camera]
    moments = np.linspace(0.0, it.summary.seconds, COLUMNS)
    times = np.array([seconds for seconds, _ in images])
    chosen = [images[int(np.argmin(np.abs(times - moment)))] for moment in moments]
    tiles = [_tile(raw) for _, raw in chosen]
    height = max(tile.shape[0] for tile in tiles)
    canvas = _canvas(height + 44, width)
    for number, ((seconds, _), tile) in enumerate(zip(chosen, tiles, strict=True)):
        x = _MARGIN + number * (_WIDTH + _MARGIN)
        canvas[: tile.shape[0], x : x + _WIDTH] = tile
        _write(canvas, f"{camera} {seconds:.1f} s", (x, height + 14), 0.4)
        phrase = next((step.phrase for step in it.steps if step.begin <= seconds < step.end), "")
        _write(canvas, phrase[:38], (x, height + 30), 0.33)
    return canvas


def _tile(raw: RawMessage) -> ImageArray:
    image = frame_from_recorded(raw.message(), "").image
    height = max(1, round(image.shape[0] * _WIDTH / image.shape[1]))
    return np.asarray(cv2.resize(image, (_WIDTH, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _graph(it: Timeline, curve: Curve, label: str, width: int) -> ImageArray:
    """Return curves over time, on the colours of those who moved the arm."""
    canvas = _canvas(_GRAPH + 28, width)
    end = max(it.summary.seconds, 1e-6)
    left, right, top, bottom = _MARGIN, width - _MARGIN, _MARGIN, _GRAPH
    for step in it.steps:
        a, b = (left + int((right - left) * min(1.0, at / end)) for at in (step.begin, step.end))
        cv2.rectangle(canvas, (a, top), (max(a, b - 1), bottom), _WHO.get(step.source, _FAINT), -1)
    cv2.rectangle(canvas, (left, top), (right, bottom), _FAINT, 1)
    text = f"{label}: " + "  ".join(curve.names) if len(curve.seconds) else f"{label}: not recorded"
    _write(canvas, f"{text}    (orange: a person, blue: the policy)", (left, bottom + 20), 0.4)
    if not len(curve.seconds):
        return canvas
    low, high = float(curve.values.min()), float(curve.values.max())
    x = left + (right - left) * np.clip(curve.seconds / end, 0.0, 1.0)
    y = bottom - 4 - (bottom - top - 8) * (curve.values - low) / max(high - low, 1e-9)
    for number, colour in zip(range(curve.values.shape[1]), _COLOURS, strict=False):
        points = np.column_stack((x, y[:, number])).round().astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [points], False, colour, 1, cv2.LINE_AA)
        _write(
            canvas, curve.names[number], (right - 8 * len(curve.names[number]) - 4, int(y[-1, number]) - 3), 0.4, colour
        )
    _write(canvas, f"{high:.2f}", (left + 2, top + 12), 0.35)
    _write(canvas, f"{low:.2f}", (left + 2, bottom - 4), 0.35)
    return canvas


def _canvas(height: int, width: int) -> ImageArray:
    return np.full((height, width, 3), _BACKGROUND, np.uint8)


def _write(
    canvas: ImageArray, text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int] = _INK
) -> None:
    plain = text.encode("ascii", "replace").decode()  # all that these fonts have
    cv2.putText(canvas, plain, at, _FONT, size, colour, 1, cv2.LINE_AA)
