"""Training of RoboAct-CLIP on squares that move: it learns, resumes exactly, keeps its cache, and names what is bad."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from moving_shapes import ACTIONS, OBJECTS, moving_square, moving_squares, tiny_clip
from tiny_training import recorded_losses

from roboact_ros.cli import main
from roboact_ros.errors import ConfigurationError, PolicyError, RecordingError
from roboact_ros.policies.nets.clip import clip_with_random_weights
from roboact_ros.policies.nets.roboact_clip.checkpoint import load_encoder
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip, fingerprint
from roboact_ros.types import ImageArray
from roboact_train.roboact_clip.clips import Clip
from roboact_train.roboact_clip.corpus import corpus_of
from roboact_train.roboact_clip.dataset import AtomicClip, read_dataset, write_dataset
from roboact_train.roboact_clip.features import FRAMES_FILE, FrameCache, cached_texts
from roboact_train.roboact_clip.frames import read_frames
from roboact_train.roboact_clip.pictures import BRANCHES_FILE, RETRIEVAL_FILE
from roboact_train.roboact_clip.settings import RoboActClipSettings
from roboact_train.roboact_clip.split import episode_of, split
from roboact_train.roboact_clip.train import VideoRequest, train
from roboact_train.training.order import Place

CPU = torch.device("cpu")
QUICK: dict[str, Any] = {
    "epochs": 25,
    "batch": 16,
    "learning_rate": 2e-3,
    "warmup": 10,
    "validation": 0.2,
    "unseen": 0.13,
    "bank_update_interval": 4,
}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set whose features are computed by the first test."""
    folder = tmp_path_factory.mktemp("squares")
    tiny_clip(folder / "clip")
    return moving_squares(folder)


def trained(squares: Path, output: Path, resume: bool = False, until: int = 0, **settings: Any) -> list[float]:
    """Train and return the loss of every batch; ``until`` interrupts after that batch."""
    made = RoboActClipSettings(**{"model": f"local-dir:{squares / 'clip'}", **QUICK, **settings})
    request = VideoRequest([squares], output, made, resume, "cpu")
    return recorded_losses(lambda note: train(request, print, note), until)


def test_learns_actions_that_the_mean_of_frames_cannot_tell_apart(
    squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("".join(f"{name}: {value}\n" for name, value in QUICK.items()))
    given = ["--model", f"local-dir:{squares / 'clip'}", "--settings", str(settings), "--device", "cpu", "--json"]
    metrics = []
    for ablation in ("none", "temporal"):
        output = ["--output", str(tmp_path / ablation), "--ablation", ablation]
        assert main(["train", "roboact_clip", str(squares), *output, *given]) == 0
        metrics.append(json.loads(capsys.readouterr().out.splitlines()[-1])["validation"])
    full, ends_only = metrics
    assert full["action accuracy"] > 0.75 and full["action readout"] > 0.75
    assert full["mean frames: action readout"] <= 0.6  # a line or a turn, but not which way
    assert ends_only["action accuracy"] < full["action accuracy"]  # no turn has a direction for it
    assert full["branch cosine"] < 0.15
    assert full["recombined: text R@1"] > 5 * full["recombined: chance"]

    assert {path.name for path in (tmp_path / "none" / "pictures").iterdir()} == {BRANCHES_FILE, RETRIEVAL_FILE}

    found = load_encoder(tmp_path / "none" / "best")
    clip = FrozenClip(found.clip, CPU)
    assert set(found.classes.actions) == set(ACTIONS) and set(found.classes.objects) == set(OBJECTS)
    right = 0
    for action in ACTIONS:  # a square that no training saw
        with torch.no_grad():
            video = found.model.encode_video(clip.frames(moving_square(action, "box", 99))[None])
        assert video.logits is not None
        right += found.classes.actions[int(video.logits.action.argmax())] == action
    assert right >= 3
    tiny_clip(tmp_path / "other")
    manifest = tmp_path / "none" / "best" / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("seed: 0\n  fingerprint", "seed: 1\n  fingerprint"))
    with pytest.raises(PolicyError, match="trained on another CLIP"):
        load_encoder(tmp_path / "none" / "best")


