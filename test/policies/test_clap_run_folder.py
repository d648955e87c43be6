"""A run folder in the released layout, made here, is read; those of other models are refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from tiny_qwen import COLUMNS, LAYERS, ROWS, WIDTH, tiny_config, tiny_pixels, tiny_prompt, tiny_qwen
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.run_config import read_run_config
from roboact_ros.policies.clap.run_folder import read_run, weights_in
from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.vlm import TappedVlm

TAPS = (0, 2, 3)
FRANKA = {"action": {"min": [-1.0] * 6 + [0.0], "max": [3.0] * 6 + [1.0]}}


def config(**head: Any) -> dict[str, Any]:
    of_head = {"action_dim": 7, "state_dim": 7, "action_horizon": 8, "vl_layer_indices": list(TAPS), **head}
    of_head = {key: value for key, value in of_head.items() if value is not None}
    return {
        "framework": {"name": "QwenPIKM", "qwenvl": {"base_vlm": "./pretrained/clap-s3-l32"}, "action_model": of_head},
        "datasets": {"vla_data": {"data_mix": "libero_all", "obs_image_size": [240, 320]}},
        "trainer": {},
    }


def write_run(folder: Path, weights: dict[str, Tensor], said: dict[str, Any]) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(said))
    (folder / "dataset_statistics.json").write_text(json.dumps({"franka": FRANKA}))
    path = folder / "checkpoints" / "steps_40000_pytorch_model.pt"
    torch.save(weights, path)
    return path


@pytest.fixture(scope="module")
def parts() -> tuple[Any, FlowHead, dict[str, Tensor]]:
    model, head = tiny_qwen(), FlowHead(FlowHeadShape(width=WIDTH, layers=3)).eval().requires_grad_(False)
    weights = {f"qwen_vl_interface.model.{name}": value.clone() for name, value in model.state_dict().items()}
    return model, head, weights | {f"action_model.{name}": value for name, value in head.state_dict().items()}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap-s3-l32")
    tiny_config().save_pretrained(folder)
    return folder


def test_a_run_makes_the_chunks_of_its_weights(
    parts: tuple[Any, FlowHead, dict[str, Tensor]], base: Path, tmp_path: Path
) -> None:
    model, head, weights = parts
    names = ("lm_head.weight", "model.language_model.embed_tokens.weight", "model.visual.merger.linear_fc2.bias")
    assert {f"qwen_vl_interface.model.{name}" for name in names} <= weights.keys()
    file = write_run(tmp_path / "run", weights, config())
    save_file({key: value.contiguous() for key, value in weights.items()}, file.with_name("steps_9_model.safetensors"))
    pixels, noise = tiny_pixels(), torch.randn(1, 8, 7)
    network = ChunkNetwork(TappedVlm(model.model, TAPS), head)
    expected = network(pixels, noise, network.vlm.prompt(tiny_prompt(), ROWS, COLUMNS))
    assert weights_in(tmp_path / "run") == file
    for path in (tmp_path / "run", file.with_name("steps_9_model.safetensors")):
        run = read_run(path, base)
        assert len(run.network.vlm.layers) == TAPS[-1] + 1 < LAYERS
        made = run.network(pixels, noise, run.network.vlm.prompt(tiny_prompt(), ROWS, COLUMNS))
        torch.testing.assert_close(made, expected)
    assert (run.config.horizon, run.config.flow_steps, run.config.image_size) == (8, 4, (320, 240))
    steps = run.statistics().actions(np.array([[0.0] * 6 + [0.3], [-1.0] * 7]))
    assert steps.tolist() == [[1.0] * 6 + [0.3], [-1.0] * 7]
    with pytest.raises(PolicyError, match='has no statistics "libero"'):
        run.statistics("libero")
    small = read_run(tmp_path / "run", base, torch.bfloat16)
    made = small.network(pixels, noise, small.network.vlm.prompt(tiny_prompt(), ROWS, COLUMNS))
    assert made.dtype == torch.float32
    assert torch.cosine_similarity(made.flatten(), expected.flatten(), dim=0).item() > 0.99


def test_runs_of_other_models_are_refused(
    parts: tuple[Any, FlowHead, dict[str, Tensor]], base: Path, tmp_path: Path
) -> None:
    _, _, weights = parts
    language = {key: value for key, value in weights.items() if not key.startswith("action_model.")}
    short = {key: value for key, value in weights.items() if "layers.1.mlp.up_proj" not in key}
    other_names = {f"vlm.{key}": value for key, value in weights.items()}
    autoregressive = config()
    autoregressive["framework"]["name"] = "QwenAR"
    cases = {
        "language": (language, config(), "not one of CLAP-RF, which has .* it has qwen_vl_interface"),
        "short": (short, config(), r"missing language_model\.layers\.1\.mlp\.up_proj\.weight"),
        "other": (other_names, config(), "it has vlm"),
        "name": (weights, autoregressive, 'framework.name is "QwenAR"; only QwenPIKM'),
        "columns": (weights, config(action_dim=14), "do not fit: actions of 7 and 14 columns"),
        "taps": (weights, config(vl_layer_indices=[0, 2]), "has 3 blocks of width 64; .* tapped 2 times"),
        "beyond": (weights, config(vl_layer_indices=[0, 2, 7]), r"has 5 blocks .* listens to \[0, 2, 7\]"),
    }
    for name, (content, said, message) in cases.items():
        write_run(tmp_path / name, content, said)
        with pytest.raises(PolicyError, match=message):
            read_run(tmp_path / name, base)
    with pytest.raises(PolicyError, match=r"has no config\.json.*Nothing is downloaded"):
        read_run(tmp_path / "taps", tmp_path)
    with pytest.raises(PolicyError, match="neither final_model/ nor checkpoints"):
        read_run(tmp_path, base)
    (tmp_path / "name" / "config.yaml").unlink()
    with pytest.raises(PolicyError, match=r"is no folder of a run: it has no config\.yaml"):
        read_run(tmp_path / "name", base)


def test_what_a_run_says_about_itself(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"

    def said(**head: Any) -> Any:
        path.write_text(yaml.safe_dump(config(**head)))
        return read_run_config(path)

    assert said().taps_of(36) == TAPS and said().base == Path("pretrained/clap-s3-l32")
    assert said(vl_layer_indices=None).taps_of(4) == (0, 1, 2, 3)
    assert said(vl_layer_indices=None, num_dit_layers=3).taps_of(36) == (33, 34, 35)
    assert said(action_horizon=None, future_action_window_size=31).horizon == 32
    for head, message in (
        ({"action_dim": None}, "action_dim is a positive number, not None"),
        ({"action_horizon": "8"}, "action_horizon is a positive number, not '8'"),
        ({"num_dit_layers": 16}, "num_dit_layers is 16, but vl_layer_indices lists 3"),
    ):
        with pytest.raises(PolicyError, match=message):
            said(**head)
    for data, message in (
        ({"obs_image_size": [0, 224]}, r"height and width, not \[0, 224\]"),
        ({"obs_image_size": [True, 224]}, r"height and width, not \[True, 224\]"),
        ({"include_state": "false"}, "include_state is true or false, not 'false'"),
        ({"fps": True}, "fps is a number of steps per second, not True"),
    ):
        path.write_text(yaml.safe_dump(config() | {"datasets": {"vla_data": data}}))
        with pytest.raises(PolicyError, match=message):
            read_run_config(path)
    path.write_text("framework: {name: QwenPIKM}")
    with pytest.raises(PolicyError, match=r"it has no framework\.action_model"):
        read_run_config(path)
