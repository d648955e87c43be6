"""Both contenders of the CLAP benchmark make the same chunks, and the peer has the tensors of the released policy."""

from __future__ import annotations

import argparse

import pytest
import torch

from roboact_ros.bench.clap import add_arguments, run
from roboact_ros.bench.clap_models import (
    GRID,
    SIZES,
    Answering,
    Released,
    Size,
    flow_head,
    language_model,
    pixels_of,
    prompt_ids,
)
from roboact_ros.bench.clap_nearness import cosine, error_of, in_float32
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.run_config import RELEASED_TAPS
from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork
from roboact_ros.policies.nets.clap.vlm import TappedVlm

TINY = Size(width=64, heads=(2, 1), head=16, sections=(4, 2, 2), hidden=32, eyes=(16, 1, 16))


def test_both_make_the_same_chunks() -> None:
    torch.manual_seed(0)
    model = language_model(TINY, torch.device("cpu"), torch.float32)
    head = flow_head(64, torch.device("cpu"), torch.float32)
    names = {f"qwen_vl_interface.model.{name}" for name in model.state_dict()}
    assert (len(names), len(names) + len(head.state_dict())) == (714, 962)
    assert {
        "qwen_vl_interface.model.lm_head.weight",
        "qwen_vl_interface.model.model.language_model.layers.35.self_attn.q_norm.weight",
        "qwen_vl_interface.model.model.visual.deepstack_merger_list.2.linear_fc1.bias",
    } <= names
    ids, pixels = prompt_ids(model, 2), pixels_of(model, 2, torch.device("cpu"))
    network = ChunkNetwork(TappedVlm(model.model), head)
    noise = torch.randn(1, 8, 7)
    ours = network(pixels, noise, network.vlm.prompt(ids, GRID, GRID))
    released = Released(model, head, RELEASED_TAPS, ids)
    torch.testing.assert_close(ours, released(pixels, noise), atol=1e-4, rtol=0.0)
    assert released.language_head().shape == (1, len(ids), model.config.text_config.vocab_size)


def test_ntp_says_what_the_whole_model_finds_most_probable() -> None:
    torch.manual_seed(0)
    model = language_model(TINY, torch.device("cpu"), torch.float32)
    ids, pixels = prompt_ids(model, 1), pixels_of(model, 1, torch.device("cpu"))
    said = ids[None]
    with torch.no_grad():
        for number in range(16):
            is_image = (said == model.config.image_token_id).int()
            grid = torch.tensor([[1, GRID, GRID]])
            scores = model(said, pixel_values=pixels, image_grid_thw=grid, mm_token_type_ids=is_image).logits[0, -1]
            best = scores.argmax() if number < 8 else scores[:512].argmax()
            said = torch.cat((said, best.reshape(1, 1)), dim=1)
    assert Answering(model, ids)(pixels) == int(said[0, -1])


def test_bfloat16_is_compared_with_float32() -> None:
    torch.manual_seed(0)
    device = torch.device("cpu")
    model = language_model(TINY, device, torch.bfloat16)
    head = flow_head(64, device, torch.bfloat16)
    ids, pixels = prompt_ids(model, 1), pixels_of(model, 1, device)
    network, noises = ChunkNetwork(TappedVlm(model.model), head), [torch.randn(1, 8, 7) for _ in range(2)]
    prompt = network.vlm.prompt(ids, GRID, GRID)
    made = [network(pixels, noise, prompt) for noise in noises]
    assert made[0].dtype is torch.float32  # the flow itself is not rounded
    unlike = [network(pixels_of(model, 1, device), noise, prompt) for noise in noises]
    blind = [network(torch.zeros_like(pixels), noise, prompt) for noise in noises]
    expected = in_float32(model, head, RELEASED_TAPS, ids, pixels, noises)
    assert 0.999 <= cosine(made, expected) < 1.0 and 0.0 < error_of(made, expected, unlike) < 0.2
    # The error sees what the cosine does not: a chunk that was made without looking.
    assert cosine(blind, expected) > 0.999 and error_of(blind, expected, unlike) > 0.8


def test_the_full_size_is_for_cuda_and_runs_on_a_cpu_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert parser.parse_args(["--full"]).size == "full"
    if not torch.cuda.is_available():
        with pytest.raises(PolicyError, match=r"sees no CUDA device here; --device cpu takes 15 GiB and"):
            run(parser.parse_args(["--full"]))
    monkeypatch.setitem(SIZES, "full", TINY)
    report = run(parser.parse_args(["--full", "--device", "cpu", "--rounds", "1", "--chunks", "1"]))
    assert report.metrics["dtype"] == "bfloat16" and str(report.metrics["device"]).startswith("CPU")
    assert report.peers["released"]["attention"] == "sdpa"
    assert float(report.metrics["cosine"]) > 0.999 and float(report.metrics["error"]) < 0.3  # type: ignore[arg-type]
