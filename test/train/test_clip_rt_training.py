"""Training through the command: it learns, resumes exactly, spreads over processes, and refuses what cannot work."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tiny_training import LABELS, colour_samples, colour_shard, recorded_losses, small_model

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, RoboactError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.load import policy_from_description
from roboact_ros.types import Frame
from roboact_train.clip_rt.train import Request, train
from roboact_train.data.sources import Choices
from roboact_train.training.settings import TrainSettings

QUICK: dict[str, Any] = {"epochs": 2, "batch": 8, "learning_rate": 3e-3, "warmup": 2, "workers": 0, "validation": 0.2}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def losses_of(tmp_path: Path, name: str = "out", resume: bool = False, until: int = 0, **settings: Any) -> list[float]:
    """Train on colours and return the loss of every batch; ``until`` interrupts after that batch."""
    shard = tmp_path / "data.tar"
    if not shard.exists():
        colour_shard(shard)
    made = TrainSettings(**{"model": small_model(tmp_path / "model"), **QUICK, **settings})
    request = Request("clip_rt", [shard], [], tmp_path / name, made, Choices(), resume, "cpu")
    return recorded_losses(lambda note: train(request, print, note), until)


@pytest.mark.parametrize("kind", ["clip_rt", "clip_rt_action"])
def test_learns_to_choose_and_the_policy_runs_it(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shard, output = colour_shard(tmp_path / "data.tar"), tmp_path / "out"
    model = small_model(tmp_path / "model")
    options = "--epochs 30 --batch 8 --learning-rate 3e-3 --warmup 2 --workers 0 --validation 0.2 --loss paper"
    arguments = ["train", kind, str(shard), "--output", str(output), "--model", model, "--device", "cpu", "--json"]
    assert main([*arguments, "--contrast-vocabulary", *options.split()]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["validation"]["accuracy"] == 1.0
    manifest = yaml.safe_load((output / "best" / "manifest.yaml").read_text())
    assert manifest["kind"] == kind and manifest["made"]["samples"] == {"teleop": 48}
    assert list((output / "tensorboard").iterdir())

    described = PolicyDescription(kind=kind, checkpoint=str(output / "best"), device="cpu")  # type: ignore[arg-type]
    policy = policy_from_description(described, Cell("test", policy=described))
    policy.instruct("task 1")
    for sample in colour_samples(8, 2):
        decision = policy.act(Frame("front", 0, sample.image))
        assert decision.motion == PRIMITIVES[sample.label] and sample.label in LABELS
        assert list(decision.scores) == [motion.phrase for motion in PRIMITIVES]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stream", [False, True])
def test_an_interrupted_training_goes_on_exactly(stream: bool, workers: int, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"workers": workers, "image_augmentation": 1.0, "accumulate": 2}
    if stream:
        for number in range(2):
            colour_shard(tmp_path / f"shard-{number}.tar", 24 + number)
        (tmp_path / "data.tar").symlink_to(tmp_path / "shard-0.tar")
        settings |= {"samples_per_epoch": 32, "shuffle": 8, "validation": 0.0, "workers": min(workers, 1)}
    whole = losses_of(tmp_path, "whole", **settings)
    before = losses_of(tmp_path, "parts", until=5, **settings)
    assert len(before) == 6  # the second batch of the step was still learned from
    after = losses_of(tmp_path, "parts", resume=True, **settings)
    assert before + after == whole


def test_another_training_is_not_resumed(tmp_path: Path) -> None:
    losses_of(tmp_path, until=2)
    with pytest.raises(ConfigurationError, match=r"learning_rate 0\.003 instead of 0\.001"):
        losses_of(tmp_path, resume=True, learning_rate=1e-3)
    with pytest.raises(ConfigurationError, match="exists already; --resume"):
        losses_of(tmp_path)
    (tmp_path / "data.tar").unlink()
    colour_shard(tmp_path / "data.tar", 40)
    with pytest.raises(ConfigurationError, match="other data"):
        losses_of(tmp_path, resume=True)
    state = tmp_path / "out" / "last.pt"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(ConfigurationError, match="damaged"):
        losses_of(tmp_path, resume=True)
    with pytest.raises(ConfigurationError, match="nothing to resume"):
        losses_of(tmp_path, "nowhere", resume=True)


def test_two_processes_learn_as_one(tmp_path: Path) -> None:
    shard, model = colour_shard(tmp_path / "data.tar"), small_model(tmp_path / "model")
    script = tmp_path / "run.py"
    script.write_text(
        "import json, sys, torch\n"
        "from pathlib import Path\n"
        "from roboact_train.clip_rt.train import Request, train\n"
        "from roboact_train.data.sources import Choices\n"
        "from roboact_train.training.settings import TrainSettings\n"
        "torch.set_num_threads(1)\n"
        "settings = TrainSettings(**json.loads(sys.argv[1]))\n"
        "losses = []\n"
        "request = Request('clip_rt', [Path(sys.argv[2])], [], Path(sys.argv[3]), settings, Choices(), device='cpu')\n"
        "outcome = train(request, print, lambda number, loss: losses.append(loss))\n"
        "if outcome.main:\n"
        "    Path(sys.argv[3], 'losses.json').write_text(json.dumps(losses))\n"
    )
    settings = json.dumps({**QUICK, "model": model, "accumulate": 2, "epochs": 3, "image_augmentation": 1.0})
    launcher = "-m torch.distributed.run --nnodes 1 --nproc-per-node {} --master-addr 127.0.0.1 --master-port {}"
    found = {}
    for processes in (1, 2):
        out = tmp_path / f"out{processes}"
        port = 20000 + (os.getpid() * 2 + processes) % 20000
        words = launcher.format(processes, port).split()
        command = [sys.executable, *words, str(script), settings, str(shard), str(out)]
        subprocess.run(command, check=True, timeout=110, env={**os.environ, "OMP_NUM_THREADS": "1"})
        weights = torch.load(out / "last.pt", weights_only=True)["model"]
        found[processes] = json.loads((out / "losses.json").read_text()), weights
    np.testing.assert_allclose(found[2][0], found[1][0], rtol=2e-4)
    for name, weight in found[1][1].items():
        torch.testing.assert_close(found[2][1][name], weight, rtol=1e-2, atol=1e-3, msg=name)


def test_ctrl_c_saves_what_resume_needs(tmp_path: Path) -> None:
    shard, model, output = colour_shard(tmp_path / "data.tar"), small_model(tmp_path / "model"), tmp_path / "out"
    words = [
        "train",
        "clip_rt",
        str(shard),
        "--output",
        str(output),
        "--model",
        model,
        "--device",
        "cpu",
        "--batch",
        "8",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "roboact_ros.cli", *words, "--threads", "1"], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (output / "last.pt").exists():  # written at the end of the first epoch
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"--resume goes on after batch" in said and b"Traceback" not in said
    assert not list(output.glob(".*"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 64}, "a step takes 64 samples .* there are 32 to learn from"),
        ({"samples_per_epoch": 4}, "samples_per_epoch = 4 is less than a step, 8"),
        ({"precision": "fp16"}, "fp16 needs a GPU"),
        ({"checkpoint": "none.pt"}, "none.pt"),
        ({"learning_rate": 1e30, "epochs": 9}, "not a number"),
    ],
)
def test_refusals_name_what_is_wrong(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(RoboactError, match=message):
        losses_of(tmp_path, **settings)


def test_bad_settings_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("learning_rat: 1e-3\n")
    arguments = ["train", "clip_rt", "x", "--output", str(tmp_path / "out")]
    for extra, said in (
        (["--settings", str(file)], 'unknown setting "learning_rat": did you mean "learning_rate"?'),
        (["--settings", "clip_rt_tablet"], 'did you mean "clip_rt_tabletop"?'),
        (["--loss", "other"], "loss = 'other'"),
        (["--epochs", "0"], "epochs = 0"),
    ):
        assert main([*arguments, *extra]) == 2
        assert said in capsys.readouterr().err
    assert main(["train", "clip_rtt", *arguments[2:]]) == 2
    assert 'did you mean "clip_rt"?' in capsys.readouterr().err


def test_a_truncated_shard_is_named_and_nothing_is_exported(tmp_path: Path) -> None:
    for number in range(2):
        path = colour_shard(tmp_path / f"data-{number}.tar")
    path.write_bytes(path.read_bytes()[:40_000])
    settings = TrainSettings(**{"model": small_model(tmp_path / "model"), **QUICK, "samples_per_epoch": 64})
    for workers in (0, 1):
        streamed = TrainSettings(**{**settings.__dict__, "workers": workers, "validation": 0.0})
        request = Request(
            "clip_rt",
            [tmp_path / "data-0.tar", path],
            [],
            tmp_path / f"out{workers}",
            streamed,
            Choices(),
            False,
            "cpu",
        )
        with pytest.raises(RoboactError, match=r"data-1\.tar is damaged or cut off"):
            train(request, print)
        assert not (tmp_path / f"out{workers}" / "best").exists()
        assert multiprocessing.active_children() == []
