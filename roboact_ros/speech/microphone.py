"""The microphone of this computer, read without ever waiting."""

from __future__ import annotations

import queue
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roboact_ros.speech.audio import RATE, SpeechError

_BLOCK = RATE // 50
_LONGEST = 500
"""Blocks of 20 ms that wait to be read; older ones are counted as lost."""


class Microphone:
    """Records one channel at ``RATE`` from construction to :meth:`close`.

    Attributes:
        lost: Blocks of 20 ms that nobody read in time or that the driver dropped.

    Args:
        name: Number or part of the name of the device; empty for the system's default.

    Raises:
        SpeechError: There is no such microphone, or no sound system.
    """

    def __init__(self, name: str = "") -> None:
        try:
            import sounddevice
        except ImportError:
            raise SpeechError("no microphone: install sounddevice: pip install 'roboact_ros[speech]'") from None
        except OSError as error:
            raise SpeechError(f"no microphone: {error} (on Debian: apt-get install libportaudio2)") from None
        self.lost = 0
        self._blocks: queue.Queue[NDArray[np.int16]] = queue.Queue(_LONGEST)
        device = int(name) if name.isdigit() else name or None
        try:
            self._stream = sounddevice.InputStream(
                RATE, _BLOCK, device, channels=1, dtype="int16", callback=self._recorded
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            found = [
                f'{number} "{each["name"]}"'
                for number, each in enumerate(sounddevice.query_devices())
                if each["max_input_channels"]
            ]
            wanted = f'no microphone "{name}"' if name else "no microphone"
            raise SpeechError(f"{wanted}: {error}. Found: {', '.join(found) or 'none'}") from None

    def read(self) -> NDArray[np.int16]:
        """Return what was recorded since the last call, possibly nothing."""
        blocks = []
        while not self._blocks.empty():
            blocks.append(self._blocks.get_nowait())
        return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)

    def close(self) -> None:
        """Stop recording."""
        self._stream.close()

    def __enter__(self) -> Microphone:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop recording."""
        self.close()

    def _recorded(self, block: NDArray[np.int16], frames: int, when: Any, status: Any) -> None:
        if status.input_overflow or self._blocks.full():
            self.lost += 1
        if not self._blocks.full():
            self._blocks.put_nowait(block[:, 0].copy())
