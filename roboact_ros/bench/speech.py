"""How well and how fast spoken commands are understood: synthetic speech of four voices, clean and with noise.

A command is right when the motions are those of the sentence that was said, wrong when the arm would do something else,
and asked when it would stay still. Sentences that are no commands must never move it either. The acoustic model was not
adapted to the four voices, but its thresholds were chosen on them; a quarter as many commands are therefore said by
voices and at speeds on which nothing was chosen (held out). Sentences are also played to a whole simulated cell, and
the clock runs from the end of the speech to the first joint target. PocketSphinx's own acoustic model hears the same
recordings, and so does faster-whisper where ROBOACT_WHISPER_MODEL names its model.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from roboact_ros.bench.report import Report, percentile
from roboact_ros.bench.spoken import HELD_OUT_SPEEDS, HELD_OUT_VOICES, OTHER, SPEEDS, VOICES, commands, noisy, spoken
from roboact_ros.errors import LanguageRefusal, RoboactError
from roboact_ros.language.parse import parse
from roboact_ros.speech.audio import Audio
from roboact_ros.speech.ear import Ear
from roboact_ros.speech.open import open_ear
from roboact_ros.speech.sphinx import STOCK
from roboact_ros.speech.whisper import MODEL_VARIABLE

SYSTEM = "teleop_ur5"
START_SECONDS, MOTION_SECONDS, ANSWER_SECONDS = 90.0, 20.0, 3.0

STILL = ("stop", "pause", "done")
"""Controls after which the arm does not move."""

Recording = tuple[str, Audio]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--commands", type=int, default=200, metavar="N", help="how many commands (%(default)s)")
    parser.add_argument("--voices", nargs="+", default=list(VOICES), metavar="V", help=f"({' '.join(VOICES)})")
    parser.add_argument("--snr", type=float, default=15.0, metavar="DB", help="noise below the speech (%(default)g dB)")
    parser.add_argument(
        "--latency", type=int, default=20, metavar="N", help="sentences to a cell (%(default)s; 0: none)"
    )
    parser.add_argument("--alone", action="store_true", help="measure no other model")


def run(args: argparse.Namespace) -> Report:
    """Measure."""
    chance = random.Random(0)
    texts = commands(args.commands)
    said = _said(texts, args.voices, SPEEDS, chance)
    rare = _said(texts[: max(1, args.commands // 4)], HELD_OUT_VOICES, HELD_OUT_SPEEDS, chance)
    recordings = {
        "clean": said,
        "noisy": _noisy(said, args.snr),
        "held_out_clean": rare,
        "held_out_noisy": _noisy(rare, args.snr),
        "other": _said(OTHER.split("; "), args.voices, SPEEDS, chance),
        "held_out_other": _said(OTHER.split("; "), HELD_OUT_VOICES, HELD_OUT_SPEEDS, chance),
    }
    metrics = _measured(open_ear("pocketsphinx"), recordings)
    peers = {}
    if not args.alone:
        peers["pocketsphinx_stock"] = _measured(open_ear("pocketsphinx", STOCK), recordings)
        if folder := os.environ.get(MODEL_VARIABLE, ""):
            peers["faster_whisper"] = _measured(open_ear("whisper", folder), recordings)
    if args.latency:
        metrics |= _latency(_moving(said, args.latency))
    return Report("speech", metrics, peers)


def _said(
    texts: Sequence[str], voices: Sequence[str], speeds: Sequence[tuple[int, int]], chance: random.Random
) -> list[Recording]:
    return [(text, spoken(text, voices[at % len(voices)], chance, speeds)) for at, text in enumerate(texts)]


def _noisy(recordings: Sequence[Recording], decibels: float) -> list[Recording]:
    return [(text, noisy(audio, decibels, seed)) for seed, (text, audio) in enumerate(recordings)]


def _measured(ear: Ear, recordings: dict[str, list[Recording]]) -> dict[str, object]:
    metrics: dict[str, object] = {}
    wrong: Counter[str] = Counter()
    seconds: list[float] = []
    for kind, played in recordings.items():
        right = 0
        for text, audio in played:
            start = time.perf_counter()
            heard = ear.hear(audio)
            seconds.append(time.perf_counter() - start)
            if not heard.asks and _meaning(heard.text) == _meaning(text):
                right += 1
            elif not heard.asks and parse(heard.text).control not in STILL:
                wrong[kind] += 1
                print(f'{kind}: "{text}" was heard as "{heard.text}"', file=sys.stderr)
        if not kind.endswith("other"):
            metrics[f"{kind}_percent"] = 100.0 * right / len(played)
    ear.close()
    metrics |= {f"wrong_{kind}": wrong[kind] for kind in recordings}
    metrics |= {
        "wrong_motions": wrong.total(),
        "hear_p50_s": percentile(seconds, 50),
        "hear_p95_s": percentile(seconds, 95),
    }
    return metrics | {"recordings": len(seconds)}


def _meaning(text: str) -> object:
    try:
        command = parse(text)
    except LanguageRefusal:
        return None
    return [motion.phrase for motion in command.motions], command.control, command.amount


def _moving(said: Sequence[Recording], count: int) -> list[Audio]:
    """Return recordings of motions that are understood."""
    ear = open_ear("pocketsphinx")
    motions = (audio for text, audio in said if parse(text).motions)
    moving = list(islice((audio for audio in motions if not ear.hear(audio).asks), count))
    ear.close()
    return moving


def _latency(recordings: Sequence[Audio]) -> dict[str, object]:
    """Return the time from the end of speech to the first joint target of an arm at rest.

    The cell may ask about a sentence that was understood before, as a stream is cut elsewhere; that is counted.
    """
    from roboact_ros.cells.background import background_cell

    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        changes = [f"recording.folder:={folder}/bags", "speech.source:=topic"]
        with background_cell(SYSTEM, changes, Path(folder) / "cell.log"):
            from roboact_ros.nodes.speaker import Speaker

            with Speaker() as person:
                person.ready(START_SECONDS)
                for audio in recordings:
                    person.rest(MOTION_SECONDS)
                    ended = person.speak(audio)
                    person.wait_for(ANSWER_SECONDS)
                    if person.targets:
                        seconds.append((person.targets[0][0] - ended) / 1e9)
                        person.do("home", MOTION_SECONDS)
    if not seconds:
        raise RoboactError(f"the arm moved after none of {len(recordings)} sentences")
    return {
        "end_of_speech_to_motion_p50_s": percentile(seconds, 50),
        "end_of_speech_to_motion_max_s": max(seconds),
        "sentences_to_a_cell": len(recordings),
        "moved": len(seconds),
    }
