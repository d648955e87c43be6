"""Puts a training of CLAP-NTP together: data, codes, language model, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.ntp_folder import KIND, STATISTICS, TOKENIZER
from roboact_train.clap.ntp_base import ntp_base
from roboact_train.clap.ntp_data import read_data
from roboact_train.clap.ntp_learner import NtpLearner
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.sources import find_sources
from roboact_train.clap.trained import TrainedTokenizer, read_tokenizer
from roboact_train.training.loop import Outcome
from roboact_train.training.session import OnBatch, Session


@dataclass(frozen=True, slots=True)
class NtpRequest:
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
    settings: NtpSettings
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False
    camera: str = ""
    instruction: str = ""


def train(
    request: NtpRequest,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train a CLAP-NTP; ``tell`` gets lines of progress in the main process, ``on_batch`` the loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    settings = request.settings
    session = Session(KIND, request, tell)
    tokenizer = _tokenizer(settings)
    small = session.accelerator.mixed_precision == "bf16"
    base = ntp_base(settings, tokenizer.model.shape.codes, torch.bfloat16 if small else torch.float32)
    data = read_data(
        find_sources(request.sources, request.camera, request.instruction), tokenizer, settings, session.say
    )
    learner = NtpLearner(data, base, tokenizer.model, settings, session.place)
    about = {"sources": [str(path) for path in request.sources], "samples": dict(data.corpus.counts)}
    return session.run(learner, about, on_batch)


def _tokenizer(settings: NtpSettings) -> TrainedTokenizer:
    """Return the Act-VAE that was asked for, or the one that the language model knows already."""
    if settings.action_vae:
        return read_tokenizer(Path(settings.action_vae), settings.statistics)
    own = settings.base
    if not (own / TOKENIZER).is_file():
        raise ConfigurationError(
            "clap_ntp needs the Act-VAE whose codes it learns: give the folder of a trained one, or a released "
            "checkpoint (--action-vae)"
        )
    return read_tokenizer(own / TOKENIZER, settings.statistics or str(own / STATISTICS))
