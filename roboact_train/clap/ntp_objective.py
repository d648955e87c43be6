"""The loss of CLAP-NTP: how surprised the language model is by each token of the right answer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.clap.action_words import ActionWords

UNLEARNED = -100
"""Label of a token of which nothing is learned: those of the prompt, and padding."""


class NtpObjective(nn.Module):
    """The model and its loss; what of it does not learn is no part of its state.

    Args:
        model: A ``Qwen3VLForConditionalGeneration``.
        actions: Its action tokens.
    """

    def __init__(self, model: Any, actions: ActionWords) -> None:
        super().__init__()
        self.model, self._actions = model, actions
        self.register_state_dict_post_hook(_leave_out_frozen)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(_expect_no_frozen)  # type: ignore[no-untyped-call]

    def forward(self, ids: Tensor, attention: Tensor, labels: Tensor, pixels: Tensor, grids: Tensor) -> Tensor:
        """Return the mean loss of the tokens that have labels.

        Args:
            ids: (n, tokens) prompts with their answers, padded on the left.
            attention: (n, tokens), 0 where a token is padding.
            labels: (n, tokens) the same numbers, or ``UNLEARNED``.
            pixels: Patches of all images, one image after another.
            grids: (images, 3) one frame, rows and columns of patches of each.
        """
        scores, wanted = self._scores(ids, attention, labels, pixels, grids)
        return functional.cross_entropy(scores, wanted)

    def judged(
        self, ids: Tensor, attention: Tensor, labels: Tensor, pixels: Tensor, grids: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sum of the losses, how many tokens have labels, and (codes,) which are the most probable codes."""
        scores, wanted = self._scores(ids, attention, labels, pixels, grids)
        first, last = self._actions.first, self._actions.first + self._actions.codes
        code = (wanted >= first) & (wanted < last)
        right = scores[code, first:last].argmax(dim=-1) + first == wanted[code]
        return functional.cross_entropy(scores, wanted, reduction="sum"), torch.tensor(len(wanted)), right

    def _scores(
        self, ids: Tensor, attention: Tensor, labels: Tensor, pixels: Tensor, grids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the (answered, words) scores of the tokens that have labels, and these."""
        config = self.model.config
        hidden = self.model.model(
            input_ids=ids,
            attention_mask=attention,
            pixel_values=pixels,
            image_grid_thw=grids,
            mm_token_type_ids=(ids == config.image_token_id).int(),
            use_cache=False,
        ).last_hidden_state
        labels = labels[:, 1:]  # what is said at a token predicts the one behind it
        answered = labels != UNLEARNED
        # Of the prompt nothing is learned, so its scores, 0.6 MB for each token, are not computed.
        return self.model.lm_head(hidden[:, :-1][answered]).float(), labels[answered]


def _learning(module: nn.Module) -> set[str]:
    return {name for name, weight in module.named_parameters() if weight.requires_grad}


def _leave_out_frozen(module: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
    kept = {f"{prefix}{name}" for name in _learning(module)}
    for name in [name for name in state if name not in kept]:
        del state[name]


def _expect_no_frozen(module: nn.Module, wrong: Any) -> None:
    learning = _learning(module)
    wrong.missing_keys[:] = [name for name in wrong.missing_keys if name in learning]
