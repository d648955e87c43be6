"""How CLAP-NTP is trained; the defaults are those of the released configuration, for the 150,000 steps of the paper."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from roboact_ros.errors import ConfigurationError
from roboact_train.training.settings import Count, LoopSettings, NotNegative, Part

_Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class NtpSettings(LoopSettings):
    """Settings of CLAP-NTP; ``model`` is the folder of the Qwen3-VL, or of a CLAP-NTP, that is trained on.

    Attributes:
        checkpoint: A run of CLAP-RF with whose language model to begin; the words stay those of ``model``.
        adapt: ``full`` trains all weights, ``lora`` small matrices beside those of the language model and the rows of
            the action tokens.
        rank: Of these matrices.
        alpha: They count ``alpha / rank`` times.
        action_vae: The Act-VAE whose codes are learned: folder of a trained one, or a released checkpoint; empty: that
            in ``model``.
        statistics: File with the statistics of the robots, which a released checkpoint needs; empty: those that a
            trained Act-VAE has.
        labels: File of ``roboact tokens label`` with the codes of videos of which nobody knows the actions; these are
            learned from like the chunks of robots.
        steps: Batches of an epoch, whose chunks are drawn with replacement as in the released stream.
        stride: Chunks begin at every so many frames.
        weights: How often chunks of a robot type are drawn (1 where it is not named).
        wrists: Show the wrists, too, where the data have them; the head image stands for those that are missing.
        drop_wrists: Part of the samples in which it does so anyway.
        height: Of the images [px].
        width: Of the images [px].
        judged: Samples that the model is judged by at most, spread over the unseen episodes.
        checkpoint_gradients: Recompute activations to save memory.
        export: Precision of the finished model.
    """

    model: str = ""
    epochs: Count = 150
    batch: Annotated[int, Field(ge=2)] = 4
    learning_rate: _Rate = 5e-5
    lowest: Part = 0.2
    weight_decay: NotNegative = 1e-2
    warmup: Annotated[int, Field(ge=0)] = 1000
    betas: tuple[Part, Part] = (0.9, 0.95)
    epsilon: _Rate = 1e-8
    clip_gradient: NotNegative = 1.0
    adapt: Literal["full", "lora"] = "full"
    rank: Count = 32
    alpha: Count = 64
    action_vae: str = ""
    statistics: str = ""
    labels: str = ""
    steps: Count = 1000
    stride: Count = 8
    weights: dict[str, NotNegative] = field(default_factory=dict)
    wrists: bool = True
    drop_wrists: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    height: Annotated[int, Field(ge=16)] = 240
    width: Annotated[int, Field(ge=16)] = 320
    judged: Count = 256
    checkpoint_gradients: bool = False
    export: Literal["float32", "bfloat16"] = "bfloat16"

    @property
    def base(self) -> Path:
        """Folder of the language model.

        Raises:
            ConfigurationError: None was given.
        """
        if not self.model:
            raise ConfigurationError(
                "clap_ntp begins with a Qwen3-VL: give its folder (--model); nothing is downloaded"
            )
        return Path(self.model.removeprefix("local-dir:"))
