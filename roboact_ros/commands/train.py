"""Train a policy on recorded episodes and other data; docs/training.md explains.

  roboact train clip_rt data/ --output runs/lab --checkpoint cliprt.pt
  roboact train clip_rt data/ --output runs/lab --resume
  roboact train clip_rt bags/ --output runs/small --settings clip_rt_tabletop
  accelerate launch -m roboact_ros.cli train clip_rt shards/ --output runs/oxe --settings clip_rt_pretrain
  roboact train roboact_clip data/roboact_clip --output runs/videos --checkpoint clip.safetensors
  roboact train roboact bags/ --output runs/policy --encoder runs/videos/best
  roboact train act_vae astribot/ --output runs/actions          the tokenizers of CLAP: docs/clap.md
  roboact train clap_ntp astribot/ --output runs/ntp --model Qwen3-VL-4B-Instruct --action-vae runs/actions/best
  roboact train clap_rf astribot/ --output runs/rf --model runs/ntp/best

SOURCE is whatever roboact convert reads, or for roboact_clip what roboact reconstruct wrote; its --checkpoint is the
frozen CLIP. DIR gets the best model (best/), TensorBoard logs, and the state that --resume goes on from; Ctrl-C saves
it. The settings are the released fine-tuning settings (of roboact_clip: those in docs/roboact_clip.md) unless a file or
an option says otherwise.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

from roboact_ros.commands.trainings import TRAININGS, check_options
from roboact_ros.errors import ConfigurationError, did_you_mean

_OPTIONS: dict[str, tuple[Any, str, str]] = {
    "model": (str, "NAME", "open_clip model or local-dir:FOLDER (ViT-H-14-378-quickgelu)"),
    "checkpoint": (str, "FILE", "weights to start from, or the folder of a trained model; random weights without it"),
    "epochs": (int, "N", "times that every sample is seen (100)"),
    "batch": (int, "N", "samples contrasted with one another, over all processes (16)"),
    "accumulate": (int, "N", "batches that make one step of the optimiser (1)"),
    "learning_rate": (float, "R", "highest learning rate (5e-6)"),
    "weight_decay": (float, "R", "of AdamW (0.1)"),
    "warmup": (int, "N", "steps in which the learning rate rises (100)"),
    "clip_gradient": (float, "R", "largest norm of the gradient; 0 leaves it (0)"),
    "loss": (str, "FORM", "released, softmax or paper (released)"),
    "precision": (str, "P", "auto, float32, fp16 or bf16 (auto)"),
    "seed": (int, "N", "of weights, order and augmentation (0)"),
    "workers": (int, "N", "processes that decode images beside the training (2)"),
    "image_augmentation": (float, "R", "strength of random crops and colours, 0 ... 1 (0)"),
    "validation": (float, "R", "part of the episodes kept aside to choose the best model (0.05)"),
    "correction_repeats": (int, "N", "how often each correction counts (1)"),
    "samples_per_epoch": (int, "N", "stream shards instead of reading all samples into memory (0: do not)"),
    "export": (str, "P", "precision of the finished model: float32, float16 or bfloat16 (float32)"),
    "chunk": (int, "N", "steps that clip_rt_plus decodes at once (8)"),
    "period": (float, "S", "time of one of them [s] (0.5)"),
    "executed": (int, "N", "how many of them are carried out before the next image is looked at (8)"),
    "encoder": (str, "E", "what a roboact policy sees with: clip, resnet50, or the folder of a roboact_clip (clip)"),
    "resnet_weights": (str, "FILE", "of torchvision's or R3M's ResNet-50; random weights without it"),
    "actions": (str, "A", "what it puts out: motions or chunk (motions)"),
    "ablation": (str, "A", "roboact_clip without its temporal module or without disentanglement (none)"),
    "unseen": (float, "R", "part of the (action, object) pairs that roboact_clip is asked for unseen (0.1)"),
    "steps": (int, "N", "batches of an epoch of act_vae, vd_vae and clap_ntp (2000)"),
    "tokens": (int, "N", "codes that act_vae makes of a chunk of one arm (8)"),
    "codes": (int, "N", "size of its codebook (512)"),
    "statistics": (str, "FILE", "statistics of the robots of act_vae (default: measured on the data)"),
    "action_vae": (str, "MODEL", "the act_vae of vd_vae and clap_ntp: folder of a trained one, or clap.ckpt"),
    "labels": (str, "FILE", "codes of videos that clap_ntp learns from, too, as roboact tokens label writes them"),
    "matching": (str, "RULE", "Knowledge Matching of clap_rf: released, released_kl, paper or off (released)"),
    "horizon": (int, "N", "steps of a chunk of clap_rf (32)"),
    "adapt": (str, "A", "what of clap_ntp learns: full (all weights) or lora (full)"),
}

_SWITCHES = ("contrast_vocabulary", "checkpoint_gradients", "insulated")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kind", metavar="MODEL", help=f"one of {', '.join(TRAININGS)}")
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="what to learn from")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the result")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted training in DIR")
    parser.add_argument(
        "--corrections",
        nargs="+",
        default=[],
        type=Path,
        metavar="BAG",
        help="learn from people's corrections in these",
    )
    parser.add_argument(
        "--settings", default="", metavar="FILE", help="YAML of settings, or the name of one in config/policies"
    )
    for name, (kind, metavar, text) in _OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=text)
    parser.add_argument(
        "--contrast-vocabulary",
        action="store_true",
        default=None,
        help="contrast with all 58 motions, not only the batch",
    )
    parser.add_argument("--checkpoint-gradients", action="store_true", default=None, help="save memory, 30 %% slower")
    parser.add_argument(
        "--insulated", action="store_true", default=None, help="freeze the language model of clap_rf; --matching off"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"), help="(%(default)s)")
    parser.add_argument("--camera", default="", metavar="NAME", help="camera of bags (default: the policy's)")
    parser.add_argument("--instruction", default="", metavar="TEXT", help="the task, in place of what bags say")
    parser.add_argument("--layout", metavar="NAME", help="columns of LeRobot data (standard)")
    parser.add_argument("--hertz", type=float, metavar="R", help="steps per second of LeRobot data (3)")
    parser.add_argument("--features", type=Path, metavar="DIR", help="cached features (SOURCE/features or beside DIR)")
    parser.add_argument("--licence", default="not stated", metavar="TEXT", help="of the model, for its manifest")
    parser.add_argument(
        "--simulated", action="store_true", help="the data shows a simulated cell: the model never drives a real arm"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="cores that PyTorch computes on (default: all)")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Train."""
    if args.kind not in TRAININGS:
        raise ConfigurationError(f'no model "{args.kind}" to train: {did_you_mean(args.kind, TRAININGS)}')
    check_options(args)
    given = {name: getattr(args, name) for name in (*_OPTIONS, *_SWITCHES)}
    given = {name: value for name, value in given.items() if value is not None}
    if args.threads is not None and args.threads < 1:
        raise ConfigurationError(f"--threads is at least 1, not {args.threads}")
    begun = time.monotonic()
    # PyTorch takes seconds to import; who made a mistake above does not wait for it.
    settings, train = TRAININGS[args.kind](args, given)
    try:
        import torch

        from roboact_train.training.loop import BEST

        if args.threads is not None:
            torch.set_num_threads(args.threads)
        outcome = train()
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'roboact_ros[train]'") from error
    if args.json and outcome.main:
        progress = dataclasses.asdict(outcome.progress)
        content = {
            "output": str(args.output),
            "model": str(args.output / BEST),
            "epochs": settings.epochs,
            "steps": progress["step"],
            "loss": progress["loss"],
            "score": progress["best"],
            "validation": progress["judged"],
            "samples_per_second": outcome.samples_per_second,
            "seconds": time.monotonic() - begun,
        }
        print(json.dumps(content))
    return 0
