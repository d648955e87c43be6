"""The endless stream of rows that the tokenizers learn from: drawn with replacement, as in the released training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_train.training.order import Place


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


def drawn(
    probabilities: NDArray[np.float64], batch: int, seed: int, place: Place, first: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of this process's share of all batches from ``first`` on; they depend on seed and number only."""
    for number in range(first, 2**62):
        random = np.random.default_rng((seed, number))
        yield random.choice(len(probabilities), batch, p=probabilities)[place.rank :: place.processes]
