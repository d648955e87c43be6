"""Show what words mean without moving anything.

Prints one JSON line: {"motions": [{"phrase": …, "action": [8 numbers]}, …], "control": null or a word}. A motion that
is not in the vocabulary also names its nearest "primitive". Exit status 2, with the reason on stderr, when the words
are not understood; with --file such a line has no motions and says why in "refused".

With --llm, a language model is asked about words that are not known; what it rephrased names it in "rephrased_by".
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roboact_ros.errors import ConfigurationError, LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.types import Motion

if TYPE_CHECKING:
    from roboact_ros.language.llm import FreePhrasing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("text", nargs="?", metavar="TEXT", help="what a person says")
    given.add_argument("--file", metavar="F", help="read one sentence per line; - is standard input")
    parser.add_argument("--llm", metavar="URL", help="OpenAI-compatible endpoint, e.g. http://127.0.0.1:11434/v1")
    parser.add_argument("--llm-model", default="", metavar="NAME", help="its model (default: its own choice)")
    parser.add_argument("--llm-key-env", default="", metavar="VAR", help="environment variable that holds its key")
    parser.add_argument(
        "--llm-timeout", type=float, default=5.0, metavar="S", help="time for an answer (default 5) [s]"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was understood."""
    model = _model(args)
    if args.file is None:
        print(json.dumps(understood(args.text, model), ensure_ascii=False))
        return 0
    for line in _lines(args.file):
        try:
            meaning = understood(line, model)
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


def _model(args: argparse.Namespace) -> FreePhrasing | None:
    if args.llm is None:
        return None
    if not 0.0 < args.llm_timeout < math.inf:
        raise ConfigurationError(f"--llm-timeout {args.llm_timeout} must be above zero")
    from roboact_ros.chat.client import ChatClient
    from roboact_ros.chat.endpoint import endpoint_at
    from roboact_ros.language.llm import FreePhrasing

    endpoint = endpoint_at(args.llm, args.llm_model, args.llm_key_env)
    return FreePhrasing(ChatClient(endpoint, args.llm_timeout))


def understood(text: str, model: FreePhrasing | None = None) -> dict[str, Any]:
    """Return what is printed about a sentence.

    Raises:
        LanguageRefusal: It is not understood.
    """
    source = {}
    try:
        command = parse(text)
    except LanguageRefusal:
        if model is None or not model.may_help(text):
            raise
        command = model.ask(text).wait()
        source = {"rephrased_by": model.name}
    return {"motions": [_motion(motion) for motion in command.motions], "control": command.control, **source}


def _motion(motion: Motion) -> dict[str, Any]:
    shown: dict[str, Any] = {"phrase": motion.phrase, "action": list(motion.action)}
    return shown if motion.primitive == motion.phrase else {**shown, "primitive": motion.primitive}
