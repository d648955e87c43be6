"""Images are prepared as by the processor of transformers, and prompts have the released words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clap.vlm_input import ImageRule, PromptWords, read_image_rule

MARKS = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]


@pytest.mark.parametrize(("height", "width"), [(224, 224), (240, 320), (256, 256), (100, 60), (480, 640)])
def test_patches_are_those_of_transformers(height: int, width: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, height // 4, width // 4, 3), dtype=np.uint8)
    images = images.repeat(4, axis=1).repeat(4, axis=2)
    processor = transformers.Qwen2VLImageProcessor(
        **{"patch_size": 16, "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
        size={"shortest_edge": 65_536, "longest_edge": 16_777_216},
    )
    theirs = processor(images=list(images), return_tensors="pt")
    rule = ImageRule()
    assert theirs["image_grid_thw"].tolist() == [[1, *rule.grid(height, width)]] * 2
    ours = rule.patches(torch.from_numpy(images), torch.device("cpu"))
    assert ours.shape == theirs["pixel_values"].shape
    torch.testing.assert_close(ours, theirs["pixel_values"], atol=1e-6, rtol=0.0)


def test_the_rule_is_read_and_another_one_refused(tmp_path: Path) -> None:
    said = {
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    path = tmp_path / "preprocessor_config.json"
    for size in ({"size": {"shortest_edge": 65_536, "longest_edge": 9}}, {"min_pixels": 65_536, "max_pixels": 9}):
        path.write_text(json.dumps({**said, **size}))
        assert read_image_rule(tmp_path) == ImageRule(most=9)
    path.write_text(json.dumps({**said, "min_pixels": 1, "max_pixels": 2, "image_std": [0.2] * 3}))
    with pytest.raises(PolicyError, match=r"normalised by 0\.5 and 0\.5"):
        read_image_rule(tmp_path)
    path.write_text("{}")
    with pytest.raises(PolicyError, match="does not say how images are prepared"):
        read_image_rule(tmp_path)


def test_the_words_of_a_prompt(tmp_path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    words = "system You are a helpful assistant. user Robot category: franka Control the robot to do task: open drawer"
    words += " Please output subtask and action tokens. assistant"
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(dict.fromkeys(words.split()))}))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    with pytest.raises(PolicyError, match=r"tokenizer\.json\" is not there"):
        PromptWords(tmp_path)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(PolicyError, match=r"does not know <\|im_start\|>"):
        PromptWords(tmp_path)
    tokenizer.add_special_tokens(MARKS)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    ids = PromptWords(tmp_path)("open the drawer", "franka", 2, 3)
    image = "<|vision_start|> <|image_pad|> <|image_pad|> <|image_pad|> <|vision_end|>"
    expected = (
        "<|im_start|> system You are a helpful assistant. <|im_end|> "
        f"<|im_start|> user {image} {image} Robot category: franka Control the robot to do the task: open the drawer "
        "Please output the subtask and the action tokens. <|im_end|> <|im_start|> assistant"
    )
    assert [tokenizer.id_to_token(number) for number in ids.tolist()] == expected.split()
