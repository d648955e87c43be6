"""The teleop node with a language model that is slow, fails, or answers too late."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from language_model import Behaviour, Endpoint, answers, endpoint, sends, silent
from std_msgs.msg import String
from test_teleop_node import DEADLINE, LATCHED, Cell, started

from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_to_message

STRANGE = "scooch over to port"
LEFT = PRIMITIVES[14].phrase
ANSWER = {"motions": [LEFT], "question": ""}
KEY = "sk-very-secret-0123456789"


@pytest.fixture(scope="module")
def server() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


@pytest.fixture(scope="module")
def cell(server: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    system = tmp_path_factory.mktemp("systems") / "helped.yaml"
    system.write_text(f"language_model: {{endpoint: '{server.url}', model: tiny, api_key_env: A_KEY, timeout: 2.0}}\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("A_KEY", KEY)
        yield from started(system, "cell_l")


def says(cell: Cell, text: str) -> Status:
    """Say something and wait for the answer after any thinking."""
    told = len(cell.statuses)
    cell.correction.publish(String(data=text))
    cell.until(lambda: final(cell.statuses[told:]), f"an answer to {text!r}")
    return cell.statuses[-1]


def final(statuses: list[Status]) -> bool:
    return bool(statuses) and "thinking" not in statuses[-1].values


@pytest.fixture
def thinking(cell: Cell, server: Endpoint) -> Iterator[Callable[[], None]]:
    """The model thinks about a sentence until the test calls this; then it answers."""
    release, answered = threading.Event(), threading.Event()

    def late(handler: object) -> None:
        release.wait(DEADLINE)
        try:
            answers(ANSWER)(handler)  # type: ignore[arg-type]
        finally:
            answered.set()

    server.behave = late
    asked = len(server.requests)
    cell.correction.publish(String(data=STRANGE))
    cell.until(lambda: len(server.requests) > asked and "thinking" in cell.statuses[-1].values, "the model to be asked")
    cell.plans.clear()

    def go_on() -> None:
        release.set()
        cell.until(answered.is_set, "the late answer")

    yield go_on
    release.set()


@pytest.fixture(scope="module")
def publish(cell: Cell) -> Callable[[str, str], None]:
    """Publishes a text on a topic; on ``executor/status``, that the arm does it for a person."""
    topics = {topic: cell.node.create_publisher(String, topic, LATCHED) for topic in ("teleop/motion", "instruction")}
    cell.until(lambda: all(topic.get_subscription_count() for topic in topics.values()), "the node to listen")

    def tell(topic: str, text: str) -> None:
        if topic == "executor/status":
            values = {"state": "moving", "motion": text, "source": "teleop"}
            cell.arm.publish(status_to_message(Status("executor", values=values)))
        else:
            topics[topic].publish(String(data=text))

    return tell


def test_what_was_understood_is_shown_before_the_arm_moves(cell: Cell, server: Endpoint) -> None:
    server.answer(ANSWER)
    cell.published.clear()
    status = cell.say(STRANGE)
    assert cell.plans[-1] == LEFT and cell.order == ["status", "status", "plan"]
    assert status.message == f"I will {LEFT}." and status.values["rephrased_by"] == "tiny"
    assert status.values["phrases"] == LEFT and status.values["text"] == STRANGE
    assert "ask tiny (at most 2 s)" in cell.statuses[-2].message
    assert server.requests[-1][1]["Authorization"] == f"Bearer {KEY}"
    cell.say("a bit more")
    assert cell.plans[-1] == "move the arm to the left by five centimeters"


def test_what_the_grammar_understands_or_questions_is_not_asked_about(cell: Cell, server: Endpoint) -> None:
    asked = len(server.requests)
    cell.say("left 5 cm")
    for text in ("move left or right", "do not scooch over"):
        assert cell.say(text).values["refused"]
    assert len(server.requests) == asked


@pytest.mark.parametrize("word", ["stop", "whoa!!", "raise the arm", "wait", "move left or right"])
def test_a_newer_word_comes_first_and_a_late_answer_never_moves_the_arm(
    cell: Cell, thinking: Callable[[], None], word: str
) -> None:
    told = len(cell.statuses)
    cell.correction.publish(String(data=word))
    cell.until(lambda: len(cell.statuses) >= told + 2, "both answers")
    newer, outrun = cell.statuses[told : told + 2]
    assert newer.values["text"] == word
    assert outrun.values["text"] == STRANGE and "something else" in outrun.values["refused"]
    thinking()
    cell.say("close the gripper")  # whatever the late answer does, it has done it when this is answered
    assert LEFT not in cell.plans and len(cell.plans) == (1 if newer.values["refused"] else 2)


def test_a_stop_by_another_way_withdraws_the_question(cell: Cell, thinking: Callable[[], None]) -> None:
    cell.tell("stopped")
    cell.until(lambda: final(cell.statuses), "the question to be withdrawn")
    assert "stopped" in cell.statuses[-1].values["refused"]
    cell.tell("idle")
    thinking()
    cell.say("close the gripper")
    assert cell.plans == ["close the gripper"]


@pytest.mark.parametrize(
    ("topic", "text", "reason"),
    [
        ("teleop/motion", "stop", '"stop" came meanwhile|The arm is stopped'),  # whichever is heard first
        ("teleop/motion", "home", '"home" came meanwhile'),
        ("teleop/motion", "resume", '"resume" came meanwhile'),
        ("instruction", "put the cube into the bowl", "There is a new task"),
        ("executor/status", "home", "The arm goes home"),
    ],
)
def test_a_button_or_a_new_task_withdraws_the_question(
    cell: Cell, thinking: Callable[[], None], publish: Callable[[str, str], None], topic: str, text: str, reason: str
) -> None:
    publish(topic, text)
    cell.until(lambda: final(cell.statuses), "the question to be withdrawn")
    assert cell.statuses[-1].values["text"] == STRANGE
    assert re.search(reason, cell.statuses[-1].values["refused"])
    thinking()
    cell.tell("idle")
    cell.say("close the gripper")
    assert LEFT not in cell.plans and cell.plans[-1] == "close the gripper"


def test_the_home_that_ran_before_does_not_withdraw_the_question(
    cell: Cell, server: Endpoint, publish: Callable[[str, str], None]
) -> None:
    publish("executor/status", "home")
    cell.say("move left or right")
    server.answer(ANSWER)
    publish("executor/status", "home")
    says(cell, STRANGE)
    assert not cell.statuses[-1].values["refused"]
    cell.tell("idle")


def test_the_same_words_again_ask_again(cell: Cell, server: Endpoint, thinking: Callable[[], None]) -> None:
    server.answer(ANSWER)
    cell.correction.publish(String(data=STRANGE))
    cell.until(lambda: cell.plans, "the plan")
    thinking()
    cell.say("close the gripper")
    assert cell.plans == [LEFT, "close the gripper"]


@pytest.mark.parametrize(
    ("behave", "told"),
    [
        (silent, "did not answer within 2 s"),
        (sends(KEY.encode(), 429), "HTTP 429"),
        (answers({"motions": ["stop ignoring limits"], "question": ""}), "no motion of the vocabulary"),
        (answers({"motions": [LEFT] * 4000, "question": ""}), "more than 6"),
    ],
)
def test_without_help_the_person_is_asked(cell: Cell, server: Endpoint, behave: Behaviour, told: str) -> None:
    plans = len(cell.plans)
    server.behave = behave
    status = says(cell, STRANGE)
    assert status.level is Level.WARN and told in status.message and 'I do not understand "' in status.message
    assert len(cell.plans) == plans
    assert not any(KEY in str(status) for status in cell.statuses)


def test_the_model_asks_back(cell: Cell, server: Endpoint) -> None:
    server.answer({"motions": [], "question": "¿Cuánto?"})
    assert "¿Cuánto?" in says(cell, STRANGE).values["refused"]


def test_say_waits_for_the_model(cell: Cell, server: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    server.answer(ANSWER)
    assert cell.meanwhile(["say", STRANGE, "--namespace", "cell_l"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"I will {LEFT}.", "done"]


def test_without_its_key_the_node_does_not_start(server: Endpoint) -> None:
    override = f"language_model:={{endpoint: '{server.url}', api_key_env: NO_SUCH_KEY}}"
    command = [sys.executable, "-m", "roboact_ros.nodes.teleop_node", "teleop_ur5", override]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert ended.returncode == 2 and "api_key_env" in ended.stderr and "Traceback" not in ended.stderr
