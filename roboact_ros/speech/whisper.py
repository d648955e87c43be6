"""The better ear, where its model is: faster-whisper with a model on this disk. Nothing is ever downloaded."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from roboact_ros.speech.audio import Audio, SpeechError
from roboact_ros.speech.ear import Heard
from roboact_ros.speech.judgement import question

MODEL_VARIABLE = "ROBOACT_WHISPER_MODEL"
"""Environment variable with the folder of the model."""

SURE = 0.6
"""Confidence below which it asks."""
_PROMPT = "Commands for a robot arm: move left ten centimeters, rotate the gripper ninety degrees clockwise, stop."


class WhisperEar:
    """Hears with faster-whisper.

    Args:
        folder: Folder of a converted (CTranslate2) model: ``model.bin``, ``config.json`` and its vocabulary.

    Raises:
        SpeechError: faster-whisper is not installed, or the folder holds no model.
    """

    def __init__(self, folder: Path | str) -> None:
        if not (Path(folder) / "model.bin").is_file():
            raise SpeechError(
                f'no Whisper model in "{folder}": model.bin is missing. Give a folder such as faster-whisper-tiny.en, '
                f"fetched where there is a network, in {MODEL_VARIABLE}"
            )
        try:
            import faster_whisper
        except ImportError:
            raise SpeechError("faster-whisper is not installed: pip install faster-whisper") from None
        try:
            self._model = faster_whisper.WhisperModel(
                str(folder), device="cpu", compute_type="int8", local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise SpeechError(f'the Whisper model in "{folder}" cannot be loaded: {error}') from None

    def hear(self, audio: Audio) -> Heard:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        sound = audio.samples.astype(np.float32) / 32768.0
        segments, _ = self._model.transcribe(
            sound, language="en", beam_size=1, temperature=0.0, initial_prompt=_PROMPT, condition_on_previous_text=False
        )
        parts = list(segments)
        text = " ".join(part.text.strip() for part in parts)
        sure = min((math.exp(part.avg_logprob) * (1.0 - part.no_speech_prob) for part in parts), default=0.0)
        return Heard(text, sure, (), question(text, sure >= SURE))

    def close(self) -> None:
        """See :class:`~roboact_ros.speech.ear.Ear`."""
        del self._model
