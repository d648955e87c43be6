"""Single keys and lines from a person: at a terminal, over ssh, or through a pipe."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from types import FrameType, TracebackType
from typing import Any

LEAVE = "leave"
"""Instead of a key: the person pressed Ctrl-C, or the terminal or the pipe has ended."""
ENTER = "\n"
_SIGNALS = {
    signal.SIGINT: "Ctrl-C was pressed",
    signal.SIGTERM: "the command was terminated",
    signal.SIGHUP: "the terminal was closed",
}


class Terminal:
    """Standard input and output; use it in a ``with`` block of the main thread.

    Only plain characters count as keys, so that any connection carries them. At a terminal they act at once; in a pipe
    each line is one key, its first character.

    Attributes:
        gone: Why the person has left; empty while she is there.
    """

    def __init__(self) -> None:
        self.gone = ""
        self._is_terminal = os.isatty(sys.stdin.fileno())
        self._pending = b""
        self._shown = 0
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Terminal:
        """Read keys as they are pressed, and turn signals into ``LEAVE``."""
        self._handlers = {number: signal.signal(number, self._interrupted) for number in _SIGNALS}
        if self._is_terminal:
            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        if self._is_terminal:
            self._mode(self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def key(self, seconds: float) -> str:
        """Return the next key in lower case, ``ENTER``, ``LEAVE``, or an empty text when none came in time."""
        if self.gone:
            return LEAVE
        if not self._is_terminal:
            line = self._line(seconds)
            return LEAVE if self.gone else "" if line is None else line[:1].lower() or ENTER
        if not self._pending:
            self._read(seconds)
        if self._pending.startswith(b"\x1b"):  # an arrow or function key; they differ between terminals
            self._pending = b""
        typed, self._pending = self._pending[:1], self._pending[1:]
        return LEAVE if self.gone else typed.decode("ascii", "ignore").lower().replace("\r", ENTER)

    def line(self, prompt: str) -> str:
        """Ask for a line of text; empty when the person left."""
        self.tell(prompt)
        if self._is_terminal:
            self._mode(self._before)
        line = None
        while line is None and not self.gone:
            line = self._line(1.0)
        if self._is_terminal:
            tty.setcbreak(sys.stdin)
        return line or ""

    def tell(self, text: str) -> None:
        """Print a line."""
        self._write(f"\r{' ' * self._shown}\r{text}\n" if self._shown else f"{text}\n")
        self._shown = 0

    def show(self, text: str) -> None:
        """Print a line that the next one replaces; nothing in a pipe."""
        if self._is_terminal:
            columns = os.get_terminal_size(sys.stdin.fileno()).columns
            text = text[: columns - 1] if columns else text  # some connections do not say how wide they are
            self._write(f"\r{text}{' ' * (self._shown - len(text))}")
            self._shown = len(text)

    def _line(self, seconds: float) -> str | None:
        if b"\n" not in self._pending:
            self._read(seconds)
        if b"\n" not in self._pending:
            return None
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _read(self, seconds: float) -> None:
        try:
            if select.select([sys.stdin], [], [], seconds)[0]:
                data = os.read(sys.stdin.fileno(), 1024)
                self._pending += data
                self.gone = self.gone or ("" if data else "the input has ended")
        except OSError as error:
            self._lost(error)

    def _write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError as error:
            self._lost(error)

    def _mode(self, attributes: list[Any]) -> None:
        try:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, attributes)
        except termios.error as error:
            self._lost(error)

    def _lost(self, error: Exception) -> None:
        """The terminal is no longer there: whatever is printed from now on goes nowhere."""
        self.gone = self.gone or f"the terminal was closed ({error})"
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.gone = _SIGNALS[signal.Signals(number)]
