"""LIBERO: the rules between it and CLAP by hand-made numbers, and whole episodes with a stand-in for the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from libero_stand_in import ENVIRONMENT, PATHS, write_libero
from policy_server import good, served

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, SimulationError
from roboact_train.evaluate.libero.adapter import (
    NOTHING,
    SETTLING,
    LiberoObservation,
    libero_action,
    policy_images,
    policy_state,
)
from roboact_train.evaluate.libero.connection import Libero
from roboact_train.evaluate.libero.policy import RandomSteps, weights_of
from roboact_train.evaluate.libero.server import recolour
from roboact_train.evaluate.libero.suites import SUITES, chosen_libero_tasks
from roboact_train.evaluate.libero.trial import LiberoTrial


def observation(quaternion: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0), size: int = 256) -> LiberoObservation:
    front = np.zeros((size, size, 3), np.uint8)
    front[: size // 2, : size // 2, 0] = 255
    wrist = np.zeros((size, size, 3), np.uint8)
    wrist[-10:, :, 2] = 100
    return LiberoObservation(front, wrist, np.array([0.1, -0.2, 0.9]), np.array(quaternion), np.array([0.04, -0.03]))


def test_images_are_turned_by_half_a_turn_and_scaled() -> None:
    front, wrist = policy_images(observation())
    assert front.shape == wrist.shape == (224, 224, 3) and front.dtype == np.uint8
    assert (front[115:, 115:, 0] == 255).all() and not front[:110].any() and not front[:, :110].any()
    assert (wrist[:8, :, 2] == 100).all() and not wrist[10:].any()


@pytest.mark.parametrize(
    ("quaternion", "turn"),
    [
        ((0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
        ((0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)), (0.0, 0.0, np.pi / 2)),
        ((1.0, 0.0, 0.0, 0.0), (np.pi, 0.0, 0.0)),
        ((0.0, 0.6, 0.0, -0.8), (0.0, 2 * np.arccos(-0.8), 0.0)),
        ((0.0, 0.0, 0.0, 1.0 + 1e-9), (0.0, 0.0, 0.0)),
    ],
)
def test_the_state_is_position_rotation_vector_and_fingers(quaternion: Any, turn: Any) -> None:
    state = policy_state(observation(quaternion))
    np.testing.assert_allclose(state, [0.1, -0.2, 0.9, *turn, 0.04, -0.03], atol=1e-12)


@pytest.mark.parametrize(("gripper", "sent"), [(1.0, -1.0), (0.51, -1.0), (0.5, 1.0), (0.0, 1.0), (-3.0, 1.0)])
def test_the_gripper_is_open_above_one_half_and_all_else_is_passed_on(gripper: float, sent: float) -> None:
    row = np.array([0.1, -0.9, 0.3, 1.2, -0.05, 0.0, gripper])
    np.testing.assert_array_equal(libero_action(row), [0.1, -0.9, 0.3, 1.2, -0.05, 0.0, sent])


@pytest.mark.parametrize("row", [np.zeros(6), np.full(7, np.nan)])
def test_what_is_no_action_is_refused(row: Any) -> None:
    with pytest.raises(PolicyError, match=r"\(7,\)"):
        libero_action(row)


def test_suites_have_the_lengths_of_the_published_evaluation() -> None:
    assert {suite: (of.tasks, of.steps) for suite, of in SUITES.items()} == {
        "libero_spatial": (10, 220),
        "libero_object": (10, 280),
        "libero_goal": (10, 300),
        "libero_10": (10, 520),
        "libero_90": (90, 400),
    }
    assert SETTLING == 10 and NOTHING == (0.0,) * 6 + (-1.0,)
    assert len(chosen_libero_tasks(["all"])) == 40
    assert chosen_libero_tasks(["libero_goal/3", "libero_goal/3", "libero_10/9"]) == [
        ("libero_goal", 3),
        ("libero_10", 9),
    ]
    with pytest.raises(ConfigurationError, match='did you mean "libero_spatial"'):
        chosen_libero_tasks(["libero_spacial"])
    with pytest.raises(ConfigurationError, match="libero_goal/0 to libero_goal/9"):
        chosen_libero_tasks(["libero_goal/10"])


def test_the_robot_turns_grey_and_collision_shapes_vanish() -> None:
    space: dict[str, Any] = {}
    exec(ENVIRONMENT, space)
    model = space["Model"]()
    recolour(model)
    assert model.geom_group.tolist() == [1, 4, 1]
    np.testing.assert_allclose(model.geom_rgba[:, :3], [[0.9, 0.6, 0.3], [0.6] * 3, [0.6] * 3])
    np.testing.assert_allclose(model.mat_rgba, [[0.4, 0.4, 0.4, 0.5]])


def test_an_episode_settles_and_ends_with_success_or_after_its_steps(tmp_path: Path) -> None:
    with Libero(write_libero(tmp_path)) as libero:
        results = [LiberoTrial("random", "libero_spatial", 4, state, 20).run(libero) for state in (0, 1, 2)]
    assert [(result.task, result.seed) for result in results] == [("libero_spatial/4", state) for state in (0, 1, 2)]
    assert [(result.success, result.motions) for result in results] == [(True, 3), (False, 20), (True, 4)]
    sent = np.loadtxt(tmp_path / "actions")
    assert len(sent) == 3 * SETTLING + 3 + 20 + 4
    np.testing.assert_array_equal(sent[:SETTLING], [NOTHING] * SETTLING)
    drawn = RandomSteps("libero_spatial/4", 0).chunk(observation())[:3]
    np.testing.assert_allclose(sent[SETTLING : SETTLING + 3, :6], drawn[:, :6])
    np.testing.assert_array_equal(sent[SETTLING : SETTLING + 3, 6], np.where(drawn[:, 6] > 0.5, -1.0, 1.0))


def test_a_server_is_shown_both_images_and_asked_once_for_eight_steps(tmp_path: Path) -> None:
    chunk = np.arange(10 * 7, dtype=np.float32).reshape(1, 10, 7) / 100
    with served() as server, Libero(write_libero(tmp_path)) as libero:
        server.answering = lambda request: good(request, chunk)
        result = LiberoTrial(f"remote:{server.address}", "libero_spatial", 4, 1, 20).run(libero)
    assert (result.success, result.motions) == (False, 20)
    assert len(server.requests) == 3
    for number, request in enumerate(server.requests):
        (example,) = request["payload"]["examples"]
        assert example.keys() == {"image", "lang"} and example["lang"] == "put bowl 4 on the plate"
        front, wrist = example["image"]
        assert front.shape == wrist.shape == (224, 224, 3)
        assert not front[:110].any() and (front[115:, 115:] == 200).all()
        assert (wrist == SETTLING + 8 * number).all()
    sent = np.loadtxt(tmp_path / "actions")[SETTLING:]
    np.testing.assert_allclose(sent[:, :6], chunk[0, [*range(8), *range(8), *range(4)], :6], rtol=1e-6)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros((1, 8, 14), np.float32), r"\(1, 8, 14\); valid are actions of \(1, steps, 7\)"),
        (np.full((1, 8, 7), "abc"), "actions of the type <U3; valid are numbers"),
    ],
)
def test_a_server_that_sends_other_columns_or_text_is_refused(tmp_path: Path, actions: Any, message: str) -> None:
    with served() as server, Libero(write_libero(tmp_path)) as libero:
        server.answering = lambda request: good(request, actions)
        with pytest.raises(PolicyError, match=message):
            LiberoTrial(f"remote:{server.address}", "libero_spatial", 4, 1, 20).run(libero)


def test_the_command_prints_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", "libero", "--policy", "random", "--tasks", "libero_spatial/0", "libero_spatial/7", "--json"]
    assert main([*command, "--episodes", "2", "--motions", "5", "--python", write_libero(tmp_path)]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["mean"] == 0.5 and summary["tasks"]["libero_spatial/7"]["episodes"] == 2
    assert (summary["policy"], summary["privileged"], summary["motions"]) == ("random", False, 5)


def test_what_is_missing_is_said_with_the_way_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["eval", "libero", "--policy", "random", "--tasks", "libero_spatial/0", "--episodes", "1", "--python"]
    assert main([*command, sys.executable]) != 0
    said = capsys.readouterr().err
    assert "cannot run LIBERO: No module named 'libero'" in said and 'pip install "libero' in said
    assert main([*command, str(tmp_path / "none")]) != 0
    assert "cannot be run" in capsys.readouterr().err
    asking = write_libero(tmp_path, f"input('Where are your data sets? ')\n{PATHS}")
    assert main([*command, asking]) != 0
    assert "was never set up" in capsys.readouterr().err


def test_more_episodes_than_there_are_states_are_refused(tmp_path: Path) -> None:
    with Libero(write_libero(tmp_path)) as libero, pytest.raises(ConfigurationError, match="has 3 initial states"):
        libero.reset("libero_spatial", 0, 3)


def test_a_libero_that_dies_says_why(tmp_path: Path) -> None:
    python = write_libero(tmp_path)
    with Libero(python) as libero:
        libero.reset("libero_spatial", 0, 0)
        (tmp_path / "actions").mkdir()
        with pytest.raises(SimulationError, match="IsADirectoryError"):
            libero.step(np.array(NOTHING))


def test_policies_that_are_none_are_named() -> None:
    with pytest.raises(PolicyError, match="remote:ws://HOST:PORT"):
        weights_of("tabletop")


@pytest.mark.parametrize(
    "option",
    [
        ["--split", "unseen"],
        ["--size", "64", "64"],
        ["--motions", "0"],
        ["--camera", "x"],
        ["--base", "qwen"],
        ["--seed", "5"],
    ],
)
def test_options_of_other_suites_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "libero", "--policy", "random", *option]) != 0
    assert option[0] in capsys.readouterr().err
