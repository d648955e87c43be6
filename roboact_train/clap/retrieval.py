"""Which chunks of other arms have the codes most like those of a chunk: whether codes mean the same for all robots."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.layout import ARMS
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_train.clap.act_judge import by_arm, encoded
from roboact_train.clap.chunks import STEPS, STRIDE
from roboact_train.clap.corpus import Corpus, IntArray, corpus_of
from roboact_train.clap.retrieval_picture import Cell, draw
from roboact_train.clap.sources import find_sources
from roboact_train.clap.trained import read_tokenizer
from roboact_train.data.picture_file import check_picture, write_picture


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """N chunks of single arms.

    Attributes:
        groups: Names of the arms: robot, and side where it has two.
        group_of: (N,) arm of each.
        episode_of: (N,) episode.
        frame_of: (N,) first frame.
        actions: (N, 32, 7) normalised actions.
        again: (N, 32, 7) what the codes mean.
        codes: (N, tokens) codes.
        vectors: (N, tokens * width) vectors of the codes, of length 1.
        names: Of the episodes.
    """

    groups: tuple[str, ...]
    group_of: IntArray
    episode_of: IntArray
    frame_of: IntArray
    actions: NDArray[np.float32]
    again: NDArray[np.float32]
    codes: IntArray
    vectors: NDArray[np.float32]
    names: Sequence[str]

    def others(self, item: int, group: int) -> IntArray:
        """Return the items of a group that share no frame with an item."""
        near = (self.episode_of == self.episode_of[item]) & (np.abs(self.frame_of - self.frame_of[item]) < STEPS)
        return np.flatnonzero((self.group_of == group) & ~near)

    def nearest(self, item: int, group: int) -> int:
        """Return the item of a group whose codes are most like those of an item."""
        others = self.others(item, group)
        return int(others[np.argmax(self.vectors[others] @ self.vectors[item])])


def items_of(corpus: Corpus, model: ActionTokenizer) -> Items:
    """Return the arms of all chunks of a corpus."""
    rows = np.arange(len(corpus.actions))
    indices, again = encoded(model, corpus, rows)
    row, arm = np.nonzero(corpus.arms)
    dual = corpus.arms.all(axis=1)[row]
    names = np.array(
        [f"{robot} {ARMS[a]}" if d else robot for robot, a, d in zip(corpus.robots[row], arm, dual, strict=True)]
    )
    groups, group_of = np.unique(names, return_inverse=True)
    codes = indices[torch.from_numpy(row), torch.from_numpy(arm)]
    with torch.no_grad():
        vectors = functional.normalize(model.vq_t.codebook(codes).flatten(1), dim=1)
    return Items(
        tuple(groups.tolist()),
        group_of,
        corpus.episode_of[row],
        corpus.frame_of[row],
        by_arm(torch.from_numpy(corpus.actions))[row, arm].numpy(),
        again[row, arm].numpy(),
        codes.numpy(),
        vectors.numpy(),
        [episode.name for episode in corpus.episodes],
    )


def queries_of(items: Items, count: int) -> list[int]:
    """Return some items to look for, of each arm in turn: of those that move most, the least alike."""
    chosen: list[int] = []
    for number in range(count):
        own = np.flatnonzero(items.group_of == number % len(items.groups))
        moved = np.linalg.norm(items.actions[own, -1, :3] - items.actions[own, 0, :3], axis=1)
        own = own[moved >= np.quantile(moved, 0.7)]
        likeness = items.vectors[own] @ items.vectors[chosen].T if chosen else np.zeros((len(own), 1))
        chosen.append(int(own[np.argmin(likeness.max(axis=1))]))
    return chosen


def distances(items: Items, most: int = 300, seed: int = 0) -> dict[str, float]:
    """Return how far (RMS of normalised actions) chunks of another arm are: retrieved by codes, drawn, and at best.

    Raises:
        ConfigurationError: Chunks of several arms share all their frames.
    """
    random = np.random.default_rng(seed)
    found, drawn, best = [], [], []
    for item in random.permutation(len(items.codes))[:most].tolist():
        for group in range(len(items.groups)):
            others = items.others(item, group)
            if group == items.group_of[item] or not len(others):
                continue
            far = np.sqrt(((items.actions[others] - items.actions[item]) ** 2).mean(axis=(1, 2)))
            found.append(far[np.argmax(items.vectors[others] @ items.vectors[item])])
            drawn.append(far[random.integers(len(far))])
            best.append(far.min())
    if not found:
        raise ConfigurationError(
            f"the chunks of {', '.join(items.groups)} are of the same moment; more than {STEPS} frames are needed"
        )
    return {name: float(np.mean(far)) for name, far in (("retrieved", found), ("random", drawn), ("best", best))}


def retrieve(
    sources: Sequence[Path],
    output: Path,
    model: Path,
    statistics: str,
    queries: int,
    as_line: bool,
    tell: Callable[[str], None],
) -> str:
    """Draw some chunks with the nearest of each arm, and return how near they are.

    Args:
        sources: Data with actions, of at least two arms.
        output: Picture to write.
        model: A trained Act-VAE, or a released checkpoint.
        statistics: File of statistics that a released checkpoint goes with.
        queries: How many chunks.
        as_line: Return a line of JSON.
        tell: Gets lines of progress.

    Raises:
        RoboactError: The data or the model cannot be used, or the picture cannot be written.
    """
    if queries < 1:
        raise ConfigurationError(f"--queries is at least 1, not {queries}")
    output.parent.mkdir(parents=True, exist_ok=True)
    check_picture(output)
    trained = read_tokenizer(model, statistics)
    episodes = [source.episode for source in find_sources(sources) if source.episode is not None]
    items = items_of(corpus_of(episodes, trained.statistics, 0.0, 0, STRIDE), trained.model)
    tell(", ".join(f"{(items.group_of == n).sum()} chunks of {name}" for n, name in enumerate(items.groups)))
    if len(items.groups) < 2:
        raise ConfigurationError(f"only {items.groups[0]} is in the data; codes are compared across at least two arms")
    rows = []
    for item in queries_of(items, queries):
        near = [items.nearest(item, g) if len(items.others(item, g)) else None for g in range(len(items.groups))]
        rows.append([_cell(items, item, item), *(None if n is None else _cell(items, item, n) for n in near)])
    far = distances(items)
    write_picture(output, draw(rows, ["looked for", *items.groups]))
    if as_line:
        return json.dumps({"picture": str(output), **far})
    words = ", ".join(f"{name} {value:.3f}" for name, value in far.items())
    return f"{output}: RMS to chunks of other arms (normalised): {words}"


def _cell(items: Items, item: int, found: int) -> Cell:
    same = int((items.codes[item] == items.codes[found]).sum())
    like = float(items.vectors[item] @ items.vectors[found])
    where = f"{items.names[items.episode_of[found]].rpartition('/')[2]}, {items.frame_of[found]}"
    group = items.groups[items.group_of[found]]
    title = group if item == found else f"cos {like:.2f}, {same}/{len(items.codes[item])} codes"
    return Cell(title, where, items.actions[found], items.again[found])
