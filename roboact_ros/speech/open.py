"""Chooses the ear: Whisper where its model is, PocketSphinx everywhere else."""

from __future__ import annotations

import os

from roboact_ros.speech.audio import SpeechError
from roboact_ros.speech.ear import Ear
from roboact_ros.speech.grammar import Grammar
from roboact_ros.speech.phrases import RULES
from roboact_ros.speech.stop_word import StopSpotter

EARS = ("auto", "pocketsphinx", "whisper")


def open_ear(kind: str = "auto", model: str = "") -> Ear:
    """Open an ear, which takes a second or two.

    Args:
        kind: One of ``EARS``; ``auto`` takes Whisper when a model is named, and PocketSphinx when not.
        model: Folder of the Whisper model, by default what the environment names; with ``pocketsphinx``, its acoustic
            model (:class:`~roboact_ros.speech.sphinx.SphinxEar`).

    Raises:
        SpeechError: The kind is unknown, or what it needs is missing.
    """
    if kind not in EARS:
        raise SpeechError(f'no ear "{kind}"; valid: {", ".join(EARS)}')
    from roboact_ros.speech.whisper import MODEL_VARIABLE, WhisperEar

    folder = model or os.environ.get(MODEL_VARIABLE, "")
    if kind == "whisper" or (kind == "auto" and folder):
        if not folder:
            raise SpeechError(f"name the folder of a Whisper model with --model or in {MODEL_VARIABLE}")
        return WhisperEar(folder)
    from roboact_ros.speech.sphinx import SphinxEar

    return SphinxEar(model)


def open_spotter(kind: str = "auto", model: str = "") -> StopSpotter:
    """Open what spots "stop" in a stream, with whichever ear; see :func:`open_ear`.

    Raises:
        SpeechError: PocketSphinx is not installed, or its model is missing.
    """
    from roboact_ros.speech.sphinx import cmu_dictionary, voice

    acoustic = model if kind == "pocketsphinx" else ""
    return StopSpotter(Grammar(RULES).words(), cmu_dictionary(), voice(acoustic))
