"""What CLAP-RF begins with, small: a CLAP-NTP with random weights, and an arm that goes where the colour tells it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import torch
from pyarrow import parquet
from scipy.spatial.transform import Rotation
from tiny_ntp import SMALL, tiny_action_vae, tiny_base

from roboact_ros.policies.clap.ntp_folder import STATISTICS, TOKENIZER
from roboact_ros.policies.clap.statistics import write_statistics
from roboact_ros.policies.nets.clap.action_words import add_action_words
from roboact_ros.types import FloatArray, ImageArray, ToolState
from roboact_train.clap.chunks import measured_statistics
from roboact_train.clap.lerobot import ClapDataset

FRAMES, FPS = 40, 10
HEIGHT, WIDTH = 16, 24


def colour(episode: int) -> ImageArray:
    """Return what the cameras see in an episode."""
    shade = (230, 20, 20) if episode % 2 else (20, 20, 230)
    return np.full((HEIGHT, WIDTH, 3), shade, dtype=np.uint8)


def tool(offset: float = 0.0) -> ToolState:
    """Return where the arm begins; ``offset`` metres beside it."""
    pose = np.eye(4)
    pose[:3, 3] = 0.4, offset, 0.3
    return ToolState(pose, True, 1.0)


def rows(episode: int) -> FloatArray:
    """Return (FRAMES, 7) poses: to the left of the base or to its right."""
    begin = tool().pose_tool_in_base
    poses = np.tile(np.concatenate((begin[:3, 3], Rotation.from_matrix(begin[:3, :3]).as_quat())), (FRAMES, 1))
    poses[:, 1] += (1 if episode % 2 else -1) * 0.005 * np.arange(FRAMES)
    poses[:, 2] -= 0.002 * np.arange(FRAMES)
    return poses


def arm_data(folder: Path, robot: str = "ur5e", episodes: int = 4) -> Path:
    """Write a LeRobot data set as ``roboact convert`` does, of one arm and two cameras."""
    views = ("observation.images.front", "observation.images.wrist")
    names = [*"abcdef", "gripper"]
    features: dict[str, Any] = {name: {"dtype": "image", "shape": [3, HEIGHT, WIDTH]} for name in views}
    features |= {name: {"dtype": "float64", "shape": [7], "names": names} for name in ("observation.state", "action")}
    features["tool_pose"] = {"dtype": "float64", "shape": [7]}
    path = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    info = {"codebase_version": "v2.1", "robot_type": robot, "fps": FPS, "features": features}
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info | {"chunks_size": 1000, "data_path": path}))
    (folder / "meta/tasks.jsonl").write_text('{"task_index": 0, "task": "push the block"}')
    lines = [json.dumps({"episode_index": number, "length": FRAMES}) for number in range(episodes)]
    (folder / "meta/episodes.jsonl").write_text("\n".join(lines))
    for number in range(episodes):
        picture = {"bytes": cv2.imencode(".png", colour(number)[..., ::-1])[1].tobytes()}
        joints = np.zeros((FRAMES, 7))
        joints[:, 6] = 1.0
        columns: dict[str, Any] = {name: pa.array([picture] * FRAMES) for name in views}
        columns |= {name: pa.array(joints.tolist()) for name in ("observation.state", "action")}
        columns["tool_pose"] = pa.array(rows(number).tolist())
        table = pa.table({**columns, "task_index": pa.array([0] * FRAMES)})
        parquet.write_table(table, folder / f"data/chunk-000/episode_{number:06d}.parquet")
    return folder


def tiny_speaking(folder: Path, data: Path) -> Path:
    """Write the folder of a CLAP-NTP that was never trained: it knows action tokens, and has an Act-VAE beside it."""
    from tokenizers import Tokenizer
    from transformers import Qwen3VLForConditionalGeneration

    tiny_base(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    add_action_words(tokenizer, SMALL.codes, str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    model = Qwen3VLForConditionalGeneration.from_pretrained(folder)
    torch.manual_seed(0)
    model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    for name, weights in model.named_parameters():
        if weights.dim() > 1 and "pos_embed" not in name:
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5)
    model.save_pretrained(folder)
    checkpoint, _ = tiny_action_vae(folder / "made", data)
    shutil.move(checkpoint, folder / TOKENIZER)
    dataset = ClapDataset(data)
    write_statistics(folder / STATISTICS, [measured_statistics([dataset.episode(n) for n in dataset.episodes])])
    return folder
