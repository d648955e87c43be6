"""The loop that trains any learner on one device or many, through Accelerate."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from torch.optim import AdamW
from torch.utils.tensorboard import SummaryWriter

from roboact_ros.errors import ConfigurationError
from roboact_train.training.learner import Judgement, Learner
from roboact_train.training.optimiser import adamw, learning_rate
from roboact_train.training.settings import LoopSettings, settings_to_mapping
from roboact_train.training.state import load_state, save_state

STATE, BEST, LOGS = "last.pt", "best", "tensorboard"

_FREE_TO_CHANGE = ("workers", "checkpoint", "export", "checkpoint_gradients")
"""Settings that an interrupted training may go on with differently, since they do not change what it computes.

The checkpoint is not free where weights are frozen, which the state does not hold.
"""

_TOLD_S = 10.0


@dataclass(slots=True)
class Progress:
    """How far a training is; everything here survives an interruption.

    Attributes:
        step: Steps of the optimiser.
        batches: Batches seen.
        total: Sum of the losses of this epoch's batches.
        best: Score of the best model so far, None before the first.
        judged: Metrics of the last judgement.
        loss: Mean loss of the last whole epoch.
    """

    step: int = 0
    batches: int = 0
    total: float = 0.0
    best: float | None = None
    judged: dict[str, float] = field(default_factory=dict)
    loss: float = math.nan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training came to.

    Attributes:
        progress: How far it is.
        samples_per_second: Speed of this run, over all processes.
        main: Whether this is the process that speaks for all.
    """

    progress: Progress
    samples_per_second: float
    main: bool


