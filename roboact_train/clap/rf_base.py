"""What CLAP-RF begins with: a language model and its words, a new flow head, and the codes that it is matched on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.ntp_folder import STATISTICS, TOKENIZER, check_rows, qwen3_vl
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.answer import AnswerWords
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer
from roboact_ros.policies.nets.clap.flow_blocks import HEAD_WIDTH
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.vlm_input import ImageRule, PromptWords, read_image_rule
from roboact_train.clap.corpus import Statistics, measured
from roboact_train.clap.ntp_base import model_fingerprint
from roboact_train.clap.rf_settings import MEASURED, RfSettings
from roboact_train.clap.trained import TrainedTokenizer, codebook_id, read_tokenizer

_NO_CODES = ActVaeShape(width=1, heads=1, feedforward=1, layers=1, tokens=1, codes=1, code_width=1)
"""Without matching no codes are needed; the data has some anyway."""


@dataclass(frozen=True, slots=True, eq=False)
class RfBase:
    """What is trained.

    Attributes:
        folder: Of the language model.
        model: The ``Qwen3VLForConditionalGeneration``.
        prompts: Words of the prompt.
        answers: Words of the answer; None without matching.
        rule: Of the images.
        fingerprint: What changes with the weights that training begins with, and Knowledge Matching refers to.
    """

    folder: Path
    model: Any
    prompts: PromptWords
    answers: AnswerWords | None
    rule: ImageRule
    fingerprint: int


class MeasuringTokenizer(TrainedTokenizer):
    """An Act-VAE beside actions that are normalised with what is measured on the data."""

    @property
    def statistics(self) -> Statistics:
        """Those of no robot are known."""
        return measured


def rf_tokenizer(settings: RfSettings) -> TrainedTokenizer:
    """Return the Act-VAE that is matched on, and what actions are normalised with.

    Raises:
        ConfigurationError: There should be matching, and there is no Act-VAE, or nobody knows its statistics.
        PolicyError: It cannot be read.
    """
    known = settings.base / STATISTICS
    path = Path(settings.action_vae) if settings.action_vae else settings.base / TOKENIZER
    if settings.rule is None:
        model, file = ActionTokenizer(_NO_CODES), known
    elif not path.exists():
        raise ConfigurationError(
            f"Knowledge Matching needs the Act-VAE whose codes the language model speaks, and {path} is not there: "
            "give it (--action-vae), or say matching: off"
        )
    elif path.is_dir():
        trained = read_tokenizer(path)
        model, file = trained.model, trained.file
    else:
        model, file = read_action_tokenizer(path), known
    if settings.rule is not None and settings.action_vae and (settings.base / TOKENIZER).is_file():
        spoken = codebook_id(read_action_tokenizer(settings.base / TOKENIZER))
        if codebook_id(model) != spoken:
            raise ConfigurationError(f"{path} is another Act-VAE than that whose codes {settings.base} speaks")
    chosen = settings.statistics or (str(file) if file.is_file() else "")
    learned = file if settings.rule is not None and file.is_file() and chosen != str(file) else None
    if settings.rule is not None and not chosen:
        raise ConfigurationError(f"{path} does not say what its actions are normalised with: give --statistics FILE")
    if chosen in ("", MEASURED):
        return MeasuringTokenizer(model, Path(), learned)
    return TrainedTokenizer(model, Path(chosen), learned)


def rf_base(settings: RfSettings, codes: int, small: bool) -> RfBase:
    """Return the language model.

    Args:
        settings: For its folder and what of it learns.
        codes: Size of the codebook; its words must be known for matching.
        small: Whether weights that do not learn may be bfloat16.

    Raises:
        ConfigurationError: No folder was given, or a tap is beyond its blocks.
        PolicyError: It is not that of a Qwen3-VL, or has no words for the codes.
    """
    folder = settings.base
    prompts, rule = PromptWords(folder), read_image_rule(folder)
    answers = None
    if settings.rule is not None:
        answers = AnswerWords(prompts.tokenizer, codes, str(folder / "tokenizer.json"))
    model = qwen3_vl(folder, torch.bfloat16 if small and settings.insulated else torch.float32)
    if answers is not None:
        check_rows(model, answers, folder)
    blocks, width = model.config.text_config.num_hidden_layers, model.config.text_config.hidden_size
    if settings.taps[-1] >= blocks or width % HEAD_WIDTH:
        raise ConfigurationError(
            f"the language model in {folder} has {blocks} blocks of width {width}: taps are numbers up to {blocks - 1},"
            f" not {list(settings.taps)}, and the width is a multiple of {HEAD_WIDTH}"
        )
    if settings.checkpoint_gradients:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return RfBase(folder, model, prompts, answers, rule, model_fingerprint(model))


def rf_head(settings: RfSettings, width: int, columns: int) -> FlowHead:
    """Return a new flow head of a width for actions of so many columns; what no chunk needs does not learn."""
    shape = FlowHeadShape(
        width=width,
        layers=len(settings.taps),
        actions=columns,
        state=columns,
        horizon=settings.horizon,
        dropout=settings.dropout,
        self_attention=settings.self_attention,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        head = FlowHead(shape)
    idle: list[Any] = [head.model.proj_out_1, head.model.proj_out_2]
    if not settings.self_attention:
        idle += [head.future_tokens, head.state_encoder]
    elif not settings.state:
        idle.append(head.state_encoder)
    for part in idle:
        part.requires_grad_(False)
    return head
