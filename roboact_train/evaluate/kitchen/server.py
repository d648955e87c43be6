"""FrankaKitchen in a process of its own, run by a Python that has gymnasium-robotics and a MuJoCo that fits it.

That Python need not have anything else, so this file imports nothing of the project. It is run by its path with the
option ``-I``: a sourced ROS puts packages of another Python on the path. Messages go over standard input and output; a
message is the length of its head (4 bytes, little-endian), the head in JSON, and the bytes of the arrays that the head
lists. Both sides read and write them with the two functions below.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import struct
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

Arrays = dict[str, Any]
"""NumPy arrays by name; NumPy itself is imported only when it is known to be there."""
OLDEST, NEWEST = (3, 3), (3, 10)
"""Versions of MuJoCo that the kitchen of gymnasium-robotics 1.4 runs with; it fails with 3.17 and 4.0."""
HANDLES = {
    "microwave": "microhandle_site",
    "kettle": "kettle_site",
    "light switch": "light_site",
    "slide cabinet": "slide_site",
    "hinge cabinet": "hinge_site2",
    "bottom burner": "knob2_site",
    "top burner": "knob4_site",
}
"""Site of the model that is moved in each task, by the environment's names of tasks."""
_TYPES = ("<f8", "|u1")
_LENGTH = struct.Struct("<I")
_LONGEST_HEAD, _LONGEST_ARRAY = 1 << 16, 1 << 26
"""More is no message [bytes]."""


class Source(Protocol):
    """Gives bytes; fewer than asked for only if no more are there now, none at the end."""

    def read(self, count: int, /) -> bytes:
        """Return at most ``count`` bytes."""


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take all of ``data``."""

    def flush(self) -> None:
        """Send what was taken."""


def write_message(sink: Sink, head: dict[str, Any], arrays: Arrays | None = None) -> None:
    """Send ``head``, which JSON can hold, and arrays of float64 and uint8 by name."""
    blocks = []
    described = []
    for name, array in (arrays or {}).items():
        kind = "|u1" if array.dtype.str == "|u1" else "<f8"
        block = array.astype(kind).tobytes()
        blocks.append(block)
        described.append([name, kind, list(array.shape)])
    encoded = json.dumps({**head, "arrays": described}).encode()
    sink.write(_LENGTH.pack(len(encoded)) + encoded + b"".join(blocks))
    sink.flush()


def read_message(source: Source) -> tuple[dict[str, Any], Arrays]:
    """Return the next message: what JSON held, and the arrays.

    Raises:
        EOFError: There is none any more.
        ValueError: What came is no message.
    """
    (length,) = _LENGTH.unpack(_exactly(source, _LENGTH.size))
    if length > _LONGEST_HEAD:
        raise ValueError(f"a head of {length} bytes")
    head = json.loads(_exactly(source, length))
    arrays: Arrays = {}
    for name, kind, shape in head.pop("arrays"):
        if kind not in _TYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError(f"an array of {kind}, {shape}")
        import numpy as np

        size = math.prod(shape) * np.dtype(kind).itemsize
        if size > _LONGEST_ARRAY:
            raise ValueError(f"an array of {size} bytes")
        arrays[name] = np.frombuffer(_exactly(source, size), kind).reshape(shape)
    return head, arrays


def _exactly(source: Source, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = source.read(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def lacking() -> list[str]:
    """Return what this Python lacks to run the kitchen."""
    found = {}
    for name in ("gymnasium-robotics", "mujoco"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    lacks = [f"{name} is not installed" for name, number in found.items() if not number]
    numbers = tuple(int(part) for part in found["mujoco"].split(".")[:2]) if found["mujoco"] else OLDEST
    if not OLDEST <= numbers <= NEWEST:
        lacks.append(f"mujoco is {found['mujoco']} and has to be {_dotted(OLDEST)} to {_dotted(NEWEST)}")
    return lacks


class KitchenServer:
    """The environment, one task at a time.

    Args:
        camera: Camera of the model that draws images, ``default`` for the environment's own view.
        size: Width and height of images [px]; None draws none, which is much faster.
    """

    def __init__(self, camera: str, size: tuple[int, int] | None) -> None:
        import gymnasium
        import gymnasium_robotics

        gymnasium.register_envs(gymnasium_robotics)
        drawn: dict[str, Any] = {}
        if size:
            drawn = {"render_mode": "rgb_array", "width": size[0], "height": size[1]}
            drawn |= {} if camera == "default" else {"camera_name": camera}
        made = gymnasium.make("FrankaKitchen-v1", disable_env_checker=True, terminate_on_tasks_completed=False, **drawn)
        self._kitchen: Any = made.unwrapped
        self._draws, self._task, self._state = size is not None, "", False

    def answer(self, head: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Do what a message asks for: ``reset`` with ``task``, ``seed`` and ``state``, or ``step`` with ``action``."""
        if head["do"] == "reset":
            self._task, self._state = head["task"], head["state"]
            observed, info = self._kitchen.reset(seed=head["seed"])
        else:
            observed, _, _, _, info = self._kitchen.step(arrays["action"])
        answer = {"joints": observed["observation"][:9]}
        if self._draws:
            answer["image"] = self._kitchen.render()
        if self._state:
            answer |= self._true_state()
        return {"success": self._task in info["episode_task_completions"]}, answer

    def _true_state(self) -> Arrays:
        """Return where tool and handle are, the tool's Jacobian, and what holds joints against gravity [rad or m]."""
        import mujoco
        import numpy as np

        model, data = self._kitchen.model, self._kitchen.data
        tool, jacobian = data.site("end_effector"), np.zeros((6, model.nv))
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], tool.id)
        return {
            "tool_position": tool.xpos,
            "tool_rotation": tool.xmat.reshape(3, 3),
            "jacobian": jacobian[:, :9],
            "holding": data.qfrc_bias[:9] / model.actuator_gainprm[:9, 0],
            "handle": data.site(HANDLES[self._task]).xpos,
        }


def main() -> None:
    """Answer messages until there are no more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--camera", default="default")
    parser.add_argument("--size", type=int, nargs=2)
    args = parser.parse_args()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else the libraries print is no message
    lacks = lacking()
    write_message(sink, {"lacks": lacks})
    if lacks:
        return
    server = KitchenServer(args.camera, tuple(args.size) if args.size else None)
    while True:
        try:
            message = read_message(source)
        except EOFError:
            return
        write_message(sink, *server.answer(*message))


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


if __name__ == "__main__":
    main()
