"""What a person can say to a running cell, from the words to the measured motion."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cell import MOTION_SECONDS, RunningCell, running_cell

from roboact_ros.errors import LanguageRefusal
from roboact_ros.nodes.operator import OperatorError
from roboact_ros.recording.reader import Episode

MILLIMETRE = 0.001


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCell]:
    folder = tmp_path_factory.mktemp("cell")
    address = f"127.21.{os.getpid() % 250 + 1}.7"
    with running_cell("teleop_ur5", [f"sim.address:={address}", f"bags:={folder / 'bags'}"], folder) as running:
        running.folder = folder
        yield running


@pytest.fixture(autouse=True)
def at_home(cell: RunningCell) -> None:
    if cell.talk.state != "idle":
        cell.talk.say("resume", MOTION_SECONDS)
        cell.talk.wait(lambda: cell.talk.state == "idle", MOTION_SECONDS, "the arm did not come to rest")
    cell.talk.do("go home", MOTION_SECONDS)


def moved_by(cell: RunningCell, text: str) -> np.ndarray:
    cell.talk.rest(MOTION_SECONDS)
    start = cell.talk.position
    cell.talk.do(text, MOTION_SECONDS)
    return cell.talk.position - start


@pytest.mark.parametrize(
    ("text", "displacement"),
    [
        ("move left a lot", (0.0, 0.2, 0.0)),
        ("go right 7 cm", (0.0, -0.07, 0.0)),
        ("forward a bit and then up a tiny bit", (0.05, 0.0, 0.01)),
        ("mvoe back 2 inches", (-0.0508, 0.0, 0.0)),
    ],
)
def test_the_tool_goes_where_the_words_say(cell: RunningCell, text: str, displacement: tuple[float, ...]) -> None:
    assert np.abs(moved_by(cell, text) - displacement).max() < MILLIMETRE


def test_undo_takes_each_motion_back(cell: RunningCell) -> None:
    start = cell.talk.position
    cell.talk.do("left 5 cm", MOTION_SECONDS)
    cell.talk.do("up a bit", MOTION_SECONDS)
    cell.talk.do("undo", MOTION_SECONDS)
    assert np.abs(cell.talk.position - start - (0, 0.05, 0)).max() < MILLIMETRE
    cell.talk.do("undo that", MOTION_SECONDS)
    assert np.abs(cell.talk.position - start).max() < MILLIMETRE


@pytest.mark.parametrize("text", ["move left and right", "pick up the red block", "move", "", "left 5 degrees"])
def test_what_is_not_understood_gets_a_question_and_the_arm_stays(cell: RunningCell, text: str) -> None:
    start = cell.talk.position
    with pytest.raises(LanguageRefusal):
        cell.talk.do(text, MOTION_SECONDS)
    assert np.abs(cell.talk.position - start).max() < 0.1 * MILLIMETRE


@pytest.mark.parametrize("text", ["left 30 cm", "move down 90 cm", "forward 99 cm"])
def test_what_leads_out_of_the_workspace_is_refused_with_numbers(cell: RunningCell, text: str) -> None:
    start = cell.talk.position
    with pytest.raises(OperatorError, match=r"refused.*\d m"):
        cell.talk.do(text, MOTION_SECONDS)
    assert np.abs(cell.talk.position - start).max() < 0.1 * MILLIMETRE


def test_a_motion_replaces_another_without_waiting_for_it(cell: RunningCell) -> None:
    cell.talk.say("move forward a lot", MOTION_SECONDS)
    cell.talk.wait_until_moved(0.03, MOTION_SECONDS)
    height = cell.talk.position[2]
    cell.talk.do("raise the arm a bit", MOTION_SECONDS)
    assert abs(cell.talk.position[2] - height - 0.05) < MILLIMETRE


def test_stop_beats_everything_until_resume(cell: RunningCell) -> None:
    cell.talk.say("move left a lot", MOTION_SECONDS)
    cell.talk.wait_until_moved(0.02, MOTION_SECONDS)
    cell.talk.say("STOP!", MOTION_SECONDS)
    cell.talk.wait(lambda: cell.talk.state == "stopped", MOTION_SECONDS, "it did not stop")
    with pytest.raises(OperatorError, match="stopped"):
        cell.talk.do("move right", MOTION_SECONDS)
    cell.talk.rest(MOTION_SECONDS)
    rest = cell.talk.position
    cell.talk.say("resume", MOTION_SECONDS)
    cell.talk.wait(lambda: cell.talk.state == "idle", MOTION_SECONDS, "it did not resume")
    assert np.abs(moved_by(cell, "right 5 cm") - (0, -0.05, 0)).max() < MILLIMETRE
    assert np.abs(cell.talk.position - rest - (0, -0.05, 0)).max() < MILLIMETRE


def test_the_episode_holds_what_was_said_and_done(cell: RunningCell) -> None:
    def record(action: str) -> str:
        command = [sys.executable, "-m", "roboact_ros.cli", "record", action]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    record("start")
    said = subprocess.run(
        [sys.executable, "-m", "roboact_ros.cli", "say", "move left a bit"], capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 0, said.stderr
    record("save")
    (bag,) = (path.parent for path in Path(cell.folder / "bags").glob("*/metadata.yaml"))
    with Episode(bag) as episode:
        spoken = [message.data for _, _, message in episode.messages(["correction"])]
        plans = [message.data for _, _, message in episode.messages(["teleop/motion"])]
        assert spoken == ["move left a bit"]
        assert plans == ["move the arm to the left by five centimeters"]
        assert episode.cell["arm"]["model"] == "ur5e"
        assert sum(1 for _ in episode.images("front")) > 0
        assert {"/joint_states", "/executor/action", "/executor/status"} <= set(episode.topics)
    listed = subprocess.run(
        [sys.executable, "-m", "roboact_ros.cli", "bags", "show", str(bag), "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(listed.stdout.splitlines()[-1])
