"""Reads episodes in the form of RLDS: each a sequence of step dictionaries, from any iterable or from ``.npz`` files.

The files of TensorFlow Datasets are read by :mod:`roboact_train.data.tfrecord`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.types import ImageArray
from roboact_train.data.demonstrations import Demonstration
from roboact_train.data.pictures import Pixels
from roboact_train.data.supervision import checked

Step = Mapping[str, Any]
NPZ_KEYS = ("image", "action", "language_instruction")


def demonstrations(
    episodes: Iterable[Iterable[Step] | Mapping[str, Any]], name: str = "rlds", image: str = "image"
) -> Iterator[Demonstration]:
    """Return the episodes of a data set.

    Args:
        episodes: Each an iterable of steps, or a mapping that holds one under ``steps``.
        name: What to call the data set in errors.
        image: Name of the image in the observation.

    Raises:
        RecordingError: A step lacks something, or cannot be used.
    """
    for number, episode in enumerate(episodes):
        steps = episode["steps"] if isinstance(episode, Mapping) else episode
        yield demonstration(steps, f"{name}/episode_{number:06d}", image)


def demonstration(steps: Iterable[Step], name: str, image: str = "image") -> Demonstration:
    """Return one episode of steps with ``observation[image]``, ``language_instruction`` and ``action`` (7,).

    The step with ``is_last`` closes the episode: in RLDS its action means nothing, and it is left out.

    Raises:
        RecordingError: A step lacks something, or cannot be used.
    """
    pictures, words, actions = [], [], []
    for number, step in enumerate(steps):
        if step.get("is_last", False):
            break
        where = f"{name}, step {number}"
        observation = _entry(step, "observation", where)
        spoken = step if "language_instruction" in step else observation
        pictures.append(Pixels(_image(_entry(observation, image, where), where)))
        words.append(_text(_entry(spoken, "language_instruction", where)))
        actions.append(np.asarray(_entry(step, "action", where), dtype=np.float64))
        if actions[-1].shape != (7,):
            raise RecordingError(f"{where}: the action should be 7 numbers, not of shape {actions[-1].shape}")
    if not actions:
        raise RecordingError(f"{name} has no step")
    return Demonstration(name, pictures, words, checked(np.stack(actions)), [0] * len(actions))


def read_npz(path: Path) -> Demonstration:
    """Read one episode from a file with ``image`` (N, H, W, 3) uint8, ``action`` (N, 7), ``language_instruction``.

    The instruction is one string or N of them; ``is_last`` (N,) may be there too.

    Raises:
        RecordingError: The file is damaged or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RecordingError(f"{path}: {error}") from error
    missing = [key for key in NPZ_KEYS if key not in arrays]
    if missing:
        raise RecordingError(f'{path} holds no "{missing[0]}": {", ".join(arrays)}; needed: {", ".join(NPZ_KEYS)}')
    images, actions = arrays["image"], arrays["action"]
    words = np.broadcast_to(arrays["language_instruction"], len(actions))
    last = arrays.get("is_last", np.zeros(len(actions), bool))
    if not len(images) == len(actions) == len(last):
        raise RecordingError(f"{path}: {len(images)} images, {len(actions)} actions and {len(last)} is_last")
    steps = (
        {
            "observation": {"image": images[i]},
            "language_instruction": words[i],
            "action": actions[i],
            "is_last": last[i],
        }
        for i in range(len(actions))
    )
    return demonstration(steps, path.stem)


def _entry(holder: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in holder:
        raise RecordingError(f'{where} has no "{key}": {", ".join(map(str, holder))}')
    return holder[key]


def _image(value: Any, where: str) -> ImageArray:
    image = np.asarray(value)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise RecordingError(f"{where}: an image is (H, W, 3) uint8, not {image.shape} {image.dtype}")
    return image


def _text(value: Any) -> str:
    value = value.item() if isinstance(value, np.ndarray) else value
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
