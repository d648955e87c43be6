"""The state of an interrupted training on disk."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch

from roboact_ros.errors import ConfigurationError
from roboact_ros.recording.whole_file import writing_whole

FORMAT = "roboact training 1"


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` so that ``path`` is always whole: the old one or the new one.

    Raises:
        ConfigurationError: The disk refused.
    """
    try:
        with writing_whole(path) as file:
            torch.save({"format": FORMAT, **state}, file)
    except (OSError, RuntimeError) as error:  # PyTorch reports a full disk as a RuntimeError
        raise ConfigurationError(f"{path} cannot be written: {str(error).splitlines()[0]}") from error


def load_state(path: Path) -> dict[str, Any]:
    """Read what :func:`save_state` wrote; only plain values and tensors are accepted.

    Raises:
        ConfigurationError: It is missing, damaged or something else.
    """
    if not path.is_file():
        raise ConfigurationError(f"there is nothing to resume: {path} does not exist")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} is damaged or no state of a training: {str(error).splitlines()[0]}"
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ConfigurationError(f'{path} is not the state of a training of this version ("{FORMAT}")')
    return state
