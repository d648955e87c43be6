"""One CLIP-RT step beside the plain procedure: every text embedded in every step, PIL preprocessing, open_clip itself.

Both run the same random weights in turn on the same images; --checkpoint takes real ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from roboact_ros.bench.report import Report, interleaved, percentile
from roboact_ros.commands.score import read_image
from roboact_ros.types import Frame, ImageArray

if TYPE_CHECKING:
    import torch

    from roboact_ros.policies.nets.clip import ClipNetwork

_INSTRUCTION = "close the laptop"
_SYNTHETIC = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--model", default="ViT-B-32-quickgelu", metavar="NAME", help="open_clip model (%(default)s)")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="weights; random ones without it")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="steps of both, in turn (%(default)s)")
    parser.add_argument("--steps", type=int, default=40, help="further steps of ours (%(default)s)")
    parser.add_argument("--image", type=Path, metavar="FILE", help="a photo, to use beside synthetic images")


def run(args: argparse.Namespace) -> Report:
    """Measure.

    Raises:
        PolicyError: CUDA was asked for and is not there, or the model, checkpoint or image cannot be used.
    """
    # PyTorch takes seconds to import, and the other benchmarks do not need it.
    import torch

    from roboact_ros.policies.clip_rt import ClipRt, torch_device
    from roboact_ros.policies.nets.clip import clip_with_random_weights, clip_with_weights
    from roboact_ros.policies.preprocessing import Preprocessing

    device = torch_device(args.device)
    images = [*synthetic_images(), *([read_image(args.image)] if args.image else [])]
    network = (
        clip_with_weights(args.model, args.checkpoint) if args.checkpoint else clip_with_random_weights(args.model)
    )
    policy, plain = ClipRt(network, device=args.device), _Plain(network, device)
    policy.instruct(_INSTRUCTION)

    # Each contender goes through the images on its own, so both see the same ones in the same order.
    scores: dict[str, list[NDArray[np.float32]]] = {"ours": [], "plain": []}
    for_ours, for_plain = cycle(images), cycle(images)

    def step() -> None:
        decision = policy.act(Frame("bench", 0, next(for_ours)))
        scores["ours"].append(np.array(list(decision.scores.values()), dtype=np.float32))

    def plain_step() -> None:
        scores["plain"].append(plain.step(next(for_plain), _INSTRUCTION))

    in_turn = interleaved({"ours": step, "plain": plain_step}, args.rounds)
    pairs = list(zip(scores["ours"], scores["plain"], strict=True))
    pixels = plain.transform(images[0])[None].to(device)
    alone = interleaved({"ours": step, "encode": lambda: plain.encode(pixels)}, args.steps)

    preprocess = Preprocessing(network.preprocess, torch.device("cpu"))
    prepared = interleaved(
        {
            "ours": lambda: preprocess(torch.from_numpy(next(for_ours))),
            "plain": lambda: plain.transform(next(for_plain)),
        },
        20 * len(images),
    )
    std = torch.tensor(network.preprocess["std"]).view(3, 1, 1)
    errors = [(preprocess(torch.from_numpy(i))[0] - plain.transform(i)).mul(std).abs().mean().item() for i in images]

    ours_ms, p95_ms = _milliseconds(alone["ours"], 50), _milliseconds(alone["ours"], 95)
    encode_ms, plain_ms = _milliseconds(alone["encode"], 50), _milliseconds(in_turn["plain"], 50)
    preprocess_ms, pil_ms = _milliseconds(prepared["ours"], 50), _milliseconds(prepared["plain"], 50)
    on = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return Report(
        "clip_rt",
        metrics={
            "model": args.model,
            "device": on,
            "step_ms": ours_ms,
            "step_p95_ms": p95_ms,
            "preprocess_ms": preprocess_ms,
            "preprocess_mean_difference": max(errors),
            "argmax_agreement": float(np.mean([a.argmax() == b.argmax() for a, b in pairs])),
            "score_difference": float(max(np.abs(a - b).max() for a, b in pairs)),
        },
        peers={"plain": {"step_ms": plain_ms, "encode_image_ms": encode_ms, "preprocess_ms": pil_ms}},
        ratios={"step": plain_ms / ours_ms, "encode": encode_ms / ours_ms, "preprocess": pil_ms / preprocess_ms},
    )


class _Plain:
    """The procedure as published: PIL, open_clip's own towers in float32, and all texts again in every step."""

    def __init__(self, network: ClipNetwork, device: torch.device) -> None:
        from open_clip.transform import PreprocessCfg, image_transform_v2
        from PIL import Image

        from roboact_ros.language.vocabulary import PRIMITIVES

        self._model: Any = network.model
        self._tokenize, self._device = network.tokenize, device
        self._to_pil, self._transform = Image.fromarray, image_transform_v2(PreprocessCfg(**network.preprocess), False)
        self._phrases = [motion.phrase for motion in PRIMITIVES]

    def transform(self, image: ImageArray) -> torch.Tensor:
        result: torch.Tensor = self._transform(self._to_pil(image))
        return result

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            result: torch.Tensor = self._model.encode_image(pixels).cpu()
        return result

    def step(self, image: ImageArray, instruction: str) -> NDArray[np.float32]:
        import torch
        from torch.nn.functional import normalize

        from roboact_ros.policies.clip_rt import PROMPT

        with torch.no_grad():
            prompt = self._tokenize([PROMPT.format(instruction=instruction)]).to(self._device)
            motions = self._model.encode_text(self._tokenize(self._phrases).to(self._device))
            features = self._model.encode_image(self.transform(image)[None].to(self._device))
            context = features + self._model.encode_text(prompt)
            scores = torch.sigmoid(normalize(context, dim=-1) @ normalize(motions, dim=-1).T)[0]
            result: NDArray[np.float32] = scores.cpu().numpy()
        return result


def _milliseconds(seconds: list[float], q: float) -> float:
    return percentile(seconds, q) * 1e3


def synthetic_images() -> Iterator[ImageArray]:
    """Images of a camera's size with structure at every scale, as photos have it: sums of ever finer noise."""
    random = np.random.default_rng(0)
    for _ in range(_SYNTHETIC):
        image = np.full((480, 640, 3), 128.0, dtype=np.float32)
        for octave in range(1, 8):
            noise = random.normal(0.0, 90.0 / octave**1.5, (3 * 2**octave, 4 * 2**octave, 3)).astype(np.float32)
            image += cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC)
        yield np.clip(image, 0.0, 255.0).astype(np.uint8)
