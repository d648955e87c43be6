"""What a training takes over from a run of CLAP-RF: its language model, its flow head, or both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from roboact_ros.policies.clap.run_folder import weights_in
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.clap.flow_head import FlowHead

LANGUAGE, ACTION = "qwen_vl_interface.model.", "action_model."
"""Begins of the released names of weights."""


def load_language(path: Path, model: Any) -> None:
    """Copy the language model of a run.

    Raises:
        PolicyError: It is the run of another model.
    """
    file, content = _weights(path, LANGUAGE)
    load_weights(model, content, file, "Qwen3-VL")


def load_head(path: Path, head: FlowHead) -> None:
    """Copy the flow head of a run; weights that one has only with self-attention may be missing.

    Raises:
        PolicyError: It is the run of another model.
    """
    file, content = _weights(path, ACTION)
    new = {key: value for key, value in head.state_dict().items() if ".attn2." in key or ".norm2." in key}
    load_weights(head, new | content, file, "CLAP-RF's flow head")


def _weights(path: Path, start: str) -> tuple[Path, dict[str, Tensor]]:
    file = weights_in(path) if path.is_dir() else path
    content = read_state_dict(file)
    return file, {key.removeprefix(start): value for key, value in content.items() if key.startswith(start)}
