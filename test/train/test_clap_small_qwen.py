"""The small Qwen3-VL that CLAP begins with where no pretrained one is at hand."""

from __future__ import annotations

from pathlib import Path

import torch

from roboact_ros.policies.clap.ntp_folder import qwen3_vl
from roboact_ros.policies.nets.clap.action_words import add_action_words
from roboact_ros.policies.nets.clap.answer import AnswerWords
from roboact_ros.policies.nets.clap.vlm_input import PromptWords, read_image_rule
from roboact_train.clap.small_qwen import small_qwen


def test_it_is_read_like_any_other_and_has_few_tokens(tmp_path: Path) -> None:
    small_qwen(tmp_path / "one")
    small_qwen(tmp_path / "two")
    words, rule = PromptWords(tmp_path / "one"), read_image_rule(tmp_path / "one")
    rows, columns = rule.grid(96, 128)
    images = rows * columns // rule.merge**2
    ids = words("open the drawer and put the orange block in it", "two-ur5e", 3, images)
    assert 3 * images < len(ids) < 3 * images + 80
    model = qwen3_vl(tmp_path / "one", torch.float32)
    pixels = rule.patches(torch.zeros(3, 96, 128, 3, dtype=torch.uint8), torch.device("cpu"))
    grids = torch.tensor([[1, rows, columns]] * 3)
    seen = {
        "pixel_values": pixels,
        "image_grid_thw": grids,
        "mm_token_type_ids": (ids == model.config.image_token_id)[None].int(),
    }
    with torch.no_grad():
        scores = model(input_ids=ids[None], attention_mask=torch.ones_like(ids)[None], **seen).logits
    assert torch.isfinite(scores).all()
    again = qwen3_vl(tmp_path / "two", torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert add_action_words(words.tokenizer, 16, "here") == 17
    answers = AnswerWords(words.tokenizer, 16, "here")
    assert answers.subtask(answers.ids("lift the tray", [1, 2], single=False)[len(answers.head) : -6])
