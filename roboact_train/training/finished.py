"""A finished model on disk: a folder as open_clip has them, with a manifest of what it is and how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file
from torch import Tensor

import roboact_ros.policies.manifest as manifest
from roboact_ros.errors import ConfigurationError


def write_model(
    folder: Path, weights: Mapping[str, Tensor], config: Mapping[str, Any], notes: Mapping[str, Any]
) -> None:
    """Write a model in one step; an older one of that name is replaced.

    Args:
        folder: Where.
        weights: Weights by name, in the precision of the file.
        config: Content of ``open_clip_config.json``.
        notes: The manifest, but for what is known of the file.

    Raises:
        ConfigurationError: The disk refused.
    """
    unfinished = folder.with_name(f".{folder.name}.writing-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        file = unfinished / manifest.WEIGHTS
        save_file({name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}, file)
        file.chmod(0o644)
        (unfinished / manifest.CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        about = {
            "file": manifest.WEIGHTS,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
            "parameters": sum(value.numel() for value in weights.values()),
        }
        text = yaml.safe_dump({**notes, "weights": about}, sort_keys=False, allow_unicode=True, width=110)
        (unfinished / manifest.MANIFEST).write_text(text)
        if folder.exists():
            old = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
            folder.rename(old)
            unfinished.rename(folder)
            shutil.rmtree(old)
        else:
            unfinished.rename(folder)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
