"""Training of Act-VAE: its loss by hand, dead codes, resumption, names of tensors, the sweep, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from clap_released import statistics_file
from synthetic_motions import synthetic_episode
from tiny_training import recorded_losses

from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.clap.robots import ROBOTS
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer
from roboact_train.clap.act_judge import reconstruction
from roboact_train.clap.act_learner import ActLearner
from roboact_train.clap.act_objective import ActObjective, new_act_vae
from roboact_train.clap.code_usage import CodeUsage, perplexity
from roboact_train.clap.corpus import Corpus, corpus_of, measured, statistics_in
from roboact_train.clap.optimiser import tokenizer_adamw
from roboact_train.clap.rate_plot import PAPER
from roboact_train.clap.retrieval import distances, items_of, queries_of
from roboact_train.clap.retrieval_picture import Cell, draw
from roboact_train.clap.steps import FPS, episodes_of_shard
from roboact_train.clap.stream import weights_of
from roboact_train.clap.sweep import Point, elbow, table
from roboact_train.clap.sweep_folder import JSON, PLOT, TEXT, grid_of, sweep_into
from roboact_train.clap.tokenizer_settings import ActVaeSettings
from roboact_train.clap.train import TokenizerRequest, run, session_of, train
from roboact_train.clap.trained import read_tokenizer
from roboact_train.clap.vq_losses import psnr, quantisation_loss
from roboact_train.data.pictures import Pixels
from roboact_train.data.samples import ArmTrace, Sample
from roboact_train.data.shards import ShardWriter
from roboact_train.training.optimiser import learning_rate
from roboact_train.training.order import Place
from roboact_train.training.settings import settings_from

TINY: dict[str, Any] = {
    "width": 32,
    "feedforward": 32,
    "layers": 3,
    "code_width": 8,
    "tokens": 4,
    "codes": 16,
    "batch": 8,
    "epochs": 2,
    "steps": 10,
    "warmup": 3,
    "learning_rate": 3e-3,
    "codebook_rate": 2.0,
    "restart": "encodings",
    "restart_every": 4,
    "validation": 0.3,
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def corpus(stride: int = 8, robots: tuple[str, ...] = ("S1-stationary", "ur5e"), each: int = 3) -> Corpus:
    episodes = [synthetic_episode(robot, seed=seed) for robot in robots for seed in range(each)]
    return corpus_of(episodes, measured, 0.3, 0, stride)


def trained(data: Corpus, output: Path, resume: bool = False, until: int = 0, **changes: Any) -> list[float]:
    """Train and return the loss of every batch; ``until`` interrupts after that batch."""
    settings = ActVaeSettings(**{**TINY, **changes})
    request = TokenizerRequest([], output, settings, resume, "cpu")

    def go(note: Callable[[int, float], None]) -> object:
        learner = ActLearner(data, new_act_vae(settings), settings, Place())
        return run(request, session_of(request, print), learner, data.counts, note)

    return recorded_losses(go, until)


def test_codes_and_vectors_are_pulled_each_by_its_own_term() -> None:
    vectors = torch.tensor([[1.0, 2.0]], requires_grad=True)
    codes = torch.tensor([[0.0, 0.0]], requires_grad=True)
    loss = quantisation_loss(vectors, codes, 0.25)
    assert loss.item() == pytest.approx(2.5 + 0.25 * 2.5)  # mean of 1 and 4, twice
    loss.backward()  # type: ignore[no-untyped-call]
    assert codes.grad is not None and vectors.grad is not None
    assert codes.grad.tolist() == [[-1.0, -2.0]] and vectors.grad.tolist() == [[0.25, 0.5]]


def test_signal_to_noise_is_that_of_table_v() -> None:
    for mean_square, decibels in ((0.0010, 36.02), (0.0002, 43.01), (0.0004, 40.00), (0.1022, 15.93)):
        assert psnr(mean_square) == pytest.approx(decibels, abs=0.1)
    assert psnr(0.0) == math.inf


def test_the_loss_is_reconstruction_and_quantisation_of_the_arms_that_exist() -> None:
    settings = ActVaeSettings(**{**TINY, "reconstruction": 2.0, "commitment": 0.5})
    objective = ActObjective(new_act_vae(settings), settings).eval()
    model = objective.model
    actions, arms = torch.randn(2, 32, 14), torch.tensor([[True, True], [False, True]])
    rows = torch.stack((actions[0, :, :7], actions[0, :, 7:], actions[1, :, 7:]))
    vectors = model.action_vae.encode(rows)
    table = model.vq_t.codebook.weight
    indices = torch.cdist(vectors.reshape(-1, 8), table).argmin(dim=1)
    codes = table[indices].reshape(3, 4, 8)
    wanted = 2.0 * ((model.action_vae.decode(codes) - rows) ** 2).mean() + 1.5 * ((codes - vectors) ** 2).mean()
    loss = objective(actions, arms)
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    # Only rows that were chosen move; the encoder is moved through the codes as if they were its vectors.
    moved = torch.nonzero(table.grad.abs().sum(dim=1))[:, 0]  # type: ignore[union-attr]
    assert set(moved.tolist()) == set(indices.tolist())
    assert model.action_vae.skel_embedding.weight.grad.abs().sum() > 0  # type: ignore[union-attr]


def test_dead_codes_get_new_places_at_their_time_only() -> None:
    table, vectors = torch.arange(12.0).reshape(6, 2), 100.0 + torch.arange(8.0).reshape(4, 2)
    for by, source in (("codes", table.clone()), ("encodings", vectors)):
        usage, rows = CodeUsage(6, 2, by), table.clone()  # type: ignore[arg-type]
        assert usage.restart(rows, vectors) == 0  # nothing was counted yet
        usage.count(torch.tensor([[0, 3]]))
        assert usage.restart(rows, vectors) == 0 and torch.equal(rows, table)
        usage.count(torch.tensor([[3, 5]]))
        torch.manual_seed(1)
        assert usage.counts.tolist() == [1, 0, 0, 2, 0, 1] and usage.restart(rows, vectors) == 3
        assert torch.equal(rows[[0, 3, 5]], table[[0, 3, 5]])
        new = rows[[1, 2, 4]].tolist()
        assert all(row in source.tolist() for row in new) and len({tuple(row) for row in new}) == 3
        assert usage.counts.sum() == 0
    few = CodeUsage(6, 1, "encodings")
    few.count(torch.tensor([0]))
    assert few.restart(table.clone(), vectors[:1]) == 5  # more dead codes than vectors
    assert perplexity(torch.tensor([3, 3, 0, 0])) == pytest.approx(2.0)
    assert perplexity(torch.tensor([5, 0, 0])) == pytest.approx(1.0)


def test_the_table_and_its_layers_learn_at_a_rate_of_their_own() -> None:
    settings = ActVaeSettings(**TINY)
    objective = ActObjective(new_act_vae(settings), settings)
    own, rest = tokenizer_adamw(objective, settings).param_groups
    names = {id(weight): name for name, weight in objective.named_parameters()}
    assert (own["scale"], own["weight_decay"], rest["weight_decay"]) == (2.0, 0.0, 1e-2)
    found = {names[id(weight)].removeprefix("model.").rpartition(".")[0] for weight in own["params"]}
    layers = {f"action_vae.{side}_codebook.{n}" for side in ("to", "from") for n in (0, 2)}
    assert found == {"vq_t.codebook", *layers}
    assert learning_rate(10**6, 10**6, ActVaeSettings()) == pytest.approx(2e-6)
    default = ActVaeSettings()
    assert default.shape == ActVaeShape() and default.epochs * default.steps == 50_000


def test_learns_and_is_exported_with_the_released_names(tmp_path: Path) -> None:
    data = corpus()
    losses = trained(data, tmp_path / "run", epochs=1, steps=60)
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    found = read_tokenizer(tmp_path / "run" / "best")
    with torch.device("meta"):
        names = set(ActionTokenizer(found.model.shape).state_dict())
    assert set(found.model.state_dict()) == names
    assert {"action_vae.global_motion_token", "vq_t.codebook.weight"} <= names
    assert found.model.shape == ActVaeSettings(**TINY).shape
    metrics = reconstruction(found.model, data, data.validation)
    assert {"PSNR", "S1-stationary PSNR", "ur5e PSNR", "perplexity", "codes used"} <= set(metrics)
    assert metrics["PSNR"] == pytest.approx(psnr(metrics["MSE"])) and 0.0 < metrics["position error mm"] < 500.0
    # The authors' prefix is read, too, and training may begin with such a file.
    released = {f"clap.{name}": value for name, value in found.model.state_dict().items()}
    torch.save({"state_dict": released}, tmp_path / "clap.ckpt")
    again = read_action_tokenizer(tmp_path / "clap.ckpt")
    actions = torch.from_numpy(data.actions[:2, :, 7:])
    torch.testing.assert_close(again.actions(again.indices(actions)), found.model.actions(found.model.indices(actions)))
    robot = ROBOTS["S1-stationary"]
    quantiles = found.statistics(robot)
    assert quantiles is not None
    np.testing.assert_allclose(quantiles.action, data.statistics[robot.name].action)
    with pytest.raises(PolicyError, match="no statistics of droid"):
        found.statistics(ROBOTS["droid"])
    with pytest.raises(ConfigurationError, match="does not say what its actions are normalised with"):
        read_tokenizer(tmp_path / "clap.ckpt")


def test_an_interrupted_training_goes_on_exactly(tmp_path: Path) -> None:
    data = corpus()
    for restart in ("codes", "encodings"):
        folder = tmp_path / restart
        whole = trained(data, folder / "whole", restart=restart)
        before = trained(data, folder / "parts", until=7, restart=restart)
        after = trained(data, folder / "parts", resume=True, restart=restart)
        assert before + after == whole and len(whole) == 20
    with pytest.raises(ConfigurationError, match="other data"):
        trained(corpus(stride=4), tmp_path / "codes" / "parts", resume=True, restart="codes")
    with pytest.raises(ConfigurationError, match="codes 16 instead of 32"):
        trained(data, tmp_path / "codes" / "parts", resume=True, restart="codes", codes=32)


def test_some_episodes_of_each_robot_are_kept_aside() -> None:
    data = corpus()
    kept, learned = (set(data.episode_of[part].tolist()) for part in (data.validation, data.train))
    assert not kept & learned and len(kept) == 2 and kept | learned == set(range(6))
    assert {data.episodes[place].robot.name for place in kept} == {"S1-stationary", "ur5e"}
    assert (data.actions[~np.repeat(data.arms, 7, axis=1)[:, None].repeat(32, axis=1)] == 0.0).all()
    assert np.abs(data.actions).mean() < 1.0 and data.actions.shape[1:] == (32, 14)
    odds = weights_of(data.robots, {"ur5e": 3.0})
    assert odds.sum() == pytest.approx(1.0)
    assert odds[data.robots == "ur5e"][0] == pytest.approx(3.0 * odds[data.robots != "ur5e"][0])


def test_data_that_cannot_be_learned_from_are_refused_by_name(tmp_path: Path) -> None:
    broken = synthetic_episode()
    broken.commands[60, 2] = np.nan
    data = corpus_of([broken], measured, 0.3, 0, 8)
    assert data.left_out and sum(data.left_out.values()) == 4 and "left/z is nan" in " ".join(data.left_out)
    assert np.isfinite(data.actions).all() and len(data.validation) == 0
    broken.commands[:, 2] = np.nan
    with pytest.raises(ConfigurationError, match=r"1 episodes have no chunk .*left/z is nan"):
        corpus_of([broken], measured, 0.3, 0, 8)
    with pytest.raises(ConfigurationError, match="0 episodes have no chunk to learn from"):
        corpus_of([], measured, 0.3, 0, 8)
    known = statistics_in(statistics_file(tmp_path))
    with pytest.raises(PolicyError, match="no statistics of ur5e"):
        corpus_of([synthetic_episode("ur5e")], known, 0.3, 0, 8)
    far = synthetic_episode("droid")
    far.states[:, 7] += 9.0
    far.commands[:, 7] += 9.0
    with pytest.raises(RecordingError, match=r"right/x = 9\.\d* is far .*another robot"):
        corpus_of([far], known, 0.3, 0, 8)
    with pytest.raises(ConfigurationError, match='no chunk of "ur5": did you mean'):
        trained(corpus(), tmp_path / "w", weights={"ur5": 1.0})
    with pytest.raises(RecordingError, match="holds nothing that can be read; readable: LeRobot"):
        (tmp_path / "empty").mkdir()
        train(TokenizerRequest([tmp_path / "empty"], tmp_path / "x", ActVaeSettings(**TINY)), print)
    for wrong, message in (
        ({"layers": 4}, "layers is odd"),
        ({"tokens": 600}, "tokens is at most 468"),
        ({"width": 200}, "multiple"),
        ({"model": "a"}, "no model"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            settings_from(None, wrong, ActVaeSettings)


def test_a_sweep_goes_on_where_it_was_and_has_the_elbow_of_the_paper(tmp_path: Path) -> None:
    paper = [
        Point(tokens, codes, 4.0 / 10 ** (decibels / 10), decibels, decibels, {}) for tokens, codes, decibels in PAPER
    ]
    chosen = elbow(paper)
    assert chosen is not None and (chosen.tokens, chosen.codes) == (16, 256)
    assert "\n 16   256  0.0004      40.00     0.086   128         40.00 *" in table(paper)
    for point, rate in zip(paper, (0.070, 0.072, 0.077, 0.175, 0.104, 0.086, 0.058, 0.054), strict=True):
        assert point.rate == pytest.approx(rate, rel=0.03)
    assert elbow(paper[:1]) is None
    learned = {"train PSNR": 30.0, "train ur5e PSNR": 31.5, "train S1-stationary PSNR": 12.25}
    of_two = table([dataclasses.replace(paper[0], metrics=learned)]).splitlines()
    assert of_two[0].endswith("learned (dB)   ur5e  S1-stationary")
    assert of_two[1].endswith("       32.40  31.50          12.25")
    shard = shard_of_steps(tmp_path / "steps.tar")
    settings = ActVaeSettings(**{**TINY, "epochs": 1, "steps": 3})
    request = TokenizerRequest([shard], tmp_path / "out", settings, device="cpu")
    first = json.loads(sweep_into(request, "2:8,4:8", True, print))
    assert [point["tokens"] for point in first["points"]] == [2, 4] and first["elbow"] is None
    states = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/last.pt")}
    assert sweep_into(request, "2:8,4:8,4:16", False, print).count("\n") == 3
    assert {path: path.stat().st_mtime_ns for path in states} == states and len(states) == 2
    picture = cv2.imread(str(tmp_path / "out" / PLOT))
    assert picture is not None and len({tuple(colour) for colour in picture.reshape(-1, 3)[::7].tolist()}) > 10
    assert (tmp_path / "out" / TEXT).read_text().count("\n") == 4 and (tmp_path / "out" / JSON).is_file()
    other = dataclasses.replace(request, settings=dataclasses.replace(settings, batch=4))
    with pytest.raises(ConfigurationError, match="of other data or settings"):
        sweep_into(other, "2:8", True, print)
    # Another sweep goes on from its models.
    still = dataclasses.replace(settings, checkpoint=str(tmp_path / "out"), learning_rate=1e-9, codebook_rate=1e-9)
    further = dataclasses.replace(request, output=tmp_path / "further", settings=still)
    for before, after in zip(
        first["points"], json.loads(sweep_into(further, "2:8,4:8", True, print))["points"], strict=True
    ):
        assert after["metrics"]["train PSNR"] == pytest.approx(before["metrics"]["train PSNR"], abs=1e-3)
    with pytest.raises(PolicyError, match="n8_k8"):
        sweep_into(further, "8:8", True, print)
    for wrong in ("4", "4:x", "0:8", "4:1"):
        with pytest.raises(ConfigurationError, match="--grid"):
            grid_of(wrong)


def test_chunks_with_the_same_motion_are_found_across_arms() -> None:
    one = synthetic_episode("ur5e", count=120)
    both = synthetic_episode("S1-stationary", count=120, seed=3)
    for rows, other in ((both.states, one.states), (both.commands, one.commands)):
        rows[:, :7] = other[:, 7:]  # the left arm of the one does what the arm of the other does
    settings = ActVaeSettings(**TINY)
    model = new_act_vae(settings).eval()
    found = items_of(corpus_of([one, both], measured, 0.0, 0, 8), model)
    assert found.groups == ("S1-stationary left", "S1-stationary right", "ur5e")
    for item in np.flatnonzero(found.group_of == 2):
        near = found.nearest(int(item), 0)
        assert found.vectors[near] @ found.vectors[item] > 1.0 - 1e-5
    with pytest.raises(ConfigurationError, match="S1-stationary left, S1-stationary right are of the same moment"):
        distances(items_of(corpus_of([synthetic_episode("S1-stationary", count=33)], measured, 0.0, 0, 32), model))
    far = distances(found)
    assert far["best"] <= far["retrieved"] and far["best"] < far["random"]
    asked = queries_of(found, 5)
    assert found.group_of[asked].tolist() == [0, 1, 2, 0, 1]
    cells = [Cell("a", "b", found.actions[item], found.again[item]) for item in asked]
    assert draw([[*cells[:2], None]], ["looked for", "left", "right"]).shape == (218, 730, 3)


def shard_of_steps(path: Path) -> Path:
    """Write the steps of two episodes: along x, then closing the gripper, then along y."""
    down, up = PRIMITIVES[4], PRIMITIVES[8]
    close = next(motion for motion in PRIMITIVES if motion.phrase == "close the gripper")
    poses = [(0.4, 0.0, 0.3), (0.6, 0.0, 0.3), (0.6, 0.0, 0.3), (0.6, 0.3, 0.3)]
    image = Pixels(np.zeros((8, 8, 3), np.uint8))
    with ShardWriter(path) as shard:
        for episode in ("one", "two"):
            for number, motion in enumerate((down, close, up)):
                before, after = ((*pose, 3.14, 0.0, 0.0) for pose in poses[number : number + 2])
                trace = ArmTrace(before, after, (0.0,) * 6, (0.0,) * 6)
                label = PRIMITIVES.index(motion)
                parts = (image, "go", motion.phrase, motion.action, label, "teleop", 0, episode, trace)
                shard.write(Sample(*parts))
            if episode == "two":  # from somewhere else: steps in between are missing
                trace = ArmTrace(
                    (0.1, 0.1, 0.1, 3.14, 0.0, 0.0), (0.3, 0.1, 0.1, 3.14, 0.0, 0.0), (0.0,) * 6, (0.0,) * 6
                )
                shard.write(Sample(image, "go", down.phrase, down.action, 4, "teleop", 0, episode, trace))
    return path


def test_steps_of_a_shard_become_paths_through_their_ends(tmp_path: Path) -> None:
    first, second, rest = episodes_of_shard(shard_of_steps(tmp_path / "a.tar"))
    assert [episode.name for episode in (first, second, rest)] == ["one", "two", "two#1"]
    assert (rest.commands[:, 13] == 1.0).all() and (rest.states[:, 13] == 1.0).all()  # what was closed stays closed
    right = first.states[:, 7:]
    np.testing.assert_allclose(right[0, :3], (0.4, 0.0, 0.3))
    seconds = 0.2 / 0.25 + 0.5 + 0.3 / 0.25
    assert len(right) == round(seconds * FPS) and (first.states[:, :7] == 0.0).all()
    speed = np.linalg.norm(np.diff(right[:, :3], axis=0), axis=1) * FPS
    assert speed.max() < 2.0 * 0.25  # 15/8 of the mean
    np.testing.assert_allclose(right[[24, 30], :3], [(0.6, 0.0, 0.3)] * 2, atol=1e-9)
    gripper, wanted = right[:, 6], first.commands[:, 13]
    assert gripper[0] == -1.0 and gripper[-1] == 1.0 and (np.diff(gripper) >= 0.0).all()
    assert wanted[23] == -1.0 and wanted[24] == 1.0
    np.testing.assert_array_equal(first.commands[:-1, 7:13], first.states[1:, 7:13])
