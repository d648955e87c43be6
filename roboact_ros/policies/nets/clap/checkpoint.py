"""Reads the weights of the first two stages of CLAP's training, such as the released ``clap.ckpt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.vd_vae import VdVae, VdVaeShape

_NETWORK = "clap."
_BESIDE = ("astribot_pipeline.", "droid_pipeline.", "action_denormalization.", "dino_encoder.")
_TOKENIZER = ("action_vae.", "vq_t.")
_EMA = "ema_"
_HEAD_WIDTH, _VISUAL_HEAD_WIDTH = 128, 64


def read_action_tokenizer(path: Path) -> ActionTokenizer:
    """Return the Act-VAE and its codebook in a checkpoint of stage 1 or 2, ready to use.

    Raises:
        PolicyError: The file cannot be read, or holds something else.
    """
    weights = {key: value for key, value in _network(path).items() if key.startswith(_TOKENIZER)}
    model = ActionTokenizer(_action_shape(weights, path))
    load_weights(model, weights, path, "Act-VAE")
    return model.eval().requires_grad_(False)


def read_vd_vae(path: Path, patches: int = 300) -> VdVae:
    """Return the VD-VAE in a checkpoint of stage 2, ready to use; a teacher that is missing is a copy of the student.

    Args:
        path: The checkpoint.
        patches: Of an image, which a checkpoint does not say.

    Raises:
        PolicyError: The file cannot be read, or holds something else.
    """
    weights = _network(path)
    for key in [key for key in weights if key.startswith(("visual_encoder.", "to_codebook_", "action_latent_"))]:
        weights.setdefault(f"{_EMA}{key}", weights[key])
    try:
        irrelevant, width = weights["action_latent_i"].shape[2:]
    except (KeyError, ValueError) as error:
        raise PolicyError(f'checkpoint "{path}" holds no VD-VAE: action_latent_i: {error}') from error
    shape = VdVaeShape(
        action=_action_shape(weights, path),
        width=width,
        heads=max(1, width // _VISUAL_HEAD_WIDTH),
        layers=_blocks(weights, "visual_encoder.transformer_blocks."),
        patches=patches,
        irrelevant=irrelevant,
    )
    model = VdVae(shape)
    load_weights(model, weights, path, "VD-VAE")
    return model.eval().requires_grad_(False)


def _network(path: Path) -> dict[str, Tensor]:
    """Return the weights without the prefix of the network, those of other things left out."""
    found = {key.removeprefix(_NETWORK): value for key, value in read_state_dict(path).items()}
    return {key: value for key, value in found.items() if not key.startswith(_BESIDE)}


def _action_shape(weights: Mapping[str, Tensor], path: Path) -> ActVaeShape:
    try:
        tokens, width = weights["action_vae.global_motion_token"].shape
        codes, code_width = weights["vq_t.codebook.weight"].shape
        feedforward = len(weights["action_vae.encoder.middle_block.linear1.weight"])
    except (KeyError, ValueError) as error:
        raise PolicyError(f'checkpoint "{path}" holds no Act-VAE: {error}') from error
    shape = ActVaeShape(width, max(1, width // _HEAD_WIDTH), feedforward, 1, tokens, codes, code_width)
    return replace(shape, layers=2 * _blocks(weights, "action_vae.encoder.input_blocks.") + 1)


def _blocks(weights: Mapping[str, Tensor], prefix: str) -> int:
    """Return the number of blocks whose names begin with ``prefix``."""
    return len({key.removeprefix(prefix).partition(".")[0] for key in weights if key.startswith(prefix)})
