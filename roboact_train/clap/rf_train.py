"""Puts a training of CLAP-RF together: data, codes, language model, head, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roboact_train.clap.ntp_data import read_data
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.rf_base import rf_base, rf_head, rf_tokenizer
from roboact_train.clap.rf_batch import RfBatches
from roboact_train.clap.rf_export import KIND
from roboact_train.clap.rf_learner import RfLearner, rf_adamw
from roboact_train.clap.rf_objective import RfObjective
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.clap.rf_weights import read_run_weights
from roboact_train.clap.sources import find_sources
from roboact_train.training.loop import Outcome
from roboact_train.training.session import OnBatch, Session


@dataclass(frozen=True, slots=True)
class RfRequest:
    """What to train.

    Attributes:
        sources: Data sets and bags with images and actions.
        output: Folder of the result.
        settings: How.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell.
        camera: The first view: one of LeRobot data or a camera of bags; empty: the head, or the policy's camera.
        instruction: The task, in place of what bags say.
    """

    sources: Sequence[Path]
    output: Path
    settings: RfSettings
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False
    camera: str = ""
    instruction: str = ""


def train(
    request: RfRequest,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train a CLAP-RF; ``tell`` gets lines of progress in the main process, ``on_batch`` the loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    settings, session = request.settings, Session(KIND, request, tell)
    accelerator, say = session.accelerator, session.say
    small = accelerator.mixed_precision == "bf16"
    tokenizer = rf_tokenizer(settings)
    base = rf_base(settings, tokenizer.model.shape.codes, small)
    how = NtpSettings(
        validation=settings.validation,
        seed=settings.seed,
        stride=settings.stride,
        wrists=settings.wrists,
        height=settings.height,
        width=settings.width,
    )
    data = read_data(find_sources(request.sources, request.camera, request.instruction), tokenizer, how, say)
    batches = RfBatches(data, base, settings)
    head = rf_head(settings, base.model.config.text_config.hidden_size, int(batches.columns.sum()))
    objective = RfObjective(base.model, head, settings, small)
    objective.loss.to(accelerator.device)
    if settings.checkpoint:  # after the reference was taken
        run = read_run_weights(Path(settings.checkpoint))
        if settings.goes_on == "all":
            run.copy_language(base.model)
        run.copy_head(head)
    learner = RfLearner(data, batches, base, objective, settings, session.place)
    say(f"learned from {', '.join(batches.views)}, matching {settings.matching}")
    about = {"sources": [str(path) for path in request.sources], "samples": dict(data.corpus.counts)}
    return session.run(learner, about, on_batch, optimiser=rf_adamw)
