"""The contracts of the policy room."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from roboact_ros.policies.underway import Underway
from roboact_ros.types import ActionChunk, Decision, Frame


class Policy(Protocol):
    """Chooses what the arm does next from what a camera sees and what the person asked for."""

    def instruct(self, instruction: str) -> None:
        """Set the task; everything that depends on the words alone is computed here, once."""
        ...

    def act(self, frame: Frame) -> Decision:
        """Choose a motion for ``frame``.

        Raises:
            PolicyError: No instruction was given, or the frame cannot be used.
        """
        ...


class ChunkPolicy(Protocol):
    """The same for a policy that chooses some steps in a row instead of a motion that has a name."""

    def instruct(self, instruction: str) -> None:
        """See :meth:`Policy.instruct`."""
        ...

    def act(self, frame: Frame) -> ActionChunk:
        """Choose steps for ``frame``; the chunk carries its stamp.

        Raises:
            PolicyError: No instruction was given, or the frame cannot be used.
        """
        ...


@runtime_checkable
class ContinuingPolicy(ChunkPolicy, Protocol):
    """A chunk policy that goes on from what the arms are doing."""

    def act_during(self, frame: Frame, underway: Underway) -> ActionChunk:
        """Choose steps for ``frame`` that go on from those of the chunk underway; its axes are this policy's.

        Raises:
            PolicyError: See :meth:`ChunkPolicy.act`.
        """
        ...


AnyPolicy = Policy | ChunkPolicy
