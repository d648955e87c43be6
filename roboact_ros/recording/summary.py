"""What a person wants to know about an episode without playing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.folders import BagFolder, BagState, bag_state, is_cut_off, mcap_files
from roboact_ros.recording.metadata import read_metadata
from roboact_ros.recording.reader import Episode

GAP_SECONDS = 0.2
"""Shortest silence of a regular topic that counts as a gap."""
GAP_FACTOR = 3.0
"""A gap is also at least this many times the usual interval of its topic."""
CUT_OFF = "cut off"
"""State of a bag that was whole once and is not any more."""
DAMAGED = "damaged"
"""State of a bag of which not even the size of its content can be told."""
SAID = ("instruction", "correction")
MOTIONS = ("teleop/motion", "policy/motion")
REGULAR = ("joint_states", "tcp_pose", "gripper", "image/compressed", "image_raw")


@dataclass(frozen=True, slots=True)
class ListedBag:
    """One line of a list of bags; ``seconds`` and ``messages`` are None for one that is not finished."""

    name: str
    state: str
    seconds: float | None
    messages: int | None
    megabytes: float
    instruction: str


@dataclass(frozen=True, slots=True)
class TopicRate:
    """One topic with the number of its messages and their mean rate [Hz]."""

    name: str
    type_name: str
    count: int
    rate: float


@dataclass(frozen=True, slots=True)
class Event:
    """A text on a topic, at a time since the start of the episode [s]."""

    seconds: float
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence of a regular topic: when it began since the start of the episode, and how long it was [s]."""

    seconds: float
    topic: str
    length: float


@dataclass(frozen=True, slots=True)
class CameraRate:
    """Images of one camera: mean rate, and the rate its description asks for [Hz]; 0 when that is not known."""

    name: str
    achieved: float
    target: float


@dataclass(frozen=True, slots=True)
class Summary:
    """One episode."""

    path: str
    state: str
    instruction: str
    notes: dict[str, str]
    seconds: float
    messages: int
    megabytes: float
    cut_off: bool
    topics: list[TopicRate]
    cameras: list[CameraRate]
    said: list[Event]
    motions: list[Event]
    gaps: list[Gap]


def list_bag(bag: BagFolder) -> ListedBag:
    """Return the line of one bag, without reading its messages; a damaged one has a line too."""
    try:
        return _line(bag)
    except (RecordingError, KeyError, TypeError, AttributeError):
        return ListedBag(bag.path.name, DAMAGED, None, None, _megabytes(bag.path), "")


def summarise(path: Path) -> Summary:
    """Read one episode through.

    Raises:
        RecordingError: It cannot be read.
    """
    with Episode(path) as episode:
        start, duration = episode.start_ns, episode.duration
        times: dict[str, list[int]] = {}
        for message in episode.raw_messages():
            times.setdefault(message.topic.name, []).append(message.log_time_ns)
        topics = [
            TopicRate(t.name, t.type_name, t.count, t.count / duration if duration else 0.0)
            for t in episode.topics.values()
        ]
        return Summary(
            path=str(episode.path),
            state=bag_state(episode.path).value,
            instruction=episode.instruction,
            notes=episode.notes,
            seconds=duration,
            messages=sum(topic.count for topic in topics),
            megabytes=_megabytes(episode.path),
            cut_off=not episode.complete,
            topics=topics,
            cameras=_cameras(episode, topics),
            said=_texts(episode, SAID),
            motions=_texts(episode, MOTIONS),
            gaps=[
                gap
                for topic, values in times.items()
                if topic.endswith(REGULAR)
                for gap in _gaps(topic, values, start, duration)
            ],
        )


def _line(bag: BagFolder) -> ListedBag:
    if bag.state is not BagState.SAVED or is_cut_off(bag.path):
        state = CUT_OFF if bag.state is BagState.SAVED else bag.state.value
        return ListedBag(bag.path.name, state, None, None, _megabytes(bag.path), "")
    information = read_metadata(bag.path)
    notes = information.get("custom_data") or {}
    return ListedBag(
        bag.path.name,
        notes.get("outcome", bag.state.value),
        information["duration"]["nanoseconds"] / 1e9,
        information["message_count"],
        _megabytes(bag.path),
        notes.get("instruction", ""),
    )


def _cameras(episode: Episode, topics: list[TopicRate]) -> list[CameraRate]:
    rates = {topic.name: topic.rate for topic in topics}
    names = {name: episode.full_name(f"camera/{name}/image/compressed") for name in episode.cell.get("cameras") or {}}
    targets = {name: float(camera.get("fps", 0.0)) for name, camera in (episode.cell.get("cameras") or {}).items()}
    return [CameraRate(name, rates.get(topic, 0.0), targets[name]) for name, topic in names.items()]


def _texts(episode: Episode, names: tuple[str, ...]) -> list[Event]:
    return [
        Event((logged - episode.start_ns) / 1e9, topic, str(message.data))
        for topic, logged, message in episode.messages(episode.recorded(names))
    ]


def _gaps(topic: str, times_ns: list[int], start_ns: int, duration: float) -> list[Gap]:
    """Return the silences of one topic, also before its first and after its last message."""
    if len(times_ns) < 2:
        return []
    times = (np.asarray(times_ns) - start_ns) / 1e9
    limit = max(GAP_SECONDS, GAP_FACTOR * float(np.median(np.diff(times))))
    edges = np.concatenate([[0.0], times, [duration]])
    lengths = np.diff(edges)
    return [Gap(float(edges[i]), topic, float(lengths[i])) for i in np.flatnonzero(lengths > limit)]


def _megabytes(path: Path) -> float:
    return sum(file.stat().st_size for file in mcap_files(path)) / 1e6
