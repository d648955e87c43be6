"""Reads a file of weights into a network, or says what is wrong with the file."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from roboact_ros.errors import PolicyError

_SHOWN = 4
# What the readers raise on files that are something else or end early; the unpickler trips over its own stack.
_UNREADABLE = (
    SafetensorError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
)


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read the weights of an open_clip model.

    Args:
        path: ``.safetensors``, or a ``.pt`` file with the state dict itself or what open_clip's training saves (the
            state dict below ``state_dict``, its names with or without ``module.`` in front).

    Raises:
        PolicyError: The file is missing or holds something else.
    """
    if not path.is_file():
        raise PolicyError(
            f'checkpoint "{path}" is not a file; weights are never downloaded, give a .pt or .safetensors'
        )
    try:
        safe = path.suffix == ".safetensors"
        content = load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # PyTorch's own message advises to run whatever code the file contains
        raise PolicyError(f'checkpoint "{path}" holds no plain tensors; save the state dict of the model') from error
    except _UNREADABLE as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise PolicyError(f'checkpoint "{path}" cannot be read as weights, .pt or .safetensors: {reason}') from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise PolicyError(f'checkpoint "{path}" must hold a state dict, not {type(content).__name__}')
    strangers = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise PolicyError(f'checkpoint "{path}" is not a state dict: {_some(strangers)} are not tensors')
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def load_weights(model: nn.Module, weights: Mapping[str, Tensor], path: Path, name: str, assign: bool = False) -> None:
    """Copy ``weights`` into ``model``; every weight must be there, in its shape, and nothing else.

    Args:
        model: Network to fill.
        weights: Weights by name.
        path: Where they were read, for messages.
        name: Name of the model, for messages.
        assign: Whether the model takes the tensors themselves, as one without memory of its own (on "meta") must.

    Raises:
        PolicyError: The weights belong to another model.
    """
    own = model.state_dict()
    missing = [key for key in own if key not in weights]
    unexpected = [key for key in weights if key not in own]
    shapes = [
        f"{key} {tuple(weights[key].shape)} instead of {tuple(own[key].shape)}"
        for key in own
        if key in weights and weights[key].shape != own[key].shape
    ]
    found = {"missing": missing, "unexpected": unexpected, "other shape": shapes}
    problems = [f"{title} {_some(keys)}" for title, keys in found.items() if keys]
    if problems:
        raise PolicyError(
            f'checkpoint "{path}" is not one of model {name}: {"; ".join(problems)}. '
            "Give the model that it was trained with (--model, or policy.model in the system file)"
        )
    model.load_state_dict(weights, assign=assign)


def _some(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