class Training:
    """One training run.

    Args:
        learner: What is trained.
        settings: How.
        output: Folder of the state, the best model and the TensorBoard logs.
        accelerator: From :func:`accelerator_for`.
        tell: Gets lines of progress, in the main process only.
        notes: For the manifest of the model.
        on_batch: Called with the number and the loss (mean over processes) of each batch.
        optimiser: Makes the optimiser; a group of its weights may have a ``scale`` of the learning rate.
    """

    def __init__(
        self,
        learner: Learner,
        settings: LoopSettings,
        output: Path,
        accelerator: Accelerator,
        tell: Callable[[str], None],
        notes: Mapping[str, Any],
        on_batch: Callable[[int, float], None] = lambda number, loss: None,
        optimiser: Callable[[nn.Module, LoopSettings], AdamW] = adamw,
    ) -> None:
        self._learner, self._settings, self._output = learner, settings, output
        self._accelerator, self._tell, self._notes, self._on_batch = accelerator, tell, notes, on_batch
        # The module first: how the optimiser steps depends on where the weights are.
        self._module = accelerator.prepare(learner.module)
        self._optimiser = accelerator.prepare(optimiser(learner.module, settings))
        self._steps = settings.epochs * learner.batches_per_epoch // settings.accumulate
        self._progress = Progress()

    def resume(self) -> None:
        """Go on from the state in the output folder.

        Raises:
            ConfigurationError: There is none, or it belongs to other data or settings.
        """
        path = self._output / STATE
        state = load_state(path)
        now = settings_to_mapping(self._settings)
        before = (
            settings_to_mapping(type(self._settings)()) | state["settings"]
        )  # a setting that is newer had its default
        held = set(state["model"])
        frozen = any(name not in held for name, _ in self._learner.module.named_parameters())
        free = [name for name in _FREE_TO_CHANGE if name != "checkpoint" or not frozen]
        other = [
            f"{name} {before[name]} instead of {value}"
            for name, value in now.items()
            if before[name] != value and name not in free
        ]
        if state["fingerprint"] != self._learner.fingerprint:
            other.append("other data")
        if state["processes"] != self._accelerator.num_processes and now.get("samples_per_epoch"):
            other.append(f"{state['processes']} processes, which decides who reads which shard")
        if other:
            raise ConfigurationError(f"{path} is of a training with {'; '.join(other)}")
        self._learner.module.load_state_dict(state["model"])
        for saved, own in zip(state["optimiser"]["param_groups"], self._optimiser.param_groups, strict=True):
            saved["fused"] = own["fused"]  # goes with the device here, not with that of the run which was interrupted
        self._optimiser.load_state_dict(state["optimiser"])
        if self._accelerator.scaler is not None and state["scaler"] is not None:
            self._accelerator.scaler.load_state_dict(state["scaler"])
        self._progress = Progress(**state["progress"])
        self._tell(f"goes on after {self._progress.batches} batches, epoch {self._epoch + 1}")

    def run(self) -> Outcome:
        """Train to the end.

        Raises:
            KeyboardInterrupt: After Ctrl-C, with the state saved.
            RoboactError: The data or the disk refused, or the loss is not a number.
        """
        accelerator, settings, progress = self._accelerator, self._settings, self._progress
        per_epoch = self._learner.batches_per_epoch
        last = settings.epochs * per_epoch
        writer = SummaryWriter(str(self._output / LOGS)) if accelerator.is_main_process else None
        begun, first, told = time.monotonic(), progress.batches, time.monotonic()
        try:
            with _interruption() as interrupted, closing(self._learner.batches(progress.batches)) as batches:
                while progress.batches < last:
                    loss = self._train(next(batches).to(accelerator.device))
                    progress.batches += 1
                    progress.total += loss
                    self._on_batch(progress.batches, loss)
                    if writer is not None:
                        writer.add_scalar("loss", loss, progress.batches)
                        writer.add_scalar("learning rate", self._rate(), progress.batches)
                    if time.monotonic() - told > _TOLD_S:
                        told = time.monotonic()
                        done = progress.batches - self._epoch * per_epoch
                        speed = (progress.batches - first) * settings.batch / (told - begun)
                        left = _left(speed, (last - progress.batches) * settings.batch)
                        self._tell(
                            f"epoch {self._epoch + 1}/{settings.epochs}, batch {done}/{per_epoch}: "
                            f"loss {loss:.4f}, {speed:.0f} samples/s, {left}"
                        )
                    if progress.batches % per_epoch == 0:
                        self._end_epoch(writer)
                    if accelerator.sync_gradients and self._anywhere(interrupted()):
                        self._save()
                        self._tell(f"interrupted; --resume goes on after batch {progress.batches}")
                        raise KeyboardInterrupt
        finally:
            if writer is not None:
                writer.close()
        seconds = max(time.monotonic() - begun, 1e-9)
        speed = (progress.batches - first) * settings.batch / seconds
        return Outcome(progress, speed, accelerator.is_main_process)

    @property
    def _epoch(self) -> int:
        return self._progress.batches // self._learner.batches_per_epoch

    def _rate(self) -> float:
        return learning_rate(self._progress.step, self._steps, self._settings)

    def _train(self, batch: Any) -> float:
        """Learn from one batch and return its loss, the mean over processes."""
        accelerator, settings, progress = self._accelerator, self._settings, self._progress
        # So that what draws numbers (dropout of patches) draws the same after an interruption.
        torch.manual_seed(settings.seed * 1_000_003 + progress.batches)
        with accelerator.accumulate(self._module):
            loss: torch.Tensor = self._module(**self._learner.inputs(batch, accelerator.gather))
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                if settings.clip_gradient:
                    accelerator.clip_grad_norm_(self._module.parameters(), settings.clip_gradient)
                for group in self._optimiser.param_groups:
                    group["lr"] = self._rate() * group.get("scale", 1.0)
                progress.step += 1
            self._optimiser.step()
            self._optimiser.zero_grad()
        value = float(accelerator.reduce(loss.detach(), reduction="mean"))
        if not math.isfinite(value):
            raise ConfigurationError(
                f"the loss of batch {progress.batches + 1} is not a number; a smaller learning_rate than "
                f"{settings.learning_rate:g} or --precision float32 may help"
            )
        return value

    def _end_epoch(self, writer: SummaryWriter | None) -> None:
        progress, per_epoch = self._progress, self._learner.batches_per_epoch
        progress.loss, progress.total = progress.total / per_epoch, 0.0
        module = self._learner.module
        module.eval()
        with self._accelerator.autocast():
            judgement = self._learner.judge(self._accelerator.gather) or Judgement(-progress.loss, {})
        module.train()
        progress.judged = dict(judgement.metrics)
        shown = "".join(f", {name} {value:.4f}" for name, value in judgement.metrics.items())
        best = progress.best is None or judgement.score > progress.best
        self._tell(
            f"epoch {self._epoch}/{self._settings.epochs}: loss {progress.loss:.4f}{shown}{' (best)' if best else ''}"
        )
        if writer is not None:
            for name, value in {"loss of epoch": progress.loss, **judgement.metrics}.items():
                writer.add_scalar(name, value, self._epoch)
            writer.flush()
        if best:
            progress.best = judgement.score
            if self._accelerator.is_main_process:
                made = {"epoch": self._epoch, "step": progress.step, "loss": progress.loss, **judgement.metrics}
                self._learner.export(self._output / BEST, {**self._notes, "made": {**self._notes["made"], **made}})
        self._save()

    def _save(self) -> None:
        if self._accelerator.is_main_process:
            scaler, progress = self._accelerator.scaler, self._progress
            save_state(
                self._output / STATE,
                {
                    "settings": json.loads(json.dumps(settings_to_mapping(self._settings))),
                    "fingerprint": self._learner.fingerprint,
                    "processes": self._accelerator.num_processes,
                    "model": self._learner.module.state_dict(),
                    "optimiser": self._optimiser.state_dict(),
                    "scaler": None if scaler is None else scaler.state_dict(),
                    "progress": {name: getattr(progress, name) for name in Progress.__slots__},
                },
            )
        self._accelerator.wait_for_everyone()

    def _anywhere(self, here: bool) -> bool:
        """Whether something is so in any process."""
        if self._accelerator.num_processes == 1:
            return here
        flag = torch.tensor([int(here)], device=self._accelerator.device)
        return bool(self._accelerator.reduce(flag, reduction="sum"))


