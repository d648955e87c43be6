"""Scores against the formula of CLIP-RT, computed with open_clip's own functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from tiny_clip import picture, tiny_model

from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.clip_rt import ClipRt
from roboact_ros.policies.nets.clip import ClipNetwork, clip_with_random_weights
from roboact_ros.types import Frame

RESNET = {"layers": [1, 1, 1, 1], "image_size": 64, "head_width": 16}
TOKENS = {"output_tokens": True}


def frame(seed: int = 0, shape: tuple[int, int] = (48, 64)) -> Frame:
    return Frame("front", 1234, picture(*shape, seed=seed))


def by_formula(network: ClipNetwork, instruction: str, image: Frame) -> np.ndarray:
    model: Any = network.model
    pixels = image_transform_v2(PreprocessCfg(**network.preprocess), False)(Image.fromarray(image.image))
    prompt = f"what motion should the robot arm perform to complete the instruction '{instruction}'?"
    with torch.no_grad():
        features = model.encode_image(pixels[None])
        features = features[0] if isinstance(features, tuple) else features
        context = features + model.encode_text(network.tokenize([prompt]))
        motions = model.encode_text(network.tokenize([motion.phrase for motion in PRIMITIVES]))
        cosine = torch.nn.functional.cosine_similarity(context, motions)
    return (1 / (1 + np.exp(-cosine.numpy().astype(np.float64)))).astype(np.float64)


@pytest.mark.parametrize(
    ("vision", "settings"),
    [({}, {}), (RESNET, {}), (TOKENS, {}), ({}, {"custom_text": True}), ({"pool_type": "avg"}, {"quick_gelu": False})],
)
def test_scores_follow_the_formula(tmp_path: Path, vision: dict[str, Any], settings: dict[str, Any]) -> None:
    network = clip_with_random_weights(tiny_model(tmp_path, vision, **settings))
    policy = ClipRt(network)
    for seed, instruction in enumerate(("close the laptop", "pour the water")):
        policy.instruct(f"  {instruction} ")
        decision = policy.act(frame(seed))
        wanted = by_formula(network, instruction, frame(seed))
        assert list(decision.scores) == [motion.phrase for motion in PRIMITIVES]
        np.testing.assert_allclose(
            list(decision.scores.values()), wanted, atol=1e-4
        )  # PIL may round a pixel the other way
        assert decision.motion == PRIMITIVES[int(wanted.argmax())]
        assert decision.stamp_ns == 1234 and decision.inference_ms > 0


def test_other_motions(tmp_path: Path) -> None:
    motions = PRIMITIVES[3:5]
    policy = ClipRt(clip_with_random_weights(tiny_model(tmp_path)), motions)
    policy.instruct("go")
    decision = policy.act(frame())
    assert decision.motion in motions and list(decision.scores) == [motion.phrase for motion in motions]
    with pytest.raises(PolicyError, match="at least one motion"):
        ClipRt(clip_with_random_weights(tiny_model(tmp_path)), [])


def test_images_of_any_size_and_layout(tmp_path: Path) -> None:
    policy = ClipRt(clip_with_random_weights(tiny_model(tmp_path)))
    policy.instruct("go")
    whole = picture(60, 90)
    mirrored = whole[:, ::-1]
    read_only = mirrored.copy()
    read_only.setflags(write=False)
    assert policy.act(Frame("front", 0, mirrored)).scores == policy.act(Frame("front", 0, read_only)).scores
    assert len(policy.act(frame(shape=(1, 1))).scores) == len(PRIMITIVES)


def test_refusals(tmp_path: Path) -> None:
    policy = ClipRt(clip_with_random_weights(tiny_model(tmp_path)))
    with pytest.raises(PolicyError, match="no instruction was given"):
        policy.act(frame())
    with pytest.raises(PolicyError, match="empty"):
        policy.instruct("  ")
    with pytest.raises(PolicyError, match="is too long: .* reads 77"):
        policy.instruct("and then close the laptop " * 20)
    policy.instruct("go")
    for image in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(PolicyError, match="an image must be"):
            policy.act(Frame("front", 0, image))
    with pytest.raises(PolicyError, match='no device "tpu"'):
        ClipRt(clip_with_random_weights(tiny_model(tmp_path)), device="tpu")
    with pytest.raises(PolicyError, match='device "cuda:99" is not here'):
        ClipRt(clip_with_random_weights(tiny_model(tmp_path)), device="cuda:99")


def test_damaged_weights_are_noticed(tmp_path: Path) -> None:
    network = clip_with_random_weights(tiny_model(tmp_path))
    model: Any = network.model
    model.visual.proj.data[0, 0] = float("nan")
    policy = ClipRt(network)
    policy.instruct("go")
    with pytest.raises(PolicyError, match="not numbers"):
        policy.act(frame())
