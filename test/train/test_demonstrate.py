"""Demonstrations by the teacher: what is recorded, what is not, and that it can be made again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from roboact_ros.cli import main
from roboact_ros.errors import RecordingError, SimulationError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.sim.tasks.suite import episode
from roboact_ros.sim.teacher import Teacher
from roboact_train.augment.carry_out import Failed
from roboact_train.data.samples import AUGMENTED, DONE_LABEL, TELEOP, Sample
from roboact_train.data.shards import read_shard, shard_files
from roboact_train.data.trajectory import Part, augmented
from roboact_train.demonstrate.lesson import demonstrate, perturbation
from roboact_train.demonstrate.replay import replay
from roboact_train.demonstrate.source import Recipe, TaughtEpisode
from roboact_train.demonstrate.write import write_demonstrations
from roboact_train.table import Table, View

SMALL = View("front", 64, 48)


def bytes_of(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shard_files(folder)}


def by_episode(samples: list[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.episode, []).append(sample)
    return found


def test_a_demonstration_is_what_the_teacher_says_with_what_was_seen_before() -> None:
    chosen = episode("point_at", "train", 1)
    with Table(chosen, SMALL) as table:
        first = table.frame().image
        made = demonstrate(table, "one")
        last = table.frame().image
    *steps, done = made.samples
    assert [sample.label for sample in steps] == [PRIMITIVES.index(motion) for motion in made.motions]
    assert done.label == DONE_LABEL
    assert {sample.instruction for sample in made.samples} == {chosen.instruction}
    # JPEG is not exact, and blurs the colours of small pictures.
    assert np.abs(steps[0].image.astype(float) - first).mean() < 4.0
    assert np.abs(done.image.astype(float) - last).mean() < 4.0
    assert np.abs(first.astype(float) - last).mean() > 2.0
    for sample, motion in zip(steps, made.motions, strict=True):
        assert sample.arm is not None
        moved = np.subtract(sample.arm.eef_pose[:3], sample.arm.prev_eef_pose[:3])
        np.testing.assert_allclose(moved, motion.action[:3] if motion.moves_tool else 0.0, atol=2e-3)


def test_what_leads_astray_is_not_recorded_but_the_way_back_is() -> None:
    astray = iter([None, PRIMITIVES[15], None, None, PRIMITIVES[20]])  # 20 cm to the left, 1 cm up
    with Table(episode("point_at", "train", 1), SMALL) as table:
        made = demonstrate(table, "one", lambda: next(astray, None))
        assert table.success
        assert table.motions == len(made.motions) + 2
    assert PRIMITIVES[15] not in made.motions
    right = sum(motion.action[1] for motion in made.motions)
    with Table(episode("point_at", "train", 1), SMALL) as table:
        straight = sum(motion.action[1] for motion in demonstrate(table, "one").motions)
    assert right - straight == pytest.approx(-0.2, abs=0.015)


@pytest.mark.parametrize("seed", range(3))
def test_perturbations_are_drawn_with_their_probability_and_never_turn_the_tool(seed: int) -> None:
    stray = perturbation(0.3, np.random.default_rng(seed))
    drawn = [stray() for _ in range(500)]
    motions = [motion for motion in drawn if motion is not None]
    assert 0.2 < len(motions) / len(drawn) < 0.4
    assert not any(any(motion.action[3:7]) for motion in motions)


def test_a_copy_ends_where_the_demonstration_does_and_hides_its_deviations() -> None:
    chosen = episode("point_at", "train", 2)
    with Table(chosen, SMALL) as table:
        motions = demonstrate(table, "one").motions
    with Table(chosen, SMALL) as table:
        samples = replay(table, motions, np.random.default_rng(5), "one-1")
    plan = augmented(motions, np.random.default_rng(5))
    recorded = [step.motion.primitive for step in plan if step.record]
    assert [sample.supervision for sample in samples] == [*recorded, "done"]
    assert len(plan) > len(recorded), "no deviation was drawn"
    assert {sample.source for sample in samples} == {AUGMENTED}
    # Before a recovery, the arm is where the deviation led: the last sample's end plus the deviation.
    kept = iter(samples)
    tool: np.ndarray | None = None
    for step in plan:
        if step.part is Part.DEVIATION and tool is not None:
            tool = tool + step.motion.action[:3]
        if step.record:
            sample = next(kept)
            assert sample.arm is not None
            if tool is not None:
                np.testing.assert_allclose(sample.arm.prev_eef_pose[:3], tool, atol=3e-3)
            tool = np.array(sample.arm.eef_pose[:3])


def test_a_copy_of_a_refused_motion_or_an_undone_task_fails() -> None:
    far = next(motion for motion in PRIMITIVES if motion.phrase == "raise the arm up by twenty centimeters")
    for motions, reason in (([far, far, far, far], "refused"), ([PRIMITIVES[20]], "did not do the task")):
        with Table(episode("point_at", "train", 2), SMALL) as table, pytest.raises(Failed, match=reason):
            replay(table, motions, np.random.default_rng(0), "bad")


def test_an_impossible_task_is_a_counted_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Teacher, "next_motion", lambda self, now: None)
    found = TaughtEpisode("stack", 0, Recipe(view=SMALL)).read()
    assert found.samples == [] and sum(found.skipped.values()) == 1
    with pytest.raises(RecordingError, match="none of 1 episodes succeeded"):
        write_demonstrations(tmp_path / "out", [TaughtEpisode("stack", 0, Recipe(view=SMALL))], 1, lambda line: None)
    assert not (tmp_path / "out").exists()


def test_equal_arguments_give_equal_bytes_however_many_processes(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["demonstrate", "point_at", "push", "--episodes", "2", "--seed", "3", "--augment", "1", "--perturb", "0.1"]
    words += ["--size", "64", "48", "--episodes-per-shard", "2", "--json"]
    for processes in ("1", "2"):
        assert main([*words, "--processes", processes, "--output", str(tmp_path / processes)]) == 0
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2") != {}
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    samples = [sample for path in shard_files(tmp_path / "1") for sample in read_shard(path)]
    episodes = by_episode(samples)
    assert sum(task["samples"] for task in report["tasks"].values()) == len(samples)
    assert sum(task["kept"] + task["copies"] for task in report["tasks"].values()) == len(episodes)
    for name, found in episodes.items():
        assert found[-1].label == DONE_LABEL
        assert all(sample.label != DONE_LABEL for sample in found[:-1])
        assert {sample.source for sample in found} == {AUGMENTED if name.endswith(("-1", "-2")) else TELEOP}


def test_an_interrupted_run_goes_on_behind_its_last_whole_shard(tmp_path: Path) -> None:
    episodes = [TaughtEpisode("point_at", seed, Recipe(view=SMALL)) for seed in (3, 4, 5)]
    whole = write_demonstrations(tmp_path / "whole", episodes, 1, lambda line: None, 1)
    out = tmp_path / "out"

    def interrupt(line: str) -> None:
        if line.startswith("[3/3]"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demonstrations(out, episodes, 1, interrupt, 1)
    assert not out.exists()
    with pytest.raises(RecordingError, match="other arguments"):
        write_demonstrations(out, episodes[:2], 1, lambda line: None, 1)
    lines: list[str] = []
    assert write_demonstrations(out, episodes, 1, lines.append, 1) == whole
    assert lines[0] == "goes on after 2 of 3 episodes" and len(lines) == 2
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "whole"]


def test_bad_arguments_are_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for words, told in (
        (["stak"], 'no task "stak": did you mean "stack"'),
        (["stack", "--perturb", "1.5"], "1.5"),
        (["stack", "--episodes", "0"], "at least 1"),
        (["stack", "--split", "seen"], 'no split "seen"'),
        (["stack", "--camera", "back", "--processes", "1"], 'no camera "back"'),
    ):
        assert main(["demonstrate", *words, "--output", str(tmp_path / "out")]) == 2
        assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_worker_names_what_is_wrong(tmp_path: Path) -> None:
    recipe = Recipe(view=SMALL)
    bad = [TaughtEpisode("stack", -1, recipe), TaughtEpisode("stack", 0, recipe)]
    with pytest.raises(SimulationError, match="-1"):
        write_demonstrations(tmp_path / "out", bad, 2, lambda line: None)
    assert not (tmp_path / "out").exists()