def accelerator_for(settings: LoopSettings, device: str = "auto") -> Accelerator:
    """Return what spreads the work over the processes that a launcher started, or this one alone.

    Args:
        settings: For their precision.
        device: ``auto`` takes the GPUs if there are any, ``cpu`` does not.

    Raises:
        ConfigurationError: The precision does not go with the device.
    """
    cpu = device == "cpu" or not torch.cuda.is_available()
    if device == "cuda" and cpu:
        raise ConfigurationError(f'device "cuda" is not here: PyTorch {torch.__version__} sees no CUDA device')
    precision = settings.precision
    if precision == "auto":
        precision = "float32" if cpu else "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    if precision == "fp16" and cpu:
        raise ConfigurationError("precision fp16 needs a GPU; valid on the CPU: float32, bf16")
    if cpu:  # its backward pass is slower in bfloat16 than the plain one by a factor of ten
        torch.backends.cuda.enable_flash_sdp(precision != "bf16")
    elif hasattr(torch.backends.cuda, "enable_cudnn_sdp"):  # older versions have no attention by cuDNN
        # On an H100 its backward pass with a mask may give NaN (https://github.com/pytorch/pytorch/issues/196678).
        torch.backends.cuda.enable_cudnn_sdp(False)
    return Accelerator(
        cpu=cpu,
        mixed_precision="no" if precision == "float32" else precision,
        gradient_accumulation_steps=settings.accumulate,
    )


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C and SIGTERM instead of dying of them; a second one kills as usual."""
    seen: list[int] = []

    def note(number: int, frame: object) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _left(speed: float, samples: int) -> str:
    minutes = samples / speed / 60.0
    return f"{minutes:.0f} min left" if minutes >= 1 else "less than a minute left"
