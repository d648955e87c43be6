"""Recordings of every kind, and of no kind."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
from scipy.io import wavfile

from roboact_ros.speech.audio import RATE, SpeechError, audio_from_samples
from roboact_ros.speech.hear import hear, hear_wav
from roboact_ros.speech.wav import read_wav, wav_from_bytes

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)


def written(samples: np.ndarray, rate: int = 22050) -> bytes:
    file = io.BytesIO()
    wavfile.write(file, rate, samples)
    return file.getvalue()


@pytest.mark.parametrize(
    "samples",
    [
        (TONE * 32767).astype(np.int16),
        (TONE * 127 + 128).astype(np.uint8),
        (TONE * 2147483647).astype(np.int32),
        TONE.astype(np.float32),
        TONE,
        np.stack([TONE, TONE], axis=1).astype(np.float32),
    ],
    ids=["16", "8", "32", "float", "double", "stereo"],
)
def test_every_width_sounds_alike(samples: np.ndarray) -> None:
    audio = wav_from_bytes(written(samples))
    assert audio.samples.dtype == np.int16 and abs(audio.seconds - 1.0) < 0.01
    assert 0.45 < np.abs(audio.samples[1000:-1000]).max() / 32768 < 0.55


def test_24_bits() -> None:
    whole = (TONE * 8388607).astype("<i4")
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((1, 3, 22050, 0, "NONE", ""))
        wav.writeframes(b"".join(int(x).to_bytes(3, "little", signed=True) for x in whole))
    assert 0.45 < np.abs(wav_from_bytes(file.getvalue()).samples[1000:-1000]).max() / 32768 < 0.55


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 192000])
def test_every_rate_keeps_the_pitch(rate: int) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    spectrum = np.abs(np.fft.rfft(audio_from_samples(tone, rate).samples[:RATE].astype(float)))
    assert abs(int(spectrum.argmax()) - 440) <= 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a WAV file"),
        (b"hello, I am no sound at all", "not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "says nothing about its format"),
        (written(np.zeros(0, np.int16)), "the audio is empty"),
        (written((TONE * 32767).astype(np.int16))[:36], "no data chunk"),
        (written(np.zeros(100, np.int16), 1000), "1000 Hz cannot be used"),
        (written(np.zeros(31 * 8000, np.int16), 8000), "31.0 s of audio"),
        (written(np.array([0.0, np.nan, np.inf])), "not finite"),
        (bytes(33 * 1024 * 1024), "too large"),
    ],
)
def test_what_cannot_be_used_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(SpeechError, match=says):
        wav_from_bytes(content)


def test_a_compressed_wav_is_named() -> None:
    header = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 85, 1, 16000, 16000, 1, 0) + b"data" + struct.pack("<I", 4) + b"abcd"
    )
    with pytest.raises(SpeechError, match="format 85"):
        wav_from_bytes(b"RIFF" + struct.pack("<I", len(header)) + header)


def test_a_wav_whose_size_was_not_known() -> None:
    content = bytearray(written((TONE * 32767).astype(np.int16)))
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    assert abs(wav_from_bytes(bytes(content)).seconds - 1.0) < 0.01


def test_missing_files_and_odd_bytes() -> None:
    with pytest.raises(SpeechError, match="cannot be read"):
        read_wav("/nowhere/at/all.wav")
    with pytest.raises(SpeechError, match="must be even"):
        hear(b"\0\0\0", RATE)
    with pytest.raises(SpeechError, match="not a WAV"):
        hear_wav(b"no")
