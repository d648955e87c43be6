"""Puts a training together: data, model, settings, loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_ros.policies.manifest import read_trained_model, trained_model_folder
from roboact_ros.policies.nets.clip import ClipNetwork, clip_with_random_weights, clip_with_weights
from roboact_train.clip_rt.captions import CaptionLearner
from roboact_train.clip_rt.chunks import chunks_of
from roboact_train.clip_rt.corpus import read_corpus
from roboact_train.clip_rt.exact import exact
from roboact_train.clip_rt.feed import Feed, MemoryFeed, ShardFeed, shards_below
from roboact_train.clip_rt.learner import ContrastiveLearner
from roboact_train.clip_rt.regression import ChunkLearner, space_of
from roboact_train.clip_rt.ways import ways_of
from roboact_train.data.sources import Choices, find_sources
from roboact_train.training.learner import Learner
from roboact_train.training.loop import Outcome
from roboact_train.training.order import Place
from roboact_train.training.session import OnBatch, Session
from roboact_train.training.settings import KINDS, TrainSettings


@dataclass(frozen=True, slots=True)
class Request:
    """What to train.

    Attributes:
        kind: One of ``KINDS``.
        sources: Paths of the data.
        corrections: Paths of episodes of which only the corrections of people are learned from.
        output: Folder of the result.
        settings: How.
        choices: How the data is read.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell, so the model is refused where the arm is real.
    """

    kind: str
    sources: Sequence[Path]
    corrections: Sequence[Path]
    output: Path
    settings: TrainSettings
    choices: Choices
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False


def train(
    request: Request,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train a model; ``tell`` gets lines of progress in the main process, ``on_batch`` number and loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    if request.kind not in KINDS:
        raise ConfigurationError(f'no model "{request.kind}" to train: {did_you_mean(request.kind, KINDS)}')
    session = Session(request.kind, request, tell)
    network = _network(request.kind, request.settings)
    learner, counts = _learner(request, network, session.accelerator, session.say)
    data = {
        "sources": [str(path) for path in request.sources],
        "corrections": [str(path) for path in request.corrections],
        "samples": counts,
    }
    return session.run(learner, data, on_batch)


def _network(kind: str, settings: TrainSettings) -> ClipNetwork:
    if not settings.checkpoint:
        return clip_with_random_weights(settings.model, settings.seed)
    folder = trained_model_folder(settings.checkpoint)
    if folder is None:
        return clip_with_weights(settings.model, Path(settings.checkpoint))
    trained = read_trained_model(folder, kind, *(("clip_rt",) if kind == "clip_rt_plus" else ()))
    return clip_with_weights(trained.model, trained.weights)


def _learner(
    request: Request, network: ClipNetwork, accelerator: Accelerator, tell: Callable[[str], None]
) -> tuple[Learner, dict[str, int]]:
    settings = request.settings
    place, pin = Place(accelerator.process_index, accelerator.num_processes), accelerator.device.type == "cuda"
    feed: Feed
    plus = request.kind == "clip_rt_plus"
    if settings.samples_per_epoch and plus:
        raise ConfigurationError("clip_rt_plus learns from samples in memory; samples_per_epoch must be 0")
    if settings.samples_per_epoch:
        if request.corrections:
            raise ConfigurationError("corrections are mixed into samples in memory; samples_per_epoch must be 0")
        if settings.way or settings.place:
            raise ConfigurationError(
                "ways and places are found in whole episodes in memory; samples_per_epoch must be 0"
            )
        feed = ShardFeed(shards_below(request.sources), settings, place, pin)
    else:
        sources = find_sources(request.sources, request.choices)
        extra = find_sources(request.corrections, request.choices)
        sources = exact(sources) if plus else sources
        corpus = read_corpus(sources, settings.validation, tell, extra, settings.correction_repeats)
        if plus:
            chunks = chunks_of(corpus.train, settings.chunk), chunks_of(corpus.validation, settings.chunk)
            feed = MemoryFeed(corpus, settings, place, pin, chunks)
            space = space_of(chunks[0], settings.period, settings.executed)
            return ChunkLearner(network, feed, space, settings), dict(feed.counts)
        aims = settings.way or settings.place
        parts = (corpus.train, corpus.validation)
        train, validation = (ways_of(part, settings.camera) if aims else None for part in parts)
        feed = MemoryFeed(corpus, settings, place, pin, (train, validation))
    if request.kind == "clip":
        return CaptionLearner(network, feed, settings), dict(feed.counts)
    return ContrastiveLearner(request.kind, network, feed, settings), dict(feed.counts)
