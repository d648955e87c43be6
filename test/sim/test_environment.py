"""The Gymnasium environment keeps the contract of Gymnasium."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from roboact_ros.errors import ConfigurationError, SimulationError  # noqa: E402
from roboact_ros.language.vocabulary import PRIMITIVES  # noqa: E402
from roboact_ros.sim.environment import TabletopEnvironment  # noqa: E402
from roboact_ros.sim.tasks.suite import MOST_MOTIONS  # noqa: E402
from roboact_ros.sim.teacher import Teacher  # noqa: E402

LEFT = next(
    k for k, motion in enumerate(PRIMITIVES) if motion.phrase == "move the arm to the left by twenty centimeters"
)


@pytest.mark.parametrize("image_size", [None, (64, 48)])
def test_it_passes_the_checker(image_size: tuple[int, int] | None) -> None:
    mode = None if image_size is None else "rgb_array"
    environment = gymnasium.make(
        "roboact_ros.sim.environment:roboact/Tabletop-v0", task="push", image_size=image_size, render_mode=mode
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(environment.unwrapped, skip_render_check=image_size is None)
    environment.close()


def test_the_teacher_ends_an_episode_with_success() -> None:
    environment = TabletopEnvironment("point_at")
    observation, info = environment.reset(seed=1)
    assert observation["instruction"] == environment.episode.instruction
    assert not info["success"] and info["episode"] == 1
    teacher = Teacher(environment.episode.task, environment.start)
    rewards, terminated = [], False
    while not terminated:
        motion = teacher.next_motion(environment.runner.situation)
        assert motion is not None
        _, reward, terminated, truncated, info = environment.step(PRIMITIVES.index(motion))
        rewards.append(reward)
        assert not truncated
    assert rewards == [0.0] * (len(rewards) - 1) + [1.0]
    assert info["success"]


def test_refused_motions_change_nothing_and_time_runs_out() -> None:
    environment = TabletopEnvironment("point_at")
    environment.reset(seed=0)
    environment.step(LEFT)
    before = environment.runner.world.qpos()
    *_, info = environment.step(LEFT)
    assert "workspace" in info["refused"]
    np.testing.assert_allclose(environment.runner.world.qpos(), before, atol=2e-3)
    for _ in range(MOST_MOTIONS - 3):
        *_, terminated, truncated, _ = environment.step(LEFT)
        assert not terminated and not truncated
    assert environment.step(LEFT)[3]


def test_images_show_the_scene_that_the_seed_decides() -> None:
    environment = TabletopEnvironment("stack", image_size=(64, 48))
    first = environment.reset(seed=4)[0]["image"]
    other = environment.reset(seed=5)[0]["image"]
    again = environment.reset(seed=4)[0]["image"]
    environment.close()
    assert first.shape == (48, 64, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_bad_arguments_are_named() -> None:
    with pytest.raises(SimulationError, match="did you mean"):
        TabletopEnvironment("poin_at")
    with pytest.raises(SimulationError, match="image_size"):
        TabletopEnvironment(render_mode="rgb_array")
    with pytest.raises(ConfigurationError, match="ur10"):
        TabletopEnvironment(model="ur10")
