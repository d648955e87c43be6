"""The loss of CLAP-RF's post-training: the flow, and Knowledge Matching or a frozen language model beside it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.clap.flow_head import FlowHead
from roboact_ros.policies.nets.clap.hidden_states import hidden_states
from roboact_train.clap.flow import flow_loss
from roboact_train.clap.knowledge_matching import RELEASED, WEIGHT, MatchingRule, divergence


@dataclass(frozen=True, slots=True, eq=False)
class PostTrainingBatch:
    """What n samples are learned from in one step.

    Attributes:
        prompts: Arguments of the language model, as its processor makes them, without the answers.
        actions: (n, steps, columns) normalised.
        state: (n, 1, columns) normalised, or None.
        answers: The same arguments with the answers, for Knowledge Matching.
        answer_tokens: (n, k) which of the last k of their tokens are compared.
    """

    prompts: Mapping[str, Tensor]
    actions: Tensor
    state: Tensor | None = None
    answers: Mapping[str, Tensor] | None = None
    answer_tokens: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PostTrainingLoss:
    """Of one batch.

    Attributes:
        total: What is minimised.
        flow: The flow's share.
        knowledge: The divergence before it is weighted; zero without Knowledge Matching.
    """

    total: Tensor
    flow: Tensor
    knowledge: Tensor


class PostTraining:
    """Computes the loss.

    Args:
        model: A ``Qwen3VLForConditionalGeneration``; how it is now is the reference of Knowledge Matching.
        head: Learns the flow.
        taps: Blocks of the model that the head listens to.
        weight: Of Knowledge Matching; 0 for none.
        rule: Of it.
        insulated: Whether the model is frozen and the head alone learns (KI).
        reference_dtype: Precision of the reference; that of the model without it.

    Raises:
        ConfigurationError: The model is to be both frozen and matched.
    """

    def __init__(
        self,
        model: Any,
        head: FlowHead,
        taps: Sequence[int],
        weight: float = WEIGHT,
        rule: MatchingRule = RELEASED,
        insulated: bool = False,
        reference_dtype: torch.dtype | None = None,
    ) -> None:
        if insulated and weight:
            raise ConfigurationError(f"a frozen language model needs no Knowledge Matching: weight {weight:g}, not 0")
        self._model, self._head, self._taps = model, head, tuple(taps)
        self._weight, self._rule, self._insulated = weight, rule, insulated
        if insulated:
            model.requires_grad_(False)
        self._reference = copy.deepcopy(model).eval().requires_grad_(False).to(reference_dtype) if weight else None

    def __call__(self, batch: PostTrainingBatch, generator: torch.Generator | None = None) -> PostTrainingLoss:
        """Return the loss of a batch; ``generator`` makes the noise and times of the flow."""
        if self._reference is None:
            features, mask = self.features(batch.prompts), batch.prompts["attention_mask"]
            knowledge = torch.zeros((), device=mask.device)
        else:
            features, mask, knowledge = self._matched(batch, self._reference)
        flow = flow_loss(self._head, batch.actions, features, mask, batch.state, generator)
        return PostTrainingLoss(flow + self._weight * knowledge, flow.detach(), knowledge.detach())

    def features(self, prompts: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the (n, tokens, width) hidden states that the head listens to."""
        with (
            torch.set_grad_enabled(torch.is_grad_enabled() and not self._insulated),
            hidden_states(self._model) as seen,
        ):
            self._model.model(**prompts, use_cache=False)
        return [seen[tap] for tap in self._taps]

    def to(self, device: torch.device) -> None:
        """Move the reference, which is no part of what is trained."""
        if self._reference is not None:
            self._reference.to(device)

    def _matched(self, batch: PostTrainingBatch, reference: Any) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return the hidden states, the mask of the prompts in them, and the divergence.

        One pass does for both: what is passed on at the tokens of a prompt does not change with the answer behind it.
        """
        answers, compared = batch.answers, batch.answer_tokens
        if answers is None or compared is None:
            raise ConfigurationError("Knowledge Matching needs the answers of the samples")
        # Scores of the whole vocabulary for the prompt, too, would be gigabytes.
        only = {"use_cache": False, "logits_to_keep": compared.shape[1]}
        with torch.no_grad():
            known = reference(**answers, **only).logits
        with hidden_states(self._model) as seen:
            policy = self._model(**answers, **only).logits
        attention = answers["attention_mask"]
        said = attention.sum(dim=1) - batch.prompts["attention_mask"].sum(dim=1)
        in_prompt = torch.arange(attention.shape[1], device=said.device) < attention.shape[1] - said[:, None]
        features = [seen[tap] for tap in self._taps]
        return features, attention * in_prompt, divergence(policy, known, compared, self._rule)
