import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5E
from roboact_ros.sim.world import World
from roboact_ros.sim.world_client import WorldClient
from roboact_ros.sim.world_port import WorldPort
from roboact_ros.sim.world_protocol import HEADER, PORT


def own_address() -> str:
    numbers = random.Random(os.urandom(8))
    return f"127.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}"


@contextmanager
def running(world: World, address: str) -> Iterator[WorldPort]:
    """Step and show ``world`` in a thread, about in real time."""
    port = WorldPort(world, address)
    done = threading.Event()

    def loop() -> None:
        while not done.wait(0.002):
            world.step(0.002)
            port.poll()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield port
    finally:
        done.set()
        thread.join()
        port.close()


@pytest.fixture
def address() -> Iterator[str]:
    where = own_address()
    with running(World([UR5E]), where):
        yield where


@pytest.fixture
def client(address: str) -> Iterator[WorldClient]:
    watcher = WorldClient(address)
    yield watcher
    watcher.close()


def test_a_watcher_sees_the_scene_and_a_world_that_goes_on(client: WorldClient) -> None:
    assert client.scene == World([UR5E]).scene
    first, qpos = client.state()
    assert qpos.shape == World([UR5E]).qpos().shape
    later, _ = client.state()
    assert later > first


def test_a_reset_moves_the_objects_that_are_then_shown(client: WorldClient) -> None:
    first = client.ask(do="reset", seed=3)["objects"]
    assert client.ask(do="reset", seed=4)["objects"]["red block"] != first["red block"]
    again = client.ask(do="reset", seed=3)["objects"]
    np.testing.assert_allclose(again["red block"]["position"], first["red block"]["position"])
    world = World([UR5E], seed=3)
    _, qpos = client.state()
    np.testing.assert_allclose(qpos, world.qpos(), atol=0.02)


def test_objects_are_placed_and_reported(client: WorldClient) -> None:
    placed = client.ask(do="place", name="bowl", position=[0.5, 0.0], yaw=0.3)["objects"]["bowl"]
    np.testing.assert_allclose(placed["position"][:2], [0.5, 0.0])
    report = client.ask(do="objects")["objects"]
    assert set(report) == set(World([UR5E]).objects)
    assert report["drawer"]["opening"] == pytest.approx(0.0, abs=1e-3)
    assert report["lid"]["opening"] > 1.5


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"do": "resett"}, 'did you mean "reset"'),
        ({}, "objects, place, reset"),
        ({"do": "reset"}, 'needs "seed"'),
        ({"do": "reset", "seed": 1.5}, "1.5"),
        ({"do": "reset", "seed": -4}, "-4"),
        ({"do": "place", "name": "red blok", "position": [0.5, 0.0]}, 'did you mean "red block"'),
        ({"do": "place", "name": "red block", "position": [0.5]}, "cannot place"),
        ({"do": "place", "name": "red block", "position": [float("nan"), 0.0]}, "cannot place"),
        ({"do": "place", "name": "red block", "position": "there"}, "there"),
    ],
)
def test_a_command_that_makes_no_sense_is_answered(
    client: WorldClient, command: dict[str, object], message: str
) -> None:
    with pytest.raises(SimulationError, match=message):
        client.ask(**command)
    assert "bowl" in client.ask(do="objects")["objects"]


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
def test_lines_that_are_not_json_objects_are_answered(address: str, line: bytes) -> None:
    with socket.create_connection((address, PORT), 3.0) as connection, connection.makefile("rwb") as stream:
        assert "scene" in json.loads(stream.readline())
        stream.write(line)
        stream.flush()
        kind = b""
        while kind != b"J":
            kind, length = HEADER.unpack(stream.read(HEADER.size))
            body = stream.read(length)
        assert "error" in json.loads(body)


def test_neither_a_watcher_that_never_reads_nor_one_that_leaves_holds_the_others_up(
    address: str, client: WorldClient
) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect((address, PORT))
        socket.create_connection((address, PORT)).close()
        times = [client.state()[0] for _ in range(20)]
    assert times == sorted(set(times))


def test_an_endless_line_is_cut_off(address: str, client: WorldClient) -> None:
    with socket.create_connection((address, PORT), 3.0) as flood, pytest.raises(ConnectionError):
        while True:
            flood.sendall(b"x" * 65536)
    client.state()


def test_a_port_that_is_taken_or_silent_is_named() -> None:
    where = own_address()
    with pytest.raises(SimulationError, match=f"no simulated world at {where}:{PORT}"):
        WorldClient(where)
    world = World([UR5E])
    with running(world, where), pytest.raises(SimulationError, match=f"{where}:{PORT}"):
        WorldPort(world, where)


def test_a_watcher_notices_that_the_world_is_gone() -> None:
    where = own_address()
    with running(World([UR5E]), where):
        client = WorldClient(where)
        client.state()
    with pytest.raises(SimulationError, match="closed"):
        for _ in range(1000):
            client.state()
    client.close()
