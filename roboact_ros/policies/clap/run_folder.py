"""Reads the folder of a CLAP-RF run as the authors' training writes it: configuration, statistics and weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.run_config import RunConfig, read_run_config
from roboact_ros.policies.clap.step_statistics import StepStatistics, read_step_statistics

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork

CONFIG, STATISTICS = "config.yaml", "dataset_statistics.json"
BASE = "base"
"""Folder in a run with all of the language model but its weights, which are the run's own."""
_LANGUAGE, _ACTION, _UNUSED = (
    "qwen_vl_interface.model.model.",
    "action_model.",
    "qwen_vl_interface.model.lm_head.weight",
)
_BLOCK = re.compile(r"language_model\.layers\.(\d+)\.")
_HEAD_BLOCKS = "model.transformer_blocks."
_ENDINGS = (".pt", ".safetensors")


@dataclass(frozen=True, slots=True, eq=False)
class ClapRun:
    """A run, ready to use.

    Attributes:
        network: Images to normalised actions, without the parts that no chunk needs.
        config: What the run says about itself.
        base: Folder of the language model, with its tokenizer.
        weights: The file that was read.
    """

    network: ChunkNetwork
    config: RunConfig
    base: Path
    weights: Path

    @property
    def statistics_file(self) -> Path:
        """The run's own statistics."""
        return self.weights.parent.parent / STATISTICS

    def statistics(self, key: str = "") -> StepStatistics:
        """Return the run's own statistics, for one that was trained on steps (7 columns).

        Raises:
            PolicyError: See :func:`read_step_statistics`.
        """
        return read_step_statistics(self.statistics_file, key)


def weights_in(run: Path) -> Path:
    """Return the file of weights in the folder of a run: the final ones, or those of the last step.

    Raises:
        PolicyError: There is none.
    """
    for ending in _ENDINGS:
        for final in sorted((run / "final_model").glob(f"*{ending}")):
            return final
    steps = {path: re.match(r"steps_(\d+)_", path.name) for path in sorted((run / "checkpoints").glob("steps_*"))}
    known = {path: int(match[1]) for path, match in steps.items() if match and path.suffix in _ENDINGS}
    if not known:
        raise PolicyError(f"{run} is no folder of a run: it has neither final_model/ nor checkpoints/steps_N_… in it")
    return max(known, key=lambda path: known[path])


def read_run(path: Path, base: Path | None = None, dtype: torch.dtype | None = None) -> ClapRun:
    """Read a run.

    Args:
        path: Its folder, or a file of weights in ``checkpoints`` or ``final_model`` of it.
        base: Folder of the language model that training began with; by default the one in the run, or where
            config.yaml says.
        dtype: Of the weights; as in the file (bfloat16) without it.

    Raises:
        PolicyError: Something is missing, or belongs to another model; says what.
    """
    from roboact_ros.policies.nets.checkpoint import read_state_dict
    from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork

    weights = weights_in(path) if path.is_dir() else path
    if weights.suffix not in _ENDINGS:
        raise PolicyError(f'"{weights}" is no file of weights; it ends in {" or ".join(_ENDINGS)}')
    run = weights.parent.parent
    if missing := [name for name in (CONFIG, STATISTICS) if not (run / name).is_file()]:
        raise PolicyError(f"{run} is no folder of a run: it has no {' and no '.join(missing)}")
    config = read_run_config(run / CONFIG)
    folder = base or (run / BASE if (run / BASE).is_dir() else config.base)
    content = read_state_dict(weights)
    language = {key.removeprefix(_LANGUAGE): value for key, value in content.items() if key.startswith(_LANGUAGE)}
    action = {key.removeprefix(_ACTION): value for key, value in content.items() if key.startswith(_ACTION)}
    strangers = len(content) - len(language) - len(action) - (_UNUSED in content)
    if not language or not action or strangers:
        found = sorted({key.partition(".")[0] for key in content})
        raise PolicyError(
            f'checkpoint "{weights}" is not one of CLAP-RF, which has {_LANGUAGE}… and {_ACTION}…; '
            f"it has {', '.join(found)}"
        )
    blocks = 1 + max((int(match[1]) for match in map(_BLOCK.match, language) if match), default=-1)
    taps = config.taps_of(blocks)
    head = _head(action, config, weights)
    vlm = _language_model(language, folder, taps, blocks, weights)
    if dtype is not None:
        vlm, head = vlm.to(dtype), head.to(dtype)
    return ClapRun(ChunkNetwork(vlm, head, config.flow_steps), config, folder, weights)


