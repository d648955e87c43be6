"""Speech becomes the right motions, or a question."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from voices import said

from roboact_ros.bench.spoken import noisy
from roboact_ros.language.parse import parse
from roboact_ros.speech.audio import RATE, Audio, SpeechError
from roboact_ros.speech.decoder import Spoken
from roboact_ros.speech.ear import Heard
from roboact_ros.speech.hear import hear, hear_audio
from roboact_ros.speech.judgement import Hypothesis, agree, doubted, judge, needs_witness
from roboact_ros.speech.microphone import Microphone
from roboact_ros.speech.open import open_ear


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("move left a lot", "en-us"),
        ("raise the arm up by ten centimeters", "en-gb"),
        ("rotate the gripper ninety degrees clockwise", "en-us+f3"),
        ("open the gripper", "en-us"),
        ("stop", "en-us"),
    ],
)
def test_commands_are_heard(text: str, voice: str) -> None:
    heard = hear_audio(said(text, voice))
    assert not heard.asks and parse(heard.text).motions == parse(text).motions
    assert 0.0 < heard.confidence <= 1.0


@pytest.mark.parametrize("text", ["what is the weather like in london", "no", "a little bit of sugar"])
def test_what_is_no_command_is_asked_about(text: str) -> None:
    assert hear_audio(said(text)).asks


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(RATE, np.int16),
        np.random.default_rng(0).normal(scale=2000, size=RATE).astype(np.int16),
        np.ones(5, np.int16),
    ],
    ids=["silence", "noise", "a click"],
)
def test_no_speech_is_no_command(sound: np.ndarray) -> None:
    assert hear_audio(Audio(sound)).asks


def test_loudness_and_rate_do_not_matter() -> None:
    samples = said("close the gripper").samples
    assert hear((samples // 10).tobytes(), RATE).text == "close the gripper"
    assert hear(samples.repeat(3).tobytes(), 3 * RATE).text == "close the gripper"


def test_a_recording_is_always_heard_alike() -> None:
    audio, other = noisy(said("move right a bit"), 10.0, seed=1), said("go down two inches", "en-gb")
    first = hear_audio(audio)
    hear_audio(other)
    assert hear_audio(audio) == first


def hypothesis(text: str, fit: float = -2.0) -> Hypothesis:
    return Hypothesis(tuple(Spoken(word, 10 * at, 10 * at + 9, 10 * fit) for at, word in enumerate(text.split())))


def test_decoders_that_agree_on_the_motion_are_believed() -> None:
    heard = judge([hypothesis("move left"), hypothesis("go to the left")])
    assert not heard.asks and heard.confidence == 1.0


def test_decoders_that_disagree_are_not() -> None:
    heard = judge([hypothesis("move left"), hypothesis("move back"), hypothesis("lower it")])
    assert heard.asks.startswith("Did you say") and "move left" in heard.asks
    assert judge([hypothesis("move left"), hypothesis("move left"), hypothesis("move back")]).asks == ""


def test_sound_that_fits_no_sentence_is_asked_about() -> None:
    assert judge([hypothesis("move left", fit=-9.0), hypothesis("move left", fit=-9.0)]).asks
    assert judge([hypothesis(""), hypothesis("")]).asks


def test_a_witness_is_heard_before_the_arm_moves_on_little() -> None:
    brief, sure = Heard("lower", 1.0), Heard("lower the arm a bit", 0.9)
    assert needs_witness(brief) and needs_witness(Heard(sure.text, 0.62))
    assert (
        not needs_witness(sure) and not needs_witness(Heard("stop", 0.3)) and not needs_witness(Heard("", 0.0, (), "?"))
    )
    assert agree(brief, [hypothesis("go"), hypothesis("go down")])
    assert not agree(brief, [hypothesis("go"), hypothesis("")])
    assert "lower" in doubted(brief).asks


def test_the_model_of_pocketsphinx_itself(tmp_path: Path) -> None:
    ear = open_ear("pocketsphinx", "stock")
    assert ear.hear(said("close the gripper", "en-us+Mike")).text == "close the gripper"
    ear.close()
    with pytest.raises(SpeechError, match="no acoustic model"):
        open_ear("pocketsphinx", str(tmp_path))


def test_stop_needs_less() -> None:
    heard = judge([hypothesis("stop", fit=-6.0), hypothesis("move left", fit=-3.0)])
    assert (heard.text, heard.asks) == ("stop", "")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ROBOACT_WHISPER_MODEL", raising=False)
    with pytest.raises(SpeechError, match="valid: auto, pocketsphinx, whisper"):
        open_ear("trumpet")
    with pytest.raises(SpeechError, match="name the folder"):
        open_ear("whisper")
    with pytest.raises(SpeechError, match="model.bin is missing"):
        open_ear("auto", str(tmp_path))
    (tmp_path / "model.bin").touch()
    with pytest.raises(SpeechError, match="faster-whisper is not installed|cannot be loaded"):
        open_ear("whisper", str(tmp_path))


def test_a_microphone_that_does_not_exist() -> None:
    with pytest.raises(SpeechError, match="no microphone"):
        Microphone("a microphone that nobody has")


def test_roboact_hear(tmp_path: Path) -> None:
    names = []
    for number, text in enumerate(("move up three centimeters", "thank you very much")):
        names.append(str(tmp_path / f"{number}.wav"))
        with wave.open(names[-1], "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(said(text).samples.tobytes())
    command = [sys.executable, "-m", "roboact_ros.cli", "hear", *names, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["text"] == "move up three centimeters" and first["motions"][0]["action"][2] == pytest.approx(0.03)
    assert second["motions"] == [] and second["refused"] and second["refused"] in done.stderr
    assert done.returncode == 2
