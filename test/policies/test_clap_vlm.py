"""The tapped language model does as transformers does, and the whole network as its plain parts do."""

from __future__ import annotations

import pytest
import torch
from tiny_qwen import COLUMNS, IMAGE, LAYERS, ROWS, WIDTH, plain_hidden_states, tiny_pixels, tiny_prompt, tiny_qwen

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clap.chunk_network import ChunkNetwork
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.vlm import TappedVlm
from roboact_ros.policies.nets.clap.vlm_positions import token_positions


@torch.no_grad()
def test_hidden_states_are_those_of_transformers() -> None:
    model, ids, pixels = tiny_qwen(), tiny_prompt(), tiny_pixels()
    plain = plain_hidden_states(model, ids, pixels, ROWS, COLUMNS)
    assert len(plain) == LAYERS
    everything = TappedVlm(model.model, range(LAYERS))
    for ours, theirs in zip(everything(pixels, everything.prompt(ids, ROWS, COLUMNS)), plain, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    some = TappedVlm(model.model, (0, 3))
    assert len(some.layers) == 4
    for ours, theirs in zip(some(pixels, some.prompt(ids, ROWS, COLUMNS)), (plain[0], plain[3]), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_chunk_is_that_of_all_blocks_and_a_head_that_repeats_everything() -> None:
    model, ids, pixels = tiny_qwen(), tiny_prompt(), tiny_pixels()
    head = FlowHead(FlowHeadShape(width=WIDTH, layers=3)).eval()
    taps = (0, 2, 3)
    network = ChunkNetwork(TappedVlm(model.model, taps), head)
    noise = torch.randn(1, 8, 7)
    hidden = plain_hidden_states(model, ids, pixels, ROWS, COLUMNS)
    plain = head.flowed(noise, [hidden[tap] for tap in taps], torch.ones(1, len(ids)), torch.randn(1, 1, 7))
    ours = network(pixels, noise, network.vlm.prompt(ids, ROWS, COLUMNS))
    torch.testing.assert_close(ours, plain, atol=1e-4, rtol=1e-4)
    with pytest.raises(PolicyError, match=f"3 blocks of width {WIDTH}; the language model is tapped 2 times"):
        ChunkNetwork(TappedVlm(model.model, (0, 2)), head)


def test_places_of_words_and_images() -> None:
    positions = token_positions([False, True, True, True, True, True, True, False], 2, 3)
    assert positions.tolist() == [[0, 1, 1, 1, 1, 1, 1, 4], [0, 1, 1, 1, 2, 2, 2, 4], [0, 1, 2, 3, 1, 2, 3, 4]]


def test_prompts_and_taps_that_do_not_fit_are_refused() -> None:
    model = tiny_qwen()
    for taps in ((), (0, LAYERS), (2, 1), (1, 1), (-1, 2)):
        with pytest.raises(PolicyError, match=f"ascending numbers from 0 to {LAYERS - 1}"):
            TappedVlm(model.model, taps)
    vlm = TappedVlm(model.model, (0, 1))
    with pytest.raises(PolicyError, match="words with at least one image"):
        vlm.prompt(torch.tensor([1, 2, 3]), ROWS, COLUMNS)
    with pytest.raises(PolicyError, match="words with at least one image"):
        vlm.prompt(tiny_prompt()[4:], ROWS, COLUMNS)
    with pytest.raises(PolicyError, match="an image has 2 x 3 tokens; those at 1 are fewer"):
        vlm.prompt(torch.tensor([1, *[IMAGE] * 5]), ROWS, COLUMNS)
    with pytest.raises(PolicyError, match="multiples of 2, not 3 x 6"):
        vlm.prompt(tiny_prompt(), 3, COLUMNS)
