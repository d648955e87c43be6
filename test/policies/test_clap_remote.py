"""A policy on a server: what travels, what comes back, and what happens when nothing does."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time

import msgpack
import numpy as np
import pytest
from policy_server import METADATA, good, served

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.cells.policy_description import RefinementDescription, RemoteDescription
from roboact_ros.errors import ConfigurationError, MotionRefused, PolicyError
from roboact_ros.policies.clap.packing import pack, unpack
from roboact_ros.policies.clap.remote import ClapRemote
from roboact_ros.policies.clap.representation import relative_from_steps, steps_of_arm
from roboact_ros.policies.clap.server import PolicyServer, check_address
from roboact_ros.policies.load import policy_from_description
from roboact_ros.types import CHUNK_AXES, FloatArray, Frame

STEPS = 8


def frame(stamp_ns: int = 7) -> Frame:
    image = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    return Frame("front", stamp_ns, image, beside=(Frame("wrist", stamp_ns, image[::-1]),))


def policy(address: str, pause: float = 0.0, **changes: object) -> ClapRemote:
    made = ClapRemote(RemoteDescription(server=address, **changes), pause)  # type: ignore[arg-type]
    made.instruct("close the laptop")
    return made


def relative() -> FloatArray:
    """Return (8, 7) actions that lead 7 mm a step to the front and turn."""
    rows = np.zeros((STEPS, 7))
    rows[:, 0], rows[:, 5] = 0.007 * np.arange(1, STEPS + 1), 0.02 * np.arange(1, STEPS + 1)
    rows[:, 6] = np.linspace(-1.0, 1.0, STEPS)
    return rows


def test_arrays_travel_as_the_protocol_wants_them() -> None:
    array = (
        "81a16184c40b5f5f6e6461727261795f5fc3c40464617461c4080000803f00000040c4056474797065a33c6634c4057368617065920102"
    )
    scalar = "83c40d5f5f6e7067656e657269635f5fc3c40464617461cb3ff8000000000000c4056474797065a33c6634"
    assert pack({"a": np.array([[1.0, 2.0]], np.float32)}).hex() == array
    assert pack(np.float32(1.5)).hex() == scalar
    back = unpack(bytes.fromhex(array))["a"]
    assert back.dtype == np.float32 and back.tolist() == [[1.0, 2.0]] and not back.flags.writeable
    assert unpack(bytes.fromhex(scalar)) == np.float32(1.5)
    mixed = {"type": "x", "list": [1, 2.5, None, True], "pixels": frame().image, "empty": np.zeros((0, 3))}
    again = unpack(pack(mixed))
    np.testing.assert_array_equal(again.pop("pixels"), mixed.pop("pixels"))  # type: ignore[arg-type]
    assert again.pop("empty").shape == (0, 3)
    mixed.pop("empty")
    assert again == mixed


def test_nothing_but_numbers_and_text_is_packed_or_unpacked() -> None:
    for bad in (np.array([object()]), np.array([1j]), np.zeros(2, "V4"), {1, 2}):
        with pytest.raises(PolicyError, match="cannot be sent"):
            pack({"a": bad})
    for kind in ("|O", "<c16", "|V4", "(2,)<f4", "<f4,<f4", 7, None):
        with pytest.raises(PolicyError, match="is refused"):
            unpack(msgpack.packb({b"__ndarray__": True, b"data": bytes(16), b"dtype": kind, b"shape": [2]}))
    for kind, data in (("|S900000000", 900_000_000), ("<U9", 9), ("<f8", "1.0"), ("|S2", "ab"), ("<i8", None)):
        with pytest.raises(PolicyError, match="does not come as"):
            unpack(msgpack.packb({b"__npgeneric__": True, b"data": data, b"dtype": kind}))
    assert unpack(pack([np.str_("ä"), np.bytes_(b"x"), np.True_, np.uint8(3)])) == ["ä", b"x", True, 3]
    for shape in ([3], [-1], "22", [2**40], [1.0], None):
        with pytest.raises(PolicyError, match="is cut off"):
            unpack(msgpack.packb({b"__ndarray__": True, b"data": bytes(16), b"dtype": "<f8", b"shape": shape}))
    for data in (b"", b"\xc1", pack({"a": 1})[:-1], pack(1) + pack(2)):
        with pytest.raises(PolicyError, match="no MessagePack"):
            unpack(data)


def test_images_and_words_go_out_and_steps_come_back() -> None:
    with served() as server:
        server.answering = lambda request: good(request, relative()[None].astype(np.float32))
        chunks = policy(server.address, robot="ur5e", statistics="ur5e", executed=5, image_size=(32, 24), hertz=10.0)
        chunk = chunks.act(frame(stamp_ns=123))
        chunks.close()
    (request,) = server.requests
    assert request["type"] == "infer" and request["payload"]["unnorm_key"] == "ur5e"
    (example,) = request["payload"]["examples"]
    assert (example["lang"], example["robot_type"]) == ("close the laptop", "ur5e")
    assert [image.shape for image in example["image"]] == [(24, 32, 3)] * 2
    assert (chunk.axes, chunk.stamp_ns, chunk.period_ns) == (CHUNK_AXES, 123, 10**8)
    wanted = np.zeros((5, 7))
    wanted[:, 0], wanted[:, 5], wanted[:, 6] = 0.007, 0.02, np.linspace(1.0, 0.0, STEPS)[:5]
    np.testing.assert_allclose(chunk.steps, wanted, atol=1e-6)


@pytest.mark.parametrize(("arm", "sign"), [("right", 1.0), ("left", -1.0)])
def test_of_a_model_for_two_arms_one_is_taken(arm: str, sign: float) -> None:
    both = np.hstack((relative() * [-1, -1, -1, -1, -1, -1, 1], relative()))
    with served() as server:
        server.answering = lambda request: good(request, both[None])
        chunk = policy(server.address, arm=arm).act(frame())
    np.testing.assert_allclose(chunk.steps[:, 0], sign * 0.007, atol=1e-9)


@pytest.mark.parametrize("actions", ["relative", "steps"])
def test_two_arms_get_the_columns_of_both(actions: str) -> None:
    both = np.hstack((relative() * [-1, -1, -1, -1, -1, -1, 1], relative()))
    if actions == "steps":
        both = np.hstack([steps_of_arm(arm) for arm in np.split(both, 2, axis=1)])
    with served() as server:
        server.answering = lambda request: good(request, both[None])
        chunk = policy(server.address, arm="both", actions=actions).act(frame())
        server.answering = lambda request: good(request, both[None, :, :7])
        with pytest.raises(PolicyError, match="14"):
            policy(server.address, arm="both", actions=actions).act(frame())
    assert chunk.axes == tuple(f"{arm}/{axis}" for arm in ("left", "right") for axis in CHUNK_AXES)
    np.testing.assert_allclose(chunk.of_arm("left")[:, 0], -0.007, atol=1e-9)
    np.testing.assert_allclose(chunk.of_arm("right")[:, 0], 0.007, atol=1e-9)


def test_steps_in_units_of_the_model() -> None:
    rows = np.tile([0.2, 0.0, -0.4, 0.0, 0.02, 0.0, 1.0], (STEPS, 1))
    with served() as server:
        server.answering = lambda request: good(request, rows[None])
        chunk = policy(server.address, actions="steps", metres=0.05, radians=0.5, hertz=20.0).act(frame())
    np.testing.assert_allclose(chunk.steps, np.tile([0.01, 0.0, -0.02, 0.0, 0.01, 0.0, 1.0], (STEPS, 1)), atol=1e-9)
    np.testing.assert_allclose(steps_of_arm(relative_from_steps(chunk.steps)), chunk.steps, atol=1e-12)


def test_answers_that_cannot_be_used_say_why_and_the_next_one_is_taken() -> None:
    jump = relative()
    jump[3:, 1] += 0.3
    hole = relative()
    hole[2, 4] = np.nan
    cases: list[tuple[object, str]] = [
        (good({"request_id": "1"}, relative()[None, :, :6]), r"shape \(1, 8, 6\); valid are \(1, steps, 7\)"),
        (good({"request_id": "2"}, relative()), r"shape \(8, 7\)"),
        (good({"request_id": "3"}, [[1.0]]), "sent no array of actions but list"),
        (good({"request_id": "4"}, np.ones((1, 8, 7), dtype=bool)), "sent actions of the type bool; they are numbers"),
        (good({"request_id": "5"}, jump[None]), "step 3: the right arm jumps by 0.3 m"),
        (good({"request_id": "6"}, hole[None]), "step 2: right/pitch is nan"),
        (good({"request_id": "nobody"}, relative()[None]), "belongs to no question"),
        ({"status": "error", "ok": False, "request_id": "8", "error": {"message": "no\x1b GPU"}}, r"\d: no GPU$"),
        ({"ok": True, "request_id": "9"}, "has no data"),
        ("Traceback\n  File x\nKeyError: 'laptop'\n", "it failed: KeyError: 'laptop'"),
        (b"\xc1", "no MessagePack"),
    ]
    with served() as server:
        chunks = policy(server.address, hertz=30.0)
        for answer, told in cases:
            server.answering = lambda request, answer=answer: answer  # type: ignore[misc]
            with pytest.raises((PolicyError, MotionRefused), match=told):
                chunks.act(frame())
        server.answering = lambda request: good(request, relative()[None])
        assert len(chunks.act(frame()).steps) == STEPS
        server.answering = lambda request: good(request, hole[None])
        with pytest.raises(MotionRefused, match="step 2: right/[a-z]+ is nan"):
            policy(server.address, actions="steps").act(frame())


def test_a_silent_server_costs_the_time_limit_and_no_more() -> None:
    with served() as server:
        chunks = policy(server.address, timeout=0.4)
        begun = time.monotonic()
        with pytest.raises(PolicyError, match=r"did not answer within 0.4 s"):
            chunks.act(frame())
        assert time.monotonic() - begun < 4.0
        server.answering = lambda request: good(request, relative()[None])
        slow = policy(server.address)
        assert len(slow.act(frame()).steps) == STEPS
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections and says nothing
        deaf_policy = policy(f"ws://127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        with pytest.raises(PolicyError, match="cannot be reached: timed out"):
            deaf_policy.act(frame())


def test_a_lost_connection_is_made_again() -> None:
    with served() as server:
        server.answering = lambda request: good(request, relative()[None])
        chunks = policy(server.address)
        chunks.act(frame())
        server.hang_up()
        chunks.act(frame())
        address = server.address
        assert server.headers == [None, None] and len(server.requests) == 2
    with pytest.raises(PolicyError, match=f"{address} cannot be reached"):
        chunks.act(frame())


def test_after_a_failure_the_server_is_left_alone_for_a_while() -> None:
    with served() as server:
        server.answering = lambda request: {"ok": False, "request_id": request["request_id"]}
        chunks = policy(server.address, pause=0.3)
        begun = time.monotonic()
        for _ in range(2):
            with pytest.raises(PolicyError, match="it gave no reason"):
                chunks.act(frame())
        assert time.monotonic() - begun >= 0.3


def test_other_servers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as server:
        with pytest.raises(PolicyError, match='no statistics "ur5": did you mean "ur5e"'):
            policy(server.address, statistics="ur5").act(frame())
    for metadata, told in (("hello", "is no policy server: it failed: hello"), (b"\x01", "it began with 1")):
        with served(metadata) as server, pytest.raises(PolicyError, match=told):
            policy(server.address).act(frame())
    for address, told in (
        ("http://127.0.0.1:1", "is no address"),
        ("ws://", "is no address"),
        ("ws://127.0.0.1:x", "is no address"),
        ("wss://a..b", "is no address"),
        ("ws://me:word@127.0.0.1:1", "is no address"),
        ("ws://10.0.0.3:10093", "readable over the network"),
    ):
        with pytest.raises(PolicyError, match=told):
            check_address(address)
    check_address("wss://policies.example.com")
    with pytest.raises(PolicyError, match="no instruction"):
        ClapRemote(RemoteDescription(server="ws://127.0.0.1:1")).act(frame())
    with served() as server:
        monkeypatch.setenv("SOME_KEY", "secret")
        server.answering = lambda request: good(request, relative()[None])
        policy(server.address, api_key_env="SOME_KEY").act(frame())
        assert server.headers == ["Api-Key secret"]
    with pytest.raises(PolicyError, match="not set"):
        PolicyServer("ws://127.0.0.1:1", 1.0, METADATA.update, "NO_SUCH_KEY_HERE")


def test_a_redirection_is_not_followed() -> None:
    with served() as elsewhere, socket.create_server(("127.0.0.1", 0)) as front:

        def redirect() -> None:
            connection, _ = front.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.address}\r\n\r\n".encode())

        thread = threading.Thread(target=redirect)
        thread.start()
        with pytest.raises(PolicyError, match="cannot be reached"):
            policy(f"ws://127.0.0.1:{front.getsockname()[1]}").act(frame())
        thread.join()
        assert not elsewhere.headers


def test_a_cell_names_its_server() -> None:
    described = {"kind": "clap_remote", "remote": {"server": "ws://127.0.0.1:10093", "actions": "steps"}}
    cell = cell_from_mapping({"name": "x", "policy": described, "cameras": {"front": {}}}, "here")
    assert isinstance(policy_from_description(cell.policy, cell), ClapRemote)
    assert cell.policy.shown_model == "ws://127.0.0.1:10093"
    with pytest.raises(ConfigurationError, match='here: policy.remote.server: "" is no address of a policy server'):
        cell_from_mapping({"name": "x", "policy": {"kind": "clap_remote"}, "cameras": {"front": {}}}, "here")
    refined = dataclasses.replace(cell.policy, refinement=RefinementDescription(endpoint="http://127.0.0.1:1/v1"))
    with pytest.raises(PolicyError, match="goes with clip_rt, clip_rt_action, not with clap_remote"):
        policy_from_description(refined, cell)
