"""Does many trials, and keeps what was done in them if asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from roboact_train.data.atomic import whole_folder
from roboact_train.data.samples import Sample
from roboact_train.data.shards import ShardWriter
from roboact_train.evaluate.result import Result
from roboact_train.evaluate.trial import Trial
from roboact_train.processes import spread

Record = Callable[[Sequence[Sample]], None]


def play(trials: Sequence[Trial], processes: int, record: bool) -> Iterator[tuple[Result, list[Sample]]]:
    """Do ``trials`` and return their results in order, with the samples of each if ``record`` asks for them.

    Raises:
        RoboactError: A trial cannot be done; see :meth:`Trial.run`.
    """
    if record:
        yield from spread(Trial.recorded, trials, processes)
    else:
        for result in spread(Trial.run, trials, processes):
            yield result, []


@contextmanager
def record_to(out: Path | None) -> Iterator[Record]:
    """Give what takes samples into one shard in the new folder ``out``, which is there when all is done; None: nowhere.

    Raises:
        RecordingError: ``out`` exists already, or the disk refused.
    """
    if out is None:
        yield lambda samples: None
        return
    with whole_folder(out) as folder, ShardWriter(folder / "shard-000000.tar") as shard:

        def record(samples: Sequence[Sample]) -> None:
            for sample in samples:
                shard.write(sample)

        yield record
