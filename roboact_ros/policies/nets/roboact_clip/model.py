"""RoboAct-CLIP's encoder of videos and texts, from features of a frozen CLIP (Fig. 1 without the CLIP)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.roboact_clip.disentangle import (
    ActLogits,
    Branches,
    Disentanglement,
    Fusion,
    TextBranches,
    mlp,
)
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape, Feature, FrameFeatures, Joined
from roboact_ros.policies.nets.roboact_clip.temporal import TemporalDiff

_SMALLEST = 1e-6
"""Deviation below which a feature of the CLIP does not vary; it is not divided by."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What represents videos or texts.

    Attributes:
        joined: What is compared and what a policy sees.
        branches: Its three parts; None without disentanglement.
        logits: What the auxiliary heads say of a video; None without disentanglement, and for texts.
    """

    joined: Joined
    branches: Branches | None = None
    logits: ActLogits | None = None


class RoboActClip(nn.Module):
    """Encodes videos and texts into one space.

    CLIP's features share a large mean, and their size depends on the model; they are therefore centred and scaled by
    the statistics of the training data (:meth:`standardise`), which are saved with the weights.

    Args:
        shape: Of the network.
    """

    frame_mean: Tensor
    frame_deviation: Tensor
    text_mean: Tensor
    text_deviation: Tensor

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        for name in ("frame", "text"):
            self.register_buffer(f"{name}_mean", torch.zeros(shape.embedding))
            self.register_buffer(f"{name}_deviation", torch.ones(shape.embedding))
        self.temporal, self.fusion = TemporalDiff(shape), Fusion(shape)
        self.disentanglement = Disentanglement(shape) if shape.disentangled else None
        self.text = TextBranches(shape) if shape.disentangled else mlp(shape.embedding, shape.width, shape.output)

    @torch.no_grad()
    def standardise(self, frames: Tensor, texts: Tensor) -> None:
        """Take mean and deviation of (n, frames, embedding) frames and (m, embedding) texts over."""
        for name, features in (("frame", frames.flatten(0, 1)), ("text", texts)):
            mean, deviation = features.mean(0), features.std(0, correction=0)
            getattr(self, f"{name}_mean").copy_(mean)
            getattr(self, f"{name}_deviation").copy_(torch.where(deviation > _SMALLEST, deviation, 1.0))

    def encode_video(self, frames: FrameFeatures) -> Encoded:
        """Return what represents videos, from the features of their frames in order.

        Raises:
            PolicyError: There are fewer or more frames than a video has, or they are features of another CLIP.
        """
        shape = self.shape
        if frames.ndim != 3 or frames.shape[1:] != (shape.frames, shape.embedding):
            raise PolicyError(
                f"features of videos must be (n, {shape.frames} frames, {shape.embedding}), not {tuple(frames.shape)}; "
                "a shorter video gives some of its frames twice"
            )
        tokens = self.fusion(self.temporal((frames - self.frame_mean) / self.frame_deviation))
        if self.disentanglement is None:
            return Encoded(tokens.flatten(1))
        attended = self.disentanglement.attended(tokens)
        branches = self.disentanglement.branches(attended)
        return Encoded(branches.joined, branches, self.disentanglement.logits(attended))

    def encode_text(self, texts: Feature) -> Encoded:
        """Return what represents texts, from their (n, embedding) features.

        Raises:
            PolicyError: They are features of another CLIP.
        """
        if texts.ndim != 2 or texts.shape[1] != self.shape.embedding:
            raise PolicyError(f"features of texts must be (n, {self.shape.embedding}), not {tuple(texts.shape)}")
        encoded = self.text((texts - self.text_mean) / self.text_deviation)
        return Encoded(encoded.joined, encoded) if isinstance(encoded, Branches) else Encoded(encoded)
