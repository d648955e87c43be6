"""A small run of CLAP-RF with random weights, as the authors' training writes it, on steps of one arm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
import yaml
from tiny_qwen import IMAGE, WIDTH, tiny_config, tiny_qwen
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape

MARKS = {"<|im_start|>": 50, "<|im_end|>": 51, "<|vision_start|>": 61, "<|vision_end|>": 62, "<|image_pad|>": IMAGE}


def write_tiny_run(folder: Path, words: Sequence[str], most_pixels: int, low: list[float], high: list[float]) -> Path:
    """Write it to ``folder`` and return that; ``words`` are known, steps are from ``low`` to ``high``."""
    base = folder / "base"
    tiny_config().save_pretrained(base)
    numbers = {word: number for number, word in enumerate(("?", "franka", *words))}
    tokenizer = Tokenizer(WordLevel({**numbers, **MARKS}, unk_token="?"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.add_special_tokens(list(MARKS))
    tokenizer.save(str(base / "tokenizer.json"))
    rule = {"patch_size": 4, "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (base / "preprocessor_config.json").write_text(json.dumps({**rule, "min_pixels": 64, "max_pixels": most_pixels}))
    head = {"action_dim": 7, "action_horizon": 8, "vl_layer_indices": [0, 2]}
    said = {"framework": {"name": "QwenPIKM", "qwenvl": {"base_vlm": str(base)}, "action_model": head}}
    (folder / "config.yaml").write_text(yaml.safe_dump(said))
    (folder / "dataset_statistics.json").write_text(json.dumps({"franka": {"action": {"min": low, "max": high}}}))
    (folder / "final_model").mkdir()
    weights = {f"qwen_vl_interface.model.{name}": value for name, value in tiny_qwen().state_dict().items()}
    torch.manual_seed(1)
    flow = FlowHead(FlowHeadShape(width=WIDTH, layers=2))
    weights |= {f"action_model.{name}": value for name, value in flow.state_dict().items()}
    torch.save(weights, folder / "final_model" / "pytorch_model.pt")
    return folder
