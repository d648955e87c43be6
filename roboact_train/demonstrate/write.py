"""Writes demonstrations into shards, made in parallel and equal byte for byte however many processes made them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_train.data.pipeline import EPISODES_PER_SHARD
from roboact_train.data.samples import DONE_LABEL, EpisodeSamples, Sample
from roboact_train.data.shards import ShardWriter
from roboact_train.demonstrate.source import TaughtEpisode
from roboact_train.demonstrate.unfinished import unfinished
from roboact_train.processes import spread


@dataclass(slots=True)
class Tally:
    """Of one task: demonstrations tried and kept, copies of them, samples, and what failed, by reason."""

    tried: int = 0
    kept: int = 0
    copies: int = 0
    samples: int = 0
    failed: Counter[str] = field(default_factory=Counter)

    def add(self, found: EpisodeSamples) -> None:
        """Count what became of one episode."""
        whole = sum(sample.label == DONE_LABEL for sample in found.samples)
        self.tried += 1
        self.kept += bool(whole)
        self.copies += max(whole - 1, 0)
        self.samples += len(found.samples)
        self.failed += found.skipped

    def to_mapping(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "tried": self.tried,
            "kept": self.kept,
            "copies": self.copies,
            "samples": self.samples,
            "failed": dict(self.failed),
        }


def write_demonstrations(
    out: Path,
    episodes: Sequence[TaughtEpisode],
    processes: int,
    tell: Callable[[str], None],
    episodes_per_shard: int = EPISODES_PER_SHARD,
) -> dict[str, Tally]:
    """Make ``episodes``, write those that succeeded to the new folder ``out``, and return what became of each task.

    After an interruption, the same call goes on behind the last whole shard.

    Args:
        out: Folder that must not exist; it appears when everything is written.
        episodes: What to make.
        processes: How many processes make them.
        tell: Gets a line of progress for each.
        episodes_per_shard: Demonstrations in one shard, with their copies.

    Raises:
        RoboactError: An episode cannot be made, none succeeded, or the disk refused; ``out`` is not there then.
    """
    arguments = hashlib.sha256(repr((list(episodes), episodes_per_shard)).encode()).hexdigest()
    with unfinished(out, arguments) as begun:
        tallies = {task: Tally(**{**notes, "failed": Counter(notes["failed"])}) for task, notes in begun.notes.items()}
        if begun.episodes:
            tell(f"goes on after {begun.episodes} of {len(episodes)} episodes")
        successes = _kept(episodes, begun.episodes, processes, tallies, tell)
        for batch in iter(lambda: list(islice(successes, episodes_per_shard)), []):
            with ShardWriter(begun.folder / f"shard-{begun.shards:06d}.tar") as shard:
                for sample in (sample for samples in batch for sample in samples):
                    shard.write(sample)
            tried = sum(tally.tried for tally in tallies.values())
            begun.note(tried, {task: tally.to_mapping() for task, tally in tallies.items()})
        check_any_kept(tallies, len(episodes), out)
    return tallies


def check_any_kept(tallies: Mapping[str, Tally], episodes: int, out: Path) -> None:
    """Refuse to write a data set of nothing.

    Raises:
        RecordingError: None of the episodes succeeded.
    """
    if not any(tally.kept for tally in tallies.values()):
        raise RecordingError(f"none of {episodes} episodes succeeded, so {out} is not written")


def _kept(
    episodes: Sequence[TaughtEpisode],
    first: int,
    processes: int,
    tallies: dict[str, Tally],
    tell: Callable[[str], None],
) -> Iterator[list[Sample]]:
    """Yield the samples of every episode from number ``first`` on that succeeds, and count it."""
    for number, found in enumerate(spread(TaughtEpisode.read, episodes[first:], processes), first):
        tallies.setdefault(episodes[number].task, Tally()).add(found)
        failed = "".join(f"; {count} x {reason}" for reason, count in found.skipped.items())
        tell(f"[{number + 1}/{len(episodes)}] {episodes[number].name}: {len(found.samples)} samples{failed}")
        if found.samples:
            yield found.samples
