"""LoRA: small matrices that learn beside the frozen ones of a Qwen3-VL, and with them the rows of some words.

After https://arxiv.org/abs/2106.09685, by peft. What is frozen stays as it is to the last bit; a finished model has the
sums, under the names that the model had before.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError

_BESIDE = r".*language_model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj"


def with_low_rank(model: Any, words: Sequence[int], rank: int, alpha: int, seed: int) -> Any:
    """Return a ``PeftModel`` around a ``Qwen3VLForConditionalGeneration``, which is changed.

    Args:
        model: Is frozen but for what is added; its eyes stay as they are altogether.
        words: Tokens whose rows learn.
        rank: Of the matrices.
        alpha: They count ``alpha / rank`` times.
        seed: Of their beginning.

    Raises:
        ConfigurationError: peft is not installed.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise ConfigurationError(f"adapt: lora needs peft: pip install 'roboact_ros[clap]' ({error})") from error
    tables = ("embed_tokens",) if model.config.tie_word_embeddings else ("embed_tokens", "lm_head")
    rows: Any = {table: list(words) for table in tables}  # to read them, and to say them
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=_BESIDE, trainable_token_indices=rows)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        adapted: Any = get_peft_model(model, config)
    for weight in adapted.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    return adapted


def summed_weights(adapted: Any) -> dict[str, Tensor]:
    """Return the weights of a ``PeftModel`` by their usual names; it stays as it is."""
    # In the bf16 of frozen weights most of a small sum would be rounded away; float32 need not fit on a GPU.
    summed = copy.deepcopy(adapted).cpu().float()
    weights: dict[str, Tensor] = summed.merge_and_unload().state_dict()
    return weights
