"""Finds what CLAP learns from below some paths, whatever layout it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import ConfigurationError, RecordingError, did_you_mean
from roboact_ros.recording.folders import BagState, find_bags, mcap_files
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
        RecordingError: A path holds nothing that can be read, or something that cannot.
        ConfigurationError: There is no such camera, or a robot is not known.
    """
    found: list[Source] = []
    for path in paths:
        here = list(_sources(path, camera, instruction))
        if not here:
            raise RecordingError(f"{path} holds nothing that can be read; readable: {KINDS}")
        found += here
    return found


def _sources(path: Path, camera: str | None, instruction: str) -> Iterator[Source]:
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    if (path / "meta" / "info.json").is_file():
        yield from _lerobot(path, camera)
    elif mcap_files(path) or path.suffix == ".mcap":
        yield _bag(path, camera, instruction)
    elif path.suffix == ".tar":
        yield from (Source(episode, None) for episode in episodes_of_shard(path))
    elif path.suffix.lower() in _VIDEOS:
        yield Source(None, open_video(path))
    elif path.is_dir():
        for shard in shard_files(path):
            yield from (Source(episode, None) for episode in episodes_of_shard(shard))
        for bag in find_bags(path):
            if bag.state is BagState.RECORDING:
                raise RecordingError(f"{bag.path} is being recorded; save it first")
            yield _bag(bag.path, camera, instruction)
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in _VIDEOS:
                yield Source(None, open_video(file))
        for folder in sorted(path.iterdir()):
            if (folder / "meta" / "info.json").is_file():
                yield from _lerobot(folder, camera)


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
    frames = frames_from_bag(path, camera or "", instruction)
    episode = episode_from_frames(frames)
    if camera is None:
        return Source(episode, None)
    name, pictures = next(iter(frames.pictures.items()))
    return Source(episode, BagLook(path, frames.name, name, pictures))
