"""How Act-VAE and VD-VAE are trained; the defaults are those of the released configurations."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from roboact_ros.policies.nets.clap.act_vae import POSITIONS, ActVaeShape
from roboact_train.clap.chunks import STEPS
from roboact_train.training.settings import Count, LoopSettings, NotNegative, Part

Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=16)]

ACT_VAE, VD_VAE = "act_vae", "vd_vae"
_HEAD = 128


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class TokenizerSettings(LoopSettings):
    """What both tokenizers have in common.

    Attributes:
        steps: Batches of an epoch, whose chunks are drawn with replacement as in the released stream.
        codebook_rate: Part of the learning rate for the table of codes and what leads to and from it.
        restart_every: Steps of the optimiser after which codes that nothing fell on are replaced.
        restart: By what: ``codes`` (others of the table, as released) or ``encodings`` (of the batch).
        stride: Chunks begin at every so many frames.
        weights: How often chunks of a robot type are drawn (1 where it is not named).
    """

    model: str = ""
    epochs: Count = 25
    batch: Annotated[int, Field(ge=2)] = 256
    learning_rate: Rate = 2e-5
    lowest: Part = 0.1
    weight_decay: NotNegative = 1e-2
    warmup: Annotated[int, Field(ge=0)] = 1000
    betas: tuple[Part, Part] = (0.9, 0.999)
    epsilon: Rate = 1e-8
    clip_gradient: NotNegative = 1.0
    steps: Count = 2000
    codebook_rate: Rate = 50.0
    restart_every: Count = 2000
    restart: Literal["codes", "encodings"] = "codes"
    stride: Count = 8
    weights: dict[str, NotNegative] = field(default_factory=dict)


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class ActVaeSettings(TokenizerSettings):
    """Settings of an Act-VAE.

    Attributes:
        tokens: Codes of a chunk of one arm (N_q).
        codes: Size of the codebook (K).
        code_width: Of a code.
        width: Of the tokens of the network: up to 128, or a multiple of it.
        feedforward: Of its hidden layers.
        layers: Odd number of blocks of the encoder, and of the decoder.
        reconstruction: Weight of the error of the actions.
        commitment: Weight of the distance from vectors to their codes (beta).
        statistics: File with the statistics of the robots; empty: they are measured on the data.
    """

    tokens: Count = 8
    codes: Annotated[int, Field(ge=2)] = 512
    code_width: Count = 128
    width: Count = 512
    feedforward: Count = 1024
    layers: Count = 15
    reconstruction: NotNegative = 1.0
    commitment: NotNegative = 1.0
    statistics: str = ""

    def __post_init__(self) -> None:
        if self.model:
            raise ValueError("an act_vae has no model below it; width, layers and so on give its size")
        if self.tokens > POSITIONS - STEPS:
            raise ValueError(f"tokens is at most {POSITIONS - STEPS}, not {self.tokens}")
        if self.layers % 2 == 0:
            raise ValueError(f"layers is odd, as there is a middle one, not {self.layers}")
        if self.width > _HEAD and self.width % _HEAD:
            raise ValueError(f"width is at most {_HEAD} or a multiple of it, not {self.width}")

    @property
    def shape(self) -> ActVaeShape:
        """Size of the network; its heads follow from its width, as in the reader of checkpoints."""
        heads = max(1, self.width // _HEAD)
        return ActVaeShape(self.width, heads, self.feedforward, self.layers, self.tokens, self.codes, self.code_width)


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class VdVaeSettings(TokenizerSettings):
    """Settings of a VD-VAE; ``model`` is the frozen encoder of patches below it.

    Attributes:
        model: Folder of a DINOv3 or another encoder of patches as transformers saves them; ``random-dinov3`` is a tiny
            one with random weights, to try things out.
        action_vae: The Act-VAE whose codes are learned: folder of a trained one, or a released checkpoint.
        statistics: File with the statistics of the robots, which a released checkpoint needs; empty: those that a
            trained Act-VAE has.
        layers: Blocks of the encoder, and of the decoder.
        irrelevant: Codes for what no action causes.
        height: Of the images that the encoder of patches sees [px].
        width: Of these images [px].
        augmented: Looks at each pair of images in random light that are kept beside the clean one; 0 learns from that.
        form: ``released`` (codes are contrasted, augmented features are predicted) or ``paper`` (vectors before
            quantisation are contrasted, clean features are predicted).
        reconstruction: Weight of the error of the predicted features.
        commitment: Weight of the distance from vectors to their codes (beta).
        contrast: Weight of the contrast with actions (lambda_con).
        sparsity: Weight of the size of irrelevant codes (lambda_reg).
        naming: Weight of the cross-entropy of the codes of robots, which neither the paper nor the release has.
        teacher_decay: Of the average of the weights that labels videos without actions.
    """

    batch: Annotated[int, Field(ge=2)] = 32
    learning_rate: Rate = 1e-4
    clip_gradient: NotNegative = 0.1
    codebook_rate: Rate = 1.0
    action_vae: str = ""
    statistics: str = ""
    layers: Count = 12
    irrelevant: Count = 2
    height: Pixels = 240
    width: Pixels = 320
    augmented: Annotated[int, Field(ge=0)] = 4
    form: Literal["released", "paper"] = "released"
    reconstruction: NotNegative = 1.0
    commitment: NotNegative = 1.0
    contrast: NotNegative = 0.1
    sparsity: NotNegative = 0.5
    naming: NotNegative = 0.0
    teacher_decay: Part = 0.999


SETTINGS_OF: dict[str, type[TokenizerSettings]] = {ACT_VAE: ActVaeSettings, VD_VAE: VdVaeSettings}