def _head(weights: Mapping[str, Tensor], config: RunConfig, path: Path) -> Any:
    import torch

    from roboact_ros.policies.nets.checkpoint import load_weights
    from roboact_ros.policies.nets.clap.flow_blocks import HEAD_WIDTH
    from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape

    try:
        future, width = weights["future_tokens.weight"].shape
        shape = FlowHeadShape(
            width=width,
            layers=len({key.split(".")[2] for key in weights if key.startswith(_HEAD_BLOCKS)}),
            actions=len(weights["action_decoder.layer2.weight"]),
            state=weights["state_encoder.layer1.weight"].shape[1],
            horizon=config.horizon,
            future=future,
            positions=len(weights["position_embedding.weight"]),
            unused=len(weights["model.proj_out_2.weight"]),
            self_attention=any(".attn2." in key for key in weights),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise PolicyError(f'checkpoint "{path}" holds no flow head: {error}') from error
    if shape.actions != config.columns or shape.width % HEAD_WIDTH or shape.horizon > shape.positions:
        raise PolicyError(
            f'checkpoint "{path}" and its {CONFIG} do not fit: actions of {shape.actions} and {config.columns} '
            f"columns, width {shape.width}, {shape.horizon} of at most {shape.positions} steps"
        )
    with torch.device("meta"):
        head = FlowHead(shape)
    load_weights(head, weights, path, "CLAP-RF's flow head", assign=True)
    return head.eval().requires_grad_(False)


def _language_model(weights: Mapping[str, Tensor], base: Path, taps: tuple[int, ...], blocks: int, path: Path) -> Any:
    import torch

    from roboact_ros.policies.nets.checkpoint import load_weights
    from roboact_ros.policies.nets.clap.vlm import TappedVlm

    try:
        from transformers import AutoConfig, AutoModel
    except ImportError as error:
        raise PolicyError(f"CLAP needs transformers: pip install 'roboact_ros[clap]' ({error})") from error
    if not (base / "config.json").is_file():
        raise PolicyError(
            f'"{base}" is not the folder of the language model that the run began with (it has no config.json); '
            "say where it is. Nothing is downloaded"
        )
    try:
        config = AutoConfig.from_pretrained(str(base), local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise PolicyError(f"{base / 'config.json'} cannot be used: {error}") from error
    if config.model_type != "qwen3_vl":
        raise PolicyError(f"{base / 'config.json'} is of a {config.model_type}; CLAP's language model is a qwen3_vl")
    if not taps or taps[-1] >= blocks:
        raise PolicyError(
            f'checkpoint "{path}" has {blocks} blocks of a language model; the head listens to {list(taps)}'
        )
    # Blocks that no chunk needs are not even built.
    config.text_config.num_hidden_layers = taps[-1] + 1
    if (words := weights.get("language_model.embed_tokens.weight")) is not None:
        config.text_config.vocab_size = len(words)
    with torch.device("meta"):
        model = AutoModel.from_config(config)
    kept = {key: value for key, value in weights.items() if not ((m := _BLOCK.match(key)) and int(m[1]) > taps[-1])}
    load_weights(model, kept, path, "Qwen3-VL", assign=True)
    # Its table has no memory after being made on "meta", and the tapped model computes its own.
    model.visual.rotary_pos_emb = torch.nn.Identity()
    return TappedVlm(model, taps).eval().requires_grad_(False)
