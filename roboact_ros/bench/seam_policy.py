"""A policy in two minds, whose flow is known in closed form: both arms go round something, on one side or the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from roboact_ros.policies.underway import Underway, rest_of, soft_mask
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray, Frame

if TYPE_CHECKING:
    from torch import Tensor

    from roboact_ros.policies.nets.clap.guidance import Guide

LENGTH, HEIGHT = 0.24, 0.04
"""Of the way, and how far it leads to the side half-way [m]."""
SPEED = 0.1
"""Intended, along the way [m/s]."""
SPREAD, UNDECIDED = 0.003, 0.015
"""Of the chunks of one side; and of the arms to the sides of the middle, where both sides will do [m]."""

_UNITS = np.array([0.1, 0.04])
"""What 1 means in a normalised action, along and aside [m]: about the largest in a chunk, as with CLAP."""
_SMOOTH, _SETTLE = 8.0, 8.0
"""Steps over which chunks of one side differ alike, and an arm beside its way comes back to it."""
_FLOW_STEPS = 4


def side(along: FloatArray) -> FloatArray:
    """Return how far the way leads to the side at places along it [m]."""
    height: FloatArray = HEIGHT * np.sin(np.pi * along.clip(0.0, LENGTH) / LENGTH) ** 2
    return height


class TwoWays:
    """See :class:`~roboact_ros.policies.policy.ContinuingPolicy`.

    Args:
        axes: Of the chunks, of two arms.
        horizon: Steps of a chunk.
        period_ns: Their time [ns].
        seen: Returns where (arms, 2) the tools are in an image: along the way and to its side [m].
        directions: (2, 3) along the way and to its side in the bases of the arms.
        seed: Of the noise.
        draws: How many chunks are drawn, see :mod:`roboact_ros.policies.nets.clap.guidance`.
    """

    def __init__(
        self,
        axes: tuple[str, ...],
        horizon: int,
        period_ns: int,
        seen: Callable[[Frame], FloatArray],
        directions: FloatArray,
        seed: int,
        draws: int = 1,
    ) -> None:
        import torch

        self._axes, self._horizon, self._period_ns = axes, horizon, period_ns
        self._seen, self._directions = seen, directions
        self._random, self._draws = torch.Generator().manual_seed(seed), draws
        steps = np.arange(horizon)
        alike = np.exp(-0.5 * ((steps[:, None] - steps) / _SMOOTH) ** 2)
        spread, basis = np.linalg.eigh(alike)
        columns = np.tile((SPREAD / _UNITS) ** 2, 2)
        self._spread, self._basis = torch.tensor(spread.clip(0.0)[:, None] * columns), torch.tensor(basis)

    def instruct(self, instruction: str) -> None:
        """There is one task."""

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps."""
        return self._chunk(frame, None)

    def act_during(self, frame: Frame, underway: Underway) -> ActionChunk:
        """Return the next steps, guided by those underway."""
        import torch

        from roboact_ros.policies.nets.clap.guidance import Guide

        rest = rest_of(underway, frame.stamp_ns, self._horizon, self._period_ns)
        known = rest.poses[:, :, :3, 3] @ self._directions.T / _UNITS
        rows = torch.tensor(known.swapaxes(0, 1).reshape(1, self._horizon, -1))
        weights = torch.tensor(soft_mask(rest, self._horizon))[None, :, None].expand(rows.shape)
        return self._chunk(frame, Guide(rows, weights))

    def _chunk(self, frame: Frame, guide: Guide | None) -> ActionChunk:
        import torch

        from roboact_ros.policies.nets.clap.guidance import flow, nearest

        ways, odds = self._ways(self._seen(frame))

        def velocity(actions: Tensor, number: int) -> Tensor:
            """Return (where the actions lead on average - the actions) / (the time that is left)."""
            time = number / _FLOW_STEPS
            spread = time**2 * self._spread + (1.0 - time) ** 2
            apart = self._basis.T @ (actions - time * ways[:, None])  # (ways, draws, steps, columns)
            likely = torch.softmax(odds[:, None] - 0.5 * (apart**2 / spread).sum(dim=(2, 3)), dim=0)
            ends = ways[:, None] + self._basis @ (apart * (time * self._spread / spread))
            mean = (likely[:, :, None, None] * ends).sum(dim=0)
            out: Tensor = (mean - actions) / (1.0 - time)
            return out

        draws = self._draws if guide is not None else 1
        noise = torch.randn((draws, *ways.shape[1:]), generator=self._random, dtype=torch.float64)
        if guide is None or draws == 1:
            chosen = flow(velocity, noise, _FLOW_STEPS, guide)
        else:
            chosen = nearest(flow(velocity, noise, _FLOW_STEPS), guide)
        places = chosen[0].numpy() * np.tile(_UNITS, 2)
        arms = places.reshape(self._horizon, -1, 2) @ self._directions
        columns = []
        for arm in arms.swapaxes(0, 1):
            rows = np.zeros((self._horizon, len(CHUNK_AXES)))
            rows[:, :3], rows[:, 6] = np.diff(arm, axis=0, prepend=np.zeros((1, 3))), 1.0
            columns.append(rows)
        return ActionChunk(self._axes, np.hstack(columns), self._period_ns, frame.stamp_ns)

    def _ways(self, places: FloatArray) -> tuple[Tensor, Tensor]:
        """Return the (2, T, arms * 2) normalised ways on both sides, and the log of how likely each is."""
        import torch

        number = np.arange(1, self._horizon + 1)
        ways = []
        for sign in (1.0, -1.0):
            columns = []
            for along, beside in places:
                ahead = np.minimum(along + SPEED * number * self._period_ns / 1e9, max(LENGTH, along))
                off = beside - sign * side(np.array(along))
                columns += [ahead - along, sign * side(ahead) + off * np.exp(-number / _SETTLE) - beside]
            ways.append(np.column_stack(columns))
        lean = float(places[:, 1].mean()) / UNDECIDED
        return torch.tensor(np.array(ways) / np.tile(_UNITS, 2)), torch.nn.functional.logsigmoid(
            torch.tensor([lean, -lean])
        )
