"""The codes of Act-VAE as words of a language model: ``<ACT_0>``, ``<ACT_1>`` and so on, the same for both arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from roboact_ros.errors import PolicyError

PAD_WORD = "<ACT_PAD>"
"""Stands behind the codes of a single arm in the released format."""


def action_words(codes: int) -> list[str]:
    """Return the words of a codebook of so many codes, in their order."""
    return [f"<ACT_{code}>" for code in range(codes)]


@dataclass(frozen=True, slots=True)
class ActionWords:
    """Where the words are in a tokenizer; the number of a word is that of ``<ACT_0>`` and its code.

    Attributes:
        first: Number of the word of code 0.
        codes: How many codes there are.
        pad: Number of ``<ACT_PAD>``; None where the tokenizer does not know it.
    """

    first: int
    codes: int
    pad: int | None

    @property
    def numbers(self) -> list[int]:
        """Those of all words, that of the padding included."""
        return [*range(self.first, self.first + self.codes), *([] if self.pad is None else [self.pad])]

    def __contains__(self, number: int) -> bool:
        """Whether a token stands for a code."""
        return self.first <= number < self.first + self.codes


def find_action_words(tokenizer: Any, codes: int, where: str) -> ActionWords:
    """Return where a tokenizer has the words of a codebook; numbers differ from model to model, names do not.

    Args:
        tokenizer: A ``tokenizers.Tokenizer``.
        codes: Size of the codebook.
        where: Names the tokenizer in messages.

    Raises:
        PolicyError: It lacks words, has those of a larger codebook, or their numbers do not follow one another.
    """
    numbers = [tokenizer.token_to_id(word) for word in action_words(codes)]
    known = sum(number is not None for number in numbers)
    if not known:
        raise PolicyError(
            f"{where} has no action tokens (<ACT_0> … <ACT_{codes - 1}>), so it belongs to a language model that never "
            "learned to act; roboact train clap_ntp adds them"
        )
    if known < codes or tokenizer.token_to_id(f"<ACT_{codes}>") is not None:
        more = next(n for n in range(known, 2**20) if tokenizer.token_to_id(f"<ACT_{n}>") is None)
        found = known if known < codes else more
        raise PolicyError(f"{where} has {found} action tokens, and the codebook of the Act-VAE {codes} codes")
    if numbers != list(range(numbers[0], numbers[0] + codes)):
        raise PolicyError(f"{where}: the numbers of the action tokens do not follow one another")
    return ActionWords(numbers[0], codes, tokenizer.token_to_id(PAD_WORD))


def add_action_words(tokenizer: Any, codes: int, where: str) -> int:
    """Add what a tokenizer lacks of the words of a codebook, and return how many that is.

    Raises:
        PolicyError: It has some of them already, but not these.
    """
    words = [*action_words(codes), PAD_WORD]
    missing = [word for word in words if tokenizer.token_to_id(word) is None]
    if len(missing) < codes:  # <ACT_PAD> at most
        find_action_words(tokenizer, codes, where)
    from tokenizers import AddedToken

    added: int = tokenizer.add_tokens([AddedToken(word, normalized=False) for word in missing])
    return added
