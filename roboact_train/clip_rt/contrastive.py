"""CLIP-RT learns: contrastive imitation of what people said to the arm."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.policies.nets.prompted import PromptedTower
from roboact_ros.policies.nets.text import embed_texts
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_train.clip_rt.batch import Batch
from roboact_train.clip_rt.loss import Form, context_of, contrastive_imitation_loss, different_rows
from roboact_train.training.learner import Gather

_MOST_SCALE = math.log(100.0)
"""Largest logarithm of the logit scale, as in CLIP."""


class Towers(nn.Module):
    """The two towers of a CLIP model, on pixels that are normalised here.

    Args:
        network: The model; its weights are trained in place.
        checkpoint_gradients: Recompute activations to save memory.
    """

    def __init__(self, network: ClipNetwork, checkpoint_gradients: bool = False) -> None:
        super().__init__()
        self.model: Any = network.model.train().requires_grad_(True)
        if self.model.logit_bias is not None:
            self.model.logit_bias.requires_grad_(False)  # the loss has none
        if checkpoint_gradients:
            self.model.set_grad_checkpointing(True)
        self._preprocess, self._device = Preprocessing(network.preprocess, torch.device("cpu")), torch.device("cpu")
        self._description = network.preprocess

    def images(self, pixels: Tensor, prompt: Tensor) -> Tensor:
        """Return (n, d) un-normalised embeddings of (n, 3, height, width) uint8 pixels, given those of the prompts."""
        if pixels.device != self._device:
            self._device = pixels.device
            self._preprocess = Preprocessing(self._description, self._device)
        normalised = self._preprocess.normalised(pixels)
        visual = self.model.visual
        output = visual(normalised, prompt) if isinstance(visual, PromptedTower) else visual(normalised)
        embeddings: Tensor = output[0] if isinstance(output, tuple) else output
        return embeddings.float()

    def texts(self, tokens: Tensor) -> Tensor:
        """Return (n, d) un-normalised embeddings of (n, context) tokens."""
        return embed_texts(self.model, tokens).float()


class ContrastiveImitation(nn.Module):
    """The loss of a batch as a module, so that gradients are averaged over processes on the way back."""

    def __init__(self, towers: Towers, form: Form) -> None:
        super().__init__()
        self.towers, self._form = towers, form

    def forward(
        self,
        pixels: Tensor,
        prompts: Tensor,
        prompt_of: Tensor,
        supervision: Tensor,
        positive: Tensor,
        counts: Tensor,
    ) -> Tensor:
        """Return the loss of the rows of this process; see :func:`inputs`."""
        prompt = self.towers.texts(prompts)[prompt_of]
        image, words = self.towers.images(pixels, prompt), self.towers.texts(supervision)
        scale = self.towers.model.logit_scale.clamp(max=_MOST_SCALE).exp()
        with torch.autocast(pixels.device.type, enabled=False):
            context = context_of(image, prompt, self._form)
            return contrastive_imitation_loss(context, words, positive, counts, scale)


def inputs(batch: Batch, gather: Gather, vocabulary: Tensor | None = None) -> dict[str, Tensor]:
    """Return the arguments of :class:`ContrastiveImitation`: own rows, and the columns of all processes.

    Every process embeds all different supervisions of the batch, which are few, so that no embedding has to travel.

    Args:
        batch: This process's share.
        gather: Puts the shares together.
        vocabulary: (motions, context) tokens of all motions in label order, each to be contrasted once more.
    """
    tokens, labels = gather(batch.supervision), gather(batch.labels)
    if vocabulary is not None:
        tokens, labels = torch.cat([tokens, vocabulary]), torch.cat([labels, torch.arange(len(vocabulary)).to(labels)])
    rows, labels, counts = different_rows(tokens, labels)
    return {
        "pixels": batch.pixels,
        "prompts": batch.prompts,
        "prompt_of": batch.prompt_of,
        "supervision": rows,
        "positive": batch.labels[:, None] == labels[None],
        "counts": counts,
    }


@torch.no_grad()
def chosen(towers: Towers, batch: Batch, motions: Tensor) -> Tensor:
    """Return (n,) places of the motions that the policy would choose, with its own rule.

    Args:
        towers: The model.
        batch: Samples on its device.
        motions: (motions, d) un-normalised embeddings of what to choose from.
    """
    prompt = towers.texts(batch.prompts)[batch.prompt_of]
    context = towers.images(batch.pixels, prompt) + prompt
    return (context @ functional.normalize(motions, dim=-1).T).argmax(dim=-1)
