"""CLIP-RT: chooses the motion whose words fit best to an image and an instruction (https://arxiv.org/abs/2411.00508)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.clip_step import PROMPT as PROMPT
from roboact_ros.policies.clip_step import ClipStep
from roboact_ros.policies.clip_step import torch_device as torch_device
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.types import Decision, Frame, Motion


class ClipRt:
    """Scores every motion as sigmoid(cosine(image + prompt, motion)), embeddings un-normalised before the sum.

    The words of the motions are embedded here, those of an instruction in :meth:`instruct`; a step embeds the image
    alone.

    Args:
        network: The model with its weights.
        motions: What to choose from.
        device: Torch device to run on.

    Raises:
        PolicyError: CUDA was asked for and is not there, or there are no motions.
    """

    def __init__(self, network: ClipNetwork, motions: Sequence[Motion] = PRIMITIVES, device: str = "cpu") -> None:
        if not motions:
            raise PolicyError("a CLIP-RT policy needs at least one motion to choose from")
        self._motions = tuple(motions)
        self._step = ClipStep(network, device)
        embeddings = self._step.embed([motion.phrase for motion in self._motions])
        self._motion_embeddings = functional.normalize(embeddings, dim=-1).T.contiguous()
        self._step.end_in(self._score)

    def instruct(self, instruction: str) -> None:
        """Set the task; see :meth:`ClipStep.instruct`."""
        self._step.instruct(instruction)

    def act(self, frame: Frame) -> Decision:
        """Choose the motion with the highest score; see :class:`roboact_ros.policies.policy.Policy`."""
        scores, inference_ms = self._step.run(frame)
        by_phrase = {motion.phrase: float(score) for motion, score in zip(self._motions, scores, strict=True)}
        return Decision(self._motions[int(scores.argmax())], by_phrase, frame.stamp_ns, inference_ms)

    def _score(self, image: Tensor, prompt: Tensor) -> Tensor:
        """Return the (motions,) scores for the embeddings (1, d) of image and prompt."""
        return torch.sigmoid(functional.normalize(image + prompt, dim=-1) @ self._motion_embeddings)[0]
