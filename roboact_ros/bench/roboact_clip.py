"""A policy step on RoboAct-CLIP, which encodes one new frame, beside encoding its 16 frames at once.

Both have the same random weights and see the same frames; the policy's own network is in both.
"""

from __future__ import annotations

import argparse

import numpy as np

from roboact_ros.bench.report import Report, interleaved, percentile
from roboact_ros.types import Frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--model", default="ViT-B-32", help="the frozen CLIP, random weights (%(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="steps of both, in turn (%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Measure.

    Raises:
        PolicyError: No such model or device.
    """
    # PyTorch takes seconds to import, and the other benchmarks do not need it.
    import torch

    from roboact_ros.policies.clip_step import torch_device
    from roboact_ros.policies.encoders.roboact_clip import VideoFeatures
    from roboact_ros.policies.encoders.streaming import StreamingEncoder
    from roboact_ros.policies.nets.behaviour import TOOL, Behaviour, BehaviourShape
    from roboact_ros.policies.nets.clip import clip_with_random_weights
    from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
    from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
    from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape
    from roboact_ros.policies.roboact import MOTIONS

    device = torch_device(args.device)
    torch.manual_seed(0)
    clip = FrozenClip(clip_with_random_weights(args.model), device)
    video = VideoFeatures(clip, RoboActClip(EncoderShape(clip.embedding, 2, 52, 100)))
    network = Behaviour(BehaviourShape(video.width, clip.embedding, len(MOTIONS))).to(device).eval()
    asked, felt = torch.zeros(1, clip.embedding, device=device), torch.zeros(1, TOOL, device=device)
    random = np.random.default_rng(0)
    images = [random.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(video.frames + args.rounds + 1)]
    stream = StreamingEncoder(video)
    for number in range(video.frames - 1):
        stream.push(Frame("front", number, images[number]))
    features: dict[str, list[torch.Tensor]] = {"ours": [], "all frames": []}

    @torch.no_grad()
    def ours() -> None:
        newest = video.frames - 1 + len(features["ours"])
        stream.push(Frame("front", newest, images[newest]))
        encoded = stream.encoded()
        network(encoded, asked, felt).cpu()
        features["ours"].append(encoded.cpu())

    @torch.no_grad()
    def every() -> None:
        first = len(features["all frames"])
        encoded = video.encode(clip.frames(images[first : first + video.frames])[None])
        network(encoded, asked, felt).cpu()
        features["all frames"].append(encoded.cpu())

    seconds = interleaved({"ours": ours, "all frames": every}, args.rounds)
    ours_ms, every_ms = (percentile(seconds[name], 50) * 1e3 for name in ("ours", "all frames"))
    pairs = zip(features["ours"], features["all frames"], strict=True)
    return Report(
        "roboact_clip",
        metrics={
            "model": args.model,
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
            "step_ms": ours_ms,
            "step_p95_ms": percentile(seconds["ours"], 95) * 1e3,
            "difference": max(float((one - other).abs().max()) for one, other in pairs),
        },
        peers={"all frames": {"step_ms": every_ms, "frames": video.frames}},
        ratios={"step": every_ms / ours_ms},
    )
