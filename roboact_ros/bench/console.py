"""From the stop button of the web page to an arm that stands still, in a whole simulated cell and a real browser.

The button is pressed while the tool moves at full speed, camera and recorder running. The clock runs from the browser's
own time of the press to the moment at which the tool, as the controller measures it, is slower than 1 cm/s and not 1 mm
from where it comes to rest, for good. Needs Playwright and Chromium, which ``scripts/setup`` installs.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from roboact_ros.bench.report import Report, percentile
from roboact_ros.cells.background import background_cell
from roboact_ros.console.browser import running_browser
from roboact_ros.errors import RoboactError
from roboact_ros.types import FloatArray

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from roboact_ros.nodes.targets import TargetWitness

SYSTEM = "teleop_ur5"
START_SECONDS = 90.0
MOTION_SECONDS = 20.0
STILL_SPEED, STILL_DISTANCE = 0.01, 0.001
"""The arm has halted when its tool is slower [m/s] and nearer to where it comes to rest [m]."""
FAST = 0.2
"""The tool is faster when the button is pressed [m/s]; it may be 0.25 m/s fast."""
MOTIONS = ("move left 20 cm", "move right 20 cm", "move forward 20 cm", "move left 20 cm and up 15 cm")

_PRESSED_AT = """() => {
    window.pressedAt = 0;
    document.addEventListener("pointerdown", (event) => {
        window.pressedAt = performance.timeOrigin + event.timeStamp;
    }, { capture: true });
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--presses", type=int, default=30, help="how often stop is pressed (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments at which it is (default: 0)")


def run(args: argparse.Namespace) -> Report:
    """Press the button again and again."""
    moments = random.Random(args.seed)
    address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.2"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cell.log"
        overrides = [f"bags:={folder}/bags", "record:=true", f"sim.address:={address}", "console.port:=0"]
        with background_cell(SYSTEM, overrides, log):
            from roboact_ros.nodes.targets import TargetWitness

            with TargetWitness() as person, running_browser() as browser:
                person.ready(START_SECONDS)
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(_address(log))
                page.wait_for_selector("body[data-link=connected]")
                page.evaluate(_PRESSED_AT)
                with _track(address) as track:
                    pressed = [_press(page, person, track, moments) for _ in range(args.presses)]
    halted, last = [at for at, _ in pressed], [target for _, target in pressed]
    metrics = {
        "p50_ms": percentile(halted, 50),
        "p95_ms": percentile(halted, 95),
        "max_ms": max(halted),
        "last_target_p50_ms": percentile(last, 50),
        "last_target_p95_ms": percentile(last, 95),
        "presses": len(halted),
    }
    return Report("console", metrics)


def _press(page: Page, person: TargetWitness, track: list[_Seen], moments: random.Random) -> tuple[float, float]:
    """Return the time from the press to an arm that has halted, and to the last joint target that was sent [ms]."""
    person.do("home", MOTION_SECONDS)
    page.locator("#stop").hover()
    person.say(moments.choice(MOTIONS), MOTION_SECONDS)
    person.wait_until_moved(0.03, MOTION_SECONDS)
    person.wait_for(moments.uniform(0.0, 0.2))
    track.clear()
    person.targets.clear()
    page.mouse.down()
    page.mouse.up()
    person.wait(lambda: person.state == "stopped", MOTION_SECONDS, "the arm was not stopped")
    person.rest(MOTION_SECONDS)
    pressed_ns = float(page.evaluate("pressedAt")) * 1e6
    seen, targets = list(track), [at for at, _ in person.targets]
    page.locator("[data-ask=resume]").click()
    person.wait(lambda: person.state == "idle", MOTION_SECONDS, "the arm did not resume")
    rest = seen[-1].position
    moving = [
        one.at_ns
        for one in seen
        if one.speed > STILL_SPEED or float(np.linalg.norm(one.position - rest)) > STILL_DISTANCE
    ]
    if not any(one.at_ns > pressed_ns and one.speed > FAST for one in seen):
        return _press(page, person, track, moments)  # this machine was so late that the motion had ended
    return (max(moving) - pressed_ns) / 1e6, (max(targets) - pressed_ns) / 1e6


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The tool as the controller measured it: when [ns, Unix time], how fast [m/s], and where [m]."""

    at_ns: int
    speed: float
    position: FloatArray


@contextmanager
def _track(address: str) -> Iterator[list[_Seen]]:
    """Follow the tool with a client of its own."""
    from rtde_receive import RTDEReceiveInterface

    receive = RTDEReceiveInterface(address)
    track: list[_Seen] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            speed = float(np.linalg.norm(receive.getActualTCPSpeed()[:3]))
            track.append(_Seen(time.time_ns(), speed, np.array(receive.getActualTCPPose()[:3])))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield track
    finally:
        ended.set()
        thread.join()
        receive.disconnect()


def _address(log: Path) -> str:
    found = re.findall(r"http://127\.0\.0\.1:\d+/", log.read_text())
    if not found:
        raise RoboactError("the cell serves no console; is roboact_ros[console] installed?")
    return str(found[0])
