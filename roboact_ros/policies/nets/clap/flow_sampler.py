"""The flow head for control: what depends on the weights only is computed once, on the images once per chunk."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from roboact_ros.policies.nets.clap.flow_blocks import Memory
from roboact_ros.policies.nets.clap.flow_head import STEPS, FlowHead
from roboact_ros.policies.nets.clap.flow_time import euler_buckets
from roboact_ros.policies.nets.clap.guidance import Guide, flow


class FlowSampler:
    """Makes chunks as :meth:`FlowHead.flowed` does, to rounding, with a fraction of the work.

    Tokens that change nothing (all but the actions', where tokens do not see each other) are left out.

    Args:
        head: Its weights must not change afterwards.
        steps: Of Euler's method.
    """

    @torch.no_grad()
    def __init__(self, head: FlowHead, steps: int = STEPS) -> None:
        self.head, self._steps = head.eval(), steps
        device = head.position_embedding.weight.device
        buckets = torch.tensor(euler_buckets(steps), device=device)
        self._action_times = list(head.action_encoder.time(buckets))
        times = head.model.timestep_encoder(buckets)
        self._scales = [[block.scales(time) for block in head.blocks] for time in times]

    @torch.no_grad()
    def memories(self, features: Sequence[Tensor]) -> list[Memory]:
        """Return the keys and values of (n, tokens, width) hidden states for each block."""
        return [block.attn1.memory(hidden) for block, hidden in zip(self.head.blocks, features, strict=True)]

    @torch.no_grad()
    def __call__(
        self,
        noise: Tensor,
        memories: Sequence[Memory],
        mask: Tensor | None = None,
        state: Tensor | None = None,
        guide: Guide | None = None,
    ) -> Tensor:
        """Return (n, steps, columns) normalised actions, of the type of the noise.

        Args:
            noise: (n, steps, columns) normal; float32 also where the weights are smaller.
            memories: Of :meth:`memories`; those of one chunk serve all draws of it.
            mask: (n, tokens), False where a token is padding; None if none is, which is faster.
            state: (n, 1, columns) normalised state; it matters in a head with self-attention only.
            guide: What is known of the actions.
        """
        head, steps = self.head, noise.shape[1]
        seen = None if mask is None else mask[:, None, None].bool()
        positions = head.position_embedding.weight[:steps]
        small = positions.dtype
        beside = None
        if head.shape.self_attention:
            beside = head.beside(None if state is None else _times(state, len(noise)), len(noise))
        memories = [(_times(keys, len(noise)), _times(values, len(noise))) for keys, values in memories]

        def velocity(actions: Tensor, number: int) -> Tensor:
            tokens = head.action_encoder(actions.to(small), self._action_times[number]) + positions
            if beside is not None:
                tokens = torch.cat((beside, tokens), dim=1)
            for block, memory, of_block in zip(head.blocks, memories, self._scales[number], strict=True):
                tokens = block(tokens, memory, of_block, seen)
            out: Tensor = head.action_decoder(tokens[:, -steps:])
            return out.to(actions.dtype)

        return flow(velocity, noise, self._steps, guide)


def _times(rows: Tensor, count: int) -> Tensor:
    """Return (count, …) rows for those of one chunk, without a copy; those of more stay as they are."""
    return rows.expand(count, *rows.shape[1:]) if len(rows) == 1 else rows
