"""Puts a training of RoboAct-CLIP together: data, cached features, model, loop, pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from roboact_ros.policies.manifest import WEIGHTS
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.roboact_clip.checkpoint import KIND, clip_of
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip, fingerprint
from roboact_train.roboact_clip.corpus import Corpus, corpus_of
from roboact_train.roboact_clip.dataset import AtomicClip, read_dataset
from roboact_train.roboact_clip.features import Features, FrameCache, cached_texts
from roboact_train.roboact_clip.judge import TextFeatures
from roboact_train.roboact_clip.learner import VideoLearner
from roboact_train.roboact_clip.pictures import draw
from roboact_train.roboact_clip.settings import RoboActClipSettings
from roboact_train.training.loop import BEST, Outcome
from roboact_train.training.order import Place
from roboact_train.training.session import OnBatch, Session

FEATURES, PICTURES = "features", "pictures"


@dataclass(frozen=True, slots=True)
class VideoRequest:
    """What to train.

    Attributes:
        sources: Folders that ``roboact reconstruct`` wrote.
        output: Folder of the result.
        settings: How.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell.
        features: Folder of cached features; None: beside the first source.
    """

    sources: Sequence[Path]
    output: Path
    settings: RoboActClipSettings
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False
    features: Path | None = None


def train(
    request: VideoRequest,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train an encoder; ``tell`` gets lines of progress in the main process, ``on_batch`` the loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    settings = request.settings
    session = Session(KIND, request, tell)
    accelerator, say = session.accelerator, session.say
    corpus = corpus_of(
        _clips(request.sources), settings.validation, settings.unseen, settings.recombinations, settings.seed
    )
    say(", ".join(f"{count} clips {name}" for name, count in corpus.counts.items()))
    frames, texts, clip = _features(request, corpus, accelerator, say)
    learner = VideoLearner(corpus, frames, texts, clip, settings, session.place)
    data = {"sources": [str(path) for path in request.sources], "samples": corpus.counts}
    outcome = session.run(learner, data, on_batch)
    if accelerator.is_main_process:
        _draw(request.output, learner, corpus, frames, texts, say)
    accelerator.wait_for_everyone()
    return outcome


def _draw(
    output: Path,
    learner: VideoLearner,
    corpus: Corpus,
    frames: Features,
    texts: TextFeatures,
    say: Callable[[str], None],
) -> None:
    """Draw what the best model makes of the clips that it did not learn from, else of the others."""
    weights = output / BEST / WEIGHTS
    load_weights(learner.model, read_state_dict(weights), weights, KIND)
    parts = corpus.parts
    rows = (*parts.validation, *parts.unseen) or parts.train
    say("drawn: " + ", ".join(map(str, draw(output / PICTURES, learner.model.eval(), corpus, frames, texts, rows))))


def _clips(sources: Sequence[Path]) -> list[AtomicClip]:
    return [clip for source in sources for clip in read_dataset(source)]


def _features(
    request: VideoRequest, corpus: Corpus, accelerator: Accelerator, say: Callable[[str], None]
) -> tuple[Features, TextFeatures, dict[str, Any]]:
    """Return the features of all frames and texts, and what names the CLIP that they come from."""
    settings = request.settings
    folder = request.features or request.sources[0] / FEATURES
    network = clip_of(settings.model, settings.checkpoint, settings.seed)
    name = fingerprint(network)
    clip = FrozenClip(network, accelerator.device)
    cache = FrameCache(folder, [clip.clip for clip in corpus.clips], name, clip.embedding)
    with accelerator.main_process_first():
        cache.create()
        tables = [corpus.descriptions, *([corpus.sentence(r) for r in t] for t in (corpus.recombined, corpus.rivals))]
        every = cached_texts(folder, [text for table in tables for text in table], clip, name)
    cache.fill(clip, Place(accelerator.process_index, accelerator.num_processes), say)
    accelerator.wait_for_everyone()
    parts = torch.from_numpy(every).split([len(table) for table in tables])
    about = {
        "model": settings.model,
        "checkpoint": settings.checkpoint and str(Path(settings.checkpoint).resolve()),
        "seed": settings.seed,
        "fingerprint": name,
    }
    return cache.read(), TextFeatures(*parts), about
