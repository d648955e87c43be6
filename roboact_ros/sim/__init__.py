"""A simulated robot cell behind the real robot's network protocol."""

import os
import sys

# MuJoCo chooses how to draw when it is first imported: without a display unless the user chose otherwise.
if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")
