"""CLIP-RT learns: contrastive imitation of what people said to the arm."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.policies.nets.prompted import Looked, PromptedTower
from roboact_ros.policies.nets.text import embed_texts
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_train.clip_rt.auxiliary import place_loss, way_loss
from roboact_train.clip_rt.batch import Batch
from roboact_train.clip_rt.loss import Form, competing_loss, context_of, contrastive_imitation_loss, different_rows
from roboact_train.clip_rt.ways import PLACES, WAY
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

    @property
    def has_maps(self) -> bool:
        """Whether the maps of :meth:`looked` show anything."""
        return isinstance(self.model.visual, PromptedTower)

    @property
    def features(self) -> int:
        """Width of the features of :meth:`looked`."""
        visual = self.model.visual
        if isinstance(visual, PromptedTower):
            return int(visual.proj.in_features)
        with torch.no_grad():
            return self.texts(torch.zeros(1, self.model.context_length, dtype=torch.int64)).shape[-1]

    def images(self, pixels: Tensor, prompt: Tensor) -> Tensor:
        """Return (n, d) un-normalised embeddings of (n, 3, height, width) uint8 pixels, given those of the prompts."""
        return self.looked(pixels, prompt).embedding

    def looked(self, pixels: Tensor, prompt: Tensor) -> Looked:
        """Return :meth:`images`, and what was seen before anything was decided.

        Where a tower does not say, the features are the embeddings themselves, and there are no maps.
        """
        if pixels.device != self._device:
            self._device = pixels.device
            self._preprocess = Preprocessing(self._description, self._device)
        normalised = self._preprocess.normalised(pixels)
        visual = self.model.visual
        if isinstance(visual, PromptedTower):
            looked = visual(normalised, prompt)
            return Looked(looked.embedding.float(), looked.features.float(), looked.maps)
        output = visual(normalised)
        embeddings = output[0] if isinstance(output, tuple) else output
        return Looked(embeddings.float(), embeddings.float(), embeddings.new_zeros(len(embeddings), 0, 1, 1))

    def texts(self, tokens: Tensor) -> Tensor:
        """Return (n, d) un-normalised embeddings of (n, context) tokens."""
        return embed_texts(self.model, tokens).float()


class ContrastiveImitation(nn.Module):
    """The loss of a batch as a module, so that gradients are averaged over processes on the way back.

    Args:
        towers: The model.
        form: Of the loss.
        way: Weight of an auxiliary loss, so that what was seen also tells how far the tool has to go; see
            :func:`~roboact_train.clip_rt.ways.ways_of`. Its readout is not part of the model.
        place: Weight of another, so that the first two maps show where the tool goes and where it is.

    Raises:
        ConfigurationError: Places are to be learned, and the model has no maps.
    """

    def __init__(self, towers: Towers, form: Form, way: float = 0.0, place: float = 0.0) -> None:
        super().__init__()
        if place and not towers.has_maps:
            raise ConfigurationError(f"place = {place}: only models with prompted_vision_cfg have maps to show places")
        self.towers, self._form, self._weights = towers, form, (way, place)
        self.way = nn.Linear(towers.features, 3) if way else None
        for weight in self.way.parameters() if self.way is not None else ():
            nn.init.zeros_(weight)

    def forward(
        self,
        pixels: Tensor,
        prompts: Tensor,
        prompt_of: Tensor,
        supervision: Tensor,
        positive: Tensor,
        counts: Tensor,
        ways: Tensor,
    ) -> Tensor:
        """Return the loss of the rows of this process; see :func:`inputs`."""
        prompt = self.towers.texts(prompts)[prompt_of]
        looked, words = self.towers.looked(pixels, prompt), self.towers.texts(supervision)
        scale = self.towers.model.logit_scale.clamp(max=_MOST_SCALE).exp()
        with torch.autocast(pixels.device.type, enabled=False):
            context = context_of(looked.embedding, prompt, self._form)
            if self._form == "softmax":
                loss = competing_loss(context, words, positive, scale)
            else:
                loss = contrastive_imitation_loss(context, words, positive, counts, scale)
            way, place = self._weights
            if self.way is not None:
                loss = loss + way * way_loss(self.way(looked.features), ways[:, WAY])
            if place:
                places = ways[:, PLACES].unflatten(1, (2, 2))
                loss = loss + place * place_loss(looked.maps[:, : places.shape[1]], places)
            return loss


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
        "ways": batch.targets.flatten(1),
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
