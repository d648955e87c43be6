"""Finds the episodes below some paths, whatever layout they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from roboact_ros.errors import ConfigurationError, RecordingError, did_you_mean
from roboact_ros.recording.folders import BagState, find_bags, mcap_files
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.shards import shard_files
from roboact_train.roboact_clip.clips import ClipSource
from roboact_train.roboact_clip.episodes import BagEpisode, LeRobotEpisode, ShardOfEpisodes
from roboact_train.roboact_clip.rh20t import rh20t_episodes

KINDS = "folders of RH20T, bags, shards (*.tar), LeRobot data sets (meta/info.json)"


def find_clip_sources(paths: Iterable[Path], camera: str = "", least_rating: int = 0) -> list[ClipSource]:
    """Return every episode below some paths, each once.

    Raises:
        RecordingError: A path holds nothing that can be read.
        ConfigurationError: A LeRobot data set has no such camera.
    """
    found = [source for path in paths for source in _sources(path.absolute(), camera, least_rating)]
    return list(dict.fromkeys(found))


def _sources(path: Path, camera: str, least_rating: int) -> list[ClipSource]:
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    found: list[ClipSource] = []
    if path.is_dir() and (path / "meta" / "info.json").is_file():
        files = LeRobotFiles(path)
        if camera and camera not in files.cameras:
            raise ConfigurationError(f'{path}: no camera "{camera}": {did_you_mean(camera, files.cameras)}')
        found = [LeRobotEpisode(path, episode, camera) for episode in files.episodes]
    elif mcap_files(path) or path.suffix == ".mcap":
        found = [BagEpisode(path, camera)]
    elif path.suffix == ".tar" or (path.is_dir() and shard_files(path)):
        found = [ShardOfEpisodes(shard) for shard in (shard_files(path) if path.is_dir() else [path])]
    elif path.is_dir():
        found = [*rh20t_episodes(path, camera, least_rating)]
        found = found or [*_bags(path, camera)]
    if not found:
        raise RecordingError(f"{path} holds nothing that can be read; readable: {KINDS}")
    return found


def _bags(folder: Path, camera: str) -> Iterator[BagEpisode]:
    for bag in find_bags(folder):
        if bag.state is BagState.RECORDING:
            raise RecordingError(f"{bag.path} is being recorded; save it first")
        yield BagEpisode(bag.path, camera)
