"""Brings speech to what the acoustic model was made for: no long silences, one level, and a floor of faint noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import RATE, Audio

_FRAME = RATE // 50
_AROUND = 7
"""Frames of 20 ms that are kept before and after the speech."""
_BELOW_PEAK, _ABOVE_FLOOR = 38.0, 5.0
"""A frame with speech is at most this far below the loudest, and at least this far above the background [dB]."""
_SILENT = 25.0
"""Root mean square below which there is nothing to hear, of 32768."""
_LEVEL = 2000.0
_FLOOR = 10 ** (-25 / 20)
"""Faint noise, relative to the speech: the model has never met the digital silence between synthetic words."""


def levelled(audio: Audio) -> NDArray[np.int16] | None:
    """Return the part of ``audio`` with speech at the level of the model, or None when it is silent."""
    frames = len(audio.samples) // _FRAME
    sound = audio.samples.astype(np.float64)
    if not frames:
        return None
    power = (sound[: frames * _FRAME].reshape(frames, _FRAME) ** 2).mean(axis=1)
    if np.sqrt(power.max()) < _SILENT:
        return None
    loudness = 10.0 * np.log10(power + 1.0)
    threshold = max(loudness.max() - _BELOW_PEAK, float(np.percentile(loudness, 10)) + _ABOVE_FLOOR)
    loud = np.flatnonzero(loudness > threshold)
    first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, frames)
    spoken = sound[max(0, first - _AROUND) * _FRAME : (last + _AROUND) * _FRAME]
    spoken *= _LEVEL / np.sqrt((spoken**2).mean())
    # Every sentence begins and ends with a pause, also where the recording leaves it out.
    spoken = np.pad(spoken, (max(0, _AROUND - first) * _FRAME, max(0, last + _AROUND - frames) * _FRAME))
    # The same noise every time, so that one recording is always heard in one way.
    spoken += np.random.default_rng(0).normal(scale=_LEVEL * _FLOOR, size=len(spoken))
    return np.clip(np.rint(spoken), -32768, 32767).astype(np.int16)
