"""What a reconstructed data set holds, as in Table I of the paper, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from roboact_train.roboact_clip.clips import FRAMES
from roboact_train.roboact_clip.dataset import AtomicClip, LeftOut

PAPER = {"Total Videos": 199_797, "Unique Tasks": 143, "Distinct Atomic Actions": 52, "Total Frames": 63_922_209}
"""Table I: RH20T after the reconstruction."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts.

    Attributes:
        table: The rows of Table I.
        subjects: Videos by subject.
        actions: Videos by action.
        objects: Videos by object.
        short: Videos with fewer frames than the network takes, of which some are repeated.
        left_out: Videos by the reason why they were left out.
        unknown_actions: Videos left out by the action that is no class.
    """

    table: dict[str, int]
    subjects: dict[str, int]
    actions: dict[str, int]
    objects: dict[str, int]
    short: int
    left_out: dict[str, int]
    unknown_actions: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return everything by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """Return what to tell a person."""
        table = [f"{count:>12,}  {name}" for name, count in self.table.items()]
        left = [f"{count:>12,}  left out: {reason}" for reason, count in self.left_out.items()]
        unknown = [
            f"{count:>12,}  unknown action: {action}" for action, count in list(self.unknown_actions.items())[:10]
        ]
        short = [f"{self.short:>12,}  shorter than {FRAMES} frames"] if self.short else []
        return [*table, *short, *left, *unknown]


def statistics(clips: Sequence[AtomicClip], left_out: Sequence[LeftOut]) -> Statistics:
    """Count."""
    counts = (
        len(clips),
        len({clip.clip.task for clip in clips}),
        len({clip.triplet.action for clip in clips}),
        sum(clip.clip.frames for clip in clips),
    )
    return Statistics(
        dict(zip(PAPER, counts, strict=True)),
        _counted(clip.triplet.subject for clip in clips),
        _counted(clip.triplet.action for clip in clips),
        _counted(clip.triplet.object for clip in clips),
        sum(clip.clip.frames < FRAMES for clip in clips),
        _counted(row.reason for row in left_out),
        _counted(row.detail for row in left_out if row.reason == "unknown action"),
    )


def _counted(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
