"""RoboAct-CLIP's network: what it looks at, what its ablations do not, and what it refuses."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.roboact_clip.classes import ActClasses, classes_from
from roboact_ros.policies.nets.roboact_clip.disentangle import Branches
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape, shape_from
from roboact_ros.policies.nets.roboact_clip.temporal import RelativeAttention, TemporalDiff

SHAPE = EncoderShape(embedding=12, subjects=2, actions=5, objects=7, width=8, heads=4)


def made(**changes: Any) -> RoboActClip:
    torch.manual_seed(0)
    return RoboActClip(dataclasses.replace(SHAPE, **changes)).eval()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("attention", ["tokens", "single"])
@pytest.mark.parametrize("temporal", [True, False])
@pytest.mark.parametrize("disentangled", [True, False])
def test_videos_and_texts_share_a_space_and_every_weight_learns(
    attention: Any, temporal: bool, disentangled: bool
) -> None:
    model = made(attention=attention, temporal=temporal, disentangled=disentangled)
    video, text = model.encode_video(torch.randn(3, 16, 12)), model.encode_text(torch.randn(4, 12))
    assert video.joined.shape == (3, model.shape.output) and text.joined.shape == (4, model.shape.output)
    total = video.joined.square().sum() + text.joined.square().sum()
    if disentangled:
        assert video.branches is not None and video.logits is not None
        b = video.branches
        assert torch.equal(video.joined, torch.cat([b.subject, b.object, b.action], dim=1))
        assert (video.logits.subject.shape, video.logits.action.shape, video.logits.object.shape) == (
            (3, 2),
            (3, 5),
            (3, 7),
        )
        total = total + sum(
            part.square().sum() for part in (video.logits.subject, video.logits.action, video.logits.object)
        )
    total.backward()
    # Softmax does not change when all keys are shifted, so the key part of a bias never learns anything.
    idle = [n for n, w in model.named_parameters() if w.grad is None or not w.grad.abs().sum()]
    single = ["disentanglement.attention.in_proj_weight"]
    assert [n for n in idle if n not in single] == []


def test_the_temporal_module_sees_order_and_only_the_ends_count_without_it() -> None:
    frames = torch.randn(2, 16, 12)
    mixed = frames[:, [0, *range(14, 0, -1), 15]]
    assert not torch.allclose(made().encode_video(frames).joined, made().encode_video(mixed).joined, atol=1e-3)
    ablated = made(temporal=False)
    assert torch.equal(ablated.encode_video(frames).joined, ablated.encode_video(mixed).joined)


def test_what_never_changes_is_not_in_the_differences() -> None:
    parts = TemporalDiff(SHAPE).eval()
    frames, scene = torch.randn(2, 16, 12), 10.0 * torch.randn(2, 1, 12)
    tem, change, first, last = parts(frames).unbind(1)
    tem_there, change_there, first_there, last_there = parts(frames + scene).unbind(1)
    torch.testing.assert_close(tem_there, tem, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(change_there, change, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close((first, last, change), (frames[:, 0], frames[:, -1], frames[:, -1] - frames[:, 0]))
    torch.testing.assert_close((first_there, last_there), (first + scene[:, 0], last + scene[:, 0]))


def test_attention_knows_distances_and_not_places() -> None:
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2, 9)
    torch.nn.init.normal_(attention.bias, std=3.0)
    x = torch.randn(1, 9, 8)
    assert not torch.allclose(attention(x.flip(1)).flip(1), attention(x), atol=1e-3)
    # By hand: queries and keys are zero, so that only the bias decides.
    with torch.no_grad():
        attention.query_key_value.weight[:16].zero_()
        attention.query_key_value.bias.zero_()
        attention.out.weight.copy_(torch.eye(8))
        attention.out.bias.zero_()
    value = x[0, :3] @ attention.query_key_value.weight[16:].T
    bias = attention.bias[0, [[8, 7, 6], [9, 8, 7], [10, 9, 8]]]  # distance i - j = 0 is in the middle
    torch.testing.assert_close(attention(x[:, :3])[0, :, :4], bias.softmax(1) @ value[:, :4])


def test_features_are_standardised() -> None:
    model, other = made(), made()
    frames, texts = torch.randn(5, 16, 12), torch.randn(6, 12)
    frames[..., 3] = 2.0  # does not vary
    model.standardise(frames, texts)
    other.standardise(100.0 + 9.0 * frames, 5.0 - 0.1 * texts)
    torch.testing.assert_close(
        other.encode_video(100.0 + 9.0 * frames).joined, model.encode_video(frames).joined, atol=1e-4, rtol=1e-3
    )
    assert torch.isfinite(model.encode_video(frames).joined).all()
    mean = (texts - model.text_mean) / model.text_deviation
    torch.testing.assert_close(mean.mean(0), torch.zeros(12), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((2, 7, 12), r"16 frames, 12\), not \(2, 7, 12\)"), ((2, 1, 12), "not"), ((2, 16, 8), "not"), ((16, 12), "not")],
)
def test_other_videos_are_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        made().encode_video(torch.randn(shape))


def test_other_texts_sizes_and_classes_are_refused() -> None:
    with pytest.raises(PolicyError, match=r"texts must be \(n, 12\), not \(2, 8\)"):
        made().encode_text(torch.randn(2, 8))
    with pytest.raises(PolicyError, match="embedding 12 cannot be shared equally by heads = 5"):
        made(heads=5)
    with pytest.raises(PolicyError, match="at least 2 frames, not 1"):
        made(frames=1)
    with pytest.raises(PolicyError, match="manifest: .*depth.*Valid: embedding, subjects"):
        shape_from({"depth": 3}, "manifest")
    with pytest.raises(PolicyError, match="different shapes"):
        Branches(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(1, 3))
    classes = ActClasses(("robot",), ("open", "close"), ("drawer",))
    assert classes.numbers("robot", "close", "drawer", "clip 1") == (0, 1, 0)
    with pytest.raises(PolicyError, match='clip 1: unknown action "opens": did you mean "open"'):
        classes.numbers("robot", "opens", "drawer", "clip 1")
    with pytest.raises(PolicyError, match="manifest: objects must be a list"):
        classes_from({"subjects": ["a"], "actions": ["b"], "objects": []}, "manifest")
