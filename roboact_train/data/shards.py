"""Shards in the layout of WebDataset: tar files in which ``KEY.jpg`` and ``KEY.json`` stand together."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from roboact_ros.errors import RecordingError
from roboact_train.data.json_files import numbers, parse_object, text
from roboact_train.data.pictures import Encoded, jpeg
from roboact_train.data.samples import VOCABULARY, ArmTrace, Sample, label_of

_END = bytes(2 * tarfile.BLOCKSIZE)
"""What every whole tar file ends with."""
_ARM = {"prev_eef_pose": 6, "eef_pose": 6, "prev_joint": 6, "joint": 6}


class ShardWriter:
    """Writes samples into one shard; also a context manager. Equal samples give equal bytes."""

    def __init__(self, path: Path) -> None:
        """Create the shard."""
        self.samples = 0
        self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115

    def write(self, sample: Sample) -> None:
        """Append one sample; a JPEG goes in as it is."""
        key = f"{re.sub(r'[^A-Za-z0-9_-]+', '_', sample.episode)[-60:]}_{self.samples:07d}"
        notes = {
            "instruction": sample.instruction,
            "supervision": sample.supervision,
            "action": sample.action,
            "label": sample.label,
            "source": sample.source,
            "stamp_ns": sample.stamp_ns,
            "episode": sample.episode,
            "vocabulary": VOCABULARY,
            **({} if sample.arm is None else {name: getattr(sample.arm, name) for name in _ARM}),
        }
        self._add(f"{key}.jpg", jpeg(sample.picture))
        self._add(f"{key}.json", json.dumps(notes, ensure_ascii=False).encode())
        self.samples += 1

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the shard."""
        self._tar.close()

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._tar.addfile(member, io.BytesIO(data))


def shard_files(folder: Path) -> list[Path]:
    """Return the shards of a folder, by name."""
    return sorted(folder.glob("*.tar"))


def read_shard(path: Path) -> Iterator[Sample]:
    """Read a shard from its beginning, whoever wrote it.

    Raises:
        RecordingError: It is cut off, damaged, or of another vocabulary; says how many samples before that were good.
    """
    good = 0
    try:
        with tarfile.open(path, "r:") as tar:
            waiting: dict[str, bytes] = {}
            for member in tar:
                key, _, kind = member.name.partition(".")
                file = tar.extractfile(member)
                data = file.read() if file is not None else b""
                if file is not None and len(data) < member.size:
                    raise tarfile.ReadError("unexpected end of data")
                if kind not in ("jpg", "json"):
                    continue
                other = waiting.pop(key, None)
                if other is None:
                    waiting[key] = data
                    continue
                image, notes = (other, data) if kind == "json" else (data, other)
                yield _sample(f"{path}, {key}", image, notes)
                good += 1
        if waiting:
            raise tarfile.ReadError(f"{next(iter(waiting))} has no image or no text")
        with path.open("rb") as whole:
            whole.seek(-len(_END), io.SEEK_END)
            if whole.read() != _END:
                raise tarfile.ReadError("its end is missing")
    except RecordingError as error:
        raise RecordingError(f"{error}; {good} samples before it were good") from error
    except (tarfile.TarError, OSError) as error:
        raise RecordingError(f"{path} is damaged or cut off ({error}); {good} samples before that were good") from error


def _sample(where: str, image: bytes, data: bytes) -> Sample:
    value = parse_object(data, where)
    vocabulary = value.get("vocabulary")
    supervision = text(value, "supervision", where)
    label = label_of(supervision, where)
    if vocabulary != VOCABULARY or value.get("label") != label:
        raise RecordingError(
            f'{where}: "{supervision}" has label {value.get("label")} of vocabulary {vocabulary}; in {VOCABULARY} it '
            f"is {label}; data of several vocabularies cannot be mixed"
        )
    action = numbers(value, "action", 8, where)
    arm = None
    if all(name in value for name in _ARM):
        arm = ArmTrace(*(numbers(value, name, count, where) for name, count in _ARM.items()))
    stamp = value.get("stamp_ns")
    if not isinstance(stamp, int):
        raise RecordingError(f'{where}: "stamp_ns" should be a whole number, not {stamp!r}')
    x, y, z, rx, ry, rz, wrist, gripper = action
    return Sample(
        Encoded(image, where),
        text(value, "instruction", where),
        supervision,
        (x, y, z, rx, ry, rz, wrist, gripper),
        label,
        text(value, "source", where),
        stamp,
        text(value, "episode", where),
        arm,
    )
