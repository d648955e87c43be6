"""The data reconstruction of RoboAct-CLIP (Algorithm 1): annotated videos become videos of single actions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from roboact_ros.errors import RecordingError
from roboact_train.roboact_clip.annotation import ROBOT, Annotation, Triplet
from roboact_train.roboact_clip.clips import Clip, ClipSource
from roboact_train.roboact_clip.dataset import AtomicClip, LeftOut, write_dataset
from roboact_train.roboact_clip.journal import Journal
from roboact_train.roboact_clip.rules import RuleParser
from roboact_train.roboact_clip.scan import scan
from roboact_train.roboact_clip.statistics import Statistics, statistics

SCAN, ANSWERS = "scan.jsonl", "answers.jsonl"
"""Journals in the folder of a data set: episodes that were looked at, and what language models answered."""
FEWEST_FRAMES = 2
"""A single frame shows no action."""
LONGEST_TEXT = 1000
"""No single action needs more characters."""

Tell = Callable[[int, int, str], None]


class Annotator(Protocol):
    """Says what texts mean."""

    def annotate_all(self, texts: Sequence[str], tell: Tell) -> Mapping[str, Annotation | str]:
        """Return what each text says, or why nothing is known about it."""
        ...


class RuleAnnotator:
    """Annotates with the rule parser."""

    def __init__(self, parser: RuleParser) -> None:
        self._parser = parser

    def annotate_all(self, texts: Sequence[str], tell: Tell) -> Mapping[str, Annotation | str]:
        """Return what each text says."""
        return {text: self._parser.annotate(text) for text in texts}


def open_folder(folder: Path) -> Path:
    """Return the folder of a data set, made if it is not there.

    Raises:
        RecordingError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{folder}: {error.strerror}") from error
    return folder


def reconstruct(
    sources: Sequence[ClipSource],
    out: Path,
    annotator: Annotator,
    actions: Collection[str],
    tell: Tell,
    with_ray: bool = False,
) -> Statistics:
    """Write the clips with a single action to ``out``; called again after an interruption, it goes on.

    Args:
        sources: Episodes.
        out: Folder of the data set.
        annotator: Says what texts mean; asked once for each text.
        actions: Classes of actions; clips with others are left out.
        tell: Progress.
        with_ray: Look through the episodes with Ray Data.

    Raises:
        RoboactError: The disk refused, or not all texts could be annotated.
    """
    with Journal(open_folder(out) / SCAN) as journal:
        clips = scan(sources, journal, tell, with_ray)
    usable = [clip for clip in clips if not _fault(clip)]
    texts = list(dict.fromkeys(normalised(clip.text) for clip in usable))
    annotations = annotator.annotate_all(texts, tell)
    kept: list[AtomicClip] = []
    left_out: list[LeftOut] = []
    for clip in clips:
        reason, detail = _fault(clip), clip.fault
        if not reason:
            annotation = annotations[normalised(clip.text)]
            reason, detail = _refusal(annotation, actions)
            if not reason and isinstance(annotation, Annotation):
                (act,) = annotation.acts
                subject = clip.subject or annotation.subject or ROBOT
                kept.append(AtomicClip(clip, Triplet(subject, act.action, act.object)))
                continue
        left_out.append(LeftOut(clip.name, clip.text, reason, detail))
    counts = statistics(kept, left_out)
    write_dataset(out, kept, left_out, counts.as_dict())
    return counts


def normalised(text: str) -> str:
    """Return a text as it is compared with others: without needless space."""
    return " ".join(text.split())


def _fault(clip: Clip) -> str:
    if clip.fault:
        return "cannot be used"
    if not any(map(str.isalpha, clip.text)):
        return "no text"
    if len(clip.text) > LONGEST_TEXT:
        return f"more than {LONGEST_TEXT} characters"
    return "a single frame" if clip.frames < FEWEST_FRAMES else ""


def _refusal(annotation: Annotation | str, actions: Collection[str]) -> tuple[str, str]:
    """Return why an annotation is not used, and what exactly."""
    if isinstance(annotation, str):
        return "no usable answer", annotation
    if annotation.fault:
        return annotation.fault, "; ".join(f"{act.action} {act.object}".strip() for act in annotation.acts)
    action = annotation.acts[0].action
    return ("unknown action", action) if action not in actions else ("", "")
