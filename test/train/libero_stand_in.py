"""A stand-in for the package of LIBERO, with the interface that its evaluation scripts use, for another Python.

An episode is done after as many steps as its initial state says, those of settling included. The camera at the hand
sees the steps that were done, the other one its upper left quarter bright. Actions are kept in a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

PATHS = """
def get_libero_path(name):
    assert name == "bddl_files"
    return "/bddl"
"""
BENCHMARK = """
import numpy as np


class Task:
    def __init__(self, number):
        self.language = f"put bowl {number} on the plate"
        self.problem_folder, self.bddl_file = "libero_spatial", f"bowl_{number}.bddl"


class Suite:
    def get_task(self, number):
        return Task(number)

    def get_task_init_states(self, number):
        return np.array([[13.0], [1000.0], [10.0 + number]])


def get_benchmark_dict():
    return {"libero_spatial": Suite, "libero_object": Suite}
"""
ENVIRONMENT = """
import numpy as np


class Model:
    ngeom = 3
    geom_bodyid, geom_matid = np.array([0, 1, 1]), np.array([-1, 0, -1])

    def __init__(self):
        self.geom_group = np.array([1, 0, 1])
        self.geom_rgba = np.tile([0.9, 0.6, 0.3, 1.0], (3, 1))
        self.mat_rgba = np.array([[0.8, 0.2, 0.2, 0.5]])

    def body_id2name(self, body):
        return ("table", "robot0_link3")[body]


class OffScreenRenderEnv:
    def __init__(self, bddl_file_name, camera_heights, camera_widths):
        assert bddl_file_name.startswith("/bddl/libero_spatial/bowl_")
        self.size, self.began = (camera_heights, camera_widths, 3), False
        self.sim = type("Sim", (), {"model": Model()})()

    def seed(self, seed):
        assert seed == 7

    def reset(self):
        self.began = True

    def set_init_state(self, state):
        assert self.began
        self.left, self.steps = int(state[0]), 0
        return self.seen()

    def step(self, action):
        assert len(action) == 7
        with open(ACTIONS, "a") as file:
            file.write(" ".join(map(str, action)) + chr(10))
        print("a library that talks")
        self.steps += 1
        return self.seen(), 0.0, self.steps >= self.left, {}

    def seen(self):
        front = np.zeros(self.size, np.uint8)
        front[: self.size[0] // 2, : self.size[1] // 2] = 200
        return {
            "agentview_image": front,
            "robot0_eye_in_hand_image": np.full(self.size, self.steps % 256, np.uint8),
            "robot0_eef_pos": np.array([0.1, 0.2, 0.3]),
            "robot0_eef_quat": np.array([0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)]),
            "robot0_gripper_qpos": np.array([0.04, -0.04]),
        }

    def close(self):
        pass
"""


def write_libero(folder: Path, paths: str = PATHS) -> str:
    """Write the package and return the path of a Python that has it; its actions go to ``actions`` in the folder."""
    actions = f"ACTIONS = {str(folder / 'actions')!r}\n"
    for name, text in (("", paths), ("benchmark", BENCHMARK), ("envs", actions + ENVIRONMENT)):
        package = folder / "libero" / "libero" / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(text)
    (folder / "libero" / "__init__.py").write_text("")
    python = folder / "python"
    # The option -I, which comes first, would keep the folder off the path.
    python.write_text(f'#!/bin/sh\nshift\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)
