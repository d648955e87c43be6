"""Reads WAV files of every usual kind: 8, 16, 24 and 32 bits, float, any rate, any number of channels."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import Audio, SpeechError, audio_from_samples, check_length

LARGEST_FILE = 32 * 1024 * 1024
"""No file of an utterance is larger [bytes]."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FORMATS = {(_PCM, 8): "<u1", (_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8"}


def read_wav(path: Path | str) -> Audio:
    """Read a WAV file.

    Raises:
        SpeechError: It cannot be read, or see :func:`wav_from_bytes`.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SpeechError(f'"{path}" cannot be read: {error.strerror}') from None
    try:
        return wav_from_bytes(content)
    except SpeechError as error:
        raise SpeechError(f'"{path}": {error}') from None


def wav_from_bytes(content: bytes) -> Audio:
    """Read the content of a WAV file.

    Raises:
        SpeechError: It is no WAV, of a kind that is not read, empty, cut off before its sound, or too large.
    """
    if len(content) > LARGEST_FILE:
        raise SpeechError(f"a WAV file of more than {LARGEST_FILE // 1024**2} MiB is too large for a sentence")
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise SpeechError(f"not a WAV file: it begins with {content[:12]!r}, not with RIFF….WAVE")
    parts = dict(_chunks(content))
    if len(parts.get(b"fmt ", b"")) < 16:
        raise SpeechError("the WAV file says nothing about its format")
    if b"data" not in parts:
        raise SpeechError("the WAV file holds no sound: there is no data chunk")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", parts[b"fmt "][:16])
    if kind == _EXTENSIBLE and len(parts[b"fmt "]) >= 26:
        kind = struct.unpack("<H", parts[b"fmt "][24:26])[0]
    if not 1 <= channels <= 32:
        raise SpeechError(f"a WAV file with {channels} channels cannot be used: 1 … 32 can")
    if rate:
        check_length(len(parts[b"data"]) / max(1, channels * (bits // 8) * rate))
    samples = _samples(parts[b"data"], kind, bits)
    return audio_from_samples(samples[: len(samples) // channels * channels].reshape(-1, channels), rate)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        # Programs that write to a pipe do not know the size beforehand and write one that is too large.
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _samples(data: bytes, kind: int, bits: int) -> NDArray[Any]:
    if kind == _PCM and bits == 24:
        whole = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3)
        wide = np.zeros((len(whole), 4), np.uint8)
        wide[:, 1:] = whole
        return wide.reshape(-1).view("<i4")
    if (kind, bits) not in _FORMATS:
        raise SpeechError(
            f"WAV of format {kind} with {bits} bits cannot be read: PCM (1) with 8, 16, 24 or 32 bits and float (3) "
            "with 32 or 64 bits can"
        )
    width = bits // 8
    return np.frombuffer(data[: len(data) // width * width], _FORMATS[kind, bits])
