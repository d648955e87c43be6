"""The flow head: the numbers of the authors' head, its names, and that what is computed once changes nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.flow_sampler import FlowSampler


def filled(model: nn.Module) -> None:
    """Weights by rule, so that any implementation with the same names computes the same."""
    weights = {}
    for i, (name, value) in enumerate(sorted(model.state_dict().items())):
        j = np.arange(value.numel(), dtype=np.float64)
        rows = 0.05 * np.sin(0.37 * i + 0.011 * j + (0.0001 * j**2) % (2 * math.pi))
        if value.dim() == 1 and name.endswith(".weight"):
            rows += 1.0
        weights[name] = torch.from_numpy(rows.reshape(value.shape)).float()
    model.load_state_dict(weights)


def features_and_mask(layers: int = 3, width: int = 128) -> tuple[list[Tensor], Tensor]:
    b, s, d = torch.meshgrid(torch.arange(2.0), torch.arange(10.0), torch.arange(float(width)), indexing="ij")
    mask = torch.ones(2, 10, dtype=torch.bool)
    mask[1, :3] = False
    return [torch.sin(0.1 * d * (1 + k) + 0.5 * s + b) for k in range(layers)], mask


def start() -> Tensor:
    b, t, a = torch.meshgrid(torch.arange(2.0), torch.arange(8.0), torch.arange(7.0), indexing="ij")
    return 0.5 * torch.cos(0.3 * t + 0.9 * a + b)


def by_rule(self_attention: bool = False) -> FlowHead:
    torch.manual_seed(0)
    shape = FlowHeadShape(width=128, layers=3, self_attention=self_attention)
    head = FlowHead(shape).eval().requires_grad_(False)
    if not self_attention:
        filled(head)
    return head


def test_numbers_of_the_authors_head() -> None:
    head, (features, mask) = by_rule(), features_and_mask()
    first = [0.584640, -0.032008, 0.046602, 0.175929, 0.152003, -0.121111, 0.116795]
    last = [0.847510, -0.007923, 0.083431, -0.032318, 0.104878, 0.122212, 0.032302]
    for state in (None, torch.randn(2, 1, 7)):
        velocity = head.velocity(start(), torch.tensor([250, 750]), features, mask, state)
        assert velocity[0, 0].tolist() == pytest.approx(first, abs=1e-5)
        assert velocity[1, 7].tolist() == pytest.approx(last, abs=1e-5)
    first = [1.046499, 0.291997, -0.155340, -0.293890, -0.319534, -0.188261, 0.436732]
    last = [0.367807, -0.361211, 0.182160, 0.405825, 0.519786, 0.239967, -0.338741]
    actions = head.flowed(start(), features, mask)
    assert actions[0, 0].tolist() == pytest.approx(first, abs=1e-5)
    assert actions[1, 7].tolist() == pytest.approx(last, abs=1e-5)


def test_the_names_and_sizes_of_the_released_weights() -> None:
    with torch.device("meta"):
        released = FlowHead()
    names = {name: tuple(value.shape) for name, value in released.state_dict().items()}
    assert sum(p.numel() for p in released.parameters()) == 1_516_501_537
    assert len(names) == 248
    expected = {"future_tokens.weight": (32, 2560), "position_embedding.weight": (1024, 2560)}
    linears = {
        "model.timestep_encoder.timestep_embedder.linear_1": (2560, 256),
        "model.timestep_encoder.timestep_embedder.linear_2": (2560, 2560),
        "model.proj_out_1": (5120, 2560),
        "model.proj_out_2": (26, 2560),
        "state_encoder.layer1": (1024, 7),
        "state_encoder.layer2": (2560, 1024),
        "action_encoder.layer1": (2560, 7),
        "action_encoder.layer2": (2560, 5120),
        "action_encoder.layer3": (2560, 2560),
        "action_decoder.layer1": (1024, 2560),
        "action_decoder.layer2": (7, 1024),
    }
    for number in range(16):
        block = f"model.transformer_blocks.{number}"
        linears |= {f"{block}.attn1.{name}": (2560, 2560) for name in ("to_q", "to_k", "to_v", "to_out.0")}
        linears |= {f"{block}.norm1.linear": (5120, 2560)}
        linears |= {f"{block}.ff.net.0.proj": (10240, 2560), f"{block}.ff.net.2": (2560, 10240)}
    for name, (rows, columns) in linears.items():
        expected |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    assert names == expected


@pytest.mark.parametrize("self_attention", [False, True])
def test_what_is_computed_once_changes_nothing(self_attention: bool) -> None:
    head, (features, mask) = by_rule(self_attention), features_and_mask()
    for block in head.blocks:
        if block.attn2 is not None:
            nn.init.normal_(block.attn2.to_out[0].weight, std=0.1)
    noise, state = torch.randn(2, 8, 7), torch.randn(2, 1, 7)
    sampler = FlowSampler(head)
    memories = sampler.memories(features)
    for seen in (mask, None):
        for told in (state, None):
            plain = head.flowed(noise, features, seen, told)
            torch.testing.assert_close(sampler(noise, memories, seen, told), plain, atol=1e-5, rtol=1e-5)


def test_steps_see_each_other_and_the_state_only_with_self_attention() -> None:
    features, mask = features_and_mask()
    head = by_rule(self_attention=True)
    noise = torch.randn(2, 8, 7)
    other = noise.clone()
    other[:, 5] = 0.0
    states = torch.zeros(2, 1, 7), torch.ones(2, 1, 7)

    def changes(first: FlowHead) -> tuple[bool, bool]:
        one, two = (first.flowed(start, features, mask) for start in (noise, other))
        idle, moved = (first.flowed(noise, features, mask, state) for state in states)
        return not torch.allclose(one[:, 0], two[:, 0], atol=1e-6), not torch.allclose(idle, moved, atol=1e-6)

    assert changes(head) == (False, False)  # new self-attention does nothing yet, so that released weights stay good
    for block in head.blocks:
        assert block.attn2 is not None
        nn.init.normal_(block.attn2.to_out[0].weight, std=0.1)
    assert changes(head) == (True, True)
    assert changes(by_rule()) == (False, False)


def test_padding_is_not_seen() -> None:
    head, (features, mask) = by_rule(), features_and_mask()
    noise = torch.randn(2, 8, 7)
    other = [hidden.clone() for hidden in features]
    for hidden in other:
        hidden[1, :3] = 100.0
    torch.testing.assert_close(head.flowed(noise, other, mask), head.flowed(noise, features, mask))
    cut = [hidden[1:, 3:] for hidden in features]
    torch.testing.assert_close(head.flowed(noise[1:], cut), head.flowed(noise, features, mask)[1:])
