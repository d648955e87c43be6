"""What must hold after anything has failed: nobody sees the arm leap, and it goes on from where it was held."""

import threading
import time

import numpy as np
from cell import MOTION_SECONDS, RunningCell
from rtde_receive import RTDEReceiveInterface

from roboact_ros.nodes.operator import OperatorError

MILLIMETRE = 0.001
LEAP = 0.02
"""No joint target may be farther than this from the one a control period before [rad]; 2 rad/s would be 0.004."""
RECOVERY_SECONDS = 40.0


class Observer:
    """Watches the commanded joints at the controller itself, with a client of its own, for a leap."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._running = True
        self._ended = threading.Event()
        self._largest = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._running:
            try:
                receive = RTDEReceiveInterface(self._address)
            except RuntimeError:
                self._ended.wait(0.2)  # the controller is down: that is what some of these tests are about
                continue
            last, at = None, 0.0
            while self._running and receive.isConnected():
                q, now = np.array(receive.getActualQ()), receive.getTimestamp()
                if last is not None and 0.0 < now - at < 0.1:
                    self._largest = max(self._largest, float(np.abs(q - last).max()) / max(1.0, (now - at) / 0.002))
                last, at = q, now
                time.sleep(0.001)
            receive.disconnect()

    def __enter__(self) -> "Observer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End watching; what was seen is judged when nothing else went wrong."""
        self._running = False
        self._ended.set()
        self._thread.join(10.0)
        assert kind is not None or self._largest < LEAP


def recover(cell: RunningCell) -> None:
    """Wait until the arm takes motions again, asking it to resume where a person would."""

    def idle() -> bool:
        if cell.talk.state in ("stopped", "holding"):
            cell.talk.send("resume")
        return cell.talk.state == "idle"

    cell.talk.wait(idle, RECOVERY_SECONDS, "the cell did not recover")


def start_moving(cell: RunningCell) -> None:
    start = cell.talk.position  # before it is said: on a busy machine the answer may come after the motion
    cell.talk.say("move left a lot", MOTION_SECONDS)
    cell.talk.wait(
        lambda: float(np.linalg.norm(cell.talk.position - start)) > 0.02, MOTION_SECONDS, "the arm does not move"
    )


def goes_on(cell: RunningCell) -> None:
    """After recovery the arm rests where it was held, and does the next thing it is told exactly.

    A link may break once more while it comes back; the arm is then held again, and the person repeats herself.
    """
    until = time.monotonic() + 3 * RECOVERY_SECONDS
    while True:
        try:
            recover(cell)
            cell.talk.rest(RECOVERY_SECONDS)
            start = cell.talk.position
            cell.talk.do("move right by 3 cm", MOTION_SECONDS)
            break
        except OperatorError:
            if time.monotonic() > until:
                raise
    assert np.abs(cell.talk.position - start - (0, -0.03, 0)).max() < MILLIMETRE
