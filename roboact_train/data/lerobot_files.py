"""The files of a LeRobot data set, versions 2.0, 2.1 and 3.0: tables, tasks and images of each episode."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from roboact_ros.errors import ConfigurationError, RecordingError, did_you_mean
from roboact_train.data.json_files import parse_object, read_object
from roboact_train.data.pictures import Encoded, Pixels, jpeg, read_bytes

VERSIONS = ("v2.0", "v2.1", "v3.0")
_NEEDED = ("fps", "features", "chunks_size", "data_path")


class LeRobotFiles:
    """A data set on the disk.

    Attributes:
        folder: Its folder.
        info: Content of ``meta/info.json``.
        fps: Frames per second [1/s].
        episodes: Numbers of its episodes.
        tasks: Task by number.
    """

    def __init__(self, folder: Path) -> None:
        """Open a data set, which holds ``meta/info.json``.

        Raises:
            RecordingError: The data set cannot be read, or has another version.
        """
        self.folder = folder
        self.info: dict[str, Any] = read_object(folder / "meta" / "info.json")
        version = self.info.get("codebase_version")
        if version not in VERSIONS:
            raise RecordingError(f"{folder}: LeRobot version {version} cannot be read; valid: {', '.join(VERSIONS)}")
        missing = [key for key in _NEEDED if key not in self.info]
        if missing:
            raise RecordingError(f'{folder / "meta" / "info.json"} has no "{missing[0]}"')
        _check_info(self.info, folder / "meta" / "info.json")
        self.fps = float(self.info["fps"])
        self._rows: dict[int, dict[str, Any]]
        if version == "v3.0":
            self._read_tables()
        else:
            tasks, episodes = (folder / "meta" / f"{name}.jsonl" for name in ("tasks", "episodes"))
            self.tasks = {row["task_index"]: str(row["task"]) for row in _lines(tasks, "task_index", "task")}
            self._rows = {row["episode_index"]: row for row in _lines(episodes, "episode_index")}
        self.episodes = list(self._rows)
        if not self.episodes:
            raise RecordingError(f"{folder} holds no episode")

    @property
    def features(self) -> dict[str, dict[str, Any]]:
        """Description of every column by its name."""
        return dict(self.info["features"])

    @property
    def cameras(self) -> list[str]:
        """Names of its videos and image columns, those whose files are missing left out."""
        return [
            name
            for name, feature in self.features.items()
            if feature["dtype"] == "image"
            or (feature["dtype"] == "video" and self._video(name, self.episodes[0]).is_file())
        ]

    def names(self, column: str) -> list[str]:
        """Return what the entries of a column are called; empty where the data set does not say."""
        given = self.features[column].get("names")
        if isinstance(given, dict):  # {"motors": [...]}
            given = next(iter(given.values()), None)
        return list(map(str, given)) if isinstance(given, list) else []

    def image_file(self, episode: int, camera: str) -> Path:
        """Return the file with what a camera saw in an episode."""
        if self.features[camera]["dtype"] == "video":
            return self._video(camera, episode)
        return self.data_file(episode)

    def data_file(self, episode: int) -> Path:
        """Return the file with the table of an episode."""
        return self.folder / self._path("data_path", "data", episode)

    def table(self, episode: int, without: Collection[str] = ()) -> Any:
        """Return the table of an episode, one row for each frame.

        Args:
            episode: Its number.
            without: Columns that need not be read, such as images.

        Raises:
            RecordingError: It cannot be read.
        """
        shared = "data/chunk_index" in self._rows[episode]  # in version 3 many episodes are in one file
        return read_parquet(self.data_file(episode), without, episode if shared else None)

    def pictures(self, episode: int, camera: str, frames: Sequence[int], table: Any) -> list[Encoded]:
        """Return some images of an episode.

        Args:
            episode: Its number.
            camera: One of ``cameras``.
            frames: Numbers of the frames, ascending.
            table: Table of the episode.

        Raises:
            RecordingError: An image cannot be read.
            ConfigurationError: There is no such camera.
        """
        if camera not in self.cameras:
            raise ConfigurationError(
                f'{self.folder}: camera "{camera}" cannot be used: {did_you_mean(camera, self.cameras)} (choose one)'
            )
        if self.features[camera]["dtype"] == "video":
            return self._from_video(episode, camera, frames)
        cells = table[camera].take(np.asarray(frames, dtype=np.int64)).to_pylist()
        return [
            Encoded(cell["bytes"] or read_bytes(self.folder / cell["path"]), f"{self.folder}, frame {frame}")
            for frame, cell in zip(frames, cells, strict=True)
        ]

    def _from_video(self, episode: int, camera: str, frames: Sequence[int]) -> list[Encoded]:
        path = self._video(camera, episode)
        begin = round(float(self._rows[episode].get(f"videos/{camera}/from_timestamp") or 0.0) * self.fps)
        wanted, last = set(frames), max(frames, default=-1)
        pictures: list[Encoded] = []
        video = cv2.VideoCapture(str(path))
        try:
            for number in range(-begin, last + 1):  # decoding from the start: seeking is not exact in every codec
                if not video.grab():
                    raise RecordingError(f"{path}: the video ends at frame {number}, before the episode does")
                if number in wanted:
                    good, bgr = video.retrieve()
                    if not good:
                        raise RecordingError(f"{path}: frame {number} cannot be decoded")
                    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
                    pictures.append(Encoded(jpeg(Pixels(rgb)), f"{path}, frame {number}"))
        finally:
            video.release()
        return pictures

    def _video(self, camera: str, episode: int) -> Path:
        return self.folder / self._path("video_path", f"videos/{camera}", episode, video_key=camera)

    def _path(self, key: str, kind: str, episode: int, **names: str) -> str:
        row = self._rows[episode]
        places = {
            "episode_chunk": episode // int(self.info["chunks_size"]),
            "episode_index": episode,
            "chunk_index": row.get(f"{kind}/chunk_index"),
            "file_index": row.get(f"{kind}/file_index"),
        }
        try:
            return str(self.info.get(key)).format(**places, **names)
        except (LookupError, TypeError, ValueError) as error:
            raise RecordingError(
                f'{self.folder / "meta" / "info.json"}: {key} "{self.info.get(key)}" names no file of episode '
                f"{episode}; in braces may be {', '.join((*places, *names))} ({error})"
            ) from error

    def _read_tables(self) -> None:
        tasks = read_parquet(self.folder / "meta" / "tasks.parquet").to_pydict()
        words = tasks.get("task") or tasks.get("__index_level_0__") or []
        self.tasks = dict(zip(tasks.get("task_index", []), map(str, words), strict=False))
        files = sorted((self.folder / "meta" / "episodes").glob("*/*.parquet"))
        rows = itertools.chain.from_iterable(read_parquet(file).to_pylist() for file in files)
        self._rows = {int(row["episode_index"]): row for row in rows}


def read_parquet(path: Path, without: Collection[str] = (), episode: int | None = None) -> Any:
    """Return a table.

    Args:
        path: The file.
        without: Columns that are left out.
        episode: The only value of ``episode_index`` whose rows are wanted.

    Raises:
        ConfigurationError: PyArrow is not installed.
        RecordingError: The file cannot be read.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigurationError(f"PyArrow is not installed ({error}): pip install 'roboact_ros[train]'") from error
    try:
        columns = [name for name in parquet.read_schema(path).names if name not in without]
        rows = None if episode is None else [("episode_index", "==", episode)]
        return parquet.read_table(path, columns=columns, filters=rows, partitioning=None)
    except (OSError, pyarrow.ArrowException) as error:
        raise RecordingError(f"{path}: {error}") from error


