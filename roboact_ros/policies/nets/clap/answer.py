"""What CLAP-NTP answers: ``Subtask: pick up the cup``, then ``Action: <ACT_5><ACT_17>…``, the right arm first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.nets.clap.action_words import ActionWords, find_action_words

_HEAD, _ACTION, _END = "Subtask:", "Action: ", "<|im_end|>"
LONGEST = 64
"""Tokens of a subtask; then it ends even in the middle of a sentence."""


class AnswerWords:
    """Turns answers into the numbers of tokens and back.

    Args:
        tokenizer: A ``tokenizers.Tokenizer`` of the language model.
        codes: Size of the codebook.
        where: Names the tokenizer in messages.

    Attributes:
        actions: Where the words of the codes are.

    Raises:
        PolicyError: The tokenizer has no such words, or no line ends.
    """

    def __init__(self, tokenizer: Any, codes: int, where: str) -> None:
        self.actions: ActionWords = find_action_words(tokenizer, codes, where)
        self._tokenizer = tokenizer
        self.head, self.action = self._ids(_HEAD), self._ids(_ACTION)
        self.text, self.last = _plain_tokens(tokenizer, self.actions, where)

    def to(self, device: torch.device) -> AnswerWords:
        """Keep the lists of tokens on a device and return these words."""
        self.text, self.last = self.text.to(device), self.last.to(device)
        return self

    def ids(self, subtask: str, codes: Sequence[int], single: bool) -> list[int]:
        """Return the numbers of a whole answer, the end of the turn and of its line included.

        Args:
            subtask: What is being done; empty as in the released data.
            codes: Those of the right arm, then those of the left one.
            single: Whether there is one arm, whose codes the padding word follows where the tokenizer has it.
        """
        words = [self.actions.first + code for code in codes]
        pad = [self.actions.pad] if single and self.actions.pad is not None else []
        line = " ".join(subtask.split())
        return [*self.head, *self._ids(f" {line}\n"), *self.action, *words, *pad, *self._ids(f"{_END}\n")]

    def subtask(self, ids: Sequence[int]) -> str:
        """Return the words of a subtask."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return " ".join(text.split())

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


@dataclass(frozen=True, slots=True, eq=False)
class AnswerState:
    """How far an answer is, and so what may come next. Illegal answers cannot be said.

    An answer is: the head; words without a line end; a token that ends with the only line end; the word before the
    actions; as many codes as the arms have.

    Attributes:
        words: Of the tokenizer.
        wanted: How many codes there will be.
        longest: Tokens that the subtask may have.
        forced: What has to come now, whatever the model thinks.
        said: Tokens of the subtask.
        codes: So far; None before the first may come.
    """

    words: AnswerWords
    wanted: int
    longest: int
    forced: tuple[int, ...]
    said: tuple[int, ...] = ()
    codes: tuple[int, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing more may come."""
        return self.codes is not None and len(self.codes) == self.wanted

    @property
    def allowed(self) -> Tensor | slice:
        """The numbers of the tokens that the model may choose from; none of them is forced."""
        actions = self.words.actions
        if self.codes is not None:
            return slice(actions.first, actions.first + actions.codes)
        return self.words.last if len(self.said) + 1 >= self.longest else self.words.text

    def forced_passed(self) -> AnswerState:
        """Return the state when what has to come has been said."""
        return replace(self, forced=())

    def after(self, token: int) -> AnswerState:
        """Return the state after one of the allowed tokens.

        Raises:
            PolicyError: It is not allowed.
        """
        allowed = self.allowed
        if isinstance(allowed, slice):
            legal = allowed.start <= token < allowed.stop and not self.whole
        else:
            legal = bool((allowed == token).any())
        if not legal or self.forced:
            raise PolicyError(f"token {token} may not come here in an answer")
        if self.codes is not None:
            return replace(self, codes=(*self.codes, token - self.words.actions.first))
        said = (*self.said, token)
        if bool((self.words.last == token).any()):
            return replace(self, said=said, forced=tuple(self.words.action), codes=())
        return replace(self, said=said)


def begin_answer(words: AnswerWords, layout: ArmLayout, tokens: int, longest: int = LONGEST) -> AnswerState:
    """Return the beginning of an answer.

    Args:
        words: Of the tokenizer.
        layout: Arms that exist.
        tokens: Codes of an arm.
        longest: Tokens of the subtask at most.
    """
    return AnswerState(words, sum(layout.mask) * tokens, longest, tuple(words.head))


def codes_of_arms(codes: Tensor, layout: ArmLayout) -> Tensor:
    """Return (arms, tokens) codes of the arms that exist, left before right, for those of an answer, right first."""
    return codes.reshape(sum(layout.mask), -1).flip(0)


def codes_to_say(arms: Tensor) -> Tensor:
    """Inverse of :func:`codes_of_arms`."""
    return arms.flip(0).flatten()


def _plain_tokens(tokenizer: Any, actions: ActionWords, where: str) -> tuple[Tensor, Tensor]:
    """Return the tokens that a subtask may have (those included that end it), and those that end it."""
    beside = set(tokenizer.get_added_tokens_decoder())
    text, last = [], []
    for number in range(tokenizer.get_vocab_size(with_added_tokens=False)):
        if number in beside or number in actions:
            continue
        said = tokenizer.decode([number], skip_special_tokens=False)
        if said.endswith("\n") and len(said.splitlines()) == 1:
            last.append(number)
        elif said.splitlines() == [said]:
            text.append(number)
    if not last:
        raise PolicyError(f"{where} has no token that ends a line, so the answers of CLAP cannot be said in it")
    return torch.tensor(sorted((*text, *last))), torch.tensor(last)
