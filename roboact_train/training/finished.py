"""A finished model on disk: a folder as open_clip has them, with a manifest of what it is and how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file
from torch import Tensor

import roboact_ros.policies.manifest as manifest
from roboact_ros.errors import ConfigurationError

_PART = 2**24


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
    with whole_folder(folder) as unfinished:
        file = unfinished / manifest.WEIGHTS
        save_file({name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}, file)
        (unfinished / manifest.CONFIG).write_text(json.dumps(config, indent=2) + "\n")
        write_manifest(file, sum(value.numel() for value in weights.values()), notes)


def write_manifest(file: Path, parameters: int, notes: Mapping[str, Any]) -> None:
    """Write the manifest beside a file of weights, which everybody may read from now on.

    Args:
        file: The weights.
        parameters: How many numbers there are in it.
        notes: The rest of the manifest.
    """
    file.chmod(0o644)
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while part := content.read(_PART):
            digest.update(part)
    about = {
        "file": file.name,
        "sha256": digest.hexdigest(),
        "bytes": file.stat().st_size,
        "parameters": parameters,
    }
    text = yaml.safe_dump({**notes, "weights": about}, sort_keys=False, allow_unicode=True, width=110)
    (file.parent / manifest.MANIFEST).write_text(text)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder to write into, which takes the place of ``folder`` when all is written.

    Raises:
        ConfigurationError: The disk refused.
    """
    unfinished = folder.with_name(f".{folder.name}.writing-{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
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
