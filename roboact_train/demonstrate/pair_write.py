"""Writes demonstrations with two arms as a LeRobot data set, made in parallel and equal however many made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from roboact_train.data.atomic import whole_folder
from roboact_train.data.lerobot_writer import LeRobotWriter
from roboact_train.demonstrate.pair_source import TaughtPairEpisode
from roboact_train.demonstrate.write import Tally, check_any_kept
from roboact_train.processes import spread


def write_pair_demonstrations(
    out: Path, episodes: Sequence[TaughtPairEpisode], processes: int, tell: Callable[[str], None]
) -> dict[str, Tally]:
    """Make ``episodes``, write those that succeeded to the new folder ``out``, and return what became of each task.

    Args:
        out: Folder that must not exist; it appears when everything is written.
        episodes: What to make.
        processes: How many processes make them.
        tell: Gets a line of progress for each.

    Raises:
        RoboactError: An episode cannot be made, none succeeded, or the disk refused; ``out`` is not there then.
    """
    tallies: dict[str, Tally] = {}
    with whole_folder(out) as folder, LeRobotWriter(folder) as writer:
        for number, found in enumerate(spread(TaughtPairEpisode.read, episodes, processes)):
            frames = len(found.episode.stamps_ns) if found.episode else 0
            tally = tallies.setdefault(episodes[number].task, Tally())
            tally.tried += 1
            tally.kept += found.episode is not None
            tally.samples += frames
            tally.failed += Counter([found.failure] if found.failure else [])
            failed = f"; {found.failure}" if found.failure else ""
            tell(f"[{number + 1}/{len(episodes)}] {episodes[number].name}: {frames} frames{failed}")
            if found.episode:
                writer.add(found.episode)
        check_any_kept(tallies, len(episodes), out)
    return tallies
