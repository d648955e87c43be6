"""A whole observation becomes a chunk of the arm."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tiny_qwen import IMAGE, WIDTH, tiny_config, tiny_qwen
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.rf import ClapRf, meaning_of_steps
from roboact_ros.policies.clap.run_folder import ClapRun, read_run
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.underway import Underway, places, rest_of, steps_of_poses
from roboact_ros.types import Frame

MARKS = {"<|im_start|>": 50, "<|im_end|>": 51, "<|vision_start|>": 61, "<|vision_end|>": 62, "<|image_pad|>": IMAGE}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ClapRun:
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("run")
    tiny_config().save_pretrained(base)
    words = {word: number for number, word in enumerate(("?", "franka", "open", "close", "the", "drawer"))}
    tokenizer = Tokenizer(WordLevel({**words, **MARKS}, unk_token="?"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.add_special_tokens(list(MARKS))
    tokenizer.save(str(base / "tokenizer.json"))
    rule = {"patch_size": 4, "merge_size": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (base / "preprocessor_config.json").write_text(json.dumps({**rule, "min_pixels": 64, "max_pixels": 4096}))
    head = {"action_dim": 7, "action_horizon": 8, "vl_layer_indices": [0, 2]}
    said = {"framework": {"name": "QwenPIKM", "qwenvl": {"base_vlm": str(base)}, "action_model": head}}
    (folder / "config.yaml").write_text(yaml.safe_dump(said))
    steps = {"min": [-1.0] * 6 + [0.0], "max": [1.0] * 7}
    (folder / "dataset_statistics.json").write_text(json.dumps({"franka": {"action": steps}}))
    (folder / "final_model").mkdir()
    weights = {f"qwen_vl_interface.model.{name}": value for name, value in tiny_qwen().state_dict().items()}
    torch.manual_seed(1)
    flow = FlowHead(FlowHeadShape(width=WIDTH, layers=2))
    weights |= {f"action_model.{name}": value for name, value in flow.state_dict().items()}
    torch.save(weights, folder / "final_model" / "pytorch_model.pt")
    return read_run(folder)


def policy(run: ClapRun, **given: Any) -> ClapRf:
    layout = ArmLayout.SINGLE_RIGHT
    meaning = meaning_of_steps(run.statistics(), layout, metres=0.005, radians=0.02)
    return ClapRf(run, meaning, layout, "franka", 50_000_000, torch.device("cpu"), **given)


def frame(seed: int = 0, width: int = 24) -> Frame:
    image = np.random.default_rng(seed).integers(0, 256, (16, width, 3), dtype=np.uint8)
    return Frame("front", 7, image, beside=(Frame("wrist", 7, image[:, ::-1].copy()),))


def test_an_observation_becomes_a_chunk(run: ClapRun) -> None:
    one, other = policy(run), policy(run)
    with pytest.raises(PolicyError, match="no instruction"):
        one.act(frame())
    for each in (one, other):
        each.instruct("open the drawer")
    chunk = one.act(frame())
    assert (chunk.steps.shape, chunk.period_ns, chunk.stamp_ns) == ((8, 7), 50_000_000, 7)
    assert np.isfinite(chunk.steps).all() and np.abs(chunk.steps[:, :6]).max() > 0.0
    assert np.array_equal(other.act(frame()).steps, chunk.steps)  # the same noise

    def first(instruction: str, seen: Frame) -> Any:
        fresh = policy(run)
        fresh.instruct(instruction)
        return fresh.act(seen).steps

    assert not np.array_equal(first("close the drawer", frame()), chunk.steps)
    assert not np.array_equal(first("open the drawer", frame(seed=1)), chunk.steps)
    assert first("open the drawer", frame(width=32)).shape == (8, 7)
    assert not np.array_equal(one.act(frame()).steps, chunk.steps)  # other noise


def test_a_chunk_goes_on_from_the_one_underway(run: ClapRun) -> None:
    first = policy(run)
    first.instruct("open the drawer")
    old = first.act(frame())
    moved = places(old.steps, np.array([3.0]))
    later = dataclasses.replace(frame(seed=1), stamp_ns=7 + 3 * 50_000_000)
    underway = Underway(old, moved, 3.0, later.stamp_ns + 100_000_000)
    rest = rest_of(underway, later.stamp_ns, 8, 50_000_000)

    def off(seams: str) -> float:
        one = policy(run, seams=seams, seed=5)
        one.instruct("open the drawer")
        chunk = one.act_during(later, underway) if seams else one.act(later)
        assert (chunk.steps.shape, chunk.stamp_ns) == ((8, 7), later.stamp_ns)
        return float(np.abs(chunk.steps[:5, :3] - steps_of_poses(rest.poses[0], rest.openings[0])[:5, :3]).mean())

    assert off("inpaint") < 0.9 * off("")
    assert off("select") < off("")


def test_images_of_several_sizes_are_refused(run: ClapRun) -> None:
    one = policy(run)
    one.instruct("open the drawer")
    mixed = Frame("front", 7, frame().image, beside=(frame(width=32),))
    with pytest.raises(PolicyError, match="images of CLAP are of one size"):
        one.act(mixed)
