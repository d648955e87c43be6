"""A Qwen3-VL with random weights that two CPU cores train, where no pretrained one is at hand: CLAP from nothing.

  python -m roboact_train.clap.small_qwen build/small_qwen

It sees little and knows only the words of the simulator's tasks for two arms. Numbers of CLAP on it compare with one
another, not with those of a pretrained model.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.two_arms import PAIR_TASKS, pair_episode

_MARKS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
_PROMPTS = (
    "system\nYou are a helpful assistant.\nuser\nassistant\n",
    "Robot category: two-ur5e\nRobot category: human\n",
    "Control the robot to do the task: \nPlease output the subtask and the action tokens.",
    "Subtask: \nAction: ",
)
_WORDS, _SPARE = 700, 8
"""Most words of the tokenizer, and rows of the table of words that no token has."""
_WIDTH, _LAYERS, _PATCH = 128, 4, 12


def small_qwen(folder: Path, seed: int = 0) -> None:
    """Write it as transformers saves it.

    Args:
        folder: Where; made if it is not there.
        seed: Of the weights.
    """
    from transformers import Qwen3VLForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    ids = {mark: tokenizer.token_to_id(mark) for mark in _MARKS}
    torch.manual_seed(seed)
    model = Qwen3VLForConditionalGeneration(_config(ids, tokenizer.get_vocab_size() + _SPARE))
    for name, weights in model.named_parameters():
        if weights.dim() > 1 and "pos_embed" not in name:  # the usual 0.02 is next to nothing at this width
            nn.init.normal_(weights, std=weights[0].numel() ** -0.5)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    decoder = {str(number): {"content": mark, "special": True} for mark, number in ids.items()}
    _write(folder / "tokenizer_config.json", {"added_tokens_decoder": decoder})
    images = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "min_pixels": 256, "max_pixels": 1_000_000}
    sizes = {"patch_size": _PATCH, "merge_size": 2, "temporal_patch_size": 2}
    _write(folder / "preprocessor_config.json", {**images, **sizes})


def _tokenizer() -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    said = {pair_episode(task, split, n).instruction for task in PAIR_TASKS for split in Split for n in range(20)}
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = BpeTrainer(vocab_size=_WORDS, initial_alphabet=letters, show_progress=False)
    tokenizer.train_from_iterator([*_PROMPTS, *(f" {words}\n" for words in sorted(said))], trainer)
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False) for mark in _MARKS])
    return tokenizer


def _config(ids: dict[str, int], words: int) -> Any:
    from transformers import Qwen3VLConfig

    text = {
        "vocab_size": words,
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [8, 4, 4]},
        "tie_word_embeddings": True,
    }
    eyes = {
        "depth": 4,
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_heads": 4,
        "patch_size": _PATCH,
        "out_hidden_size": _WIDTH,
        "num_position_embeddings": 100,
        "deepstack_visual_indexes": [0, 1, 2],
    }
    return Qwen3VLConfig(
        text_config=text,
        vision_config=eyes,
        tie_word_embeddings=True,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m roboact_train.clap.small_qwen", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the model")
    small_qwen(parser.parse_args().folder)
