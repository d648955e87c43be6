"""Quality of service of a topic as rosbag2 notes it beside each topic, so that ``ros2 bag play`` offers the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_INFINITE = {"sec": 9223372036, "nsec": 854775807}


@dataclass(frozen=True, slots=True)
class TopicQos:
    """What the publisher of a topic offers."""

    reliability: Literal["reliable", "best_effort"] = "reliable"
    durability: Literal["volatile", "transient_local"] = "volatile"
    depth: int = 10

    def to_mapping(self) -> dict[str, object]:
        """Return one entry of ``offered_qos_profiles`` (metadata version 9)."""
        return {
            "history": "keep_last",
            "depth": self.depth,
            "reliability": self.reliability,
            "durability": self.durability,
            "deadline": dict(_INFINITE),
            "lifespan": dict(_INFINITE),
            "liveliness": "automatic",
            "liveliness_lease_duration": dict(_INFINITE),
            "avoid_ros_namespace_conventions": False,
        }
