"""Show what words mean without moving anything.

Prints one JSON line: {"motions": [{"phrase": …, "action": [8 numbers]}, …], "control": null or a word}. A motion that
is not in the vocabulary also names its nearest "primitive". Exit status 2, with the reason on stderr, when the words
are not understood; with --file such a line has no motions and says why in "refused".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from roboact_ros.errors import ConfigurationError, LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.types import Motion


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("text", nargs="?", metavar="TEXT", help="what a person says")
    given.add_argument("--file", metavar="F", help="read one sentence per line; - is standard input")


def run(args: argparse.Namespace) -> int:
    """Print what was understood."""
    if args.file is None:
        print(json.dumps(_understood(args.text), ensure_ascii=False))
        return 0
    for line in _lines(args.file):
        try:
            meaning = _understood(line)
        except LanguageRefusal as question:
            meaning = {"motions": [], "control": None, "refused": str(question)}
        print(json.dumps(meaning, ensure_ascii=False))
    return 0


def _lines(name: str) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ConfigurationError(f'"{name}" cannot be read: {error.strerror}') from None
    # Only line feeds end a line: output line n must be about input line n.
    text = content.decode("utf-8", errors="replace").removesuffix("\n")
    return [line.removesuffix("\r") for line in text.split("\n")] if content else []


def _understood(text: str) -> dict[str, Any]:
    command = parse(text)
    return {"motions": [_motion(motion) for motion in command.motions], "control": command.control}


def _motion(motion: Motion) -> dict[str, Any]:
    shown: dict[str, Any] = {"phrase": motion.phrase, "action": list(motion.action)}
    return shown if motion.primitive == motion.phrase else {**shown, "primitive": motion.primitive}
