"""Converts many episodes: in this process, or spread over a Ray cluster. Both do the same work, shard by shard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import RecordingError, RoboactError
from roboact_train.data.ray_data import map_with_ray
from roboact_train.data.samples import EpisodeSamples
from roboact_train.data.shards import ShardWriter
from roboact_train.data.sources import Source

EPISODES_PER_SHARD = 32

Progress = Callable[[str, EpisodeSamples], None]


@dataclass(frozen=True, slots=True)
class ShardReport:
    """One shard: its file name, the names of its episodes, its samples by source, and what was skipped, by reason."""

    shard: str
    episodes: tuple[str, ...]
    samples: Counter[str]
    skipped: Counter[str]


def write_shard(folder: Path, number: int, sources: Sequence[Source], progress: Progress | None = None) -> ShardReport:
    """Read some episodes and write them as shard ``number``.

    Raises:
        RoboactError: An episode cannot be read; it is named.
    """
    path = folder / f"shard-{number:06d}.tar"
    samples: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    with ShardWriter(path) as shard:
        for source in sources:
            episode = source.read()
            for sample in episode.samples:
                shard.write(sample)
                samples[sample.source] += 1
            skipped += episode.skipped
            if progress is not None:
                progress(source.name, episode)
    return ShardReport(path.name, tuple(source.name for source in sources), samples, skipped)


def write_shards(
    folder: Path,
    sources: Sequence[Source],
    episodes_per_shard: int = EPISODES_PER_SHARD,
    progress: Progress | None = None,
) -> Iterator[ShardReport]:
    """Write all episodes into the shards of a folder, one after the other in this process.

    Raises:
        RoboactError: An episode cannot be read; it is named.
    """
    for number, chunk in enumerate(_chunks(sources, episodes_per_shard)):
        yield write_shard(folder, number, chunk, progress)


def write_shards_with_ray(
    folder: Path, sources: Sequence[Source], episodes_per_shard: int = EPISODES_PER_SHARD
) -> Iterator[ShardReport]:
    """Write the same shards with Ray Data, on the cluster that ``RAY_ADDRESS`` names, else on this machine.

    ``folder`` must be the same folder on every machine.

    Raises:
        ConfigurationError: Ray is not installed.
        RecordingError: An episode cannot be read; it is named.
    """
    chunks = _chunks(sources, episodes_per_shard)
    place = str(folder.absolute())
    rows = ({"folder": place, "number": number, "sources": chunk} for number, chunk in enumerate(chunks))
    with closing(map_with_ray(_convert_row, rows)) as converted:
        for row in converted:
            if row["refused"]:
                raise RecordingError(row["refused"])
            shard, episodes, samples, skipped = json.loads(row["report"])
            yield ShardReport(shard, tuple(episodes), Counter(samples), Counter(skipped))


def _convert_row(row: dict[str, Any]) -> dict[str, str]:
    """Write the shard of one row, in a worker; a refusal travels as text, because an exception would lose its type."""
    try:
        report = write_shard(Path(row["folder"]), int(row["number"]), row["sources"])
    except RoboactError as refusal:
        return {"report": "", "refused": str(refusal)}
    parts = (report.shard, report.episodes, report.samples, report.skipped)
    return {"report": json.dumps(parts), "refused": ""}


def _chunks(sources: Sequence[Source], size: int) -> Iterator[list[Source]]:
    return (list(sources[start : start + size]) for start in range(0, len(sources), size))
