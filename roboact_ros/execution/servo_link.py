"""The node's end of the servo process: starts it, talks to it, and starts it again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_to_mapping
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.channel import LONGEST, Channel, Message, chunk_to_json, plan_to_json
from roboact_ros.execution.kept_stop import KeptStop
from roboact_ros.types import ActionChunk, Motion

_REPLY_GRACE = 0.25
"""The servo process refuses what is too old itself; its answer is awaited for this much longer than that [s]."""

_HOLDING = ("stop", "pause", "resume")
"""Words that hold for every process to come."""

_BACKOFF = (0.0, 0.5, 1.0, 2.0)
_HEALTHY = 10.0
_FINISH_TIMEOUT = 4.0
_DEAD_TIMEOUT = 1.0


class ServoLink:
    """Owns the servo process of one cell.

    Args:
        cell: The cell.
        kept: Where a stop is kept that holds longer than the node lives; by default it does not.

    Attributes:
        restarts: How often the process was started again.
    """

    def __init__(self, cell: Cell, kept: KeptStop | None = None) -> None:
        self._cell, self._reply_timeout = cell_to_mapping(cell), cell.safety.command_timeout + _REPLY_GRACE
        self._kept = kept
        self._stopped, self._paused = (False, False) if kept is None else kept.read()
        self._heard = self._owed = False
        self._received: list[Message] = []
        self._next_id = self._finished = self._finished_before = 0
        self._failures = 0
        self._start_at = 0.0
        self.restarts = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._start()

    @property
    def pid(self) -> int | None:
        """Process id, None while it does not run."""
        return self._process.pid if self._process is not None else None

    @property
    def drops(self) -> int:
        """How many messages found no room on their way to the servo process that runs."""
        return self._channel.drops if self._channel is not None else 0

    def poll(self) -> list[Message]:
        """Return what the servo process has said since the last call; starts it again when it has died."""
        if self._process is None and time.monotonic() >= self._start_at:
            self._start()
        if self._owed:
            self._owed = not self._tell_what_holds()
        try:
            while self._channel is not None and (message := self._channel.receive()) is not None:
                self._received.append(message)
        except EOFError:
            self._bury()
        self._heard = self._heard or bool(self._received)
        received, self._received = self._received, []
        for message in received:
            if "finished" in message:
                # Counted on over the lives of several processes.
                self._finished = message["finished"] = message["finished"] + self._finished_before
        return received

    def alive(self, hold: str) -> None:
        """Tell the loop that the node lives, and why motions are held (empty when they are not)."""
        self._send({"do": "alive", "hold": hold})

    def joints(self, arm: str, q: Sequence[float], qd: Sequence[float], at_ns: int) -> None:
        """Tell the loop the joints [rad] and speeds [rad/s] of an arm that is not reached by the loop itself."""
        self._send({"do": "joints", "arm": arm, "q": list(q), "qd": list(qd), "at": at_ns})

    def submit(self, plan: Sequence[Motion], source: str, arm: str = "") -> Message:
        """Ask for a plan, of one ``arm`` of two, and return the answer, as :meth:`request` does."""
        return self.request("submit", plan=plan_to_json(plan), source=source, arm=arm)

    def follow(self, chunk: ActionChunk, stamp_ns: int, source: str) -> Message:
        """Ask for a chunk whose image was exposed at ``stamp_ns`` (monotonic), and return the answer."""
        return self.request("follow", chunk=chunk_to_json(chunk, stamp_ns), source=source)

    def request(self, do: str, **fields: Any) -> Message:
        """Ask for something and return the answer; its ``refused`` is empty when it was done."""
        before = self._stopped, self._paused
        self._stopped = (self._stopped or do == "stop") and do != "resume"
        self._paused = (self._paused or do == "pause") and do != "resume"
        number = self._number()
        try:
            asked = {"id": number, "do": do, "at": time.monotonic_ns(), **fields}
            sent = self._send(asked, LONGEST // 2)  # it is told back
        except MotionRefused as error:
            return {"refused": str(error)}
        if before != (self._stopped, self._paused) and self._kept is not None:
            self._kept.keep(self._stopped, self._paused)  # what was said is out before: a disk may be slow
        if not sent and do in _HOLDING:  # a process that stands still has left no room: said again as soon as there is
            self._owed = True
            return {"refused": ""}
        # A process that has not spoken yet is starting, which takes longer than anybody wants to wait.
        deadline = time.monotonic() + (self._reply_timeout if self._heard else 0.0)
        try:
            while self._channel is not None and (left := deadline - time.monotonic()) > 0.0:
                message = self._channel.receive(timeout=left)
                if message is None:
                    continue
                if message["kind"] == "reply" and message["id"] == number:
                    return message
                self._received.append(message)
        except EOFError:
            self._bury()
        # A person's stop is kept for the process to come; anything else is lost and must be said again.
        if do in _HOLDING:
            return {"refused": ""}
        why = "did not answer in time" if self._process is not None and self._heard else "is starting"
        return {"refused": f"not now: the servo process {why}; say it again"}

    def close(self) -> None:
        """Let the arm come to rest and end the process; may be called twice."""
        process, channel = self._process, self._channel
        self._process, self._channel, self._start_at = None, None, float("inf")
        if process is not None and channel is not None:
            with suppress(EOFError):  # it has ended already
                channel.send({"do": "finish"})
            _end(process, channel, _FINISH_TIMEOUT)

    def _start(self) -> None:
        channel, theirs = Channel.pair()
        with theirs:
            command = [sys.executable, "-m", "roboact_ros.execution.servo_process", str(theirs.fileno())]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            # A session of its own: Ctrl-C in the terminal is for the node, which brings the arm to rest first.
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env=environment, start_new_session=True
            )
        self._channel, self._started, self._heard, self._owed = channel, time.monotonic(), False, False
        self.restarts += 1
        self._finished_before = self._finished
        self._send({"cell": self._cell, "stopped": self._stopped, "paused": self._paused})

    def _tell_what_holds(self) -> bool:
        """Say again what a person said last of stopping, and return whether it went out."""
        words = [word for word, holds in (("stop", self._stopped), ("pause", self._paused)) if holds] or ["resume"]
        return all(self._send({"id": self._number(), "do": word, "at": time.monotonic_ns()}) for word in words)

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id

    def _send(self, message: Message, longest: int = LONGEST) -> bool:
        """Return whether it went out, or need not as the process is gone and the next one is told all that holds."""
        try:
            return self._channel is None or self._channel.send(message, longest)
        except EOFError:
            self._bury()
            return True

    def _bury(self) -> None:
        """Note the death of the process and when to start the next one."""
        process, channel = self._process, self._channel
        if process is None or channel is None:
            return
        _end(process, channel, _DEAD_TIMEOUT)
        self._process = self._channel = None
        self._failures = 0 if time.monotonic() - self._started > _HEALTHY else self._failures + 1
        self._start_at = time.monotonic() + _BACKOFF[min(self._failures, len(_BACKOFF) - 1)]
        if process.returncode < 0:
            ended = f"the servo process was ended by {signal.Signals(-process.returncode).name}"
            self._received.append({"kind": "status", "state": "disconnected", "reason": f"{ended}; starting it again"})


def _end(process: subprocess.Popen[bytes], channel: Channel, timeout: float) -> None:
    """Wait for the end of a process, in the end by force, and close the channel to it."""
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    channel.close()
