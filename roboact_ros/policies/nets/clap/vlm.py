"""The part of a Qwen3-VL that the flow head listens to: its eyes and its first blocks, without the language head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.run_config import RELEASED_TAPS
from roboact_ros.policies.nets.clap.flow_blocks import Memory
from roboact_ros.policies.nets.clap.vlm_positions import (
    Turns,
    patch_embeddings,
    patch_turns,
    token_positions,
    token_turns,
    turned,
)


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What follows from the words and the size of the images, and so is the same in every chunk of a task.

    That includes all that is computed of the words before the first image, since no token sees a later one.

    Attributes:
        memories: Keys and values of the words before the first image, for each block.
        heads: Hidden states of these words, for each tap.
        embeddings: (1, tokens, width) the other words; what is where images belong does not matter.
        image_tokens: Places of the tokens of images among them.
        turns: Of the same tokens.
        mask: (1, 1, tokens, all tokens) what is added to attention: nothing, or for later tokens minus infinity.
        images: How many there are, all of one size.
        patches: (patches, width) embedded places of those of an image.
        patch_turns: Of the patches.
        next_place: Place of a word behind them.
    """

    memories: list[Memory]
    heads: list[Tensor]
    embeddings: Tensor
    image_tokens: Tensor
    turns: Turns
    mask: Tensor
    images: int
    patches: Tensor
    patch_turns: Turns
    next_place: int


