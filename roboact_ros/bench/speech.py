"""How well and how fast spoken commands are understood: synthetic speech of four voices, clean and with noise.

A command is right when the motions are those of the sentence that was said, wrong when they are others, and asked when
the arm would stay still. Sentences that are no commands must never move it either. With --latency, sentences are also
played to a whole simulated cell, and the clock runs from the end of the speech to the first joint target.
faster-whisper is measured on the same recordings where ROBOACT_WHISPER_MODEL names its model.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from roboact_ros.bench.report import Report, percentile
from roboact_ros.bench.spoken import OTHER, VOICES, commands, noisy, spoken
from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.speech.audio import RATE, Audio
from roboact_ros.speech.ear import Ear
from roboact_ros.speech.open import open_ear
from roboact_ros.speech.whisper import MODEL_VARIABLE

SYSTEM = "teleop_ur5"
START_SECONDS, MOTION_SECONDS = 90.0, 20.0
_BLOCK = RATE // 50

Recording = tuple[str, Audio]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--commands", type=int, default=200, metavar="N", help="how many commands (%(default)s)")
    parser.add_argument("--voices", nargs="+", default=list(VOICES), metavar="V", help=f"({' '.join(VOICES)})")
    parser.add_argument("--snr", type=float, default=15.0, metavar="DB", help="noise below the speech (%(default)g dB)")
    parser.add_argument(
        "--latency", type=int, default=10, metavar="N", help="sentences to a cell (%(default)s; 0: none)"
    )


def run(args: argparse.Namespace) -> Report:
    """Measure."""
    chance = random.Random(0)
    said = [(text, spoken(text, _voice(args, at), chance)) for at, text in enumerate(commands(args.commands))]
    others = [(text, spoken(text, _voice(args, at), chance)) for at, text in enumerate(OTHER.split("; "))]
    recordings = {
        "clean": said,
        "noisy": [(text, noisy(audio, args.snr, seed)) for seed, (text, audio) in enumerate(said)],
        "other": others,
    }
    metrics = _measured(open_ear("pocketsphinx"), recordings)
    peers = {}
    if folder := os.environ.get(MODEL_VARIABLE, ""):
        peers["faster_whisper"] = _measured(open_ear("whisper", folder), recordings)
    if args.latency:
        metrics |= _latency([audio for text, audio in said if parse(text).motions][: args.latency])
    return Report("speech", metrics, peers)


def _voice(args: argparse.Namespace, at: int) -> str:
    return str(args.voices[at % len(args.voices)])


def _measured(ear: Ear, recordings: dict[str, list[Recording]]) -> dict[str, object]:
    metrics: dict[str, object] = {}
    wrong = 0
    seconds: list[float] = []
    for kind, played in recordings.items():
        right = 0
        for text, audio in played:
            start = time.perf_counter()
            heard = ear.hear(audio)
            seconds.append(time.perf_counter() - start)
            if not heard.asks and _meaning(heard.text) == _meaning(text):
                right += 1
            elif not heard.asks:
                wrong += 1
                print(f'{kind}: "{text}" was heard as "{heard.text}"', file=sys.stderr)
        if kind != "other":
            metrics[f"{kind}_percent"] = 100.0 * right / len(played)
    ear.close()
    metrics |= {"wrong_motions": wrong, "hear_p50_s": percentile(seconds, 50), "hear_p95_s": percentile(seconds, 95)}
    return metrics | {"recordings": len(seconds)}


def _meaning(text: str) -> object:
    try:
        command = parse(text)
    except LanguageRefusal:
        return None
    return [motion.phrase for motion in command.motions], command.control, command.amount


def _latency(recordings: Sequence[Audio]) -> dict[str, object]:
    """Return the time from the end of speech to the first joint target of an arm at rest."""
    from roboact_ros.cells.background import background_cell

    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        changes = [f"recording.folder:={folder}/bags", "speech.source:=topic"]
        with background_cell(SYSTEM, changes, Path(folder) / "cell.log"):
            from roboact_ros.nodes.speaker import Speaker

            with Speaker() as person:
                person.ready(START_SECONDS)
                for audio in recordings:
                    person.rest(MOTION_SECONDS)
                    ended = person.speak(audio)
                    person.wait(lambda: bool(person.targets), MOTION_SECONDS, "no joint target came")
                    seconds.append((person.targets[0][0] - ended) / 1e9)
                    person.do("home", MOTION_SECONDS)
    return {"end_of_speech_to_motion_p50_s": percentile(seconds, 50), "end_of_speech_to_motion_max_s": max(seconds)}
