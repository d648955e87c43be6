"""A calibrated camera that stands still: where in its images a point of the robot's base frame is seen."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated
from scipy.spatial.transform import Rotation

from roboact_ros.types import FloatArray

Length = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class FixedCamera:
    """What a calibration says, with the distortion taken out of the images.

    Attributes:
        pose_camera_in_base: x, y, z [m] and rotation vector [rad] of the optical frame: x right, y down, z ahead.
        width: Of the images that it was calibrated with [px]; others may be smaller, but show the same.
        height: Of these images [px].
        focal: Focal lengths along x and y [px].
        centre: Principal point x, y [px]; pixel centres lie at whole numbers.
    """

    pose_camera_in_base: tuple[Number, Number, Number, Number, Number, Number]
    width: Length
    height: Length
    focal: tuple[Length, Length]
    centre: tuple[Number, Number]

    def places(self, points: FloatArray) -> FloatArray:
        """Return (n, 2) places x, y of (n, 3) points [m], in parts of the image from its upper left corner.

        NaN for what is not in front of the camera.
        """
        pose = np.array(self.pose_camera_in_base)
        ahead = (points - pose[:3]) @ Rotation.from_rotvec(pose[3:]).as_matrix()
        depth = np.where(ahead[:, 2:] > 0.0, ahead[:, 2:], np.nan)
        pixels = ahead[:, :2] / depth * self.focal + self.centre
        return np.asarray((pixels + 0.5) / (self.width, self.height))
