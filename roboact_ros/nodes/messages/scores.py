"""What a policy thought about one image: the best motions, their scores, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray

from roboact_ros.nodes.messages.diagnostics import Status, status_from_message, status_to_message

_POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Scores:
    """The choice of a policy for one image.

    Attributes:
        motion: Phrase of the motion it chose.
        best: Phrases and scores, the best first.
        inference_ms: Time it took [ms].
        frame_age_ms: Time from the exposure of the image to the choice [ms].
        carried_out: Whether the executor was asked for it; a person may have been faster.
        note: What the operator should know of how it came about, or empty.
    """

    motion: str
    best: tuple[tuple[str, float], ...]
    inference_ms: float
    frame_age_ms: float
    carried_out: bool
    note: str = ""


def scores_to_message(scores: Scores, stamp: Time) -> DiagnosticArray:
    """Convert for ``policy/scores``; ``stamp`` is the time of the exposure."""
    figures = {
        "motion": scores.motion,
        "inference_ms": repr(scores.inference_ms),
        "frame_age_ms": repr(scores.frame_age_ms),
        "carried_out": str(scores.carried_out),
        "note": scores.note,
    }
    statuses = [Status(_POLICY, message=scores.motion, values=figures)]
    statuses += [Status(phrase, message=f"{score:.4f}", values={"score": repr(score)}) for phrase, score in scores.best]
    message = DiagnosticArray(status=[status_to_message(status) for status in statuses])
    message.header.stamp = stamp
    return message


def scores_from_message(message: DiagnosticArray) -> Scores:
    """Inverse of :func:`scores_to_message`."""
    policy, *best = (status_from_message(status) for status in message.status)
    return Scores(
        motion=policy.values["motion"],
        best=tuple((status.name, float(status.values["score"])) for status in best),
        inference_ms=float(policy.values["inference_ms"]),
        frame_age_ms=float(policy.values["frame_age_ms"]),
        carried_out=policy.values["carried_out"] == "True",
        note=policy.values.get("note", ""),
    )
