"""What a system file may say of the policy, and of large models that help."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from roboact_ros.cells.values import STRICT, Fraction, Positive


@dataclass(frozen=True, config=STRICT)
class EndpointDescription:
    """Where a large model is asked over the OpenAI-compatible protocol.

    Attributes:
        endpoint: Base address, e.g. ``http://127.0.0.1:11434/v1``: https anywhere, http on this machine only. Empty:
            nobody is asked.
        model: Name of the model; empty leaves the choice to the endpoint.
        api_key_env: Name of the environment variable that holds the key; empty sends none.
        timeout: Time for a whole answer; after it, things go on without [s].
    """

    endpoint: str = ""
    model: str = ""
    api_key_env: str = ""
    timeout: Annotated[float, Field(gt=0.0, le=30.0)] = 5.0


@dataclass(frozen=True, config=STRICT)
class LanguageModelDescription(EndpointDescription):
    """A language model for sentences with words that the grammar does not know.

    Attributes:
        max_motions: Longest plan that is accepted from it.
    """

    max_motions: Annotated[int, Field(ge=1, le=8)] = 6


@dataclass(frozen=True, config=STRICT)
class RefinementDescription(EndpointDescription):
    """A vision-language model that weighs the policy's best motions.

    Attributes:
        every_n: Ask for every n-th choice; in between the policy chooses alone.
        candidates: How many of the best motions it weighs.
    """

    every_n: Annotated[int, Field(ge=1)] = 1
    candidates: Annotated[int, Field(ge=2, le=58)] = 10


@dataclass(frozen=True, config=STRICT)
class RemoteDescription:
    """A server that runs a policy of kind ``clap_remote``, and what the actions mean that it sends.

    Attributes:
        server: Its address, e.g. ``ws://127.0.0.1:10093``: wss anywhere, ws on this machine only.
        api_key_env: Name of the environment variable that holds its key; empty sends none.
        timeout: Time for a whole answer [s].
        robot: Name of the robot that the model is told; empty leaves it to the server.
        statistics: Name of the statistics that the server undoes the normalisation with; empty leaves it to the server.
        image_size: Width and height that images are sent with [px]; by default those of the cameras.
        actions: ``relative``: positions [m] and Euler angles [rad] counted from where the arm was at the image, gripper
            -1 open … 1 closed. ``steps``: displacement and rotation vector of each step, gripper 0 closed … 1 open.
        arm: Which arm this one is, for a model of two; ``both`` in a cell with two.
        metres: How far a ``steps`` action of 1 leads [m].
        radians: How far a ``steps`` action of 1 turns [rad].
        hertz: Steps per second [1/s].
        executed: How many steps of an answer are carried out.
    """

    server: str = ""
    api_key_env: str = ""
    timeout: Annotated[float, Field(gt=0.0, le=30.0)] = 5.0
    robot: str = ""
    statistics: str = ""
    image_size: tuple[Annotated[int, Field(ge=16, le=8192)], Annotated[int, Field(ge=16, le=8192)]] | None = None
    actions: Literal["relative", "steps"] = "relative"
    arm: Literal["left", "right", "both"] = "right"
    metres: Positive = 1.0
    radians: Positive = 1.0
    hertz: Positive = 30.0
    executed: Annotated[int, Field(ge=1)] = 32


@dataclass(frozen=True, config=STRICT)
class ClapDescription:
    """What a policy of kind ``clap`` or ``clap_ntp`` is not told by its run or model, which is ``policy.checkpoint``.

    Attributes:
        base: Folder of the language model that the run began with, if it is neither in the run nor where that says.
        robot: ``robot_type`` that the prompt names and whose statistics are used; empty: the run's own, or
            ``arm.model``.
        statistics: File of these statistics; empty: the run's own.
        actions: ``relative`` or ``steps``, as of ``remote``; runs that were trained here are ``relative``.
        arm: Which arm this one is, for a run of two.
        metres: How far a ``steps`` action of 1 leads [m].
        radians: How far a ``steps`` action of 1 turns [rad].
        hertz: Steps per second [1/s]; 0: as the run says.
        executed: How many steps of a chunk are carried out; 0: all.
    """

    base: str = ""
    robot: str = ""
    statistics: str = ""
    actions: Literal["relative", "steps"] = "relative"
    arm: Literal["left", "right"] = "right"
    metres: Positive = 1.0
    radians: Positive = 1.0
    hertz: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0
    executed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=STRICT)
class PolicyDescription:
    """The policy that drives the arm, if any.

    Attributes:
        kind: ``none`` leaves the arm to the person.
        model: open_clip model name.
        checkpoint: State dict to load, folder of a trained model, or name of a shipped one; empty only with ``random``.
        clip: Weights of the frozen CLIP below a ``roboact`` policy, where they are now if they were moved since.
        random: Use random weights. Never happens unless asked for here.
        camera: Name of the camera the policy looks through.
        more_cameras: Names of further cameras, for policies that look through several.
        camera_tolerance: Largest difference between the exposures of images that are used together [s].
        device: Torch device; ``auto`` takes CUDA when there is one.
        lookahead: Choose the next motion when this fraction of the current one is done; 1 waits for its end. Left out,
            it is 1, but 0.5 where the next chunk is chosen while one is followed.
        seams: How one action chunk goes over into the next, see :mod:`roboact_ros.policies.seams`; ``auto`` is what was
            measured to be best for the kind.
        steady: Never take back a motion by one that is as long, nor repeat one that changed nothing to be seen.
        step_seconds: In an instruction of several steps ("..., then ..."), go on to the next after so long, done or not
            [s]; 0 waits until the policy or a person says that a step is done.
        refinement: Help of a vision-language model with every choice.
        remote: The server of ``clap_remote``, which needs no model or checkpoint here.
        clap: What a run of ``clap`` or a ``clap_ntp`` does not say itself.
    """

    kind: Literal["none", "clip_rt", "clip_rt_action", "clip_rt_plus", "roboact", "clap", "clap_ntp", "clap_remote"] = (
        "none"
    )
    model: str = "ViT-H-14-378-quickgelu"
    checkpoint: str = ""
    clip: str = ""
    random: bool = False
    camera: str = "front"
    more_cameras: tuple[str, ...] = ()
    camera_tolerance: Positive = 0.05
    device: str = "auto"
    lookahead: Fraction | None = None
    seams: Literal["auto", "wait", "replace", "ensemble", "inpaint", "select"] = "auto"
    steady: bool = True
    step_seconds: Annotated[float, Field(ge=0.0)] = 0.0
    refinement: RefinementDescription = RefinementDescription()
    remote: RemoteDescription = RemoteDescription()
    clap: ClapDescription = ClapDescription()

    @property
    def shown_model(self) -> str:
        """What an operator reads where the model is meant."""
        if self.kind in ("clap", "clap_ntp", "roboact"):
            return self.checkpoint
        return self.remote.server if self.kind == "clap_remote" else self.model
