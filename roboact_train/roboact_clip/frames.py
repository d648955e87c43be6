"""The frames of a clip that the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.reader import Episode
from roboact_ros.types import ImageArray
from roboact_train.data.bag_topics import picture
from roboact_train.data.frame_streams import image_streams
from roboact_train.data.lerobot_files import LeRobotFiles
from roboact_train.data.pictures import PictureFile
from roboact_train.roboact_clip.clips import FRAMES, Clip
from roboact_train.roboact_clip.episodes import shard_samples


def frame_numbers(clip: Clip, count: int = FRAMES) -> list[int]:
    """Return ``count`` frames from the first to the last, at equal distances; a short clip gives some twice.

    Raises:
        RecordingError: The clip has no frame.
    """
    if clip.frames < 1:
        raise RecordingError(f"{clip.name} has no frame")
    return [int(at) for at in np.linspace(clip.begin, clip.end - 1, count).round()]


def read_frames(clip: Clip, count: int = FRAMES) -> list[ImageArray]:
    """Return ``count`` images of a clip, (H, W, 3) uint8 RGB.

    Raises:
        RecordingError: They cannot be read.
    """
    numbers = frame_numbers(clip, count)
    wanted = sorted(set(numbers))
    images = dict(zip(wanted, _read(clip, wanted), strict=True))
    return [images[number] for number in numbers]


def _read(clip: Clip, numbers: Sequence[int]) -> list[ImageArray]:
    path = Path(clip.path)
    if clip.kind == "video":
        return _from_video(path, numbers)
    if clip.kind == "images":
        files = sorted(path.glob("*.jpg"), key=lambda file: (len(file.stem), file.stem))  # names are times [ms]
        if len(files) < clip.end:
            raise RecordingError(f"{path}: {len(files)} images are left of {clip.end}")
        return [PictureFile(files[number]).load() for number in numbers]
    if clip.kind == "lerobot":
        data = LeRobotFiles(path)
        pictures = data.pictures(clip.episode, clip.camera, numbers, data.table(clip.episode))
        return [encoded.load() for encoded in pictures]
    if clip.kind == "shard":
        samples = shard_samples(path, path.stat().st_mtime_ns)
        if len(samples) < clip.end:
            raise RecordingError(f"{path}: {len(samples)} samples are left of {clip.end}")
        return [samples[number].image for number in numbers]
    with Episode(path) as episode:
        images = image_streams(episode, clip.camera)[clip.camera]
        return [picture(images.raw[number], f"{clip.name}, image {number}").load() for number in numbers]


def _from_video(path: Path, numbers: Sequence[int]) -> list[ImageArray]:
    images: list[ImageArray] = []
    video = cv2.VideoCapture(str(path))
    try:
        for number in range(numbers[-1] + 1):  # decoded from the start: seeking is not exact in every codec
            if not video.grab():
                raise RecordingError(f"{path}: the video ends at frame {number} of {numbers[-1] + 1}")
            if number in numbers:
                good, bgr = video.retrieve()
                if not good:
                    raise RecordingError(f"{path}: frame {number} cannot be decoded")
                images.append(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    finally:
        video.release()
    return images
