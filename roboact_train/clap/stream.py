"""The endless stream of rows that the tokenizers learn from: drawn with replacement, as in the released training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_ros.policies.clap.layout import GRIPPERS
from roboact_train.clap.corpus import Corpus
from roboact_train.training.order import Place

_MOVED = 0.5
"""How far a gripper goes from where it is at the beginning of a chunk before it counts as changing, of -1 … 1."""


def weights_of(robots: NDArray[np.str_], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the (n,) probabilities of rows, given who did each and how often chunks of that robot are drawn.

    Raises:
        ConfigurationError: A robot that is not in the data has a weight, or nothing is ever drawn.
    """
    known = sorted(set(robots.tolist()))
    if unknown := [name for name in weights if name not in known]:
        raise ConfigurationError(f'weights: no chunk of "{unknown[0]}": {did_you_mean(unknown[0], known)}')
    each = np.array([weights.get(name, 1.0) for name in robots.tolist()], dtype=np.float64)
    if not each.sum() > 0.0:
        raise ConfigurationError("weights: every robot in the data has the weight 0")
    return np.asarray(each / each.sum(), dtype=np.float64)


def by_moment(corpus: Corpus, power: float) -> NDArray[np.float64]:
    """Return by how much more often the (n,) chunks to learn from are drawn, the rarer the moment a gripper changes at.

    A code that stands for all of a chunk but one step of a gripper is nearly as good as the right one, so what happens
    seldom is learned last or never, and a thing is lost or crushed.

    Args:
        corpus: The data.
        power: 0 for all equally often, 1 for all moments equally often; each robot keeps its share.
    """
    rows = corpus.train
    grippers = corpus.actions[rows][:, :, list(GRIPPERS)]
    away = grippers - grippers[:, :1]
    step = (np.abs(away) > _MOVED).argmax(axis=1)  # 0 if it never does
    way = np.sign(np.take_along_axis(away, step[:, None], axis=1))[:, 0].astype(int)
    moments, exists, robots = step * way, corpus.arms[rows], corpus.robots[rows]
    more = np.ones(len(rows))
    for robot in set(robots.tolist()):
        own = robots == robot
        _, of, counts = np.unique(moments[own][exists[own]], return_inverse=True, return_counts=True)
        rare = np.zeros(exists[own].shape)
        rare[exists[own]] = (counts.sum() / counts[of]) ** power
        more[own] = rare.max(axis=1) / rare.max(axis=1).mean()
    return more


def drawn(
    probabilities: NDArray[np.float64], batch: int, seed: int, place: Place, first: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of this process's share of all batches from ``first`` on; they depend on seed and number only."""
    for number in range(first, 2**62):
        random = np.random.default_rng((seed, number))
        yield random.choice(len(probabilities), batch, p=probabilities)[place.rank :: place.processes]
