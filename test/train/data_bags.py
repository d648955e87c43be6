"""Bags as a cell records them, and samples, for the tests of training data."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.schema import typestore
from roboact_train.data.pictures import Encoded, Pixels, jpeg
from roboact_train.data.samples import DONE, DONE_ACTION, DONE_LABEL, ArmTrace, Sample

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
STRING, STATUS, JPEG = "std_msgs/msg/String", "diagnostic_msgs/msg/DiagnosticStatus", "sensor_msgs/msg/CompressedImage"
POSE, JOINTS = "geometry_msgs/msg/PoseStamped", "sensor_msgs/msg/JointState"
ACTION = "trajectory_msgs/msg/JointTrajectory"


def cdr(type_name: str, **fields: object) -> bytes:
    """Return a message as it travels on the wire."""
    store = typestore()
    return bytes(store.serialize_cdr(store.types[type_name](**fields), type_name))


def header(stamp_ns: int) -> object:
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return types["std_msgs/msg/Header"](stamp=stamp, frame_id="")


def image_at(time_ns: int) -> np.ndarray:
    """Return a picture of a colour that tells the time: red counts 100 ms."""
    return np.full((24, 32, 3), ((time_ns - T0) // (100 * MS) % 250, 40, 90), np.uint8)


class DemoBag:
    """Writes what a cell would: images every 100 ms, and the statuses of the motions it is told to do."""

    def __init__(self, path: Path, instruction: str = "point at the red block", arm: str = "", **notes: str) -> None:
        self.bag = BagWriter(path, {"instruction": instruction, **notes})
        self.now, self.finished, self._shown = T0, 0, T0
        self._arm = f"/{arm}" if arm else ""
        self.status()

    def write(self, topic: str, type_name: str, data: bytes) -> None:
        self.bag.write(topic, type_name, data, self.now)

    def say(self, topic: str, text: str) -> None:
        self.write(topic, STRING, cdr(STRING, data=text))

    def status(self, motion: str = "", source: str = "", progress: float = 0.0, state: str = "") -> None:
        values = {
            "state": state or ("moving" if motion else "idle"),
            "motion": motion,
            "source": source,
            "finished": str(self.finished),
            "progress": f"{progress:.2f}",
        }
        self.tell("executor", values)

    def step(self, instruction: str, step: str) -> None:
        """Let the policy say what it does now; ``step`` is empty for a task of one."""
        self.tell("policy", {"instruction": instruction, "step": step})

    def tell(self, who: str, values: dict[str, str]) -> None:
        pair = typestore().types["diagnostic_msgs/msg/KeyValue"]
        pairs = [pair(key=key, value=value) for key, value in values.items()]
        self.write(f"/{who}/status", STATUS, cdr(STATUS, level=0, name=who, message="", hardware_id="", values=pairs))

    def wait(self, ms: int) -> None:
        """Let time pass, with its images and measurements."""
        end = self.now + ms * MS
        while self._shown <= end:
            self.now = max(self.now, self._shown)
            self._measure()
            self._shown += 100 * MS
        self.now = end

    def do(self, phrase: str, source: str = "teleop", until: float = 1.0, finish: bool = True) -> None:
        """Ask for a motion and carry it out, up to ``until`` of it."""
        self.say(f"/{source}/motion", phrase)
        self.wait(20)
        self.run(phrase, source, until)
        if finish:
            self.finished += 1
            self.status()
            self.wait(250)

    def run(self, phrase: str, source: str = "teleop", until: float = 1.0) -> None:
        for progress in np.arange(0.0, until + 0.01, 0.25):
            self.status(phrase, source, float(progress))
            self.wait(60)

    def close(self) -> Path:
        return self.bag.close()

    def _measure(self) -> None:
        bgr = cv2.cvtColor(image_at(self.now), cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".png", bgr)[1].reshape(-1)
        message = cdr(JPEG, header=header(self.now), format="rgb8; png compressed bgr8", data=data)
        self.write("/camera/front/image/compressed", JPEG, message)
        types = typestore().types
        pose = types["geometry_msgs/msg/Pose"](
            position=types["geometry_msgs/msg/Point"](x=(self.now - T0) / 1e9, y=0.0, z=0.3),
            orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
        )
        self.write(f"{self._arm}/tcp_pose", POSE, cdr(POSE, header=header(self.now), pose=pose))
        self.joints(np.zeros(6))

    def joints(self, q: np.ndarray) -> None:
        data = cdr(JOINTS, header=header(self.now), name=list("abcdef"), position=q, velocity=q, effort=q[:0])
        self.write(f"{self._arm}/joint_states", JOINTS, data)


def samples(count: int = 6, episode: str = "one", instruction: str = 'stack, the "red" cups') -> list[Sample]:
    """Return samples with different labels, the last one ``done``, with images of random pixels."""
    generator = np.random.default_rng(count)
    made = []
    for i in range(count):
        motion = PRIMITIVES[(17 * i + 3) % 58]
        done = i == count - 1
        image = Pixels(generator.integers(0, 256, (20, 30, 3), dtype=np.uint8))
        picture = Encoded(jpeg(image), f"image {i}")
        trace = None if i % 2 else ArmTrace((0.1, 0.2, 0.3, 0.0, 0.0, 0.1), (0.2,) * 6, (0.5,) * 6, (1.5,) * 6)
        words, action, label = (DONE, DONE_ACTION, DONE_LABEL) if done else (motion.phrase, motion.action, 0)
        label = label or PRIMITIVES.index(motion)
        stamp = T0 + i * 400 * MS + i
        made.append(Sample(picture, instruction, words, action, label, "teleop", stamp, episode, trace))
    return made
