"""Between LIBERO and CLAP: what a policy is shown and what its actions mean, by the rules of CLAP's own evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, sqrt

import cv2
import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.types import FloatArray, ImageArray

IMAGE_SIZE = (224, 224)
"""Width and height of what a policy sees [px]; the environment draws 256 x 256."""

SETTLING = 10
"""Steps in which nothing is done at the beginning of an episode, until things lie still."""

NOTHING = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0)
"""Action that keeps the arm where it is and the gripper open."""

ACTION = 7
_OPEN, _CLOSED = -1.0, 1.0
_CLOSES = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class LiberoObservation:
    """What LIBERO tells before a step.

    Attributes:
        agentview: (H, W, 3) RGB as LIBERO draws it, which is upside down.
        wrist: The same of the camera at the hand.
        position: (3,) of the hand [m].
        quaternion: (4,) x, y, z, w of the hand.
        fingers: (2,) positions of the fingers [m].
    """

    agentview: ImageArray
    wrist: ImageArray
    position: FloatArray
    quaternion: FloatArray
    fingers: FloatArray


def policy_images(observation: LiberoObservation) -> list[ImageArray]:
    """Return what a policy sees, from in front and at the wrist: turned by half a turn, and scaled bilinearly."""
    turned = (image[::-1, ::-1] for image in (observation.agentview, observation.wrist))
    return [_scaled(np.ascontiguousarray(image)) for image in turned]


def policy_state(observation: LiberoObservation) -> FloatArray:
    """Return the (8,) position of the hand [m], its rotation vector [rad] and the fingers [m].

    CLAP's policies for LIBERO are not told it; the rotation is at most a full turn.
    """
    x, y, z, w = observation.quaternion.tolist()
    w = min(max(w, -1.0), 1.0)
    sine = sqrt(1.0 - w * w)
    turn = np.zeros(3) if sine < 1e-9 else np.array([x, y, z]) * (2.0 * acos(w) / sine)
    return np.concatenate((observation.position, turn, observation.fingers))


def libero_action(row: FloatArray) -> FloatArray:
    """Return the (7,) action for LIBERO that a step (7,) of a policy means: the gripper is open above 0.5.

    Raises:
        PolicyError: It is none.
    """
    if row.shape != (ACTION,) or not np.isfinite(row).all():
        raise PolicyError(f"LIBERO takes ({ACTION},) finite numbers, not {row.shape} {row.tolist()}")
    action = np.array(row, dtype=np.float64)
    action[-1] = _OPEN if row[-1] > _CLOSES else _CLOSED
    return action


def _scaled(image: ImageArray) -> ImageArray:
    return np.asarray(cv2.resize(image, IMAGE_SIZE, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
