"""Demonstrations with two arms: what CLAP's readers find in them, with and without actions, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.representation import absolute, chunk_relative, state_of_arm
from roboact_ros.sim.pair_teacher import AXES, PERIOD_NS
from roboact_ros.sim.tasks.two_arms import pair_episode
from roboact_ros.types import ActionChunk
from roboact_train.clap.lerobot import CARTESIAN_ARMS, COMMAND, STATE, ClapDataset
from roboact_train.clap.ntp_data import VIEWS
from roboact_train.clap.sources import find_sources
from roboact_train.demonstrate.pair_film import PairFilm, frame_ticks
from roboact_train.demonstrate.pair_lesson import Stray, demonstrate_pair, film_of, lead_astray, pair_perturbation
from roboact_train.demonstrate.pair_source import PairRecipe, TaughtPairEpisode
from roboact_train.demonstrate.pair_write import write_pair_demonstrations
from roboact_train.pair_table import CAMERAS, PairTable, PairView

SMALL = PairView(tuple(CAMERAS), 32, 24)
HEAD = PairView(("head",), 32, 24)


def written(out: Path, recipe: PairRecipe, *episodes: tuple[str, int]) -> Path:
    made = [TaughtPairEpisode(task, seed, recipe) for task, seed in episodes]
    tallies = write_pair_demonstrations(out, made, 1, lambda line: None)
    assert all(tally.kept == tally.tried for tally in tallies.values()), tallies
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("data") / "both", PairRecipe(hertz=2.0, view=SMALL), ("lift_tray", 3))


def test_clap_reads_where_both_arms_were_and_where_they_should_be(data: Path) -> None:
    dataset = ClapDataset(data)
    assert dataset.robot.layout is ArmLayout.DUAL and set(dataset.views) == set(VIEWS)
    episode = dataset.episode(0)
    assert (episode.fps, episode.subtasks[0]) == (2.0, "lift the tray")
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        begin = np.concatenate([state_of_arm(pose, 1.0) for pose in table.tools()])
    relative = chunk_relative(episode.commands, begin)
    np.testing.assert_allclose(chunk_relative(episode.states[:1], begin)[:, [6, 13]], -1.0)
    np.testing.assert_allclose(episode.states[0][[0, 1, 2, 7, 8, 9]], begin[[0, 1, 2, 7, 8, 9]], atol=1e-4)
    # Both arms stand alike in front of their own bases, and lift the tray.
    np.testing.assert_allclose(begin[:3], begin[7:10], atol=1e-6)
    lowest, last = episode.commands[:, [2, 9]].min(axis=0), episode.commands[-1, [2, 9]]
    assert (last - lowest > 0.07).all()
    np.testing.assert_allclose(absolute(relative, begin)[:, :3], episode.commands[:, :3], atol=1e-6)
    # A command is where the arm is found at the next frame; grippers are told to close before they are closed.
    np.testing.assert_allclose(episode.commands[:-1, :3], episode.states[1:, :3], atol=1e-6)
    told, closed = (np.flatnonzero(rows[:, 6] > 0.9) for rows in (episode.commands, episode.states))
    assert set(np.unique(episode.commands[:, 6])) == {-1.0, 1.0}
    assert len(told) and (not len(closed) or told[0] < closed[0])
    for source in find_sources([data], ""):
        assert source.episode is not None and source.look is not None
        images = list(source.look.images([0, source.look.frames - 1]))
        assert images[0].shape == (24, 32, 3) and (images[0] != images[1]).any()
        assert list(source.look.images([])) == []


def test_videos_without_actions_are_told_apart_and_have_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "videos"
    words = ["lift_tray", "--episodes", "1", "--split", "unseen", "--hertz", "2", "--size", "32", "24"]
    words += ["--without-actions", "--camera", "head", "--json", "--processes", "1"]
    assert main(["demonstrate", *words, "--output", str(out)]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["tasks"]["lift_tray"]
    (source,) = find_sources([out], "")
    assert source.episode is None and source.look is not None and source.told is not None
    assert (told["kept"], told["samples"]) == (1, source.look.frames) and source.look.frames > 10
    assert source.told.subtasks[0] == "lift the tray"
    about = (out / "meta" / "info.json").read_text()
    assert "cartesian" not in about and "images_dict.head" in about and "images_dict.left" not in about


def test_equal_arguments_give_equal_files(tmp_path: Path, data: Path) -> None:
    again = written(tmp_path / "again", PairRecipe(hertz=2.0, view=SMALL), ("lift_tray", 3))
    one, other = (
        {file.relative_to(folder): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*.parquet")}
        for folder in (data, again)
    )
    assert one == other


def away(after: int, closing: float = 0.5, height: float = 0.01, near: bool = False) -> Stray:
    steps = np.zeros((4, 14))
    steps[:, [2, 9]], steps[:, [6, 13]], steps[-1, [6, 13]] = height, 0.5, closing
    return Stray(after, near, steps)


def test_a_film_begins_after_what_leads_astray() -> None:
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        lead_astray(table, away(12))
        begin = table.runner.time
        assert 1.5 < begin < 3.0 and not table.success
        film = PairFilm(table, 5.0)
        demonstrate_pair(table)
        taken = film.episode("one", actions=True)
    assert len(taken.stamps_ns) / 5.0 == pytest.approx(table.runner.time - begin, abs=0.3)
    assert set(np.diff(taken.stamps_ns)) == {200_000_000} and not taken.truncated


def test_a_film_says_of_grippers_what_the_first_step_says() -> None:
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        film = PairFilm(table, 10.0)
        steps = np.zeros((3, 14))  # close both at once
        assert not table.follow(ActionChunk(AXES, steps, PERIOD_NS, table.runner.now_ns))
        taken = film.episode("one", actions=True)
    told = taken.vectors[COMMAND].rows[:, [gripper for _, gripper in CARTESIAN_ARMS]]
    assert (told == 100.0).all()  # from the first frame on, or who learns from it waits for nothing
    assert (taken.vectors[STATE].rows[0, [gripper for _, gripper in CARTESIAN_ARMS]] < 10.0).all()


def test_a_way_astray_may_wait_until_grippers_are_about_to_close() -> None:
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        lead_astray(table, away(0, closing=0.0, height=0.002, near=True))
        assert all(gripper.holding for gripper in table.runner.situation.grippers) and not table.success
        demonstrate_pair(table)
        assert table.success


def test_what_holds_a_thing_does_not_stray() -> None:
    with PairTable(pair_episode("hand_over", "train", 3), HEAD) as table:
        lead_astray(table, away(70, height=0.0))  # the right one has lifted the rod, the left one comes
        now = table.runner.situation
        assert [gripper.holding for gripper in now.grippers] == [False, True]
        held = now.tools[1].copy()
        lead_astray(table, away(0))
        now = table.runner.situation
        assert now.grippers[1].holding and np.abs(now.tools[1] - held).max() < 0.005
        demonstrate_pair(table)
        assert table.success


def test_the_teacher_goes_on_after_something_was_refused_that_leads_astray() -> None:
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        lead_astray(table, away(0, height=0.1))
        assert table.refused == 1
        demonstrate_pair(table)
        assert table.success and table.refused == 1


def test_perturbations_go_up_and_close_grippers_at_times() -> None:
    drawn = [pair_perturbation(np.random.default_rng(seed)) for seed in range(100)]
    assert len({stray.after for stray in drawn}) > 20
    for near, least, most in ((False, 2, 20), (True, 20, 45)):
        ways = [stray.steps for stray in drawn if stray.near == near]
        assert 30 < len(ways) < 70 and all((steps[:-1, [6, 13]] == 0.5).all() for steps in ways)
        assert least < sum((steps[-1, [6, 13]] == 0.0).all() for steps in ways) < most
        assert all(steps[-1, 6] in (0.0, 0.5) for steps in ways)
        aside = np.abs([steps[:, [0, 1, 7, 8]].sum(axis=0) for steps in ways])
        assert (aside.max() < 0.012) if near else all((steps[:, [2, 9]] > 0.0).all() for steps in ways)


def test_the_teacher_opens_grippers_that_closed_in_the_air() -> None:
    with PairTable(pair_episode("lift_tray", "train", 3), HEAD) as table:
        taken = film_of(table, 5.0, "one", True, away(12, closing=0.0))
        assert table.success
    told = taken.vectors[COMMAND].rows[:, [18, 28]]
    assert taken.vectors[STATE].rows[0, 18] > 90.0  # closed, in percent
    assert (told[0] == 0.0).all() and (told[-1] == 100.0).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lift_tray", "stack"], "stack does not go together with lift_tray.*of one arm (.*push.*) or of two"),
        (["lift_tray", "--augment", "2"], "are for tasks with one arm"),
        (["lift_tray", "--arm", "ur5"], "are for tasks with one arm"),
        (["lift_tray", "--camera", "front"], 'no view "front" of two arms; valid: head, right, left'),
        (["stack", "--without-actions"], "are for tasks with two arms"),
        (["lift_tray", "--hertz", "3"], "a whole number that divides 500"),
        (["lift_tray", "--perturb", "1"], "a probability below 1"),
        (["lift_try"], "lift_tray"),
    ],
)
def test_what_is_refused(words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demonstrate", *words, "--output", str(tmp_path / "out")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_the_rate_of_frames_is_one_of_the_simulation() -> None:
    assert [frame_ticks(hertz) for hertz in (5.0, 10.0, 20.0, 25.0)] == [100, 50, 25, 20]
    for hertz in (0.0, 12.5, 30.0):
        with pytest.raises(ConfigurationError, match=f"--hertz {hertz:g}:"):
            frame_ticks(hertz)
