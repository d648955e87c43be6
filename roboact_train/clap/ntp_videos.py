"""Videos of which nobody knows the actions, with codes that a VD-VAE gave them, beside the chunks of robots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_ros.policies.clap.layout import ARMS, WIDTH
from roboact_train.clap.chunks import STEPS
from roboact_train.clap.corpus import Corpus
from roboact_train.clap.episode import ClapEpisode
from roboact_train.clap.looks import Look

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """A video and its words; of what the arms did, ``told`` knows nothing."""

    told: ClapEpisode
    look: Look


def read_labels(path: Path, tokens: int, codes: int, codebook: str) -> dict[str, dict[int, Codes]]:
    """Return the (2, tokens) codes of the left and the right arm by frame, by video, as ``roboact tokens label`` wrote.

    Args:
        path: The file.
        tokens: Codes of an arm.
        codes: Size of the codebook.
        codebook: Which one it is (:func:`~roboact_train.clap.trained.codebook_id`).

    Raises:
        RecordingError: It cannot be read, or its codes are of another Act-VAE.
    """
    found: dict[str, dict[int, Codes]] = {}
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            said = json.loads(line)
            if said.get("codebook", codebook) != codebook:
                raise RecordingError(
                    f"{path}, line {number}: these are labels of another Act-VAE (codebook {said['codebook']}, not "
                    f"{codebook}); write them again with roboact tokens label"
                )
            both = np.array([said[arm] for arm in ARMS], dtype=np.int64)
            if both.shape != (len(ARMS), tokens) or both.min() < 0 or both.max() >= codes:
                raise RecordingError(
                    f"{path}, line {number}: an arm has {tokens} codes below {codes}, not {both.tolist()}; are these "
                    "labels of another Act-VAE?"
                )
            found.setdefault(str(said["source"]), {})[int(said["frame"])] = both
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RecordingError(f"{path} is not what roboact tokens label writes: {error!r}") from error
    return found


def with_videos(
    corpus: Corpus, codes: Codes, videos: Sequence[Video], labels: Mapping[str, Mapping[int, Codes]]
) -> tuple[Corpus, Codes]:
    """Return chunks of robots and, behind them, the labelled frames of videos, all of which are learned from.

    Videos without a label, as those that are too short, give nothing.

    Args:
        corpus: The chunks of robots.
        codes: (N, 2, tokens) theirs.
        videos: The videos.
        labels: Codes by the name of the video and by frame.

    Raises:
        RecordingError: No video has labels, or one has labels of frames that it does not have.
    """
    rows: list[tuple[int, int, Codes]] = []
    for number, video in enumerate(videos, len(corpus.episodes)):
        said = labels.get(video.look.name, {})
        frames = sorted(said)
        if frames and frames[-1] >= video.look.frames:
            wrong = f"labels up to frame {frames[-1]} of {video.look.frames}"
            raise RecordingError(f"{video.look.name} has {wrong}; write them with roboact tokens label")
        rows += [(number, frame, said[frame]) for frame in frames]
    if not rows:
        raise RecordingError(
            f"{videos[0].look.name} has no labels, nor has another; write them with roboact tokens label"
        )
    count, first = len(rows), len(corpus.actions)
    episode_of, frame_of = np.array([row[:2] for row in rows], dtype=np.int64).T
    whole = replace(
        corpus,
        actions=np.concatenate((corpus.actions, np.zeros((count, STEPS, WIDTH), np.float32))),
        arms=np.concatenate((corpus.arms, np.ones((count, len(ARMS)), bool))),
        episodes=[*corpus.episodes, *(video.told for video in videos)],
        episode_of=np.concatenate((corpus.episode_of, episode_of)),
        frame_of=np.concatenate((corpus.frame_of, frame_of)),
        train=np.concatenate((corpus.train, np.arange(first, first + count))),
    )
    return whole, np.concatenate((codes, np.stack([row[2] for row in rows])))
