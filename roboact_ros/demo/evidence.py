"""Reads back from a recorded episode what was said, understood, commanded and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from roboact_ros.demo.sentences import OPENING_TOLERANCE, TOLERANCE, Sentence
from roboact_ros.recording.reader import Episode
from roboact_ros.types import FloatArray

TOPICS = ("correction", "teleop/status", "tcp_pose", "gripper", "executor/status")


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What the bag says about one sentence.

    Attributes:
        said: The sentence.
        understood: Canonical phrases, or the question back.
        refused: Whether it was refused.
        measured: (3,) displacement of the tool until the next sentence [m], base frame.
        opening: Opening of the gripper then, 0 … 1.
        seconds: From the sentence to the arm at rest, or to the next sentence.
        matches: Whether all that the sentence demands was measured.
        replaced: Whether the next sentence came while the arm moved.
    """

    said: str
    understood: str
    refused: bool
    measured: FloatArray
    opening: float
    seconds: float
    matches: bool
    replaced: bool = False


def rows(episode: Episode, sentences: tuple[Sentence, ...]) -> list[Row]:
    """Return one row for each of ``sentences``, read from the bag alone.

    A sentence that is not in the bag gets a row that does not match.
    """
    record: dict[str, list[tuple[int, Any]]] = {name: [] for name in TOPICS}
    for topic, at, message in episode.messages(TOPICS):
        record[next(name for name in TOPICS if topic == episode.full_name(name))].append((at, message))
    said = [at for at, _ in record["correction"]]
    heard = [str(message.data) for _, message in record["correction"]]
    if heard != [sentence.text for sentence in sentences]:
        nothing = np.full(3, np.nan)
        return [Row(s.text, f"the bag holds {heard}", False, nothing, np.nan, np.nan, False) for s in sentences]
    until = [*said[1:], record["tcp_pose"][-1][0] + 1]
    return [_row(record, sentence, at, end) for sentence, at, end in zip(sentences, said, until, strict=True)]


def _row(record: dict[str, list[tuple[int, Any]]], sentence: Sentence, start: int, end: int) -> Row:
    # By its text, not by its time: an answer may arrive at the recorder before its sentence, or after the next one.
    answers = (m for _, m in record["teleop/status"] if _value(m, "text") == sentence.text)
    answer = next(answers, None)
    values = {} if answer is None else {pair.key: pair.value for pair in answer.values}
    refused = bool(values.get("refused"))
    measured = _position(record, end) - _position(record, start)
    opening = float(_last(record["gripper"], end).position[0])
    resting = [at for at, m in record["executor/status"] if start < at < end and _value(m, "state") == "idle"]
    seconds = ((end if sentence.interrupted or not resting else resting[0]) - start) / 1e9
    wanted = [(m, d) for m, d in zip(measured, sentence.displacement, strict=True) if d is not None]
    matches = answer is not None and refused == sentence.refused and all(abs(m - d) <= TOLERANCE for m, d in wanted)
    matches &= sentence.opening is None or abs(opening - sentence.opening) <= OPENING_TOLERANCE
    understood = "the bag holds no answer" if answer is None else values["phrases"] or answer.message
    return Row(sentence.text, understood, refused, measured, opening, seconds, bool(matches), sentence.interrupted)


def _position(record: dict[str, list[tuple[int, Any]]], before: int) -> FloatArray:
    position = _last(record["tcp_pose"], before).pose.position
    return np.array((position.x, position.y, position.z))


def _last(messages: list[tuple[int, Any]], before: int) -> Any:
    return [message for at, message in messages if at < before][-1]


def _value(message: Any, name: str) -> str:
    return next((str(pair.value) for pair in message.values if pair.key == name), "")


def table(found: list[Row]) -> str:
    """Return the rows as a table for people."""
    head = f"{'said':<22} {'understood':<50} {'measured x y z [mm]':>22} {'grip':>5} {'s':>5}"
    lines = [head, "-" * len(head)]
    for row in found:
        x, y, z = (1000 * row.measured).round(1) + 0.0
        understood = row.understood if len(row.understood) <= 50 else row.understood[:47] + "..."
        figures = f"{x:>7.1f}{y:>7.1f}{z:>8.1f} {row.opening:>5.2f} {row.seconds:>5.1f}"
        judged = ("ok" if row.matches else "WRONG") + (", then replaced" if row.replaced else "")
        lines.append(f"{row.said:<22} {understood:<50} {figures}  {judged}")
    return "\n".join(lines)
