"""What every training begins with: a folder of its own, what it was told, and how its model will say it was made."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
import torch
import yaml

from roboact_ros.errors import ConfigurationError
from roboact_train.training.loop import LOGS, STATE
from roboact_train.training.settings import LoopSettings, settings_to_mapping

SETTINGS = "settings.yaml"
FEATURES = "features"
"""Folder of what goes through a frozen encoder once, where a training keeps it beside its state."""
_BEFORE_STATE = {SETTINGS, LOGS, FEATURES}
"""What is there of a training that ended before it saved a state; it can be begun again."""


def check_output(output: Path, resume: bool) -> None:
    """Refuse a folder that cannot be begun, or that there is nothing in to go on with.

    Raises:
        ConfigurationError: It is so.
    """
    state = output / STATE
    if resume and not state.is_file():
        raise ConfigurationError(f"there is nothing to resume: {state} does not exist")
    if not resume and output.exists() and (not output.is_dir() or {p.name for p in output.iterdir()} - _BEFORE_STATE):
        raise ConfigurationError(f"{output} exists already; --resume goes on with it, else give another folder")


def write_settings(output: Path, kind: str, settings: LoopSettings) -> None:
    """Write what is trained, and how, into the new or resumed folder."""
    output.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"kind": kind, **settings_to_mapping(settings)}, sort_keys=False)
    (output / SETTINGS).write_text(text)


def notes(licence: str, simulated: bool, settings: LoopSettings, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest of the model says of its making; ``data`` is what it learned from."""
    return {
        "licence": licence,
        "simulated": simulated,
        "made": {
            "by": "roboact train",
            **data,
            "settings": settings_to_mapping(settings),
            "with": {
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "open_clip": str(open_clip.__version__),
            },
        },
    }


def say_nothing(line: str) -> None:
    """Say nothing: another process does."""
