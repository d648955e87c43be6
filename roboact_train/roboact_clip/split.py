"""Which clips are learned from: some episodes are kept aside, and some pairs of action and object altogether."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roboact_train.roboact_clip.clips import Clip
from roboact_train.roboact_clip.dataset import AtomicClip


@dataclass(frozen=True, slots=True)
class Split:
    """Places of clips.

    Attributes:
        train: Learned from.
        validation: Of other episodes; every class and every pair of theirs is in ``train``.
        unseen: Of pairs that are not in ``train``, whose actions and objects are.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    unseen: tuple[int, ...]


def split(clips: Sequence[AtomicClip], validation: float, unseen: float, seed: int) -> Split:
    """Divide clips, the same way for the same seed.

    Args:
        clips: All of them.
        validation: Part of the episodes that is kept aside; what different cameras saw stays together.
        unseen: Part of the (action, object) pairs of which no clip is learned from.
        seed: Of the choice.
    """
    random = np.random.default_rng((seed, len(clips)))
    pairs = Counter((clip.triplet.action, clip.triplet.object) for clip in clips)
    hidden = _hidden(sorted(pairs), round(unseen * len(pairs)), random)
    rest = [n for n, clip in enumerate(clips) if (clip.triplet.action, clip.triplet.object) not in hidden]
    left = Counter(clips[n].triplet for n in rest)
    episodes: dict[tuple[str, int], list[int]] = defaultdict(list)
    for n in rest:
        episodes[episode_of(clips[n].clip)].append(n)
    names = list(episodes)
    aside: set[int] = set()
    for place in random.permutation(len(names)):
        if len(aside) >= validation * len(rest):
            break
        members = episodes[names[place]]
        taken = Counter(clips[n].triplet for n in members)
        if all(left[triplet] > count for triplet, count in taken.items()):
            left -= taken
            aside.update(members)
    return Split(
        tuple(n for n in rest if n not in aside),
        tuple(n for n in rest if n in aside),
        tuple(sorted(set(range(len(clips))) - set(rest))),
    )


def episode_of(clip: Clip) -> tuple[str, int]:
    """Return what is the same for all cameras of an episode."""
    path = Path(clip.path)
    # RH20T has EPISODE/cam_SERIAL/color.mp4.
    return str(path.parent.parent if clip.kind in ("video", "images") else path), clip.episode


def _hidden(pairs: list[tuple[str, str]], count: int, random: np.random.Generator) -> set[tuple[str, str]]:
    actions, objects = Counter(a for a, _ in pairs), Counter(o for _, o in pairs)
    hidden: set[tuple[str, str]] = set()
    for place in random.permutation(len(pairs)):
        action, thing = pairs[place]
        if len(hidden) < count and actions[action] > 1 and objects[thing] > 1:
            hidden.add((action, thing))
            actions[action] -= 1
            objects[thing] -= 1
    return hidden
