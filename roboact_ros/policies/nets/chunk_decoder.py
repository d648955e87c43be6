"""The action decoder of CLIP-RT+: a transformer like CLIP's text encoder that turns two embeddings into steps.

https://arxiv.org/abs/2411.00508, section V: the embeddings of image and instruction and one empty token for each step
go in together, and all steps come out at once. Nothing is masked, since no step is generated from another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from open_clip.transformer import LayerNorm, QuickGELU, Transformer
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import PolicyError
from roboact_ros.types import CHUNK_AXES

CONFIG_KEY = "action_decoder_cfg"
"""Where ``open_clip_config.json`` describes the decoder, beside ``model_cfg``."""

ATTRIBUTE = "action_decoder"
"""Name of the decoder in the open_clip model that it belongs to."""


@dataclasses.dataclass(frozen=True)
class DecoderShape:
    """Size of a decoder.

    Attributes:
        steps: Steps of a chunk.
        width: Of its tokens.
        heads: Of its attention.
        layers: Number of its blocks.
    """

    steps: int
    width: int
    heads: int
    layers: int


class ChunkDecoder(nn.Module):
    """Decodes chunks.

    Args:
        shape: Its size.
        embedding: Size of the joint embedding.
        quick_gelu: Which activation the model has.
    """

    def __init__(self, shape: DecoderShape, embedding: int, quick_gelu: bool) -> None:
        super().__init__()
        self.shape = shape
        self.image, self.prompt = nn.Linear(embedding, shape.width), nn.Linear(embedding, shape.width)
        self.position = nn.Parameter(shape.width**-0.5 * torch.randn(2 + shape.steps, shape.width))
        activation = QuickGELU if quick_gelu else nn.GELU
        self.transformer = Transformer(shape.width, shape.layers, shape.heads, act_layer=activation)
        self.ln_final = LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, len(CHUNK_AXES))

    def forward(self, image: Tensor, prompt: Tensor) -> Tensor:
        """Return (n, steps, 7) for the embeddings (n, embedding) of images and prompts, whatever their lengths."""
        scale = image.shape[-1] ** 0.5
        seen = self.image(scale * functional.normalize(image, dim=-1))
        asked = self.prompt(scale * functional.normalize(prompt, dim=-1))
        empty = seen.new_zeros(len(seen), self.shape.steps, self.shape.width)
        tokens = torch.cat([seen[:, None], asked[:, None], empty], dim=1) + self.position
        steps: Tensor = self.head(self.ln_final(self.transformer(tokens)[:, 2:]))
        return steps


def shape_like_text(model_config: Mapping[str, Any], steps: int) -> DecoderShape:
    """Return the shape of a decoder with the architecture of a model's text encoder."""
    text = model_config["text_cfg"]
    return DecoderShape(steps, text.get("width", 512), text.get("heads", 8), text.get("layers", 12))


def attach_decoder(model: nn.Module, shape: DecoderShape, model_config: Mapping[str, Any]) -> None:
    """Give an open_clip model a decoder with random weights.

    Raises:
        PolicyError: The numbers do not fit together.
    """
    if shape.steps < 1 or shape.layers < 1 or shape.heads < 1 or shape.width % shape.heads:
        raise PolicyError(f"{CONFIG_KEY}: {shape} is no decoder: its width is a multiple of heads, all at least 1")
    decoder = ChunkDecoder(shape, model_config["embed_dim"], bool(model_config.get("quick_gelu")))
    setattr(model, ATTRIBUTE, decoder.eval().requires_grad_(False))


def decoder_from_config(model: nn.Module, config: Mapping[str, Any]) -> None:
    """Give a model the decoder that ``open_clip_config.json`` describes, if it describes one.

    Raises:
        PolicyError: A setting is unknown or cannot be used.
    """
    if CONFIG_KEY not in config:
        return
    try:
        attach_decoder(model, DecoderShape(**config[CONFIG_KEY]), config["model_cfg"])
    except TypeError as error:
        raise PolicyError(f"{CONFIG_KEY}: {error}") from error


def decoder_of(model: nn.Module) -> ChunkDecoder | None:
    """Return the decoder of a model, None without one."""
    decoder = getattr(model, ATTRIBUTE, None)
    return decoder if isinstance(decoder, ChunkDecoder) else None


def config_of(decoder: ChunkDecoder) -> dict[str, int]:
    """Return what :func:`decoder_from_config` reads."""
    return dataclasses.asdict(decoder.shape)
