"""Reads the folder of a CLAP-NTP as it is released: a Qwen3-VL that knows action tokens, and the Act-VAE beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from roboact_ros.errors import PolicyError
from roboact_ros.policies.manifest import MANIFEST, read_notes
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_ros.policies.nets.clap.answer import AnswerWords
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer
from roboact_ros.policies.nets.clap.speaking_vlm import SpeakingVlm
from roboact_ros.policies.nets.clap.vlm_input import ImageRule, PromptWords, read_image_rule

KIND = "clap_ntp"
TOKENIZER, STATISTICS = "clap.ckpt", "dataset_statistics_32.json"
"""Files beside the language model: the Act-VAE, and what its actions are normalised with."""
RELEASED_VIEWS, RELEASED_SIZE = ("head", "right", "left"), (320, 240)


@dataclass(frozen=True, slots=True, eq=False)
class NtpModel:
    """A CLAP-NTP, ready to use.

    Attributes:
        folder: Where it is.
        vlm: Sees and speaks.
        actions: Codes to actions; float32 whatever the language model is.
        prompts: Words of the prompt.
        answers: Words of the answer.
        rule: Of the images.
        views: What the images show; those that are missing are replaced by the first.
        image_size: Width and height that images get before all else [px].
        robot: ``robot_type`` of the data; empty where the folder does not say.
        fps: Steps per second [1/s]; 0 where the folder does not say.
    """

    folder: Path
    vlm: SpeakingVlm
    actions: ActionTokenizer
    prompts: PromptWords
    answers: AnswerWords
    rule: ImageRule
    views: tuple[str, ...]
    image_size: tuple[int, int]
    robot: str
    fps: float


def read_ntp(folder: Path, device: torch.device, dtype: torch.dtype | None = None) -> NtpModel:
    """Read it; nothing is downloaded.

    Args:
        folder: Of the language model.
        device: Where the networks should be.
        dtype: Of the language model; as in its files without it.

    Raises:
        PolicyError: Something is missing or belongs to another model, or the tokenizer has no action tokens.
    """
    if not (folder / TOKENIZER).is_file():
        raise PolicyError(
            f'"{folder}" is no CLAP-NTP: the Act-VAE that says what its action tokens mean, {TOKENIZER}, is not there'
        )
    prompts, rule = PromptWords(folder), read_image_rule(folder)
    actions = read_action_tokenizer(folder / TOKENIZER)
    answers = AnswerWords(prompts.tokenizer, actions.shape.codes, str(folder / "tokenizer.json"))
    model = qwen3_vl(folder, dtype or "auto")
    check_rows(model, answers, folder)
    about = (read_notes(folder).get(KIND) if (folder / MANIFEST).is_file() else None) or {}
    try:
        views = tuple(map(str, about.get("views", RELEASED_VIEWS)))
        width, height = map(int, about.get("image_size", RELEASED_SIZE))
        robot, fps = str(about.get("robot", "")), float(about.get("fps", 0.0))
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{folder / MANIFEST}: {KIND} is not as roboact train writes it: {error}") from error
    vlm = SpeakingVlm(model.eval().requires_grad_(False)).to(device)
    size = width, height
    return NtpModel(folder, vlm, actions.to(device), prompts, answers.to(device), rule, views, size, robot, fps)


def qwen3_vl(folder: Path, dtype: torch.dtype | str) -> Any:
    """Return the ``Qwen3VLForConditionalGeneration`` in a folder.

    Raises:
        PolicyError: There is none, or weights are missing.
    """
    try:
        from transformers import AutoConfig, Qwen3VLForConditionalGeneration
    except ImportError as error:
        raise PolicyError(f"CLAP needs transformers: pip install 'roboact_ros[clap]' ({error})") from error
    if not (folder / "config.json").is_file():
        raise PolicyError(f'"{folder}" is not the folder of a Qwen3-VL: it has no config.json. Nothing is downloaded')
    try:
        config = AutoConfig.from_pretrained(str(folder), local_files_only=True)
        if config.model_type != "qwen3_vl":
            raise PolicyError(f"{folder / 'config.json'} is of a {config.model_type}; CLAP's is a qwen3_vl")
        model, found = Qwen3VLForConditionalGeneration.from_pretrained(
            str(folder),
            config=config,
            local_files_only=True,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise PolicyError(f'"{folder}" cannot be read as a Qwen3-VL: {str(error).splitlines()[0]}') from error
    tied = set(model.all_tied_weights_keys)
    if missing := sorted(set(found["missing_keys"]) - tied):
        raise PolicyError(f'"{folder}" lacks weights of a Qwen3-VL: {", ".join(missing[:3])} ({len(missing)} in all)')
    return model


def check_rows(model: Any, answers: AnswerWords, folder: Path) -> None:
    """Raise a PolicyError unless the language model has a row for each action token."""
    rows, needed = len(model.lm_head.weight), answers.actions.first + answers.actions.codes
    if rows < needed:
        raise PolicyError(f"{folder}: the tokenizer numbers action tokens up to {needed - 1}, but the model has {rows}")
