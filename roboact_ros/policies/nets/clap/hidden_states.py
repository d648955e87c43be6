"""What each block of a Qwen3-VL passes on, whatever version of transformers runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor


@contextmanager
def hidden_states(model: Any) -> Iterator[list[Tensor]]:
    """Collect the (n, tokens, width) outputs of all blocks, one after another, while ``model`` runs.

    They are what the next block gets, so what DeepStack adds is in them, and the last is the one before the norm.
    Versions of transformers return different things as hidden states.

    Args:
        model: A ``Qwen3VLForConditionalGeneration``.
    """
    seen: list[Tensor] = []

    def keep(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    text = model.model.language_model
    hooks = [part.register_forward_pre_hook(keep, with_kwargs=True) for part in (*text.layers[1:], text.norm)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
