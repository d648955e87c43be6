"""How well an annotator does on annotations that a person labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roboact_train.roboact_clip.annotation import Act, Annotation


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, and the single action that a person found in it; ``act`` is None where it is to be left out."""

    text: str
    subject: str
    act: Act | None


@dataclass(frozen=True, slots=True)
class Scores:
    """What an annotator got right.

    Attributes:
        texts: Number of texts.
        kept: Texts that it keeps.
        rightly_kept: Those of them that the person keeps, too.
        to_keep: Texts that the person keeps.
        right: Texts with the same subject, action and object, or left out by both.
        wrong: The texts where they differ, with what the annotator found.
    """

    texts: int
    kept: int
    rightly_kept: int
    to_keep: int
    right: int
    wrong: tuple[tuple[str, Annotation], ...]

    @property
    def accuracy(self) -> float:
        """Share of texts that are right in everything."""
        return self.right / self.texts

    @property
    def precision(self) -> float:
        """Share of the kept texts that are to be kept."""
        return self.rightly_kept / self.kept

    @property
    def recall(self) -> float:
        """Share of the texts to keep that are kept."""
        return self.rightly_kept / self.to_keep


def read_labelled(path: Path) -> list[Labelled]:
    """Read a table: text, subject (or -), action, object; or text and the reason to leave it out."""
    labelled = []
    for line in path.read_text().splitlines():
        cells = line.split("\t")
        assert len(cells) in (2, 4), line
        act = Act(cells[2], cells[3]) if len(cells) == 4 else None
        labelled.append(Labelled(cells[0], "" if cells[1] == "-" or act is None else cells[1], act))
    return labelled


def evaluate(
    annotate: Callable[[str], Annotation], keeps: Callable[[Annotation], bool], labelled: Sequence[Labelled]
) -> Scores:
    """Compare an annotator with a person.

    Args:
        annotate: The annotator.
        keeps: Whether an annotation is kept.
        labelled: What the person says.
    """
    kept = rightly = right = 0
    wrong = []
    for row in labelled:
        found = annotate(row.text)
        keep = keeps(found)
        kept += keep
        rightly += keep and row.act is not None
        same = (found.acts == (row.act,) and found.subject == row.subject) if keep else row.act is None
        right += same
        if not same:
            wrong.append((row.text, found))
    to_keep = sum(row.act is not None for row in labelled)
    return Scores(len(labelled), kept, rightly, to_keep, right, tuple(wrong))
