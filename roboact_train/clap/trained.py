"""Tokenizers on disk: those that were trained here, and released checkpoints."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from roboact_ros.errors import ConfigurationError, PolicyError
from roboact_ros.policies.manifest import read_trained_model
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer, read_vd_vae
from roboact_ros.policies.nets.clap.vd_vae import VdVae
from roboact_train.clap.corpus import Statistics, statistics_in
from roboact_train.clap.patches import ImageSize, PatchEncoder, patch_encoder
from roboact_train.clap.tokenizer_settings import ACT_VAE, VD_VAE

CPU = torch.device("cpu")
STATISTICS = "dataset_statistics_32.json"
"""File of a trained model with what its actions are normalised with."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedTokenizer:
    """An Act-VAE, frozen, and the file of what actions are normalised with.

    Attributes:
        model: The Act-VAE.
        file: Of the statistics of actions.
        learned: Of those that the Act-VAE learned with, where they are others.
    """

    model: ActionTokenizer
    file: Path
    learned: Path | None = None

    @property
    def learned_with(self) -> Statistics | None:
        """Those that the Act-VAE learned with, where they are others."""
        return statistics_in(self.learned) if self.learned is not None else None

    @property
    def statistics(self) -> Statistics:
        """Of the robots in its statistics file."""
        return statistics_in(self.file)


@dataclass(frozen=True, slots=True, eq=False)
class TrainedVdVae:
    """A VD-VAE with the encoder of patches that it was trained on.

    Attributes:
        model: The network, frozen.
        encoder: What its images go through.
        camera: What it was trained with: a view or a camera, or empty.
    """

    model: VdVae
    encoder: PatchEncoder
    camera: str = ""


def read_trained_vd_vae(folder: Path, encoder: str = "", device: torch.device = CPU) -> TrainedVdVae:
    """Return a VD-VAE that was trained here.

    Args:
        folder: Of the model.
        encoder: Folder of its encoder of patches; empty: where it was when the model was trained.
        device: Where both run.

    Raises:
        PolicyError: Something cannot be read, or the encoder is another one.
        ConfigurationError: transformers is not installed.
    """
    trained = read_trained_model(folder, VD_VAE)
    try:
        about = trained.notes["encoder"]
        size = ImageSize(int(about["height"]), int(about["width"]))
        named, seed, wanted = str(about["model"]), int(about["seed"]), str(about["fingerprint"])
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{folder} does not say which encoder of patches it goes with: {error}") from error
    found = patch_encoder(encoder or named, size, device, seed)
    if found.fingerprint != wanted:
        raise PolicyError(f"{folder} was trained on another encoder of patches than {encoder or named}")
    return TrainedVdVae(read_vd_vae(trained.weights, found.patches).to(device), found, str(about.get("camera", "")))


def weights_at(path: Path, kind: str, *others: str) -> Path:
    """Return the file of weights of a trained model, given its folder or that file.

    Raises:
        PolicyError: The folder is that of another model, or damaged.
    """
    return read_trained_model(path, kind, *others).weights if path.is_dir() else path


def codebook_id(model: ActionTokenizer) -> str:
    """Return what tells an Act-VAE from others: the codes of one mean nothing to another."""
    table = model.vq_t.codebook.weight.detach().cpu().float().numpy()
    return hashlib.sha256(table.tobytes()).hexdigest()[:16]


def read_tokenizer(path: Path, statistics: str = "") -> TrainedTokenizer:
    """Return a trained Act-VAE, or that in a trained VD-VAE, frozen.

    Args:
        path: Folder of a trained model, or a released checkpoint.
        statistics: File of statistics, which a released checkpoint needs; empty: those beside a trained model.

    Raises:
        PolicyError: It cannot be read, or is something else.
        ConfigurationError: A released checkpoint without statistics.
    """
    model = read_action_tokenizer(weights_at(path, ACT_VAE, VD_VAE))
    if path.is_dir():
        return TrainedTokenizer(model, Path(statistics) if statistics else path / STATISTICS)
    if not statistics:
        raise ConfigurationError(f"{path} does not say what its actions are normalised with: give --statistics FILE")
    return TrainedTokenizer(model, Path(statistics))
