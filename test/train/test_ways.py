"""How far the tool had to go, from recorded poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tiny_training import colour_samples

from roboact_ros.language.vocabulary import CLOSE, PRIMITIVES, primitive
from roboact_ros.sim.tasks.suite import episode
from roboact_train.clip_rt.augmentation import augmented
from roboact_train.clip_rt.auxiliary import place_loss, way_loss
from roboact_train.clip_rt.ways import PLACES, moved_with_image, ways_of
from roboact_train.data.samples import ArmTrace, Sample
from roboact_train.table import Table, View
from roboact_train.training.fixed_camera import FixedCamera
from roboact_train.training.settings import settings_from

CLOSE_LABEL = PRIMITIVES.index(primitive(CLOSE))


def sample(episode: str, label: int, x: float, to: float, source: str = "teleop") -> Sample:
    picture = colour_samples(1, 1)[0].picture
    motion = PRIMITIVES[label]
    here, there = ((v, 0.0, 0.5, 0.0, 0.0, 0.0) for v in (x, to))
    arm = ArmTrace(here, there, (0.0,) * 6, (0.0,) * 6)
    return Sample(picture, "task", motion.phrase, motion.action, label, source, 0, episode, arm)


def test_a_way_ends_where_the_gripper_acts_or_the_episode_does() -> None:
    samples = [
        sample("a", 0, 0.0, 0.1),
        sample("a", 0, 0.1, 0.3),
        sample("a", CLOSE_LABEL, 0.3, 0.3),
        sample("a", 0, 0.3, 0.35),
        sample("b", 0, 0.5, 0.45),
    ]
    ways = ways_of(samples)
    assert ways.shape == (5, 1, 7)
    np.testing.assert_allclose(ways[:, 0, 0], [0.3, 0.2, 0.0, 0.05, -0.05], atol=1e-6)
    assert not ways[:, 0, 1:3].any()
    assert np.isnan(ways[:, 0, PLACES]).all()  # nobody says where the camera is


def test_unknown_ways_are_no_number_and_teach_nothing() -> None:
    ways = ways_of([sample("a", 0, 0.0, 0.1, "correction"), colour_samples(1, 1)[0], sample("b", 0, 0.0, 0.1)])
    assert np.isnan(ways[:2, 0, :3]).all()
    told = torch.zeros(3, 3, requires_grad=True)
    loss = way_loss(told, torch.from_numpy(ways[:, 0, :3]))
    loss.backward()  # type: ignore[no-untyped-call]
    # 10 cm off on one of three axes, absolute beyond a centimetre less half of it
    assert loss.item() == np.float32((0.1 - 0.005) / 0.01 / 3)
    assert told.grad is not None and not told.grad[:2].any() and told.grad[2, 0] < 0


AHEAD = FixedCamera((0.0, 0.0, -1.0, 0.0, 0.0, 0.0), 100, 50, (100.0, 100.0), (49.5, 24.5))
"""Looks along z at the origin from a metre away."""


def test_a_camera_shows_goal_and_tool_and_nothing_behind_it() -> None:
    row = ways_of([sample("a", 0, 0.0, 0.1)], AHEAD)[0, 0]
    np.testing.assert_allclose(row[PLACES], [0.5 + 10 / 150, 0.5, 0.5, 0.5], atol=1e-6)
    assert np.isnan(AHEAD.places(np.array([[0.0, 0.0, -1.5]]))).all()


def test_the_settings_of_the_small_model_know_the_simulated_camera() -> None:
    settings = settings_from(Path("config/policies/clip_rt_tabletop.yaml"), {})
    assert settings.camera is not None
    with Table(episode("point_at", "train", 0), View()) as table:
        grey = table.frame().image
        table.do(primitive("close the gripper"))
        moved = np.abs(grey.astype(int) - table.frame().image).sum(-1) > 30
        tool = table.situation.tool
    x, y = (settings.camera.places(tool[None])[0] * (320, 240)).tolist()
    rows, columns = np.nonzero(moved)
    # The fingers close around the tool.
    assert np.hypot(columns.mean() - x, rows.mean() - y) < 8.0


def test_places_move_with_the_image() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    image[28:32, 38:42] = 255
    row = np.full((1, 7), 0.5, np.float32)
    for seed in range(20):
        changed, change = augmented(image, 1.0, np.random.default_rng(seed))
        rows, columns = np.nonzero(changed.max(-1) > changed.max() / 2)
        found = moved_with_image(row, change)[0, PLACES]
        assert changed.shape == image.shape
        np.testing.assert_allclose(found * (80, 60, 80, 60), [columns.mean() + 0.5, rows.mean() + 0.5] * 2, atol=0.6)


def test_the_best_map_shows_the_place_between_grid_points() -> None:
    maps = torch.zeros(3, 1, 6, 8, requires_grad=True)
    places = torch.tensor([[[0.5, 0.5]], [[0.40625, 0.25]], [[torch.nan, 0.5]]])
    for _ in range(2000):
        (slope,) = torch.autograd.grad(place_loss(maps, places), maps)
        maps = (maps - 5.0 * slope).detach().requires_grad_()
    chance = torch.softmax(maps.detach().flatten(1), dim=-1).view(3, 6, 8)
    x, y = chance.sum(1) @ ((torch.arange(8) + 0.5) / 8), chance.sum(2) @ ((torch.arange(6) + 0.5) / 6)
    torch.testing.assert_close(torch.stack([x, y], -1)[:2], places[:2, 0], atol=5e-3, rtol=0.0)
    assert not maps[2].any()  # what is not known teaches nothing
