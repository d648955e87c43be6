"""CLAP-RF from data to a policy that a cell loads, with a language model that is small enough for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from tiny_ntp import tiny_base, tiny_data
from tiny_rf import FPS, arm_data, colour, tiny_speaking, tool
from tiny_training import recorded_losses

from roboact_ros.cells.arm_description import ARMS
from roboact_ros.cells.load import cell_from_mapping, load_cell
from roboact_ros.cells.policy_description import ClapDescription
from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RoboactError
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.policies.clap.rf import ClapRf
from roboact_ros.policies.clap.robots import ClapRobot
from roboact_ros.policies.clap.run_folder import read_run
from roboact_ros.policies.clap.statistics import Quantiles
from roboact_ros.policies.load import policy_from_description
from roboact_ros.types import CHUNK_AXES, ActionChunk, Frame, ToolState
from roboact_train.clap.corpus import corpus_of
from roboact_train.clap.lerobot import ClapDataset
from roboact_train.clap.ntp_base import ntp_base
from roboact_train.clap.ntp_data import codes_of, read_data
from roboact_train.clap.ntp_learner import NtpLearner
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.rf_base import rf_base, rf_head, rf_tokenizer
from roboact_train.clap.rf_batch import RfBatch, RfBatches
from roboact_train.clap.rf_learner import RfLearner
from roboact_train.clap.rf_objective import RfObjective
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.clap.rf_train import RfRequest, train
from roboact_train.clap.sources import find_sources
from roboact_train.training.order import Place
from roboact_train.training.settings import settings_from

SLOW: dict[str, Any] = {"clap": {"hertz": 1.0}}
"""So that what a policy does that has hardly learned is no jump."""
SMALL: dict[str, Any] = {
    **{"epochs": 1, "batch": 7, "warmup": 2, "learning_rate": 3e-3, "validation": 0.2, "taps": (0, 2), "dropout": 0.0},
    **{"height": 16, "width": 24, "export": "float32"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return arm_data(tmp_path_factory.mktemp("data") / "ur5e")


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    return tiny_speaking(tmp_path_factory.mktemp("ntp") / "best", data)


def request(output: Path, data: Path, model: Path | str, **given: Any) -> RfRequest:
    settings = settings_from(None, {**SMALL, "model": str(model), **given}, RfSettings)
    return RfRequest([data], output, settings, device="cpu")


def cell(checkpoint: Path, **policy: Any) -> Any:
    cameras = {name: {"kind": "simulated", "source": "front"} for name in ("front", "wrist")}
    chosen = {"kind": "clap", "checkpoint": str(checkpoint), "more_cameras": ["wrist"], "device": "cpu", **policy}
    arm = {"model": "ur5e", "robot_ip": chosen.pop("robot_ip", "sim")}
    return cell_from_mapping({"name": "lab", "arm": arm, "cameras": cameras, "policy": chosen}, "test")


def policy(checkpoint: Path, **given: Any) -> ClapRf:
    described = cell(checkpoint, **given)
    made = policy_from_description(described.policy, described)
    assert isinstance(made, ClapRf)
    made.instruct("push the block")
    return made


def frame(episode: int, felt: ToolState | None = None) -> Frame:
    return Frame("front", 7, colour(episode), beside=(Frame("wrist", 7, colour(episode)),), tools=(felt or tool(),))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: Path, speaking: Path) -> Path:
    output = tmp_path_factory.mktemp("run")
    asked = request(output / "run", data, speaking, epochs=5, batch=8, stride=2)
    losses = recorded_losses(lambda note: train(replace(asked, simulated=True), lambda line: None, note))
    assert np.mean(losses[-7:]) < 0.7 * np.mean(losses[:4]), losses
    return output / "run" / "best"


def test_a_policy_goes_where_it_was_taught(trained: Path) -> None:
    one = policy(trained, **SLOW)
    ways = {}
    for episode in (0, 1):
        chunks = [one.act(frame(episode)) for _ in range(3)]
        assert (chunks[0].axes, chunks[0].steps.shape) == (CHUNK_AXES, (32, 7))
        assert (chunks[0].stamp_ns, chunks[0].period_ns) == (7, 10**9)
        ways[episode] = np.mean([chunk.steps[:, 1].cumsum() for chunk in chunks])
        assert np.mean([chunk.steps[:, 6] for chunk in chunks]) > 0.7
    assert ways[0] < -0.02 and ways[1] > 0.02
    assert policy(trained, clap={"executed": 5, "hertz": 1.0}).act(frame(0)).steps.shape == (5, 7)


def test_the_run_is_in_the_released_layout(trained: Path, speaking: Path) -> None:
    weights = load_file(trained / "final_model" / "model.safetensors")
    names = ("qwen_vl_interface.model.lm_head.weight", "action_model.action_decoder.layer2.weight")
    assert set(names) <= weights.keys()
    run = read_run(trained)
    assert (run.config.taps, run.config.views, run.config.robot, run.config.fps) == (
        (0, 2),
        ("head", "right"),
        "ur5e",
        FPS,
    )
    assert run.base == trained / "base" and run.config.base == speaking
    (trained / "base").rename(trained / "elsewhere")  # as in a released run
    try:
        assert read_run(trained).base == speaking
    finally:
        (trained / "elsewhere").rename(trained / "base")
    assert list(json.loads((trained / "dataset_statistics.json").read_text())) == ["ur5e"]


def test_a_run_that_does_not_fit_the_cell_is_refused(trained: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"more_cameras": []}, r"trained with 2 images \(head, right\), and the policy looks through front:"),
        ({"robot_ip": "10.0.0.5"}, "learned in a simulated cell and must not drive the arm at 10"),
        ({"clap": {"robot": "ur5"}}, 'has no statistics of ur5: key "ur5"'),
        ({"clap": {"robot": "S1-stationary"}}, "has no statistics of S1-stationary"),
        ({"clap": {"actions": "steps"}}, "action should have the lists min and max"),
        ({"clap": {"base": "/nowhere"}}, "is not the folder of the language model"),
        ({"checkpoint": ""}, "needs the folder of a run"),
    ]
    for given, message in cases:
        with pytest.raises(PolicyError, match=message):
            policy(given.pop("checkpoint", trained), **given)
    one = policy(trained)
    with pytest.raises(PolicyError, match=r"state right/y = 3 is far from what ur5e is known for"):
        one.act(frame(0, tool(3.0)))
    with pytest.raises(PolicyError, match="trained with head, right; there are 1 images"):
        one.act(replace(frame(0), beside=()))


def test_columns_of_another_robot_are_refused(trained: Path, tmp_path: Path) -> None:
    wide = {name: {"q01": [-1.0] * 14, "q99": [1.0] * 14} for name in ("action", "state")}
    file = tmp_path / "statistics.json"
    file.write_text(json.dumps({"S1-stationary": wide}))
    with pytest.raises(PolicyError, match=r"actions of 7 columns; those of S1-stationary \(dual\) have 14"):
        policy(trained, clap={"robot": "S1-stationary", "statistics": str(file)})


def test_the_transformer_of_the_paper_heeds_where_the_arm_is(tmp_path: Path, data: Path, speaking: Path) -> None:
    asked = request(tmp_path / "run", data, speaking, matching="paper", self_attention=True, horizon=8)
    losses = recorded_losses(lambda note: train(asked, lambda line: None, note))
    assert np.isfinite(losses).all()
    chunks = []
    for offset in (0.0, 0.1):
        chunk = policy(tmp_path / "run/best", **SLOW).act(frame(0, tool(offset)))
        assert chunk.steps.shape == (8, 7)
        chunks.append(chunk.steps)
    assert np.abs(chunks[0] - chunks[1]).max() > 1e-6
    with pytest.raises(PolicyError, match="where the tools are is not known"):
        policy(tmp_path / "run/best").act(replace(frame(0), tools=()))


def test_a_run_of_two_arms_moves_both_or_one(tmp_path: Path) -> None:
    data, plain = tiny_data(tmp_path / "two"), tiny_base(tmp_path / "plain")
    train(request(tmp_path / "run", data, plain, matching="off", insulated=True, batch=4), lambda line: None)
    best = tmp_path / "run/best"
    system = ["policy.kind:=clap", f"checkpoint:={best}", "policy.camera:=head", "policy.device:=cpu"]
    both = load_cell("clap_dual_ur5", [*system, "policy.more_cameras:=[wrist_right]", "policy.clap.hertz:=1"])
    two = policy_from_description(both.policy, both)
    two.instruct("tidy up")
    chunk = two.act(replace(frame(0), tools=()))
    assert isinstance(chunk, ActionChunk) and chunk.axes == tuple(f"{arm}/{a}" for arm in ARMS for a in CHUNK_AXES)
    one = policy(best, clap={"arm": "left", "hertz": 1.0})
    one.instruct("tidy up")
    assert one.act(frame(0)).steps == pytest.approx(chunk.of_arm("left"))
    with pytest.raises(PolicyError, match=r"ur5e has one arm \(7 columns\) and this cell two"):
        single = replace(both.policy, clap=ClapDescription(robot="ur5e"))
        policy_from_description(single, replace(both, policy=single))


def test_the_transformer_of_the_paper_heeds_where_both_arms_are(tmp_path: Path) -> None:
    data, plain = tiny_data(tmp_path / "two"), tiny_base(tmp_path / "plain")
    given = {"matching": "off", "self_attention": True, "horizon": 8, "batch": 4}
    train(request(tmp_path / "run", data, plain, **given), lambda line: None)
    best = tmp_path / "run/best"
    system = ["policy.kind:=clap", f"checkpoint:={best}", "policy.camera:=head", "policy.device:=cpu"]
    both = load_cell("clap_dual_ur5", [*system, "policy.more_cameras:=[wrist_right]", "policy.clap.hertz:=1"])

    def chunk(*tools: ToolState) -> ActionChunk:
        made = policy_from_description(both.policy, both)  # each begins with the same noise
        made.instruct("tidy up")
        chosen = made.act(replace(frame(0), tools=tools))
        assert isinstance(chosen, ActionChunk)
        return chosen

    here, there = (ToolState(pose_from_vector(x, 0.5, 0.5, 0.0, 0.0, 0.0), True) for x in (0.5, 0.54))
    ways = [chunk(*tools).steps for tools in ((here, here), (there, here), (here, there))]
    assert min(np.abs(ways[0] - way).max() for way in ways[1:]) > 1e-9
    for tools, message in (((), "where the tools are is not known"), ((here,), "has 2 arms, and 1 were seen")):
        with pytest.raises(PolicyError, match=message):
            chunk(*tools)
    with pytest.raises(PolicyError, match="needs to know where both arms of agibot-go1 are, and this cell has one"):
        policy(best, clap={"arm": "left"})


def test_an_insulated_language_model_stays_as_it_was(
    tmp_path: Path, data: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = tiny_base(tmp_path / "plain")  # which knows no action tokens, and needs none
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump({**SMALL, "taps": [0, 2], "batch": 4, "model": str(plain)}))
    words = ["train", "clap_rf", str(data), "--output", str(tmp_path / "run"), "--device", "cpu"]
    words += ["--settings", str(tmp_path / "settings.yaml"), "--insulated"]
    assert main(words) == 2 and capsys.readouterr().err.endswith("needs no Knowledge Matching: say matching: off\n")
    assert main([*words, "--matching", "off"]) == 0
    before = load_file(plain / "model.safetensors")
    after = load_file(tmp_path / "run/best/final_model/model.safetensors")
    for name, value in before.items():
        assert torch.equal(after[f"qwen_vl_interface.model.{name}"], value)
    moved = load_file(trained / "final_model/model.safetensors")
    words = "qwen_vl_interface.model.model.language_model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(moved[words], after[words])
    # From a run another training goes on.
    further = request(tmp_path / "more", data, plain, matching="off", checkpoint=str(tmp_path / "run/best"))
    assert train(further, lambda line: None).progress.best is not None


def test_language_model_and_head_may_come_from_different_runs(
    tmp_path: Path, data: Path, speaking: Path, trained: Path
) -> None:
    """So what a policy has seen goes into the next CLAP-NTP, and what that learns from videos back into the policy."""
    first = load_file(trained / "final_model/model.safetensors")
    head = {"matching": "off", "insulated": True, "checkpoint": str(trained), "goes_on": "head"}
    train(request(tmp_path / "run", data, speaking, learning_rate=1e-12, **head), lambda line: None)
    both = load_file(tmp_path / "run/best/final_model/model.safetensors")
    plain = load_file(speaking / "model.safetensors")
    from_model = {f"qwen_vl_interface.model.{name}": value for name, value in plain.items()}
    heads = {name: value for name, value in first.items() if name.startswith("action_model.")}
    for name, value in (from_model | heads).items():
        torch.testing.assert_close(both[name], value, atol=1e-6, rtol=0.0)
    given = {"model": str(speaking), "checkpoint": str(trained)}
    base = ntp_base(
        settings_from(None, given, NtpSettings), rf_tokenizer(settings_from(None, given, RfSettings)).model.shape.codes
    )
    weights = base.weights()
    assert all(torch.equal(weights[name], first[f"qwen_vl_interface.model.{name}"]) for name in plain)
    with pytest.raises(ValueError, match="needs the run whose head it is"):
        RfSettings(goes_on="head")


def test_an_interrupted_training_goes_on_with_equal_losses(tmp_path: Path, data: Path, speaking: Path) -> None:
    def losses(output: str, until: int = 0, resume: bool = False) -> list[float]:
        asked = replace(request(tmp_path / output, data, speaking, epochs=2, dropout=0.2), resume=resume)
        return recorded_losses(lambda note: train(asked, lambda line: None, note), until)

    whole = losses("whole")
    assert losses("part", until=3) + losses("part", resume=True) == pytest.approx(whole, abs=1e-5)


def test_all_unseen_episodes_choose_the_best_model(data: Path, speaking: Path) -> None:
    """As the first of them may be of one task only; of the four here two are kept aside."""
    given: dict[str, Any] = {"model": str(speaking), "validation": 0.5, "batch": 2, "judged": 2}
    settings = settings_from(None, {**SMALL, **given}, RfSettings)
    small = {"height": 16, "width": 24, "wrists": False}
    ntp = settings_from(None, {**given, **small}, NtpSettings)
    tokenizer = rf_tokenizer(settings)
    known = read_data(find_sources([data], ""), tokenizer, ntp, lambda line: None)
    aside = set(known.corpus.episode_of[known.corpus.validation].tolist())
    assert len(aside) == 2 and len(known.corpus.validation) > 4

    class Noting(RfBatches):
        def batch(self, rows: Sequence[int]) -> RfBatch:
            judged.extend(rows)
            return super().batch(rows)

    judged: list[int] = []
    base = rf_base(settings, tokenizer.model.shape.codes, small=False)
    batches, head = Noting(known, base, settings), rf_head(settings, 64, 7)
    objective = RfObjective(base.model, head, settings, small=False)
    own, other = (
        RfLearner(known, batches, begun, objective, settings, Place())
        for begun in (base, replace(base, fingerprint=base.fingerprint + 1))
    )
    assert own.fingerprint != other.fingerprint  # another reference is another training
    own.judge(lambda tensor: tensor)
    assert len(judged) == 2 and set(known.corpus.episode_of[judged].tolist()) == aside
    learner = NtpLearner(known, ntp_base(ntp, tokenizer.model.shape.codes), tokenizer.model, ntp, Place())
    shown = np.concatenate([batch.images.numpy() for batch in learner._unseen()])
    rows = known.corpus.validation[[0, -1]].tolist()
    seen = np.stack([known.pictures[row]["head"].load() for row in rows])
    np.testing.assert_array_equal(shown, seen)


def test_codes_are_made_as_the_act_vae_learned_them_whatever_the_flow_is_normalised_with(
    data: Path, speaking: Path
) -> None:
    own = rf_tokenizer(settings_from(None, {"model": str(speaking)}, RfSettings))
    other = rf_tokenizer(settings_from(None, {"model": str(speaking), "statistics": "measured"}, RfSettings))
    assert own.learned_with is None and other.learned_with is not None
    dataset = ClapDataset(data)
    episodes = [dataset.episode(number) for number in dataset.episodes]

    def wide(robot: ClapRobot) -> Quantiles | None:
        found = own.statistics(robot)
        return found and replace(found, action=3.0 * found.action)

    plain, scaled = (corpus_of(episodes, statistics, 0.0, 0, 4) for statistics in (own.statistics, wide))
    assert np.abs(plain.actions - scaled.actions).max() > 0.1
    codes = codes_of(plain, own.model)
    assert (codes_of(scaled, own.model, other.learned_with) == codes).all()
    assert (codes_of(scaled, own.model) != codes).any()


def test_what_is_refused(tmp_path: Path, data: Path, speaking: Path) -> None:
    plain = tiny_base(tmp_path / "plain")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"model": ""}, "begins with a CLAP-NTP or another Qwen3-VL"),
        ({"model": str(plain)}, "needs the Act-VAE whose codes the language model speaks"),
        (
            {"model": str(plain), "action_vae": str(speaking / "clap.ckpt"), "statistics": "measured"},
            "no action tokens",
        ),
        ({"taps": (0, 9)}, r"has 5 blocks of width 64: taps are numbers up to 4, not \[0, 9\]"),
        ({"taps": (2, 0)}, "taps are ascending"),
        ({"insulated": True}, "frozen language model .* needs no Knowledge Matching"),
        ({"batch": 500}, "a smaller --batch is needed"),
        ({"matching": "some"}, "matching = 'some'"),
    ]
    for number, (given, message) in enumerate(cases):
        with pytest.raises(RoboactError, match=message):
            train(request(tmp_path / f"run{number}", data, **{"model": speaking, **given}), lambda line: None)
    content, strange = torch.load(speaking / "clap.ckpt", weights_only=True), tmp_path / "strange.ckpt"
    for name, weights in content["state_dict"].items():
        if name.endswith("vq_t.codebook.weight"):
            weights += 1.0
    torch.save(content, strange)
    with pytest.raises(ConfigurationError, match="is another Act-VAE than that whose codes"):
        train(request(tmp_path / "another", data, speaking, action_vae=str(strange)), lambda line: None)
    other = arm_data(tmp_path / "ur5", robot="ur5", episodes=1)
    asked = request(tmp_path / "two", data, speaking, statistics="measured")
    with pytest.raises(PolicyError, match="has no statistics of ur5"):  # of which the Act-VAE knows nothing
        train(replace(asked, sources=[data, other]), lambda line: None)
    asked = request(tmp_path / "three", data, speaking, statistics="measured", matching="off")
    with pytest.raises(ConfigurationError, match="of one robot and one rate, not of ur5, ur5e with 10 frames"):
        train(replace(asked, sources=[data, other]), lambda line: None)
