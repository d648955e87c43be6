"""The layout of the released CLIP-RT data: ``task_k/episode_j/`` with one PNG and one JSON for each step."""

from __future__ import annotations

import datetime
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import LanguageRefusal, RecordingError
from roboact_ros.language.vocabulary import nearest_primitive
from roboact_ros.types import ACTION_SIZE, GRIPPER_UNCHANGED
from roboact_train.data.json_files import numbers, read_object, text
from roboact_train.data.pictures import PictureFile, png
from roboact_train.data.samples import (
    DONE_ACTION,
    DONE_LABEL,
    TELEOP,
    Action,
    ArmTrace,
    EpisodeSamples,
    Sample,
    label_of,
    motion_of,
)

_POSES, _JOINTS = ("prev_eef_pose", "eef_pose"), ("prev_joint", "joint")


def episode_folders(folder: Path) -> list[Path]:
    """Return every ``task_k/episode_j`` below a folder, in numeric order."""
    return sorted((path for path in folder.glob("task_*/episode_*") if path.is_dir()), key=_numbered)


def own_episode(folder: Path) -> list[Path]:
    """Return the folder itself if it is one episode, whatever its name, else nothing."""
    return [folder] if any(file.with_suffix(".png").is_file() for file in folder.glob("*.json")) else []


def read_episode(folder: Path) -> EpisodeSamples:
    """Read one episode; its images are left on the disk until they are looked at.

    Raises:
        RecordingError: A file is missing, damaged or of another vocabulary; it is named.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise RecordingError(f"{folder} holds no step: no *.json file")
    name = f"{folder.parent.name}/{folder.name}"
    return EpisodeSamples([_read_step(file, name) for file in files], Counter())


def write_dataset(folder: Path, episodes: Iterable[Sequence[Sample]]) -> None:
    """Write episodes into an empty folder; see :func:`~roboact_train.data.atomic.whole_folder`.

    Every instruction is a task; samples of several episodes or instructions in one sequence are taken apart. A ``done``
    stays where it is; none is made up.
    """
    written: dict[str, int] = {}
    for samples in episodes:
        for (_, instruction), steps in itertools.groupby(samples, key=lambda s: (s.episode, s.instruction)):
            number = written[instruction] = written.get(instruction, -1) + 1
            _write_episode(folder / f"task_{list(written).index(instruction)}" / f"episode_{number}", steps)


def _write_episode(folder: Path, samples: Iterable[Sample]) -> None:
    folder.mkdir(parents=True)
    opening, used = GRIPPER_UNCHANGED, 0
    for sample in samples:
        if sample.label != DONE_LABEL:
            gripper = motion_of(sample.label).gripper
            opening = opening if gripper is None else gripper
        used = max(sample.stamp_ns // 1000, used + 1)  # names must differ and keep the order
        stem = datetime.datetime.fromtimestamp(used // 10**6).strftime("%Y-%m-%d_%H-%M-%S") + f"-{used % 10**6:06d}"
        (folder / f"{stem}.png").write_bytes(png(sample.picture))
        (folder / f"{stem}.json").write_text(json.dumps(_step(sample, opening, f"{stem}.png"), indent=1))


def _step(sample: Sample, opening: float, image_path: str) -> dict[str, Any]:
    arm = sample.arm
    return {
        "instruction": sample.instruction,
        "supervision": sample.supervision,
        "action": sample.action,
        "openx_action": [*sample.action[:3], *_rotation(sample), opening],
        **{key: None if arm is None else getattr(arm, key) for key in (*_POSES, *_JOINTS)},
        "image_path": image_path,
        "source": sample.source,
        "stamp_ns": sample.stamp_ns,
    }


def _rotation(sample: Sample) -> list[float]:
    """Return how far the tool turned about the base axes [rad]; what the last wrist joint turned it was measured."""
    if not sample.action[6] or sample.arm is None:
        return list(sample.action[3:6])
    before, after = (Rotation.from_rotvec(pose[3:]) for pose in (sample.arm.prev_eef_pose, sample.arm.eef_pose))
    return [float(turn) for turn in (after * before.inv()).as_rotvec()]


def _read_step(file: Path, episode: str) -> Sample:
    where = str(file)
    value = read_object(file)
    supervision = text(value, "supervision", where)
    label = label_of(supervision, where)
    action = DONE_ACTION
    if label != DONE_LABEL:
        action = _action(numbers(value, "action", ACTION_SIZE, where), label, supervision, where)
    picture = file.with_suffix(".png")
    if not picture.is_file():
        picture = file.parent / Path(text(value, "image_path", where)).name
    if not picture.is_file():
        raise RecordingError(f"{where}: its image {picture.name} is missing")
    stamp = value.get("stamp_ns", 0)
    if not isinstance(stamp, int):
        raise RecordingError(f'{where}: "stamp_ns" should be a whole number, not {stamp!r}')
    source = str(value.get("source", TELEOP))
    arm = _arm(value, where)
    instruction = text(value, "instruction", where)
    return Sample(PictureFile(picture), instruction, supervision, action, label, source, stamp, episode, arm)


def _action(given: Sequence[float], label: int, supervision: str, where: str) -> Action:
    """Return the action of a step, and refuse one that does something else than its words say."""
    motion = motion_of(label)
    # A step that moves the arm may carry either state of the gripper; it means that the gripper stays.
    entries = [*given[:7], GRIPPER_UNCHANGED if motion.moves_tool else given[7]]
    try:
        done = nearest_primitive(entries)
    except LanguageRefusal as error:
        raise RecordingError(f"{where}: {error}") from error
    if done.phrase != motion.phrase:
        raise RecordingError(
            f'{where}: "{supervision}" means "{motion.phrase}", but its action is "{done.phrase}": {list(given)}; data '
            "of several vocabularies cannot be mixed"
        )
    x, y, z, rx, ry, rz, wrist, gripper = np.asarray(entries).tolist()
    return x, y, z, rx, ry, rz, wrist, gripper


def _arm(value: dict[str, Any], where: str) -> ArmTrace | None:
    missing = [key for key in (*_POSES, *_JOINTS) if key not in value]
    if missing:
        raise RecordingError(f'{where}: "{missing[0]}" is missing')
    if any(value[key] is None for key in (*_POSES, *_JOINTS)):
        return None
    return ArmTrace(*(numbers(value, key, 6, where) for key in (*_POSES, *_JOINTS)))


def _numbered(path: Path) -> list[int]:
    return [int(number) for part in path.parts[-2:] for number in re.findall(r"\d+", part)]
