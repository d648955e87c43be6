"""A reconstructed data set on the disk: the videos stay where they are, these files say what is in them.

``clips.jsonl`` has a line for each video with a single action, ``left_out.jsonl`` one for each other with the reason,
``classes.json`` the classes, the most frequent first, and ``statistics.json`` the counts.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import RecordingError
from roboact_ros.recording.whole_file import write_whole
from roboact_train.data.json_files import parse_object
from roboact_train.data.pictures import read_bytes
from roboact_train.roboact_clip.annotation import Triplet
from roboact_train.roboact_clip.clips import Clip

CLIPS, LEFT_OUT, CLASSES, STATISTICS = "clips.jsonl", "left_out.jsonl", "classes.json", "statistics.json"


@dataclass(frozen=True, slots=True)
class AtomicClip:
    """A clip with a single action."""

    clip: Clip
    triplet: Triplet


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that is not used: its name and text, the reason, and what exactly."""

    name: str
    text: str
    reason: str
    detail: str


def write_dataset(
    folder: Path, clips: Sequence[AtomicClip], left_out: Iterable[LeftOut], counts: dict[str, Any]
) -> None:
    """Write the files of a data set; each is replaced in one step, ``clips.jsonl`` last.

    Raises:
        RecordingError: The disk refused.
    """
    triplets = [clip.triplet for clip in clips]
    classes = {
        "subjects": _most_frequent(triplet.subject for triplet in triplets),
        "actions": _most_frequent(triplet.action for triplet in triplets),
        "objects": _most_frequent(triplet.object for triplet in triplets),
    }
    _replace(folder / LEFT_OUT, (json.dumps(dataclasses.asdict(row)) for row in left_out))
    _replace(folder / CLASSES, [json.dumps(classes, indent=1)])
    _replace(folder / STATISTICS, [json.dumps(counts, indent=1)])
    _replace(folder / CLIPS, (json.dumps(_row(clip)) for clip in clips))


def read_dataset(folder: Path) -> list[AtomicClip]:
    """Return the clips of a data set.

    Raises:
        RecordingError: It cannot be read.
    """
    path = folder / CLIPS
    clips = []
    names = {field.name for field in dataclasses.fields(Clip)}
    for number, line in enumerate(read_bytes(path).splitlines(), 1):
        row = parse_object(line, f"{path}, line {number}")
        try:
            triplet = Triplet(row["subject"], row["action"], row["object"])
            clips.append(AtomicClip(Clip(**{name: row[name] for name in names}), triplet))
        except KeyError as error:
            raise RecordingError(f"{path}, line {number}: {error} is missing") from error
    return clips


def _row(clip: AtomicClip) -> dict[str, Any]:
    # The subject of the clip is what the data set says about it; that of the triplet is never empty.
    return {
        **dataclasses.asdict(clip.clip),
        **dataclasses.asdict(clip.triplet),
        "description": clip.triplet.description,
    }


def _most_frequent(names: Iterable[str]) -> list[str]:
    return [name for name, _ in sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))]


def _replace(path: Path, lines: Iterable[str]) -> None:
    write_whole(path, (f"{line}\n" for line in lines))
