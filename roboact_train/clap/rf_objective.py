"""CLAP-RF and its loss as one module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.clap.flow_head import FlowHead
from roboact_train.clap.post_training import PostTraining, PostTrainingBatch
from roboact_train.clap.rf_settings import RfSettings


class RfObjective(nn.Module):
    """The language model, the head, and how far they are from the data and from the reference.

    Args:
        model: A ``Qwen3VLForConditionalGeneration``; how it is now is the reference.
        head: The flow head.
        settings: How they learn.
        small: Whether the reference may be bfloat16.
    """

    def __init__(self, model: Any, head: FlowHead, settings: RfSettings, small: bool) -> None:
        super().__init__()
        self.model, self.head, self._steps = model, head, settings.flow_steps
        rule = settings.rule
        matching = {} if rule is None else {"rule": rule}
        self.loss = PostTraining(
            model,
            head,
            settings.taps,
            settings.matching_weight if rule is not None else 0.0,
            insulated=settings.insulated,
            reference_dtype=torch.bfloat16 if small else None,
            **matching,
        )
        if rule is None:  # only the head listens, and to no more than this
            text = model.model.language_model
            tied = model.config.tie_word_embeddings
            for part in (*text.layers[settings.taps[-1] + 1 :], text.norm, *(() if tied else (model.lm_head,))):
                part.requires_grad_(False)

    def forward(
        self,
        ids: Tensor,
        attention: Tensor,
        pixels: Tensor,
        grids: Tensor,
        actions: Tensor,
        state: Tensor | None = None,
        answers: Tensor | None = None,
        answers_attention: Tensor | None = None,
        compared: Tensor | None = None,
    ) -> Tensor:
        """Return the loss.

        Args:
            ids: (n, tokens) prompts, padded on the left.
            attention: (n, tokens), 0 where a token is padding.
            pixels: Patches of all images, one image after another.
            grids: (images, 3) one frame, rows and columns of patches of each.
            actions: (n, steps, columns) normalised.
            state: (n, 1, columns) normalised.
            answers: (n, tokens) prompts with their answers.
            answers_attention: (n, tokens), 0 where a token is padding.
            compared: (n, k) which of the last k tokens of the answers are compared.
        """
        spoken = None
        if answers is not None and answers_attention is not None:
            spoken = self._arguments(answers, answers_attention, pixels, grids)
        prompts = self._arguments(ids, attention, pixels, grids)
        total: Tensor = self.loss(PostTrainingBatch(prompts, actions, state, spoken, compared)).total
        return total

    @torch.no_grad()
    def chunks(
        self, noise: Tensor, ids: Tensor, attention: Tensor, pixels: Tensor, grids: Tensor, state: Tensor | None = None
    ) -> Tensor:
        """Return the (n, steps, columns) normalised actions that noise of that shape becomes."""
        features = self.loss.features(self._arguments(ids, attention, pixels, grids))
        return self.head.flowed(noise, features, attention, state, self._steps)

    def _arguments(self, ids: Tensor, attention: Tensor, pixels: Tensor, grids: Tensor) -> dict[str, Tensor]:
        return {
            "input_ids": ids,
            "attention_mask": attention,
            "pixel_values": pixels,
            "image_grid_thw": grids,
            "mm_token_type_ids": (ids == self.model.config.image_token_id).int(),
        }
