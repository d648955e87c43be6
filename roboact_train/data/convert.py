"""Writes the samples of any source in any of the layouts, whole or not at all."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roboact_train.data.atomic import whole_folder
from roboact_train.data.clip_rt_csv import write_table
from roboact_train.data.clip_rt_raw import write_dataset
from roboact_train.data.pipeline import EPISODES_PER_SHARD, write_shards, write_shards_with_ray
from roboact_train.data.samples import EpisodeSamples, Sample
from roboact_train.data.sources import Source

TARGETS = ("clip_rt_raw", "csv", "webdataset")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: number of episodes, samples by source, and how many steps were skipped, by reason."""

    episodes: int
    samples: Counter[str]
    skipped: Counter[str]


def convert(
    sources: Sequence[Source],
    target: str,
    out: Path,
    tell: Tell,
    episodes_per_shard: int = EPISODES_PER_SHARD,
    with_ray: bool = False,
) -> Summary:
    """Write all samples of ``sources`` to the new folder ``out``.

    Args:
        sources: Episodes.
        target: One of ``TARGETS``.
        out: Folder that must not exist; it appears when everything is written.
        tell: Gets a line of progress for each episode, or each shard under Ray.
        episodes_per_shard: Episodes in one shard.
        with_ray: Spread the making of shards with Ray Data.

    Raises:
        RoboactError: A source cannot be read, or the disk refused; ``out`` is not there then.
    """
    samples: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    told = 0

    def progress(name: str, episode: EpisodeSamples) -> None:
        nonlocal told
        told += 1
        tell(f"[{told}/{len(sources)}] {name}: {len(episode.samples)} samples, {episode.skipped.total()} skipped")

    def read() -> Iterator[list[Sample]]:
        for source in sources:
            episode = source.read()
            samples.update(sample.source for sample in episode.samples)
            skipped.update(episode.skipped)
            progress(source.name, episode)
            yield episode.samples

    with whole_folder(out) as folder:
        if target == "clip_rt_raw":
            write_dataset(folder, read())
        elif target == "csv":
            write_table(folder, itertools.chain.from_iterable(read()))
        else:
            spread = write_shards_with_ray(folder, sources, episodes_per_shard) if with_ray else None
            for report in spread or write_shards(folder, sources, episodes_per_shard, progress):
                samples.update(report.samples)
                skipped.update(report.skipped)
                if with_ray:
                    tell(f"{report.shard}: {len(report.episodes)} episodes, {report.samples.total()} samples")
    return Summary(len(sources), samples, skipped)
