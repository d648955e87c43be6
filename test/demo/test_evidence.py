"""The demo judges by what was said, whatever the order in which its bag got it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from roboact_ros.demo.evidence import rows, table
from roboact_ros.demo.sentences import Sentence

LEFT = Sentence("move left a lot", (0.0, 0.2, 0.0))
S = 1_000_000_000


def status(**values: str) -> DiagnosticStatus:
    return DiagnosticStatus(values=[KeyValue(key=key, value=value) for key, value in values.items()])


def pose(y: float) -> PoseStamped:
    message = PoseStamped()
    message.pose.position.y = y
    return message


class Bag:
    """An episode of one sentence; ``answered`` is when the recorder got its answer."""

    def __init__(self, answered: int | None) -> None:
        self.record: list[tuple[str, int, Any]] = [
            ("tcp_pose", 1 * S, pose(0.1)),
            ("gripper", 1 * S, JointState(position=[1.0])),
            ("correction", 2 * S, String(data=LEFT.text)),
            ("executor/status", 4 * S, status(state="idle")),
            ("tcp_pose", 4 * S, pose(0.3)),
        ]
        if answered is not None:
            self.record.append(("teleop/status", answered, status(text=LEFT.text, phrases="left", refused="")))
        self.record.sort(key=lambda entry: entry[1])

    def full_name(self, topic: str) -> str:
        return topic

    def messages(self, topics: tuple[str, ...]) -> Iterator[tuple[str, int, Any]]:
        return iter(self.record)


def test_an_answer_may_reach_the_recorder_before_its_sentence() -> None:
    for answered in (2 * S - 1_000_000, 2 * S + 1_000_000):
        (row,) = rows(Bag(answered), (LEFT,))  # type: ignore[arg-type]
        assert row.matches and row.understood == "left" and abs(row.measured[1] - 0.2) < 1e-9


def test_a_sentence_without_an_answer_does_not_match() -> None:
    (row,) = rows(Bag(None), (LEFT,))  # type: ignore[arg-type]
    assert not row.matches and "no answer" in row.understood


def test_the_table_says_that_a_motion_was_replaced_before_its_end() -> None:
    replaced = replace(LEFT, interrupted=True)
    shown = [table(rows(Bag(2 * S), (sentence,))).splitlines()[-1] for sentence in (LEFT, replaced)]  # type: ignore[arg-type]
    assert shown[0].endswith("  ok") and shown[1].endswith("  ok, then replaced")
