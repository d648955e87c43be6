"""How a model is trained: every number that a person may choose, with the released fine-tuning settings as defaults."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, overload

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_train.training.fixed_camera import FixedCamera

Count = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Part = Annotated[float, Field(ge=0.0, lt=1.0)]

KINDS = ("clip_rt", "clip_rt_action", "clip_rt_plus", "clip")
"""Models that learn from samples; but for the plain ``clip``, the same names as the policies that run them."""

_LOCAL = "local-dir:"

AnySettings = TypeVar("AnySettings", bound="LoopSettings")


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class LoopSettings:
    """What the loop needs to know of any training; defaults are those of the released fine-tuning.

    Attributes:
        model: open_clip model name, or ``local-dir:FOLDER``.
        checkpoint: Weights to start from; empty starts from random ones.
        epochs: Times that every sample is seen.
        batch: Samples that are contrasted with one another, over all processes together.
        accumulate: Batches whose gradients make one step of the optimiser.
        learning_rate: Highest learning rate of AdamW; after the warm-up it falls along a cosine.
        lowest: Part of it that it falls to.
        weight_decay: Of all weights but biases, norms and scales.
        warmup: Steps in which the learning rate rises.
        betas: Decay of AdamW's averages.
        epsilon: Smallest denominator of AdamW.
        clip_gradient: Largest norm of the gradient; 0 leaves it as it is.
        precision: Arithmetic of the network; ``auto`` is bf16 on a GPU that has it, fp16 on others, float32 on the CPU.
        seed: Of weights, order and image augmentation.
        validation: Part of the episodes that is kept aside to choose the best model.
    """

    model: str = "ViT-H-14-378-quickgelu"
    checkpoint: str = ""
    epochs: Count = 100
    batch: Annotated[int, Field(ge=2)] = 16
    accumulate: Count = 1
    learning_rate: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 5e-6
    lowest: Part = 0.0
    weight_decay: NotNegative = 0.1
    warmup: Annotated[int, Field(ge=0)] = 100
    betas: tuple[Part, Part] = (0.9, 0.98)
    epsilon: Annotated[float, Field(gt=0.0)] = 1e-6
    clip_gradient: NotNegative = 0.0
    precision: Literal["auto", "float32", "fp16", "bf16"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 0
    validation: Part = 0.05


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class TrainSettings(LoopSettings):
    """Settings of a training of CLIP-RT.

    Attributes:
        loss: ``released`` (parts of the context normalised, not their sum), ``paper`` (the sum, as at run time) or
            ``softmax`` (as ``paper``, but the motions compete). The last is not in the released procedure.
        contrast_vocabulary: Contrast every context with all motions of the vocabulary as well, so that rare ones
            are known to be wrong. Not in the released procedure.
        way: Weight of an auxiliary loss: embeddings of images shall also tell how far the tool has to go to where the
            gripper acts next. Not in the released procedure; it helps models that learn to see from nothing.
        place: Weight of another auxiliary loss: the first two maps of a tower that looks with the prompt in mind shall
            show where the gripper acts next and where the tool is. Not in the released procedure; needs ``camera``.
        camera: Calibration of the camera that took all images, if it stood still.
        workers: Processes that decode images beside the training; 0 decodes in between.
        image_augmentation: Strength of random crops and colours, 0 (none) … 1.
        correction_repeats: How often each correction of a person counts.
        samples_per_epoch: Length of an epoch of streamed shards; 0 reads all samples into memory instead.
        shuffle: Samples among which a stream draws the next one.
        checkpoint_gradients: Recompute activations to save memory.
        export: Precision of the finished model's file.
        chunk: Steps that ``clip_rt_plus`` decodes at once.
        period: Time of one of them [s].
        executed: How many of them its policy carries out before it looks at the next image.
    """

    loss: Literal["released", "paper", "softmax"] = "released"
    contrast_vocabulary: bool = False
    way: NotNegative = 0.0
    place: NotNegative = 0.0
    camera: FixedCamera | None = None
    workers: Annotated[int, Field(ge=0)] = 2
    image_augmentation: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    correction_repeats: Count = 1
    samples_per_epoch: Annotated[int, Field(ge=0)] = 0
    shuffle: Count = 4096
    checkpoint_gradients: bool = False
    export: Literal["float32", "float16", "bfloat16"] = "float32"
    chunk: Annotated[int, Field(ge=1, le=64)] = 8
    period: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5
    executed: Count = 8

    def __post_init__(self) -> None:
        if self.place and self.camera is None:
            raise ValueError("where the tool is seen needs the calibration of the camera, camera")


@overload
def settings_from(file: Path | None, given: dict[str, Any]) -> TrainSettings: ...
@overload
def settings_from(file: Path | None, given: dict[str, Any], kind: type[AnySettings]) -> AnySettings: ...
def settings_from(file: Path | None, given: dict[str, Any], kind: type[LoopSettings] = TrainSettings) -> LoopSettings:
    """Return the defaults of a kind of settings, overridden by a file, overridden by what was given.

    A relative ``local-dir:FOLDER`` in a file is meant relative to the file.

    Raises:
        ConfigurationError: The file cannot be read, or a setting is unknown or not allowed.
    """
    content: dict[str, Any] = {}
    if file is not None:
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{file} cannot be read as settings of a training: {error}") from error
        if not isinstance(content, dict):
            raise ConfigurationError(f"{file} must hold a mapping, not {type(content).__name__}")
    model = str(content.get("model", ""))
    if file is not None and model.startswith(_LOCAL):
        content["model"] = f"{_LOCAL}{file.parent / model.removeprefix(_LOCAL)}"
    try:
        settings = TypeAdapter(kind).validate_python(content | given)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(e, file, given, kind) for e in error.errors())) from None
    return settings


def settings_to_mapping(settings: LoopSettings) -> dict[str, Any]:
    """Return plain data from which :func:`settings_from` makes equal settings."""
    mapping: dict[str, Any] = TypeAdapter(type(settings)).dump_python(settings, mode="json")
    return mapping


def _explain(error: Any, file: Path | None, given: dict[str, Any], kind: type[LoopSettings]) -> str:
    name = ".".join(map(str, error["loc"]))
    setting, message = str(error["loc"][0]) if name else "", error["msg"].removeprefix("Value error, ")
    origin = f"{file}: " if file is not None and setting not in given else ""
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        names = [field.name for field in dataclasses.fields(kind)]
        return f'{origin}unknown setting "{name}": {did_you_mean(name, names)}'
    return f"{origin}{name} = {error['input']!r}: {message}" if name else f"{origin}{message}"
