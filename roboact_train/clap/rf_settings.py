"""How CLAP-RF is trained: the second stage of the paper's post-training.

Rates, warm-up and epochs are the paper's; head, Knowledge Matching, decay and betas are as released.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.run_config import RELEASED_TAPS
from roboact_train.clap.chunks import STEPS
from roboact_train.clap.knowledge_matching import PAPER, RELEASED, RELEASED_KL, WEIGHT, MatchingRule
from roboact_train.training.settings import Count, LoopSettings, NotNegative, Part

_Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
MEASURED = "measured"
"""In place of a file of statistics: they are measured on the data."""

_RULES: dict[str, MatchingRule] = {"released": RELEASED, "released_kl": RELEASED_KL, "paper": PAPER}


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class RfSettings(LoopSettings):
    """Settings of CLAP-RF; ``model`` is the folder of the CLAP-NTP (or plain Qwen3-VL) below it.

    Attributes:
        checkpoint: A run of CLAP-RF to go on from; the reference of Knowledge Matching stays ``model``.
        goes_on: With ``all`` of that run, or with its ``head`` on the language model of ``model``.
        vlm_rate: Part of the learning rate for the language model.
        horizon: Steps of a chunk.
        taps: Blocks of the language model that the head listens to, one for each of its own.
        self_attention: Whether steps see each other, as in the paper; in the released head they do not.
        state: Whether a head with self-attention is told where the arms are.
        dropout: Of the head.
        flow_steps: Of Euler's method, when it is judged and when it drives.
        matching: Knowledge Matching as ``released``, as its ``released_kl``, as in the ``paper``, or ``off``.
        matching_weight: Of it beside the flow (alpha).
        insulated: Freeze the language model, so that the head alone learns (KI); goes with matching ``off``.
        action_vae: The Act-VAE that the language model speaks with, for matching: folder of a trained one or a released
            checkpoint; empty: the one in ``model``.
        statistics: File with the statistics of the robot, or ``measured``; empty: those beside the Act-VAE or in
            ``model``, and where nothing is matched and there are none, measured.
        stride: Chunks begin at every so many frames.
        wrists: Show the wrists, too, where all data have them.
        height: Of the images [px].
        width: Of the images [px].
        judged: Samples that the model is judged by at most, spread over the unseen episodes.
        checkpoint_gradients: Recompute activations to save memory.
        export: Precision of the finished model.
    """

    model: str = ""
    epochs: Count = 5
    batch: Annotated[int, Field(ge=2)] = 128
    learning_rate: _Rate = 1e-4
    lowest: Part = 0.01
    weight_decay: NotNegative = 1e-8
    warmup: Annotated[int, Field(ge=0)] = 1000
    betas: tuple[Part, Part] = (0.9, 0.95)
    epsilon: _Rate = 1e-8
    clip_gradient: NotNegative = 1.0
    goes_on: Literal["all", "head"] = "all"
    vlm_rate: _Rate = 0.1
    horizon: Annotated[int, Field(ge=1, le=STEPS)] = STEPS
    taps: tuple[Annotated[int, Field(ge=0)], ...] = RELEASED_TAPS
    self_attention: bool = False
    state: bool = True
    dropout: Part = 0.2
    flow_steps: Annotated[int, Field(ge=1, le=1000)] = 4
    matching: Literal["released", "released_kl", "paper", "off"] = "released"
    matching_weight: _Rate = WEIGHT
    insulated: bool = False
    action_vae: str = ""
    statistics: str = ""
    stride: Count = 8
    wrists: bool = True
    height: Annotated[int, Field(ge=16)] = 240
    width: Annotated[int, Field(ge=16)] = 320
    judged: Count = 64
    checkpoint_gradients: bool = False
    export: Literal["float32", "bfloat16"] = "bfloat16"

    def __post_init__(self) -> None:
        if self.insulated and self.matching != "off":
            raise ValueError("a frozen language model (insulated) needs no Knowledge Matching: say matching: off")
        if self.goes_on == "head" and not self.checkpoint:
            raise ValueError("goes_on: head needs the run whose head it is (checkpoint)")
        if not self.taps or list(self.taps) != sorted(set(self.taps)):
            raise ValueError(f"taps are ascending numbers of blocks, not {list(self.taps)}")

    @property
    def base(self) -> Path:
        """Folder of the language model.

        Raises:
            ConfigurationError: None was given.
        """
        if not self.model:
            raise ConfigurationError(
                "clap_rf begins with a CLAP-NTP or another Qwen3-VL: give its folder (--model); nothing is downloaded"
            )
        return Path(self.model.removeprefix("local-dir:"))

    @property
    def rule(self) -> MatchingRule | None:
        """What is matched; None for nothing."""
        return _RULES.get(self.matching)
