"""Sound as every ear wants it: one channel of 16-bit samples at 16 kHz."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from roboact_ros.errors import RoboactError

RATE = 16_000
"""Samples per second of everything in this room [Hz]."""

RATES = (8_000, 192_000)
"""Lowest and highest sample rate that is taken [Hz]."""

LONGEST_SECONDS = 30.0
"""No sentence is longer; what is may be a recording of something else."""


class SpeechError(RoboactError):
    """Sound that cannot be used, or an ear or microphone that is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Sound.

    Attributes:
        samples: (N,) int16, one channel at ``RATE``.
    """

    samples: NDArray[np.int16]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE


def audio_from_samples(samples: NDArray[Any], rate: int) -> Audio:
    """Return sound from samples of any rate, number of channels and width.

    Args:
        samples: (N,) or (N, channels); integers of any width span their whole range, floats -1 … 1.
        rate: Samples per second [Hz].

    Raises:
        SpeechError: There are none, or too many, at an impossible rate, or not finite.
    """
    if not RATES[0] <= rate <= RATES[1]:
        raise SpeechError(f"a sample rate of {rate} Hz cannot be used: {RATES[0]} … {RATES[1]} Hz can")
    if not len(samples):
        raise SpeechError("the audio is empty")
    check_length(len(samples) / rate)
    if samples.dtype.kind == "f":
        level = np.clip(np.nan_to_num(samples.astype(np.float64), nan=np.inf), -2.0, 2.0)
        if not np.isfinite(samples).all():
            raise SpeechError("the audio holds samples that are not finite")
    else:
        level = samples.astype(np.float64) / -float(np.iinfo(samples.dtype).min or -1)
        if samples.dtype.kind == "u":
            level = samples.astype(np.float64) / ((float(np.iinfo(samples.dtype).max) + 1) / 2) - 1.0
    mono = level if level.ndim == 1 else level.mean(axis=1)
    if rate != RATE:
        shared = math.gcd(rate, RATE)
        mono = resample_poly(mono, RATE // shared, rate // shared)
    return Audio(np.clip(np.rint(mono * 32768.0), -32768, 32767).astype(np.int16))


def check_length(seconds: float) -> None:
    """Refuse what is longer than a sentence.

    Raises:
        SpeechError: It is.
    """
    if seconds > LONGEST_SECONDS:
        raise SpeechError(f"{seconds:.1f} s of audio are more than the {LONGEST_SECONDS:g} s that a sentence may take")
