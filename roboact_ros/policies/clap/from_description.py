"""Makes the CLAP-RF that a cell describes, or says why its run does not go with the cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ARM_WIDTH, ArmLayout, layout_named
from roboact_ros.policies.clap.representation import state_of_arm
from roboact_ros.policies.clap.rf import ClapRf, Meaning, StateRule, meaning_of_steps
from roboact_ros.policies.clap.robots import ClapRobot, robot_named
from roboact_ros.policies.clap.run_folder import ClapRun, read_run
from roboact_ros.policies.clap.statistics import Quantiles, read_statistics
from roboact_ros.policies.clip_step import torch_device
from roboact_ros.policies.seams import seams_of
from roboact_ros.types import FloatArray, ToolState


def clap_from_description(checkpoint: str, description: PolicyDescription, cell: Cell) -> ClapRf:
    """Load a run and fit it to a cell.

    Args:
        checkpoint: Folder of the run, or a file of weights in it.
        description: ``cell.policy``.
        cell: The cell it will drive.

    Raises:
        PolicyError: There is no run, or it was trained on another robot, other arms or more or fewer cameras; says
            what is wrong.
        ConfigurationError: ``policy.clap.robot`` is not known.
    """
    if not checkpoint or description.random:
        raise PolicyError(
            "clap needs the folder of a run: policy.checkpoint, as roboact train clap_rf writes it (DIR/best); there "
            "are none with random weights"
        )
    said, device = description.clap, torch_device(description.device)
    base = Path(said.base) if said.base else None
    run = read_run(Path(checkpoint), base, weights_type(device))
    config = run.config
    cameras = (description.camera, *description.more_cameras)
    if config.views and len(cameras) != len(config.views):
        raise PolicyError(
            f"{checkpoint} was trained with {len(config.views)} images ({', '.join(config.views)}), and the policy "
            f"looks through {', '.join(cameras)}: say policy.camera and policy.more_cameras"
        )
    robot = robot_named(said.robot or config.robot or cell.arm.model)
    layout = layout_in(robot, description, cell)
    hertz = said.hertz or config.fps
    if not hertz:
        raise PolicyError(f"{checkpoint} does not say how many steps a second has; say policy.clap.hertz")
    if said.actions == "steps":
        meaning, state = meaning_of_steps(run.statistics(), layout, said.metres, said.radians), None
    else:
        file = Path(said.statistics) if said.statistics else run.statistics_file
        quantiles = read_statistics(file, robot)
        meaning = meaning_of_poses(run, quantiles)
        state = state_rule(quantiles) if layout is robot.layout else None
    if run.network.heeds_state and config.state and state is None:
        raise PolicyError(f"{checkpoint} needs to know where both arms of {robot.name} are, and this cell has one")
    period_ns = round(1e9 / hertz)
    seams = seams_of(description)
    return ClapRf(run, meaning, layout, robot.name, period_ns, device, state=state, executed=said.executed, seams=seams)


def weights_type(device: torch.device) -> torch.dtype | None:
    """Return the type that weights are run in: bfloat16 where a GPU computes with it, None for that of the file."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None


def meaning_of_poses(run: ClapRun, quantiles: Quantiles) -> Meaning:
    """Return what actions mean that are scaled by quantiles: of the arms that exist, or of two.

    Raises:
        PolicyError: The run has another number of columns.
    """
    layout, columns = quantiles.robot.layout, run.config.columns
    own = int(layout.columns.sum())
    if columns not in (own, len(layout.columns)):
        raise PolicyError(
            f"{run.weights} makes actions of {columns} columns; those of {quantiles.robot.name} ({layout.value}) have "
            f"{own} or {len(layout.columns)}. Is it the run of another robot?"
        )
    return Meaning(
        lambda normalised: quantiles.actions(layout.padded(normalised) if columns == own else normalised),
        lambda relative: quantiles.normalised_actions(relative)[:, layout.columns if columns == own else slice(None)],
    )


def state_rule(quantiles: Quantiles) -> StateRule:
    """Return what turns the states of the arms that exist into (14,) normalised numbers."""
    layout = quantiles.robot.layout

    def rule(tools: Sequence[ToolState]) -> FloatArray:
        if len(tools) != sum(layout.mask):
            raise PolicyError(f"{quantiles.robot.name} has {sum(layout.mask)} arms, and {len(tools)} were seen")
        return quantiles.normalised_state(layout.padded(np.concatenate([_state_of(tool) for tool in tools])))

    return rule


def _state_of(tool: ToolState) -> FloatArray:
    return state_of_arm(tool.pose_tool_in_base, float(tool.open) if tool.opening is None else tool.opening)


def layout_in(robot: ClapRobot, description: PolicyDescription, cell: Cell) -> ArmLayout:
    """Return the arms of a cell whose steps a chunk has.

    Raises:
        PolicyError: The robot has one arm and the cell two.
    """
    two = robot.layout is ArmLayout.DUAL
    if cell.arms and not two:
        raise PolicyError(
            f"{robot.name} has one arm ({ARM_WIDTH} columns) and this cell two; give the run of a robot with two arms, "
            "or say policy.clap.robot"
        )
    return layout_named(description.clap.arm) if two and not cell.arms else robot.layout
