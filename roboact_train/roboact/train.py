"""Puts behaviour cloning on a frozen encoder together: data, cached features, network, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from roboact_ros.policies.chunk_space import ChunkSpace
from roboact_ros.policies.encoders.load import Frozen, frozen_encoder
from roboact_train.clip_rt.chunks import chunks_of
from roboact_train.clip_rt.corpus import Corpus, read_corpus
from roboact_train.clip_rt.exact import exact
from roboact_train.clip_rt.regression import space_of
from roboact_train.data.samples import Sample
from roboact_train.data.sources import Choices, find_sources
from roboact_train.roboact.features import frame_features, visual_features
from roboact_train.roboact.learner import KIND, CloningLearner, StepBatch
from roboact_train.roboact.settings import RoboActSettings
from roboact_train.roboact.steps import steps_of
from roboact_train.training.loop import Outcome
from roboact_train.training.session import OnBatch, Session


@dataclass(frozen=True, slots=True)
class CloningRequest:
    """What to train.

    Attributes:
        sources: Paths of the data.
        output: Folder of the result.
        settings: How.
        choices: How the data is read.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell.
        features: Folder of cached features; None: beside ``output``, so that trainings side by side share them.
    """

    sources: Sequence[Path]
    output: Path
    settings: RoboActSettings
    choices: Choices
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False
    features: Path | None = None


def train(
    request: CloningRequest,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train a policy; ``tell`` gets lines of progress in the main process, ``on_batch`` the loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    settings = request.settings
    session = Session(KIND, request, tell)
    frozen = frozen_encoder(
        settings.encoder,
        settings.model,
        settings.checkpoint,
        settings.seed,
        settings.resnet_weights,
        session.accelerator.device,
        settings.newest,
    )
    sources = find_sources(request.sources, request.choices)
    corpus = read_corpus(exact(sources) if settings.actions == "chunk" else sources, settings.validation, session.say)
    learner = _learner(request, corpus, frozen, session)
    data = {"sources": [str(path) for path in request.sources], "samples": dict(corpus.counts)}
    return session.run(learner, data, on_batch)


def _learner(request: CloningRequest, corpus: Corpus, frozen: Frozen, session: Session) -> CloningLearner:
    settings = request.settings
    folder = request.features or request.output.absolute().parent / "features"
    train, validation = (
        _steps(samples, settings, frozen, folder, session.accelerator, session.say)
        for samples in (corpus.train, corpus.validation)
    )
    space: ChunkSpace | None = None
    if settings.actions == "chunk":
        space = space_of(train.wanted.numpy(), settings.period, settings.executed)
    return CloningLearner(frozen, train, validation, space, corpus.fingerprint, settings, session.place)


def _steps(
    samples: Sequence[Sample],
    settings: RoboActSettings,
    frozen: Frozen,
    folder: Path,
    accelerator: Accelerator,
    say: Callable[[str], None],
) -> StepBatch:
    steps = steps_of(samples, frozen.encoder.frames)
    if left := len(samples) - len(steps.used):
        say(f"{left} of {len(samples)} samples have no measured pose of the tool; nothing is learned from them")
    texts = sorted({sample.instruction for sample in samples})
    places = {text: place for place, text in enumerate(texts)}
    width = frozen.words.embedding
    asked = frozen.words.texts(texts).cpu() if texts else torch.zeros(0, width)
    embedded = torch.zeros(0, 1)
    if samples:
        embedded = frame_features(folder, samples, frozen.encoder, frozen.fingerprint, accelerator, say)
    if settings.actions == "chunk":
        wanted = torch.from_numpy(chunks_of(samples, settings.chunk)[steps.used])
    else:
        wanted = torch.from_numpy(steps.labels)
    return StepBatch(
        visual_features(embedded, steps.windows, frozen.encoder, accelerator.device)
        if len(steps.used)
        else torch.zeros(0, frozen.encoder.width),
        asked[torch.tensor([places[samples[place].instruction] for place in steps.used], dtype=torch.int64)],
        torch.from_numpy(steps.tool.astype(np.float32)),
        wanted,
    )
