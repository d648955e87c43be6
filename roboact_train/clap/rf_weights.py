"""What a training takes over from a run of CLAP-RF: its language model, its flow head, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from roboact_ros.policies.clap.run_folder import weights_in
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.clap.flow_head import FlowHead

LANGUAGE, ACTION = "qwen_vl_interface.model.", "action_model."
"""Begins of the released names of weights."""


@dataclass(frozen=True, slots=True, eq=False)
class RunWeights:
    """The weights of a run, read once.

    Attributes:
        file: Where they are.
        content: By their released names.
    """

    file: Path
    content: Mapping[str, Tensor]

    def copy_language(self, model: Any) -> None:
        """Copy the language model.

        Raises:
            PolicyError: It is the run of another model.
        """
        load_weights(model, self._part(LANGUAGE), self.file, "Qwen3-VL")

    def copy_head(self, head: FlowHead) -> None:
        """Copy the flow head; weights that one has only with self-attention may be missing.

        Raises:
            PolicyError: It is the run of another model.
        """
        new = {key: value for key, value in head.state_dict().items() if ".attn2." in key or ".norm2." in key}
        load_weights(head, new | self._part(ACTION), self.file, "CLAP-RF's flow head")

    def _part(self, start: str) -> dict[str, Tensor]:
        return {key.removeprefix(start): value for key, value in self.content.items() if key.startswith(start)}


def read_run_weights(path: Path) -> RunWeights:
    """Return those in the folder of a run, or in a file.

    Raises:
        PolicyError: They cannot be read.
    """
    file = weights_in(path) if path.is_dir() else path
    return RunWeights(file, read_state_dict(file))
