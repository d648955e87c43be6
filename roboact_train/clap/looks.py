"""What a camera saw in an episode or a video, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_ros.recording.folders import mcap_files
from roboact_ros.types import ImageArray
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.pictures import Picture


class Look(Protocol):
    """One view of one episode or video."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def frames(self) -> int:
        """How many there are."""
        ...

    @property
    def stamp(self) -> str:
        """What changes when somebody changes the file, or looks through another camera.

        Raises:
            RecordingError: The file cannot be read.
        """
        ...

    def images(self, numbers: Sequence[int]) -> Iterator[ImageArray]:
        """Yield some frames, (H, W, 3) uint8 RGB.

        Args:
            numbers: Which, ascending.

        Raises:
            RecordingError: They cannot be read.
        """
        ...


def image_pairs(look: Look, frames: NDArray[np.int64]) -> Iterator[tuple[int, tuple[ImageArray, ImageArray]]]:
    """Yield pairs of images with their numbers, ordered by the later image; no more are held than pairs have open.

    Args:
        look: What was seen.
        frames: (N, 2) first and later frame of each pair, ascending.

    Raises:
        RecordingError: They cannot be read.
    """
    waiting = np.argsort(frames[:, 1], kind="stable").tolist()
    wanted, held = np.unique(frames).tolist(), dict[int, ImageArray]()
    for frame, image in zip(wanted, look.images(wanted), strict=True):
        held[frame] = image
        while waiting and frames[waiting[0], 1] <= frame:
            pair = waiting.pop(0)
            first, later = frames[pair].tolist()
            yield pair, (held[first], held[later])
            held = {number: kept for number, kept in held.items() if waiting and number >= frames[waiting[0], 0]}


@dataclass(frozen=True, slots=True, eq=False)
class LeRobotLook:
    """A camera of an episode of a LeRobot data set."""

    files: LeRobotFiles
    episode: int
    camera: str
    name: str
    frames: int

    @property
    def stamp(self) -> str:
        """See the contract."""
        return f"{self.camera} {_stamp(self.files.image_file(self.episode, self.camera))}"

    def images(self, numbers: Sequence[int]) -> Iterator[ImageArray]:
        """See the contract."""
        others = [name for name in self.files.cameras if name != self.camera]
        table = self.files.table(self.episode, others)
        return (picture.load() for picture in self.files.pictures(self.episode, self.camera, numbers, table))


@dataclass(frozen=True, slots=True, eq=False)
class BagLook:
    """A camera of a bag."""

    path: Path
    name: str
    camera: str
    pictures: Sequence[Picture]

    @property
    def frames(self) -> int:
        """See the contract."""
        return len(self.pictures)

    @property
    def stamp(self) -> str:
        """See the contract."""
        files = mcap_files(self.path) or [self.path]
        return f"{self.camera} {' '.join(map(_stamp, files))}"

    def images(self, numbers: Sequence[int]) -> Iterator[ImageArray]:
        """See the contract."""
        return (self.pictures[number].load() for number in numbers)


@dataclass(frozen=True, slots=True)
class VideoLook:
    """A video file: of people, of other robots, of anything that moves things; nothing says what the arms did."""

    path: Path
    frames: int
    fps: float

    @property
    def name(self) -> str:
        """See the contract."""
        return str(self.path)

    @property
    def stamp(self) -> str:
        """See the contract."""
        return _stamp(self.path)

    def images(self, numbers: Sequence[int]) -> Iterator[ImageArray]:
        """See the contract."""
        wanted, video = set(numbers), cv2.VideoCapture(str(self.path))
        try:
            for number in range(max(numbers, default=-1) + 1):  # from the start: seeking is not exact in every codec
                if not video.grab():
                    raise RecordingError(f"{self.path}: the video ends at frame {number} of {self.frames}")
                if number in wanted:
                    good, bgr = video.retrieve()
                    if not good:
                        raise RecordingError(f"{self.path}: frame {number} cannot be decoded")
                    yield np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        finally:
            video.release()


def open_video(path: Path) -> VideoLook:
    """Return a video, whose frames are counted by going through it, as what the file says of them may be wrong.

    Raises:
        RecordingError: It cannot be read.
    """
    video, frames = cv2.VideoCapture(str(path)), 0
    try:
        fps = float(video.get(cv2.CAP_PROP_FPS))
        while video.grab():
            frames += 1
    finally:
        video.release()
    if not frames:
        raise RecordingError(f"{path} holds no video that can be read")
    return VideoLook(path, frames, fps)


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
    return f"{path} {found.st_size} {found.st_mtime_ns}"
