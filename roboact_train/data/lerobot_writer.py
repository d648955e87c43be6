"""Writes LeRobot data sets, version 3.0.

Images go into the tables as the camera's own JPEGs: nothing is compressed a second time, and no video codec is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, RecordingError
from roboact_ros.recording.version import installed_version
from roboact_train.data.frames import EpisodeFrames, same_rate
from roboact_train.data.lerobot_episode import TRUNCATED, LeRobotEpisode, as_lerobot
from roboact_train.data.lerobot_statistics import Statistics, image_samples, statistics
from roboact_train.data.pictures import jpeg

VERSION = "v3.0"
FILE_BYTES = 100_000_000
"""Size above which the next episode begins a new file."""
_DATA = "data/chunk-000/file-{number:03d}.parquet"
_SECOND = 1e9


class LeRobotWriter:
    """One data set that is being written into an empty folder; also a context manager."""

    def __init__(self, folder: Path) -> None:
        """Begin a data set.

        Raises:
            ConfigurationError: PyArrow is not installed.
        """
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise ConfigurationError(f"PyArrow is not installed ({error}): pip install 'roboact_ros[train]'") from error
        self._folder = folder
        self._info: dict[str, Any] = {}
        self._first: LeRobotEpisode | None = None
        self._tasks: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._frames = self._file = 0
        self._table: Any = None
        self._numbers: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []

    def add(self, episode: LeRobotEpisode) -> None:
        """Append one episode.

        Raises:
            RecordingError: It does not fit to those before it: other cameras, columns, joints or rate, or it has no
                instruction.
        """
        import pyarrow as pa
        from pyarrow import parquet

        if self._first is None:
            self._first, self._info = episode, _information(episode)
        _compare(self._first, episode)
        number, count = len(self._rows), len(episode.stamps_ns)
        if not all(episode.tasks):
            raise RecordingError(f"{episode.name}: no instruction was recorded; give one (--instruction)")
        self._tasks += [task for task in dict.fromkeys(episode.tasks) if task not in self._tasks]
        columns: dict[str, NDArray[Any]] = {
            **{name: column.rows.astype(np.float32) for name, column in episode.vectors.items()},
            "stamp_ns": np.asarray(episode.stamps_ns, dtype=np.int64),
            "timestamp": ((np.asarray(episode.stamps_ns) - episode.stamps_ns[0]) / _SECOND).astype(np.float32),
            "frame_index": np.arange(count),
            "episode_index": np.full(count, number),
            "index": np.arange(count) + self._frames,
            "task_index": np.array([self._tasks.index(task) for task in episode.tasks]),
        }
        if episode.truncated is not None:
            columns[TRUNCATED] = np.arange(count) == (count - 1 if episode.truncated else count)
        arrays = {name: _array(pa, values) for name, values in columns.items()}
        arrays |= {name: pa.array(list(words)) for name, words in episode.words.items()}
        for column, pictures in episode.pictures.items():
            cells = [{"bytes": jpeg(p), "path": f"frame-{i:06d}.jpg"} for i, p in enumerate(pictures)]
            arrays[column] = pa.array(cells, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
        table = pa.table(arrays)
        path = self._folder / _DATA.format(number=self._file)
        if self._table is not None and path.stat().st_size > FILE_BYTES:
            self._table.close()
            self._table, self._file = None, self._file + 1
            path = self._folder / _DATA.format(number=self._file)
        if self._table is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._table = parquet.ParquetWriter(path, table.schema)
        self._table.write_table(table)
        images = {column: image_samples(p) for column, p in episode.pictures.items()}
        self._numbers.append(columns)
        self._images.append(images)
        self._rows.append(
            {
                "episode_index": number,
                "tasks": list(dict.fromkeys(episode.tasks)),
                "length": count,
                "data/chunk_index": 0,
                "data/file_index": self._file,
                "dataset_from_index": self._frames,
                "dataset_to_index": self._frames + count,
                "meta/episodes/chunk_index": 0,
                "meta/episodes/file_index": 0,
                "source_bag": episode.name,
                **{
                    f"stats/{name}/{key}": value
                    for name, values in statistics([columns], [images]).items()
                    for key, value in values.items()
                },
            }
        )
        self._frames += count

    def close(self) -> None:
        """Write what describes the episodes.

        Raises:
            RecordingError: There is none.
        """
        import pyarrow as pa
        from pyarrow import parquet

        if self._table is None:
            raise RecordingError("there is no episode to write")
        self._table.close()
        meta = self._folder / "meta"
        (meta / "episodes" / "chunk-000").mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(self._rows), meta / "episodes" / "chunk-000" / "file-000.parquet")
        parquet.write_table(_tasks(pa, self._tasks), meta / "tasks.parquet")
        totals = {
            "total_episodes": len(self._rows),
            "total_frames": self._frames,
            "total_tasks": len(self._tasks),
            "splits": {"train": f"0:{len(self._rows)}"},
        }
        self._json("info", {**self._info, **totals})
        self._json("stats", statistics(self._numbers, self._images))

    def __enter__(self) -> LeRobotWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the data set, or leave it after an exception."""
        if error is None:
            self.close()
        elif self._table is not None:
            self._table.close()

    def _json(self, name: str, content: dict[str, Any] | Statistics) -> None:
        (self._folder / "meta" / f"{name}.json").write_text(json.dumps(content, indent=4))


