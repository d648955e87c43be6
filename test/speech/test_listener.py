"""A stream of sound: where sentences end, the button, and "stop" in the middle of everything."""

from __future__ import annotations

import numpy as np
import pytest
from voices import said

from roboact_ros.speech.audio import RATE
from roboact_ros.speech.ear import FakeEar, Heard
from roboact_ros.speech.listener import Listener
from roboact_ros.speech.open import open_spotter
from roboact_ros.speech.stop_word import StopSpotter

BLOCK = RATE // 50
SILENCE = np.zeros(2 * RATE, np.int16)
LEFT, ASKS = Heard("move left", 1.0), Heard("move", 0.1, (), "Where to?")


class DeafSpotter:
    """Never spots anything."""

    def feed(self, samples: np.ndarray) -> bool:
        return False

    def forget(self) -> None:
        pass


@pytest.fixture(scope="module")
def spotter() -> StopSpotter:
    return open_spotter()


def play(listener: Listener, sound: np.ndarray, until: list[Heard] | None = None) -> float:
    """Play sound in blocks; return when something was heard [s]."""
    for start in range(0, len(sound), BLOCK):
        listener.feed(sound[start : start + BLOCK])
        if until:
            return (start + BLOCK) / RATE
    return len(sound) / RATE


def test_a_sentence_is_heard_soon_after_it_ends() -> None:
    heard: list[Heard] = []
    speech = said("move left").samples
    listener = Listener(FakeEar([LEFT, LEFT, LEFT]), DeafSpotter(), heard.append)
    ended = np.flatnonzero(np.abs(speech) > 300)[-1] / RATE
    at = play(listener, np.concatenate([speech, SILENCE]), heard)
    assert heard == [LEFT] and 0.2 < at - ended < 0.5


def test_one_that_makes_no_sense_may_go_on() -> None:
    heard: list[Heard] = []
    ear = FakeEar([ASKS] * 4 + [LEFT])
    whole, pause = said("move").samples, np.zeros(RATE * 6 // 10, np.int16)
    loud = np.flatnonzero(np.abs(whole) > 300)
    speech = whole[loud[0] : loud[-1]]
    play(Listener(ear, DeafSpotter(), heard.append), np.concatenate([SILENCE, speech, pause, speech, SILENCE]))
    assert len(heard) == 1 and heard[0] is ASKS
    assert len(ear.played[-1].samples) > 2 * len(speech) + len(pause)


def test_silence_is_no_sentence() -> None:
    heard: list[Heard] = []
    noise = np.random.default_rng(0).normal(scale=20, size=5 * RATE).astype(np.int16)
    play(Listener(FakeEar([]), DeafSpotter(), heard.append), noise)
    assert not heard


def test_push_to_talk() -> None:
    heard: list[Heard] = []
    ear = FakeEar([LEFT])
    listener = Listener(ear, DeafSpotter(), heard.append, pushed=True)
    speech = said("move left").samples
    play(listener, np.concatenate([speech, SILENCE]))
    listener.release()
    assert not heard and not ear.played
    listener.press()
    play(listener, speech)
    listener.release()
    assert heard == [LEFT] and abs(ear.played[0].seconds - len(speech) / RATE) < 0.1


def test_nobody_speaks_without_end() -> None:
    heard: list[Heard] = []
    listener = Listener(FakeEar([]), DeafSpotter(), heard.append, pushed=True)
    listener.press()
    play(listener, np.tile(SILENCE, 16), heard)
    assert len(heard) == 1 and "30 seconds" in heard[0].asks


@pytest.mark.parametrize("pushed", [False, True])
@pytest.mark.parametrize(
    "text", ["move the arm to the left stop", "rotate the gripper stop stop clockwise by ten degrees"]
)
def test_stop_is_spotted_in_another_sentence(spotter: StopSpotter, text: str, pushed: bool) -> None:
    heard: list[Heard] = []
    ear = FakeEar([LEFT] * 5)
    play(Listener(ear, spotter, heard.append, pushed=pushed), np.concatenate([said(text).samples, SILENCE]), heard)
    assert [each.text for each in heard] == ["stop"]


@pytest.mark.parametrize("text", ["move the arm to the left by ten centimeters", "drop it", "start over", "go up"])
def test_other_words_are_not_stop(spotter: StopSpotter, text: str) -> None:
    heard: list[Heard] = []
    play(Listener(FakeEar([LEFT] * 5), spotter, heard.append), np.concatenate([said(text).samples, SILENCE]), heard)
    assert heard == [LEFT]
