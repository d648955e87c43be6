"""Messages and bags for the tests of recording."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.schema import typestore

STRING = "std_msgs/msg/String"
JOINTS = "sensor_msgs/msg/JointState"
JPEG = "sensor_msgs/msg/CompressedImage"
IMAGE = "sensor_msgs/msg/Image"
T0 = 1_790_000_000_000_000_000


def cdr(type_name: str, **fields: object) -> bytes:
    """Return a message as it travels on the wire."""
    store = typestore()
    return bytes(store.serialize_cdr(store.types[type_name](**fields), type_name))


def text(data: str) -> bytes:
    """Return a String message."""
    return cdr(STRING, data=data)


def header(stamp_ns: int, frame: str = "camera") -> object:
    """Return a Header."""
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def jpeg(image_rgb: np.ndarray, stamp_ns: int) -> bytes:
    """Return a CompressedImage message."""
    data = cv2.imencode(".jpg", cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))[1].reshape(-1)
    return cdr(JPEG, header=header(stamp_ns), format="rgb8; jpeg compressed bgr8", data=data)


def write_bag(path: Path, texts: Iterable[str], interval_ns: int = 10_000_000, **notes: str) -> Path:
    """Write a bag of numbered String messages on ``/words``."""
    with BagWriter(path, notes) as bag:
        for i, word in enumerate(texts):
            bag.write("/words", STRING, text(word), T0 + i * interval_ns, T0 + i * interval_ns - 1000)
    return path


def words_by_rosbags(path: Path) -> list[str]:
    """Read the words with the ``rosbags`` library."""
    from rosbags.highlevel import AnyReader

    with AnyReader([path]) as reader:
        return [reader.deserialize(raw, c.msgtype).data for c, _, raw in reader.messages() if c.topic == "/words"]


def words_by_mcap(path: Path) -> list[str]:
    """Read the words with the ``mcap`` library."""
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory

    (file,) = path.glob("*.mcap")
    with file.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True, decoder_factories=[DecoderFactory()])
        assert reader.get_summary() is not None
        return [message.data for *_, message in reader.iter_decoded_messages(topics=["/words"])]
