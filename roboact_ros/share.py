"""Finds the files that are installed beside the package (config, launch, models), and those that outlive a process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from roboact_ros.errors import ConfigurationError


def share_folder(name: str) -> Path:
    """Return the folder ``name`` (``config``, ``launch`` or ``models``) of this installation.

    A source checkout wins over a colcon workspace, which wins over the Python prefix.

    Raises:
        ConfigurationError: None of them holds it.
    """
    prefixes = [Path(p) / "share/roboact_ros" for p in os.environ.get("AMENT_PREFIX_PATH", "").split(":") if p]
    candidates = [Path(__file__).parent.parent, *prefixes, Path(sys.prefix) / "share/roboact_ros"]
    for candidate in candidates:
        if (candidate / name / ".roboact").exists():
            return candidate / name
    looked = ", ".join(str(c) for c in candidates)
    raise ConfigurationError(f'the folder "{name}" of roboact_ros is not installed in any of: {looked}')


def state_folder() -> Path:
    """Return the folder of this user for what outlives a process; it need not exist yet."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "roboact"