class TappedVlm(nn.Module):
    """Runs the blocks up to the last that is listened to, for one prompt, so without padding.

    Its forward pass neither waits for the device nor depends on what is in a tensor, so a CUDA graph can hold it.

    Args:
        model: A ``Qwen3VLModel`` of transformers, whose weights are shared.
        taps: Blocks whose outputs are wanted, ascending.

    Raises:
        PolicyError: The model has no such blocks.
    """

    def __init__(self, model: Any, taps: Sequence[int] = RELEASED_TAPS) -> None:
        super().__init__()
        layers = model.language_model.layers
        if not taps or list(taps) != sorted(set(taps)) or taps[0] < 0 or taps[-1] >= len(layers):
            raise PolicyError(f"tapped blocks are ascending numbers from 0 to {len(layers) - 1}, not {list(taps)}")
        self.taps = tuple(taps)
        self._config = model.config
        self.visual: Any = model.visual
        self.embed_tokens: Any = model.language_model.embed_tokens
        self.layers: Any = nn.ModuleList(layers[: taps[-1] + 1])

    @property
    def width(self) -> int:
        """Of the hidden states."""
        return int(self._config.text_config.hidden_size)

    @torch.no_grad()
    def prompt(self, ids: Tensor, rows: int, columns: int) -> Prompt:
        """Return what the forward pass needs beside the images.

        Args:
            ids: (tokens,) the prompt, with a token for every merged patch of every image.
            rows: Of patches of an image.
            columns: Of patches of an image.

        Raises:
            PolicyError: The tokens do not fit the images.
        """
        text, eyes, weights = self._config.text_config, self._config.vision_config, self.embed_tokens.weight
        merge = eyes.spatial_merge_size
        if rows % merge or columns % merge or not rows or not columns:
            raise PolicyError(f"rows and columns of patches are multiples of {merge}, not {rows} x {columns}")
        is_image = ids == self._config.image_token_id
        positions = token_positions(is_image.tolist(), rows // merge, columns // merge)
        images = int(is_image.sum()) // (rows * columns // merge**2)
        if not images or is_image[0]:
            raise PolicyError(
                f"a prompt is words with at least one image (token {self._config.image_token_id}) in them"
            )
        turns = token_turns(
            positions, text.head_dim, text.rope_parameters["rope_theta"], text.rope_parameters["mrope_section"]
        )
        head = eyes.hidden_size // eyes.num_heads
        of_patches = patch_turns(rows, columns, merge, head, eyes.rope_parameters["rope_theta"])
        places = patch_embeddings(self.visual.pos_embed.weight, rows, columns, merge)
        words = self.embed_tokens(ids.to(weights.device))[None]
        turns = turns[0].to(weights), turns[1].to(weights)
        mask = torch.full((len(ids), len(ids)), float("-inf")).triu(1).to(weights)
        first = int(is_image.int().argmax())
        hidden, memories, heads = words[:, :first], [], []
        for number, layer in enumerate(self.layers):
            hidden, memory = text_block(layer, hidden, rows_of(turns, slice(first)), mask[:first, :first], None)
            memories.append(memory)
            if number in self.taps:
                heads.append(hidden)
        return Prompt(
            memories=memories,
            heads=heads,
            embeddings=words[:, first:],
            image_tokens=is_image[first:].nonzero()[:, 0].to(weights.device),
            turns=rows_of(turns, slice(first, None)),
            mask=mask[None, None, first:].contiguous(),
            images=images,
            patches=places.to(weights),
            # In float32 whatever the weights are, as in transformers.
            patch_turns=(of_patches[0].to(weights.device), of_patches[1].to(weights.device)),
            next_place=int(positions.max()) + 1,
        )

    def forward(self, pixels: Tensor, prompt: Prompt) -> list[Tensor]:
        """Return (1, tokens, width) hidden states after each tapped block.

        Args:
            pixels: (images * patches, values) normalised patches, as the processor of transformers makes them.
            prompt: Of :meth:`prompt`.
        """
        seen, deep = self.seen(pixels, prompt)
        hidden = prompt.embeddings.index_copy(1, prompt.image_tokens, seen[None])
        tapped: list[Tensor] = []
        for number, (layer, memory) in enumerate(zip(self.layers, prompt.memories, strict=True)):
            hidden, _ = text_block(layer, hidden, prompt.turns, prompt.mask, memory)
            if number < len(deep):  # DeepStack: the first blocks see the images at other depths, too
                hidden = hidden.index_add(1, prompt.image_tokens, deep[number][None])
            if number in self.taps:
                tapped.append(torch.cat((prompt.heads[len(tapped)], hidden), dim=1))
        return tapped

    def seen(self, pixels: Tensor, prompt: Prompt) -> tuple[Tensor, list[Tensor]]:
        """Return the (tokens of all images, width) images, finally and at the depths that DeepStack takes."""
        visual = self.visual
        embed, depths = visual.patch_embed.proj, list(visual.deepstack_visual_indexes)
        deep: list[Tensor] = []
        tokens = functional.linear(pixels.to(embed.weight.dtype), embed.weight.flatten(1), embed.bias)
        tokens = tokens.reshape(prompt.images, *prompt.patches.shape) + prompt.patches
        for number, block in enumerate(visual.blocks):
            qkv = block.attn.qkv(block.norm1(tokens)).unflatten(-1, (3, block.attn.num_heads, -1))
            qkv = qkv.permute(2, 0, 3, 1, 4)
            q, k = turned(qkv[:2], prompt.patch_turns)
            found = functional.scaled_dot_product_attention(q, k, qkv[2])
            tokens = tokens + block.attn.proj(found.transpose(1, 2).flatten(2))
            tokens = tokens + block.mlp(block.norm2(tokens))
            if number in depths:
                deep.append(visual.deepstack_merger_list[depths.index(number)](tokens.flatten(0, 1)))
        return visual.merger(tokens.flatten(0, 1)), deep


def text_block(layer: Any, hidden: Tensor, turns: Turns, mask: Tensor, before: Memory | None) -> tuple[Tensor, Memory]:
    """Return the (n, tokens, width) hidden states after a block, and the keys and values of all tokens so far."""
    attention = layer.self_attn
    normed = normed_by(hidden, layer.input_layernorm)
    q, k, v = (
        project(normed).unflatten(-1, (-1, attention.head_dim))
        for project in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    q = turned(normed_by(q, attention.q_norm).transpose(1, 2), turns)
    k, v = turned(normed_by(k, attention.k_norm).transpose(1, 2), turns), v.transpose(1, 2)
    if before is not None:
        k, v = torch.cat((before[0], k), dim=2), torch.cat((before[1], v), dim=2)
    # Queries that share keys are rows of one attention: with groups and a mask CUDA has only its slow kernel.
    groups = q.shape[1] // k.shape[1]
    rows, masks = q.reshape(len(q), k.shape[1], -1, q.shape[3]), torch.cat([mask] * groups, dim=-2)
    found = functional.scaled_dot_product_attention(rows, k, v, attn_mask=masks).reshape(q.shape)
    hidden = hidden + attention.o_proj(found.transpose(1, 2).flatten(2))
    out: Tensor = hidden + layer.mlp(normed_by(hidden, layer.post_attention_layernorm))
    return out, (k, v)


def rows_of(turns: Turns, rows: slice) -> Turns:
    """Return the turns of some tokens."""
    return turns[0][rows], turns[1][rows]


def normed_by(rows: Tensor, norm: Any) -> Tensor:
    """Return rows after a norm of the language model."""
    return functional.rms_norm(rows, norm.weight.shape, norm.weight, norm.variance_epsilon)
