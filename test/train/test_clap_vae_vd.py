"""Training of VD-VAE: each term by hand, the teacher, cached features, resumption, names, labels of videos."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from synthetic_motions import square_at, squares_dataset, squares_video
from test_clap_vae_act import TINY
from tiny_training import recorded_losses
from torch import Tensor
from torch.nn import functional

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError, RoboactError
from roboact_ros.policies.clap.robots import ROBOTS, robot_named
from roboact_ros.policies.clap.statistics import write_statistics
from roboact_ros.policies.nets.clap.act_vae import ActVaeShape
from roboact_ros.policies.nets.clap.vd_vae import VdVaeShape
from roboact_train.clap.episode import ClapEpisode
from roboact_train.clap.label import label, labels
from roboact_train.clap.light import in_other_light
from roboact_train.clap.looks import VideoLook
from roboact_train.clap.ntp_videos import read_labels
from roboact_train.clap.pairs import HUMAN, frames_of_video, pairs_of
from roboact_train.clap.patch_cache import PATCHES_FILE, PatchCache
from roboact_train.clap.patches import RANDOM, ImageSize, patch_encoder
from roboact_train.clap.siglip import paper_loss, siglip_loss
from roboact_train.clap.sources import Source, find_sources
from roboact_train.clap.tokenizer_settings import ActVaeSettings, VdVaeSettings
from roboact_train.clap.train import TokenizerRequest, train
from roboact_train.clap.trained import CPU, codebook_id, read_tokenizer, read_trained_vd_vae
from roboact_train.clap.vd_objective import VdObjective, by_arm, follow, new_vd_vae, taught
from roboact_train.training.order import Place

SIZE = ImageSize(32, 48)
SHAPE = VdVaeShape(ActVaeShape(32, 1, 32, 3, 4, 16, 8), 64, 1, 1, 6, 2)
QUICK: dict[str, Any] = {
    "model": RANDOM,
    "layers": 1,
    "height": 32,
    "width": 48,
    "augmented": 2,
    "batch": 4,
    "epochs": 2,
    "steps": 4,
    "warmup": 2,
    "learning_rate": 1e-3,
    "validation": 0.5,
    "restart_every": 3,
    "restart": "encodings",
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes of squares, a video of one, and an Act-VAE of the episodes."""
    folder = tmp_path_factory.mktemp("squares")
    squares_dataset(folder / "robot")
    squares_video(folder / "videos" / "one.avi")
    settings = ActVaeSettings(**{**TINY, "epochs": 1, "steps": 5})
    train(TokenizerRequest([folder / "robot"], folder / "act", settings, device="cpu"), print)
    return folder


def test_both_forms_of_the_contrast_by_hand() -> None:
    seen, done = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 0.0], [1.0, 1.0]])
    cosine, temperature = 1.0 / math.sqrt(2.0), torch.tensor(2.0).log()

    def sigmoid(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x))

    def by_hand(logit: Callable[[float], float]) -> float:
        terms = [(logit(1.0), 1), (logit(cosine), 0), (logit(0.0), 0), (logit(cosine), 1)]
        return -sum(math.log(sigmoid(x) if same else 1.0 - sigmoid(x)) for x, same in terms) / 2.0

    bias = torch.tensor(-0.3)
    released = siglip_loss(seen, done, temperature, bias).item()
    assert released == pytest.approx(by_hand(lambda s: 2.0 * s - 0.3), rel=1e-5)
    paper = paper_loss(seen, done, temperature, bias).item()
    assert paper == pytest.approx(by_hand(lambda s: 2.0 * (s + 0.3)), rel=1e-5)
    ten = torch.tensor(10.0).log()
    begin = siglip_loss(seen, done, ten, torch.tensor(-10.0)), paper_loss(seen, done, ten, torch.tensor(1.0))
    torch.testing.assert_close(*begin)
    # Two processes with a row each, that contrast it with the rows of both, have the same mean.
    parts = [siglip_loss(seen[n : n + 1], done, temperature, bias, first=n).item() for n in range(2)]
    assert np.mean(parts) == pytest.approx(released, rel=1e-5)


