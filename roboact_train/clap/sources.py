"""Finds what CLAP learns from below some paths, whatever layout it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import ConfigurationError, RecordingError, did_you_mean
from roboact_ros.recording.folders import check_finished, find_bags, mcap_files
from roboact_train.clap.bags import episode_from_frames
from roboact_train.clap.episode import ClapEpisode
from roboact_train.clap.lerobot import ClapDataset
from roboact_train.clap.looks import BagLook, LeRobotLook, Look, open_video
from roboact_train.clap.steps import episodes_of_shard
from roboact_train.data.frames import frames_from_bag
from roboact_train.data.shards import shard_files

KINDS = "LeRobot data sets (meta/info.json), bags, shards (*.tar), videos (*.mp4 and others)"
_VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm")
_VIEW = "head"


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One episode or video.

    Attributes:
        episode: What the arms did; None for a video in which nobody knows, as in those of people.
        look: What the camera saw; None where there are no images or nobody asked for them.
        told: The words of a video, without what the arms did; None where nobody knows these either.
    """

    episode: ClapEpisode | None
    look: Look | None
    told: ClapEpisode | None = None


def find_sources(paths: Iterable[Path], camera: str | None = None, instruction: str = "") -> list[Source]:
    """Return every episode and video below some paths.

    Args:
        paths: Files and folders.
        camera: View (``head``, ``right``, ``left``) or column of LeRobot data, camera of bags; empty for the head view
            or the policy's camera; None reads no images.
        instruction: The task, in place of what bags say.

    Raises:
        RecordingError: A path holds nothing that can be read, something that cannot, or what another path holds, too
            (what is learned from might then also be kept aside).
        ConfigurationError: There is no such camera, or a robot is not known.
    """
    found: list[Source] = []
    read: set[Path] = set()
    for path in paths:
        here: list[Source] = []
        for place in _places(path):
            if place.resolve() in read:
                raise RecordingError(f"{place} is among the sources twice")
            read.add(place.resolve())
            here += _sources(place, camera, instruction)
        if not here:
            raise RecordingError(f"{path} holds nothing that can be read; readable: {KINDS}")
        found += here
    return found


def _places(path: Path) -> Iterator[Path]:
    """Yield the data sets, bags, shards and videos that are there."""
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    if _is_lerobot(path) or mcap_files(path) or path.suffix.lower() in (".mcap", ".tar", *_VIDEOS):
        yield path
    elif path.is_dir():
        yield from shard_files(path)
        yield from (bag.path for bag in find_bags(path))
        inside = sorted(path.iterdir())
        yield from (file for file in inside if file.suffix.lower() in _VIDEOS)
        yield from (folder for folder in inside if _is_lerobot(folder))


def _is_lerobot(path: Path) -> bool:
    return (path / "meta" / "info.json").is_file()


def _sources(place: Path, camera: str | None, instruction: str) -> Iterator[Source]:
    if _is_lerobot(place):
        yield from _lerobot(place, camera)
    elif place.suffix.lower() == ".tar":
        yield from (Source(episode, None) for episode in episodes_of_shard(place))
    elif place.suffix.lower() in _VIDEOS:
        yield Source(None, open_video(place))
    else:
        yield _bag(place, camera, instruction)


def _lerobot(path: Path, camera: str | None) -> Iterator[Source]:
    data = ClapDataset(path)
    column = ""
    if camera is not None:
        view = camera or _VIEW
        column = data.views.get(view, view)
        if column not in data.files.cameras:
            known = [*data.views, *data.files.cameras]
            raise ConfigurationError(f'{path}: no camera "{view}": {did_you_mean(view, known)} (--camera)')
    for number in data.episodes:
        episode = data.episode(number)
        look = LeRobotLook(data.files, number, column, episode.name, len(episode.states)) if column else None
        yield Source(episode, look) if data.robot.statistics else Source(None, look, episode)


def _bag(path: Path, camera: str | None, instruction: str) -> Source:
    check_finished(path)
    frames = frames_from_bag(path, camera or "", instruction)
    episode = episode_from_frames(frames)
    if camera is None:
        return Source(episode, None)
    name, pictures = next(iter(frames.pictures.items()))
    return Source(episode, BagLook(path, frames.name, name, pictures))
