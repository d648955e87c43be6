"""Asks a policy server for the next steps, e.g. one that runs a CLAP model on a larger computer."""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np

from roboact_ros.cells.policy_description import RemoteDescription
from roboact_ros.errors import PolicyError, RoboactError, did_you_mean
from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS, WIDTH, layout_named
from roboact_ros.policies.clap.representation import action_chunk, relative_from_steps
from roboact_ros.policies.clap.server import PolicyServer
from roboact_ros.types import ActionChunk, FloatArray, Frame, ImageArray


class ClapRemote:
    """See :class:`~roboact_ros.policies.policy.ChunkPolicy`.

    Args:
        description: The server, and what its actions mean.
        pause: After a failure the server is left alone for so long [s].

    Raises:
        PolicyError: The server's address cannot be used.
    """

    def __init__(self, description: RemoteDescription, pause: float = 1.0) -> None:
        self._described, self._pause = description, pause
        self._layout = layout_named(description.arm)
        self._server = PolicyServer(
            description.server, description.timeout, self._check_statistics, description.api_key_env
        )
        self._instruction = ""
        self._not_before = 0.0

    def instruct(self, instruction: str) -> None:
        """Set the task."""
        self._instruction = instruction

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps; see the contract.

        Raises:
            PolicyError: No instruction was given, or the server has no answer that can be used.
            MotionRefused: A number of the answer is not finite, or the arm would jump.
        """
        if not self._instruction:
            raise PolicyError("no instruction was given")
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        try:
            return self._chunk(frame)
        except RoboactError:
            self._not_before = time.monotonic() + self._pause
            raise

    def close(self) -> None:
        """End the connection."""
        self._server.close()

    def _chunk(self, frame: Frame) -> ActionChunk:
        described = self._described
        images = [self._resized(one.image) for one in (frame, *frame.beside)]
        example: dict[str, Any] = {"image": images, "lang": self._instruction}
        if described.robot:
            example["robot_type"] = described.robot
        payload: dict[str, Any] = {"examples": [example]}
        if described.statistics:
            payload["unnorm_key"] = described.statistics
        answer = self._server.ask(payload)
        rows = self._of_arm(answer.get("actions"))[: described.executed]
        period_ns = round(1e9 / described.hertz)
        return action_chunk(self._layout.padded(self._relative(rows)), self._layout, period_ns, frame.stamp_ns)

    def _resized(self, image: ImageArray) -> ImageArray:
        size = self._described.image_size
        if size is None or size == (image.shape[1], image.shape[0]):
            return np.ascontiguousarray(image)
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _check_statistics(self, metadata: dict[str, Any]) -> None:
        """Refuse a server that knows statistics of other robots only."""
        wanted, known = self._described.statistics, metadata.get("available_unnorm_keys")
        if wanted and isinstance(known, list) and wanted not in known:
            hint = did_you_mean(wanted, map(str, known))
            raise PolicyError(f'{self._described.server} has no statistics "{wanted}": {hint}')

    def _of_arm(self, actions: Any) -> FloatArray:
        """Return the (T, 7 or 14) actions of the arm, or of both, in the answer to one example."""
        if not isinstance(actions, np.ndarray):
            raise PolicyError(f"{self._server.address} sent no array of actions but {type(actions).__name__}")
        if actions.dtype.kind not in "fiu":
            raise PolicyError(f"{self._server.address} sent actions of the type {actions.dtype}; they are numbers")
        both = self._described.arm == "both"
        widths = (WIDTH,) if both else (ARM_WIDTH, WIDTH)
        if actions.ndim != 3 or len(actions) != 1 or not actions.shape[1] or actions.shape[2] not in widths:
            raise PolicyError(
                f"{self._server.address} sent actions of the shape {actions.shape}; valid are (1, steps, {ARM_WIDTH}) "
                f"for one arm and (1, steps, {WIDTH}) for two"
            )
        rows: FloatArray = actions[0].astype(np.float64)
        if both:
            return rows
        start = 0 if actions.shape[2] == ARM_WIDTH else ARMS.index(self._described.arm) * ARM_WIDTH
        return rows[:, start : start + ARM_WIDTH]

    def _relative(self, rows: FloatArray) -> FloatArray:
        if self._described.actions == "relative":
            return rows
        units = [self._described.metres] * 3 + [self._described.radians] * 3 + [1.0]
        arms = np.split(rows, rows.shape[1] // ARM_WIDTH, axis=1)
        return np.hstack([relative_from_steps(arm * units) for arm in arms])
