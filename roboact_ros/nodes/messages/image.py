"""Images, raw and compressed, and the camera's pinhole model."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from roboact_ros.errors import CameraError, did_you_mean
from roboact_ros.nodes.messages.stamp import stamp_from_message, stamp_to_message
from roboact_ros.types import Frame, ImageArray, Intrinsics

_OPTICAL = "_optical_frame"

_DISTORTIONS = {5: "plumb_bob", 8: "rational_polynomial"}
"""Models of distortion by their number of coefficients."""

_TO_RGB: dict[str, tuple[int, Callable[[ImageArray], object]]] = {
    "rgb8": (3, np.ascontiguousarray),
    "bgr8": (3, lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2RGB)),
    "rgba8": (4, lambda image: cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)),
    "bgra8": (4, lambda image: cv2.cvtColor(image, cv2.COLOR_BGRA2RGB)),
    "mono8": (1, lambda image: cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)),
    "yuv422_yuy2": (2, lambda image: cv2.cvtColor(image, cv2.COLOR_YUV2RGB_YUY2)),
}
"""Encodings that camera drivers publish: bytes per pixel, and how to get RGB."""


def optical_frame(camera: str) -> str:
    """Return the TF frame of a camera: z into the scene, x right, y down (REP-103)."""
    return camera + _OPTICAL


def frame_to_image(frame: Frame) -> Image:
    """Convert to a raw ``rgb8`` message that shares its pixels with the frame; publishing copies them."""
    height, width, channels = frame.image.shape
    message = Image(header=_header(frame), height=height, width=width, encoding="rgb8", step=width * channels)
    # The public setter would copy the pixels twice; publishing reads them from any buffer.
    message._data = np.ascontiguousarray(frame.image).data.cast("B")
    return message


def frame_from_image(message: Image, camera: str = "") -> Frame:
    """Convert a raw image of any usual encoding; an ``rgb8`` image without padding is not copied.

    Args:
        message: The image; ``step`` may be larger than a row.
        camera: Name of the camera; taken from the frame id by default.

    Raises:
        CameraError: Unknown encoding, or sizes that contradict each other.
    """
    if message.encoding not in _TO_RGB:
        raise CameraError(f'image encoding "{message.encoding}": {did_you_mean(message.encoding, _TO_RGB)}')
    size, to_rgb = _TO_RGB[message.encoding]
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, np.uint8)
    if not height or not width or step < width * size or len(data) < height * step:
        raise CameraError(
            f"an image of {width}x{height} {message.encoding} needs rows of at least {width * size} bytes,"
            f" not {step}, and {height} of them, not {len(data)} bytes"
        )
    rows = data[: height * step].reshape(height, step)[:, : width * size]
    image = to_rgb(rows.reshape(height, width, size) if size > 1 else rows)
    return Frame(camera or _camera(message.header), stamp_from_message(message.header.stamp), cast(ImageArray, image))


def frame_to_compressed(frame: Frame, quality: int) -> CompressedImage:
    """Convert to a JPEG.

    Args:
        frame: The frame.
        quality: JPEG quality, 1 … 100.
    """
    bgr = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    message = CompressedImage(header=_header(frame), format="rgb8; jpeg compressed bgr8")
    message.data.frombytes(jpeg.data)
    return message


def frame_from_compressed(message: CompressedImage, camera: str = "") -> Frame:
    """Decode any image format that OpenCV knows.

    Args:
        message: The image.
        camera: Name of the camera; taken from the frame id by default.

    Raises:
        CameraError: The bytes are no image.
    """
    name = camera or _camera(message.header)
    data = np.frombuffer(message.data, np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if bgr is None:
        raise CameraError(f'camera "{name}": {len(data)} bytes ("{message.format}") are no image; JPEG or PNG expected')
    image = cast(ImageArray, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
    return Frame(name, stamp_from_message(message.header.stamp), image)


def depth_to_image(frame: Frame) -> Image:
    """Convert the depth of a frame to a raw ``16UC1`` message [mm], which shares its memory.

    Raises:
        CameraError: The frame has none.
    """
    if frame.depth is None:
        raise CameraError(f'camera "{frame.camera}": a frame without depth')
    height, width = frame.depth.shape
    message = Image(header=_header(frame), height=height, width=width, encoding="16UC1", step=2 * width)
    message._data = np.ascontiguousarray(frame.depth, "<u2").data.cast("B")
    return message


def depth_from_image(message: Image) -> NDArray[np.uint16]:
    """Return (H, W) uint16 depth [mm] of a raw ``16UC1`` image.

    Raises:
        CameraError: Another encoding, or sizes that contradict each other.
    """
    if message.encoding not in ("16UC1", "mono16"):
        raise CameraError(f'depth encoding "{message.encoding}": {did_you_mean(message.encoding, ["16UC1", "mono16"])}')
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, np.uint8)
    if not height or not width or step < 2 * width or len(data) < height * step:
        raise CameraError(f"a depth image of {width}x{height} with rows of {step} bytes does not fit {len(data)} bytes")
    rows = np.ascontiguousarray(data[: height * step].reshape(height, step)[:, : 2 * width])
    return rows.view(">u2" if message.is_bigendian else "<u2").astype(np.uint16)


def frame_to_camera_info(frame: Frame) -> CameraInfo:
    """Return the pinhole model of a frame; all of it zero when unknown, which ROS reads as uncalibrated."""
    height, width, _ = frame.image.shape
    info = CameraInfo(header=_header(frame), height=height, width=width)
    model = frame.intrinsics
    if model is not None:
        info.distortion_model, info.d = _DISTORTIONS[len(model.distortion)], list(model.distortion)
        info.k = [model.fx, 0.0, model.cx, 0.0, model.fy, model.cy, 0.0, 0.0, 1.0]
        info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        info.p = [model.fx, 0.0, model.cx, 0.0, 0.0, model.fy, model.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return info


def intrinsics_from_camera_info(message: CameraInfo) -> Intrinsics | None:
    """Return the pinhole model, or None for an uncalibrated camera.

    Raises:
        CameraError: The distortion is neither plumb bob nor rational polynomial.
    """
    if message.k[0] == 0.0:
        return None
    if message.distortion_model not in (*_DISTORTIONS.values(), ""):
        hint = did_you_mean(message.distortion_model, _DISTORTIONS.values())
        raise CameraError(f'distortion model "{message.distortion_model}": {hint}')
    size = 8 if message.distortion_model == "rational_polynomial" else 5
    distortion = tuple(float(value) for value in (*message.d, *[0.0] * size)[:size])
    k = [float(value) for value in message.k]
    return Intrinsics(message.width, message.height, k[0], k[4], k[2], k[5], distortion)


def _header(frame: Frame) -> Header:
    return Header(stamp=stamp_to_message(frame.stamp_ns), frame_id=optical_frame(frame.camera))


def _camera(header: Header) -> str:
    return str(header.frame_id).removesuffix(_OPTICAL)
