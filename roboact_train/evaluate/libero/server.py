"""LIBERO in a process of its own, run by a Python that has it.

That Python need not have anything else, so this file imports nothing of the project but the file with the messages,
which does the same. It is run by its path with the option ``-I``.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

_MESSAGES = Path(__file__).parent.parent / "kitchen" / "server.py"
_SIZE, _SEED = 256, 7
"""Of images [px], and of the environment, in CLAP's evaluation."""
_ROBOT = ("robot", "gripper", "mount")
"""How the names of the bodies begin that belong to the robot."""
_COLLISION, _HIDDEN = 0, 4
"""Groups of geometry: what is only there to collide, and one that nobody draws."""


class Libero:
    """One task of one suite at a time."""

    def __init__(self) -> None:
        from libero.libero import benchmark

        self._benchmarks: Any = benchmark.get_benchmark_dict()
        self._task: tuple[str, int] | None = None
        self._environment: Any = None
        self._words = ""
        self._states: Any = None

    def answer(self, head: dict[str, Any], arrays: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Do what a message asks for: ``reset`` with ``suite``, ``task`` and ``state``, or ``step`` with ``action``."""
        done = False
        if head["do"] == "reset":
            self._begin(head["suite"], head["task"])
            if head["state"] >= len(self._states):
                return {"states": len(self._states)}, {}
            self._environment.reset()
            seen = self._environment.set_init_state(self._states[head["state"]])
            recolour(self._environment.sim.model)
        else:
            seen, _, done, _ = self._environment.step(arrays["action"].tolist())
        told = {
            "agentview": seen["agentview_image"],
            "wrist": seen["robot0_eye_in_hand_image"],
            "position": seen["robot0_eef_pos"],
            "quaternion": seen["robot0_eef_quat"],
            "fingers": seen["robot0_gripper_qpos"],
        }
        return {"success": bool(done), "words": self._words, "states": len(self._states)}, told

    def _begin(self, suite: str, number: int) -> None:
        """Make the environment of a task, unless it is there."""
        from libero.libero import get_libero_path
        from libero.libero.envs import OffScreenRenderEnv

        if self._task == (suite, number):
            return
        if self._environment is not None:
            self._environment.close()
        found = self._benchmarks[suite]()
        task = found.get_task(number)
        file = os.path.join(get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
        self._environment = OffScreenRenderEnv(bddl_file_name=file, camera_heights=_SIZE, camera_widths=_SIZE)
        self._environment.seed(_SEED)
        self._task, self._words, self._states = (suite, number), task.language, found.get_task_init_states(number)


def recolour(model: Any) -> None:
    """Make everything of the robot grey, and hide what is only there to collide, as CLAP's evaluation does."""
    for geom in range(model.ngeom):
        if model.geom_group[geom] == _COLLISION:
            model.geom_group[geom] = _HIDDEN
        if (model.body_id2name(model.geom_bodyid[geom]) or "").startswith(_ROBOT):
            model.geom_rgba[geom, :3] = model.geom_rgba[geom, :3].mean()
            if (material := model.geom_matid[geom]) >= 0:
                model.mat_rgba[material, :3] = model.mat_rgba[material, :3].mean()


def lacking() -> list[str]:
    """Return what this Python lacks to run LIBERO."""
    try:
        import libero.libero.benchmark
        import libero.libero.envs  # noqa: F401
    except ImportError as error:
        return [str(error)]
    except EOFError:  # it asks a person when there is no file with its folders
        return [f"LIBERO was never set up; run {sys.executable} -c 'import libero.libero' once and answer its question"]
    return []


def main() -> None:
    """Answer messages until there are no more."""
    spec = spec_from_file_location("messages", _MESSAGES)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{_MESSAGES} cannot be read")
    messages = module_from_spec(spec)
    spec.loader.exec_module(messages)
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else the libraries print is no message, and what they ask for is not in ours
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    lacks = lacking()
    messages.write_message(sink, {"lacks": lacks})
    if lacks:
        return
    server = Libero()
    while True:
        try:
            message = messages.read_message(source)
        except EOFError:
            return
        messages.write_message(sink, *server.answer(*message))


if __name__ == "__main__":
    main()
