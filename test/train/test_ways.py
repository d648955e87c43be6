"""How far the tool had to go, from recorded poses."""

from __future__ import annotations

import numpy as np
import torch
from tiny_training import colour_samples

from roboact_ros.language.vocabulary import CLOSE, PRIMITIVES, primitive
from roboact_train.clip_rt.contrastive import way_loss
from roboact_train.clip_rt.ways import ways_of
from roboact_train.data.samples import ArmTrace, Sample

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
    assert not ways[:, 0, 1:].any()


def test_unknown_ways_are_no_number_and_teach_nothing() -> None:
    ways = ways_of([sample("a", 0, 0.0, 0.1, "correction"), colour_samples(1, 1)[0], sample("b", 0, 0.0, 0.1)])
    assert np.isnan(ways[:2, 0, :3]).all()
    told = torch.zeros(3, 3, requires_grad=True)
    loss = way_loss(told, torch.from_numpy(ways[:, 0, :3]))
    loss.backward()  # type: ignore[no-untyped-call]
    # 10 cm off on one of three axes, absolute beyond a centimetre less half of it
    assert loss.item() == np.float32((0.1 - 0.005) / 0.01 / 3)
    assert told.grad is not None and not told.grad[:2].any() and told.grad[2, 0] < 0
