"""Counts what a person wants to know about an episode while it is recorded, and keeps it among its notes."""

from __future__ import annotations

from collections.abc import Mapping

from roboact_ros.language.controls import CONTROL_WORDS

PERSON, POLICY = "teleop/motion", "policy/motion"


class Tally:
    """What happened since an episode began.

    Attributes:
        corrections: Motions that a person chose after the policy had chosen one: what training learns corrections from.
    """

    def __init__(self, image_topics: Mapping[str, tuple[str, float]]) -> None:
        """Begin; ``image_topics`` has the full topic and the target rate [Hz] of each camera."""
        self._image_topics = dict(image_topics)
        self._policy_drives = False
        self.corrections = 0

    def said(self, topic: str, text: str) -> None:
        """Count what was said on the relative topic ``PERSON`` or ``POLICY``."""
        if topic == POLICY:
            self._policy_drives = True
        elif self._policy_drives and text not in CONTROL_WORDS:
            self.corrections += 1

    def rates(self, counts: Mapping[str, int], seconds: float) -> dict[str, tuple[float, float]]:
        """Return the achieved mean and the target rate [Hz] of each camera.

        Args:
            counts: Messages since the start, by full topic.
            seconds: Time since the start [s].
        """
        time = max(seconds, 1e-3)
        return {name: (counts.get(topic, 0) / time, hz) for name, (topic, hz) in self._image_topics.items()}

    def blind(self, counts: Mapping[str, int]) -> list[str]:
        """Return the cameras that have not sent an image."""
        return [name for name, (topic, _) in self._image_topics.items() if topic not in counts]
