"""The recorded episodes of a cell: a list, what happened in one, and its images one by one."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import RecordingError
from roboact_ros.recording.folders import BagFolder, find_bags
from roboact_ros.recording.metadata import FILE_NAME
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.recording.summary import ListedBag, list_bag

_OPEN = 2
"""Episodes that are kept open."""
_TEXTS = ("instruction", "correction", "teleop/motion", "policy/motion")
_MAGIC = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png"}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened ``seconds`` after the start: ``kind`` is a topic, ``text`` what was said there."""

    seconds: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Playable:
    """One episode.

    Attributes:
        name: Name of its folder.
        instruction: The task.
        seconds: How long it is.
        complete: False for an episode that was cut short.
        notes: What was noted with it, less the description of the cell.
        cameras: Moments of the images of each camera [s].
        moments: What was said, chosen and reported, in order.
    """

    name: str
    instruction: str
    seconds: float
    complete: bool
    notes: Mapping[str, str]
    cameras: Mapping[str, list[float]]
    moments: list[Moment]


class Shelf:
    """The episodes in one folder. From one thread.

    Args:
        folder: Where the recorder writes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, tuple[tuple[int, int], Recording]] = {}

    def listed(self) -> list[ListedBag]:
        """Return all episodes, the newest first; discarded ones are not among them.

        Raises:
            RecordingError: The folder cannot be read.
        """
        if not self._folder.exists():
            return []
        return [_listed(bag.path, bag.state, _stamp(bag.path)) for bag in reversed(find_bags(self._folder))]

    def open(self, name: str) -> Recording:
        """Return one episode.

        Raises:
            RecordingError: There is none of that name, or it cannot be read.
        """
        bag = next((bag for bag in self._bags() if bag.path.name == name), None)
        if bag is None:
            raise RecordingError(f'there is no episode "{name[:80]}"')
        stamp = _stamp(bag.path)
        kept = self._opened.pop(name, None)
        recording = kept[1] if kept is not None and kept[0] == stamp else Recording(bag.path)
        self._opened[name] = (stamp, recording)
        while len(self._opened) > _OPEN:
            del self._opened[next(iter(self._opened))]
        return recording

    def _bags(self) -> list[BagFolder]:
        return find_bags(self._folder) if self._folder.exists() else []


class Recording:
    """One episode, read through once so that every image is found at once.

    Args:
        path: Its folder.

    Raises:
        RecordingError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        episode = Episode(path)
        start = episode.start_ns
        topics: dict[str, str] = {}
        for name in episode.cell.get("cameras", {}):
            topic = episode.full_name(f"camera/{name}/image/compressed")
            if topic in episode.topics:
                topics[topic] = str(name)
        self._images: dict[str, list[RawMessage]] = {name: [] for name in topics.values()}
        for raw in episode.raw_messages(topics):
            self._images[topics[raw.topic.name]].append(raw)
        self.content = Playable(
            name=episode.path.name,
            instruction=episode.instruction,
            seconds=episode.duration,
            complete=episode.complete,
            notes={key: text for key, text in episode.notes.items() if key != "cell"},
            cameras={
                name: [round((raw.log_time_ns - start) / 1e9, 3) for raw in images]
                for name, images in self._images.items()
            },
            moments=_moments(episode),
        )

    def image(self, camera: str, index: int) -> tuple[str, bytes]:
        """Return content type and bytes of one image.

        Raises:
            RecordingError: There is no such image, or it is of no type that browsers show.
        """
        images = self._images.get(camera, [])
        if not 0 <= index < len(images):
            raise RecordingError(f'there is no image {index} of "{camera[:80]}"')
        message = images[index].message()
        data = bytes(message.data)
        if data[:2] not in _MAGIC:
            raise RecordingError(f'an image of format "{message.format}" cannot be shown')
        return _MAGIC[data[:2]], data


def _moments(episode: Episode) -> list[Moment]:
    """Return what was said and what the executor reported whenever that changed."""
    relative = episode.recorded(_TEXTS)
    if (status := episode.full_name("executor/status")) in episode.topics:  # of two arms, that of both
        relative[status] = "executor/status"
    moments: list[Moment] = []
    told = ""
    for name, logged, message in episode.messages(relative):
        topic = relative[name]
        text = message.message if topic == "executor/status" else message.data
        if topic == "executor/status" and text == told:
            continue
        told = text if topic == "executor/status" else told
        moments.append(Moment(round((logged - episode.start_ns) / 1e9, 3), topic, str(text)))
    return moments


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when an episode does."""
    files = [*path.glob("*.mcap"), path / FILE_NAME]
    found = [file.stat() for file in files if file.exists()]
    return max((one.st_mtime_ns for one in found), default=0), sum(one.st_size for one in found)


@functools.lru_cache(maxsize=4096)
def _listed(path: Path, state: Any, stamp: tuple[int, int]) -> ListedBag:
    """Return the line of a bag, read anew only when it has changed."""
    return list_bag(BagFolder(path, state))
