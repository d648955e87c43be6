"""The Robotiq port, with ur_rtde's wire format: one request, one answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ur_process import controllers, eventually


@pytest.fixture(scope="module")
def gripper() -> Iterator[socket.socket]:
    with controllers("ur5e") as (address, _), socket.create_connection((address, 63352), timeout=5.0) as connection:
        yield connection


def ask(gripper: socket.socket, line: str) -> str:
    gripper.sendall(line.encode() + b"\n")
    return gripper.recv(1024).decode()


def test_needs_activation_before_it_moves(gripper: socket.socket) -> None:
    assert ask(gripper, "SET ACT 0") == "ack"
    assert ask(gripper, "GET STA") == "STA 0\n"
    assert ask(gripper, "SET POS 255 GTO 1") == "ack" and ask(gripper, "GET POS") == "POS 0\n"
    assert ask(gripper, "SET ACT 1") == "ack"
    assert eventually(lambda: ask(gripper, "GET STA") == "STA 3\n")
    assert ask(gripper, "GET FLT") == "FLT 0\n"


def test_closes_and_opens(gripper: socket.socket) -> None:
    ask(gripper, "SET ACT 1")
    assert eventually(lambda: ask(gripper, "GET STA") == "STA 3\n")
    assert ask(gripper, "SET POS 255 SPE 255 FOR 0 GTO 1") == "ack"
    assert eventually(lambda: ask(gripper, "GET POS") == "POS 255\n")
    assert ask(gripper, "GET PRE") == "PRE 255\n" and ask(gripper, "GET OBJ") == "OBJ 3\n"
    assert ask(gripper, "SET POS 0") == "ack"
    assert eventually(lambda: ask(gripper, "GET POS") == "POS 0\n")
    assert ask(gripper, "GET SPE") == "SPE 255\n" and ask(gripper, "GET FOR") == "FOR 0\n"


def test_several_questions_come_back_in_one_answer(gripper: socket.socket) -> None:
    assert ask(gripper, "GET ACT\nGET GTO") == "ACT 1\nGTO 1\n"


@pytest.mark.parametrize("line", ["SET POS 256", "SET POS", "SET POS x", "GET NOTHING", "HELLO", "SET STA 3"])
def test_nonsense_is_not_acknowledged(gripper: socket.socket, line: str) -> None:
    assert ask(gripper, line) == "?\n"
