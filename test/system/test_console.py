"""A person does a whole session in a browser: task, correction, stop, resume, an episode, and its playback."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cell import MOTION_SECONDS, RunningCell, running_cell
from playwright.sync_api import Page, expect

from roboact_ros.recording.reader import Episode

sys.path.append(str(Path(__file__).parent.parent / "console"))
from pages import DEADLINE_MS, browser  # noqa: E402

TASK = "push the <b>red</b> block"


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCell]:
    folder = tmp_path_factory.mktemp("cell")
    overrides = [f"sim.address:=127.29.{os.getpid() % 250 + 1}.7", f"bags:={folder / 'bags'}", "console.port:=0"]
    with running_cell("teleop_ur5", overrides, folder) as running:
        yield running


@pytest.fixture
def page(cell: RunningCell) -> Iterator[Page]:
    def address() -> str:
        return next(iter(re.findall(r"http://127\.0\.0\.1:\d+/", cell.log.read_text())), "")

    cell.talk.wait(lambda: bool(address()), MOTION_SECONDS, "the console did not say where it is")
    with browser() as chromium:
        opened = chromium.new_page(viewport={"width": 1280, "height": 800})
        opened.set_default_timeout(DEADLINE_MS)
        opened.goto(address())
        yield opened


def say(page: Page, text: str) -> None:
    page.fill("#say", text)
    page.press("#say", "Enter")


def test_a_whole_session(cell: RunningCell, page: Page) -> None:
    state = page.locator("#arm-state")
    expect(state).to_have_text("Ready")
    expect(page.locator("#cameras .age")).to_have_text("")
    page.fill("#task", TASK)
    page.press("#task", "Enter")
    page.fill("#target", "2")
    page.press("#target", "Tab")
    expect(page.locator("#count")).to_have_attribute("max", "2")
    page.click("[data-record=start]")
    expect(page.locator("#episode-state")).to_contain_text("Recording")

    # What is understood is shown before it is said, and nothing moves.
    start = cell.talk.position
    page.fill("#say", "move left a lot")
    expect(page.locator("#meaning")).to_have_text("I will move the arm to the left by twenty centimeters.")
    assert np.abs(cell.talk.position - start).max() < 1e-4
    page.press("#say", "Enter")
    expect(state).to_have_text("Moving")
    expect(page.locator("#arm-motion")).to_have_text("move the arm to the left by twenty centimeters")
    cell.talk.wait_until_moved(0.02, MOTION_SECONDS)
    say(page, "raise the arm a bit")
    expect(page.locator("#arm-motion")).to_have_text(re.compile("up|raise"))
    cell.talk.wait(lambda: cell.talk.state == "idle", MOTION_SECONDS, "the correction was not done")
    say(page, "sing me a song")
    expect(page.locator("#log .robot.warn .text").last).to_contain_text("?")

    say(page, "move right a lot")
    cell.talk.wait_until_moved(0.02, MOTION_SECONDS)
    page.locator("#stop").dispatch_event("pointerdown")
    expect(state).to_have_text("Stopped")
    cell.talk.rest(MOTION_SECONDS)
    say(page, "move left")
    expect(page.locator("#arm-why")).to_contain_text("stopped by the person")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+R")
    expect(state).to_have_text("Ready")

    page.fill("#note", "the block <i>fell</i>")
    page.press("#note", "Enter")
    expect(page.locator("#note")).to_have_value("")
    page.click("[data-record=save]")
    expect(page.locator("#episode-state")).to_have_text("Not recording")
    expect(page.locator("#saved")).to_have_text("1")

    page.click("[data-show=episodes]")
    page.click("#bags button")
    expect(page.locator("#player-title")).to_have_text(TASK)
    expect(page.locator("#player-facts")).to_contain_text("the block <i>fell</i>")
    page.locator("#moments button", has_text="raise the arm a bit").click()
    expect(page.locator("#caption")).to_contain_text("raise the arm a bit")
    shown = int(page.locator("#screens canvas[data-index]").get_attribute("data-index") or -1)
    page.click("#play")
    page.wait_for_function(
        "(before) => document.querySelector('#screens canvas').dataset.index > before + 5", arg=shown
    )
    assert page.evaluate(
        "[...document.querySelector('#screens canvas').getContext('2d').getImageData(0, 0, 99, 99).data]"
    )

    (bag,) = (path.parent for path in Path(cell.log.parent / "bags").glob("*/metadata.yaml"))
    with Episode(bag) as episode:
        assert episode.instruction == TASK
        assert episode.notes["note"] == "the block <i>fell</i>"
        said = [message.data for _, _, message in episode.messages(["correction"])]
        assert said == ["move left a lot", "raise the arm a bit", "sing me a song", "move right a lot", "move left"]
        assert "stop" in [message.data for _, _, message in episode.messages(["teleop/motion"])]
