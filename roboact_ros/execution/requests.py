"""Carries out what the executor node asks of the executor; the words here are the protocol of the channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.channel import Message, chunk_from_json, plan_from_json
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.executor import Executor
from roboact_ros.types import ActionChunk, Motion


class Asked(Protocol):
    """Whoever carries out motions: the executor of an arm, of two, or that of one arm of two."""

    def submit(self, plan: Sequence[Motion], source: str) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.submit`."""
        ...

    def follow(self, chunk: ActionChunk, source: str) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.follow`."""
        ...

    def home(self, source: str) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.home`."""
        ...

    def undo(self, source: str) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.undo`."""
        ...


class Requests:
    """Turns messages into calls.

    Args:
        executor: Who is asked.
        arms: Who is asked instead where a message names an arm.
        unlock: Releases a protective stop; called when a person asks to resume.
        stale_ns: A motion asked for longer ago than this is refused [ns].
        seen_stale_ns: A chunk for an image older than this is refused [ns].
    """

    def __init__(
        self,
        executor: Executor | DualExecutor,
        unlock: Callable[[], None],
        stale_ns: int,
        seen_stale_ns: int,
        arms: Mapping[str, Asked] | None = None,
    ) -> None:
        self._executor, self._unlock = executor, unlock
        self._arms: Mapping[str, Asked] = {"": executor, **(arms or {})}
        self._stale_ns, self._seen_stale_ns = stale_ns, seen_stale_ns
        self._actions: dict[str, Callable[[Message], None]] = {
            "submit": lambda m: self._arm(m).submit(plan_from_json(m["plan"]), m["source"]),
            "follow": lambda m: self._arm(m).follow(chunk_from_json(m["chunk"]), m["source"]),
            "home": lambda m: self._arm(m).home(m["source"]),
            "undo": lambda m: self._arm(m).undo(m["source"]),
            "stop": lambda m: executor.stop(),
            "pause": lambda m: executor.pause(),
            "done": lambda m: executor.done(),
            "resume": self._resume,
        }

    def carry_out(self, message: Message, now_ns: int) -> str:
        """Do what ``message`` says and return why it was refused, empty when it was not.

        Args:
            message: ``do``, the moment ``at`` which it was asked (monotonic [ns]), and what the action needs.
            now_ns: Monotonic time [ns].
        """
        age = now_ns - int(message["at"])
        try:
            if age > self._stale_ns and message["do"] in ("submit", "follow", "home", "undo"):
                raise self._executor.refuse(
                    f"the command is {age / 1e9:.1f} s old; allowed are {self._stale_ns / 1e9:g} s"
                )
            if message["do"] == "follow" and (seen := now_ns - int(message["chunk"]["stamp"])) > self._seen_stale_ns:
                raise self._executor.refuse(
                    f"the chunk is stale: its image is {seen / 1e9:.1f} s old, allowed are "
                    f"{self._seen_stale_ns / 1e9:g} s (safety.camera_timeout)"
                )
            self._actions[message["do"]](message)
        except MotionRefused as error:
            return str(error)
        return ""

    def _arm(self, message: Message) -> Asked:
        return self._arms[message.get("arm", "")]

    def _resume(self, message: Message) -> None:
        self._executor.resume()
        self._unlock()
