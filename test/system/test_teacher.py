"""The teacher talks to a whole cell, and its episode is done again in other ways: ordinary bags, ordinary samples."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.recording.reader import Episode
from roboact_ros.robots import robot_model
from roboact_ros.sim.lesson import teach
from roboact_ros.sim.runner import Runner
from roboact_ros.sim.tasks.suite import episode
from roboact_train.data.bags import AUGMENTED_FROM, DEVIATIONS, samples_from_bag
from roboact_train.data.samples import AUGMENTED, DONE, TELEOP

TASK, SEED = "point_at", 1
SECONDS = 240.0


def roboact(*words: str) -> str:
    command = [sys.executable, "-m", "roboact_ros.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def saved(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/metadata.yaml"))


@pytest.mark.timeout(600)
def test_the_networked_teacher_says_what_the_other_one_says_and_is_augmented(tmp_path: Path) -> None:
    bags, copies = tmp_path / "bags", tmp_path / "copies"
    roboact("teach", TASK, "--seed", str(SEED), "--output", str(bags), "--log", str(tmp_path / "teach.log"))
    (bag,) = saved(bags)
    chosen = episode(TASK, "train", SEED)
    cell = cell_from_mapping({"name": "runner"}, "the test")
    lesson = teach(chosen, Runner(cell, chosen.world(robot_model("ur5e"), cell.arm.home)))
    found = samples_from_bag(bag)
    assert [sample.supervision for sample in found.samples] == [*lesson.phrases, DONE]
    assert {sample.instruction for sample in found.samples} == {chosen.instruction}
    assert {sample.source for sample in found.samples} == {TELEOP}

    words = ["augment", str(bag), "--times", "1", "--output", str(copies), "--log", str(tmp_path / "log"), "--json"]
    assert json.loads(roboact(*words).splitlines()[-1]) == {"made": 1, "before": 0, "failed": 0}
    (copy,) = saved(copies)
    with Episode(copy) as recorded:
        assert recorded.notes[AUGMENTED_FROM] == bag.name
        deviations = json.loads(recorded.notes[DEVIATIONS])
        assert recorded.instruction == chosen.instruction
    augmented = samples_from_bag(copy)
    assert {sample.source for sample in augmented.samples} == {AUGMENTED}
    assert augmented.samples[-1].supervision == DONE
    assert deviations and augmented.skipped["deviation"] > 0
    assert json.loads(roboact(*words).splitlines()[-1]) == {"made": 0, "before": 1, "failed": 0}
