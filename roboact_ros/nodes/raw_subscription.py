"""Receives a topic as the bytes that travel on the wire, from whatever publishers there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rclpy.event_handler import QoSMessageLostInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from roboact_ros.recording.qos import TopicQos


class RawSubscription:
    """Asks for reliable delivery, and for less only when a publisher of the topic offers less.

    Attributes:
        lost: Messages that the middleware reports as lost on the way.
    """

    def __init__(
        self, node: Node, topic: str, message_type: type, wanted: TopicQos, callback: Callable[[bytes], None]
    ) -> None:
        """Subscribe; ``callback`` gets each message in CDR."""
        self.lost = 0
        self._lost_before = 0
        self._node = node
        self._topic = topic
        self._type = message_type
        self._callback = callback
        self._qos = wanted
        self._subscription = self._subscribe()

    @property
    def name(self) -> str:
        """Full name of the topic."""
        return str(self._subscription.topic_name)

    def adapt(self) -> TopicQos | None:
        """Look at the publishers, subscribe anew if one of them offers less, and return what they all offer."""
        profiles = [info.qos_profile for info in self._node.get_publishers_info_by_topic(self.name)]
        if not profiles:
            return None
        reliable = all(profile.reliability == ReliabilityPolicy.RELIABLE for profile in profiles)
        latched = all(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in profiles)
        offered = TopicQos(
            "reliable" if reliable else "best_effort", "transient_local" if latched else "volatile", self._qos.depth
        )
        compatible = replace(
            self._qos,
            reliability=self._qos.reliability if reliable else "best_effort",
            durability=self._qos.durability if latched else "volatile",
        )
        if compatible != self._qos:
            self._node.destroy_subscription(self._subscription)
            self._qos = compatible
            self._lost_before = self.lost
            self._subscription = self._subscribe()
        return offered

    def _subscribe(self) -> Subscription:
        profile = QoSProfile(
            depth=self._qos.depth,
            reliability=ReliabilityPolicy[self._qos.reliability.upper()],
            durability=DurabilityPolicy[self._qos.durability.upper()],
        )
        events = SubscriptionEventCallbacks(message_lost=self._on_lost, use_default_callbacks=False)
        return self._node.create_subscription(
            self._type, self._topic, self._callback, profile, raw=True, event_callbacks=events
        )

    def _on_lost(self, info: QoSMessageLostInfo) -> None:
        self.lost = self._lost_before + int(info.total_count)
