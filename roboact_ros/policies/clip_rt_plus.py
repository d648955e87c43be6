"""CLIP-RT+: decodes some steps in a row from an image and an instruction (https://arxiv.org/abs/2411.00508, V)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.chunk_space import ChunkSpace
from roboact_ros.policies.clip_step import ClipStep
from roboact_ros.policies.nets.chunk_decoder import decoder_of
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.types import CHUNK_AXES, ActionChunk, Frame

UNTRAINED = ChunkSpace(
    mean=np.array([0.0] * 6 + [0.5]), deviation=np.array([0.01] * 3 + [0.02] * 3 + [0.2]), period_ns=10**8, executed=8
)
"""What the numbers of a model with random weights mean: small steps."""


class ClipRtPlus:
    """See :class:`~roboact_ros.policies.policy.ChunkPolicy`.

    Args:
        network: The model with its weights and its decoder.
        space: What its numbers mean.
        device: Torch device to run on.

    Raises:
        PolicyError: The model has no decoder, or CUDA was asked for and is not there.
    """

    def __init__(self, network: ClipNetwork, space: ChunkSpace, device: str = "cpu") -> None:
        decoder = decoder_of(network.model)
        if decoder is None:
            raise PolicyError(f"model {network.name} has no action decoder; train one with roboact train clip_rt_plus")
        self._space, self._decoder = space, decoder
        self._step = ClipStep(network, device)
        self._step.end_in(self._decode)

    def instruct(self, instruction: str) -> None:
        """Set the task; see :meth:`ClipStep.instruct`."""
        self._step.instruct(instruction)

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps; see the contract."""
        output, _ = self._step.run(frame)
        steps = self._space.actions(output.astype(np.float64))[: self._space.executed]
        return ActionChunk(CHUNK_AXES, steps, self._space.period_ns, frame.stamp_ns)

    def _decode(self, image: Tensor, prompt: Tensor) -> Tensor:
        """Return the (steps, 7) output for the embeddings (1, d) of image and prompt."""
        steps: Tensor = self._decoder(image, prompt)[0]
        return steps
