"""A Qwen3-VL that answers within a grammar, token by token, with keys and values of all tokens before kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clap.answer import AnswerState
from roboact_ros.policies.nets.clap.flow_blocks import Memory
from roboact_ros.policies.nets.clap.vlm import Prompt, TappedVlm, normed_by, text_block
from roboact_ros.policies.nets.clap.vlm_positions import Turns, token_turns


@dataclass(slots=True)
class Conversation:
    """What was read and said so far.

    Attributes:
        memories: Keys and values of all tokens, for each block.
        place: Of the next token.
        said: The last hidden state, after the norm.
    """

    memories: list[Memory]
    place: int
    said: Tensor


class SpeakingVlm(TappedVlm):
    """All of a Qwen3-VL, its language head included.

    Args:
        model: A ``Qwen3VLForConditionalGeneration`` of transformers, whose weights are shared.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model.model, (len(model.model.language_model.layers) - 1,))
        self.norm: Any = model.model.language_model.norm
        self.lm_head: nn.Linear = model.lm_head

    @torch.no_grad()
    def read(self, pixels: Tensor, prompt: Prompt) -> Conversation:
        """Begin a conversation with a prompt and its images; see :meth:`TappedVlm.forward`."""
        seen, deep = self.seen(pixels, prompt)
        hidden = prompt.embeddings.index_copy(1, prompt.image_tokens, seen[None].to(prompt.embeddings.dtype))
        memories: list[Memory] = []
        for number, (layer, before) in enumerate(zip(self.layers, prompt.memories, strict=True)):
            hidden, memory = text_block(layer, hidden, prompt.turns, prompt.mask, before)
            memories.append(memory)
            if number < len(deep):
                hidden = hidden.index_add(1, prompt.image_tokens, deep[number][None])
        return Conversation(memories, prompt.next_place, normed_by(hidden[0, -1], self.norm))

    @torch.no_grad()
    def go_on(self, conversation: Conversation, ids: tuple[int, ...]) -> None:
        """Add some tokens to a conversation."""
        hidden = self.embed_tokens(torch.tensor([ids], device=self.embed_tokens.weight.device))
        turns = self._turns(conversation.place, len(ids))
        before = conversation.memories[0][0].shape[2]
        mask = hidden.new_full((len(ids), before + len(ids)), float("-inf")).triu(before + 1)
        for number, layer in enumerate(self.layers):
            hidden, conversation.memories[number] = text_block(
                layer, hidden, turns, mask, conversation.memories[number]
            )
        conversation.place += len(ids)
        conversation.said = normed_by(hidden[0, -1], self.norm)

    @torch.no_grad()
    def answer(self, pixels: Tensor, prompt: Prompt, state: AnswerState) -> AnswerState:
        """Return the whole answer; of all legal tokens each is the one that the model finds the most probable.

        What has to come is read at once, and of the head only the rows of codes are used where codes may come.

        Args:
            pixels: See :meth:`TappedVlm.forward`.
            prompt: Of :meth:`TappedVlm.prompt`.
            state: The beginning of the answer.

        Raises:
            PolicyError: The weights are damaged.
        """
        conversation = self.read(pixels, prompt)
        said: tuple[int, ...] = ()
        while not state.whole:
            if said := said + state.forced:
                self.go_on(conversation, said)
            state = state.forced_passed()
            token = self._best(conversation.said, state.allowed)
            said, state = (token,), state.after(token)
        return state

    def _best(self, hidden: Tensor, allowed: Tensor | slice) -> int:
        if isinstance(allowed, slice):
            scores = functional.linear(hidden, self.lm_head.weight[allowed])
        else:
            scores = self.lm_head(hidden)[allowed]
        value, place = scores.max(dim=0)
        if not math.isfinite(float(value)):
            raise PolicyError("what the language model says are not numbers; its weights are damaged")
        return int(allowed.start) + int(place) if isinstance(allowed, slice) else int(allowed[place])

    def _turns(self, place: int, count: int) -> Turns:
        """Return the turns of so many words from a place on."""
        text, weights = self._config.text_config, self.embed_tokens.weight
        rope = text.rope_parameters
        positions = torch.arange(place, place + count).expand(3, -1)
        turns = token_turns(positions, text.head_dim, rope["rope_theta"], rope["mrope_section"])
        return turns[0].to(weights), turns[1].to(weights)
