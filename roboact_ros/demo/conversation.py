"""Runs a cell, says the sentences to it, and records the episode."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from roboact_ros.demo.sentences import Sentence
from roboact_ros.errors import LanguageRefusal, RecordingError, RoboactError

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
    # A network of its own: this must work beside another cell on the same machine, and never move that one's arm.
    os.environ["ROS_DOMAIN_ID"] = str(random.randint(1, 100))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    address = f"127.0.{random.randint(1, 254)}.{random.randint(2, 254)}"
    with _cell([f"sim.address:={address}", f"bags:={folder}"], log):
        from roboact_ros.nodes.recorder_client import RecorderClient
        from roboact_ros.nodes.witness import Witness

        with Witness() as operator, RecorderClient() as recorder:
            operator.ready(START_SECONDS)
            recorder.call("start")
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


@contextmanager
def _cell(overrides: Sequence[str], log: Path) -> Iterator[None]:
    """Run ``roboact up`` for as long as the block lasts."""
    command = [sys.executable, "-m", "roboact_ros.cli", "up", SYSTEM, *overrides]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield
        except RoboactError as error:
            raise type(error)(f"{error}; the output of the cell is in {log}") from error
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30.0)


def newest_episode(folder: Path) -> Path:
    """Return the bag in ``folder`` that was made last.

    Raises:
        RecordingError: There is none.
    """
    bags = sorted(path.parent for path in folder.glob("*/metadata.yaml"))
    if not bags:
        raise RecordingError(f"no episode was saved in {folder}")
    return bags[-1]
