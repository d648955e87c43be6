"""A policy with the help of a vision-language model, and above all without."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_model import Endpoint, endpoint, sends, silent, trickling
from tiny_clip import tiny_model

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.policy_description import PolicyDescription, RefinementDescription
from roboact_ros.chat.client import ChatClient
from roboact_ros.chat.endpoint import endpoint_at
from roboact_ros.errors import ChatError, ConfigurationError, PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.refined import RefinedPolicy, refined
from roboact_ros.types import Decision, Frame

PHRASES = [motion.phrase for motion in PRIMITIVES]
FRAME = Frame("front", 7, np.full((960, 1280, 3), (250, 10, 10), np.uint8))


class Preferring:
    """Scores the motions in vocabulary order, the first one best, between 0.5 and 0.6 as CLIP-RT does."""

    def __init__(self, low: float = 0.5) -> None:
        self._low = low

    def instruct(self, instruction: str) -> None:
        """Take any task."""

    def act(self, frame: Frame) -> Decision:
        """Choose the first."""
        scores = dict(zip(PHRASES, np.linspace(0.6, self._low, len(PHRASES)).tolist(), strict=True))
        return Decision(PRIMITIVES[0], scores, frame.stamp_ns, 1.0)


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


def policy(server: Endpoint, timeout: float = 10.0, every_n: int = 1, rest: float = 10.0) -> RefinedPolicy:
    client = ChatClient(endpoint_at(server.url, "tiny"), timeout)
    made = RefinedPolicy(Preferring(), client, every_n, candidates=4, rest=rest)
    made.instruct("point at the cup")
    return made


def factors(*values: object) -> dict[str, Any]:
    return {"factors": [{"motion": phrase, "factor": value} for phrase, value in zip(PHRASES, values, strict=False)]}


def test_factors_change_the_choice_and_say_so(server: Endpoint) -> None:
    server.answer(factors(0.5, 0.5, 2.0, 1))
    decision = policy(server).act(FRAME)
    assert decision.motion == PRIMITIVES[2] and decision.stamp_ns == 7
    assert decision.scores[PHRASES[2]] == max(decision.scores.values())
    assert list(decision.scores) == PHRASES
    assert decision.note == f'tiny overruled "{PHRASES[0]}"' and not decision.warn


def test_the_model_sees_image_instruction_and_the_best_motions(server: Endpoint) -> None:
    server.answer(factors(1, 1, 1, 1))
    assert policy(server).act(FRAME).note == "tiny agrees"
    text, image = server.requests[0][2]["messages"][1]["content"]
    facts = json.loads(text["text"])
    assert facts["instruction"] == "point at the cup"
    assert [motion["motion"] for motion in facts["motions"]] == PHRASES[:4]
    kind, _, data = image["image_url"]["url"].partition(",")
    assert kind == "data:image/jpeg;base64"
    seen = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None and seen.shape == (480, 640, 3)
    assert seen[0, 0, 2] > 200 and seen[0, 0, 0] < 50, "red turned blue"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("move left", "no JSON"),
        ("[" * 50_000, "no JSON"),
        (factors(1, 1, 1), "each of the 4"),
        ({"factors": [*factors(1, 1, 1)["factors"], {"motion": PHRASES[0], "factor": 1}]}, "each of the 4"),
        ({"factors": [*factors(1, 1, 1)["factors"], {"motion": PHRASES[9], "factor": 1}]}, "each of the 4"),
        ({"factors": [*factors(1, 1, 1)["factors"], {"motion": "stop ignoring limits", "factor": 1}]}, "each of"),
        (factors(*[5] * 58), "each of the 4"),
        (factors(1, 1, 1, float("nan")), "wrong form"),
        (factors(1, 1, 1, float("inf")), "wrong form"),
        (factors(1, 1, 1, 1e308), "less than or equal to 10"),
        (factors(1, 1, 1, 10**4000), "wrong form"),
        (factors(1, 1, 1, -1), "greater than or equal to 0"),
        (factors(1, 1, 1, "2"), "wrong form"),
        (factors(1, 1, 1, True), "wrong form"),
        (factors(0, 0, 0, 0), "every motion inappropriate"),
        ({**factors(1, 1, 1, 1), "action": [9] * 8}, "wrong form"),
    ],
)
def test_garbage_leaves_the_choice_to_the_policy(server: Endpoint, content: object, says: str) -> None:
    server.answer(content if isinstance(content, str) else json.dumps(content))
    decision = policy(server).act(FRAME)
    assert decision.motion == PRIMITIVES[0]
    assert decision.scores == Preferring().act(FRAME).scores
    assert decision.warn and decision.note.startswith("the policy chose alone") and says in decision.note


@pytest.mark.parametrize("behave", [silent, trickling(b" " * 10_000), sends(b"", 429)])
def test_after_a_failure_the_policy_is_left_alone_for_a_while(server: Endpoint, behave: Any) -> None:
    server.behave = behave
    alone = policy(server, timeout=0.3)
    for _ in range(5):
        decision = alone.act(FRAME)
        assert decision.motion == PRIMITIVES[0] and decision.warn and "alone" in decision.note
    assert len(server.requests) == 1


def test_help_that_comes_back_is_taken(server: Endpoint) -> None:
    patient = policy(server, rest=0.0)
    server.answer("garbage")
    assert patient.act(FRAME).warn
    server.answer(factors(0.1, 1, 1, 1))
    assert patient.act(FRAME).motion == PRIMITIVES[1]


def test_every_nth_choice_is_refined(server: Endpoint) -> None:
    server.answer(factors(0.1, 1, 1, 1))
    helped = policy(server, every_n=3)
    chosen = [PRIMITIVES.index(helped.act(FRAME).motion) for _ in range(7)]
    assert chosen == [1, 0, 0, 1, 0, 0, 1]


def test_scores_that_cannot_be_multiplied_are_refused(server: Endpoint) -> None:
    client = ChatClient(endpoint_at(server.url), 1.0)
    with pytest.raises(PolicyError, match="does not fit"):
        RefinedPolicy(Preferring(low=-0.1), client).act(FRAME)


SCORES = st.floats(0.01, 1.0)
FACTORS = st.floats(0.0, 10.0)


@given(st.lists(SCORES, min_size=3, max_size=12), st.lists(FACTORS, min_size=2, max_size=12))
def test_only_motions_that_were_weighed_win(scores: list[float], given_factors: list[float]) -> None:
    named = {str(at): score for at, score in enumerate(sorted(scores, reverse=True))}
    weighed = dict(zip(named, given_factors, strict=False))
    products = refined(named, weighed)
    assert max(products.values()) == max(products[name] for name in weighed)
    assert all(np.isfinite(product) and product >= 0 for product in products.values())
    same = refined(named, dict.fromkeys(weighed, given_factors[0]))
    assert same["0"] == max(same.values())


def test_a_cell_turns_it_on(tmp_path: Path, server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    described = PolicyDescription(
        "clip_rt",
        tiny_model(tmp_path),
        random=True,
        device="cpu",
        steady=False,
        refinement=RefinementDescription(server.url),
    )
    made = policy_from_description(described, Cell("test", policy=described))
    assert isinstance(made, RefinedPolicy)
    made.instruct("point at the cup")
    server.answer("garbage")
    assert made.act(FRAME).warn
    keyless = dataclasses.replace(described, refinement=RefinementDescription(server.url, api_key_env="NO_SUCH_KEY"))
    with pytest.raises(ChatError, match="not set"):
        policy_from_description(keyless, Cell("test", policy=keyless))


def test_the_system_file_is_checked_without_showing_keys() -> None:
    assert not load_cell("clip_rt_ur5").policy.refinement.endpoint
    for key in ("policy.refinement", "language_model"):
        with pytest.raises(ConfigurationError, match="https"):
            load_cell("teleop_ur5", [f"{key}.endpoint:=http://192.168.1.2/v1"])
        with pytest.raises(ConfigurationError, match="api_key_env") as error:
            load_cell("teleop_ur5", [f"{key}.endpoint:=http://127.0.0.1/v1", f"{key}.api_key_env:=sk-secret-1"])
        assert "sk-secret-1" not in str(error.value)
    with pytest.raises(ConfigurationError, match='did you mean "every_n"'):
        load_cell("teleop_ur5", ["policy.refinement.evry_n:=2"])
