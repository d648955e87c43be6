r"""Make the training data of RoboAct-CLIP: videos of single actions, with subject, action and object.

  roboact reconstruct RH20T/ --output data/roboact_clip
  roboact reconstruct RH20T/ --output data/roboact_clip --annotator endpoint \
      --endpoint https://api.deepseek.com --model deepseek-reasoner --api-key-env DEEPSEEK_API_KEY

SOURCE is RH20T as published, a folder of bags or of shards, or a LeRobot data set. Videos whose text describes several
actions are left out. The rule parser reads the texts, or a language model behind an OpenAI-compatible endpoint,
which is asked once for each text. After an interruption the same command goes on; docs/roboact_clip.md says more.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from roboact_ros.errors import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="annotated videos")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="OUT", help="folder of the result")
    parser.add_argument(
        "--annotator", choices=("rules", "endpoint"), default="rules", help="who reads the texts (%(default)s)"
    )
    parser.add_argument("--camera", default="", metavar="NAME", help="the only camera to take (default: all)")
    parser.add_argument(
        "--least-rating", type=int, default=0, metavar="N", help="of RH20T: 2 leaves failed sequences out (%(default)s)"
    )
    parser.add_argument(
        "--action", action="append", default=[], metavar="VERB", help="a further class of actions; may be repeated"
    )
    parser.add_argument(
        "--colours", action="store_true", help="a red block and a blue one are two objects (rule parser only)"
    )
    parser.add_argument("--ray", action="store_true", help="look through the videos in parallel with Ray Data")
    parser.add_argument("--endpoint", default="", metavar="URL", help="base address, such as http://127.0.0.1:11434/v1")
    parser.add_argument("--model", default="", metavar="NAME", help="model of the endpoint")
    parser.add_argument("--api-key-env", default="", metavar="VARIABLE", help="environment variable with the key")
    parser.add_argument("--at-once", type=int, default=4, metavar="N", help="questions under way (%(default)s)")
    parser.add_argument("--per-minute", type=float, default=0.0, metavar="N", help="questions a minute (no limit)")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S", help="time for one answer (%(default)g s)")
    parser.add_argument(
        "--patience", type=float, default=120.0, metavar="S", help="for an endpoint that is down (%(default)g s)"
    )
    parser.add_argument("--again", action="store_true", help="ask again where an answer was of no use")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Reconstruct."""
    from roboact_ros.chat.client import ChatClient
    from roboact_ros.chat.endpoint import endpoint_at
    from roboact_train.data.progress import Progress
    from roboact_train.roboact_clip.answers import AnswerReader
    from roboact_train.roboact_clip.asking import EndpointAnnotator
    from roboact_train.roboact_clip.classes import actions_with
    from roboact_train.roboact_clip.journal import Journal
    from roboact_train.roboact_clip.reconstruct import ANSWERS, RuleAnnotator, open_folder, reconstruct
    from roboact_train.roboact_clip.rules import RuleParser
    from roboact_train.roboact_clip.sources import find_clip_sources
    from roboact_train.roboact_clip.words import COLOURS

    if (args.annotator == "endpoint") != bool(args.endpoint):
        raise ConfigurationError("--annotator endpoint and --endpoint URL belong together")
    if args.colours and args.endpoint:
        raise ConfigurationError("--colours goes with the rule parser; a language model answers with nouns alone")
    if not args.timeout > 0.0:
        raise ConfigurationError(f"--timeout is above 0, not {args.timeout:g}")
    actions = actions_with(args.action)
    sources = find_clip_sources(args.sources, args.camera, args.least_rating)
    with Progress() as progress:
        if args.annotator == "rules":
            rules = RuleAnnotator(RuleParser(actions, COLOURS if args.colours else ()))
            counts = reconstruct(sources, args.output, rules, actions, progress.step, args.ray)
        else:
            client = ChatClient(endpoint_at(args.endpoint, args.model, args.api_key_env), args.timeout)
            with Journal(open_folder(args.output) / ANSWERS) as answers:
                how = (args.at_once, args.per_minute, args.patience, args.again)
                asking = EndpointAnnotator(client, answers, AnswerReader(actions), *how)
                counts = reconstruct(sources, args.output, asking, actions, progress.step, args.ray)
    if args.json:
        print(json.dumps({"out": str(args.output), **counts.as_dict()}))
    else:
        print(f"{args.output}:", *counts.lines(), sep="\n")
    return 0
