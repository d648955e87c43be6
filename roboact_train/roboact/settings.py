"""How a policy on a frozen encoder is trained; the paper gives no numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from roboact_train.training.settings import Count, LoopSettings, NotNegative, Part


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class RoboActSettings(LoopSettings):
    """Settings of behaviour cloning; ``model`` and ``checkpoint`` are the frozen CLIP that reads the instructions.

    Attributes:
        encoder: What sees: ``clip``, ``resnet50``, or the folder of a trained RoboAct-CLIP, which names its own CLIP.
        newest: With RoboAct-CLIP, the policy also sees CLIP's feature of the newest frame; the paper does not say so.
        resnet_weights: File of torchvision's or R3M's ResNet-50; random weights without it.
        actions: ``motions`` of the vocabulary, or a ``chunk`` of steps.
        hidden: Width of the policy's network.
        layers: Its residual layers.
        dropout: Part of what is seen that is left out at random.
        chunk: Steps that are put out at once.
        period: Time of one of them [s].
        executed: How many of them are carried out before the next image is looked at.
    """

    encoder: str = "clip"
    newest: bool = True
    resnet_weights: str = ""
    actions: Literal["motions", "chunk"] = "motions"
    hidden: Count = 512
    layers: Count = 2
    dropout: Part = 0.1
    chunk: Annotated[int, Field(ge=1, le=64)] = 8
    period: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5
    executed: Count = 8
    epochs: Count = 30
    batch: Annotated[int, Field(ge=2)] = 256
    learning_rate: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1e-3
    weight_decay: NotNegative = 0.05
    clip_gradient: NotNegative = 1.0
