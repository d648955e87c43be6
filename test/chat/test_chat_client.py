"""The client of language models against an endpoint that misbehaves."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from language_model import (
    Behaviour,
    Endpoint,
    answers,
    completion,
    endless,
    endpoint,
    no_http,
    sends,
    silent,
    trickling,
    trickling_headers,
)

from roboact_ros.chat.client import ChatClient, Question
from roboact_ros.chat.endpoint import check_endpoint, endpoint_at
from roboact_ros.chat.newest import Newest
from roboact_ros.errors import ChatError, RoboactError

KEY = "sk-very-secret-0123456789"
DEADLINE = 30.0


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


def ask(server: Endpoint, timeout: float = 10.0, key_env: str = "") -> Question[str]:
    client = ChatClient(endpoint_at(server.url, "tiny", key_env), timeout)
    return client.ask("the rules", "the text", {"type": "object"}, str)


def test_a_question_is_a_chat_completion(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f" {KEY}\n")
    server.answer("well")
    assert ask(server, key_env="A_KEY").wait() == "well"
    ((path, headers, request),) = server.requests
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    assert request["model"] == "tiny"
    assert [message["content"] for message in request["messages"]] == ["the rules", "the text"]
    assert request["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_without_a_key_none_is_sent(server: Endpoint) -> None:
    server.answer("well")
    ask(server).wait()
    assert "Authorization" not in server.requests[0][1]


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (sends(b"{" * 5), "no chat completion"),
        (sends(b"[" * 200_000), "no chat completion"),
        (sends(b"\xff\xfe"), "no chat completion"),
        (sends(b"{}"), "no chat completion"),
        (sends(b'{"choices": []}'), "without an answer"),
        (sends(b'{"choices": [{"message": {"content": null, "refusal": "no"}}]}'), "no chat completion"),
        (sends(b'{"choices": [{"message": {"content": 3}}]}'), "no chat completion"),
        (sends(completion("cut off")[:-9], length=100_000), "no chat completion"),
        (sends(completion("x" * 400_000)), "more than 256 KiB"),
        (endless, "more than 256 KiB"),
        (no_http, "does not speak HTTP"),
        (sends(b"quota: " + KEY.encode(), 429), "HTTP 429 Too Many Requests"),
        (sends(KEY.encode(), 500), "HTTP 500 Internal Server Error"),
        (sends(KEY.encode(), 401), "HTTP 401 Unauthorized"),
        (sends(b"", 302, headers=[("Location", "http://127.0.0.1:9/")]), "HTTP 302"),
        (sends(completion("half"), 206), "HTTP 206"),
        (answers(f"your key is {KEY}"), "sent the key back"),
    ],
)
def test_what_cannot_be_used_is_refused_without_the_key(
    server: Endpoint, behaviour: Behaviour, says: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("A_KEY", KEY)
    server.behave = behaviour
    question = ask(server, key_env="A_KEY")
    with pytest.raises(ChatError, match=says) as error:
        question.wait()
    assert KEY not in str(error.value) + caplog.text


@pytest.mark.parametrize("behaviour", [silent, trickling(completion("slowly")), trickling_headers])
def test_the_time_limit_is_for_the_whole_answer(server: Endpoint, behaviour: Behaviour) -> None:
    server.behave = behaviour
    start = time.monotonic()
    with pytest.raises(ChatError, match="did not answer within 0.5 s"):
        ask(server, timeout=0.5).wait()
    assert 0.4 < time.monotonic() - start < DEADLINE
    if behaviour is not silent:
        assert server.hung_up.wait(DEADLINE), "the connection stayed open"


def test_the_thread_ends_with_the_question(server: Endpoint) -> None:
    question = ask(server, timeout=DEADLINE)
    until(lambda: bool(server.requests))
    question.cancel()
    with pytest.raises(ChatError, match="withdrawn"):
        question.wait()
    until(lambda: not any(thread.name == "chat" for thread in threading.enumerate()))


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = ChatClient(endpoint_at(f"http://127.0.0.1:{port}"), 10.0)
    with pytest.raises(ChatError, match="cannot be reached: Connection refused"):
        client.ask("", "", {}, str).wait()


@pytest.mark.parametrize("accepts", [True, False])
def test_an_https_endpoint_that_never_shakes_hands(accepts: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"
        client = ChatClient(endpoint_at(url), 0.5 if accepts else 10.0)
        question = client.ask("", "", {}, str)
        if accepts:
            with pytest.raises(ChatError, match="did not answer within"):
                question.wait()
        else:
            connection, _ = mute.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            with pytest.raises(ChatError, match="cannot be reached"):
                question.wait()
            connection.close()
    until(lambda: not any(thread.name == "chat" for thread in threading.enumerate()))


def test_addresses() -> None:
    assert str(check_endpoint("https://api.example.com/v1/")) == "https://api.example.com:443/v1/chat/completions"
    for good in ("http://localhost:8000", "http://127.8.9.1/v1", "http://[::1]:80/v1", "https://10.0.0.3:8443"):
        check_endpoint(good)


@pytest.mark.parametrize(
    "bad",
    [
        "", "nonsense", "ftp://127.0.0.1/v1", "http://192.168.1.3/v1", "http://localhost.example.com", "https://",
        "https://host:99999/v1", f"https://u:{KEY}@host/v1", f"https://host/v1?key={KEY}", "https://host/v 1\r\nX: y",
        "https://" + "a" * 100 + ".com", "http://[::1", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_bad_addresses(bad: str) -> None:
    with pytest.raises(ChatError) as error:
        check_endpoint(bad)
    assert KEY not in str(error.value)


def test_keys_come_from_the_environment_and_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_KEY", raising=False)
    monkeypatch.setenv("TWO_LINES", f"{KEY}\nX-Injected: 1")
    for given in ("A_KEY", "TWO_LINES", KEY, "some key", "x" * 32):
        with pytest.raises(ChatError) as error:
            endpoint_at("https://example.com", api_key_env=given)
        assert given not in str(error.value) and KEY not in str(error.value)
    monkeypatch.setenv("A_KEY", KEY)
    assert KEY not in repr(endpoint_at("https://example.com", api_key_env="A_KEY"))


def test_only_the_newest_answer_is_delivered(server: Endpoint) -> None:
    newest: Newest[str] = Newest()
    delivered: list[str | RoboactError] = []
    newest.ask(ask(server, timeout=DEADLINE), delivered.append)
    until(lambda: bool(server.requests))
    server.answer("second")
    newest.ask(ask(server), delivered.append)
    until(lambda: bool(delivered))
    assert delivered == ["second"] and not newest.withdraw()


def test_a_withdrawn_question_is_never_answered(server: Endpoint) -> None:
    newest: Newest[str] = Newest()
    delivered: list[str | RoboactError] = []
    answered, go = threading.Event(), threading.Event()

    def late(handler: object) -> None:
        go.wait(DEADLINE)
        answers("late")(handler)  # type: ignore[arg-type]
        answered.set()

    server.behave = late
    newest.ask(ask(server, timeout=DEADLINE), delivered.append)
    until(lambda: bool(server.requests))
    assert newest.withdraw() and not newest.withdraw()
    go.set()
    until(lambda: not any(thread.name in ("chat", "waits") for thread in threading.enumerate()))
    assert not delivered


def test_whoever_withdraws_waits_for_an_answer_that_is_being_delivered(server: Endpoint) -> None:
    newest: Newest[str] = Newest()
    server.answer("well")
    entered, events = threading.Event(), []

    def slowly(answer: str | RoboactError) -> None:
        entered.set()
        threading.Event().wait(0.2)  # work that takes its time
        events.append("delivered")

    newest.ask(ask(server), slowly)
    assert entered.wait(DEADLINE)
    newest.withdraw()
    events.append("withdrawn")
    assert events == ["delivered", "withdrawn"]


def until(condition: object) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        threading.Event().wait(0.01)
