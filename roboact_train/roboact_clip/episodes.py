"""Bags, shards and LeRobot data sets as clips; an episode in which the task changes gives one clip for each task."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.recording.folders import mcap_files
from roboact_ros.recording.reader import Episode
from roboact_train.data.bag_topics import task_at, tasks
from roboact_train.data.frame_streams import image_streams
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.samples import Sample
from roboact_train.data.shards import read_shard
from roboact_train.roboact_clip.clips import Clip, runs


@dataclass(frozen=True, slots=True)
class BagEpisode:
    """One bag; ``camera`` is the only one to take, or empty."""

    path: Path
    camera: str = ""

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.path)

    def changed_ns(self) -> int:
        """When the bag was written last [ns]."""
        return max(file.stat().st_mtime_ns for file in (mcap_files(self.path) or [self.path]))

    def clips(self) -> list[Clip]:
        """Return a clip for each camera and task."""
        with Episode(self.path) as episode:
            told, clips = tasks(episode), []
            for camera, images in image_streams(episode, self.camera).items():
                given = [task_at(episode, told, moment) for moment in images.times]
                clips += _clips("bag", self.path, camera, -1, given)
        return clips


@dataclass(frozen=True, slots=True)
class LeRobotEpisode:
    """One episode of a LeRobot data set; ``camera`` is the only one to take, or empty."""

    path: Path
    episode: int
    camera: str = ""

    @property
    def name(self) -> str:
        """The data set and the number of the episode."""
        return f"{self.path}, episode {self.episode}"

    def changed_ns(self) -> int:
        """When the data set was written last [ns]."""
        return (self.path / "meta" / "info.json").stat().st_mtime_ns

    def clips(self) -> list[Clip]:
        """Return a clip for each camera and task."""
        files = _opened(self.path, self.changed_ns())
        rows = files.table(self.episode)["task_index"].to_pylist()
        given = [files.tasks.get(row[0] if isinstance(row, list) else row, "").strip() for row in rows]
        cameras = [name for name in files.cameras if self.camera in ("", name) and not _is_depth(files, name)]
        return [clip for camera in cameras for clip in _clips("lerobot", self.path, camera, self.episode, given)]


@dataclass(frozen=True, slots=True)
class ShardOfEpisodes:
    """One shard; a frame of its clips is what was seen before one step."""

    path: Path

    @property
    def name(self) -> str:
        """The file."""
        return str(self.path)

    def changed_ns(self) -> int:
        """When it was written last [ns]."""
        return self.path.stat().st_mtime_ns

    def clips(self) -> list[Clip]:
        """Return a clip for each episode and task."""
        steps = [f"{sample.episode}\n{sample.instruction}" for sample in shard_samples(self.path, self.changed_ns())]
        clips = []
        for begin, end, step in runs(steps):
            episode, _, task = step.rpartition("\n")
            name = f"{self.path}/{episode}/{begin}"
            clips.append(Clip(name, "shard", str(self.path), "", begin, end, task, task=task.lower(), episode=begin))
        return clips


@functools.lru_cache(maxsize=2)
def shard_samples(path: Path, changed_ns: int) -> list[Sample]:
    """Read a shard once for all its clips; ``changed_ns`` tells a new file from an old one of the same name.

    Raises:
        RecordingError: It is damaged.
    """
    return list(read_shard(path))


@functools.lru_cache(maxsize=4)
def _opened(folder: Path, changed_ns: int) -> LeRobotFiles:
    """Open a data set once for all its episodes."""
    return LeRobotFiles(folder)


def _is_depth(files: LeRobotFiles, camera: str) -> bool:
    return bool((files.features[camera].get("info") or {}).get("video.is_depth_map"))


def _clips(kind: str, path: Path, camera: str, episode: int, given: list[str]) -> list[Clip]:
    where = path if episode < 0 else path / f"episode_{episode:06d}"
    return [
        Clip(f"{where}/{camera}/{begin}", kind, str(path), camera, begin, end, text, task=text.lower(), episode=episode)
        for begin, end, text in runs(given)
    ]
