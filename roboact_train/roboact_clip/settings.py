"""How RoboAct-CLIP is trained; the paper gives no numbers but the L2 factor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from roboact_ros.policies.nets.roboact_clip.shape import Ablation
from roboact_train.training.settings import Count, LoopSettings, NotNegative, Part

Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class RoboActClipSettings(LoopSettings):
    """Settings of a training of RoboAct-CLIP; ``model`` and ``checkpoint`` are the frozen CLIP below it.

    Attributes:
        unseen: Part of the (action, object) pairs of which no video is learned from, so that they can be asked for.
        ablation: Row of Table III: ``none``, without ``temporal`` module, or without ``disentanglement``.
        width: Of each branch; 0: that of CLIP's embedding.
        layers: Of the temporal Transformer.
        heads: Of every attention.
        attention: What eq. 9 attends over: ``tokens`` of F_v, or a ``single`` vector as printed.
        lambda_disent: Weight of what disentangles (eq. 24).
        lambda_ortho: Weight of similarity and L2 in it (eq. 20).
        lambda_recomb: Weight of recombination in it.
        lambda_aux: Weight of the auxiliary heads (eq. 24).
        alpha: Weights of their subject, action and object (eq. 22).
        similarity: Of branches, to be small: mean ``squared`` or ``absolute`` cosine (eq. 11).
        l2_factor: Of eq. 12.
        temperature: Initial tau, which is learned.
        symmetric: Contrast texts with videos as well as videos with texts (eq. 19, 23).
        bank_update_interval: Batches between two updates of the feature banks (eq. 16).
        recombinations: Most triplets whose texts are at hand for recombination.
    """

    epochs: Count = 30
    batch: Annotated[int, Field(ge=2)] = 64
    learning_rate: Rate = 3e-4
    weight_decay: NotNegative = 0.05
    clip_gradient: NotNegative = 1.0
    validation: Part = 0.1
    unseen: Part = 0.1
    ablation: Ablation = "none"
    width: Annotated[int, Field(ge=0)] = 0
    layers: Count = 2
    heads: Count = 8
    attention: Literal["tokens", "single"] = "tokens"
    lambda_disent: NotNegative = 0.1
    lambda_ortho: NotNegative = 1.0
    lambda_recomb: NotNegative = 1.0
    lambda_aux: NotNegative = 0.5
    alpha: tuple[NotNegative, NotNegative, NotNegative] = (1.0, 1.0, 1.0)
    similarity: Literal["squared", "absolute"] = "squared"
    l2_factor: NotNegative = 0.01
    temperature: Annotated[float, Field(gt=0.01, allow_inf_nan=False)] = 0.07
    symmetric: bool = False
    bank_update_interval: Count = 50
    recombinations: Annotated[int, Field(ge=2)] = 4096
