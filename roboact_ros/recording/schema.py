"""Definitions of message types as rosbag2 stores them: text in the ``ros2msg`` form and the RIHS01 hash of the type."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roboact_ros.errors import RecordingError

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore


@dataclass(frozen=True, slots=True)
class MessageDefinition:
    """One message type: its name (``std_msgs/msg/String``), its definition with all it refers to, and its hash."""

    type_name: str
    text: str
    type_hash: str


@functools.cache
def typestore() -> Typestore:
    """Return the standard message types of ROS 2 Jazzy."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_JAZZY)


@functools.cache
def message_definition(type_name: str) -> MessageDefinition:
    """Return the definition of a standard message type.

    Raises:
        RecordingError: The type is not one of the standard packages.
    """
    store = typestore()
    if type_name not in store.fielddefs:
        raise RecordingError(f'cannot record "{type_name}": only the message types of the standard packages are known')
    text, _ = store.generate_msgdef(type_name, ros_version=2)
    return MessageDefinition(type_name, text, store.hash_rihs01(type_name))
