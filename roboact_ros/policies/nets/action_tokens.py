"""Motions as single tokens instead of sentences: the ablation of the paper that takes their meaning away."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.nets.clip import ClipNetwork

_WORDS = (*(motion.phrase for motion in PRIMITIVES), "done")


def with_action_tokens(network: ClipNetwork) -> ClipNetwork:
    """Return the network with a tokenizer that writes every motion as one token of its own.

    The tokens are the last ones of the vocabulary, merged from the rarest words; other texts stay as they are.

    Raises:
        PolicyError: The model has another tokenizer than CLIP's, of whose tokens it is not known which are rare.
    """
    vocabulary = SimpleTokenizer()
    start, end = vocabulary.sot_token_id, vocabulary.eot_token_id
    plain = network.tokenize(["the"])[0]
    if plain[0] != start or plain[2] != end:
        raise PolicyError(f"model {network.name} cannot learn action tokens: its tokenizer is not CLIP's own")
    context = len(plain)
    tokens = {}
    for number, words in enumerate(_WORDS):
        row = torch.zeros(context, dtype=plain.dtype)
        row[:3] = torch.tensor([start, start - 1 - number, end])
        tokens[words] = row

    def tokenize(texts: Sequence[str]) -> Tensor:
        return torch.stack([tokens[text] if text in tokens else network.tokenize([text])[0] for text in texts])

    return dataclasses.replace(network, tokenize=tokenize)
