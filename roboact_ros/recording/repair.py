"""Makes an episode whole again after a crash: keeps every whole chunk, drops a torn last one, writes the index."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import UNFINISHED_SUFFIX, publish
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.folders import BagState, bag_state, mcap_files
from roboact_ros.recording.mcap_records import metadata
from roboact_ros.recording.mcap_scan import McapScan
from roboact_ros.recording.mcap_writer import open_locked
from roboact_ros.recording.metadata import ROSBAG2_RECORD, bag_information, custom_data, to_yaml, write_metadata


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did.

    Attributes:
        path: Folder of the bag now.
        messages: Messages in it.
        dropped_bytes: Length of the torn end that was cut off; 0 when the file was whole.
    """

    path: Path
    messages: int
    dropped_bytes: int


def repair(bag: Path) -> Repair:
    """Repair the bag in the folder ``bag`` and give it its final name.

    Raises:
        RecordingError: It is no bag, is being recorded, holds no message, or the disk refused.
    """
    files = mcap_files(bag)
    if len(files) != 1:
        raise RecordingError(f"{bag} is no episode: it holds {len(files)} MCAP files instead of one")
    if bag_state(bag) is BagState.SAVED:
        with McapScan(files[0]) as scan:
            if scan.complete:
                return Repair(bag, scan.index.message_count, 0)
    finished = bag.with_name(bag.name.removesuffix(UNFINISHED_SUFFIX))
    if finished != bag and finished.exists():
        raise RecordingError(f"{finished} exists already; move one of the two away first")
    messages, dropped = _repair_file(bag, files[0])
    if finished != bag:
        publish(bag, finished)
    return Repair(finished, messages, dropped)


def _repair_file(bag: Path, path: Path) -> tuple[int, int]:
    """Write index and ``metadata.yaml``; returns the number of messages and of bytes cut off."""
    with os.fdopen(open_locked(path), "r+b") as file, McapScan(path) as scan:
        index, end = scan.index, scan.end
        if not index.chunks:
            raise RecordingError(f"{path} holds no whole message; there is nothing to repair")
        notes = custom_data(scan.notes)
        if scan.complete:
            write_metadata(bag, bag_information(index, path.name, notes))
            return index.message_count, 0
        information = bag_information(index, path.name, {**notes, "outcome": "repaired"})
        last = index.chunks[-1]
        tail = scan.indexes if end == last.offset + last.length else b""
        dropped = max(0, os.fstat(file.fileno()).st_size - end - len(tail))
        content = metadata(ROSBAG2_RECORD, {"serialized_metadata": to_yaml(information)})
        index.metadata.append((ROSBAG2_RECORD, end + len(tail), len(content)))
        tail += content
        tail += index.encode_end(end + len(tail))
        try:
            file.truncate(end)
            file.seek(end)
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise recording_error(path, error) from error
    write_metadata(bag, information)
    return index.message_count, dropped
