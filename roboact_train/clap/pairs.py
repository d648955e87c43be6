"""Pairs of images 32 frames apart, with what the arms did in between where that is known."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.layout import ARMS, WIDTH
from roboact_train.clap.chunks import STEPS
from roboact_train.clap.corpus import Corpus, IntArray, Statistics, corpus_of
from roboact_train.clap.looks import Look
from roboact_train.clap.sources import Source

HUMAN = "human"


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """N pairs.

    Attributes:
        looks: The episodes and videos.
        look_of: (N,) where each pair is from.
        frames: (N, 2) its first and its later frame.
        actions: (N, 32, 14) normalised actions; zero in videos.
        arms: (N, 2) which arms exist; both in videos.
        robots: (N,) who did it; ``human`` in videos.
        train: Pairs that are learned from.
        validation: Pairs of other episodes and videos.
        corpus: The chunks of robots, None if there are only videos.
    """

    looks: Sequence[Look]
    look_of: IntArray
    frames: IntArray
    actions: NDArray[np.float32]
    arms: NDArray[np.bool_]
    robots: NDArray[np.str_]
    train: IntArray
    validation: IntArray
    corpus: Corpus | None

    @property
    def unlabelled(self) -> NDArray[np.bool_]:
        """(N,) pairs of which nobody knows the actions."""
        return np.asarray(self.robots == HUMAN)

    @property
    def fingerprint(self) -> int:
        """A number that changes with the pairs."""
        stamps = " ".join(look.stamp for look in self.looks).encode()
        return zlib.crc32(stamps + self.frames.tobytes() + self.actions.tobytes() + self.train.tobytes())

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs are what."""
        by_robot = {f"of {name}": int((self.robots == name).sum()) for name in sorted(set(self.robots.tolist()))}
        return {"to learn from": len(self.train), "kept aside": len(self.validation), **by_robot}


def pairs_of(sources: Sequence[Source], statistics: Statistics, validation: float, seed: int, stride: int) -> Pairs:
    """Return the pairs of some sources.

    Args:
        sources: Episodes and videos, with images.
        statistics: Those of the Act-VAE.
        validation: Part of the pairs that is kept aside.
        seed: Of the choice.
        stride: Pairs begin at every so many frames.

    Raises:
        ConfigurationError: A source has no images, or none has a pair.
        RoboactError: The actions of an episode cannot be used.
    """
    blind = [source.episode.name for source in sources if source.look is None and source.episode is not None]
    if blind:
        raise ConfigurationError(f"{blind[0]}: a vd_vae needs images of the arms; shards have none between steps")
    done = [(source.episode, source.look) for source in sources if source.episode is not None and source.look]
    videos = [source for source in sources if source.episode is None and source.look is not None]
    parts = []
    corpus = corpus_of([episode for episode, _ in done], statistics, validation, seed, stride) if done else None
    if corpus is not None:
        last = np.array([len(episode.states) - 1 for episode in corpus.episodes])[corpus.episode_of]
        frames = np.column_stack((corpus.frame_of, np.minimum(corpus.frame_of + STEPS, last)))
        kept = np.isin(np.arange(len(frames)), corpus.validation)
        parts.append((corpus.episode_of, frames, corpus.actions, corpus.arms, corpus.robots, kept))
    kept_aside = min(round(validation * len(videos)), max(len(videos) - 1, 0))  # one is left to learn from
    aside = np.random.default_rng((seed, len(videos))).permutation(len(videos))[:kept_aside]
    for place, source in enumerate(videos):
        frames = frames_of_video(source, stride)
        count = len(frames)
        nothing = np.zeros((count, STEPS, WIDTH), np.float32), np.ones((count, len(ARMS)), bool)
        names, kept = np.full(count, HUMAN), np.full(count, place in aside)
        parts.append((np.full(count, len(done) + place), frames, *nothing, names, kept))
    if not sum(len(part[0]) for part in parts):
        raise ConfigurationError(f"{len(sources)} episodes and videos have no two images {STEPS} frames apart")
    look_of, frames, actions, arms, robots, kept = (np.concatenate(column) for column in zip(*parts, strict=True))
    looks = [*(look for _, look in done), *(source.look for source in videos if source.look is not None)]
    return Pairs(looks, look_of, frames, actions, arms, robots, np.flatnonzero(~kept), np.flatnonzero(kept), corpus)


def frames_of_video(source: Source, stride: int) -> IntArray:
    """Return the (N, 2) first and later frames of the pairs of a video.

    Where it is told that a video shows something until it is done, its last image stays, as the last command of a robot
    does; pairs of which that would be the greater part are left out.
    """
    frames = 0 if source.look is None else source.look.frames
    whole = source.told is not None and not source.told.truncated
    first = np.arange(0, frames - (STEPS // 2 if whole else STEPS), stride, dtype=np.int64)
    return np.column_stack((first, np.minimum(first + STEPS, frames - 1)))
