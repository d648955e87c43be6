"""The kitchen in another process: what is said over the pipe, what goes wrong there, and its policies."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, SimulationError
from roboact_ros.types import FloatArray
from roboact_train.evaluate.kitchen import server
from roboact_train.evaluate.kitchen.connection import PYTHON, Kitchen, KitchenView
from roboact_train.evaluate.kitchen.policy import KINDS, KitchenObservation, RandomVelocities, policy_at
from roboact_train.evaluate.kitchen.scripted import _HIGH, _LOW, WAYS, _moved
from roboact_train.evaluate.kitchen.tasks import INSTRUCTIONS, MOST_STEPS, chosen_kitchen_tasks
from roboact_train.evaluate.kitchen.trial import KitchenTrial, play
from roboact_train.evaluate.score import scores

ROOT = Path(__file__).parents[2]
FAKE = f"""
import os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from roboact_train.evaluate.kitchen.server import read_message, write_message

source, sink = os.fdopen(0, "rb"), os.fdopen(1, "wb")
size = [int(number) for number in sys.argv[-2:]] if "--size" in sys.argv else None
write_message(sink, {{"lacks": []}})
while True:
    try:
        head, arrays = read_message(source)
    except EOFError:
        break
    if head["do"] == "reset":
        step, goal = 0, head["seed"]
    else:
        step += 1
    EVENT
    seen = {{"joints": arrays.get("action", np.zeros(9))}}
    if size:
        seen["image"] = np.full((size[1], size[0], 3), step, np.uint8)
    write_message(sink, {{"success": step == goal}}, seen)
