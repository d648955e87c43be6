"""Listens to a person: speech becomes a ``correction``, or a question on ``speech/status``.

Sound comes from a microphone, or as blocks of 16-bit samples at 16 kHz on ``speech/audio``. With push to talk it counts
only while the newest message on ``speech/talk`` is true; "stop" always counts.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, Int16MultiArray, String

from roboact_ros.cells.description import Cell
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_to_message
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.speech.ear import Heard
from roboact_ros.speech.listener import Listener
from roboact_ros.speech.microphone import Microphone
from roboact_ros.speech.open import open_ear, open_spotter

NODE_NAME = "speech"
AUDIO_TOPIC, TALK_TOPIC = "speech/audio", "speech/talk"
DEPTH = 100
_READ_SECONDS = 0.02


class SpeechNode(Node):  # type: ignore[misc]
    """Listens.

    Args:
        cell: The cell; ``cell.speech`` says to what and with which ear.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__(NODE_NAME)
        speech = cell.speech
        self._microphone = Microphone(speech.microphone) if speech.source == "microphone" else None
        self._correction = self.create_publisher(String, "correction", DEPTH)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status = self.create_publisher(DiagnosticStatus, "speech/status", latched)
        self._listener = Listener(
            open_ear(speech.ear, speech.model),
            open_spotter(speech.ear, speech.model),
            self._heard,
            pushed=speech.push_to_talk,
        )
        self.create_subscription(Bool, TALK_TOPIC, self._talk, DEPTH)
        if self._microphone is not None:
            every(self, _READ_SECONDS, self._read)
        else:
            self.create_subscription(Int16MultiArray, AUDIO_TOPIC, self._receive, DEPTH)

    def destroy_node(self) -> None:
        """Leave the microphone to others."""
        if self._microphone is not None:
            self._microphone.close()
        super().destroy_node()

    def _read(self) -> None:
        if self._microphone is not None:
            self._listener.feed(self._microphone.read())

    def _receive(self, message: Int16MultiArray) -> None:
        samples: NDArray[np.int16] = np.frombuffer(message.data, np.int16)
        self._listener.feed(samples)

    def _talk(self, message: Bool) -> None:
        if message.data:
            self._listener.press()
        else:
            self._listener.release()

    def _heard(self, heard: Heard) -> None:
        if not heard.asks:
            self._correction.publish(String(data=heard.text))
        elif not heard.text:
            return
        self._status.publish(status_to_message(heard_status(heard)))


def heard_status(heard: Heard) -> Status:
    """Return what to tell the person about something that was heard."""
    values = {
        "text": heard.text,
        "confidence": f"{heard.confidence:.2f}",
        "alternatives": "; ".join(heard.alternatives),
        "asks": heard.asks,
    }
    level = Level.WARN if heard.asks else Level.OK
    return Status(NODE_NAME, level, heard.asks or f'I heard "{heard.text}".', values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(lambda cell, args: SpeechNode(cell), __doc__ or "", arguments)


if __name__ == "__main__":
    sys.exit(main())