def some_inputs(count: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(0)
    arms = torch.tensor([[True, True], [False, True], [True, True]])[:count]
    looked, clean = torch.randn(count, 2, 6, 64), torch.randn(count, 2, 6, 64)
    unlabelled = torch.tensor([False, False, True])[:count]
    return {"looked": looked, "clean": clean, "done": torch.randn(count, 2, 32), "arms": arms, "unlabelled": unlabelled}


@pytest.mark.parametrize("form", ["released", "paper"])
def test_every_term_by_hand(form: str) -> None:
    settings = VdVaeSettings(**{**QUICK, "form": form, "commitment": 0.5})
    objective = VdObjective(new_vd_vae(SHAPE, 0), settings).eval()
    model, inputs = objective.model, some_inputs()
    with torch.no_grad():
        model.ema_to_codebook_t.weight.mul_(-1.0)  # a teacher that is not its student
        terms = objective.terms(**inputs)
        vectors_i, vectors_t = model.encode_change(inputs["looked"])
        codes_i, codes_t = model.vq_i(vectors_i)[0], model.vq_t(vectors_t)[0]
        shown = inputs["clean" if form == "paper" else "looked"]
        predicted = model.predicted(shown[:, 0], torch.cat((codes_i, codes_t), dim=1))
        torch.testing.assert_close(terms.reconstruction, ((predicted - shown[:, 1]) ** 2).mean())
        both = torch.cat((vectors_i - codes_i, vectors_t - codes_t), dim=1)
        torch.testing.assert_close(terms.quantisation, 1.5 * (both**2).mean())
        size = vectors_i if form == "paper" else codes_i
        torch.testing.assert_close(terms.sparsity, size.abs().mean())
        said = taught(model, inputs["clean"], quantised=form == "released")
        done = inputs["done"].clone()
        done[2] = by_arm(said)[2]
        seen = by_arm(vectors_t if form == "paper" else codes_t)
        # Batch by batch, left before right, without the arm that does not exist.
        rows = [(0, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
        pair = [torch.stack([part[n, arm] for n, arm in rows]) for part in (seen, done)]
        cosine = functional.normalize(pair[0], dim=1) @ functional.normalize(pair[1], dim=1).T
        logits = 10.0 * cosine - 10.0
        signs = 2.0 * torch.eye(5) - 1.0
        torch.testing.assert_close(terms.contrast, torch.log1p(torch.exp(-signs * logits)).sum() / 5)
        whole = terms.reconstruction + terms.quantisation + 0.1 * terms.contrast + 0.5 * terms.sparsity
        torch.testing.assert_close(objective(**inputs), whole)


@pytest.mark.parametrize("form", ["released", "paper"])
def test_codes_of_robots_are_named_and_those_of_videos_are_not(form: str) -> None:
    settings = VdVaeSettings(**{**QUICK, "form": form, "naming": 2.0})
    objective, inputs = VdObjective(new_vd_vae(SHAPE, 0), settings).eval(), some_inputs()
    model = objective.model
    with torch.no_grad():
        plain, terms = objective.terms(**{**inputs, "arms": torch.zeros(3, 2).bool()}), objective.terms(**inputs)
        seen = by_arm(model.encode_change(inputs["looked"])[1])
        table = model.vq_t.codebook.weight
        losses = []
        for n, arm in ((0, 0), (0, 1), (1, 1)):
            for vector, right in zip(seen[n, arm].reshape(-1, 8), inputs["done"][n, arm].reshape(-1, 8), strict=True):
                near, best = (((part - table) ** 2).sum(1) for part in (vector, right))
                losses.append(functional.cross_entropy(-near / table.var(dim=0).mean(), best.argmin()))
        torch.testing.assert_close(terms.naming, torch.stack(losses).mean())
        assert plain.naming == 0.0
        others = replace(terms, naming=torch.zeros(()))
        torch.testing.assert_close(terms.weighted(settings), others.weighted(settings) + 2.0 * terms.naming)
    # Told to name them, it soon does.
    objective.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    first = float(terms.naming)
    for _ in range(60):
        optimiser.zero_grad()
        objective(**inputs).backward()
        optimiser.step()
    assert float(objective.eval().terms(**inputs).naming.detach()) < 0.5 * first


def test_the_last_image_of_a_video_stays_where_it_is_told_that_it_ends_there() -> None:
    source = Source(None, VideoLook(Path("one.avi"), 40, 10.0))
    assert frames_of_video(source, 4).tolist() == [[0, 32], [4, 36]]
    told = ClapEpisode("one", robot_named("human"), 10.0, *np.zeros((2, 40, 14)), ["lift"] * 40, [""] * 40)
    assert frames_of_video(replace(source, told=told), 8).tolist() == [[0, 32], [8, 39], [16, 39]]
    assert len(frames_of_video(replace(source, told=replace(told, truncated=True)), 4)) == 2


def test_nothing_frozen_moves_and_everything_else_does() -> None:
    for form in ("released", "paper"):
        objective = VdObjective(new_vd_vae(SHAPE, 0), VdVaeSettings(**{**QUICK, "form": form}))
        objective(**some_inputs()).backward()
        moved = {name for name, weight in objective.model.named_parameters() if weight.grad is not None}
        frozen = ("action_vae.", "vq_t.", "ema_")
        own = {name for name, _ in objective.model.named_parameters() if not name.startswith(frozen)}
        assert moved == own - ({"temperature"} if form == "paper" else set())


def test_the_teacher_follows() -> None:
    model = new_vd_vae(SHAPE, 0)
    assert torch.equal(model.ema_visual_encoder.ffn[1].weight, model.visual_encoder.ffn[1].weight)
    with torch.no_grad():
        model.visual_encoder.ffn[1].weight.add_(1.0)
        model.action_latent_i.fill_(4.0)
        model.ema_action_latent_i.fill_(2.0)
    before = model.ema_visual_encoder.ffn[1].weight.clone()
    follow(model, 0.9)
    torch.testing.assert_close(model.ema_visual_encoder.ffn[1].weight, before + 0.1)
    torch.testing.assert_close(model.ema_action_latent_i, torch.full_like(model.action_latent_i, 2.2))
    objective = VdObjective(model, VdVaeSettings(**{**QUICK, "teacher_decay": 0.5}))
    objective(**some_inputs())  # before the first step there is nothing to follow
    torch.testing.assert_close(model.ema_action_latent_i, torch.full_like(model.action_latent_i, 2.2))
    objective(**some_inputs())
    torch.testing.assert_close(model.ema_action_latent_i, torch.full_like(model.action_latent_i, 3.1))


def test_light_changes_both_images_alike() -> None:
    pixels = torch.rand(1, 3, 16, 16).expand(2, -1, -1, -1)
    for seed in range(20):
        first, later = in_other_light(pixels, torch.Generator().manual_seed(seed))
        assert 0.0 <= first.min() and first.max() <= 1.0
        assert (first - later).abs().mean() < 0.05 and not torch.equal(first, later)
    same = (
        in_other_light(pixels, torch.Generator().manual_seed(3)),
        in_other_light(pixels, torch.Generator().manual_seed(3)),
    )
    assert torch.equal(*same)


def test_any_encoder_of_patches_is_read_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel, Dinov2Config, Dinov2Model, DINOv3ViTConfig, DINOv3ViTModel

    encoder = patch_encoder(RANDOM, SIZE, CPU)
    images = [square_at(-1, -1), square_at(1, 1)]
    features = encoder(SIZE.pixels(images))
    assert features.shape == (2, 6, 64) and (encoder.patches, encoder.width) == (6, 64)
    changed = (features[0] - features[1]).norm(dim=1)
    assert changed[0] > 0 and changed[5] > 0
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 16, "image_size": 48}
    DINOv3ViTModel(DINOv3ViTConfig(intermediate_size=32, num_register_tokens=4, **small)).save_pretrained(
        tmp_path / "3"
    )
    Dinov2Model(Dinov2Config(mlp_ratio=1, **small)).save_pretrained(tmp_path / "2")
    for name in ("3", "2"):
        found = patch_encoder(str(tmp_path / name), SIZE, CPU)
        tokens = found._network(pixel_values=torch.zeros(1, 3, 32, 48)).last_hidden_state
        assert tokens.shape[1] == 6 + (5 if name == "3" else 1) and found.fingerprint != encoder.fingerprint
    (tmp_path / "2" / "preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5, 0.5], "image_std": [1, 1, 1]}')
    grey = patch_encoder(str(tmp_path / "2"), SIZE, CPU)
    assert grey.fingerprint != found.fingerprint
    plain = found._network(pixel_values=SIZE.pixels(images) - 0.5).last_hidden_state[:, 1:]
    torch.testing.assert_close(grey(SIZE.pixels(images)), plain)
    (tmp_path / "2" / "preprocessor_config.json").write_text('{"image_mean": [0.5]}')
    with pytest.raises(PolicyError, match=r"does not say how colours are normalised: KeyError\('image_std'\)"):
        patch_encoder(str(tmp_path / "2"), SIZE, CPU)
    BertModel(
        BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    ).save_pretrained(tmp_path / "words")
    with pytest.raises(PolicyError, match="a BertModel is no encoder of square patches: .*patch_size"):
        patch_encoder(str(tmp_path / "words"), SIZE, CPU)
    with pytest.raises(PolicyError, match="cannot be cut into patches of 16 px"):
        patch_encoder(RANDOM, ImageSize(40, 48), CPU)
    with pytest.raises(PolicyError, match="no config.json"):
        patch_encoder(str(tmp_path), SIZE, CPU)
    with pytest.raises(ConfigurationError, match="needs an encoder of patches"):
        patch_encoder("", SIZE, CPU)


def test_features_are_computed_once_and_pairs_know_their_source(data: Path, tmp_path: Path) -> None:
    known = read_tokenizer(data / "act" / "best").statistics
    sources = find_sources([data / "robot", data / "videos"], "")
    pairs = pairs_of(sources, known, 0.5, 0, 8)
    robot = pairs.robots == "agibot-go1"
    assert robot.sum() == 16 and (pairs.robots == HUMAN).sum() == 4
    assert pairs.frames[robot].max() == 63 and (np.diff(pairs.frames[~robot], axis=1) == 32).all()
    assert (pairs.actions[pairs.unlabelled] == 0).all() and pairs.arms.all()
    encoder = patch_encoder(RANDOM, SIZE, CPU)
    cache = PatchCache(tmp_path, pairs, encoder, 1, 0)
    cache.create()
    with pytest.raises(RecordingError, match="lacks the features of 20 of 20 pairs"):
        cache.read()
    said: list[str] = []
    for rank in range(2):
        cache.fill(Place(rank, 2), said.append)
    assert len(said) == 3
    cache.fill(Place(), said.append)
    features = cache.read()
    assert len(said) == 3 and features.shape == (20, 2, 2, 6, 64) and isinstance(features, np.memmap)
    for row in (0, 7, 12, 19):
        look, (first, later) = pairs.looks[pairs.look_of[row]], pairs.frames[row].tolist()
        images = list(look.images([first, later]))
        wanted = encoder(SIZE.pixels(images)).numpy()
        np.testing.assert_allclose(features[row, 0], wanted, atol=5e-3)
        assert np.abs(features[row, 1] - wanted).mean() > 1e-3
    file = cache.folder / PATCHES_FILE
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(RecordingError, match=r"patches\.npy cannot be read; delete"):
        cache.read()


def trained(data: Path, output: Path, resume: bool = False, until: int = 0, **changes: Any) -> list[float]:
    settings = VdVaeSettings(**{**QUICK, "action_vae": str(data / "act" / "best"), **changes})
    sources = [data / "robot", data / "videos"]
    request = TokenizerRequest(sources, output, settings, resume, "cpu", features=data / "features")
    return recorded_losses(lambda note: train(request, print, note), until)


def test_an_interrupted_training_goes_on_exactly_and_its_model_labels_videos(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = trained(data, tmp_path / "whole")
    before = trained(data, tmp_path / "parts", until=5)
    assert before + trained(data, tmp_path / "parts", resume=True) == whole and len(whole) == 8
    found = read_trained_vd_vae(tmp_path / "whole" / "best")
    frozen = read_tokenizer(data / "act" / "best").model.state_dict()
    own = found.model.state_dict()
    assert all(torch.equal(own[name], value) for name, value in frozen.items())
    assert {"visual_encoder.out.weight", "visual_decoder.out.weight"} & set(own) == {"visual_decoder.out.weight"}
    assert {"ema_action_latent_t", "ema_to_codebook_i.weight", "vq_i.codebook.weight", "temperature"} <= set(own)

    output = tmp_path / "labels.jsonl"
    given = ["--model", str(tmp_path / "whole" / "best"), "--output", str(output), "--device", "cpu"]
    assert main(["tokens", "label", str(data / "videos"), *given, "--stride", "4"]) == 0
    assert "7 labels of 1 videos" in capsys.readouterr().out
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(0, 28, 4))
    last = lines[-1]
    assert last["tokens"] == "".join(f"<ACT_{code}>" for code in last["right"] + last["left"])
    (source,) = find_sources([data / "videos"], "")
    look = source.look
    assert look is not None
    features = found.encoder(SIZE.pixels(list(look.images([24, 56]))))
    _, indices = found.model.quantised_change(features[None])
    assert indices[0, 2:].tolist() == last["left"] + last["right"]
    assert [frame for frame, _ in labels(found, source, 1)] == list(range(28))

    manifest = tmp_path / "whole" / "best" / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("  seed: 0\n  camera", "  seed: 1\n  camera"))
    with pytest.raises(PolicyError, match="trained on another encoder of patches"):
        read_trained_vd_vae(tmp_path / "whole" / "best")


def test_a_training_begins_again_where_nothing_was_saved_and_only_with_the_same_eyes(
    data: Path, tmp_path: Path
) -> None:
    one: dict[str, Any] = {"epochs": 1, "steps": 2, "validation": 0.0}
    output = tmp_path / "killed"
    for left in ("features/1234", "tensorboard"):  # as after kill -9 while features were computed, or soon after
        (output / left).mkdir(parents=True)
    (output / "tensorboard" / "events.old").write_text("")
    (output / "settings.yaml").write_text("kind: vd_vae\n")
    assert len(trained(data, output, **one)) == 2
    assert (output / "features/1234").is_dir() and not (output / "tensorboard" / "events.old").exists()
    judged = yaml.safe_load((output / "best" / "manifest.yaml").read_text())["made"]
    assert "train feature MSE" in judged and "feature MSE" not in judged  # nothing was kept aside
    with pytest.raises(ConfigurationError, match="exists already; --resume"):
        trained(data, output, **one)
    # Another Act-VAE under the same name.
    shutil.copytree(data / "act", tmp_path / "act")
    own = {"action_vae": str(tmp_path / "act" / "best"), "epochs": 2, "steps": 2}
    trained(data, tmp_path / "run", until=2, **own)
    before = codebook_id(read_tokenizer(tmp_path / "act" / "best").model)
    shutil.rmtree(tmp_path / "act")
    settings = ActVaeSettings(**{**TINY, "epochs": 1, "steps": 2, "seed": 1})
    train(TokenizerRequest([data / "robot"], tmp_path / "act", settings, device="cpu"), print)
    assert codebook_id(read_tokenizer(tmp_path / "act" / "best").model) != before
    with pytest.raises(ConfigurationError, match="of a training with other data"):
        trained(data, tmp_path / "run", resume=True, **own)
    # From a finished one others begin, given its folder.
    assert len(trained(data, tmp_path / "on", checkpoint=str(output / "best"), **one)) == 2
    more = ActVaeSettings(**{**TINY, "epochs": 1, "steps": 1, "checkpoint": str(data / "act" / "best")})
    train(TokenizerRequest([data / "robot"], tmp_path / "act_on", more, device="cpu"), print)


def test_statistics_that_are_given_count_more_than_those_of_a_trained_model(data: Path, tmp_path: Path) -> None:
    robot = ROBOTS["agibot-go1"]
    own = read_tokenizer(data / "act" / "best").statistics(robot)
    assert own is not None
    write_statistics(tmp_path / "given.json", [replace(own, action=2.0 * own.action)])
    given = read_tokenizer(data / "act" / "best", str(tmp_path / "given.json")).statistics(robot)
    assert given is not None
    np.testing.assert_allclose(given.action, 2.0 * own.action)


def test_videos_that_cannot_be_labelled_are_refused(data: Path, tmp_path: Path) -> None:
    given: dict[str, Any] = {"encoder": "", "camera": "", "stride": 8, "device": "cpu", "tell": print}
    model, output = tmp_path / "run" / "best", tmp_path / "labels.jsonl"
    trained(data, tmp_path / "run", epochs=1, steps=1)
    for folder in ("a", "b"):
        shutil.copytree(data / "robot", tmp_path / folder / "clips")
    twice = [tmp_path / "a" / "clips", tmp_path / "b" / "clips"]
    videos = [data / "videos"]
    cases: list[tuple[list[Path], dict[str, Any], str]] = [
        (videos, {"stride": 0}, "--stride is at least 1, not 0"),
        (twice, {}, 'two sources are called "clips/episode_000000"'),
    ]
    if not torch.cuda.is_available():
        cases.append((videos, {"device": "cuda"}, 'device "cuda" is not here'))
    for sources, wrong, message in cases:
        with pytest.raises(RoboactError, match=message):
            label(sources, output, model, **{**given, **wrong})
    assert not output.exists()
    label(videos, output, model, **given)
    codebook = json.loads(output.read_text().splitlines()[0])["codebook"]
    assert codebook == codebook_id(read_tokenizer(data / "act" / "best").model)
    assert len(read_labels(output, 4, 16, codebook)) == 1
    with pytest.raises(
        RecordingError, match=f"line 1: these are labels of another Act-VAE .codebook {codebook}, not 0"
    ):
        read_labels(output, 4, 16, "0")
    with pytest.raises(RecordingError, match="an arm has 8 codes below 16"):
        read_labels(output, 8, 16, codebook)


def test_what_cannot_be_learned_from_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="learns the codes of a trained act_vae: --action-vae"):
        trained(data, tmp_path / "a", action_vae="")
    with pytest.raises(ConfigurationError, match='no camera "chest"'):
        find_sources([data / "robot"], "chest")
    squares_video(tmp_path / "short.avi", count=20)
    known = read_tokenizer(data / "act" / "best").statistics
    with pytest.raises(ConfigurationError, match="no two images 32 frames apart"):
        pairs_of(find_sources([tmp_path / "short.avi"], ""), known, 0.0, 0, 8)
    squares_video(tmp_path / "one.avi", count=40)
    lonely = pairs_of(find_sources([tmp_path / "one.avi"], ""), known, 0.9, 0, 8)
    assert len(lonely.train) == 1 and not len(lonely.validation)  # somebody has to be learned from
    (tmp_path / "no.mp4").write_bytes(b"nothing")
    with pytest.raises(RecordingError, match=r"no\.mp4 holds no video"):
        find_sources([tmp_path / "no.mp4"], "")
