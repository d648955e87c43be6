"""Runs a cell, says the sentences to it, and records the episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roboact_ros.cells.background import background_cell
from roboact_ros.demo.sentences import Sentence
from roboact_ros.errors import LanguageRefusal, RecordingError

SYSTEM = "teleop_ur5"
START_SECONDS = 90.0
MOTION_SECONDS = 20.0
INTERRUPT_AT = 0.05
"""The next sentence is said when the tool has moved this far [m]."""


def converse(sentences: Sequence[Sentence], folder: Path, log: Path) -> Path:
    """Start a simulated cell, say every sentence, and return the saved bag.

    Args:
        sentences: What to say.
        folder: Where the episode is written.
        log: Where the output of the cell goes.

    Raises:
        RoboactError: The cell did not start, or the episode could not be saved.
    """
    with background_cell(SYSTEM, [f"bags:={folder}"], log):
        from roboact_ros.nodes.recorder_client import RecorderClient
        from roboact_ros.nodes.witness import Witness

        with Witness() as operator, RecorderClient() as recorder:
            operator.ready(START_SECONDS)
            recorder.call("start")
            operator.connect(START_SECONDS)  # the recorder is there now: wait until it hears every word
            for sentence in sentences:
                print(f"  {sentence.text!r}", flush=True)
                try:
                    if sentence.interrupted:
                        operator.say(sentence.text, MOTION_SECONDS)
                        operator.wait_until_moved(INTERRUPT_AT, MOTION_SECONDS)
                    else:
                        operator.do(sentence.text, MOTION_SECONDS)
                except LanguageRefusal as question:
                    print(f"    {question}", flush=True)
            recorder.call("save")
    return newest_episode(folder)


def newest_episode(folder: Path) -> Path:
    """Return the bag in ``folder`` that was made last.

    Raises:
        RecordingError: There is none.
    """
    bags = sorted(path.parent for path in folder.glob("*/metadata.yaml"))
    if not bags:
        raise RecordingError(f"no episode was saved in {folder}")
    return bags[-1]
