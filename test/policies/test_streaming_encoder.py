"""The streaming encoder against encoding all frames at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_clip import picture, tiny_model

from roboact_ros.errors import PolicyError
from roboact_ros.policies.encoders.roboact_clip import VideoFeatures
from roboact_ros.policies.encoders.single import MeanColour, NewestFrame
from roboact_ros.policies.encoders.streaming import StreamingEncoder, spread
from roboact_ros.policies.nets.clip import clip_with_random_weights
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape
from roboact_ros.types import Frame, ImageArray

CPU = torch.device("cpu")
IMAGES = [picture(48, 64, seed) for seed in range(40)]


class Counted(FrozenClip):
    """Counts how often each image is encoded."""

    def frame(self, image: ImageArray) -> torch.Tensor:
        """Encode and count."""
        self.seen = [*getattr(self, "seen", []), id(image)]
        return super().frame(image)


def model_for(clip: FrozenClip) -> RoboActClip:
    torch.manual_seed(0)
    return RoboActClip(EncoderShape(clip.embedding, 2, 3, 4, width=8, heads=4)).eval()


@pytest.mark.parametrize("vision", [{}, {"pool_type": "avg"}])  # one with a faster tower for single images, one without
def test_equals_sixteen_frames_at_once_and_encodes_each_frame_once(tmp_path: Path, vision: dict[str, str]) -> None:
    torch.set_num_threads(1)
    clip = Counted(clip_with_random_weights(tiny_model(tmp_path, vision)), CPU)
    model = model_for(clip)
    encoder = StreamingEncoder(VideoFeatures(clip, model))
    at_once = clip.frames(IMAGES)
    for number, image in enumerate(IMAGES):
        assert encoder.push(Frame("front", 1000 + number, image))
        held = range(max(0, number - 15), number + 1)
        places = [held[int(at)] for at in np.linspace(0, len(held) - 1, 16).round()]
        found = encoder.encoded()
        with torch.no_grad():
            wanted = model.encode_video(at_once[places][None])
        torch.testing.assert_close(found, wanted.joined, atol=1e-5, rtol=1e-5)
    assert clip.seen == [id(image) for image in IMAGES]
    assert not encoder.push(
        Frame("front", 1000 + len(IMAGES) - 1, IMAGES[-1])
    )  # a policy that is faster than its camera
    assert len(clip.seen) == len(IMAGES)


def test_a_new_video_knows_nothing_of_the_old_one(tmp_path: Path) -> None:
    clip = FrozenClip(clip_with_random_weights(tiny_model(tmp_path)), CPU)
    used, fresh = (StreamingEncoder(VideoFeatures(clip, model_for(clip))) for _ in range(2))
    for number in range(20):
        used.push(Frame("front", number, IMAGES[number]))
    used.reset()
    for encoder in (used, fresh):
        encoder.push(Frame("wrist", 3, IMAGES[30]))
    assert torch.equal(used.encoded(), fresh.encoded())


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    clip = FrozenClip(clip_with_random_weights(tiny_model(tmp_path)), CPU)
    encoder = StreamingEncoder(VideoFeatures(clip, model_for(clip)))
    with pytest.raises(PolicyError, match="no camera frame"):
        encoder.encoded()
    with pytest.raises(PolicyError, match=r"\(height, width, 3\) uint8, not \(4, 4\)"):
        encoder.push(Frame("front", 1, np.zeros((4, 4), np.uint8)))
    encoder.push(Frame("front", 5, IMAGES[0]))
    with pytest.raises(PolicyError, match='camera "wrist" in a video of "front"'):
        encoder.push(Frame("wrist", 6, IMAGES[0]))
    with pytest.raises(PolicyError, match="4 ns is older than the newest one, 5 ns"):
        encoder.push(Frame("front", 4, IMAGES[0]))
    with pytest.raises(PolicyError, match="features of width 24, the model was made for 16"):
        VideoFeatures(clip, RoboActClip(EncoderShape(16, 2, 3, 4, heads=4)))


def test_the_last_frames_stand_for_a_video() -> None:
    assert spread(1, 3).tolist() == [0, 0, 0]
    assert spread(3, 5).tolist() == [0, 0, 1, 2, 2]
    assert spread(20, 4).tolist() == [16, 17, 18, 19]


def test_one_frame_is_the_newest() -> None:
    encoder = StreamingEncoder(NewestFrame(MeanColour()))
    for stamp, level in enumerate((0, 51, 255)):
        encoder.push(Frame("front", stamp, np.full((4, 4, 3), level, np.uint8)))
        torch.testing.assert_close(encoder.encoded(), torch.full((1, 3), level / 255.0))
