"""A Qwen3-VL with random weights that is small enough for tests, and what is put into it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from roboact_ros.policies.nets.clap.hidden_states import hidden_states

IMAGE, START, END = 60, 61, 62
ROWS, COLUMNS = 4, 6
LAYERS, WIDTH = 5, 64


def tiny_config() -> Any:
    from transformers import Qwen3VLConfig

    text = {
        "vocab_size": 64,
        "hidden_size": WIDTH,
        "intermediate_size": 96,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [4, 2, 2]},
        "tie_word_embeddings": True,
    }
    eyes = {
        "depth": 4,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_heads": 2,
        "patch_size": 4,
        "out_hidden_size": WIDTH,
        "num_position_embeddings": 36,
        "deepstack_visual_indexes": [0, 1, 2],
    }
    tokens = {"image_token_id": IMAGE, "vision_start_token_id": START, "vision_end_token_id": END, "video_token_id": 63}
    return Qwen3VLConfig(text_config=text, vision_config=eyes, tie_word_embeddings=True, **tokens)


def tiny_qwen() -> Any:
    from transformers import Qwen3VLForConditionalGeneration

    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(tiny_config()).eval().requires_grad_(False)
    for name, weights in model.named_parameters():
        if weights.dim() > 1 and "pos_embed" not in name:
            torch.nn.init.normal_(weights, std=weights.shape[-1] ** -0.5)
    return model


def tiny_prompt() -> Tensor:
    """Two images among words."""
    image = [START, *[IMAGE] * (ROWS * COLUMNS // 4), END]
    return torch.tensor([1, 2, 3, *image, *image, 7, 8, 9, 10])


def tiny_pixels() -> Tensor:
    return torch.randn(2 * ROWS * COLUMNS, 3 * 2 * 4 * 4, generator=torch.Generator().manual_seed(1))


def plain_hidden_states(model: Any, ids: Tensor, pixels: Tensor, rows: int, columns: int) -> list[Tensor]:
    """What transformers computes: for each block what the next one, or the last norm, gets."""
    images = len(pixels) // (rows * columns)
    with hidden_states(model) as seen:
        model(
            input_ids=ids[None],
            attention_mask=torch.ones_like(ids)[None],
            pixel_values=pixels,
            image_grid_thw=torch.tensor([[1, rows, columns]] * images),
            mm_token_type_ids=(ids == IMAGE).int()[None],
            use_cache=False,
        )
    return seen
