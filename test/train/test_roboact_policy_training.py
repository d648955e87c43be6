"""Behaviour cloning on frozen encoders: from samples to a policy that a cell loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from tiny_cloning import measured, measured_shard, request
from tiny_training import LABELS, colour_samples, recorded_losses, small_model

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.encoders.single import MeanColour, NewestFrame
from roboact_ros.policies.load import policy_from_description, roboact
from roboact_ros.policies.nets.clip import clip_with_random_weights
from roboact_ros.policies.nets.roboact_clip.checkpoint import KIND as VIDEO
from roboact_ros.policies.nets.roboact_clip.clip_features import fingerprint
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape
from roboact_ros.policies.proprioception import proprioception
from roboact_ros.policies.roboact import RoboActChunks, RoboActMotions
from roboact_ros.policies.steadied import Steadied
from roboact_ros.types import Frame, ImageArray, ToolState
from roboact_train.data.samples import DONE, DONE_ACTION, DONE_LABEL, ArmTrace
from roboact_train.data.shards import ShardWriter
from roboact_train.roboact.features import frame_features, visual_features
from roboact_train.roboact.steps import steps_of
from roboact_train.roboact.train import train
from roboact_train.training.finished import write_model

HOME = ToolState(np.eye(4), True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured_shard(tmp_path_factory.mktemp("data") / "shard-000000.tar")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return small_model(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory, clip: str) -> Path:
    """Return the folder of a RoboAct-CLIP that was never trained."""
    torch.manual_seed(0)
    model = RoboActClip(EncoderShape(24, 1, 2, 2, width=8, heads=2))
    about = {"model": clip, "checkpoint": "", "seed": 0, "fingerprint": fingerprint(clip_with_random_weights(clip))}
    shape = {"embedding": 24, "subjects": 1, "actions": 2, "objects": 2, "width": 8, "heads": 2}
    classes = {"subjects": ["robot"], "actions": ["push", "pull"], "objects": ["block", "can"]}
    folder = tmp_path_factory.mktemp("videos") / "best"
    write_model(folder, model.state_dict(), {}, {"kind": VIDEO, "encoder": shape, "clip": about, "classes": classes})
    return folder


@pytest.mark.parametrize("encoder", ["clip", "roboact_clip"])
def test_a_policy_learns_what_was_done_and_a_cell_runs_it(
    tmp_path: Path, data: Path, clip: str, videos: Path, encoder: str
) -> None:
    named = str(videos) if encoder == "roboact_clip" else encoder
    outcome = train(request(tmp_path / "run", data, clip, encoder=named), lambda line: None)
    assert outcome.progress.judged["accuracy"] > 0.6, "4 motions, each with its own colour; one is 0.25"

    description = {"kind": "roboact", "checkpoint": str(tmp_path / "run/best")}
    cell = cell_from_mapping({"name": "c", "cameras": {"front": {}}, "policy": description}, "c")
    policy = policy_from_description(cell.policy, cell)
    assert isinstance(policy, Steadied)
    policy.instruct("task 0")
    sample = measured()[0]
    decision = policy.act(Frame("front", 1, sample.image, tools=(HOME,)))
    assert decision.motion.phrase in decision.scores and len(decision.scores) == 59
    assert abs(sum(decision.scores.values()) - 1.0) < 1e-9
    right = 0
    unsteady = roboact(str(tmp_path / "run/best"), "cpu")
    assert isinstance(unsteady, RoboActMotions)
    unsteady.instruct("task 0")
    for number, sample in enumerate(measured()[:16]):
        chosen = unsteady.act(Frame("front", number, sample.image, tools=(HOME,))).motion
        right += chosen == PRIMITIVES[LABELS[number % 4]]
    assert right >= 11
    with pytest.raises(PolicyError, match="where the tool is"):
        policy.act(Frame("front", 99, sample.image))


def test_a_policy_of_chunks(tmp_path: Path, data: Path, clip: str) -> None:
    wanted = request(tmp_path / "run", data, clip, actions="chunk", chunk=4, executed=3, epochs=4)
    outcome = train(wanted, lambda line: None)
    assert outcome.progress.judged["error"] < 1.0

    policy = roboact(str(tmp_path / "run/best"), "cpu")
    assert isinstance(policy, RoboActChunks)
    policy.instruct("task 0")
    chunk = policy.act(Frame("front", 7, measured()[0].image, tools=(HOME,)))
    assert chunk.steps.shape == (3, 7) and chunk.stamp_ns == 7 and np.isfinite(chunk.steps).all()


def test_training_equals_what_the_policy_sees(data: Path) -> None:
    """The features of the training are those of a policy that is shown the same episode."""
    from roboact_ros.policies.encoders.streaming import StreamingEncoder

    class LastThree(NewestFrame):
        frames = 3

        def encode(self, window: torch.Tensor) -> torch.Tensor:
            return window.flatten(1)

    samples, encoder = measured(24), LastThree(MeanColour())
    steps = steps_of(samples, encoder.frames)
    folder = data.parent / "features"
    features = frame_features(folder, samples, encoder, "x", Accelerator(cpu=True), lambda line: None)
    seen = visual_features(features, steps.windows, encoder, torch.device("cpu"))
    stream, episode = StreamingEncoder(encoder), ""
    for place, sample in enumerate(samples):
        if sample.episode != episode:
            stream.reset()
            episode = sample.episode
        stream.push(Frame("front", place, sample.image))
        assert torch.equal(stream.encoded()[0], seen[place])


def test_the_gripper_is_what_it_was_last_told_and_the_end_is_where_the_arm_was_left() -> None:
    first, second = measured(8)[:2]
    arm = ArmTrace((0.1,) * 3 + (0.0,) * 3, (0.2,) * 3 + (0.0,) * 3, (0.0,) * 6, (0.0,) * 6)
    closing = next(motion for motion in PRIMITIVES if motion.gripper == 0.0)
    episode = [
        replace(first, arm=arm, action=closing.action, label=PRIMITIVES.index(closing), supervision=closing.phrase),
        replace(
            second,
            arm=None,
            supervision=DONE,
            label=DONE_LABEL,
            action=DONE_ACTION,
            episode=first.episode,
            instruction=first.instruction,
        ),
    ]
    steps = steps_of(episode, 1)
    assert steps.tool[:, 0].tolist() == [0.1, 0.2] and steps.tool[:, -1].tolist() == [1.0, 0.0]
    assert steps.labels.tolist() == [PRIMITIVES.index(closing), DONE_LABEL]


def test_proprioception_does_not_leap_where_the_tool_points_down() -> None:
    def down(tilt: float) -> np.ndarray:
        pose = np.diag([1.0, -1.0, -1.0, 1.0])
        turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        pose[:3, :3] = turn @ pose[:3, :3]
        return pose

    one, other = (proprioception(ToolState(down(tilt), True)) for tilt in (0.01, -0.01))
    assert one.shape == (10,) and np.abs(one - other).max() < 0.03


def test_an_interrupted_training_goes_on_with_equal_losses(tmp_path: Path, data: Path, clip: str) -> None:
    def losses(output: str, until: int = 0, resume: bool = False) -> list[float]:
        asked = replace(request(tmp_path / output, data, clip, epochs=3), resume=resume)
        return recorded_losses(lambda note: train(asked, lambda line: None, note), until)

    whole = losses("whole")
    assert losses("part", until=4) + losses("part", resume=True) == pytest.approx(whole, abs=1e-6)


def test_the_command(tmp_path: Path, data: Path, clip: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    small = ["--epochs", "1", "--batch", "16", "--device", "cpu", "--json", "--actions", "chunk", "--executed", "2"]
    assert (
        main(["train", "roboact", str(data), "--output", str(out), "--encoder", "clip", "--model", clip, *small]) == 0
    )
    assert json.loads(capsys.readouterr().out)["model"] == str(out / "best")
    policy = roboact(str(out / "best"), "cpu")
    policy.instruct("task 0")
    assert len(policy.act(Frame("front", 1, measured()[0].image, tools=(HOME,))).steps) == 2  # type: ignore[union-attr]
    assert main(["train", "roboact", str(data), "--output", str(tmp_path / "b"), "--corrections", str(data)]) != 0


def test_frames_are_encoded_once(tmp_path: Path, data: Path, clip: str) -> None:
    told: list[str] = []
    train(request(tmp_path / "a", data, clip, epochs=1), told.append)
    assert any("go through the frozen encoder once" in line for line in told)
    told.clear()
    train(request(tmp_path / "b", data, clip, epochs=1), told.append)
    assert not any("go through" in line for line in told)


def test_an_interrupted_encoding_goes_on(tmp_path: Path) -> None:
    class Counting(NewestFrame):
        seen, most = 0, 10

        def embed(self, image: ImageArray) -> torch.Tensor:
            self.seen += 1
            if self.seen > self.most:
                raise KeyboardInterrupt
            return super().embed(image)

    def features(encoder: NewestFrame) -> torch.Tensor:
        return frame_features(tmp_path, samples, encoder, "x", Accelerator(cpu=True), lambda line: None)

    samples, encoder = measured(24), Counting(MeanColour())
    with pytest.raises(KeyboardInterrupt):
        features(encoder)
    encoder.seen, encoder.most = 0, 1 + len(samples) - 9  # the first is looked at for its width
    assert torch.equal(features(encoder), torch.stack([MeanColour().frame(sample.image) for sample in samples]))


def test_what_is_refused(tmp_path: Path, data: Path, clip: str) -> None:
    with pytest.raises(PolicyError, match='no encoder "r3m": give clip, resnet50, or the folder'):
        train(request(tmp_path / "a", data, clip, encoder="r3m"), lambda line: None)
    with pytest.raises(ConfigurationError, match="a smaller --batch is needed"):
        train(request(tmp_path / "b", data, clip, batch=500), lambda line: None)
    blind = tmp_path / "blind.tar"
    with ShardWriter(blind) as shard:
        for sample in colour_samples(24):
            shard.write(sample)
    with pytest.raises(RecordingError, match="no sample has a measured pose"):
        train(request(tmp_path / "c", blind, clip), lambda line: None)
    with pytest.raises(PolicyError, match=r'needs the folder of a trained model \(checkpoint:=FOLDER\), not ""'):
        roboact("", "cpu")


def test_another_clip_than_that_of_the_training_is_refused(tmp_path: Path, data: Path) -> None:
    model = small_model(tmp_path / "clip")
    train(request(tmp_path / "run", data, model, epochs=1), lambda line: None)
    config = tmp_path / "clip" / "open_clip_config.json"
    config.write_text(config.read_text().replace('"width": 32', '"width": 64'))
    with pytest.raises(PolicyError, match="trained on another CLIP"):
        roboact(str(tmp_path / "run/best"), "cpu")
