"""Turn speech into words and show what they mean, without moving anything.

  roboact hear recording.wav --json

Prints what "roboact parse" prints plus "text", the words, and "confidence". Exit status 2 when it would ask back
instead of moving; the question is on stderr and, with --json, in "refused" beside an empty list of motions.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from roboact_ros.commands.parse import understood


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE.wav", help="one utterance each: any rate, width and channels")
    parser.add_argument("--ear", default="auto", metavar="EAR", help="auto, pocketsphinx or whisper (%(default)s)")
    parser.add_argument(
        "--model",
        default="",
        metavar="DIR",
        help="folder of a faster-whisper model; with --ear pocketsphinx: stock, or a folder",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON line for each file")


def run(args: argparse.Namespace) -> int:
    """Hear every file."""
    from roboact_ros.speech.open import open_ear
    from roboact_ros.speech.wav import read_wav

    recordings = [read_wav(name) for name in args.files]
    ear = open_ear(args.ear, args.model)
    asked = False
    for audio in recordings:
        heard = ear.hear(audio)
        meaning: dict[str, Any] = {"motions": [], "control": None, "refused": heard.asks}
        if not heard.asks:
            meaning = understood(heard.text)
        if args.json:
            print(json.dumps({"text": heard.text, **meaning, "confidence": round(heard.confidence, 3)}))
        elif not heard.asks:
            print(
                f"{heard.text}: {meaning['control'] or '; then '.join(each['phrase'] for each in meaning['motions'])}"
            )
        if heard.asks:
            asked = True
            print(f"roboact hear: {heard.asks}", file=sys.stderr)
    ear.close()
    return 2 if asked else 0
