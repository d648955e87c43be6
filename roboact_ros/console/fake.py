"""A cell that only writes down what the page asks of it, for trying out the page alone."""

from __future__ import annotations

import io
import wave

from roboact_ros.console.board import Board, Part
from roboact_ros.console.robot import Heard, Understanding
from roboact_ros.errors import RecordingError


class FakeRobot:
    """Does nothing, at once.

    Attributes:
        asked: What it was asked, oldest first.

    Args:
        board: Shows what it does.
    """

    def __init__(self, board: Board) -> None:
        self.asked: list[tuple[str, str]] = []
        self._board = board
        self._recording = False
        self._arm("idle")
        self._recorder()

    def stop(self) -> None:
        """Be stopped."""
        self.asked.append(("stop", ""))
        self._arm("stopped", "warn")

    def ask(self, word: str) -> None:
        """Be idle again."""
        self.asked.append((word, ""))
        self._arm("idle")

    def say(self, text: str) -> None:
        """Answer."""
        self.asked.append(("say", text))
        self._board.say("person", text)
        self._board.say("robot", self.understand(text).sentence)

    def instruct(self, text: str) -> None:
        """Take a task."""
        self.asked.append(("instruct", text))
        self._board.put("instruction", text)

    def understand(self, text: str) -> Understanding:
        """Understand everything."""
        return Understanding(f"I will {text}.", False)

    def record(self, action: str) -> str:
        """Start or end an episode."""
        if (action == "start") == self._recording and action != "rerecord":
            raise RecordingError("an episode is being recorded" if self._recording else "no episode is being recorded")
        self.asked.append((action, ""))
        self._recording = action in ("start", "rerecord")
        self._recorder()
        return action

    def aim(self, target: int) -> None:
        """Take a target."""
        self.asked.append(("aim", str(target)))

    def note(self, text: str) -> None:
        """Take a note."""
        self.asked.append(("note", text))

    def hear(self, wav: bytes) -> Heard:
        """Hear how long somebody spoke."""
        with wave.open(io.BytesIO(wav)) as file:
            return Heard(f"{file.getnframes() / file.getframerate():.1f} seconds at {file.getframerate()} Hz")

    def _arm(self, state: str, level: str = "ok") -> None:
        self._board.put("arm", Part("executor", level, state, {"state": state}))

    def _recorder(self) -> None:
        state = "recording" if self._recording else "idle"
        self._board.put("recorder", Part("recorder", "ok", state, {"state": state}))
