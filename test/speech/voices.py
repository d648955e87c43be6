"""Sentences that espeak-ng says for the tests."""

from __future__ import annotations

import functools
import random

from roboact_ros.bench.spoken import spoken
from roboact_ros.speech.audio import Audio


@functools.cache
def said(text: str, voice: str = "en-us") -> Audio:
    """Return a sentence as espeak-ng says it."""
    return spoken(text, voice, random.Random(text))
