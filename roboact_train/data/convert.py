"""Writes the episodes of any source in any of the layouts, whole or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from roboact_ros.errors import ConfigurationError
from roboact_train.data.atomic import whole_folder
from roboact_train.data.bag_from_lerobot import bag_name, check_dataset, write_bag
from roboact_train.data.card import Card
from roboact_train.data.clip_rt_csv import write_table
from roboact_train.data.clip_rt_raw import write_dataset
from roboact_train.data.frames import EpisodeFrames, frames_from_bag
from roboact_train.data.lerobot_writer import write_lerobot
from roboact_train.data.pipeline import EPISODES_PER_SHARD, write_shards, write_shards_with_ray
from roboact_train.data.samples import EpisodeSamples, Sample
from roboact_train.data.sources import PathSource, Source

SAMPLE_TARGETS = ("clip_rt_raw", "csv", "webdataset")
TARGETS = (*SAMPLE_TARGETS, "lerobot", "bags")
"""``lerobot`` is made of bags, ``bags`` of LeRobot data sets, the others of any source."""

Tell = Callable[[int, int, str], None]
"""Gets how many episodes (or shards) are done, of how many, and a line about the last one."""


def convert(
    sources: Sequence[Source],
    target: str,
    out: Path,
    tell: Tell,
    episodes_per_shard: int = EPISODES_PER_SHARD,
    with_ray: bool = False,
    licence: str = "not stated",
) -> Card:
    """Write all samples of ``sources`` to the new folder ``out``, and a card beside them.

    Args:
        sources: Episodes.
        target: One of ``SAMPLE_TARGETS``, or ``lerobot``.
        out: Folder that must not exist; it appears when everything is written.
        tell: Progress, for each episode, or each shard under Ray.
        episodes_per_shard: Episodes in one shard.
        with_ray: Spread the making of shards with Ray Data.
        licence: As the makers of the data state it.

    Raises:
        RoboactError: A source cannot be read, or the disk refused; ``out`` is not there then.
    """
    card = Card(target, [source.name for source in sources], licence, len(sources))
    told = 0

    def progress(name: str, episode: EpisodeSamples) -> None:
        nonlocal told
        told += 1
        card.tasks.update(sample.instruction for sample in episode.samples)
        tell(told, len(sources), f"{name}: {len(episode.samples)} samples, {episode.skipped.total()} skipped")

    def read() -> Iterator[list[Sample]]:
        for source in sources:
            episode = source.read()
            card.samples.update(sample.source for sample in episode.samples)
            card.skipped.update(episode.skipped)
            progress(source.name, episode)
            yield episode.samples

    with whole_folder(out) as folder:
        if target == "lerobot":
            write_lerobot(folder, _frames(sources, card, tell))
        elif target == "clip_rt_raw":
            write_dataset(folder, read())
        elif target == "csv":
            write_table(folder, itertools.chain.from_iterable(read()))
        else:
            spread = write_shards_with_ray(folder, sources, episodes_per_shard) if with_ray else None
            for number, report in enumerate(spread or write_shards(folder, sources, episodes_per_shard, progress), 1):
                card.samples.update(report.samples)
                card.skipped.update(report.skipped)
                if with_ray:
                    shards = -(-len(sources) // episodes_per_shard)
                    line = f"{report.shard}: {len(report.episodes)} episodes, {report.samples.total()} samples"
                    tell(number, shards, line)
        card.write(folder, out.name)
    return card


def convert_to_bags(paths: Sequence[Path], out: Path, tell: Tell, licence: str = "not stated") -> Card:
    """Write the episodes of LeRobot data sets as bags in the new folder ``out``.

    Raises:
        RoboactError: A data set cannot be read, or the disk refused; ``out`` is not there then.
    """
    datasets = [check_dataset(path) for path in paths]
    episodes = [(dataset, episode) for dataset in datasets for episode in dataset.episodes]
    card = Card("bags", [str(path) for path in paths], licence, len(episodes))
    with whole_folder(out) as folder:
        for number, (dataset, episode) in enumerate(episodes, 1):
            name = bag_name(dataset, episode)
            frames = write_bag(dataset, episode, folder / name)
            card.samples["dataset"] += frames
            tell(number, len(episodes), f"{name}: {frames} frames")
        card.write(folder, out.name)
    return card


def _frames(sources: Sequence[Source], card: Card, tell: Tell) -> Iterator[EpisodeFrames]:
    for number, source in enumerate(sources, 1):
        if not isinstance(source, PathSource) or source.kind != "bag":
            raise ConfigurationError(f"{source.name} is no bag; LeRobot data sets are made of bags")
        episode = frames_from_bag(source.path, source.choices.camera, source.choices.instruction)
        card.samples.update(episode.sources)
        card.tasks.update(episode.tasks)
        about = f"{len(episode.stamps_ns)} frames, {episode.measured_fps:.1f} of {episode.fps:g} Hz"
        tell(number, len(sources), f"{source.name}: {about}")
        yield episode
