"""Images survive the messages."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roboact_ros.errors import CameraError
from roboact_ros.nodes.messages.image import (
    depth_from_image,
    depth_to_image,
    frame_from_compressed,
    frame_from_image,
    frame_to_camera_info,
    frame_to_compressed,
    frame_to_image,
    intrinsics_from_camera_info,
)
from roboact_ros.nodes.messages.stamp import stamp_from_message, stamp_to_message
from roboact_ros.types import Frame, ImageArray, Intrinsics

STAMP = 1_700_000_000_123_456_789


def smooth_frame(height: int = 48, width: int = 64) -> Frame:
    """A picture that JPEG keeps: a red ramp to the right and a blue one downwards."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    image[..., 2] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    return Frame("front", STAMP, image)


def raw(encoding: str, pixels: ImageArray, padding: int = 0) -> Image:
    """An image as a foreign driver publishes it, each row followed by ``padding`` bytes."""
    rows = pixels.reshape(pixels.shape[0], -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    height, width = pixels.shape[:2]
    return Image(height=height, width=width, encoding=encoding, step=padded.shape[1], data=padded.tobytes())


def test_stamp_round_trip_is_exact() -> None:
    assert stamp_from_message(stamp_to_message(STAMP)) == STAMP


def test_raw_round_trip_is_exact() -> None:
    frame = smooth_frame()
    message = frame_to_image(frame)
    back = frame_from_image(message)
    assert message.header.frame_id == "front_optical_frame"
    assert (back.camera, back.stamp_ns) == ("front", STAMP)
    np.testing.assert_array_equal(back.image, frame.image)


def test_raw_takes_views_that_are_not_contiguous() -> None:
    frame = smooth_frame()
    flipped = Frame("front", STAMP, frame.image[::-1, ::2])
    np.testing.assert_array_equal(frame_from_image(frame_to_image(flipped)).image, flipped.image)


def test_raw_messages_go_over_the_wire() -> None:
    frame = smooth_frame()
    message = deserialize_message(serialize_message(frame_to_image(frame)), Image)
    np.testing.assert_array_equal(frame_from_image(message).image, frame.image)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        ("rgb8", None),
        ("bgr8", cv2.COLOR_RGB2BGR),
        ("rgba8", cv2.COLOR_RGB2RGBA),
        ("bgra8", cv2.COLOR_RGB2BGRA),
    ],
)
def test_foreign_encodings_and_padding(encoding: str, code: int | None, padding: int) -> None:
    frame = smooth_frame()
    pixels = frame.image if code is None else cv2.cvtColor(frame.image, code)
    np.testing.assert_array_equal(frame_from_image(raw(encoding, pixels, padding), "x").image, frame.image)


@pytest.mark.parametrize("padding", [0, 5])
def test_grey_images_become_three_equal_channels(padding: int) -> None:
    grey = smooth_frame().image[..., 0]
    image = frame_from_image(raw("mono8", grey, padding)).image
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=2))


def test_yuyv_of_a_webcam_is_read() -> None:
    pixels = np.zeros((4, 6, 2), np.uint8)
    pixels[..., 0], pixels[..., 1] = 235, 128
    assert frame_from_image(raw("yuv422_yuy2", pixels)).image.min() >= 254


def test_compressed_round_trip_is_close_and_keeps_red_red() -> None:
    frame = smooth_frame()
    back = frame_from_compressed(frame_to_compressed(frame, 95))
    assert (back.camera, back.stamp_ns) == ("front", STAMP)
    assert np.abs(back.image.astype(int) - frame.image).mean() < 3


def test_quality_trades_size() -> None:
    frame = Frame("front", STAMP, np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    assert len(frame_to_compressed(frame, 20).data) < len(frame_to_compressed(frame, 95).data)


@pytest.mark.parametrize("data", [b"", b"no image at all", b"\xff\xd8\xff\xe0 cut off"])
def test_corrupt_compressed_image_names_the_camera(data: bytes) -> None:
    with pytest.raises(CameraError, match='"front"'):
        frame_from_compressed(CompressedImage(data=data, format="jpeg"), "front")


def test_corrupt_raw_images_are_refused() -> None:
    good = smooth_frame().image
    with pytest.raises(CameraError, match="rgb16.*rgb8"):
        frame_from_image(raw("rgb16", good))
    short = raw("rgb8", good)
    short.height += 1
    with pytest.raises(CameraError, match="64x49"):
        frame_from_image(short)
    narrow = raw("rgb8", good)
    narrow.step -= 1
    with pytest.raises(CameraError, match="192"):
        frame_from_image(narrow)
    with pytest.raises(CameraError):
        frame_from_image(Image(encoding="rgb8"))


@pytest.mark.parametrize("distortion", [(0.1, -0.2, 0.01, 0.02, 0.3), (0.1, -0.2, 0.01, 0.02, 0.3, 0.4, 0.5, 0.6)])
def test_camera_info_round_trip(distortion: tuple[float, ...]) -> None:
    model = Intrinsics(64, 48, 50.0, 51.0, 32.5, 23.5, distortion)
    frame = Frame("front", STAMP, smooth_frame().image, model)
    info = frame_to_camera_info(frame)
    assert stamp_from_message(info.header.stamp) == STAMP
    assert intrinsics_from_camera_info(info) == model


def test_unknown_intrinsics_read_as_uncalibrated() -> None:
    info = frame_to_camera_info(smooth_frame())
    assert (info.width, info.height) == (64, 48)
    assert intrinsics_from_camera_info(info) is None


def test_fisheye_is_refused() -> None:
    info = CameraInfo(distortion_model="equidistant", k=[1.0] * 9)
    with pytest.raises(CameraError, match="equidistant.*plumb_bob"):
        intrinsics_from_camera_info(info)


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_depth_round_trip(padding: int, order: str) -> None:
    depth = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 20
    message = depth_to_image(dataclasses.replace(smooth_frame(), depth=depth))
    assert (message.width, message.height, message.encoding) == (64, 48, "16UC1")
    np.testing.assert_array_equal(depth_from_image(message), depth)
    rows = np.pad(depth.astype(order).view(np.uint8), ((0, 0), (0, padding)))
    message.data, message.step, message.is_bigendian = rows.tobytes(), rows.shape[1], int(order == ">u2")
    np.testing.assert_array_equal(depth_from_image(message), depth)
    message.step -= padding + 2
    with pytest.raises(CameraError, match="does not fit"):
        depth_from_image(message)


def test_depth_that_is_none_or_no_depth_is_refused() -> None:
    with pytest.raises(CameraError, match="without depth"):
        depth_to_image(smooth_frame())
    with pytest.raises(CameraError, match='"rgb8".*16UC1'):
        depth_from_image(frame_to_image(smooth_frame()))
