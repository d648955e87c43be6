"""``metadata.yaml`` as rosbag2 writes it (version 9), made from what the MCAP file says about itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from roboact_ros.errors import RecordingError
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.mcap_index import McapIndex

FILE_NAME = "metadata.yaml"
# The same safe dialect in C where PyYAML was built with it: ten times faster.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CUSTOM_RECORD = "roboact"
"""Name of the MCAP metadata record that keeps our own notes from the first moment on, for a repair after a crash."""
ROSBAG2_RECORD = "rosbag2"
"""Name of the MCAP metadata record that rosbag2 reads."""


def bag_information(index: McapIndex, file_name: str, custom_data: Mapping[str, str]) -> dict[str, object]:
    """Return the content of ``rosbag2_bagfile_information``.

    Args:
        index: Summary of the file.
        file_name: Name of the file in the bag's folder.
        custom_data: Our own notes, all of them text.
    """
    starting_time = {"nanoseconds_since_epoch": index.start_ns}
    duration = {"nanoseconds": index.end_ns - index.start_ns}
    file = {
        "path": file_name,
        "starting_time": dict(starting_time),
        "duration": dict(duration),
        "message_count": index.message_count,
    }
    return {
        "version": 9,
        "storage_identifier": "mcap",
        "duration": duration,
        "starting_time": starting_time,
        "message_count": index.message_count,
        "topics_with_message_count": [_topic(index, channel_id) for channel_id in index.channels],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [file_name],
        "files": [file],
        "custom_data": dict(custom_data),
        "ros_distro": os.environ.get("ROS_DISTRO", "jazzy"),
    }


def custom_data(notes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return our own notes from the metadata records of a file: the final ones, or after a crash those of its start."""
    text = notes.get(ROSBAG2_RECORD, {}).get("serialized_metadata", "")
    try:
        information = yaml.load(text, Loader=_LOADER) or {}
        return {**notes.get(CUSTOM_RECORD, {}), **(information.get("custom_data") or {})}
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise RecordingError(f"the notes in the bag are damaged ({error})") from error


def read_metadata(folder: Path) -> dict[str, Any]:
    """Return ``rosbag2_bagfile_information`` of a finished bag.

    Raises:
        RecordingError: ``metadata.yaml`` is missing or not what it should be.
    """
    path = folder / FILE_NAME
    try:
        information = dict(yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)["rosbag2_bagfile_information"])
    except OSError as error:
        raise recording_error(path, error) from error
    except (yaml.YAMLError, TypeError, KeyError, ValueError) as error:  # the last one: no text, or not by name
        raise RecordingError(f'{path} is damaged ({error}); "roboact bags repair {folder}" writes it anew') from error
    return information


def to_yaml(content: object) -> str:
    """Return ``content`` as YAML text, in the order it is in."""
    return str(yaml.dump(content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=10_000))


def write_metadata(folder: Path, information: Mapping[str, object], durable: bool = True) -> None:
    """Write ``metadata.yaml`` so that it is there as a whole or not at all; ``durable`` waits for the disk.

    Raises:
        RecordingError: The disk refused.
    """
    temporary = folder / f".{FILE_NAME}"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(to_yaml({"rosbag2_bagfile_information": dict(information)}))
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(folder / FILE_NAME)
    except OSError as error:
        raise recording_error(folder / FILE_NAME, error) from error


def _topic(index: McapIndex, channel_id: int) -> dict[str, object]:
    channel = index.channels[channel_id]
    schema = index.schemas.get(channel.schema_id)
    return {
        "topic_metadata": {
            "name": channel.topic,
            "type": schema.name if schema else "",
            "serialization_format": channel.encoding,
            "offered_qos_profiles": yaml.safe_load(channel.metadata.get("offered_qos_profiles", "")) or [],
            "type_description_hash": channel.metadata.get("topic_type_hash", ""),
        },
        "message_count": index.counts.get(channel_id, 0),
    }
