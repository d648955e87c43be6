"""Any open_clip model with its weights, its tokenizer and its image preprocessing, without a download."""

from __future__ import annotations

import difflib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Weights and tokenizers come from files a person named; the hub client reads this when open_clip imports it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import open_clip
import torch
from open_clip.convert import convert_state_dict
from open_clip.model import convert_to_custom_text_state_dict
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor, nn

from roboact_ros.errors import PolicyError, did_you_mean
from roboact_ros.policies.nets import chunk_decoder
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.chunk_decoder import attach_decoder, decoder_from_config, decoder_of, shape_like_text
from roboact_ros.policies.nets.prompted import CONFIG_KEY, prompted_tower

LOCAL = "local-dir:"
CONFIG_FILE = "open_clip_config.json"

_WORDS_APART = 5.0
"""Times that words of a prompted model start further apart than open_clip has them.

A model that learns from a few sentences otherwise tells sentences apart by how their words meet, and an orange block
means nothing to it that only heard of orange cans.
"""


@dataclass(frozen=True, slots=True, eq=False)
class ClipNetwork:
    """A CLIP model on the CPU in float32.

    Attributes:
        name: Name of the model.
        model: The network, in evaluation mode.
        tokenize: Turns texts into (n, context length) token numbers.
        preprocess: open_clip's description of the image transform of this model: size, mean, std, resize mode ….
    """

    name: str
    model: nn.Module
    tokenize: Callable[[Sequence[str]], Tensor]
    preprocess: dict[str, Any]


def clip_with_weights(name: str, checkpoint: Path) -> ClipNetwork:
    """Return the model ``name`` with the weights in ``checkpoint``.

    Args:
        name: A name that ``open_clip.list_models()`` knows, or ``local-dir:FOLDER`` with an ``open_clip_config.json``.
        checkpoint: See :func:`roboact_ros.policies.nets.checkpoint.read_state_dict`.

    Raises:
        PolicyError: No such model, or the checkpoint is missing, unreadable or one of another model.
    """
    _check_name(name)
    weights = read_state_dict(checkpoint)
    network = _create(name)
    weights = convert_state_dict(network.model, weights)
    if "positional_embedding" in weights and not hasattr(network.model, "positional_embedding"):
        weights = convert_to_custom_text_state_dict(weights)
    for scalar in ("logit_scale", "logit_bias"):  # saved as () or (1,), depending on the release of open_clip
        own = network.model.state_dict().get(scalar)
        if own is not None and scalar in weights and weights[scalar].numel() == 1:
            weights[scalar] = weights[scalar].reshape(own.shape)
    load_weights(network.model, weights, checkpoint, name)
    return network


def clip_with_random_weights(name: str, seed: int = 0) -> ClipNetwork:
    """Return the model ``name`` with random weights, the same for the same seed.

    Raises:
        PolicyError: No such model.
    """
    _check_name(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _create(name)


def _check_name(name: str) -> None:
    if name.startswith(LOCAL):
        if not (Path(name.removeprefix(LOCAL)) / CONFIG_FILE).is_file():
            raise PolicyError(f'model "{name}": there is no {CONFIG_FILE} in that folder')
        return
    names = open_clip.list_models()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=5, cutoff=0.4)
        raise PolicyError(f'no open_clip model "{name}": {did_you_mean(name, close or names)}, or {LOCAL}FOLDER')


def _create(name: str) -> ClipNetwork:
    with _without_log_of_open_clip():
        try:
            model = open_clip.create_model(name, load_weights=False, pretrained_text=False)
            tokenizer = open_clip.get_tokenizer(name)
            config = model_config(name)
        except (OSError, ImportError, ValueError, TypeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise PolicyError(f'model "{name}" cannot be made from what is on this machine: {reason}') from error
    preprocess = dict(model.visual.preprocess_cfg)
    if CONFIG_KEY in config:
        model.visual = prompted_tower(config[CONFIG_KEY], model.visual.image_size, config["model_cfg"]["embed_dim"])
        if isinstance(model, open_clip.CLIP):  # the text tower that is the library's own
            with torch.no_grad():
                model.token_embedding.weight.mul_(_WORDS_APART)
    decoder_from_config(model, config)
    model.eval().requires_grad_(False)

    def tokenize(texts: Sequence[str]) -> Tensor:
        if isinstance(tokenizer, SimpleTokenizer):  # it cuts what does not fit without a word
            longest = max(texts, key=lambda text: len(tokenizer.encode(text)))
            count, most = len(tokenizer.encode(longest)) + 2, tokenizer.context_length
            if count > most:
                raise PolicyError(f'"{longest}" is too long: {count} tokens, and {name} reads {most}')
        tokens: Tensor = tokenizer(list(texts))
        return tokens

    return ClipNetwork(name, model, tokenize, preprocess)


def model_config(name: str) -> dict[str, Any]:
    """Return what ``open_clip_config.json`` says about a model: ``model_cfg`` and, where stated, ``preprocess_cfg``."""
    if not name.startswith(LOCAL):
        return {"model_cfg": open_clip.get_model_config(name)}
    config = json.loads((Path(name.removeprefix(LOCAL)) / CONFIG_FILE).read_text(encoding="utf-8"))
    if not isinstance(config, dict):
        raise ValueError(f"{CONFIG_FILE} should hold an object, not {type(config).__name__}")
    return config


def complete_config(network: ClipNetwork) -> dict[str, Any]:
    """Return :func:`model_config` of a network together with its transform of images, as a folder of its own needs."""
    preprocess = {key: value for key, value in network.preprocess.items() if key not in ("size", "mode")}
    decoder = decoder_of(network.model)
    decoding = {} if decoder is None else {chunk_decoder.CONFIG_KEY: chunk_decoder.config_of(decoder)}
    return {**model_config(network.name), **decoding, "preprocess_cfg": json.loads(json.dumps(preprocess))}


def with_chunk_decoder(network: ClipNetwork, steps: int, seed: int = 0) -> ClipNetwork:
    """Give a network the decoder of CLIP-RT+ with random weights, unless it has one of so many steps; return it.

    Raises:
        PolicyError: It has one of another number of steps.
    """
    decoder = decoder_of(network.model)
    if decoder is None:
        config = model_config(network.name)["model_cfg"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            attach_decoder(network.model, shape_like_text(config, steps), config)
    elif decoder.shape.steps != steps:
        raise PolicyError(f"model {network.name} decodes chunks of {decoder.shape.steps} steps, not {steps}")
    return network


@contextmanager
def _without_log_of_open_clip() -> Iterator[None]:
    """Keep open_clip from reporting that it loaded no weights: they are loaded here, or random on purpose."""

    def from_elsewhere(record: logging.LogRecord) -> bool:
        return "open_clip" not in record.pathname

    root = logging.getLogger()
    root.addFilter(from_elsewhere)
    try:
        yield
    finally:
        root.removeFilter(from_elsewhere)
