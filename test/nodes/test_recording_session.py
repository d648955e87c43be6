"""A session at a terminal, beside a recorder as its own process and publishers in this one."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String

from roboact_ros.recording.folders import DISCARDED, BagState, find_bags
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.session import REVIEW, SESSION, session_file
from roboact_ros.recording.summary import summarise

DEADLINE = 30.0
CELL = "cell_s"
TASK = "Stack the cups"
NAME = "stack_the_cups"


class World:
    """What a cell does meanwhile: a camera at 20 images a second, a policy, and a person who corrects it."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("world", namespace=CELL, context=self.context)
        self.camera = self.node.create_publisher(CompressedImage, "camera/front/image/compressed", 5)
        self.policy = self.node.create_publisher(String, "policy/motion", 10)
        self.person = self.node.create_publisher(String, "teleop/motion", 10)
        self.node.create_timer(0.05, self._show)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._spin)
        self.thread.start()

    def matched(self) -> None:
        """Wait until the recorder listens to the policy and to the person."""
        end = time.monotonic() + DEADLINE
        while not (self.policy.get_subscription_count() and self.person.get_subscription_count()):
            assert time.monotonic() < end
            self.over.wait(0.02)

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def _show(self) -> None:
        self.camera.publish(CompressedImage(format="jpeg", data=np.zeros(2000, np.uint8).tobytes()))

    def _spin(self) -> None:
        while not self.over.is_set():
            self.executor.spin_once(timeout_sec=0.1)


