"""Whatever happens to an endpoint, no answer is lost and no text is paid for twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_model import Behaviour, Endpoint, Handler, completion, endpoint, sends

from roboact_ros.chat.client import ChatClient
from roboact_ros.chat.endpoint import endpoint_at
from roboact_ros.errors import EndpointDown, RecordingError
from roboact_train.roboact_clip.annotation import Act, Annotation
from roboact_train.roboact_clip.answers import AnswerReader
from roboact_train.roboact_clip.asking import USELESS_IN_A_ROW, EndpointAnnotator, Pace
from roboact_train.roboact_clip.journal import Journal

TEXTS = [f"open drawer {number}" for number in range(300)]
GOOD = json.dumps({"subject": "", "actions": [{"verb": "open", "object": "drawer"}]})
OPEN = Annotation("", (Act("open", "drawer"),))
DOWN = sends(b"", 503)


class Model:
    """Answers as many questions as it has ``left`` and then does something else; counts what it was paid for."""

    def __init__(self, server: Endpoint) -> None:
        self.url, self.left, self.after, self.answer = server.url, 10**9, DOWN, GOOD
        self.paid: Counter[str] = Counter()
        self._lock = threading.Lock()
        server.behave = self._behave

    def _behave(self, handler: Handler) -> None:
        with self._lock:
            self.left -= 1
            behave: Behaviour = self.after
            if self.left >= 0:
                behave = sends(completion(self.answer))
                self.paid[json.loads(handler.asked["messages"][1]["content"])["text"]] += 1
        behave(handler)


@pytest.fixture
def model() -> Iterator[Model]:
    with endpoint() as server:
        yield Model(server)


def annotate(
    model: Model, journal: Path, texts: list[str] = TEXTS, patience: float = 0.0, again: bool = False, at_once: int = 8
) -> dict[str, Annotation | str]:
    client = ChatClient(endpoint_at(model.url, "m"), timeout=20.0)
    with Journal(journal) as answers:
        annotator = EndpointAnnotator(client, answers, AnswerReader(), at_once, patience=patience, again=again)
        return annotator.annotate_all(texts, lambda *_: None)


def test_an_endpoint_that_goes_down_in_the_middle_costs_nothing_twice(model: Model, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    for left in (100, 77):
        model.left = left
        with pytest.raises(EndpointDown, match=r"503.* (100|177) of 300 texts are annotated and kept"):
            annotate(model, journal)
    model.left = 10**9
    assert annotate(model, journal) == dict.fromkeys(TEXTS, OPEN)
    assert model.paid == Counter(TEXTS)
    assert annotate(model, journal) == dict.fromkeys(TEXTS, OPEN)
    assert model.paid.total() == 300


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_is_ended_keeps_its_answers(sign: signal.Signals, model: Model, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    script = f"import sys; sys.path[:0] = {sys.path!r}; from {__name__} import annotate_alone as f; f(*sys.argv[1:])"
    asked, ended = threading.Event(), threading.Event()

    def late(handler: Handler) -> None:
        asked.set()
        ended.wait(60.0)
        handler.send(completion(GOOD))

    model.left, model.after = 20, late
    process = subprocess.Popen([sys.executable, "-c", script, model.url, str(journal)])
    try:
        assert asked.wait(60.0)
        process.send_signal(sign)
        if sign == signal.SIGINT:
            ended.set()  # what was under way is waited for
        process.wait(60.0)
    finally:
        ended.set()
        process.kill()
        process.wait()
    assert journal.read_bytes().count(b"\n") == (21 if sign == signal.SIGINT else 20)
    with journal.open("ab") as file:
        file.write(b'{"annotator": "m", "prompt": 1, "text": "open dra')  # as if it had been writing
    model.left = 10**9
    assert annotate(model, journal, TEXTS[:40]) == dict.fromkeys(TEXTS[:40], OPEN)
    paid = TEXTS[:20] + TEXTS[21:40] if sign == signal.SIGINT else TEXTS[:40]
    assert model.paid == Counter(paid)


def annotate_alone(url: str, journal: str) -> None:
    """What the other process does."""
    client = ChatClient(endpoint_at(url, "m"), timeout=60.0)
    with Journal(Path(journal)) as answers:
        EndpointAnnotator(client, answers, AnswerReader(), at_once=1).annotate_all(TEXTS, lambda *_: None)


def test_a_short_outage_is_waited_for(model: Model, tmp_path: Path) -> None:
    model.left = 5

    def recover(handler: Handler) -> None:
        if model.left < -8:  # every worker met it once
            model.left = 10**9
        sends(b"", 429)(handler)

    model.after = recover
    assert annotate(model, tmp_path / "answers.jsonl", TEXTS[:20], patience=60.0) == dict.fromkeys(TEXTS[:20], OPEN)
    assert model.paid == Counter(TEXTS[:20])


def test_an_endpoint_that_is_not_there_is_named(model: Model, tmp_path: Path) -> None:
    model.url = "http://127.0.0.1:1/v1"
    with pytest.raises(EndpointDown, match=r"127\.0\.0\.1:1/v1.*cannot be reached.*0 of 300"):
        annotate(model, tmp_path / "answers.jsonl")


def test_an_answer_that_is_no_json_is_kept_and_asked_for_again_only_on_demand(model: Model, tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    model.answer = "There is one action, my friend."
    for _ in range(2):
        assert annotate(model, journal, TEXTS[:3]) == dict.fromkeys(
            TEXTS[:3], "the language model's answer holds no JSON with actions"
        )
    assert model.paid.total() == 3 and b"my friend" in journal.read_bytes()
    model.answer = GOOD
    assert annotate(model, journal, TEXTS[:5], again=True) == dict.fromkeys(TEXTS[:5], OPEN)
    assert model.paid == Counter(TEXTS[:3] * 2 + TEXTS[3:5])
    annotate(model, journal, TEXTS[:5], again=True)
    assert model.paid.total() == 8


@pytest.mark.parametrize(("status", "kept"), [(200, USELESS_IN_A_ROW), (401, 0), (400, 0)])
def test_an_endpoint_of_no_use_is_not_asked_for_ever(model: Model, tmp_path: Path, status: int, kept: int) -> None:
    model.left = 0
    asked = []

    def useless(handler: Handler) -> None:
        asked.append(handler)
        sends(completion("no"), status)(handler)

    model.after = useless
    journal = tmp_path / "answers.jsonl"
    with pytest.raises(EndpointDown, match="answers in a row are of no use"):
        annotate(model, journal, at_once=1)
    assert len(asked) == USELESS_IN_A_ROW and journal.read_bytes().count(b"\n") == kept


def test_another_model_is_asked_anew(model: Model, tmp_path: Path) -> None:
    with Journal(tmp_path / "answers.jsonl") as journal:
        journal.append({"annotator": "other", "prompt": 1, "text": TEXTS[0], "answer": GOOD})
        journal.append({"annotator": "m", "prompt": 0, "text": TEXTS[0], "answer": GOOD})
    annotate(model, tmp_path / "answers.jsonl", TEXTS[:1])
    assert model.paid.total() == 1


def test_the_pace_is_kept() -> None:
    pace, stop = Pace(per_minute=1200.0), threading.Event()
    begun = time.monotonic()
    threads = [threading.Thread(target=pace.wait, args=(stop,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun >= 4 * 0.05


def test_a_journal_belongs_to_one_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append({"a": 1}, {"a": "é"})
        with pytest.raises(RecordingError, match="in use by another process"):
            Journal(path)
    with Journal(path) as journal:
        assert journal.rows == [{"a": 1}, {"a": "é"}]


def test_a_journal_cut_anywhere_keeps_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append({"row": 1}, {"row": 2})
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with Journal(path) as journal:
            kept = len(journal.rows)
            assert kept == whole[:cut].count(b"\n")
            journal.append({"row": 3})
        with Journal(path) as journal:
            assert len(journal.rows) == kept + 1
    path.write_bytes(b"{]\n" + whole)
    with pytest.raises(RecordingError, match="line 1: damaged"):
        Journal(path)
