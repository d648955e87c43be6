"""A trained CLAP-RF on disk: the folder of a run in the released layout, which a policy of kind ``clap`` loads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from roboact_ros.policies.clap.run_config import FRAMEWORK
from roboact_ros.policies.clap.run_folder import BASE, CONFIG, STATISTICS
from roboact_ros.policies.manifest import MANIFEST
from roboact_train.clap.rf_base import RfBase
from roboact_train.clap.rf_batch import RfBatches
from roboact_train.clap.rf_objective import RfObjective
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.clap.rf_weights import ACTION, LANGUAGE
from roboact_train.training.finished import whole_folder, write_manifest

KIND = "clap_rf"
_WEIGHTS = Path("final_model", "model.safetensors")
_COPIED = ("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json")
_KL = {"released": "reverse_kl", "released_kl": "kl", "paper": "kl"}


def write_run(
    folder: Path,
    objective: RfObjective,
    base: RfBase,
    batches: RfBatches,
    settings: RfSettings,
    notes: Mapping[str, Any],
) -> None:
    """Write it in one step; an older one is replaced.

    Raises:
        ConfigurationError: The disk refused.
    """
    dtype = getattr(torch, settings.export)
    parts = ((LANGUAGE, objective.model), (ACTION, objective.head))
    weights = {f"{start}{name}": value for start, part in parts for name, value in part.state_dict().items()}
    # Copies, as the tied head and the words are one tensor, and files of that form have none twice.
    whole = {name: value.detach().to("cpu", dtype, copy=True).contiguous() for name, value in weights.items()}
    with whole_folder(folder) as unfinished:
        file = unfinished / _WEIGHTS
        file.parent.mkdir()
        save_file(whole, file, metadata={"format": "pt"})
        (unfinished / CONFIG).write_text(yaml.safe_dump(run_config(base, batches, settings), sort_keys=False))
        robot, statistics = batches.quantiles.robot.statistics, batches.quantiles.to_notes()
        (unfinished / STATISTICS).write_text(json.dumps({robot: statistics}, indent=2) + "\n")
        (unfinished / BASE).mkdir()
        for name in _COPIED:
            if (base.folder / name).is_file():
                shutil.copyfile(base.folder / name, unfinished / BASE / name)
        write_manifest(file, sum(value.numel() for value in whole.values()), {"kind": KIND, **notes})
        file.with_name(MANIFEST).rename(unfinished / MANIFEST)


def run_config(base: RfBase, batches: RfBatches, settings: RfSettings) -> dict[str, Any]:
    """Return what the run says about itself, by the released names; ``robot_type``, ``fps`` and ``views`` are ours."""
    columns, width = int(batches.columns.sum()), base.model.config.text_config.hidden_size
    rule = settings.rule
    head = {
        "action_dim": columns,
        "state_dim": columns,
        "action_horizon": settings.horizon,
        "future_action_window_size": settings.horizon - 1,
        "num_dit_layers": len(settings.taps),
        "vl_layer_indices": list(settings.taps),
        "num_inference_timesteps": settings.flow_steps,
        "diffusion_model_cfg": {"dropout": settings.dropout, "interleave_self_attention": settings.self_attention},
    }
    framework = {
        "name": FRAMEWORK,
        "qwenvl": {"base_vlm": str(base.folder.absolute()), "vl_hidden_dim": width},
        "action_model": head,
        "enable_ki": settings.insulated,
        "kl_loss_weight": settings.matching_weight if rule is not None else 0.0,
        "kl_type": _KL.get(settings.matching, "reverse_kl"),
    }
    data = {
        "data_mix": batches.quantiles.robot.name,
        "obs_image_size": [settings.height, settings.width],
        "include_state": settings.self_attention and settings.state,
        "robot_type": batches.quantiles.robot.name,
        "fps": batches.fps,
        "views": list(batches.views),
    }
    return {"framework": framework, "datasets": {"vla_data": data}, "trainer": {}, "version_id": "0.21"}
