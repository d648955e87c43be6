"""The table that CLIP-RT is fine-tuned from: ``filepath,caption,supervision,label``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_train.data.pictures import PictureFile, png
from roboact_train.data.samples import DATASET, EpisodeSamples, Sample, label_of, motion_of

FIELDS = ("filepath", "caption", "supervision", "label")
FILE_NAME = "samples.csv"
_BEFORE, _AFTER = "what motion should the robot arm perform to complete the instruction '", "'?"


def caption_of(instruction: str) -> str:
    """Return the question that the models are asked about an instruction."""
    return f"{_BEFORE}{instruction}{_AFTER}"


def read_table(path: Path) -> EpisodeSamples:
    """Read a table; images are found beside it, or where an absolute path says.

    The labels of a table may be any integers that are equal for equal actions. What one means is found from the words
    of its rows, and becomes the label of the vocabulary.

    Raises:
        RecordingError: A row cannot be used or names a missing image, or rows of one label mean different motions.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != FIELDS:
                raise RecordingError(f"{path}: the header should be {','.join(FIELDS)}, not {reader.fieldnames}")
            rows = [(f"{path}, line {reader.line_num}", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path}: {error}") from error
    if not rows:
        raise RecordingError(f"{path} has no row")
    meaning: dict[int, tuple[int, str]] = {}
    return EpisodeSamples([_sample(path, where, row, meaning) for where, row in rows], Counter())


def write_table(folder: Path, samples: Iterable[Sample]) -> None:
    """Write ``samples.csv`` and its images into a folder; see :func:`~roboact_train.data.atomic.whole_folder`."""
    images = folder / "images"
    images.mkdir()
    with (folder / FILE_NAME).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for number, sample in enumerate(samples):
            picture = images / f"{number:07d}.png"
            picture.write_bytes(png(sample.picture))
            caption = caption_of(sample.instruction)
            writer.writerow((picture.relative_to(folder), caption, sample.supervision, sample.label))


def _sample(table: Path, where: str, row: dict[str, str], meaning: dict[int, tuple[int, str]]) -> Sample:
    if None in row or None in row.values():
        raise RecordingError(f"{where}: a row has {len(FIELDS)} entries; this one is cut off or has more")
    caption, supervision = row["caption"], row["supervision"]
    if not (caption.startswith(_BEFORE) and caption.endswith(_AFTER)):
        raise RecordingError(f'{where}: the caption should be "{caption_of("…")}", not "{caption}"')
    try:
        given = int(row["label"])
    except ValueError:
        raise RecordingError(f'{where}: the label should be an integer, not "{row["label"]}"') from None
    label = label_of(supervision, where)
    first, words = meaning.setdefault(given, (label, supervision))
    if first != label:
        raise RecordingError(
            f'{where}: label {given} stands for "{supervision}" here and for "{words}" above; data of several '
            "vocabularies cannot be mixed"
        )
    picture = table.parent / row["filepath"]
    if not picture.is_file():
        raise RecordingError(f"{where}: its image {picture} is missing")
    instruction = caption[len(_BEFORE) : -len(_AFTER)]
    return Sample(
        PictureFile(picture), instruction, supervision, motion_of(label).action, label, DATASET, 0, table.parent.name
    )
