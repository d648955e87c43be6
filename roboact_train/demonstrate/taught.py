"""What episodes that are taught have in common, with one arm or two: names, random numbers, and what is refused."""

from __future__ import annotations

import zlib

import numpy as np

from roboact_ros.errors import ConfigurationError


def episode_name(task: str, split: str, seed: int) -> str:
    """Return task, split and number as one name."""
    return f"{task}-{split}-{seed:06d}"


def drawn_for(name: str, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the random numbers that an episode needs for something, the same ones on any process."""
    return np.random.default_rng((zlib.crc32(f"{name} {purpose}".encode()), *numbers))


def check_perturb(perturb: float) -> None:
    """Refuse what is no probability of being led astray.

    Raises:
        ConfigurationError: It is negative, or nothing would be left to demonstrate.
    """
    if not 0.0 <= perturb < 1.0:
        raise ConfigurationError(f"--perturb is a probability below 1, not {perturb}")
