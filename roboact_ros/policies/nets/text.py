"""The text tower of an open_clip model, without the work for the empty end of its context."""

from __future__ import annotations

from typing import Any

from open_clip.model import CLIP
from open_clip.transformer import text_global_pool
from torch import Tensor, nn


def embed_texts(model: Any, tokens: Tensor) -> Tensor:
    """Return the (texts, embedding) un-normalised embeddings that ``model.encode_text`` returns.

    A causal tower reads the embedding at the end-of-text token, and no token behind that one can change it; so the
    contexts are cut after the longest text. The motions take 16 of 77 tokens.

    Args:
        model: Any open_clip model.
        tokens: (texts, context length) token numbers.
    """
    if type(model) is not CLIP or model.text_pool_type != "argmax" or model.attn_mask is None:
        embeddings: Tensor = model.encode_text(tokens)
        return embeddings
    tokens = tokens[:, : int(tokens.argmax(dim=-1).max()) + 1]
    length = tokens.shape[1]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    embeddings = text_global_pool(x, tokens, model.text_pool_type)
    projection = model.text_projection
    if projection is not None:
        embeddings = projection(embeddings) if isinstance(projection, nn.Linear) else embeddings @ projection
    return embeddings
