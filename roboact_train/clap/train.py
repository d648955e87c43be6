"""Puts a training of an Act-VAE or a VD-VAE together: data, cached features, model, loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.checkpoint import load_weights
from roboact_ros.policies.nets.clap.checkpoint import read_vd_vae
from roboact_ros.policies.nets.clap.vd_vae import VdVaeShape
from roboact_train.clap.act_learner import ActLearner
from roboact_train.clap.act_objective import new_act_vae
from roboact_train.clap.corpus import Corpus, corpus_of, measured, statistics_in
from roboact_train.clap.optimiser import tokenizer_adamw
from roboact_train.clap.pairs import pairs_of
from roboact_train.clap.patch_cache import PatchCache
from roboact_train.clap.patches import ImageSize, patch_encoder
from roboact_train.clap.sources import find_sources
from roboact_train.clap.tokenizer_settings import (
    SETTINGS_OF,
    VD_VAE,
    ActVaeSettings,
    TokenizerSettings,
    VdVaeSettings,
)
from roboact_train.clap.trained import read_tokenizer, weights_at
from roboact_train.clap.vd_learner import VdLearner
from roboact_train.clap.vd_objective import new_vd_vae
from roboact_train.data.pictures import read_bytes
from roboact_train.training.beginning import FEATURES
from roboact_train.training.learner import Learner
from roboact_train.training.loop import Outcome
from roboact_train.training.order import Place
from roboact_train.training.session import OnBatch, Session

_HEAD_WIDTH = 64
"""Of the attention of a VD-VAE, as in the reader of checkpoints."""


@dataclass(frozen=True, slots=True)
class TokenizerRequest:
    """What to train.

    Attributes:
        sources: Data sets, bags, shards and, for a VD-VAE, videos.
        output: Folder of the result.
        settings: How; their kind says which tokenizer.
        resume: Go on from the state in ``output``.
        device: ``auto``, ``cpu`` or ``cuda``.
        licence: Of the model, for its manifest.
        simulated: The data shows a simulated cell.
        features: Folder of cached features of a VD-VAE; None: in ``output``.
        camera: What a VD-VAE sees: a view or a camera; empty: the head view, or the policy's camera.
        instruction: The task, in place of what bags say.
    """

    sources: Sequence[Path]
    output: Path
    settings: TokenizerSettings
    resume: bool = False
    device: str = "auto"
    licence: str = "not stated"
    simulated: bool = False
    features: Path | None = None
    camera: str = ""
    instruction: str = ""


def train(
    request: TokenizerRequest,
    tell: Callable[[str], None],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train a tokenizer; ``tell`` gets lines of progress in the main process, ``on_batch`` the loss of each batch.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    session = session_of(request, tell)
    if isinstance(request.settings, ActVaeSettings):
        learner, counts = _act_vae(request, request.settings, session.place, session.say)
    elif isinstance(request.settings, VdVaeSettings):
        learner, counts = _vd_vae(request, request.settings, session.accelerator, session.place, session.say)
    else:
        raise ConfigurationError(f"{type(request.settings).__name__} are settings of no tokenizer")
    return run(request, session, learner, counts, on_batch)


def session_of(request: TokenizerRequest, tell: Callable[[str], None]) -> Session:
    """Begin the training of a tokenizer.

    Raises:
        ConfigurationError: The folder cannot be begun, or there is no such device.
    """
    kind = next(name for name, kind in SETTINGS_OF.items() if isinstance(request.settings, kind))
    return Session(kind, request, tell)


def run(
    request: TokenizerRequest,
    session: Session,
    learner: Learner,
    counts: Mapping[str, int],
    on_batch: OnBatch = lambda number, loss: None,
) -> Outcome:
    """Train what was put together; ``counts`` says for the manifest how much of what it learns from.

    Raises:
        RoboactError: The state to resume is of another training, or the disk refused.
        KeyboardInterrupt: Ctrl-C; the state is saved.
    """
    data = {"sources": [str(path) for path in request.sources], "samples": dict(counts)}
    return session.run(learner, data, on_batch, optimiser=tokenizer_adamw)


def act_corpus(
    sources: Sequence[Path], settings: ActVaeSettings, say: Callable[[str], None], instruction: str = ""
) -> Corpus:
    """Return the chunks that an Act-VAE learns from, and say what is in them.

    Raises:
        RoboactError: Something about the data; the message says what.
    """
    episodes = [source.episode for source in find_sources(sources, None, instruction) if source.episode is not None]
    if not episodes:
        named = ", ".join(map(str, sources))
        raise ConfigurationError(f"{named}: nothing says what arms did, which an act_vae needs")
    known = statistics_in(Path(settings.statistics)) if settings.statistics else measured
    corpus = corpus_of(episodes, known, settings.validation, settings.seed, settings.stride)
    say(", ".join(f"{count} chunks {name}" for name, count in corpus.counts.items()))
    for line in corpus.left_out_lines():
        say(line)
    return corpus


def _act_vae(
    request: TokenizerRequest, settings: ActVaeSettings, place: Place, say: Callable[[str], None]
) -> tuple[Learner, dict[str, int]]:
    corpus = act_corpus(request.sources, settings, say, request.instruction)
    return ActLearner(corpus, new_act_vae(settings), settings, place), corpus.counts


def _vd_vae(
    request: TokenizerRequest,
    settings: VdVaeSettings,
    accelerator: Accelerator,
    place: Place,
    say: Callable[[str], None],
) -> tuple[Learner, dict[str, int]]:
    if not settings.action_vae:
        raise ConfigurationError("a vd_vae learns the codes of a trained act_vae: --action-vae MODEL")
    trained = read_tokenizer(Path(settings.action_vae), settings.statistics)
    encoder = patch_encoder(
        settings.model, ImageSize(settings.height, settings.width), accelerator.device, settings.seed
    )
    sources = find_sources(request.sources, request.camera, request.instruction)
    pairs = pairs_of(sources, trained.statistics, settings.validation, settings.seed, settings.stride)
    say(", ".join(f"{count} pairs {name}" for name, count in pairs.counts.items()))
    for line in pairs.corpus.left_out_lines() if pairs.corpus is not None else ():
        say(line)
    folder = request.features or request.output / FEATURES
    cache = PatchCache(folder, pairs, encoder, settings.augmented, settings.seed)
    with accelerator.main_process_first():
        cache.create()
    cache.fill(place, say)
    accelerator.wait_for_everyone()
    heads = max(1, encoder.width // _HEAD_WIDTH)
    sizes = (encoder.width, heads, settings.layers, encoder.patches, settings.irrelevant)
    model = new_vd_vae(VdVaeShape(trained.model.shape, *sizes), settings.seed)
    if settings.checkpoint:
        path = weights_at(Path(settings.checkpoint), VD_VAE)
        load_weights(model, read_vd_vae(path, encoder.patches).state_dict(), path, VD_VAE)
    stage_one = trained.model.state_dict()
    model.load_state_dict(model.state_dict() | stage_one)
    about = {
        "model": settings.model,
        "fingerprint": encoder.fingerprint,
        "height": settings.height,
        "width": settings.width,
        "seed": settings.seed,
        "camera": request.camera,
    }
    model.to(accelerator.device)
    return VdLearner(
        pairs, cache.read(), model, settings, place, about, read_bytes(trained.file).decode()
    ), pairs.counts
