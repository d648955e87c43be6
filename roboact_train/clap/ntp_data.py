"""What CLAP-NTP learns from: chunks as codes, with the images at their first frame and the words."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.images import resized
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_ros.policies.nets.clap.arms import active_arms, from_active_arms
from roboact_train.clap.corpus import Corpus, Statistics, corpus_of
from roboact_train.clap.episode import NO_SUBTASK
from roboact_train.clap.lerobot import views_in
from roboact_train.clap.looks import LeRobotLook, Look
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.ntp_videos import Video, read_labels, with_videos
from roboact_train.clap.sources import Source
from roboact_train.clap.trained import TrainedTokenizer, codebook_id
from roboact_train.data.pictures import Encoded, Pixels, jpeg

VIEWS = ("head", "right", "left")
_AT_ONCE = 512

Views = Mapping[str, Encoded]
_LOOKED_AT = 64
"""Pictures that tell data from others."""


@dataclass(frozen=True, slots=True, eq=False)
class NtpData:
    """N chunks.

    Attributes:
        corpus: Their actions, episodes and parts.
        codes: (N, 2, tokens) of the left and the right arm; those of an arm that does not exist mean nothing.
        pictures: What each view shows at the first frame of each, small.
        instructions: What is asked for.
        subtasks: What is done.
    """

    corpus: Corpus
    codes: NDArray[np.int64]
    pictures: Sequence[Views]
    instructions: Sequence[str]
    subtasks: Sequence[str]

    @property
    def fingerprint(self) -> int:
        """A number that changes with what is learned."""
        words = "\n".join((*self.instructions, *self.subtasks)).encode()
        number = zlib.crc32(words, zlib.crc32(self.codes.tobytes(), self.corpus.fingerprint))
        for views in self.pictures[:: max(1, len(self.pictures) // _LOOKED_AT)]:
            for view, picture in sorted(views.items()):
                number = zlib.crc32(picture.data, zlib.crc32(view.encode(), number))
        return number


def read_data(
    sources: Sequence[Source], tokenizer: TrainedTokenizer, settings: NtpSettings, say: Callable[[str], None]
) -> NtpData:
    """Return the data; images are read once, and kept small in memory.

    Args:
        sources: Episodes with what was seen, and with labels also videos.
        tokenizer: Makes the codes.
        settings: For the size of images, the views, the parts, and the labels of videos.
        say: Gets lines of progress.

    Raises:
        RoboactError: An episode has no images or no actions, or cannot be read.
    """
    seen_by = _views if settings.wrists else _head_only
    episodes, looks, videos = [], [], []
    for source in sources:
        if settings.labels and source.told is not None and source.look is not None:
            videos.append(Video(source.told, source.look))
            continue
        if source.episode is None or source.look is None:
            name = source.look.name if source.look is not None else source.episode and source.episode.name
            missing = "nothing says what arms did" if source.episode is None else "it has no images"
            raise ConfigurationError(f"{name}: {missing}; images and actions are needed, or for clap_ntp --labels")
        episodes.append(source.episode)
        looks.append(seen_by(source.look))
    corpus = corpus_of(episodes, tokenizer.statistics, settings.validation, settings.seed, settings.stride)
    codes = codes_of(corpus, tokenizer.model, tokenizer.learned_with)
    if settings.labels:
        if not videos:
            raise ConfigurationError(f"--labels {settings.labels} are of videos, and none is among the sources")
        shape = tokenizer.model.shape
        known = read_labels(Path(settings.labels), shape.tokens, shape.codes, codebook_id(tokenizer.model))
        corpus, codes = with_videos(corpus, codes, videos, known)
        if bare := sum(video.look.name not in known for video in videos):
            say(f"{bare} of {len(videos)} videos have no labels and are left out")
        looks += [seen_by(video.look) for video in videos]
    say(", ".join(f"{count} chunks {name}" for name, count in corpus.counts.items()))
    for line in corpus.left_out_lines():
        say(line)
    pictures: list[Views] = [{}] * len(corpus.actions)
    for number, views in enumerate(looks):
        rows = np.flatnonzero(corpus.episode_of == number)
        rows = rows[np.argsort(corpus.frame_of[rows])]
        for row, seen in zip(rows.tolist(), _seen(views, corpus.frame_of[rows].tolist(), settings), strict=True):
            pictures[row] = seen
    say(f"{len(pictures)} x {', '.join(sorted({view for seen in pictures for view in seen}))} read")
    places = list(zip(corpus.episode_of.tolist(), corpus.frame_of.tolist(), strict=True))
    tasks = [corpus.episodes[episode].tasks[frame] for episode, frame in places]
    if all(task.startswith(NO_SUBTASK) for task in tasks):  # else it says which tasks are not divided
        tasks = [task.removeprefix(NO_SUBTASK) for task in tasks]
    subtasks = [corpus.episodes[episode].subtasks[frame] for episode, frame in places]
    return NtpData(corpus, codes, pictures, tasks, subtasks)


@torch.no_grad()
def codes_of(corpus: Corpus, tokenizer: ActionTokenizer, learned_with: Statistics | None = None) -> NDArray[np.int64]:
    """Return the (N, 2, tokens) codes of the chunks of a corpus, those of arms that do not exist 0.

    Args:
        corpus: The chunks.
        tokenizer: The Act-VAE.
        learned_with: What it learned with, if the corpus is normalised with something else.
    """
    parts, scaled = [], corpus.actions if learned_with is None else _renormalised(corpus, learned_with)
    for start in range(0, len(corpus.actions), _AT_ONCE):
        actions = torch.from_numpy(scaled[start : start + _AT_ONCE])
        mask = torch.from_numpy(corpus.arms[start : start + _AT_ONCE])
        indices = tokenizer.indices(active_arms(actions, mask))
        both = from_active_arms(indices[..., None], mask)  # (n, tokens, 2)
        parts.append(both.movedim(-1, 1).numpy())
    return np.concatenate(parts)


def _renormalised(corpus: Corpus, statistics: Statistics) -> NDArray[np.float32]:
    """Return the (N, T, 14) actions of a corpus, normalised with other statistics."""
    found = corpus.actions.copy()
    for name, known in corpus.statistics.items():
        other, rows = statistics(known.robot), corpus.robots == name
        if other is not None:
            flat = found[rows].reshape(-1, found.shape[2]).astype(np.float64)
            found[rows] = other.normalised_actions(known.actions(flat)).reshape(found[rows].shape)
    return found


def _views(look: Look) -> dict[str, Look]:
    """Return all views of an episode of which one is known."""
    if not isinstance(look, LeRobotLook):
        return {VIEWS[0]: look}
    known = views_in(look.files)
    beside = {
        view: replace(look, camera=known[view]) for view in VIEWS[1:] if known.get(view, look.camera) != look.camera
    }
    return {VIEWS[0]: look, **beside}


def _head_only(look: Look) -> dict[str, Look]:
    return {VIEWS[0]: look}


def _seen(views: Mapping[str, Look], frames: Sequence[int], settings: NtpSettings) -> Sequence[Views]:
    size = settings.width, settings.height
    seen: list[dict[str, Encoded]] = [{} for _ in frames]
    for view, look in views.items():
        for number, image in enumerate(look.images(frames)):
            small = jpeg(Pixels(resized(image, size)))
            seen[number][view] = Encoded(small, f"{look.name}, frame {frames[number]}")
    return seen