class Person:
    """Somebody at a terminal in which ``roboact record`` runs."""

    def __init__(self, *options: str) -> None:
        self.screen, inside = pty.openpty()
        command = [sys.executable, "-m", "roboact_ros.cli", "record", "--namespace", CELL, *options]
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, start_new_session=True, preexec_fn=_own_terminal
        )
        os.close(inside)
        self.seen = ""
        self._at = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def press(self, keys: str) -> None:
        os.write(self.screen, keys.encode())

    def sees(self, pattern: str) -> str:
        """Wait until something new on the screen matches."""
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self.seen[self._at :])):
            assert time.monotonic() < end, f"waited for {pattern!r}; the screen shows {self.seen[self._at :]!r}"
            assert self.process.poll() is None or re.search(pattern, self.seen[self._at :]), self.seen
            threading.Event().wait(0.02)
        self._at += found.end()
        return found.group()

    def leave(self) -> None:
        os.close(self.screen)
        self.process.wait(DEADLINE)

    def _watch(self) -> None:
        try:
            while data := os.read(self.screen, 65536):
                self.seen += data.decode()
        except OSError:  # the terminal is closed
            return


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def start(tmp_path: Path, world: World) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start recorders of one cell, which end with the test."""
    nodes: list[subprocess.Popen[bytes]] = []
    system = tmp_path / "cell.yaml"
    system.write_text(json.dumps({"namespace": CELL, "cameras": {"front": {"fps": 20.0}}}))

    def start_node(largest_file: int = resource.RLIM_INFINITY) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "roboact_ros.nodes.recorder_node", str(system), f"bags:={tmp_path / 'bags'}"]
        limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest_file, largest_file))
        nodes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=limit))
        return nodes[-1]

    yield start_node
    for node in nodes:
        node.terminate()
        node.wait(DEADLINE)


def kept(folder: Path) -> list[str]:
    return list(json.loads(session_file(folder, NAME).read_text())["kept"])


def saved(folder: Path) -> list[str]:
    return [bag.path.name for bag in find_bags(folder) if bag.state is BagState.SAVED]


def test_a_session_over_several_sittings_loses_nothing(
    world: World, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    bags = tmp_path / "bags"
    recorder = start()
    person = Person("--task", TASK, "--episodes", "3")

    # One is discarded, one saved with a note and a correction in it, and that one is recorded again.
    person.sees(r'Episode 1 of 3: "Stack the cups" \(0 kept, 0 put aside\)')
    person.press("\n")
    person.sees(r"front \d+\.\d/20\.0 Hz")
    person.press("d")
    person.sees(r"Episode 1 of 3: .*1 put aside")
    person.press("\n")
    person.sees(r"\[n\] note")
    person.press("n")
    person.sees("note:")
    person.press("the light was off\n")
    world.matched()
    world.policy.publish(String(data="move the arm to the left by one centimeter"))
    while "corrections" not in person.seen:  # they travel on topics of their own, in any order
        world.person.publish(String(data="move the arm down by one centimeter"))
        person.sees(r"[1-9]\d*\.\d s  front")
    world.person.publish(String(data="stop"))
    person.press("s")
    told = person.sees(r"saved: .*")
    assert "0 lost" in told and " of 20 Hz" in told and " corrections" in told
    (first,) = kept(bags)
    with Episode(bags / first) as episode:
        assert episode.instruction == TASK
        assert (episode.notes[SESSION], episode.notes["note"]) == (NAME, "the light was off")
        said = [m.data for _, _, m in episode.messages(["teleop/motion"])]
        assert 0 < int(episode.notes["corrections"]) <= sum("down" in text for text in said)
    assert summarise(bags / first).cameras[0].target == 20.0

    person.sees("Episode 2 of 3")
    person.press("r")
    person.sees(r"front \d")
    assert saved(bags) == [first]  # it stays until the new one is safe
    person.press("\n")
    person.sees(r"Episode 2 of 3: .*1 kept, 2 put aside")
    (second,) = saved(bags)
    assert kept(bags) == [second] and (bags / DISCARDED / first).is_dir()

    # The terminal is closed in the middle of an episode.
    person.press("\n")
    person.sees(r"front \d")
    person.leave()
    third = (set(saved(bags)) - {second}).pop()
    with Episode(bags / third) as episode:
        assert "terminal was closed" in episode.notes[REVIEW]
    assert kept(bags) == [second]

    # The next sitting asks about it. Then the recorder is killed.
    person = Person("--task", TASK, "--episodes", "3")
    person.sees("the session goes on: 1 of 3")
    person.sees(rf"{third}: left by an earlier sitting[\s\S]*is it good")
    person.press("k")
    person.sees("Episode 3 of 3")
    person.press("\n")
    person.sees(r"front \d+\.\d/20\.0 Hz")
    person.sees(r"[1-9]\d*\.\d s  front")
    recorder.kill()
    recorder.wait(DEADLINE)
    person.sees(r"\d+ messages were saved of")
    person.sees("is it good")
    person.press("d")
    person.sees("Episode 3 of 3")
    assert len(list((bags / DISCARDED).iterdir())) == 3
    person.press("q")
    person.process.wait(DEADLINE)
    assert kept(bags) == saved(bags) == sorted((second, third))
    assert [path.name for path in bags.iterdir() if path.suffix == ".recording"] == []


def test_keys_through_a_pipe_and_an_unfinished_sitting(
    world: World, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    start()
    command = [sys.executable, "-m", "roboact_ros.cli", "record", "--namespace", CELL, "--json"]
    process = subprocess.Popen([*command, "--episodes", "1"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _, refusal = process.communicate("", timeout=DEADLINE)
    assert process.returncode == 2 and "--task" in refusal
    # Whoever was killed left the recorder recording; the next sitting takes the episode over.
    abandoned = Person("--task", TASK)
    abandoned.sees("Episode 1 of 20")
    abandoned.press("\n")
    abandoned.sees(r"front \d")
    abandoned.process.send_signal(signal.SIGKILL)
    abandoned.leave()
    done = subprocess.run(
        [*command, "--task", TASK, "--episodes", "1"],
        input="s\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )
    assert "is being recorded already" in done.stdout and "all 1 episodes are recorded" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["kept"] == saved(tmp_path / "bags")


def test_what_a_full_disk_has_taken_is_kept(
    world: World, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    start(largest_file=60_000)
    person = Person("--task", TASK, "--episodes", "1")
    person.sees("Episode 1 of 1")
    person.press("\n")
    person.sees("file size limit")
    person.sees(r"[1-9]\d* messages were saved of")
    person.sees("is it good")
    person.press("k")
    person.sees("all 1 episodes are recorded")
    person.process.wait(DEADLINE)
    assert kept(tmp_path / "bags") == saved(tmp_path / "bags")
    with Episode(tmp_path / "bags" / kept(tmp_path / "bags")[0]) as episode:
        assert episode.complete and episode.notes["outcome"] == "repaired"
