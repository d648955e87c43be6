"""The streams of a bag by the time at which they were measured: images of each camera, and vectors of numbers."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.reader import Episode, RawMessage
from roboact_ros.types import FloatArray
from roboact_train.data.bag_topics import exposed_ns, image_topic, picture
from roboact_train.data.pictures import Picture

_KINDS = ("/image/compressed", "/image_raw")


@dataclass(frozen=True, slots=True)
class Series:
    """Vectors by the time at which they were measured [ns], ascending."""

    times: list[int]
    rows: list[FloatArray]

    def before(self, moments: Sequence[int], oldest_ns: float = math.inf) -> FloatArray:
        """Return the newest row before each moment, or the first one; NaN where it is older than ``oldest_ns``."""
        places = [max(0, bisect.bisect_right(self.times, at) - 1) for at in moments]
        rows = np.stack([self.rows[place] for place in places])
        rows[[at - self.times[place] > oldest_ns for at, place in zip(moments, places, strict=True)]] = np.nan
        return rows


@dataclass(frozen=True, slots=True)
class Images:
    """Images of one camera by their moment of exposure [ns], ascending."""

    topic: str
    times: list[int]
    raw: list[RawMessage]

    def nearest(self, moments: Sequence[int]) -> list[Picture]:
        """Return the image nearest to each moment.

        Raises:
            RecordingError: One cannot be decoded.
        """
        chosen = []
        for at in moments:
            place = bisect.bisect_left(self.times, at)
            around = [i for i in (place - 1, place) if 0 <= i < len(self.times)]
            chosen.append(min(around, key=lambda i: abs(self.times[i] - at)))
        pictures = {i: picture(self.raw[i], f"{self.topic}, image {i}") for i in sorted(set(chosen))}
        return [pictures[i] for i in chosen]


def series(episode: Episode, topic: str, numbers: Callable[[Any], Any]) -> Series:
    """Read a topic, relative to the cell; empty when it was not recorded.

    Raises:
        RecordingError: A number in it is not finite.
    """
    rows: list[tuple[int, FloatArray]] = []
    if episode.full_name(topic) in episode.topics:
        for name, logged, message in episode.messages([topic]):
            row = np.asarray(numbers(message), dtype=np.float64)
            if not np.isfinite(row).all():
                seconds = (logged - episode.start_ns) / 1e9
                raise RecordingError(f"{episode.path}, topic {name}: {row.tolist()} {seconds:.2f} s after the start")
            rows.append((stamp_ns(message), row))
    rows.sort(key=lambda row: row[0])
    return Series([at for at, _ in rows], [row for _, row in rows])


def image_streams(episode: Episode, camera: str) -> dict[str, Images]:
    """Return the images of ``camera``, or when it is empty of all cameras, the policy's first.

    Raises:
        RecordingError: There is no such camera, or it saw nothing.
    """
    leading = image_topic(episode, camera)
    prefix = episode.full_name("camera/")
    found: dict[str, str] = {}
    for kind in _KINDS:
        for topic in episode.topics:
            if topic.startswith(prefix) and topic.endswith(kind):
                found.setdefault(topic.removeprefix(prefix).removesuffix(kind), topic)
    first = next(name for name, topic in found.items() if topic == leading)
    names = [first] if camera else [first, *sorted(set(found) - {first})]
    return {name: _images(episode, found[name]) for name in names}


def stamp_ns(message: Any) -> int:
    """Return the stamp of a message [ns]."""
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def _images(episode: Episode, topic: str) -> Images:
    found = sorted(((exposed_ns(raw), raw) for raw in episode.raw_messages([topic])), key=lambda item: item[0])
    if not found:
        raise RecordingError(f"{episode.path}, topic {topic}: no image was recorded")
    return Images(f"{episode.path} {topic}", [at for at, _ in found], [raw for _, raw in found])
