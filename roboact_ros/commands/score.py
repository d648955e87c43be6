"""Score the motions for one image with a CLIP-RT model.

  roboact score --model ViT-H-14-378-quickgelu --checkpoint cliprt.pt --image desk.jpg --instruction "close the laptop"

Without a checkpoint it refuses; --random asks for random weights, to try the command out.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.policies.load import clip_rt
from roboact_ros.types import Frame, ImageArray

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model", default="ViT-H-14-378-quickgelu", metavar="NAME", help="open_clip model (%(default)s)"
    )
    parser.add_argument("--checkpoint", default="", metavar="FILE", help="its weights, .pt or .safetensors")
    parser.add_argument("--random", action="store_true", help="use random weights instead of a checkpoint")
    parser.add_argument("--seed", type=int, default=0, help="seed of random weights (%(default)s)")
    parser.add_argument("--image", type=Path, required=True, metavar="FILE")
    parser.add_argument("--instruction", required=True, metavar="TEXT")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Print the scores."""
    image = read_image(args.image)
    policy = clip_rt(args.model, args.checkpoint, args.random, args.device, args.seed)
    policy.instruct(args.instruction)
    decision = policy.act(Frame(camera="file", stamp_ns=time.time_ns(), image=image))
    if args.json:
        print(json.dumps({"scores": decision.scores}))
        return 0
    if args.random:
        print(f"{args.model} with random weights (seed {args.seed}): the scores mean nothing")
    for phrase, score in sorted(decision.scores.items(), key=lambda item: -item[1])[:_SHOWN]:
        print(f"{score:.4f}  {phrase}")
    return 0


def read_image(path: Path) -> ImageArray:
    """Return the (height, width, 3) uint8 RGB pixels of an image file.

    Raises:
        PolicyError: The file is missing, no image, or ends before the image does.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(f'image "{path}" cannot be read: {error.strerror}') from error
    # A photo's orientation tag is ignored, as in the pipelines the models were trained with.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), flags) if content else None
    if bgr is None:
        raise PolicyError(f'image "{path}" is empty, damaged or of a format that OpenCV does not read')
    if _ends_early(content):
        raise PolicyError(f'image "{path}" is damaged: the file ends before the image does')
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _ends_early(content: bytes) -> bool:
    """Whether a JPEG has no end marker after its last scan, or a PNG no end chunk; decoders fill the rest in grey."""
    if content.startswith(b"\xff\xd8"):
        return content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda")
    return content.startswith(b"\x89PNG") and b"IEND" not in content[-64:]
