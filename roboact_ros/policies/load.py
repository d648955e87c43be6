"""Makes the policy that a cell describes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.chat.client import ChatClient
from roboact_ros.chat.endpoint import endpoint_at
from roboact_ros.errors import PolicyError, did_you_mean
from roboact_ros.language.vocabulary import DONE, PRIMITIVES
from roboact_ros.policies.manifest import MANIFEST, read_notes, read_trained_model, trained_model_folder
from roboact_ros.policies.policy import AnyPolicy, ChunkPolicy, Policy
from roboact_ros.policies.seams import seams_of
from roboact_ros.policies.steadied import Steadied


def policy_from_description(description: PolicyDescription, cell: Cell) -> AnyPolicy:
    """Load the policy of ``cell``; takes seconds to minutes.

    Args:
        description: ``cell.policy``.
        cell: The cell it will drive.

    Raises:
        PolicyError: There is none of that kind, its files cannot be used, it has no scores to refine, or it has learned
            in simulation and the arm is real.
        ChatError: ``policy.refinement`` names a key that is not there.
    """
    if description.kind not in _KINDS:
        raise PolicyError(f'no policy "{description.kind}": {did_you_mean(description.kind, _KINDS)}')
    if description.more_cameras and description.kind not in _SEVERAL_CAMERAS:
        raise PolicyError(f"policy.more_cameras: {description.kind} looks through one camera, {description.camera}")
    if description.kind in _UNREFINED:
        if description.refinement.endpoint:
            raise PolicyError(f"policy.refinement goes with {', '.join(_SCORING)}, not with {description.kind}")
        policy = _UNREFINED[description.kind](description, cell)
        if seams_of(description) == "ensemble":
            from roboact_ros.policies.ensembled import Ensembled

            return Ensembled(cast(ChunkPolicy, policy))
        return policy
    make = _refined if description.refinement.endpoint else _SCORING[description.kind]
    chooser = make(description, cell)
    return Steadied(chooser) if description.steady else chooser


def clip_rt(
    model: str,
    checkpoint: str,
    random: bool,
    device: str,
    seed: int = 0,
    kind: str = "clip_rt",
) -> Policy:
    """Load a CLIP-RT policy.

    Args:
        model: open_clip model name; not used with the folder of a trained model, which brings its own.
        checkpoint: File of its weights, or folder or name of a trained model; empty only with ``random``.
        random: Use random weights instead.
        device: Torch device; ``auto`` takes CUDA when there is one.
        seed: Seed of random weights.
        kind: Whether the motions are words, or tokens of their own (``clip_rt_action``).

    Raises:
        PolicyError: Neither or both of ``checkpoint`` and ``random``, or the model cannot be loaded.
    """
    _check_weights(model, checkpoint, random)
    # PyTorch takes seconds to import; who only asks for another kind or makes a mistake above does not wait for it.
    from roboact_ros.policies.clip_rt import ClipRt, torch_device
    from roboact_ros.policies.nets.action_tokens import with_action_tokens
    from roboact_ros.policies.nets.clip import clip_with_random_weights, clip_with_weights

    torch_device(device)
    folder = trained_model_folder(checkpoint) if checkpoint else None
    motions = PRIMITIVES
    if folder is not None:
        trained = read_trained_model(folder, kind)
        if trained.notes.get("action_space", {}).get("done"):
            motions = (*PRIMITIVES, DONE)
        network = clip_with_weights(trained.model, trained.weights)
    else:
        network = clip_with_random_weights(model, seed) if random else clip_with_weights(model, Path(checkpoint))
    policy = ClipRt(with_action_tokens(network) if kind == "clip_rt_action" else network, motions, device)
    del network.model.visual  # the policy runs a copy that is laid out for the machine; the original is 2.5 GB of ViT-H
    return policy


def clip_rt_plus(model: str, checkpoint: str, random: bool, device: str, seed: int = 0) -> ChunkPolicy:
    """Load a CLIP-RT+ policy.

    Args:
        model: open_clip model name, used with ``random``.
        checkpoint: Folder or name of a trained model; empty only with ``random``.
        random: Use random weights instead, which make small random steps.
        device: Torch device; ``auto`` takes CUDA when there is one.
        seed: Seed of random weights.

    Raises:
        PolicyError: Neither or both of ``checkpoint`` and ``random``, or the model cannot be loaded.
    """
    _check_weights(model, checkpoint, random)
    from roboact_ros.policies.chunk_space import space_from_notes
    from roboact_ros.policies.clip_rt_plus import UNTRAINED, ClipRtPlus
    from roboact_ros.policies.clip_step import torch_device
    from roboact_ros.policies.nets.clip import clip_with_random_weights, clip_with_weights, with_chunk_decoder

    torch_device(device)
    if random:
        network, space = clip_with_random_weights(model, seed), UNTRAINED
        network = with_chunk_decoder(network, UNTRAINED.executed, seed)
    else:
        folder = trained_model_folder(checkpoint)
        if folder is None:
            raise PolicyError(f"{checkpoint} is not the folder of a trained model, whose {MANIFEST} CLIP-RT+ needs")
        trained = read_trained_model(folder, "clip_rt_plus")
        network = clip_with_weights(trained.model, trained.weights)
        space = space_from_notes(trained.notes, folder / MANIFEST)
    policy = ClipRtPlus(network, space, device)
    del network.model.visual
    return policy


def roboact(checkpoint: str, device: str, clip: str = "") -> AnyPolicy:
    """Load a policy that behaviour cloning made on a frozen encoder; the model says whether it puts out chunks.

    Args:
        checkpoint: Folder or name of a trained model.
        device: Torch device; ``auto`` takes CUDA when there is one.
        clip: Weights of the CLIP below it where they are now, if they were moved since the training.

    Raises:
        PolicyError: The model or what is below it cannot be loaded.
    """
    folder = trained_model_folder(checkpoint) if checkpoint else None
    if folder is None:
        raise PolicyError(
            f'a roboact policy needs the folder of a trained model (checkpoint:=FOLDER), not "{checkpoint}"; '
            "roboact train roboact makes one, and there is none with random weights"
        )
    from roboact_ros.policies.chunk_space import space_from_notes
    from roboact_ros.policies.clip_step import torch_device
    from roboact_ros.policies.encoders.load import frozen_from_notes
    from roboact_ros.policies.nets.behaviour import Behaviour, behaviour_shape_from
    from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
    from roboact_ros.policies.roboact import RoboActChunks, RoboActMotions, RoboActStep

    trained = read_trained_model(folder, "roboact")
    notes, origin = trained.notes, folder / MANIFEST
    weights = read_state_dict(trained.weights)
    own, below = (
        {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        for prefix in ("policy.", "encoder.")
    )
    frozen = frozen_from_notes(notes, below, origin, torch_device(device), clip)
    network = Behaviour(behaviour_shape_from(notes.get("behaviour") or {}, str(origin)))
    load_weights(network, own, trained.weights, "roboact")
    step = RoboActStep(frozen, network)
    if notes.get("actions") == "chunk":
        return RoboActChunks(step, space_from_notes(notes, origin))
    return RoboActMotions(step)


def _checkpoint(description: PolicyDescription, cell: Cell) -> str:
    """Return the checkpoint, unless it has learned in simulation and the arm is real."""
    checkpoint = description.checkpoint
    folder = trained_model_folder(checkpoint) if checkpoint else None
    noted = folder is not None and (folder / MANIFEST).is_file()  # runs of CLAP from elsewhere have no manifest
    if folder is not None and noted and not cell.simulated and read_notes(folder).get("simulated"):
        real = cell.robot_words if cell.arms else f"the arm at {cell.arm.robot_ip}"
        raise PolicyError(
            f"{checkpoint} has learned in a simulated cell and must not drive {real}: "
            "give a model of real episodes (checkpoint:=FILE)"
        )
    return checkpoint


def _check_weights(model: str, checkpoint: str, random: bool) -> None:
    if bool(checkpoint) == random:
        given = "both were given" if random else "neither was given"
        raise PolicyError(
            f"CLIP-RT needs the weights of {model}: a checkpoint (--checkpoint FILE, in a cell checkpoint:=FILE) "
            f"or random ones on purpose (--random, in a cell policy.random:=true); {given}"
        )


def _clip_rt(description: PolicyDescription, cell: Cell) -> Policy:
    checkpoint, device = _checkpoint(description, cell), description.device
    return clip_rt(description.model, checkpoint, description.random, device, kind=description.kind)


def _refined(description: PolicyDescription, cell: Cell) -> Policy:
    from roboact_ros.policies.refined import RefinedPolicy

    help_ = description.refinement
    endpoint = endpoint_at(help_.endpoint, help_.model, help_.api_key_env)  # before the model, which takes long to load
    policy = _SCORING[description.kind](description, cell)
    return RefinedPolicy(policy, ChatClient(endpoint, help_.timeout), help_.every_n, help_.candidates)


def _clip_rt_plus(description: PolicyDescription, cell: Cell) -> ChunkPolicy:
    return clip_rt_plus(description.model, _checkpoint(description, cell), description.random, description.device)


def _roboact(description: PolicyDescription, cell: Cell) -> AnyPolicy:
    policy = roboact(_checkpoint(description, cell), description.device, description.clip)
    from roboact_ros.policies.roboact import RoboActMotions

    return Steadied(policy) if description.steady and isinstance(policy, RoboActMotions) else policy


def _clap(description: PolicyDescription, cell: Cell) -> ChunkPolicy:
    checkpoint = _checkpoint(description, cell)
    from roboact_ros.policies.clap.from_description import clap_from_description

    return clap_from_description(checkpoint, description, cell)


def _clap_ntp(description: PolicyDescription, cell: Cell) -> ChunkPolicy:
    checkpoint = _checkpoint(description, cell)
    from roboact_ros.policies.clap.ntp_description import ntp_from_description

    return ntp_from_description(checkpoint, description, cell)


def _clap_remote(description: PolicyDescription, cell: Cell) -> ChunkPolicy:
    from roboact_ros.policies.clap.remote import ClapRemote

    return ClapRemote(description.remote)


_SCORING: dict[str, Callable[[PolicyDescription, Cell], Policy]] = {
    "clip_rt": _clip_rt,
    "clip_rt_action": _clip_rt,
}
_UNREFINED: dict[str, Callable[[PolicyDescription, Cell], AnyPolicy]] = {
    "clip_rt_plus": _clip_rt_plus,
    "roboact": _roboact,
    "clap": _clap,
    "clap_ntp": _clap_ntp,
    "clap_remote": _clap_remote,
}
_SEVERAL_CAMERAS = ("clap", "clap_ntp", "clap_remote")
"""Kinds that use the frames beside the first one."""

_KINDS: dict[str, Callable[[PolicyDescription, Cell], AnyPolicy]] = {**_SCORING, **_UNREFINED}