def _check_info(info: dict[str, Any], path: Path) -> None:
    """Refuse a description of a data set from which its files cannot be found."""
    fps, columns, chunk = info["fps"], info["features"], info["chunks_size"]
    if not isinstance(fps, (int, float)) or isinstance(fps, bool) or not 0.0 < fps < 1e4:
        raise RecordingError(f"{path}: fps is a number of frames per second, not {fps!r}")
    if not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1:
        raise RecordingError(f"{path}: chunks_size is a positive number of episodes, not {chunk!r}")
    if not isinstance(columns, dict) or not all(isinstance(column, dict) for column in columns.values()):
        raise RecordingError(f"{path}: features describe every column by its name")
    for name, column in columns.items():
        if not isinstance(column.get("dtype"), str):
            raise RecordingError(f'{path}: column "{name}" has the dtype {column.get("dtype")!r}; it is a word')
    if not isinstance(info["data_path"], str):
        raise RecordingError(f"{path}: data_path is where the files are, not {info['data_path']!r}")


def _lines(path: Path, *keys: str) -> list[dict[str, Any]]:
    """Return the JSON objects in the lines of a file, of which there is one, each with all of ``keys``.

    Raises:
        RecordingError: It cannot be read, lacks one of them, or one that is a number (``…_index``) is none.
    """
    rows = [
        parse_object(line, f"{path}, line {number}")
        for number, line in enumerate(read_bytes(path).splitlines(), 1)
        if line.strip()
    ]
    if not rows or not all(key in row for row in rows for key in keys):
        raise RecordingError(f"{path} should hold one object with {', '.join(keys)} in each line")
    numbered = [key for key in keys if key.endswith("_index")]
    for row, key in itertools.product(rows, numbered):
        if not isinstance(row[key], int):
            raise RecordingError(f"{path}: {key} is a number, not {row[key]!r}")
    return rows
