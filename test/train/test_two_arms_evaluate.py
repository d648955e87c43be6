"""Evaluation with two arms: bounds, CLAP policies that see images only, videos that are learned from, and refusals."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from roboact_ros.cells.load import load_cell
from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError
from roboact_ros.policies.clap.ntp_folder import STATISTICS, TOKENIZER
from roboact_ros.sim.pair_teacher import AXES
from roboact_ros.sim.tasks.two_arms import pair_episode
from roboact_ros.types import ActionChunk
from roboact_train.clap.ntp_data import read_data
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.ntp_train import NtpRequest
from roboact_train.clap.ntp_train import train as train_ntp
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.clap.rf_train import RfRequest
from roboact_train.clap.rf_train import train as train_rf
from roboact_train.clap.sources import find_sources
from roboact_train.clap.trained import read_tokenizer
from roboact_train.demonstrate.pair_source import PairRecipe, TaughtPairEpisode
from roboact_train.demonstrate.pair_write import write_pair_demonstrations
from roboact_train.evaluate.pair_contender import PairContender
from roboact_train.evaluate.pair_trial import PairRules, PairTrial
from roboact_train.pair_table import CAMERAS, CELL, PairTable, PairView
from roboact_train.training.settings import settings_from

sys.path.append(str(Path(__file__).parent.parent / "policies"))
from tiny_ntp import SMALL as CODES  # noqa: E402
from tiny_rf import tiny_speaking  # noqa: E402

HEIGHT, WIDTH = 24, 32
TINY = {"height": HEIGHT, "width": WIDTH, "epochs": 1, "batch": 4, "warmup": 1, "validation": 0.0, "export": "float32"}
RULES = PairRules(view=PairView(("head",), WIDTH, HEIGHT))


def filmed(out: Path, seed: int, actions: bool = True, views: tuple[str, ...] = tuple(CAMERAS)) -> Path:
    view = PairView(views, WIDTH, HEIGHT)
    how = PairRecipe(hertz=5.0, actions=actions, view=view)
    write_pair_demonstrations(out, [TaughtPairEpisode("lift_tray", seed, how)], 1, lambda line: None)
    return out


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filmed(tmp_path_factory.mktemp("data") / "both", 3)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Videos, and labels of some of their frames."""
    folder = tmp_path_factory.mktemp("videos")
    codes = {"left": [1] * CODES.tokens, "right": [2] * CODES.tokens}
    lines = [json.dumps({"source": "seen/episode_000000", "frame": frame, **codes}) for frame in (0, 1, 2)]
    (folder / "labels.jsonl").write_text("\n".join(lines))
    return filmed(folder / "seen", 4, False, ("head",)), folder / "labels.jsonl"


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    return tiny_speaking(tmp_path_factory.mktemp("ntp") / "base", data)


@pytest.fixture(scope="module")
def ntp(tmp_path_factory: pytest.TempPathFactory, data: Path, videos: tuple[Path, Path], speaking: Path) -> Path:
    output = tmp_path_factory.mktemp("trained") / "ntp"
    told: list[str] = []
    given = {**TINY, "steps": 2, "model": str(speaking), "labels": str(videos[1])}
    settings = settings_from(None, given, NtpSettings)
    train_ntp(NtpRequest([data, videos[0]], output, settings, device="cpu"), told.append)
    assert any("3 chunks of human" in line for line in told), told
    return output / "best"


@pytest.fixture(scope="module")
def rf(tmp_path_factory: pytest.TempPathFactory, data: Path, speaking: Path) -> Path:
    output = tmp_path_factory.mktemp("trained") / "rf"
    given = {**TINY, "model": str(speaking), "matching": "off", "insulated": True, "taps": (0, 2), "stride": 8}
    train_rf(RfRequest([data], output, settings_from(None, given, RfSettings), device="cpu"), lambda line: None)
    return output / "best"


def test_the_cell_looks_in_the_order_in_which_policies_learn() -> None:
    policy = load_cell(CELL).policy
    assert (policy.camera, *policy.more_cameras) == tuple(CAMERAS.values())


def test_random_steps_do_nothing_useful_and_are_the_same_again() -> None:
    rules = PairRules(view=RULES.view, steps=40)
    first, again = (PairTrial(PairContender("random"), "lift_tray", 0, rules).run().result for _ in range(2))
    assert first == again and not first.success
    assert 0 < first.motions < 48


def test_after_a_refusal_the_next_chunk_is_followed() -> None:
    def up(metres: float) -> ActionChunk:
        steps = np.zeros((4, len(AXES)))
        steps[:, [2, 9]], steps[:, [6, 13]] = metres / 4, 0.5
        return ActionChunk(AXES, steps, 100_000_000, table.frame().stamp_ns)

    with PairTable(pair_episode("lift_tray", "train", 3), RULES.view) as table:
        assert "workspace box" in table.follow(up(-0.5))
        begin = table.tools()[:, 2, 3]
        assert table.follow(up(0.02)) == ""
        np.testing.assert_allclose(table.tools()[:, 2, 3] - begin, 0.02, atol=2e-3)


