import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from roboact_ros.cameras.simulated import SimulatedCamera
from roboact_ros.errors import CameraError
from roboact_ros.robots import UR5E
from roboact_ros.sim.world_client import WorldClient

SPAWN = multiprocessing.get_context("spawn")


def serve(address: str, ready: object, done: object) -> None:
    from roboact_ros.sim.world import World
    from roboact_ros.sim.world_port import WorldPort

    world = World([UR5E])
    port = WorldPort(world, address)
    ready.set()
    while not done.wait(0.002):
        world.step(0.002)
        port.poll()
    port.close()


@contextmanager
def world_at(address: str) -> Iterator[None]:
    """Run a world in a process of its own."""
    ready, done = SPAWN.Event(), SPAWN.Event()
    process = SPAWN.Process(target=serve, args=(address, ready, done))
    process.start()
    try:
        assert ready.wait(30)
        yield
    finally:
        done.set()
        process.join(10)
        assert process.exitcode == 0


@pytest.fixture
def address() -> str:
    numbers = random.Random(os.urandom(8))
    return f"127.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}"


def test_frames_show_the_world_as_it_changes(address: str) -> None:
    with world_at(address):
        camera = SimulatedCamera("eye", "front", 160, 120, 30.0, address)
        before = time.time_ns()
        first = camera.read()
        assert first.camera == "eye"
        assert first.image.shape == (120, 160, 3) and first.image.dtype == np.uint8
        assert before <= first.stamp_ns <= time.time_ns()
        assert first.intrinsics is not None and first.intrinsics.width == 160
        assert first.image.std() > 10
        client = WorldClient(address)
        client.ask(do="reset", seed=9)
        client.close()
        second = camera.read()
        assert second.stamp_ns > first.stamp_ns
        later = (second, *(camera.read() for _ in range(4)))  # a state from before the reset may still be on its way
        assert any(np.abs(frame.image.astype(int) - first.image).max() > 50 for frame in later)
        camera.close()
        camera.close()


def test_a_camera_comes_back_with_its_world(address: str) -> None:
    with pytest.raises(CameraError, match=f"no simulated world at {address}"):
        SimulatedCamera("eye", "front", 64, 48, 30.0, address)
    with world_at(address):
        camera = SimulatedCamera("eye", "front", 64, 48, 30.0, address)
        camera.read()
    with pytest.raises(CameraError, match="eye"):
        for _ in range(1000):
            camera.read()
    with pytest.raises(CameraError, match="no simulated world"):
        camera.read()
    with world_at(address):
        assert camera.read().image.shape == (48, 64, 3)
    camera.close()


def test_a_misspelt_camera_is_named_with_the_valid_ones(address: str) -> None:
    with world_at(address), pytest.raises(CameraError, match='"frnt".*did you mean "front".*overhead, wrist'):
        SimulatedCamera("eye", "frnt", 64, 48, 30.0, address)
