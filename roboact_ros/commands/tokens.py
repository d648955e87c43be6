"""Measure and use the tokenizers of CLAP (roboact train act_vae, vd_vae); docs/clap.md explains.

  roboact tokens sweep astribot/ --output runs/sweep       what a code more is worth: table and plot
  roboact tokens label videos/ --model runs/vd/best --output labels.jsonl
  roboact tokens retrieve astribot/ shards/ --model runs/act/best --output like.png

sweep trains act_vae of several sizes; after an interruption the same command goes on. label writes the codes of what
happens in videos of which nobody knows the actions. retrieve draws chunks of all arms that have the codes most like
those of some chunks.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from roboact_ros.commands.tell import tell
from roboact_ros.errors import ConfigurationError

_SMALL = "act_vae_small"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="sweep | label | retrieve")
    sweep = actions.add_parser("sweep", help="train act_vae of several sizes and compare them")
    sweep.add_argument(
        "--grid",
        default="",
        metavar="N:K,…",
        help="codes of one arm and size of the codebook of each (default: the rows of Table V)",
    )
    sweep.add_argument(
        "--settings",
        default=_SMALL,
        metavar="FILE",
        help="of the trainings; the default fits a CPU, 'released' has the released size (%(default)s)",
    )
    sweep.add_argument(
        "--checkpoint", default="", metavar="DIR", help="a sweep whose models these go on from (random weights)"
    )
    sweep.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="(%(default)s)")
    sweep.add_argument("--threads", type=int, default=0, metavar="N", help="cores that PyTorch computes on (all)")
    label = actions.add_parser("label", help="write the codes of what happens in videos")
    label.add_argument("--model", type=Path, required=True, metavar="DIR", help="a trained vd_vae")
    label.add_argument("--encoder", default="", metavar="DIR", help="its encoder of patches, if it was moved")
    label.add_argument(
        "--camera", default="", metavar="NAME", help="view of LeRobot data, camera of bags (as in training)"
    )
    label.add_argument("--stride", type=int, default=8, metavar="N", help="frames from label to label (%(default)s)")
    label.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="(%(default)s)")
    retrieve = actions.add_parser("retrieve", help="draw chunks whose codes are most alike across robots")
    retrieve.add_argument("--model", type=Path, required=True, metavar="MODEL", help="a trained act_vae, or clap.ckpt")
    retrieve.add_argument("--statistics", default="", metavar="FILE", help="those that a released checkpoint goes with")
    retrieve.add_argument("--queries", type=int, default=6, metavar="N", help="chunks to look for (%(default)s)")
    for one, what in ((sweep, "folder of the result"), (label, "file of the labels"), (retrieve, "picture")):
        one.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="data sets, bags, shards, videos")
        one.add_argument("--output", "-o", type=Path, required=True, metavar="OUT", help=what)
    for one in (sweep, retrieve):
        one.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    try:
        {"sweep": _sweep, "label": _label, "retrieve": _retrieve}[args.action](args)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'roboact_ros[train]'") from error
    return 0


def _sweep(args: argparse.Namespace) -> None:
    from roboact_ros.commands.trainings import settings_file
    from roboact_train.clap.sweep_folder import sweep_into
    from roboact_train.clap.tokenizer_settings import ActVaeSettings
    from roboact_train.clap.train import TokenizerRequest
    from roboact_train.training.settings import settings_from

    file = None if args.settings == "released" else settings_file(args.settings)
    settings = settings_from(file, {"checkpoint": args.checkpoint} if args.checkpoint else {}, ActVaeSettings)
    if args.threads < 0:
        raise ConfigurationError(f"--threads is at least 1, or 0 for all, not {args.threads}")
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    request = TokenizerRequest(args.sources, args.output, settings, device=args.device)
    print(sweep_into(request, args.grid, args.json, tell))


def _label(args: argparse.Namespace) -> None:
    from roboact_train.clap.label import label

    print(label(args.sources, args.output, args.model, args.encoder, args.camera, args.stride, args.device, tell))


def _retrieve(args: argparse.Namespace) -> None:
    from roboact_train.clap.retrieval import retrieve

    print(retrieve(args.sources, args.output, args.model, args.statistics, args.queries, args.json, tell))