"""


def fake(folder: Path, event: str = "pass") -> Callable[..., Kitchen]:
    """Return what makes a kitchen without a kitchen: a task is done after as many steps as the seed says."""
    script = folder / "fake_kitchen.py"
    script.write_text(FAKE.replace("EVENT", event))
    return partial(Kitchen, sys.executable, server=script)


def test_messages_come_out_as_they_went_in() -> None:
    pipe = io.BytesIO()
    image = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    arrays = {"image": image[::-1], "joints": np.linspace(-1, 1, 9), "nothing": np.zeros((0, 2))}
    server.write_message(pipe, {"do": "reset", "words": "öffne"}, arrays)
    server.write_message(pipe, {"do": "step"})
    pipe.seek(0)
    head, found = server.read_message(pipe)
    assert head == {"do": "reset", "words": "öffne"}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
    assert server.read_message(pipe) == ({"do": "step"}, {})
    with pytest.raises(EOFError):
        server.read_message(pipe)


def test_a_message_that_is_cut_off_or_none_is_refused() -> None:
    pipe = io.BytesIO()
    server.write_message(pipe, {}, {"joints": np.zeros(9)})
    with pytest.raises(EOFError):
        server.read_message(io.BytesIO(pipe.getvalue()[:-1]))
    with pytest.raises(ValueError, match="head of"):
        server.read_message(io.BytesIO(b"hello, I am a kitchen"))
    for bad in (["a", "|O", [1]], ["a", "<f8", [-1]], ["a", "|u1", [1 << 20, 1 << 20]]):
        head = json.dumps({"arrays": [bad]}).encode()
        with pytest.raises(ValueError, match="array of"):
            server.read_message(io.BytesIO(server._LENGTH.pack(len(head)) + head + bytes(64)))


def test_a_process_answers_and_its_images_have_the_size_that_was_asked_for(tmp_path: Path) -> None:
    with fake(tmp_path)(KitchenView("default", 8, 6)) as kitchen:
        first = kitchen.reset("kettle", 2)
        assert first.image is not None and first.image.shape == (6, 8, 3) and first.state is None
        action = np.linspace(-1, 1, 9)
        seen, done = kitchen.step(action)
        assert np.array_equal(seen.joints, action) and seen.image is not None and (seen.image == 1).all() and not done
        assert kitchen.step(action)[1]


def test_an_episode_ends_with_success_or_after_its_steps(tmp_path: Path) -> None:
    trials = [KitchenTrial("random", task, seed) for task in ("kettle", "top_burner") for seed in (3, 10, 999)]
    results = list(play(trials, 2, fake(tmp_path)))
    assert [(result.task, result.seed) for result in results] == [(trial.task, trial.seed) for trial in trials]
    assert [(result.success, result.motions) for result in results[:3]] == [(True, 3), (True, 10), (False, MOST_STEPS)]
    assert scores(results)["kettle"].success == pytest.approx(2 / 3)
    assert next(iter(play([KitchenTrial("random", "kettle", 9, steps=5)], 1, fake(tmp_path)))).motions == 5
    with pytest.raises(ConfigurationError, match="200"):
        KitchenTrial("random", "kettle", 0, steps=201)


def test_a_kitchen_that_dies_says_why_and_no_other_outlives_it(tmp_path: Path) -> None:
    dying = fake(tmp_path, 'if step == 2: sys.exit("the oven burnt out")')
    with dying() as kitchen:
        kitchen.reset("kettle", 9)
        kitchen.step(np.zeros(9))
        with pytest.raises(SimulationError, match='status 1: "the oven burnt out"'):
            kitchen.step(np.zeros(9))
    with pytest.raises(SimulationError, match="burnt"):
        list(play([KitchenTrial("random", "kettle", seed) for seed in range(3, 9)], 2, dying))
    assert not [child for child in psutil.Process().children() if "fake_kitchen.py" in " ".join(child.cmdline())]


def test_a_kitchen_that_says_nothing_or_nonsense_is_given_up(tmp_path: Path) -> None:
    with fake(tmp_path, "time.sleep(60)")(patience_s=2.0) as kitchen, pytest.raises(SimulationError, match="in time"):
        kitchen.reset("kettle", 1)
    with fake(tmp_path, 'print("Hello!", flush=True)')() as kitchen, pytest.raises(SimulationError, match="no message"):
        kitchen.reset("kettle", 1)


@pytest.mark.parametrize("action", [np.zeros(7), np.zeros((1, 9)), np.full(9, np.nan)])
def test_what_is_no_action_never_gets_there(tmp_path: Path, action: FloatArray) -> None:
    with fake(tmp_path)() as kitchen:
        kitchen.reset("kettle", 1)
        with pytest.raises(PolicyError, match=r"\(9,\)"):
            kitchen.step(action)
        assert kitchen.step(np.zeros(9))[1]


def test_a_python_without_the_kitchen_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    words = ["eval", "kitchen", "--policy", "random", "--tasks", "kettle", "--episodes", "2", "--python"]
    for python, reason in (
        (bare, "gymnasium-robotics is not installed, mujoco is not installed"),
        (tmp_path / "nowhere", "No such file"),
        (Path("/bin/false"), "ended with status 1"),
    ):
        assert main([*words, str(python)]) == 2
        told = capsys.readouterr().err
        assert str(python) in told and reason in told
        assert "python3 -m venv" in told and "pip install gymnasium-robotics" in told


@pytest.mark.parametrize(("number", "fits"), [("3.2.7", False), ("3.3.0", True), ("3.10.1", True), ("4.0.0", False)])
def test_only_some_versions_of_mujoco_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, fits: bool
) -> None:
    for name, found in (("mujoco", number), ("gymnasium_robotics", "1.4.2")):
        folder = tmp_path / f"{name}-{found}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {found}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert server.lacking() == ([] if fits else [f"mujoco is {number} and has to be 3.3 to 3.10"])


def test_misspelt_names_and_options_of_the_table_are_refused(capsys: pytest.CaptureFixture) -> None:
    assert chosen_kitchen_tasks(["all", "kettle"]) == list(INSTRUCTIONS)
    assert chosen_kitchen_tasks(["kettle", "microwave", "kettle"]) == ["kettle", "microwave"]
    for words, told in (
        (["--policy", "random", "--tasks", "ketle"], 'did you mean "kettle"?'),
        (["--policy", "random", "--camera", "left_cop"], 'did you mean "left_cap"?'),
        (["--policy", "randm"], "random, scripted"),
        (["--policy", "random", "--interventions", "2"], "tabletop"),
        (["--policy", "random", "--motions", "300"], "1 to 200"),
    ):
        assert main(["eval", "kitchen", *words]) == 2
        assert told in capsys.readouterr().err
    assert main(["eval", "tabletop", "--policy", "random", "--python", "python3"]) == 2


def test_random_velocities_are_the_same_again_and_span_the_range() -> None:
    def drawn(task: str, seed: int) -> FloatArray:
        policy = RandomVelocities(task, seed)
        return np.array([policy.act(KitchenObservation(np.zeros(9))) for _ in range(MOST_STEPS)])

    first = drawn("kettle", 1)
    assert np.array_equal(first, drawn("kettle", 1))
    assert not np.array_equal(first, drawn("kettle", 2)) and not np.array_equal(first, drawn("microwave", 1))
    assert first.shape == (MOST_STEPS, 9) and -1 <= first.min() < -0.9 and 0.9 < first.max() <= 1


def test_models_of_other_kinds_are_refused_and_a_kind_for_the_kitchen_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Still:
        sees, privileged = True, False

        def instruct(self, instruction: str) -> None:
            assert instruction == "move the kettle to the back burner"

        def act(self, observation: KitchenObservation) -> FloatArray:
            assert observation.image is not None and observation.state is None
            return np.zeros(9)

    (tmp_path / "manifest.yaml").write_text("kind: stillness\n")
    with pytest.raises(PolicyError, match="kind stillness.*random, scripted"):
        policy_at(str(tmp_path), "cpu", "kettle", 0)
    monkeypatch.setitem(KINDS, "stillness", lambda folder, device: Still())
    trial = KitchenTrial(str(tmp_path), "kettle", 4, device="cpu")
    assert [result.motions for result in play([trial], 1, partial(fake(tmp_path), KitchenView("default", 4, 4)))] == [4]


def test_the_scripted_policy_knows_every_task_and_needs_the_true_state() -> None:
    assert set(WAYS) == set(INSTRUCTIONS) == {name.replace(" ", "_") for name in server.HANDLES}
    with pytest.raises(PolicyError, match="true state"):
        policy_at("scripted", "cpu", "kettle", 0).act(KitchenObservation(np.zeros(9)))


def test_no_joint_is_sent_out_of_its_range_and_free_ones_do_what_is_asked() -> None:
    numbers = np.random.default_rng(0)
    for _ in range(50):
        jacobian, twist = numbers.normal(size=(6, 7)), numbers.normal(size=6) * 0.03
        joints = numbers.uniform(_LOW, _HIGH)
        goal = joints + _moved(jacobian, twist, joints)
        assert ((goal >= _LOW - 1e-9) & (goal <= _HIGH + 1e-9)).all()
    middle = (_LOW + _HIGH) / 2
    assert jacobian @ _moved(jacobian, twist, middle) == pytest.approx(twist, abs=3e-3)


@pytest.mark.skipif(PYTHON not in os.environ, reason=f"{PYTHON} names no Python that has the kitchen")
def test_the_real_kitchen(capsys: pytest.CaptureFixture) -> None:
    words = ["eval", "kitchen", "--episodes", "1", "--processes", "1", "--json"]
    assert main([*words, "--policy", "scripted"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["mean"] == 1.0 and list(report["tasks"]) == list(INSTRUCTIONS) and report["privileged"] is True
    assert all(0 < task["motions"] < MOST_STEPS for task in report["tasks"].values())
    lines = []
    for _ in range(2):
        assert main([*words, "--policy", "random", "--tasks", "hinge_cabinet"]) == 0
        lines.append(capsys.readouterr().out.splitlines()[-1])
    assert lines[0] == lines[1]
    assert json.loads(lines[0])["tasks"]["hinge_cabinet"]["motions"] == MOST_STEPS
    with Kitchen(os.environ[PYTHON], KitchenView("left_cap", 32, 24)) as kitchen:
        image = kitchen.reset("kettle", 0).image
        assert image is not None and image.shape == (24, 32, 3) and image.std() > 10
