"""What each kind of model that ``roboact train`` knows is trained with; PyTorch is imported when it starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roboact_ros.commands.tell import tell
from roboact_ros.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    from roboact_train.data.sources import Choices
    from roboact_train.training.loop import Outcome
    from roboact_train.training.settings import AnySettings, LoopSettings

    Started = tuple[LoopSettings, Callable[[], Outcome]]


_CLIP_RT = ("clip_rt", "clip_rt_action", "clip_rt_plus", "clip")
_SEEING = ("vd_vae", "clap_ntp", "clap_rf")

_GOES_WITH = {
    "corrections": _CLIP_RT,
    "layout": (*_CLIP_RT, "roboact"),
    "hertz": (*_CLIP_RT, "roboact"),
    "features": ("roboact_clip", "roboact", "vd_vae"),
    "camera": (*_CLIP_RT, "roboact", *_SEEING),
    "instruction": (*_CLIP_RT, "roboact", "act_vae", *_SEEING),
}
"""Which models learn from what these options of ``roboact train`` choose."""


def check_options(args: argparse.Namespace) -> None:
    """Check that no option was given which the model would not heed.

    Raises:
        ConfigurationError: One was.
    """
    for name, kinds in _GOES_WITH.items():
        if getattr(args, name) not in (None, "", []) and args.kind not in kinds:
            raise ConfigurationError(f"--{name} goes with {', '.join(kinds)}, not with {args.kind}")


def _clip_rt(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of a CLIP-RT model and what trains it."""
    from roboact_train.training.settings import TrainSettings

    settings = _settings(args, given, TrainSettings)

    def start() -> Outcome:
        from roboact_train.clip_rt.train import Request, train

        choices = _choices(args, settings)
        request = Request(kind=args.kind, corrections=args.corrections, choices=choices, **_common(args, settings))
        return train(request, tell)

    return settings, start


def _roboact_clip(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of RoboAct-CLIP and what trains it."""
    from roboact_train.roboact_clip.settings import RoboActClipSettings

    settings = _settings(args, given, RoboActClipSettings)

    def start() -> Outcome:
        from roboact_train.roboact_clip.train import VideoRequest, train

        return train(VideoRequest(features=args.features, **_common(args, settings)), tell)

    return settings, start


def _roboact(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of a policy on a frozen encoder and what trains it."""
    from roboact_train.roboact.settings import RoboActSettings

    settings = _settings(args, given, RoboActSettings)

    def start() -> Outcome:
        from roboact_train.roboact.train import CloningRequest, train

        choices = _choices(args, settings)
        return train(CloningRequest(choices=choices, features=args.features, **_common(args, settings)), tell)

    return settings, start


def _tokenizer(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of an Act-VAE or a VD-VAE and what trains it."""
    from roboact_train.clap.tokenizer_settings import SETTINGS_OF

    settings = _settings(args, given, SETTINGS_OF[args.kind])

    def start() -> Outcome:
        from roboact_train.clap.train import TokenizerRequest, train

        request = TokenizerRequest(features=args.features, **_of_clap(args, settings))
        return train(request, tell)

    return settings, start


def _clap_ntp(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of CLAP-NTP and what trains it."""
    from roboact_train.clap.ntp_settings import NtpSettings

    settings = _settings(args, given, NtpSettings)

    def start() -> Outcome:
        from roboact_train.clap.ntp_train import NtpRequest, train

        return train(NtpRequest(**_of_clap(args, settings)), tell)

    return settings, start


def _clap_rf(args: argparse.Namespace, given: dict[str, Any]) -> Started:
    """Return the settings of CLAP-RF and what trains it."""
    from roboact_train.clap.rf_settings import RfSettings

    settings = _settings(args, given, RfSettings)

    def start() -> Outcome:
        from roboact_train.clap.rf_train import RfRequest, train

        return train(RfRequest(**_of_clap(args, settings)), tell)

    return settings, start


def _settings(args: argparse.Namespace, given: dict[str, Any], kind: type[AnySettings]) -> AnySettings:
    """Return the settings of the file and of the options."""
    from roboact_train.training.settings import settings_from

    return settings_from(settings_file(args.settings), given, kind)


def _common(args: argparse.Namespace, settings: LoopSettings) -> dict[str, Any]:
    """Return what every request for a training says."""
    names = ("sources", "output", "resume", "device", "licence", "simulated")
    return {"settings": settings, **{name: getattr(args, name) for name in names}}


def _of_clap(args: argparse.Namespace, settings: LoopSettings) -> dict[str, Any]:
    """Return what every request for a training of CLAP says."""
    return {"camera": args.camera, "instruction": args.instruction, **_common(args, settings)}


def _choices(args: argparse.Namespace, settings: LoopSettings) -> Choices:
    """Return how samples are read."""
    from roboact_train.data.sources import Choices

    given = {name: value for name in ("layout", "hertz") if (value := getattr(args, name)) is not None}
    return Choices(args.camera, args.instruction, seed=settings.seed, **given)


def settings_file(name: str) -> Path | None:
    """Return the file of settings that a person named."""
    if not name:
        return None
    from roboact_ros.share import share_folder

    path, folder = Path(name), share_folder("config") / "policies"
    if path.is_file():
        return path
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    if name not in known:
        raise ConfigurationError(f'no settings "{name}": neither a file nor {did_you_mean(name, known)}')
    return folder / f"{name}.yaml"


TRAININGS: dict[str, Callable[[argparse.Namespace, dict[str, Any]], Started]] = {
    **dict.fromkeys(_CLIP_RT, _clip_rt),
    "roboact_clip": _roboact_clip,
    "roboact": _roboact,
    "act_vae": _tokenizer,
    "vd_vae": _tokenizer,
    "clap_ntp": _clap_ntp,
    "clap_rf": _clap_rf,
}
"""By the kind of model, what gets the options and the settings among them, and returns all settings and what trains."""
