"""The losses of CLAP-RF's post-training, against numbers worked out by hand and what each must leave alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.flow_time import bucket, euler_buckets
from roboact_train.clap.flow import flow_loss, flow_times, on_the_way
from roboact_train.clap.knowledge_matching import (
    PAPER,
    RELEASED,
    RELEASED_KL,
    MatchingRule,
    divergence,
)
from roboact_train.clap.post_training import PostTraining, PostTrainingBatch

IMAGE, START = 30, 31


def test_times_are_those_of_the_beta_distribution() -> None:
    """Of Beta(1.5, 1) the number u has the share u ** 1.5 below it."""
    even = torch.linspace(0.0, 1.0, 100_001, dtype=torch.float64)
    times = flow_times(even)
    assert (times[0].item(), times[-1].item()) == (0.999, 0.0)
    for share in (0.1, 0.5, 0.9):
        beta = 1.0 - times / 0.999
        assert (beta <= share).double().mean().item() == pytest.approx(share**1.5, abs=1e-4)
    assert times.mean().item() == pytest.approx(0.999 * 0.4, abs=1e-4)
    assert bucket(torch.tensor([0.0, 0.2509, 0.75, 0.9985])).tolist() == [0, 250, 750, 998]
    assert euler_buckets(4) == [0, 250, 500, 750]


def test_the_way_from_noise_to_actions_is_straight() -> None:
    actions, noise = torch.full((2, 3, 4), 2.0), torch.full((2, 3, 4), -1.0)
    between, velocity = on_the_way(actions, noise, torch.tensor([0.25, 1.0]))
    assert (between[0] == -0.25).all() and (between[1] == 2.0).all() and (velocity == 3.0).all()


def test_the_loss_is_that_of_each_chunk_twice_and_of_its_last_steps() -> None:
    """A head that says zero has the mean square of actions - noise as its loss: about 1 + mean(actions²)."""
    head = FlowHead(FlowHeadShape(width=64, layers=1, actions=2, state=2, horizon=4)).eval()
    torch.nn.init.zeros_(head.action_decoder.layer2.weight)
    torch.nn.init.zeros_(head.action_decoder.layer2.bias)
    actions = torch.full((50, 6, 2), 3.0)
    actions[:, :2] = 1e6  # before the horizon
    features, seeded = [torch.randn(50, 3, 64)], torch.Generator().manual_seed(0)
    loss = flow_loss(head, actions, features, generator=seeded)
    noise = torch.randn((100, 4, 2), generator=torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(((3.0 - noise) ** 2).mean().item(), rel=1e-6)
    assert loss.item() == pytest.approx(10.0, abs=0.8)


def test_a_head_learns_a_flow() -> None:
    torch.manual_seed(0)
    head = FlowHead(FlowHeadShape(width=64, layers=1, actions=2, state=2, horizon=2, positions=2, dropout=0.0))
    features = [torch.randn(2, 3, 64).repeat(8, 1, 1)]
    wanted = torch.tensor([[[1.0, -1.0], [0.5, 0.0]], [[-1.0, 0.5], [0.0, 1.0]]]).repeat(8, 1, 1)
    optimiser = torch.optim.Adam(head.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = flow_loss(head, wanted, features)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def logits(*shares: float) -> Tensor:
    return torch.tensor(shares).log()


def test_the_divergence_by_hand() -> None:
    """Two words, four tokens: the policy says 1/2 and the reference 1/4 at the second, 3/4 at the third."""
    even = logits(0.5, 0.5)
    policy = torch.stack([even, even, even, even])[None].requires_grad_()
    reference = torch.stack([even, logits(0.25, 0.75), logits(0.9, 0.1), even])[None]
    answer = torch.tensor([[False, False, True, True]])

    def kl(one: tuple[float, float], two: tuple[float, float]) -> float:
        return sum(a * math.log(a / b) for a, b in zip(one, two, strict=True))

    half, quarter, most = (0.5, 0.5), (0.25, 0.75), (0.9, 0.1)
    expected = {
        PAPER: kl(half, quarter) + kl(half, most),  # what predicts tokens 2 and 3 is said at 1 and 2
        RELEASED: kl(most, half) / 2,  # said at tokens 2 and 3
        RELEASED_KL: kl(half, most) / 2,
        MatchingRule(from_reference=True, next_token=True, summed=False): (kl(quarter, half) + kl(most, half)) / 2,
    }
    for rule, value in expected.items():
        assert divergence(policy, reference, answer, rule).item() == pytest.approx(value, rel=1e-5)
        twice = (torch.cat((tensor, tensor)) for tensor in (policy, reference, answer))
        assert divergence(*twice, rule).item() == pytest.approx(value, rel=1e-5)  # a mean over answers
        assert divergence(reference, reference, answer, rule).item() == pytest.approx(0.0, abs=1e-7)
    divergence(policy, reference, answer, PAPER).backward()
    assert policy.grad is not None and (policy.grad[0, [0, 3]] == 0.0).all() and policy.grad[0, 1].abs().sum() > 0.0


@pytest.fixture(scope="module")
def model() -> Any:
    import transformers

    text = {
        **{"vocab_size": 32, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 3, "head_dim": 16},
        **{"num_attention_heads": 4, "num_key_value_heads": 2},
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]},
    }
    eyes = {
        **{"depth": 2, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2, "patch_size": 4},
        **{"out_hidden_size": 64, "num_position_embeddings": 16, "deepstack_visual_indexes": [0]},
    }
    config = transformers.Qwen3VLConfig(
        text_config=text,
        vision_config=eyes,
        tie_word_embeddings=True,
        image_token_id=IMAGE,
        vision_start_token_id=START,
    )
    torch.manual_seed(0)
    return transformers.Qwen3VLForConditionalGeneration(config).train()


def batch() -> PostTrainingBatch:
    image = {"pixel_values": torch.randn(2 * 16, 96), "image_grid_thw": torch.tensor([[1, 4, 4]] * 2)}

    def words(rows: list[list[int]]) -> dict[str, Tensor]:
        ids = torch.tensor(rows)
        return {
            "input_ids": ids,
            "attention_mask": (ids > 0).long(),
            "mm_token_type_ids": (ids == IMAGE).int(),
            **image,
        }

    prompts = [[0, START, *[IMAGE] * 4, 3], [4, START, *[IMAGE] * 4, 5]]  # the first one is padded
    answers = words([[*prompt, 20, 21, 6] for prompt in prompts])
    return PostTrainingBatch(
        words(prompts),
        torch.randn(2, 4, 2),
        None,
        answers,
        torch.arange(10).expand(2, -1) >= 7,  # from the first action token on
    )


def gradients(part: torch.nn.Module) -> float:
    return sum(weights.grad.abs().sum().item() for weights in part.parameters() if weights.grad is not None)


def test_post_training_moves_what_it_should(model: Any) -> None:
    shape = FlowHeadShape(width=64, layers=2, actions=2, state=2, horizon=4)
    samples, taps = batch(), (0, 2)
    head = FlowHead(shape)
    start = PostTraining(model, head, taps)
    first = start(samples, torch.Generator().manual_seed(0))
    assert first.knowledge.item() == pytest.approx(0.0, abs=1e-6)  # the policy is still the reference
    assert first.total.item() == pytest.approx(first.flow.item(), abs=1e-6)
    first.total.backward()
    assert gradients(model) > 0.0 and gradients(head) > 0.0
    with torch.no_grad():
        model.model.language_model.norm.weight.mul_(1.5)
    later = start(samples, torch.Generator().manual_seed(0))
    assert later.knowledge.item() > 1e-6
    assert later.total.item() == pytest.approx(later.flow.item() + 0.005 * later.knowledge.item(), rel=1e-6)
    with pytest.raises(ConfigurationError, match="needs the answers"):
        start(PostTrainingBatch(samples.prompts, samples.actions))
    with pytest.raises(ConfigurationError, match=r"frozen language model needs no Knowledge Matching: weight 0\.005"):
        PostTraining(model, head, taps, insulated=True)
    model.zero_grad(set_to_none=True)
    head.zero_grad(set_to_none=True)
    PostTraining(model, head, taps, weight=0.0, insulated=True)(samples).total.backward()
    assert gradients(model) == 0.0 and gradients(head) > 0.0


def test_matching_tells_the_head_what_the_prompts_alone_tell_it(model: Any) -> None:
    shape = FlowHeadShape(width=64, layers=2, actions=2, state=2, horizon=4, dropout=0.0)
    samples, head = batch(), FlowHead(shape)
    assert samples.answers is not None
    ids = samples.answers["input_ids"]
    longer = torch.cat((torch.cat((ids[:1].new_zeros(1, 1), ids[:1]), 1), torch.cat((ids[1:], ids[1:, -1:]), 1)))
    answers = {**samples.answers, "input_ids": longer, "attention_mask": (longer > 0).long()}
    answers["mm_token_type_ids"] = (longer == IMAGE).int()
    samples = replace(samples, answers=answers, answer_tokens=torch.arange(11).expand(2, -1) >= 8)
    model.requires_grad_(True)
    flows, slopes = [], []
    for weight in (0.0, 1e-12):
        model.zero_grad(set_to_none=True)
        loss = PostTraining(model, head, (0, 1), weight=weight)(samples, torch.Generator().manual_seed(0))
        loss.total.backward()
        flows.append(loss.flow.item())
        slopes.append(model.model.visual.patch_embed.proj.weight.grad.clone())
    assert flows[0] == pytest.approx(flows[1], rel=1e-5)
    assert slopes[0].abs().max() > 1e-6
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-3, atol=1e-7)