def test_an_interrupted_training_goes_on_exactly(squares: Path, tmp_path: Path) -> None:
    short = {"epochs": 3, "symmetric": True}
    whole = trained(squares, tmp_path / "whole", **short)
    before = trained(squares, tmp_path / "parts", until=len(whole) // 2, **short)
    after = trained(squares, tmp_path / "parts", resume=True, **short)
    assert before + after == whole
    with pytest.raises(ConfigurationError, match=r"lambda_aux 0\.5 instead of 0\.1"):
        trained(squares, tmp_path / "parts", resume=True, lambda_aux=0.1, **short)
    with pytest.raises(ConfigurationError, match="exists already; --resume"):
        trained(squares, tmp_path / "parts", **short)


def some_clips(folder: Path, count: int = 4) -> list[Clip]:
    clips = []
    for number in range(count):
        path = folder / f"episode_{number}" / "cam_1" / "color"
        path.mkdir(parents=True)
        for frame, image in enumerate(moving_square("open", "box", number, 4)):
            cv2.imwrite(str(path / f"{frame}.jpg"), image)
        clips.append(Clip(str(path), "images", str(path), "1", 0, 4, "open the box"))
    return clips


def test_features_are_computed_once_whatever_breaks_in_between(tmp_path: Path) -> None:
    network = clip_with_random_weights(tiny_clip(tmp_path / "clip"))
    clip, name = FrozenClip(network, CPU), fingerprint(network)
    clips = some_clips(tmp_path)
    cache = FrameCache(tmp_path / "features", clips, name, clip.embedding)
    cache.create()
    asked: list[str] = []

    def broken(which: Clip, count: int) -> list[ImageArray]:
        if which == clips[2]:
            raise RecordingError("out of reach")
        return counted(which, count)

    def counted(which: Clip, count: int) -> list[ImageArray]:
        asked.append(which.name)
        return read_frames(which, count)

    with pytest.raises(RecordingError, match="out of reach"):
        cache.fill(clip, Place(), print, broken)
    with pytest.raises(RecordingError, match="lacks the features of 2 of 4 videos"):
        cache.read()
    again = FrameCache(tmp_path / "features", clips, name, clip.embedding)
    again.create()
    for rank in range(2):  # two processes share what is left
        again.fill(clip, Place(rank, 2), print, counted)
    assert sorted(asked) == sorted(which.name for which in clips)
    features = again.read()
    assert isinstance(features, np.memmap) and features.shape == (4, 16, clip.embedding)
    for row, which in enumerate(clips):
        np.testing.assert_array_equal(features[row], clip.frames(read_frames(which, 16)).numpy())

    file = again.folder / FRAMES_FILE
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(RecordingError, match=r"frames\.npy cannot be read; delete"):
        again.read()
    longer = [dataclasses.replace(clips[0], end=3), *clips[1:]]
    assert FrameCache(tmp_path / "features", longer, name, clip.embedding).folder != again.folder
    shutil.rmtree(clips[1].path)
    with pytest.raises(RecordingError, match="episode_1.*is not there any more"):
        FrameCache(tmp_path / "features", clips, name, clip.embedding)


def test_texts_are_embedded_once(tmp_path: Path) -> None:
    network = clip_with_random_weights(tiny_clip(tmp_path / "clip"))
    clip, name = FrozenClip(network, CPU), fingerprint(network)
    first = cached_texts(tmp_path, ["a drawer", "a door", "a drawer"], clip, name)
    np.testing.assert_allclose(first, clip.texts(["a drawer", "a door", "a drawer"]).numpy(), atol=1e-6)
    file = tmp_path / f"texts-{name}.npz"
    before = file.stat().st_mtime_ns
    np.testing.assert_array_equal(cached_texts(tmp_path, ["a door"], clip, name)[0], first[1])
    assert file.stat().st_mtime_ns == before
    cached_texts(tmp_path, ["a box"], clip, name)
    np.testing.assert_array_equal(cached_texts(tmp_path, ["a door"], clip, name)[0], first[1])
    with pytest.raises(PolicyError, match="too long"):
        cached_texts(tmp_path, ["word " * 100], clip, name)
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(RecordingError, match="delete it"):
        cached_texts(tmp_path, ["a door"], clip, name)


def test_parts_share_no_episode_and_unseen_pairs_are_learned_nowhere(squares: Path) -> None:
    clips = read_dataset(squares)
    # A second camera of every episode.
    path = [Path(clip.clip.path).parent.parent / "cam_2" / "color" for clip in clips]
    both = [
        *clips,
        *(AtomicClip(dataclasses.replace(c.clip, path=str(p)), c.triplet) for c, p in zip(clips, path, strict=True)),
    ]
    parts = split(both, 0.2, 0.2, 0)
    assert sorted((*parts.train, *parts.validation, *parts.unseen)) == list(range(len(both)))
    assert parts == split(both, 0.2, 0.2, 0) != split(both, 0.2, 0.2, 1)
    episodes = [{episode_of(both[n].clip) for n in part} for part in (parts.train, parts.validation)]
    assert not episodes[0] & episodes[1]
    pairs = [{(both[n].triplet.action, both[n].triplet.object) for n in p} for p in (parts.train, parts.unseen)]
    assert not pairs[0] & pairs[1] and len(pairs[1]) == 3
    for place in (0, 1):
        assert {pair[place] for pair in pairs[1]} <= {pair[place] for pair in pairs[0]}
    corpus = corpus_of(both, 0.2, 0.2, 4096, 0)
    hidden = {tuple(row[1:]) for row in corpus.unseen.tolist()}
    assert len(hidden) == 3 and not hidden & {tuple(row[1:]) for row in corpus.recombined.tolist()}
    assert len(corpus.rivals) == len(ACTIONS) * len(OBJECTS)
    assert corpus.sentence(corpus.unseen[0]).startswith("Robot ")


def test_bad_data_is_named(squares: Path, tmp_path: Path) -> None:
    good = read_dataset(squares)

    def with_first(**changes: Any) -> list[AtomicClip]:
        triplet = {name: changes.pop(name) for name in ("action", "object") if name in changes}
        first = AtomicClip(
            dataclasses.replace(good[0].clip, **changes), dataclasses.replace(good[0].triplet, **triplet)
        )
        return [first, *good[1:]]

    with pytest.raises(RecordingError, match=r"bad clip has 1 frame\(s\); an action takes at least 2"):
        corpus_of(with_first(name="bad clip", end=1), 0.1, 0.0, 100, 0)
    with pytest.raises(RecordingError, match='bad clip: no object in its text ""'):
        corpus_of(with_first(name="bad clip", object="", text=""), 0.1, 0.0, 100, 0)
    with pytest.raises(ConfigurationError, match="no clips"):
        corpus_of([], 0.1, 0.0, 100, 0)
    assert corpus_of(with_first(end=15), 0.1, 0.0, 100, 0).counts["shorter than 16 frames"] == 1
    with pytest.raises(ConfigurationError, match="a step takes 512 clips .* a smaller --batch is needed"):
        trained(squares, tmp_path / "a", batch=512)
    write_dataset(tmp_path / "gone", with_first(path=str(tmp_path / "nowhere")), [], {})
    made = RoboActClipSettings(**{"model": f"local-dir:{squares / 'clip'}", **QUICK})
    with pytest.raises(RecordingError, match="nowhere is not there any more"):
        train(VideoRequest([tmp_path / "gone"], tmp_path / "b", made, device="cpu"), print)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--chunk", "4"], 'unknown setting "chunk"'),
        (["--ablation", "time"], "ablation = 'time'"),
        (["--corrections", "bag"], "--corrections goes with clip_rt, clip_rt_action"),
        (["--hertz", "0"], "roboact, not with roboact_clip"),
        (["--camera", "haed"], "clap_rf, not with roboact_clip"),
    ],
)
def test_options_of_other_models_are_refused(
    given: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "roboact_clip", str(tmp_path), "--output", str(tmp_path / "out"), *given]) != 0
    assert message in capsys.readouterr().err
