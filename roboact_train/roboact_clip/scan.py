"""Looks through all episodes for their clips, here or on a Ray cluster; what was looked at is not looked at again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from roboact_ros.errors import RecordingError
from roboact_train.data.ray_data import map_with_ray
from roboact_train.roboact_clip.clips import Clip, ClipSource
from roboact_train.roboact_clip.journal import Journal

SOURCES_PER_STEP = 64

Tell = Callable[[int, int, str], None]


def scan(sources: Sequence[ClipSource], journal: Journal, tell: Tell, with_ray: bool = False) -> list[Clip]:
    """Return the clips of all sources, in their order; a source that cannot be read gives one clip with the fault.

    Args:
        sources: Episodes.
        journal: What is known of them already; a source that was changed since, or was faulty, is read again.
        tell: Progress.
        with_ray: Spread the work with Ray Data.
    """
    known = {str(row["source"]): row["clips"] for row in journal.rows if "source" in row}
    keys = [_key(source) for source in sources]
    missing = [(key, source) for key, source in zip(keys, sources, strict=True) if key not in known]
    done = len(sources) - len(missing)
    steps = [missing[at : at + SOURCES_PER_STEP] for at in range(0, len(missing), SOURCES_PER_STEP)]
    for rows in _with_ray(steps) if with_ray and steps else map(_read, steps):
        journal.append(*(row for row in rows if not any(clip["fault"] for clip in row["clips"])))
        known.update({row["source"]: row["clips"] for row in rows})
        done += len(rows)
        tell(done, len(sources), f"{rows[-1]['clips'][0]['name']}: looked at")
    return [Clip(**clip) for key in keys for clip in known[key]]


def _key(source: ClipSource) -> str:
    """Return what a source is, how it is looked at and when it was changed, in short."""
    try:
        changed = source.changed_ns()
    except OSError as error:
        raise RecordingError(f"{source.name}: {error.strerror}") from error
    return hashlib.sha256(f"{source!r} {changed}".encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _read(step: Sequence[tuple[str, ClipSource]]) -> list[dict[str, Any]]:
    rows = []
    for key, source in step:
        try:
            clips = source.clips()
        except RecordingError as error:
            clips = [Clip(source.name, "", source.name, "", 0, 0, "", fault=str(error))]
        rows.append({"source": key, "clips": [dataclasses.asdict(clip) for clip in clips]})
    return rows


def _with_ray(steps: Sequence[Sequence[tuple[str, ClipSource]]]) -> Iterator[list[dict[str, Any]]]:
    for row in map_with_ray(_read_row, ({"step": step} for step in steps)):
        yield json.loads(row["rows"])


def _read_row(row: dict[str, Any]) -> dict[str, str]:
    """Read the sources of one row in a worker; as text, so that no table of mixed columns is made of them."""
    return {"rows": json.dumps(_read(row["step"]))}
