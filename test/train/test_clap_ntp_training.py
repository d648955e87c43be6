"""CLAP-NTP is trained on a few chunks until it knows them by heart, and then says them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from test_clap_data import OBSERVED, dataset_of
from tiny_ntp import FRAMES, SPARE, colour, tiny_action_vae, tiny_base, tiny_data
from tiny_qwen import tiny_qwen
from tiny_training import recorded_losses
from tokenizers import Tokenizer

from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError, RoboactError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.ntp import ClapNtp, views_of
from roboact_ros.policies.clap.ntp_folder import read_ntp
from roboact_ros.policies.clap.robots import ROBOTS
from roboact_ros.policies.clap.statistics import read_statistics
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.nets.clap.answer import begin_answer, codes_to_say
from roboact_ros.types import ActionChunk, Frame
from roboact_train.clap.low_rank import summed_weights, with_low_rank
from roboact_train.clap.ntp_base import ntp_base
from roboact_train.clap.ntp_batch import NtpBatches
from roboact_train.clap.ntp_data import NtpData, read_data
from roboact_train.clap.ntp_objective import UNLEARNED
from roboact_train.clap.ntp_settings import NtpSettings
from roboact_train.clap.ntp_train import NtpRequest, train
from roboact_train.clap.sources import find_sources
from roboact_train.clap.trained import codebook_id, read_tokenizer

CPU = torch.device("cpu")
SETTINGS = {"height": 16, "width": 24, "learning_rate": 3e-3, "warmup": 2, "validation": 0.0, "export": "float32"}


class Parts:
    """Files that a training begins with."""

    def __init__(self, folder: Path) -> None:
        self.base, self.data = tiny_base(folder / "qwen"), tiny_data(folder / "data")
        self.action_vae, self.statistics = tiny_action_vae(folder / "act_vae", self.data)

    def settings(self, **more: object) -> NtpSettings:
        paths = {"model": str(self.base), "action_vae": str(self.action_vae), "statistics": str(self.statistics)}
        return NtpSettings(**{**SETTINGS, **paths, **more})  # type: ignore[arg-type]

    def request(self, output: Path, **more: object) -> NtpRequest:
        return NtpRequest([self.data], output, self.settings(**more), device="cpu")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    return Parts(tmp_path_factory.mktemp("ntp"))


def test_what_was_learned_is_said(parts: Parts, tmp_path: Path) -> None:
    settings = {**SETTINGS, "epochs": 1, "steps": 160, "batch": 5, "drop_wrists": 0.3}
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(settings))
    words = [
        "train",
        "clap_ntp",
        str(parts.data),
        "--output",
        str(tmp_path / "run"),
        "--device",
        "cpu",
        "--threads",
        "1",
    ]
    words += ["--settings", str(tmp_path / "settings.yaml"), "--model", str(parts.base)]
    assert main([*words, "--action-vae", str(parts.action_vae), "--statistics", str(parts.statistics)]) == 0

    model = read_ntp(tmp_path / "run/best", CPU)
    assert (model.views, model.image_size, model.robot) == (("head", "right", "left"), (24, 16), "agibot-go1")
    quantiles = read_statistics(tmp_path / "run/best/dataset_statistics_32.json", ROBOTS["agibot-go1"])
    policy = ClapNtp(model, quantiles, ArmLayout.DUAL, 10**8, executed=20)
    policy.instruct("tidy up")
    data = read_data(
        find_sources([parts.data], ""),
        read_tokenizer(parts.action_vae, str(parts.statistics)),
        parts.settings(),
        lambda line: None,
    )
    assert len({codes.tobytes() for codes in data.codes}) > 2
    for row, frame in enumerate(data.corpus.frame_of.tolist()):
        image = colour(frame)
        chunk = policy.act(Frame("head", 1 + frame, image, beside=(Frame("right", 1 + frame, image),)))
        assert chunk.note == f"subtask: {'lift the cup' if frame < FRAMES // 2 else 'put it down'}"
        assert chunk.steps.shape == (20, 14) and chunk.stamp_ns == 1 + frame
        stacked = views_of([image], 3, (24, 16))
        rows, columns = model.rule.grid(16, 24)
        prompt = model.vlm.prompt(model.prompts("tidy up", "agibot-go1", 3, 6), rows, columns)
        pixels = model.rule.patches(torch.from_numpy(stacked), CPU)
        said = model.vlm.answer(pixels, prompt, begin_answer(model.answers, ArmLayout.DUAL, 3))
        assert said.codes == tuple(codes_to_say(torch.from_numpy(data.codes[row])).tolist())


def test_the_finished_folder_is_as_the_released_one(parts: Parts, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast, Qwen3VLForConditionalGeneration

    train(parts.request(tmp_path / "run", epochs=1, steps=2), lambda line: None)
    best, before = tmp_path / "run/best", load_file(parts.base / "model.safetensors")
    weights = load_file(best / "model.safetensors")
    table = "model.language_model.embed_tokens.weight"
    assert weights.keys() == before.keys() and len(weights[table]) == len(before[table]) + 17
    _, found = Qwen3VLForConditionalGeneration.from_pretrained(best, output_loading_info=True)
    assert not found["unexpected_keys"] and not found["mismatched_keys"]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(best)
    first = len(before[table]) - SPARE
    assert tokenizer.convert_tokens_to_ids(["<ACT_0>", "<ACT_15>", "<ACT_PAD>"]) == [first, first + 15, first + 16]
    assert {"preprocessor_config.json", "clap.ckpt", "dataset_statistics_32.json"} <= {f.name for f in best.iterdir()}
    # A cell loads it, of which the arm is the left one of its two.
    of_policy = {"kind": "clap_ntp", "checkpoint": str(best), "clap": {"arm": "left", "hertz": 1.0, "executed": 5}}
    cell = cell_from_mapping({"name": "c", "cameras": {"front": {}}, "policy": of_policy}, "c")
    policy = policy_from_description(cell.policy, cell)
    policy.instruct("tidy up")
    chunk = policy.act(Frame("front", 7, colour(3)))
    assert isinstance(chunk, ActionChunk) and chunk.steps.shape == (5, 7) and chunk.stamp_ns == 7
    # It can be trained on, and then needs neither tokens nor an Act-VAE.
    again = NtpSettings(**{**SETTINGS, "model": str(best), "epochs": 1, "steps": 1})  # type: ignore[arg-type]
    train(NtpRequest([parts.data], tmp_path / "again", again, device="cpu"), lambda line: None)
    assert load_file(tmp_path / "again/best/model.safetensors")[table].shape == weights[table].shape


def test_lora_leaves_the_base_as_it_is(parts: Parts, tmp_path: Path) -> None:
    train(parts.request(tmp_path / "run", epochs=1, steps=3, adapt="lora", rank=2), lambda line: None)
    before, after = (load_file(folder / "model.safetensors") for folder in (parts.base, tmp_path / "run/best"))
    table = "model.language_model.embed_tokens.weight"
    known = len(before[table]) - SPARE
    assert torch.equal(after[table][:known], before[table][:known])
    changed = {name for name in before if name != table and not torch.equal(before[name], after[name])}
    assert changed and all("_proj.weight" in name and "language_model" in name for name in changed)
    state = torch.load(tmp_path / "run/last.pt", weights_only=True)["model"]
    assert state and all("lora_" in name or "trainable_tokens" in name for name in state)


def test_small_sums_survive_frozen_weights_in_bfloat16() -> None:
    model = tiny_qwen().bfloat16()
    name = "model.language_model.layers.0.mlp.up_proj"
    before = model.get_submodule(name).weight.clone()
    adapted = with_low_rank(model, [1, 2], 4, 8, 0)
    learned = adapted.get_submodule(f"base_model.model.{name}")
    for matrix in (learned.lora_A, learned.lora_B):
        torch.nn.init.normal_(matrix["default"].weight, std=1e-3)
    change = 8 / 4 * learned.lora_B["default"].weight @ learned.lora_A["default"].weight
    summed = summed_weights(adapted)[f"{name}.weight"]
    torch.testing.assert_close(summed, before.float() + change, atol=1e-7, rtol=0.0)
    rounded = (before.float() + change).bfloat16()
    assert (rounded == before).float().mean() > 0.9, "in bfloat16 they would hardly survive"
    assert learned.base_layer.weight.dtype is torch.bfloat16, "what is trained stays as it is"


def test_lora_learns_to_say_codes_where_words_are_read_from_another_table(parts: Parts, tmp_path: Path) -> None:
    """As in a Qwen3-VL of 8 B."""
    base = tmp_path / "untied"
    shutil.copytree(parts.base, base)
    weights, config = load_file(base / "model.safetensors"), json.loads((base / "config.json").read_text())
    table = weights["model.language_model.embed_tokens.weight"]
    save_file({**weights, "lm_head.weight": table.flip(0).clone()}, base / "model.safetensors", {"format": "pt"})
    config["tie_word_embeddings"] = config["text_config"]["tie_word_embeddings"] = False
    (base / "config.json").write_text(json.dumps(config))
    request = parts.request(tmp_path / "run", model=str(base), epochs=1, steps=2, adapt="lora", rank=2)
    began = ntp_base(request.settings, 16)
    first, before = began.answers.actions.first, began.weights()
    train(request, lambda line: None)
    after = load_file(tmp_path / "run/best/model.safetensors")
    for name in ("lm_head.weight", "model.language_model.embed_tokens.weight"):
        moved = (after[name] != before[name]).any(dim=1)
        assert moved[first : first + 16].any() and not moved[:first].any(), name
    assert not torch.equal(after["lm_head.weight"], after["model.language_model.embed_tokens.weight"])


@pytest.mark.parametrize("adapt", ["full", "lora"])
def test_an_interruption_changes_nothing(parts: Parts, tmp_path: Path, adapt: str) -> None:
    more: dict[str, object] = {"epochs": 2, "steps": 2, "batch": 2, "adapt": adapt, "rank": 2}
    whole = recorded_losses(lambda note: train(parts.request(tmp_path / "a", **more), lambda line: None, note))
    first = recorded_losses(lambda note: train(parts.request(tmp_path / "b", **more), lambda line: None, note), until=3)
    resumed = parts.request(tmp_path / "b", **more)
    resumed = NtpRequest(resumed.sources, resumed.output, resumed.settings, resume=True, device="cpu")
    said = (tmp_path / "b/settings.yaml").read_text()
    with pytest.raises(ConfigurationError, match="wrists True instead of False; other data"):
        train(replace(resumed, settings=replace(resumed.settings, wrists=False)), lambda line: None)
    with pytest.raises(ConfigurationError, match="is of a training with other data"):  # the same words, other images
        train(replace(resumed, camera="right"), lambda line: None)
    if adapt == "lora":  # whose state does not hold the weights that it began with
        state = torch.load(tmp_path / "b/last.pt", weights_only=True)
        shutil.copytree(tmp_path / "b", tmp_path / "c")
        torch.save({**state, "settings": {**state["settings"], "checkpoint": "a_run"}}, tmp_path / "c/last.pt")
        with pytest.raises(ConfigurationError, match="checkpoint a_run instead of"):
            train(replace(resumed, output=tmp_path / "c"), lambda line: None)
    assert (tmp_path / "b/settings.yaml").read_text() == said, "what is refused changes nothing"
    assert first + recorded_losses(lambda note: train(resumed, lambda line: None, note)) == whole
    one, two = (load_file(tmp_path / run / "best/model.safetensors") for run in "ab")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_only_answers_are_learned(parts: Parts) -> None:
    settings = parts.settings(wrists=False)
    base = ntp_base(settings, 16)
    tokenizer = read_tokenizer(parts.action_vae, str(parts.statistics))
    data = read_data(find_sources([parts.data], ""), tokenizer, settings, lambda line: None)
    batch = NtpBatches(data, base, settings).batch([0, 4], [False, False])
    words = base.prompts.tokenizer
    for row, subtask in enumerate(("lift the cup", "put it down")):
        learned = batch.labels[row] != UNLEARNED
        assert torch.equal(batch.labels[row][learned], batch.ids[row][learned])
        said = words.decode(batch.ids[row][learned].tolist(), skip_special_tokens=False)
        left, right = ("".join(f"<ACT_{code}>" for code in data.codes[4 * row][arm]) for arm in (0, 1))
        assert said == f"Subtask: {subtask}\nAction: {right}{left}<|im_end|>\n"
        asked = words.decode(batch.ids[row][batch.attention[row].bool() & ~learned].tolist(), skip_special_tokens=False)
        assert asked.endswith(
            "to do the task: tidy up\nPlease output the subtask and the action tokens.<|im_end|>\n"
            "<|im_start|>assistant\n"
        )
        assert asked.count("<|image_pad|>") == 6 and "Robot category: agibot-go1\n" in asked
    assert batch.images.shape == (2, 16, 24, 3)


def test_labelled_videos_are_learned_from_beside_robots(parts: Parts, tmp_path: Path) -> None:
    videos, file = tmp_path / "people", tmp_path / "labels.jsonl"
    shutil.copytree(parts.data, videos)
    info = json.loads((videos / "meta/info.json").read_text())
    (videos / "meta/info.json").write_text(json.dumps({**info, "robot_type": "human"}))
    tokenizer = read_tokenizer(parts.action_vae, str(parts.statistics))
    settings, base = parts.settings(labels=str(file)), ntp_base(parts.settings(), 16)

    def read(*frames: int, codebook: str = codebook_id(tokenizer.model)) -> NtpData:
        name = "people/episode_000000"
        lines = [{"source": name, "frame": f, "left": [1, 2, 3], "right": [4, 5, f % 16]} for f in frames]
        file.write_text("".join(json.dumps(line | {"codebook": codebook}) + "\n" for line in lines))
        return read_data(find_sources([videos, parts.data], ""), tokenizer, settings, lambda line: None)

    data = read(3, 7)
    assert data.corpus.robots.tolist() == ["agibot-go1"] * 5 + ["human"] * 2
    assert data.corpus.train.tolist() == list(range(7)) and data.codes[6].tolist() == [[1, 2, 3], [4, 5, 7]]
    batch = NtpBatches(data, base, settings).batch([6], [False])
    words = base.prompts.tokenizer.decode(batch.ids[0].tolist(), skip_special_tokens=False)
    assert "Robot category: human\nControl the robot to do the task: tidy up\n" in words
    said = "<ACT_4><ACT_5><ACT_7><ACT_1><ACT_2><ACT_3>"
    assert words.endswith(f"Subtask: lift the cup\nAction: {said}<|im_end|>\n")
    assert all(torch.equal(image, batch.images[0]) for image in batch.images)  # the head, for the wrists, too
    for wrong, message in (
        ({"frames": (40,)}, "labels up to frame 40 of 40"),
        ({"frames": ()}, "people/episode_000000 has no labels"),
        ({"frames": (3,), "codebook": "another"}, "labels of another Act-VAE .codebook another, not"),
    ):
        with pytest.raises(RecordingError, match=message):
            read(*wrong.pop("frames"), **wrong)  # type: ignore[arg-type, misc]
    with pytest.raises(ConfigurationError, match="nothing says what arms did; images and actions are needed"):
        read_data(find_sources([videos], ""), tokenizer, parts.settings(), lambda line: None)


def test_what_cannot_be_learned_from_is_refused(parts: Parts, tmp_path: Path) -> None:
    def refusal(request: NtpRequest) -> str:
        with pytest.raises(RoboactError) as caught:
            train(request, lambda line: None)
        return str(caught.value)

    run = tmp_path / "run"
    assert "give its folder (--model)" in refusal(parts.request(run, model=""))
    assert "needs the Act-VAE whose codes it learns" in refusal(parts.request(run, action_vae=""))
    assert "does not say what its actions are normalised with" in refusal(parts.request(run, statistics=""))
    still = dataset_of(tmp_path / "blind", "droid", {OBSERVED: np.zeros((40, 8))})
    blind = NtpRequest([still], run, parts.settings(), device="cpu")
    assert "no camera" in refusal(blind)
    assert not run.exists()


def test_models_that_cannot_act_are_refused(parts: Parts, tmp_path: Path) -> None:
    def refusal(folder: Path) -> str:
        with pytest.raises(PolicyError) as caught:
            read_ntp(folder, CPU)
        return str(caught.value)

    assert "the Act-VAE that says what its action tokens mean, clap.ckpt, is not there" in refusal(parts.base)
    plain = tmp_path / "plain"
    shutil.copytree(parts.base, plain)
    shutil.copy(parts.action_vae, plain / "clap.ckpt")
    assert "has no action tokens (<ACT_0> … <ACT_15>)" in refusal(plain)
    words = Tokenizer.from_file(str(plain / "tokenizer.json"))
    words.add_tokens([f"<ACT_{code}>" for code in range(8)])
    words.save(str(plain / "tokenizer.json"))
    assert "has 8 action tokens, and the codebook of the Act-VAE 16 codes" in refusal(plain)
    with pytest.raises(PolicyError, match="has 8 action tokens"):
        ntp_base(parts.settings(model=str(plain)), 16)
    words.add_tokens([f"<ACT_{code}>" for code in range(8, 16)])
    words.save(str(plain / "tokenizer.json"))
    assert "numbers action tokens up to" in refusal(plain)
    content = json.loads((plain / "config.json").read_text())
    (plain / "config.json").write_text(json.dumps({**content, "model_type": "qwen2"}))
    assert "is of a qwen2" in refusal(plain)
    with pytest.raises(PolicyError, match="trained with 1 images, and there are 2 cameras"):
        views_of([colour(0), colour(1)], 1, (24, 16))
    with pytest.raises(PolicyError, match="belongs to the language model"):
        ntp_base(parts.settings(model=str(tmp_path / "nowhere")), 16)
