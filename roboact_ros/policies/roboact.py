"""Behaviour cloning on a frozen encoder: RoboAct-CLIP's policies, and those that they are compared with.

After https://arxiv.org/abs/2504.02069, section IV: the encoder is frozen; what it sees, the instruction and where the
tool is go into a small network that chooses a motion, or some steps in a row.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import DONE, PRIMITIVES
from roboact_ros.policies.chunk_space import ChunkSpace
from roboact_ros.policies.encoders.load import Frozen
from roboact_ros.policies.encoders.streaming import StreamingEncoder
from roboact_ros.policies.nets.behaviour import Behaviour
from roboact_ros.policies.proprioception import proprioception
from roboact_ros.types import CHUNK_AXES, ActionChunk, Decision, Frame

MOTIONS = (*PRIMITIVES, DONE)
"""What the outputs of a policy of motions stand for."""


class RoboActStep:
    """Computes what the network says of a frame; each frame is encoded once.

    Args:
        frozen: What is below the network.
        network: The network, moved to the device of the former.
    """

    def __init__(self, frozen: Frozen, network: Behaviour) -> None:
        self._words, self._network = frozen.words, network.to(frozen.words.device).eval().requires_grad_(False)
        self._stream = StreamingEncoder(frozen.encoder)
        self._asked: torch.Tensor | None = None

    def instruct(self, instruction: str) -> None:
        """Set the task; what was seen before it is forgotten.

        Raises:
            PolicyError: The instruction is empty or longer than the CLIP can read.
        """
        instruction = instruction.strip()
        if not instruction:
            raise PolicyError('the instruction is empty; say what to do, e.g. "open the drawer"')
        self._asked = self._words.texts([instruction])
        self._stream.reset()

    @torch.no_grad()
    def run(self, frame: Frame) -> tuple[NDArray[np.float64], float]:
        """Return the (outputs,) numbers for a frame, and how long that took [ms].

        Raises:
            PolicyError: No instruction was given, the image cannot be used, where the tool is is not known, or the
                numbers are none.
        """
        if self._asked is None:
            raise PolicyError("no instruction was given yet; the policy needs to know the task")
        if len(frame.tools) != 1:
            raise PolicyError("where the tool is is not known, and this policy needs it beside the image")
        start = time.perf_counter()
        self._stream.push(frame)
        felt = torch.from_numpy(proprioception(frame.tools[0])).float()[None].to(self._asked.device)
        output = self._network(self._stream.encoded(), self._asked, felt)[0].double().cpu().numpy()
        took_ms = (time.perf_counter() - start) * 1e3
        if not np.isfinite(output).all():
            raise PolicyError("what the model returned are not numbers; its weights are damaged")
        return output, took_ms


class RoboActMotions:
    """See :class:`~roboact_ros.policies.policy.Policy`.

    Args:
        step: Gives a logit for each of ``MOTIONS``.
    """

    def __init__(self, step: RoboActStep) -> None:
        self._step = step

    def instruct(self, instruction: str) -> None:
        """See :meth:`RoboActStep.instruct`."""
        self._step.instruct(instruction)

    def act(self, frame: Frame) -> Decision:
        """Choose the most probable motion; the scores are probabilities."""
        logits, took_ms = self._step.run(frame)
        odds = np.exp(logits - logits.max())
        scores = dict(zip((motion.phrase for motion in MOTIONS), (odds / odds.sum()).tolist(), strict=True))
        return Decision(MOTIONS[int(logits.argmax())], scores, frame.stamp_ns, took_ms)


class RoboActChunks:
    """See :class:`~roboact_ros.policies.policy.ChunkPolicy`.

    Args:
        step: Gives the normalised actions of all steps.
        space: What they mean.
    """

    def __init__(self, step: RoboActStep, space: ChunkSpace) -> None:
        self._step, self._space = step, space

    def instruct(self, instruction: str) -> None:
        """See :meth:`RoboActStep.instruct`."""
        self._step.instruct(instruction)

    def act(self, frame: Frame) -> ActionChunk:
        """Return the steps that are carried out before the next image is looked at."""
        output, _ = self._step.run(frame)
        steps = self._space.actions(output.reshape(-1, len(CHUNK_AXES)))[: self._space.executed]
        return ActionChunk(CHUNK_AXES, steps, self._space.period_ns, frame.stamp_ns)
