"""Writes a trained CLIP model as a policy loads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from roboact_ros.policies.nets.clip import ClipNetwork, complete_config
from roboact_train.training.finished import write_model


def write_clip(
    folder: Path,
    network: ClipNetwork,
    weights: Mapping[str, Tensor],
    precision: str,
    kind: str,
    action_space: Mapping[str, Any],
    notes: Mapping[str, Any],
) -> None:
    """Write a model; see :func:`~roboact_train.training.finished.write_model`.

    Args:
        folder: Where.
        network: What was trained.
        weights: Its weights now.
        precision: Of the file, e.g. ``float16``; the policy computes in float32 whatever it is.
        kind: Kind of policy.
        action_space: What its outputs mean.
        notes: Further notes for the manifest.
    """
    config = complete_config(network)
    dtype = getattr(torch, precision)
    cast = {name: value.to(dtype) if value.is_floating_point() else value for name, value in weights.items()}
    manifest = {
        "kind": kind,
        "network": network.name.rpartition("/")[2],
        "precision": precision,
        "action_space": dict(action_space),
        "images": config["preprocess_cfg"],
        **notes,
    }
    write_model(folder, cast, config, manifest)
