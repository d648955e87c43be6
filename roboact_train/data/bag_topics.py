"""What a bag says about motions and images, topic by topic, with the bag and the topic in every refusal."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.policies.pilot import ExecutorReport, report_from_values
from roboact_ros.recording.images import frame_from_recorded
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.recording.schema import typestore
from roboact_train.data.pictures import Encoded, Picture, Pixels

STATUS = "executor/status"
_POLICY = "policy/status"
POLICY_CHOICES = ("policy/motion", "policy/action_chunk")


def reports(episode: Episode) -> list[tuple[int, ExecutorReport]]:
    """Return log time [ns] and content of what the executor said about itself.

    Raises:
        RecordingError: A number in it is none.
    """
    found = []
    for _, logged, message in episode.messages([STATUS]):
        values = {value.key: value.value for value in message.values}
        try:
            found.append((logged, report_from_values(values)))
        except ValueError as error:
            raise RecordingError(f"{episode.path}, topic {STATUS}: {error}") from error
    return found


def texts(episode: Episode, names: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return log time [ns], relative topic name and text of the String messages on those of ``names`` there are."""
    present = {episode.full_name(name): name for name in names if episode.full_name(name) in episode.topics}
    return [(logged, present[topic], str(message.data)) for topic, logged, message in episode.messages(present)]


def tasks(episode: Episode) -> list[tuple[int, str]]:
    """Return when [ns] it was said what to do and in which words: the instruction, or the policy's present step."""
    said = [(logged, text.strip()) for logged, _, text in texts(episode, ("instruction",))]
    steps = []
    if episode.full_name(_POLICY) in episode.topics:
        for _, logged, message in episode.messages([_POLICY]):
            values = {value.key: value.value for value in message.values}
            if values.get("step"):  # of several; else the instruction says all
                steps.append((logged, values.get("instruction", "").strip()))
    # Sorting keeps a step behind the instruction that an episode opens with at the same time.
    return sorted((pair for pair in (*said, *steps) if pair[1]), key=lambda pair: pair[0])


def task_at(episode: Episode, told: Sequence[tuple[int, str]], at_ns: int) -> str:
    """Return the words of :func:`tasks` that hold at a time [ns]: before the first the first; none: what was noted."""
    place = bisect.bisect_right(told, at_ns, key=lambda pair: pair[0]) - 1
    return told[max(place, 0)][1] if told else episode.instruction.strip()


def policy_chose(episode: Episode) -> bool:
    """Return whether a policy chose anything in an episode, motions or chunks: what a person said corrected it."""
    names = [episode.full_name(name) for name in POLICY_CHOICES]
    return any(episode.topics[name].count for name in names if name in episode.topics)


def check_commands(episode: Episode) -> None:
    """Look through what the arm was sent.

    Raises:
        RecordingError: A number in it is not finite.
    """
    name = episode.full_name("executor/action")
    if name not in episode.topics:
        return
    for _, logged, message in episode.messages([name]):
        if not all(np.isfinite(point.positions).all() for point in message.points):
            seconds = (logged - episode.start_ns) / 1e9
            raise RecordingError(
                f"{episode.path}, topic {name}: an action {seconds:.2f} s after the start is not finite"
            )


def require(episode: Episode, topic: str) -> None:
    """Look for a topic, named relative to the cell.

    Raises:
        RecordingError: The bag does not have it.
    """
    if episode.full_name(topic) not in episode.topics:
        raise RecordingError(
            f'{episode.path} has no topic "{episode.full_name(topic)}", without which nothing can be learned from it; '
            f"it has: {', '.join(sorted(episode.topics))}"
        )


def image_topic(episode: Episode, camera: str) -> str:
    """Return the full name of the topic with the images of a camera, compressed ones where there are both.

    Raises:
        RecordingError: There are none, or nobody said of which camera and there are several.
    """
    prefix = episode.full_name("camera/")
    kind = {}
    for suffix in ("/image_raw", "/image/compressed"):
        recorded = (name for name in episode.topics if name.startswith(prefix) and name.endswith(suffix))
        kind.update({name.removeprefix(prefix).removesuffix(suffix): name for name in recorded})
    wanted = camera or str((episode.cell.get("policy") or {}).get("camera", ""))
    if not camera and wanted not in kind and len(kind) == 1:
        wanted = next(iter(kind))
    if wanted not in kind:
        asked = f'of camera "{wanted}" ' if wanted else ""
        raise RecordingError(
            f'{episode.path} has no images {asked}on "{prefix}*/image/compressed"; cameras: '
            f"{', '.join(sorted(kind)) or '(none)'}"
        )
    return kind[wanted]


def images_before(episode: Episode, topic: str, moments: Sequence[int]) -> list[RawMessage | None]:
    """Return the newest image exposed before each of the ``moments`` [ns, ascending]."""
    chosen: list[RawMessage | None] = []
    newest: RawMessage | None = None
    for raw in episode.raw_messages([topic]):
        stamp = exposed_ns(raw)
        while len(chosen) < len(moments) and moments[len(chosen)] < stamp:
            chosen.append(newest)
        newest = raw
    return chosen + [newest] * (len(moments) - len(chosen))


def exposed_ns(raw: RawMessage) -> int:
    """Return the moment of exposure [ns] of an image message: a CDR header of 4 bytes, then seconds and nanoseconds."""
    order = "<" if raw.data[1] & 1 else ">"
    seconds, nanoseconds = np.frombuffer(raw.data, f"{order}u4", 2, 4).tolist()
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def picture(raw: RawMessage, name: str) -> Picture:
    """Return the image in a message, a JPEG or PNG as it is; ``name`` is named in errors.

    Raises:
        RecordingError: It cannot be decoded.
    """
    message: Any = typestore().deserialize_cdr(raw.data, raw.topic.type_name)
    try:
        image = frame_from_recorded(message, "").image
    except RecordingError as error:
        raise RecordingError(f"{name}: {error}") from error
    return Pixels(image) if hasattr(message, "encoding") else Encoded(bytes(message.data), name)
