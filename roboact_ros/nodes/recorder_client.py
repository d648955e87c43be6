"""Talks to the recorder of a running cell."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TypeVar

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.exceptions import InvalidNamespaceException
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.validate_namespace import validate_namespace
from std_srvs.srv import Trigger

from roboact_ros.errors import RecordingError
from roboact_ros.nodes.messages.diagnostics import Status, status_from_message

AnyClient = TypeVar("AnyClient", bound="RecorderClient")

DISCOVERY_SECONDS = 5.0
ANSWER_SECONDS = 60.0
"""Saving waits for the disk."""


class RecorderClient:
    """The services and the status of one recorder; use it in a ``with`` block."""

    def __init__(self, namespace: str = "") -> None:
        """Join the network; ``namespace`` is that of the cell.

        Raises:
            RecordingError: No namespace can be called that.
        """
        try:
            validate_namespace(f"/{namespace.strip('/')}")
        except InvalidNamespaceException as error:
            raise RecordingError(f'"{namespace}" is no ROS namespace: {error}') from error
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("recorder_client", namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    def call(self, action: str) -> str:
        """Call ``start``, ``save``, ``discard`` or ``rerecord``; return what the recorder says, e.g. where the bag is.

        Raises:
            RecordingError: No cell runs there, it does not answer, or the recorder refuses.
        """
        client = self._node.create_client(Trigger, f"recorder/{action}")
        if not client.wait_for_service(timeout_sec=DISCOVERY_SECONDS):
            raise self._nobody()
        future = client.call_async(Trigger.Request())
        self._executor.spin_until_future_complete(future, timeout_sec=ANSWER_SECONDS)
        if not future.done():
            raise RecordingError(f"the recorder did not answer within {ANSWER_SECONDS:.0f} s")
        response = future.result()
        if not response.success:
            raise RecordingError(response.message)
        return str(response.message)

    def note(self, key: str, value: str) -> None:
        """Put a note into the episode that is being recorded, and wait until the recorder has it.

        Raises:
            RecordingError: Nothing is being recorded, or no cell runs there.
        """
        publisher = self._node.create_publisher(KeyValue, "recorder/note", 10)
        deadline = time.monotonic() + ANSWER_SECONDS
        while key not in (status := self.status()).values.get("notes", "").split(", "):
            if status.values.get("state") != "recording" or time.monotonic() > deadline:
                raise RecordingError(f'the recorder does not take the note "{key}": it is {status.message}')
            publisher.publish(KeyValue(key=key, value=value))
        self._node.destroy_publisher(publisher)

    def status(self) -> Status:
        """Return the newest status of the recorder.

        Raises:
            RecordingError: No cell runs there.
        """
        received: list[DiagnosticStatus] = []
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        subscription = self._node.create_subscription(DiagnosticStatus, "recorder/status", received.append, latched)
        deadline = time.monotonic() + DISCOVERY_SECONDS
        while not received and time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.1)
        self._node.destroy_subscription(subscription)
        if not received:
            raise self._nobody()
        return status_from_message(received[-1])

    def __enter__(self: AnyClient) -> AnyClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the network."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _nobody(self) -> RecordingError:
        place = self._node.get_namespace()
        return RecordingError(
            f'no cell is running in namespace "{place}" (start one with "roboact up SYSTEM", '
            "or name its namespace with --namespace)"
        )