def write_lerobot(folder: Path, episodes: Iterable[EpisodeFrames]) -> None:
    """Write all episodes into an empty folder.

    Raises:
        RecordingError: They do not fit together, or there is none.
    """
    with LeRobotWriter(folder) as writer:
        for episode in episodes:
            writer.add(as_lerobot(episode))


def _information(episode: LeRobotEpisode) -> dict[str, Any]:
    features: dict[str, dict[str, Any]] = {
        name: {"dtype": "float32", "shape": [len(column.names)], "names": list(column.names)}
        for name, column in episode.vectors.items()
    }
    for column, pictures in episode.pictures.items():
        shape = list(pictures[0].load().shape)
        features[column] = {"dtype": "image", "shape": shape, "names": ["height", "width", "channels"]}
    integers = ("stamp_ns", "frame_index", "episode_index", "index", "task_index")
    features |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in integers}
    features |= {name: {"dtype": "string", "shape": [1], "names": None} for name in episode.words}
    if episode.truncated is not None:
        features[TRUNCATED] = {"dtype": "bool", "shape": [1], "names": None}
    features["timestamp"] = {"dtype": "float32", "shape": [1], "names": None}
    return {
        "codebase_version": VERSION,
        "robot_type": episode.robot or None,
        "fps": round(episode.fps),
        "chunks_size": 1000,
        "data_files_size_in_mb": FILE_BYTES // 1_000_000,
        "video_files_size_in_mb": 200,
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": features,
        "made_by": f"roboact_ros {installed_version()}",
    }


def _compare(first: LeRobotEpisode, other: LeRobotEpisode) -> None:
    for what, one, two in (
        ("cameras", _shapes(first), _shapes(other)),
        ("joints", first.entries, other.entries),
        ("robot", first.robot or other.robot, other.robot or first.robot),
        ("columns", tuple(first.vectors), tuple(other.vectors)),
        (f"column {TRUNCATED}", first.truncated is not None, other.truncated is not None),
        ("frames per second", first.fps, first.fps if same_rate(other.fps, first.fps) else other.fps),
    ):
        if one != two:
            raise RecordingError(f"{other.name} has the {what} {two}, but {first.name} has {one}; convert them apart")


def _shapes(episode: LeRobotEpisode) -> list[tuple[str, tuple[int, ...]]]:
    return [(column, pictures[0].load().shape) for column, pictures in episode.pictures.items()]


def _array(pa: Any, values: NDArray[Any]) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    flat = pa.array(values.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _tasks(pa: Any, tasks: list[str]) -> Any:
    """Return the table of tasks; pandas takes the words as its index, as the format wants it."""
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "__index_level_0__": pa.array(tasks)})
    index = {"name": None, "field_name": "__index_level_0__", "pandas_type": "unicode", "numpy_type": "object"}
    column = {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"}
    notes = {
        "index_columns": ["__index_level_0__"],
        "column_indexes": [],
        "columns": [{**column, "metadata": None}, {**index, "metadata": None}],
        "pandas_version": "2.0.0",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(notes)})
