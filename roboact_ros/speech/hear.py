"""The ear of this process: what the console, the speech node and the command line call."""

from __future__ import annotations

import functools
import threading

import numpy as np

from roboact_ros.speech.audio import Audio, SpeechError, audio_from_samples
from roboact_ros.speech.ear import Ear, Heard
from roboact_ros.speech.open import open_ear
from roboact_ros.speech.wav import wav_from_bytes

_turn = threading.Lock()


def hear(pcm: bytes, rate: int) -> Heard:
    """Return what was said; safe from any thread, and slow the first time, when the ear is opened.

    Args:
        pcm: 16-bit little-endian samples of one channel.
        rate: Samples per second [Hz].

    Raises:
        SpeechError: The sound cannot be used, or no ear can be opened.
    """
    if len(pcm) % 2:
        raise SpeechError(f"16-bit audio of {len(pcm)} bytes is cut off: the number of bytes must be even")
    return hear_audio(audio_from_samples(np.frombuffer(pcm, "<i2"), rate))


def hear_wav(content: bytes, kind: str = "auto", model: str = "") -> Heard:
    """Return what is said in the content of a WAV file; see :func:`hear`, and ``open_ear`` for the ear."""
    return hear_audio(wav_from_bytes(content), kind, model)


def hear_audio(audio: Audio, kind: str = "auto", model: str = "") -> Heard:
    """Return what was said; see :func:`hear_wav`."""
    with _turn:
        return _ear(kind, model).hear(audio)


@functools.lru_cache(maxsize=1)
def _ear(kind: str, model: str) -> Ear:
    return open_ear(kind, model)
