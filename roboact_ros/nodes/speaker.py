"""A person who speaks to a cell instead of typing, and reads every joint target that the arm is sent."""

from __future__ import annotations

import array
import time

import numpy as np
from std_msgs.msg import Bool, Int16MultiArray

from roboact_ros.nodes.speech_node import AUDIO_TOPIC, DEPTH, TALK_TOPIC
from roboact_ros.nodes.targets import TargetWitness
from roboact_ros.speech.audio import RATE, Audio

_BLOCK = RATE // 50
_SILENCE_SECONDS = 1.5


class Speaker(TargetWitness):
    """Plays sound to the speech node at the pace at which a microphone would."""

    def __init__(self, namespace: str = "") -> None:
        """Join the network."""
        super().__init__(namespace)
        self._audio = self._node.create_publisher(Int16MultiArray, AUDIO_TOPIC, DEPTH)
        self._talk = self._node.create_publisher(Bool, TALK_TOPIC, DEPTH)

    def ready(self, seconds: float) -> None:
        """Wait until the cell listens, to words and to sound."""
        end = time.monotonic() + seconds
        super().ready(seconds)
        self.wait(
            lambda: self._audio.get_subscription_count() > 0, end - time.monotonic(), "nobody listens to the sound"
        )

    def talk(self, pressed: bool) -> None:
        """Press or release the button."""
        self._talk.publish(Bool(data=pressed))

    def speak(self, audio: Audio) -> int:
        """Say something, then be silent until a target comes or for a while.

        Returns:
            When the speech ended [ns, ROS time].
        """
        loud = np.flatnonzero(
            np.abs(audio.samples.astype(np.int32)) > np.abs(audio.samples.astype(np.int32)).max() // 50
        )
        spoken = int(loud[-1]) + 1
        samples = np.concatenate([audio.samples, np.zeros(int(_SILENCE_SECONDS * RATE), np.int16)])
        self.targets.clear()
        start_ns = time.time_ns()
        for at in range(0, len(samples), _BLOCK):
            # A block can be sent when its last sample has been recorded.
            due = start_ns + (at + _BLOCK) * 1_000_000_000 // RATE
            self.wait_for(max(0.0, (due - time.time_ns()) / 1e9))
            block = array.array("h", samples[at : at + _BLOCK].tobytes())
            self._audio.publish(Int16MultiArray(data=block))
            if at > spoken and self.targets:
                break
        return start_ns + spoken * 1_000_000_000 // RATE
