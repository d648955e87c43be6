"""Makes the CLAP-NTP that a cell describes, or says why it does not go with the cell."""

from __future__ import annotations

from pathlib import Path

import torch

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.from_description import layout_in
from roboact_ros.policies.clap.ntp import ClapNtp
from roboact_ros.policies.clap.ntp_folder import KIND, STATISTICS, read_ntp
from roboact_ros.policies.clap.robots import robot_named
from roboact_ros.policies.clap.statistics import read_statistics
from roboact_ros.policies.clip_step import torch_device


def ntp_from_description(checkpoint: str, description: PolicyDescription, cell: Cell) -> ClapNtp:
    """Load a model and fit it to a cell.

    Args:
        checkpoint: Its folder.
        description: ``cell.policy``.
        cell: The cell it will drive.

    Raises:
        PolicyError: There is no model, it knows no action tokens, or it goes with another robot, other arms or fewer
            cameras; says what is wrong.
        ConfigurationError: ``policy.clap.robot`` is not known.
    """
    if not checkpoint or description.random:
        raise PolicyError(
            f"{KIND} needs the folder of a model: policy.checkpoint, as roboact train {KIND} writes it (DIR/best); "
            "there are none with random weights"
        )
    said, device = description.clap, torch_device(description.device)
    model = read_ntp(Path(checkpoint), device, torch.float32 if device.type == "cpu" else None)
    cameras = (description.camera, *description.more_cameras)
    if len(cameras) > len(model.views):
        raise PolicyError(
            f"{checkpoint} was trained with {len(model.views)} images ({', '.join(model.views)}), and the policy looks "
            f"through {', '.join(cameras)}: say policy.camera and policy.more_cameras"
        )
    robot = robot_named(said.robot or model.robot or cell.arm.model)
    layout = layout_in(robot, description, cell)
    if not (hertz := said.hertz or model.fps):
        raise PolicyError(f"{checkpoint} does not say how many steps a second has; say policy.clap.hertz")
    quantiles = read_statistics(Path(said.statistics) if said.statistics else model.folder / STATISTICS, robot)
    return ClapNtp(model, quantiles, layout, round(1e9 / hertz), said.executed)