@pytest.mark.parametrize("kind", ["ntp", "rf"])
def test_a_policy_is_judged_by_images_in_closed_loop(kind: str, request: pytest.FixtureRequest) -> None:
    contender = PairContender(str(request.getfixturevalue(kind)), "cpu", executed=4)
    view = contender.view()
    assert view == PairView(tuple(CAMERAS), WIDTH, HEIGHT) and not contender.privileged
    trial = PairTrial(contender, "lift_tray", 0, PairRules(view=view, steps=8))
    first, again = trial.run(), trial.run()
    assert first.result == again.result and first.result.motions >= 8
    assert all(took > 0.0 for took in first.chunk_ms)
    with PairTable(pair_episode("lift_tray", "train", 0), view) as table:
        frame = table.frame()
        assert (frame.camera, [one.camera for one in frame.beside]) == ("head", ["wrist_right", "wrist_left"])
        np.testing.assert_array_equal([tool.pose_tool_in_base for tool in frame.tools], table.tools())
        assert [tool.opening for tool in frame.tools] == table.openings().tolist()
        assert all(tool.open for tool in frame.tools)
        chunks = [contender.at(table).act(frame) for _ in range(2)]  # as if two processes did this episode
    assert isinstance(chunks[0], ActionChunk) and isinstance(chunks[1], ActionChunk)
    assert chunks[0].steps.shape == (4, 14) and chunks[0].period_ns == 200_000_000
    np.testing.assert_array_equal(chunks[0].steps, chunks[1].steps)


def test_wrists_of_videos_are_shown_and_videos_without_labels_are_left_out(
    tmp_path: Path, data: Path, videos: tuple[Path, Path], speaking: Path
) -> None:
    shown, labels, told = filmed(tmp_path / "shown", 4, actions=False), tmp_path / "labels.jsonl", list[str]()
    labels.write_text(videos[1].read_text().replace("seen/", "shown/"))
    settings = settings_from(None, {**TINY, "model": str(speaking), "labels": str(labels)}, NtpSettings)
    tokenizer = read_tokenizer(speaking / TOKENIZER, str(speaking / STATISTICS))
    read = read_data(find_sources([data, shown, videos[0]], ""), tokenizer, settings, told.append)
    assert "1 of 2 videos have no labels and are left out" in told
    assert [set(seen) for seen in read.pictures[-3:]] == [set(CAMERAS)] * 3
    alone = read_data(find_sources([data, shown], ""), tokenizer, replace(settings, wrists=False), told.append)
    assert [set(seen) for seen in alone.pictures[-3:]] == [{"head"}] * 3


def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, data: Path, videos: tuple[Path, Path], speaking: Path
) -> None:
    line = {"source": "seen/episode_000000", "frame": 0, "left": [1] * CODES.tokens, "right": [1] * CODES.tokens}
    cases = [
        ({**line, "source": "other"}, "has no labels"),
        ({**line, "frame": 10_000}, "labels up to frame 10000"),
        ({**line, "left": [1]}, "is not what roboact tokens label writes"),
        ({**line, "left": [CODES.codes] * CODES.tokens}, "labels of another Act-VAE"),
    ]
    for content, message in cases:
        (tmp_path / "labels.jsonl").write_text(json.dumps(content))
        given = {**TINY, "steps": 1, "model": str(speaking), "labels": str(tmp_path / "labels.jsonl")}
        request = NtpRequest([data, videos[0]], tmp_path / "out", settings_from(None, given, NtpSettings), device="cpu")
        with pytest.raises(RecordingError, match=message):
            train_ntp(request, lambda line: None)
    with pytest.raises(ConfigurationError, match="are of videos, and none is among the sources"):
        train_ntp(NtpRequest([data], tmp_path / "out", request.settings, device="cpu"), lambda line: None)
    plain = settings_from(None, {**TINY, "steps": 1, "model": str(speaking)}, NtpSettings)
    with pytest.raises(ConfigurationError, match="nothing says what arms did"):
        train_ntp(NtpRequest([data, videos[0]], tmp_path / "out", plain, device="cpu"), lambda line: None)


def test_the_last_line_is_that_of_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", "two_arms", "--policy", "teacher", "--tasks", "lift_tray", "hand_over", "--episodes", "1"]
    assert main([*words, "--processes", "1", "--split", "unseen", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["mean"] == 1.0 and told["privileged"] and (told["split"], told["seed"]) == ("unseen", 100_000)
    assert told["tasks"]["lift_tray"]["episodes"] == 1 and told["chunk_ms"] > 0.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--policy", "random", "--tasks", "stack"], "stack is not a task for two arms"),
        (["--policy", "random", "--tasks", "stack", "lift_tray"], "stack does not go together with lift_tray"),
        (["--policy", "random", "--interventions", "2"], "are not for two arms"),
        (["--policy", "random", "--base", "qwen"], "--base is for LIBERO"),
        (["--policy", "nowhere"], 'no policy "nowhere"'),
        (["--policy", "random", "--motions", "0"], "--motions is 1 to"),
    ],
)
def test_what_is_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "two_arms", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_policy_of_one_arm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("kind: clip_rt\n")
    with pytest.raises(PolicyError, match="two arms are driven by clap, clap_ntp"):
        PairContender(str(tmp_path)).view()
