"""RTDE at the level of bytes, for clients other than ur-rtde."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from ur_process import controllers

from roboact_ros.sim.rtde_fields import OUTPUTS, Registers
from roboact_ros.sim.rtde_protocol import InputRecipe, OutputRecipe, ProtocolError, split_messages


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with controllers("ur5e", "ur5") as (where, _):
        yield where


class RawClient:
    def __init__(self, address: str, version: int | None = 2) -> None:
        self.socket = socket.create_connection((address, 30004), timeout=5.0)
        if version is not None:
            assert self.ask("V", struct.pack(">H", version)) == b"\x01"

    def send(self, kind: str, body: bytes = b"") -> None:
        self.socket.sendall(struct.pack(">HB", len(body) + 3, ord(kind)) + body)

    def receive(self) -> tuple[str, bytes]:
        head = self._exactly(3)
        size, kind = struct.unpack(">HB", head)
        return chr(kind), self._exactly(size - 3)

    def ask(self, kind: str, body: bytes = b"") -> bytes:
        self.send(kind, body)
        while True:
            answered, answer = self.receive()
            if answered == kind:
                return answer

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data


def test_versions(address: str) -> None:
    client = RawClient(address, None)
    assert client.ask("V", struct.pack(">H", 3)) == b"\x00"
    assert client.ask("V", struct.pack(">H", 2)) == b"\x01"
    assert struct.unpack(">4I", client.ask("v"))[:2] == (5, 11)


def test_bad_recipe_names_what_is_missing_and_does_not_start(address: str) -> None:
    client = RawClient(address)
    answer = client.ask("O", struct.pack(">d", 125.0) + b"timestamp,actual_Q,robot_mode")
    assert answer == b"\x00DOUBLE,NOT_FOUND,INT32"
    assert client.ask("S") == b"\x00"
    assert client.ask("I", b"input_int_register_0,nothing") == b"\x00INT32,NOT_FOUND"
    assert client.ask("O", struct.pack(">d", 125.0) + b"timestamp") == b"\x01DOUBLE"
    assert client.ask("S") == b"\x01"


def test_version_one_has_no_frequency_and_no_recipe_id(address: str) -> None:
    client = RawClient(address, 1)
    assert client.ask("O", b"timestamp,robot_mode") == b"DOUBLE,INT32"
    assert client.ask("S") == b"\x01"
    stamps = []
    for _ in range(5):
        kind, body = client.receive()
        stamp, mode = struct.unpack(">di", body)
        stamps.append(stamp)
        assert kind == "U" and mode == 7
    assert np.allclose(np.diff(stamps), 0.008)


@pytest.mark.parametrize(("index", "asked", "period"), [(0, 500.0, 0.002), (0, 100.0, 0.01), (1, 125.0, 0.008)])
def test_output_frequency(address: str, index: int, asked: float, period: float) -> None:
    where = address if index == 0 else address.rsplit(".", 1)[0] + f".{int(address.rsplit('.', 1)[1]) + index}"
    client = RawClient(where)
    assert client.ask("O", struct.pack(">d", asked) + b"timestamp") == b"\x01DOUBLE"
    assert client.ask("S") == b"\x01"
    stamps = [struct.unpack(">Bd", client.receive()[1])[1] for _ in range(20)]
    assert np.allclose(np.diff(stamps), period)
    client.send("P")
    while (message := client.receive())[0] != "P":
        pass
    assert message[1] == b"\x01"


def test_inputs_are_echoed_and_owned_by_one_client(address: str) -> None:
    one, other = RawClient(address), RawClient(address)
    assert one.ask("I", b"input_double_register_20,input_int_register_20") == b"\x01DOUBLE,INT32"
    assert other.ask("I", b"input_int_register_20") == b"\x00IN_USE"
    one.send("U", struct.pack(">Bdi", 1, 2.5, -7))
    assert other.ask("O", struct.pack(">d", 500.0) + b"input_double_register_20,input_int_register_20")[:1] == b"\x01"
    assert other.ask("S") == b"\x01"
    while struct.unpack(">Bdi", other.receive()[1])[1:] != (2.5, -7):
        pass
    one.socket.close()
    while other.ask("I", b"input_int_register_20")[:1] == b"\x00":
        pass


@pytest.mark.parametrize("rubbish", [b"\x00\x00\x55", b"\x00\x04Z1", b"\x00\x05U\x09\x00"])
def test_rubbish_ends_only_that_connection(address: str, rubbish: bytes) -> None:
    good, bad = RawClient(address), RawClient(address)
    bad.socket.sendall(rubbish)
    with pytest.raises(EOFError):
        bad.receive()
    assert good.ask("V", struct.pack(">H", 2)) == b"\x01"


def test_every_output_survives_packing() -> None:
    registers = Registers(OUTPUTS)
    registers.values[:] = [type(value)(index % 2) for index, value in enumerate(registers.values)]
    packet = OutputRecipe(list(OUTPUTS), registers, 1).pack(registers.values)
    copy = Registers(OUTPUTS)
    InputRecipe(list(OUTPUTS), copy).unpack(packet[4:], copy.values)
    assert copy.values == registers.values


def test_messages_survive_any_split() -> None:
    stream = b"\x00\x04V1" + b"\x00\x03S" + b"\x00\x05I23"
    inbox, messages = bytearray(), []
    for byte in stream:
        inbox.append(byte)
        messages += list(split_messages(inbox))
    assert messages == [(ord("V"), b"1"), (ord("S"), b""), (ord("I"), b"23")] and not inbox
    with pytest.raises(ProtocolError, match="length 2"):
        list(split_messages(bytearray(b"\x00\x02V")))
