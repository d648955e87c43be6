"""What CLAP-NTP begins with, small: a Qwen3-VL with random weights, data of two arms, and an Act-VAE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import torch
from pyarrow import parquet
from tiny_qwen import tiny_config

from roboact_ros.policies.clap.statistics import write_statistics
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.arms import active_arms
from roboact_ros.types import ImageArray
from roboact_train.clap.chunks import measured_statistics, sample
from roboact_train.clap.lerobot import COMMAND, STATE, ClapDataset

MARKS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
SMALL = ActVaeShape(width=16, heads=1, feedforward=16, layers=3, tokens=3, codes=16, code_width=8)
SPARE = 10
"""Rows of the table of words that no token has, as in the released model."""
FRAMES = 40


def tiny_base(folder: Path) -> Path:
    """Write a Qwen3-VL that knows no action tokens; its words are bytes."""
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import Qwen3VLForConditionalGeneration

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(BPE({letter: number for number, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False) for mark in MARKS])
    ids = {mark: tokenizer.token_to_id(mark) for mark in MARKS}
    config = tiny_config()
    config.image_token_id, config.video_token_id = ids["<|image_pad|>"], ids["<|video_pad|>"]
    config.vision_start_token_id, config.vision_end_token_id = ids["<|vision_start|>"], ids["<|vision_end|>"]
    config.text_config.vocab_size = tokenizer.get_vocab_size() + SPARE
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(config)
    for name, weights in model.named_parameters():
        if weights.dim() > 1 and "pos_embed" not in name:  # else it hardly sees anything
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    decoder = {str(number): {"content": mark, "special": True} for mark, number in ids.items()}
    (folder / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": decoder}))
    said = {"patch_size": 4, "merge_size": 2, "temporal_patch_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps({**said, "min_pixels": 64, "max_pixels": 10_000}))
    return folder


def colour(frame: int) -> ImageArray:
    """Return the image of a frame, which says when it was taken."""
    shade = round(255 * frame / FRAMES)
    return np.full((16, 24, 3), (shade, 255 - shade, (4 * shade) % 256), dtype=np.uint8)


def tiny_data(folder: Path) -> Path:
    """Write a LeRobot data set of one episode of two arms that do something else in every chunk."""
    rows = np.zeros((FRAMES, 34))
    time = np.arange(FRAMES)[:, None] / 8.0
    for start in (9, 19):
        rows[:, start : start + 3] = 0.5 + 0.05 * np.sin(time * np.array([1.0, 1.7, 2.3]) + start)
        rows[:, [start + 3, start + 7]] = 1.0
    rows[:, [18, 28]] = 100.0 * (time % 2 > 1)
    pictures = [{"bytes": cv2.imencode(".png", colour(frame)[..., ::-1])[1].tobytes()} for frame in range(FRAMES)]
    features: dict[str, Any] = {name: {"dtype": "float64", "shape": [34]} for name in (COMMAND, STATE)}
    views = ("images_dict.head.rgb", "images_dict.right.rgb")
    features |= {name: {"dtype": "image", "shape": [3, 16, 24]} for name in views}
    info = {"codebase_version": "v2.1", "robot_type": "agibot-go1", "fps": 30, "features": features}
    path = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(info | {"chunks_size": 1000, "data_path": path}))
    tasks = ("tidy up", "lift the cup", "put it down")
    lines = [json.dumps({"task_index": number, "task": task}) for number, task in enumerate(tasks)]
    (folder / "meta/tasks.jsonl").write_text("\n".join(lines))
    (folder / "meta/episodes.jsonl").write_text(json.dumps({"episode_index": 0, "length": FRAMES}))
    columns: dict[str, Any] = {name: pa.array(rows.tolist()) for name in (COMMAND, STATE)}
    columns |= {name: pa.array(pictures) for name in views}
    doing = [[0, 1 + (frame >= FRAMES // 2)] for frame in range(FRAMES)]
    parquet.write_table(pa.table({**columns, "task_index": doing}), folder / "data/chunk-000/episode_000000.parquet")
    return folder


def tiny_action_vae(folder: Path, data: Path) -> tuple[Path, Path]:
    """Write a checkpoint of an Act-VAE in the released form, with codes that the chunks need, and its statistics."""
    folder.mkdir(parents=True, exist_ok=True)
    episode = ClapDataset(data).episode(0)
    quantiles = measured_statistics([episode])
    torch.manual_seed(1)
    tokenizer = ActionTokenizer(SMALL)
    chunks = np.stack([sample(episode, frame, quantiles).actions for frame in range(0, FRAMES, 8)])
    with torch.no_grad():
        arms = active_arms(torch.from_numpy(chunks).float(), torch.ones(len(chunks), 2))
        vectors = tokenizer.action_vae.encode(arms).flatten(0, 1)
        tokenizer.vq_t.codebook.weight.copy_(vectors[:: len(vectors) // SMALL.codes][: SMALL.codes])
    weights, statistics = folder / "clap.ckpt", folder / "statistics.json"
    torch.save({"state_dict": {f"clap.{name}": value for name, value in tokenizer.state_dict().items()}}, weights)
    write_statistics(statistics, [quantiles])
    return weights, statistics
