"""The ``config.yaml`` of a run of CLAP-RF: what of it matters for inference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import yaml

from roboact_ros.errors import PolicyError

FRAMEWORK = "QwenPIKM"
"""How the released code calls CLAP-RF."""
RELEASED_TAPS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
"""Blocks whose outputs the head sees that was released for LIBERO."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What a run says about itself.

    Attributes:
        base: Folder of the language model that training began with; relative to where that was.
        columns: Of an action.
        horizon: Steps of a chunk.
        flow_steps: Of Euler's method.
        taps: Blocks of the language model that the head listens to; None where the number of them follows.
        tapped: How many; None for all.
        image_size: Width and height that images are given before all else; None for no change.
        robot: ``robot_type`` that the prompt named; empty where the run does not say.
        fps: Steps per second [1/s], likewise 0.
        views: What the images showed, in order, likewise empty.
        state: Whether the head was told the state of the arms.
    """

    base: Path
    columns: int
    horizon: int
    flow_steps: int
    taps: tuple[int, ...] | None
    tapped: int | None
    image_size: tuple[int, int] | None
    robot: str = ""
    fps: float = 0.0
    views: tuple[str, ...] = ()
    state: bool = False

    def taps_of(self, blocks: int) -> tuple[int, ...]:
        """Return the tapped blocks of a language model that has so many; without a list they are its last ones."""
        if self.taps is not None:
            return self.taps
        return tuple(range(blocks))[-(self.tapped or blocks) :]


def read_run_config(path: Path) -> RunConfig:
    """Read it.

    Raises:
        PolicyError: It cannot be read, is of another model or lacks something.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PolicyError(f"{path} is no configuration of a run: {error}") from error
    name = _entry(config, path, "framework.name")
    if name != FRAMEWORK:
        raise PolicyError(f'{path}: framework.name is "{name}"; only {FRAMEWORK} makes chunks by a flow head')
    head = _entry(config, path, "framework.action_model")
    if not isinstance(head, dict):
        raise PolicyError(f"{path}: framework.action_model should be a mapping, not {head!r}")
    taps, size = head.get("vl_layer_indices"), _optional(config, "datasets.vla_data.obs_image_size")
    if taps is not None and not (isinstance(taps, list) and all(isinstance(tap, int) for tap in taps)):
        raise PolicyError(f"{path}: vl_layer_indices is a list of numbers, not {taps!r}")
    if size is not None and not (isinstance(size, list) and len(size) == 2 and all(map(_positive, size))):
        raise PolicyError(f"{path}: obs_image_size is height and width, not {size!r}")
    if "action_horizon" in head:
        horizon = _number(head, path, "action_horizon")
    else:
        horizon = _number(head, path, "future_action_window_size") + 1
    tapped = _number(head, path, "num_dit_layers") if "num_dit_layers" in head else None
    if taps is not None and tapped not in (None, len(taps)):
        raise PolicyError(f"{path}: num_dit_layers is {tapped}, but vl_layer_indices lists {len(taps)} blocks")
    data = _optional(config, "datasets.vla_data") or {}
    if not isinstance(data, dict):
        raise PolicyError(f"{path}: datasets.vla_data is a mapping, not {data!r}")
    fps, views, state = data.get("fps", 0.0), data.get("views", []), data.get("include_state", False)
    if not isinstance(fps, (int, float)) or isinstance(fps, bool) or not 0.0 <= fps < 1e4:
        raise PolicyError(f"{path}: fps is a number of steps per second, not {fps!r}")
    if not isinstance(views, list) or not all(isinstance(view, str) for view in views):
        raise PolicyError(f"{path}: views is a list of names, not {views!r}")
    if not isinstance(state, bool):
        raise PolicyError(f"{path}: include_state is true or false, not {state!r}")
    return RunConfig(
        base=Path(str(_entry(config, path, "framework.qwenvl.base_vlm"))),
        columns=_number(head, path, "action_dim"),
        horizon=horizon,
        flow_steps=_number(head, path, "num_inference_timesteps") if "num_inference_timesteps" in head else 4,
        taps=None if taps is None else tuple(taps),
        tapped=tapped,
        # Training reads it as height and width.
        image_size=None if size is None else (size[1], size[0]),
        robot=str(data.get("robot_type") or ""),
        fps=float(fps),
        views=tuple(views),
        state=state,
    )


def _optional(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config.get(part) if isinstance(config, dict) else None
    return config


def _entry(config: Any, path: Path, key: str) -> Any:
    found = _optional(config, key)
    if found is None:
        raise PolicyError(f"{path} is no configuration of a CLAP-RF run: it has no {key}")
    return found


def _number(head: dict[str, Any], path: Path, key: str) -> int:
    value = head.get(key)
    if not _positive(value):
        raise PolicyError(f"{path}: framework.action_model.{key} is a positive number, not {value!r}")
    return value


def _positive(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
