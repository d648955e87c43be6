"""A training from its new folder to its best model, whatever is learned."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from roboact_train.training.beginning import check_output, notes, say_nothing, write_settings
from roboact_train.training.learner import Learner
from roboact_train.training.loop import BEST, LOGS, Outcome, Training, accelerator_for
from roboact_train.training.order import Place
from roboact_train.training.settings import LoopSettings

OnBatch = Callable[[int, float], None]
"""Gets number and loss of each batch."""


class TrainingRequest(Protocol):
    """What every request for a training says, beside its data.

    Attributes:
        output: Folder of the result.
        settings: How.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell, so the model is refused where the arm is real.
    """

    @property
    def output(self) -> Path: ...  # noqa: D102
    @property
    def settings(self) -> LoopSettings: ...  # noqa: D102
    @property
    def resume(self) -> bool: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def simulated(self) -> bool: ...  # noqa: D102


class Session:
    """Begins a training, and runs it when its data and its learner are there.

    Attributes:
        accelerator: Devices and processes.
        place: This process among them.
        say: Gets lines of progress; silent in all processes but the main one.

    Args:
        kind: What is trained.
        request: How.
        tell: Gets lines of progress.

    Raises:
        ConfigurationError: The folder cannot be begun, or there is no such device.
    """

    def __init__(self, kind: str, request: TrainingRequest, tell: Callable[[str], None]) -> None:
        check_output(request.output, request.resume)
        self._kind, self._request = kind, request
        self.accelerator = accelerator_for(request.settings, request.device)
        self.place = Place(self.accelerator.process_index, self.accelerator.num_processes)
        self.say = tell if self.accelerator.is_main_process else say_nothing

    def run(self, learner: Learner, data: Mapping[str, Any], on_batch: OnBatch, **how: Any) -> Outcome:
        """Train; ``data`` says for the manifest what is learned from, ``how`` goes to the loop.

        Raises:
            RoboactError: The state to resume is of another training, or the disk refused.
            KeyboardInterrupt: Ctrl-C; the state is saved.
        """
        request, accelerator = self._request, self.accelerator
        settings, output = request.settings, request.output
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            if not request.resume and (output / LOGS).is_dir():  # of one that ended before it saved a state
                shutil.rmtree(output / LOGS)
        made = notes(request.licence, request.simulated, settings, data)
        training = Training(learner, settings, output, accelerator, self.say, made, on_batch, **how)
        if request.resume:
            training.resume()
        if accelerator.is_main_process:  # not before it is known that it is the same training
            write_settings(output, self._kind, settings)
        size = sum(weight.numel() for weight in learner.module.parameters() if weight.requires_grad) / 1e6
        self.say(
            f"{self._kind}: {size:.1f} M weights, {settings.epochs} epochs of {learner.batches_per_epoch} batches of "
            f"{settings.batch} on {accelerator.num_processes} x {accelerator.device.type}, "
            f"{'float32' if accelerator.mixed_precision == 'no' else accelerator.mixed_precision}"
        )
        outcome = training.run()
        self.say(f"done: the best model is {output / BEST}")
        return outcome
