"""The language model that CLAP-NTP begins with: a Qwen3-VL that learns new words."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from roboact_ros.policies.clap.ntp_folder import check_rows, qwen3_vl
from roboact_ros.policies.nets.clap.action_words import add_action_words
from roboact_ros.policies.nets.clap.answer import AnswerWords
from roboact_ros.policies.nets.clap.vlm_input import ImageRule, PromptWords, read_image_rule
from roboact_train.clap.low_rank import summed_weights, with_low_rank
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.rf_weights import read_run_weights

_COMMON, _NOISE = 50_000, 0.02


@dataclass(frozen=True, slots=True, eq=False)
class NtpBase:
    """What is trained.

    Attributes:
        folder: Where it began.
        model: The ``Qwen3VLForConditionalGeneration``, with a row for each word.
        adapted: The ``PeftModel`` around it, if only that learns.
        prompts: Words of the prompt.
        answers: Words of the answer.
        rule: Of the images.
    """

    folder: Path
    model: Any
    adapted: Any
    prompts: PromptWords
    answers: AnswerWords
    rule: ImageRule

    def weights(self) -> dict[str, Tensor]:
        """Return the weights as they are now, by their usual names."""
        return dict(self.model.state_dict()) if self.adapted is None else summed_weights(self.adapted)


def ntp_base(settings: NtpSettings, codes: int, frozen: torch.dtype = torch.float32) -> NtpBase:
    """Return it.

    Args:
        settings: For its folder and what of it learns.
        codes: Size of the codebook, for which there shall be action tokens.
        frozen: Precision of weights that do not learn, where most do not.

    Raises:
        ConfigurationError: No folder was given.
        PolicyError: It is not that of a Qwen3-VL, or has action tokens of another codebook.
    """
    folder = settings.base
    prompts, rule = PromptWords(folder), read_image_rule(folder)
    where = str(folder / "tokenizer.json")
    added = add_action_words(prompts.tokenizer, codes, where)
    answers = AnswerWords(prompts.tokenizer, codes, where)
    lora = settings.adapt == "lora"
    model = qwen3_vl(folder, frozen if lora else torch.float32)
    if settings.checkpoint:
        read_run_weights(Path(settings.checkpoint)).copy_language(model)
    if added:
        words = int(prompts.tokenizer.get_vocab_size())
        # As in the released table there are then rows behind the last word; they count where words are weighed.
        model.resize_token_embeddings(len(model.lm_head.weight) + added, mean_resizing=False)
        for table in (model.model.language_model.embed_tokens, model.lm_head):  # may be the same, and begin alike
            begin_rows(table.weight.data, words - added, settings.seed)
    check_rows(model, answers, folder)
    adapted = None
    if lora:
        own = answers.actions.numbers
        adapted = with_low_rank(model, own, settings.rank, settings.alpha, settings.seed)
    if settings.checkpoint_gradients:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return NtpBase(folder, model, adapted, prompts, answers, rule)


def model_fingerprint(model: Any, before: int = 0) -> int:
    """Return a number that changes with what a ``Qwen3VLForConditionalGeneration`` has learned."""
    norm = model.model.language_model.norm.weight.detach().float().cpu().numpy()
    return zlib.crc32(norm.tobytes(), before)


def begin_rows(table: Tensor, first: int, seed: int) -> None:
    """Let all rows of a table from one on begin near the mean of those of common words."""
    common = table[: min(first // 2, _COMMON)].float()
    noise = torch.randn(len(table) - first, table.shape[1], generator=torch.Generator().manual_seed(seed))
    mean, deviation = common.mean(dim=0), common.std(dim=0)
    table[first:] = (mean + _NOISE * deviation * noise.to(table.device)).to(table.dtype)
