"""A whole observation becomes a chunk of the arm."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from tiny_run import write_tiny_run

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.rf import ClapRf, meaning_of_steps
from roboact_ros.policies.clap.run_folder import ClapRun, read_run
from roboact_ros.policies.underway import Underway, places, rest_of, steps_of_poses
from roboact_ros.types import Frame


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ClapRun:
    words = ("open", "close", "the", "drawer")
    folder = write_tiny_run(tmp_path_factory.mktemp("run"), words, 4096, [-1.0] * 6 + [0.0], [1.0] * 7)
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


def test_an_instruction_begins_the_noise_anew_and_makes_ready_what_images_need(
    run: ClapRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts, prompt = [0], run.network.vlm.prompt

    def counted(*given: Any) -> Any:
        prompts[0] += 1
        return prompt(*given)

    monkeypatch.setattr(run.network.vlm, "prompt", counted)
    known = dataclasses.replace(run.config, views=("front", "wrist"), image_size=(24, 16))
    one, other = policy(dataclasses.replace(run, config=known)), policy(run)
    one.instruct("open the drawer")
    assert prompts == [1], "the run says which images will come"
    first, second = (one.act(frame()).steps for _ in range(2))
    one.instruct("open the drawer")
    assert np.array_equal(one.act(frame()).steps, first) and not np.array_equal(first, second)
    assert prompts == [1], "the same words need nothing new"

    other.instruct("open the drawer")
    other.act(frame())
    assert prompts == [2], "what images will come was not known before the first"
    other.instruct("close the drawer")
    assert prompts == [3]
    other.act(frame())
    assert prompts == [3]


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
