"""RH20T as it is published (https://rh20t.github.io): one folder for each robot sequence and each human demonstration.

    RH20T_cfg1/task_0001_user_0001_scene_0001_cfg_0001/metadata.json              rating, finish_time
                                                       cam_SERIAL/color.mp4       or color/TIME.jpg after extraction
               task_0001_user_0001_scene_0001_cfg_0001_human/cam_SERIAL/color.mp4
    task_description.json                                                         text of each task

The file of time stamps beside each video is a Python pickle and is not opened: frames are counted in the video.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from roboact_ros.errors import RecordingError
from roboact_train.data.json_files import read_object
from roboact_train.roboact_clip.annotation import HUMAN, ROBOT
from roboact_train.roboact_clip.clips import Clip

DESCRIPTIONS = "task_description.json"
_FOLDER = re.compile(r"(task_\d+)_user_\d+_scene_\d+_cfg_\d+(_human)?")


@dataclass(frozen=True, slots=True)
class Rh20tEpisode:
    """The folder of one sequence.

    Attributes:
        path: The folder.
        text: The annotation of its task; empty when there is none.
        camera: The only camera to take, by its serial number; empty: all.
        least_rating: Robot sequences that were rated lower are left out; 0 takes all.
    """

    path: Path
    text: str
    camera: str = ""
    least_rating: int = 0

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.path)

    def changed_ns(self) -> int:
        """When a camera was added last [ns]."""
        return self.path.stat().st_mtime_ns

    def clips(self) -> list[Clip]:
        """Return one clip for each camera; a camera without a usable video says so."""
        task, human = _parts(self.path)
        fault = "" if human else self._rating_fault()
        clips = []
        for folder in sorted(self.path.glob(f"cam_{self.camera or '*'}")):
            kind, path = (
                ("video", folder / "color.mp4") if not (folder / "color").is_dir() else ("images", folder / "color")
            )
            frames, damage = _frames(kind, path)
            subject = HUMAN if human else ROBOT
            name = str(folder)
            serial = folder.name.removeprefix("cam_")
            clips.append(
                Clip(name, kind, str(path), serial, 0, frames, self.text, subject, task, fault=fault or damage)
            )
        if not clips:
            raise RecordingError(f"{self.path} has no folder cam_{self.camera or 'SERIAL'}")
        return clips

    def _rating_fault(self) -> str:
        if not self.least_rating:
            return ""
        rating = read_object(self.path / "metadata.json").get("rating")
        good = isinstance(rating, int) and rating >= self.least_rating
        return "" if good else f"rated {rating}, below {self.least_rating}"


def rh20t_episodes(folder: Path, camera: str = "", least_rating: int = 0) -> list[Rh20tEpisode]:
    """Return the sequences in a folder, down to two levels below it; none when it holds something else.

    Raises:
        RecordingError: There are sequences, but no texts for them.
    """
    found = sorted(path for path in _candidates(folder) if _FOLDER.fullmatch(path.name) and path.is_dir())
    if not found:
        return []
    places = [folder, *folder.absolute().parents[:2], *sorted(path.parent for path in found[:1])]
    files = [place / DESCRIPTIONS for place in places if (place / DESCRIPTIONS).is_file()]
    if not files:
        raise RecordingError(f"{folder} holds RH20T without its texts; put {DESCRIPTIONS} of its web page there")
    texts = read_object(files[0])
    return [Rh20tEpisode(path, _text(texts.get(_parts(path)[0])), camera, least_rating) for path in found]


def _candidates(folder: Path) -> Iterator[Path]:
    return itertools.chain([folder], folder.glob("task_*"), folder.glob("*/task_*"))


def _parts(path: Path) -> tuple[str, bool]:
    match = _FOLDER.fullmatch(path.name)
    if match is None:
        raise RecordingError(f"{path} is no folder of RH20T, such as task_0001_user_0001_scene_0001_cfg_0001")
    return match.group(1), match.group(2) is not None


def _text(entry: object) -> str:
    text = entry.get("task_description_english") if isinstance(entry, dict) else entry
    return text if isinstance(text, str) else ""


def _frames(kind: str, path: Path) -> tuple[int, str]:
    """Return the number of frames, and what is wrong."""
    if kind == "images":
        return sum(1 for _ in path.glob("*.jpg")), ""
    if not path.is_file():
        return 0, "no color.mp4"
    video = cv2.VideoCapture(str(path))
    try:
        frames = int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
    finally:
        video.release()
    return (frames, "") if frames > 0 else (0, "color.mp4 is damaged or cut off")
