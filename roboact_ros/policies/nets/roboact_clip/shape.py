"""Sizes and ablations of RoboAct-CLIP's network, and the names that the axes of its tensors have."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from torch import Tensor

from roboact_ros.errors import PolicyError

FrameFeatures = Annotated[Tensor, "n", "frames", "embedding"]
Parts = Annotated[Tensor, "n", "parts", "embedding"]
Tokens = Annotated[Tensor, "n", "tokens", "width"]
Feature = Annotated[Tensor, "n", "width"]
Joined = Annotated[Tensor, "n", "output"]
Logits = Annotated[Tensor, "n", "classes"]
PerRow = Annotated[Tensor, "n"]
Scalar = Annotated[Tensor, ""]

Ablation = Literal["none", "temporal", "disentanglement"]
ABLATIONS: tuple[Ablation, ...] = ("none", "temporal", "disentanglement")


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """What a network is made of.

    Attributes:
        embedding: Width d of the frozen CLIP's features.
        subjects: Number of classes.
        actions: Number of classes.
        objects: Number of classes.
        width: Of each branch; 0: the embedding's.
        layers: Of the temporal Transformer.
        heads: Of every attention.
        frames: Of a video.
        temporal: False is Table III's ablation 1: eq. 8 gets F_1 and F_n only.
        disentangled: False is ablation 2: the output of eq. 8 is the representation.
        attention: What eq. 9 attends over: the ``tokens`` of F_v, one for each part of eq. 8, or F_v as a ``single``
            vector as printed, where attention is a linear map.

    Raises:
        PolicyError: The sizes do not go together.
    """

    embedding: int
    subjects: int
    actions: int
    objects: int
    width: int = 0
    layers: int = 2
    heads: int = 8
    frames: int = 16
    temporal: bool = True
    disentangled: bool = True
    attention: Literal["tokens", "single"] = "tokens"

    def __post_init__(self) -> None:
        if not self.width:
            object.__setattr__(self, "width", self.embedding)
        for name in ("embedding", "subjects", "actions", "objects", "width", "layers", "heads"):
            if getattr(self, name) < 1:
                raise PolicyError(f"{name} of RoboAct-CLIP is at least 1, not {getattr(self, name)}")
        if self.frames < 2:
            raise PolicyError(f"a video of RoboAct-CLIP has at least 2 frames, not {self.frames}: one shows no action")
        for name in ("embedding", "width"):
            if getattr(self, name) % self.heads:
                raise PolicyError(f"{name} {getattr(self, name)} cannot be shared equally by heads = {self.heads}")
        if self.attention not in ("tokens", "single"):
            raise PolicyError(f'attention "{self.attention}" of RoboAct-CLIP is not one of tokens, single')

    @property
    def parts(self) -> int:
        """Vectors that eq. 8 puts together."""
        return 4 if self.temporal else 2

    @property
    def tokens(self) -> int:
        """Tokens that F_v consists of."""
        return self.parts if self.attention == "tokens" else 1

    @property
    def output(self) -> int:
        """Width of what represents a video, and of what represents a text."""
        return self.width * (3 if self.disentangled else self.tokens)

    def ablated(self, ablation: Ablation) -> EncoderShape:
        """Return the shape for a row of Table III."""
        return dataclasses.replace(self, temporal=ablation != "temporal", disentangled=ablation != "disentanglement")


def shape_from(mapping: Mapping[str, Any], origin: str) -> EncoderShape:
    """Return the shape that ``dataclasses.asdict`` gave.

    Raises:
        PolicyError: It holds something else; the message begins with ``origin``.
    """
    try:
        return EncoderShape(**mapping)
    except TypeError as error:
        names = ", ".join(field.name for field in dataclasses.fields(EncoderShape))
        raise PolicyError(f"{origin}: {error}. Valid: {names}") from error
