"""Programs that arrive as text."""

from __future__ import annotations

import socket

import pytest
from ur_process import controllers, eventually

from roboact_ros.sim.pendant import Pendant
from roboact_ros.sim.script_parser import parse_call, take_scripts


def test_programs_are_found_in_any_split() -> None:
    text = "textmsg(1)\ndef go():\n  movej([0,0,0,0,0,0])\n  if True:\n  end\nend\n\nstopj(2)\nrest"
    inbox, scripts = bytearray(), []
    for byte in text.encode():
        inbox.append(byte)
        scripts += take_scripts(inbox)
    assert [script.name for script in scripts] == ["line", "go", "line"]
    assert len(scripts[1].lines) == 3 and inbox == b"rest"


def test_calls_are_parsed() -> None:
    call = parse_call("\tmovel(p[0.1,-.2, 3e-1,0,0,0],a=1.2,v=0.25,r=0)  # a comment")
    assert call.name == "movel" and call.pose and call.arguments == ([0.1, -0.2, 0.3, 0, 0, 0],)
    assert call.named == {"a": 1.2, "v": 0.25, "r": 0}
    assert parse_call("write_output_integer_register(0 +24, 1)").arguments == (24, 1)


@pytest.mark.parametrize("line", ["x = 1", "movej(q)", "movej([1,2", "__import__('os').system('true')", "f(open('a'))"])
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        parse_call(line)


@pytest.mark.parametrize("port", [30001, 30002, 30003])
def test_plain_script_moves_the_arm(port: int) -> None:
    with controllers("ur5") as (address, _), Pendant(address) as pendant:
        with socket.create_connection((address, port), timeout=5.0) as connection:
            start = pendant.state()["q"]
            goal = [start[0] - 0.1, *start[1:]]
            connection.sendall(f"movej({goal}, a=10, v=2)\n".encode())
            assert eventually(lambda: abs(pendant.state()["q"][0] - goal[0]) < 1e-9)
            for nonsense in ("import_everything()", f"movej({goal}, a=0)", "movel(p[1e400,0,0,0,0,0])", "stopj()"):
                connection.sendall(nonsense.encode() + b"\n")
            assert eventually(lambda: pendant.state()["program"] == "")
            connection.sendall(b"def rtde_control():\n  # int register offset\n  99\nend\n")
            connection.sendall(f"def back():\n  sleep(0.01)\n  movej({start}, a=10, v=2)\nend\n".encode())
            assert eventually(lambda: abs(pendant.state()["q"][0] - start[0]) < 1e-9)
            assert eventually(lambda: pendant.state()["program"] == "")
