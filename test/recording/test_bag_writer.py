"""Bags are what rosbag2 writes, as far as two independent libraries can tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from recorded import IMAGE, JOINTS, STRING, T0, cdr, header, text, words_by_mcap, words_by_rosbags, write_bag
from rosbags.rosbag2 import StoragePlugin, Writer

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.qos import TopicQos
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.schema import typestore

WORDS = [f"word {i}" for i in range(2500)]  # more parts than one writev takes


def test_both_libraries_read_what_was_written(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "episode", WORDS)
    assert words_by_rosbags(bag) == words_by_mcap(bag) == WORDS


def test_large_messages_keep_every_byte_and_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, 1280 * 720 * 3, dtype=np.uint8) for _ in range(4)]
    payloads = [
        cdr(IMAGE, header=header(T0), height=720, width=1280, encoding="rgb8", is_bigendian=0, step=3840, data=data)
        for data in images
    ]
    with BagWriter(tmp_path / "episode") as bag:
        for i, payload in enumerate(payloads):
            bag.write("/camera", IMAGE, payload, T0 + i, T0 - i)
    with Episode(tmp_path / "episode") as episode:
        read = [(m.log_time_ns, m.publish_time_ns, bytes(m.data)) for m in episode.raw_messages()]
    assert read == [(T0 + i, T0 - i, payload) for i, payload in enumerate(payloads)]
    from mcap.reader import make_reader

    with (tmp_path / "episode" / "episode_0.mcap").open("rb") as stream:
        peer = [(m.log_time, m.publish_time, m.data) for _, _, m in make_reader(stream).iter_messages()]
    assert peer == read


def test_metadata_has_exactly_the_keys_of_rosbag2(tmp_path: Path) -> None:
    qos = TopicQos("best_effort", "transient_local", 5)
    with BagWriter(tmp_path / "ours", {"instruction": "move: the 'block'\nnow", "episode": "3"}) as bag:
        bag.offer("/words", qos)
        bag.write("/words", STRING, text("a"), T0)
        bag.write("/words", STRING, text("b"), T0 + 5)
    with Writer(tmp_path / "peer", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/words", STRING, typestore=typestore())
        writer.set_custom_data("a", "b")
        writer.write(connection, T0, text("a"))
        writer.write(connection, T0 + 5, text("b"))
    ours, peer = (yaml.safe_load((tmp_path / n / "metadata.yaml").read_text()) for n in ("ours", "peer"))

    assert _shape(ours) == _shape(peer)
    information = ours["rosbag2_bagfile_information"]
    reference = peer["rosbag2_bagfile_information"]
    for key in ("version", "storage_identifier", "duration", "starting_time", "message_count"):
        assert information[key] == reference[key]
    (topic,), (reference_topic,) = (i["topics_with_message_count"] for i in (information, reference))
    offered = topic["topic_metadata"].pop("offered_qos_profiles")
    reference_topic["topic_metadata"].pop("offered_qos_profiles")
    assert topic == reference_topic
    assert offered == [qos.to_mapping()]
    assert information["custom_data"]["instruction"] == "move: the 'block'\nnow"
    assert information["custom_data"]["episode"] == "3"


def test_an_unfinished_bag_carries_the_suffix_and_none_is_overwritten(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "episode")
    bag.write("/words", STRING, text("a"), T0)
    assert [p.name for p in tmp_path.iterdir()] == ["episode.recording"]
    assert bag.close() == tmp_path / "episode"
    assert [p.name for p in tmp_path.iterdir()] == ["episode"]
    with pytest.raises(RecordingError, match="never overwritten"):
        BagWriter(tmp_path / "episode")


def test_an_exception_leaves_the_bag_unfinished(tmp_path: Path) -> None:
    with pytest.raises(KeyError), BagWriter(tmp_path / "episode") as bag:
        bag.write("/words", STRING, text("a"), T0)
        raise KeyError
    assert [p.name for p in tmp_path.iterdir()] == ["episode.recording"]


def test_a_closed_bag_holds_no_more_blocks_than_it_needs(tmp_path: Path) -> None:
    file = next(write_bag(tmp_path / "episode", WORDS).glob("*.mcap")).stat()
    assert file.st_blocks * 512 < file.st_size + 1_000_000


def test_unknown_types_are_refused_by_name(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "episode")
    with pytest.raises(RecordingError, match="my_msgs/msg/Thing"):
        bag.write("/thing", "my_msgs/msg/Thing", b"", T0)
    bag.abandon()


def test_a_folder_without_rights_or_below_a_file_is_named_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (Path("/sys/roboact_bags"), tmp_path / "file"):
        with pytest.raises(RecordingError, match=f"{folder}.*record elsewhere with bags:=FOLDER"):
            BagWriter(folder / "episode")


def test_a_full_disk_keeps_whole_chunks_and_says_what_to_do(tmp_path: Path) -> None:
    program = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from recorded import STRING, T0, text
from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
bag = BagWriter(Path({str(tmp_path)!r}) / "episode")
try:
    for i in range(100):
        bag.write("/words", STRING, text(str(i) + " " * 3000), T0 + i)
        bag.flush()
except RecordingError as error:
    print(error)
    bag.abandon()
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "record elsewhere with bags:=FOLDER" in result.stdout, result.stderr
    with Episode(tmp_path / "episode.recording") as episode:
        words = [message.data.split()[0] for _, _, message in episode.messages()]
    assert len(words) > 20
    assert words == [str(i) for i in range(len(words))]


def test_sequences_and_arrays_survive(tmp_path: Path) -> None:
    q = np.linspace(-3, 3, 6)
    joints = cdr(JOINTS, header=header(T0, "base"), name=list("abcdef"), position=q, velocity=q * 0, effort=np.zeros(0))
    with BagWriter(tmp_path / "episode") as bag:
        bag.write("/joint_states", JOINTS, joints, T0)
    with Episode(tmp_path / "episode") as episode:
        ((topic, logged, message),) = episode.messages()
    assert (topic, logged, list(message.name)) == ("/joint_states", T0, list("abcdef"))
    np.testing.assert_array_equal(message.position, q)


def _shape(value: object) -> object:
    """Return the keys and kinds of values of nested data."""
    if isinstance(value, dict):
        return {key: "notes" if key == "custom_data" else _shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [] if not value or isinstance(value[0], dict) and "liveliness" in value[0] else [_shape(value[0])]
    return type(value)
