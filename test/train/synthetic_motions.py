"""Synthetic smooth motions of arms, and data sets of squares that move as a tool does."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from roboact_ros.policies.clap.robots import robot_named
from roboact_ros.types import FloatArray, ImageArray
from roboact_train.clap.episode import ClapEpisode, following
from roboact_train.clap.lerobot import COMMAND, STATE

HEAD = "images_dict.head.rgb"


def smooth(count: int, columns: int, seed: int) -> FloatArray:
    """Return (count, columns) sums of slow waves, about -1 … 1."""
    random = np.random.default_rng(seed)
    at = np.arange(count)[:, None] / 30.0
    waves = [np.sin(at * random.uniform(0.8, 2.5, columns) + random.uniform(0, 6.3, columns)) for _ in range(3)]
    return np.asarray(sum(waves) / 3.0)


def synthetic_episode(robot: str = "S1-stationary", count: int = 80, seed: int = 0) -> ClapEpisode:
    """Return an episode of synthetic motions: 0.2 m and 0.3 rad about the middle, grippers that open and close."""
    who = robot_named(robot)
    arms = int(sum(who.layout.mask))
    rows = smooth(count, 7 * arms, seed)
    for arm in range(arms):
        rows[:, 7 * arm : 7 * arm + 3] = 0.5 + 0.2 * rows[:, 7 * arm : 7 * arm + 3]
        rows[:, 7 * arm + 3 : 7 * arm + 6] *= 0.3
        rows[:, 7 * arm + 6] = np.sign(rows[:, 7 * arm + 6])
    states = who.layout.padded(rows)
    return ClapEpisode(
        f"synthetic/{robot} {seed}", who, 30.0, states, following(states), ["move"] * count, [""] * count
    )


def square_at(x: float, y: float) -> ImageArray:
    """Return a (32, 48, 3) image of a square; x and y are -1 … 1."""
    image = np.full((32, 48, 3), 40, np.uint8)
    column, row = round(20 + 16 * x), round(12 + 10 * y)
    cv2.rectangle(image, (column, row), (column + 8, row + 8), (220, 180, 60), cv2.FILLED)
    return image


def squares_dataset(folder: Path, episodes: int = 2, count: int = 64) -> Path:
    """Write a LeRobot data set of two arms, of which the right one carries the square that the head camera sees."""
    info = {
        "codebase_version": "v2.1",
        "robot_type": "agibot-go1",
        "fps": 30,
        "features": {
            COMMAND: {"dtype": "float64", "shape": [34]},
            STATE: {"dtype": "float64", "shape": [34]},
            HEAD: {"dtype": "image", "shape": [32, 48, 3]},
        },
        "chunks_size": 1000,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": None,
    }
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info))
    (folder / "meta/tasks.jsonl").write_text('{"task_index": 0, "task": "push the square"}')
    lines = [json.dumps({"episode_index": number, "length": count}) for number in range(episodes)]
    (folder / "meta/episodes.jsonl").write_text("\n".join(lines))
    for number in range(episodes):
        moved = smooth(count, 6, number)
        body = np.zeros((count, 34))
        for start, part in ((9, moved[:, :3]), (19, moved[:, 3:])):
            body[:, start : start + 3] = 0.5 + 0.1 * part
            body[:, [start + 3, start + 7]] = 1.0
        pictures = [{"bytes": png(square_at(x, y)), "path": None} for x, y in moved[:, 3:5]]
        columns = {COMMAND: following(body).tolist(), STATE: body.tolist(), HEAD: pictures, "task_index": [0] * count}
        table = pa.table({name: pa.array(rows) for name, rows in columns.items()})
        parquet.write_table(table, folder / f"data/chunk-000/episode_{number:06d}.parquet")
    return folder


def squares_video(path: Path, count: int = 60, seed: int = 9) -> Path:
    """Write a video of a square that nobody knows the actions of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (48, 32))
    for x, y in smooth(count, 2, seed):
        writer.write(cv2.cvtColor(square_at(x, y), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def png(image: ImageArray) -> bytes:
    """Return an RGB image as a PNG."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
