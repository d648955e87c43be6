"""A chunk of CLAP-RF beside the released procedure, on the same random weights, images and noise.

The full model (Qwen3-VL-4B and the head released for LIBERO, 16 blocks) runs in bfloat16, with CUDA ours as one CUDA
graph; on a CPU, which must be asked for, it takes 15 GiB and minutes, and says nothing of a GPU. The small one, with a
tenth of the widths but all blocks and words, runs anywhere in float32; the language head has a larger share of it,
which is told apart. Told besides: a chunk selected of eight draws, as a cell makes it while the arms move, and how near
chunks are to those of the released procedure (``cosine``, and ``error`` as part of what other images change), and on a
GPU, how near both are to what it makes with the same weights in float32. A chunk by CLAP-NTP on the same language
model, with eight words of a subtask and eight codes, is timed beside it, without a graph also on a GPU (``eager``).

The released procedure attends by flash_attn on a GPU where that is installed, else by PyTorch (``attention``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from roboact_ros.bench.clap_models import (
    GRID,
    SIZES,
    Answering,
    Released,
    flow_head,
    language_model,
    pixels_of,
    prompt_ids,
)
from roboact_ros.bench.clap_nearness import cosine, error_of, in_float32
from roboact_ros.bench.report import Report, interleaved, percentile

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork
    from roboact_ros.policies.nets.clap.vlm import Prompt

_GIB = 2**30
Made = TypeVar("Made")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--size", choices=list(SIZES), default="small", help="of the model (%(default)s)")
    parser.add_argument("--full", dest="size", action="store_const", const="full", help="the same as --size full")
    parser.add_argument("--device", default="", help="cpu, cuda or cuda:N (small: cpu, full: cuda)")
    parser.add_argument("--images", type=int, default=1, help="of 224 x 224 pixels; the paper times one (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="chunks of both, in turn (%(default)s)")
    parser.add_argument("--chunks", type=int, default=20, help="further chunks of ours (%(default)s)")


def run(args: argparse.Namespace) -> Report:
    """Measure.

    Raises:
        PolicyError: CUDA is needed and not there, or transformers is not installed.
    """
    # PyTorch and transformers take seconds to import, and the other benchmarks do not need them.
    import torch

    from roboact_ros.errors import PolicyError
    from roboact_ros.policies.clap.run_config import RELEASED_TAPS
    from roboact_ros.policies.clip_rt import torch_device
    from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork, GraphedChunks
    from roboact_ros.policies.nets.clap.vlm import TappedVlm

    if args.size == "full" and not args.device and not torch.cuda.is_available():
        raise PolicyError(
            f"size full is for CUDA, and PyTorch {torch.__version__} sees no CUDA device here; --device cpu takes "
            "15 GiB and minutes, and says nothing of a GPU, nor does size small"
        )
    device = torch_device(args.device or ("cuda" if args.size == "full" else "cpu"))
    cuda = device.type == "cuda"
    torch.manual_seed(0)
    size, dtype = SIZES[args.size], torch.bfloat16 if cuda or args.size == "full" else torch.float32
    try:
        model = language_model(size, device, dtype)
    except ImportError as error:
        raise PolicyError(f"CLAP needs transformers: pip install 'roboact_ros[clap]' ({error})") from error
    head = flow_head(size.width, device, dtype)
    ids, pixels = prompt_ids(model, args.images), pixels_of(model, args.images, device)
    shape = head.shape
    noises = [torch.randn(1, shape.horizon, shape.actions, device=device) for _ in range(args.rounds + 1)]

    network = ChunkNetwork(TappedVlm(model.model, RELEASED_TAPS), head)
    prompt = network.vlm.prompt(ids, GRID, GRID)
    graphed, held = None, 0.0
    if cuda:
        graphed, held = _held(lambda: GraphedChunks(network, prompt, pixels, noises[0]), device)
    released, answering = Released(model, head, RELEASED_TAPS, ids), Answering(model, ids)
    made: dict[str, list[Tensor]] = {"ours": [], "released": []}

    def ours() -> None:
        noise = noises[len(made["ours"]) % len(noises)]
        actions = graphed(pixels, noise) if graphed else network(pixels, noise, prompt)
        made["ours"].append(actions.float().cpu())  # waits for the device

    def theirs() -> None:
        made["released"].append(released(pixels, noises[len(made["released"]) % len(noises)]).float().cpu())

    calls = {"ours": ours, "released": theirs, "ntp": lambda: answering(pixels)}
    in_turn = interleaved(calls, args.rounds)
    released_made, ours_made = made["released"], made["ours"][: len(noises)]
    others = pixels_of(model, args.images, device)
    unlike = [released(others, noise).float().cpu() for noise in noises]
    # A graph keeps its memory, which is told apart.
    by_hand = {"ours": lambda: network(pixels, noises[0], prompt), "released": lambda: released(pixels, noises[0])}
    memory = {name: _peak(call, device) for name, call in by_hand.items()} if cuda else {}
    alone = interleaved({"ours": ours}, args.chunks)["ours"]
    selecting, held_selecting = _held(lambda: _selecting(network, prompt, pixels, noises[0]), device)
    selected = percentile(interleaved({"ours": selecting}, args.rounds)["ours"], 50)
    words = interleaved({"head": lambda: released.language_head()[0, 0, 0].item()}, args.rounds)["head"]

    ours_ms, released_ms, ntp_ms = (percentile(in_turn[name], 50) * 1e3 for name in calls)
    run_by = {"ours": (network.vlm, head), "released": (model, head)}
    weights = {name: sum(_gib(part) for part in parts) for name, parts in run_by.items()}
    figures = {
        name: {"weights_gib": weights[name], **({"working_gib": memory[name]} if cuda else {})} for name in weights
    }
    graphs = {"graph_gib": held, "graph_selected_gib": held_selecting} if cuda else {}
    exact, exact_released, attention = {}, {}, model.config._attn_implementation
    if cuda:  # the last thing: it changes the weights, and takes twice their memory
        model.set_attn_implementation("sdpa")  # flash_attn knows no float32
        expected = in_float32(model, head, RELEASED_TAPS, ids, pixels, noises)
        exact = {
            "cosine_float32": cosine(ours_made, expected),
            "error_float32": error_of(ours_made, expected, unlike),
        }
        exact_released = {"error_float32": error_of(released_made, expected, unlike)}
    return Report(
        "clap",
        metrics={
            "size": args.size,
            "device": torch.cuda.get_device_name(device) if cuda else f"CPU, {torch.get_num_threads()} threads",
            "dtype": str(dtype).removeprefix("torch."),
            "images": args.images,
            "tokens": len(ids),
            "chunk_ms": ours_ms,
            "alone_ms": percentile(alone, 50) * 1e3,
            "alone_p95_ms": percentile(alone, 95) * 1e3,
            "selected_ms": selected * 1e3,
            **figures["ours"],
            **graphs,
            "difference": max(float((a - b).abs().max()) for a, b in zip(ours_made, released_made, strict=True)),
            "cosine": cosine(ours_made, released_made),
            "error": error_of(ours_made, released_made, unlike),
            **exact,
        },
        peers={
            "released": {
                "attention": attention,
                "chunk_ms": released_ms,
                "language_head_ms": percentile(words, 50) * 1e3,
                **figures["released"],
                **exact_released,
            },
            "ntp": {"chunk_ms": ntp_ms, "eager": True},
        },
        ratios={"chunk": released_ms / ours_ms, "ntp": ntp_ms / ours_ms},
    )


def _selecting(network: ChunkNetwork, prompt: Prompt, pixels: Tensor, noise: Tensor) -> Callable[[], object]:
    """Return what makes a chunk that is selected of several draws, as one graph where there is CUDA."""
    import torch

    from roboact_ros.policies.clap.rf import DRAWS
    from roboact_ros.policies.nets.clap.chunk_network import GraphedChunks
    from roboact_ros.policies.nets.clap.guidance import Guide

    draws = torch.randn(DRAWS, *noise.shape[1:], device=noise.device)
    guide = Guide(draws[:1].clone(), torch.ones_like(noise))
    if noise.device.type != "cuda":
        return lambda: network(pixels, draws, prompt, None, guide).cpu()
    graphed = GraphedChunks(network, prompt, pixels, draws, guided=True)
    return lambda: graphed(pixels, draws, None, guide).cpu()


def _held(make: Callable[[], Made], device: torch.device) -> tuple[Made, float]:
    """Return what is made, and the memory of the GPU that it keeps, e.g. the pool of a graph [GiB]."""
    import torch

    if device.type != "cuda":
        return make(), 0.0
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved(device)
    made = make()
    torch.cuda.empty_cache()
    return made, (torch.cuda.memory_reserved(device) - before) / _GIB


def _gib(part: nn.Module) -> float:
    """Return the memory of the weights, each counted once [GiB]."""
    return sum(weights.numel() * weights.element_size() for weights in part.parameters()) / _GIB


def _peak(call: Callable[[], object], device: torch.device) -> float:
    """Return how much memory a call takes beyond what is taken before it [GiB]."""
    import torch

    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    call()
    return (torch.cuda.max_memory_allocated(device) - before) / _GIB
