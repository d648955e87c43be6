"""Training CLIP-RT beside the plain loop of the released procedure, on the same model, samples and batch.

The plain loop decodes and prepares images with PIL one after the other, tokenises every text anew, and embeds two texts
for every sample over the whole context. Ours prepares images beside the training and embeds each different text of a
batch once, as far as it goes. Both optimise the released loss with the same AdamW; the first losses are compared.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from roboact_ros.bench.report import Report, percentile

if TYPE_CHECKING:
    import torch

    from roboact_ros.policies.nets.clip import ClipNetwork
    from roboact_train.data.samples import Sample

_INSTRUCTIONS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--model", default="ViT-B-32-quickgelu", metavar="NAME", help="open_clip model (%(default)s)")
    parser.add_argument("--batch", type=int, default=16, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=4, help="batches of both that are timed, in turn (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare images for ours (%(default)s)")
    parser.add_argument("--samples", type=int, default=128, help="different samples (%(default)s)")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="(%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Measure."""
    # PyTorch takes seconds to import, and the other benchmarks do not need it.
    import torch

    from roboact_ros.policies.clip_rt import torch_device

    device = torch_device(args.device)
    samples = _samples(args.samples)
    ours, plain = _ours(args, samples, device), _plain(args, samples, device)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    losses: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(args.rounds + 1):
        for name, step in (("ours", ours), ("plain", plain)):
            begun = time.perf_counter()
            losses[name].append(step())
            if number:
                seconds[name].append(time.perf_counter() - begun)
    speed = {name: args.batch / percentile(times, 50) for name, times in seconds.items()}
    difference = max(abs(a - b) for a, b in zip(losses["ours"], losses["plain"], strict=True))
    on = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return Report(
        "train",
        metrics={
            "model": args.model,
            "device": on,
            "batch": args.batch,
            "samples_per_s": speed["ours"],
            "first_loss": losses["ours"][0],
            "loss_difference": difference,
        },
        peers={"plain": {"samples_per_s": speed["plain"], "first_loss": losses["plain"][0]}},
        ratios={"samples_per_s": speed["ours"] / speed["plain"]},
    )


def _samples(count: int) -> list[Sample]:
    """Return samples as a lab's bags have them: a dozen tasks, all motions, JPEGs of a camera's size."""
    from roboact_ros.bench.clip_rt import synthetic_images
    from roboact_ros.language.vocabulary import PRIMITIVES
    from roboact_train.data.pictures import Encoded, Pixels, jpeg
    from roboact_train.data.samples import TELEOP, Sample

    pictures = [Encoded(jpeg(Pixels(image)), "synthetic") for image in synthetic_images()]
    random = np.random.default_rng(0)
    made = []
    for number, label in enumerate(random.integers(0, len(PRIMITIVES), count).tolist()):
        motion, task = PRIMITIVES[label], f"put the block into box number {number % _INSTRUCTIONS}"
        picture = pictures[number % len(pictures)]
        made.append(Sample(picture, task, motion.phrase, motion.action, label, TELEOP, number, "bench"))
    return made


def _order(args: argparse.Namespace) -> Iterator[list[int]]:
    starts = range(0, args.samples - args.batch + 1, args.batch)
    return cycle([list(range(start, start + args.batch)) for start in starts])


def _ours(args: argparse.Namespace, samples: list[Sample], device: torch.device) -> Callable[[], float]:
    import torch

    from roboact_ros.policies.nets.clip import clip_with_random_weights
    from roboact_train.clip_rt.batch import Preparation
    from roboact_train.clip_rt.contrastive import ContrastiveImitation, Towers, inputs
    from roboact_train.clip_rt.loading import MemoryData, from_memory
    from roboact_train.training.optimiser import adamw
    from roboact_train.training.settings import TrainSettings

    network = clip_with_random_weights(args.model)
    preparation = Preparation(network, 0.0, 0)
    keys: Any = ([(0, number) for number in numbers] for numbers in _order(args))
    batches = from_memory(MemoryData(samples, preparation), keys, preparation, args.workers, device.type == "cuda")
    module = ContrastiveImitation(Towers(network), "released").to(device)
    optimiser = adamw(module, TrainSettings())

    def step() -> float:
        loss = module(**inputs(next(batches).to(device), lambda own: own))
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    return step


def _plain(args: argparse.Namespace, samples: list[Sample], device: torch.device) -> Callable[[], float]:
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from PIL import Image
    from torch.nn.functional import binary_cross_entropy_with_logits, normalize

    from roboact_ros.policies.clip_rt import PROMPT
    from roboact_ros.policies.nets.clip import clip_with_random_weights
    from roboact_train.data.pictures import jpeg
    from roboact_train.training.optimiser import adamw
    from roboact_train.training.settings import TrainSettings

    network: ClipNetwork = clip_with_random_weights(args.model)
    model: Any = network.model.train().requires_grad_(True).to(device)
    transform = image_transform_v2(PreprocessCfg(**network.preprocess), False)
    optimiser, order = adamw(model, TrainSettings()), _order(args)
    files = [jpeg(sample.picture) for sample in samples]

    def step() -> float:
        numbers = next(order)
        images = [transform(Image.open(io.BytesIO(files[number])).convert("RGB")) for number in numbers]
        prompts = network.tokenize([PROMPT.format(instruction=samples[number].instruction) for number in numbers])
        words = network.tokenize([samples[number].supervision for number in numbers])
        labels = torch.tensor([samples[number].label for number in numbers]).to(device)
        image = normalize(model.encode_image(torch.stack(images).to(device)), dim=-1)
        context = image + normalize(model.encode_text(prompts.to(device)), dim=-1)
        supervision = normalize(model.encode_text(words.to(device)), dim=-1)
        logits = model.logit_scale.exp() * context @ supervision.T
        loss = binary_cross_entropy_with_logits(logits, (labels[:, None] == labels[None]).float())
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        return float(loss.detach())

    return step
