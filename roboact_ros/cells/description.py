"""The description of one robot cell: what a file in ``config/systems`` may say, with its defaults."""

from __future__ import annotations

from dataclasses import fields, replace
from ipaddress import IPv4Address
from math import pi
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Number, Number]
Six = tuple[Number, Number, Number, Number, Number, Number]

_STRICT = ConfigDict(extra="forbid")

ARMS = ("left", "right")
"""Names of the arms of a cell that has two."""

TABLE_BELOW_HOME = 0.288
"""The table lies this far below the home tool unless told otherwise: going down 0.27 m ends 18 mm above it [m]."""


@dataclass(frozen=True, config=_STRICT)
class ArmDescription:
    """The arm.

    Attributes:
        model: Published kinematics to use; ``urdf`` for those of a file, whose arm is reached over ROS topics.
        robot_ip: Address of the controller; ``sim`` starts a simulated one at ``sim.address``.
        tcp: Tool centre point in the flange (of ``urdf``: in ``tool``, by default its origin): x, y, z [m], rotation
            vector [rad].
        home: Joint positions of the home pose [rad]; the default is the one of the CLIP-RT authors.
        calibrated: Use the robot's own calibrated kinematics when it offers them.
        urdf: URDF file, relative to the folder of the system file.
        base: Frame of the file in which the tool is moved.
        tool: Frame of the file that is moved.
        link_radius: Radius of the capsules that stand for the links of ``urdf`` [m].
        rate_hz: Joint targets per second of ``urdf``; those of the other models are given.
        command: Topic that the joint targets of ``urdf`` are published on, as JointTrajectory.
        joint_states: Topic on which the arm of ``urdf`` tells its joints, as JointState.
    """

    model: Literal["ur5", "ur5e", "urdf"] = "ur5e"
    robot_ip: str = "sim"
    tcp: Six = (0.0, 0.0, 0.15, 0.0, 0.0, 0.0)
    home: tuple[Number, ...] = (pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2)
    calibrated: bool = True
    urdf: str = ""
    base: str = ""
    tool: str = ""
    link_radius: Positive = 0.06
    rate_hz: Annotated[float, Field(ge=10.0, le=1000.0)] = 100.0
    command: str = "/joint_trajectory_controller/joint_trajectory"
    joint_states: str = "/joint_states"

    @property
    def simulated(self) -> bool:
        """Whether a simulated robot takes its place."""
        return self.robot_ip == "sim" and self.model != "urdf"


@dataclass(frozen=True, config=_STRICT)
class PlacedArmDescription(ArmDescription):
    """One arm of two.

    Attributes:
        pose_base_in_cell: Where its base stands: x, y, z [m], rotation vector [rad]. The frame of the cell is any that
            both arms are measured in.
    """

    pose_base_in_cell: Six = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, config=_STRICT)
class GripperDescription:
    """The gripper; of a cell with two arms, that of each.

    Attributes:
        kind: ``robotiq`` (its socket on the controller), ``digital_output`` (one output pin) or ``none``.
        pin: Standard digital output that closes a ``digital_output`` gripper when high.
    """

    kind: Literal["robotiq", "digital_output", "none"] = "robotiq"
    pin: Annotated[int, Field(ge=0, le=7)] = 0


@dataclass(frozen=True, config=_STRICT)
class CameraDescription:
    """One camera.

    Attributes:
        kind: Driver.
        source: What the driver opens: a device index or path, a video file, an image folder, the serial number of a
            RealSense or Orbbec camera (``any``: the only one that is plugged in) or a recording of one, or the name of
            a camera in the simulated world.
        width: Image width [px].
        height: Image height [px].
        fps: Images per second.
        depth: Also publish depth as the colour camera sees it; RealSense and Orbbec only.
        raw: Also publish ``image_raw``.
        jpeg_quality: Quality of the compressed images, 1 … 100.
    """

    kind: Literal["simulated", "opencv", "realsense", "orbbec"] = "simulated"
    source: str = "front"
    width: Annotated[int, Field(ge=16, le=8192)] = 640
    height: Annotated[int, Field(ge=16, le=8192)] = 480
    fps: Positive = 10.0
    depth: bool = False
    raw: bool = False
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 90


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
class LanguageModelDescription(EndpointDescription):
    """A language model for sentences with words that the grammar does not know.

    Attributes:
        max_motions: Longest plan that is accepted from it.
    """

    max_motions: Annotated[int, Field(ge=1, le=8)] = 6


@dataclass(frozen=True, config=_STRICT)
class RefinementDescription(EndpointDescription):
    """A vision-language model that weighs the policy's best motions.

    Attributes:
        every_n: Ask for every n-th choice; in between the policy chooses alone.
        candidates: How many of the best motions it weighs.
    """

    every_n: Annotated[int, Field(ge=1)] = 1
    candidates: Annotated[int, Field(ge=2, le=58)] = 10


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
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


@dataclass(frozen=True, config=_STRICT)
class SafetyDescription:
    """Limits on motion.

    Attributes:
        workspace_x: Allowed displacement of the tool from the home pose along base x [m]; y and z likewise.
        workspace_y: See ``workspace_x``.
        workspace_z: See ``workspace_x``.
        table_z: Height of the table in the base frame (of two arms: in the frame of the cell) [m]; the tool stays above
            it. By default ``TABLE_BELOW_HOME`` below the tool at home.
        table_clearance: Smallest distance of the tool centre point above the table [m].
        arm_clearance: Smallest distance between any parts of two arms [m].
        tool_speed: Largest speed of the tool [m/s].
        tool_acceleration: Largest acceleration of the tool [m/s^2].
        tool_jerk: Largest jerk of the tool [m/s^3].
        tool_rotation_speed: Largest rotation speed of the tool [rad/s].
        joint_speed: Largest joint speed [rad/s].
        joint_acceleration: Largest joint acceleration [rad/s^2].
        singularity_slowdown: Condition number of the Jacobian above which the arm slows down.
        camera_timeout: Age of the newest image of any camera of the cell at which the arm is held [s].
        command_timeout: Age at which a command counts as stale and is refused [s].
    """

    workspace_x: Range = (-0.20, 0.27)
    workspace_y: Range = (-0.50, 0.27)
    workspace_z: Range = (-0.27, 0.20)
    table_z: Number | None = None
    table_clearance: Annotated[float, Field(ge=0.0)] = 0.005
    arm_clearance: Positive = 0.05
    tool_speed: Positive = 0.25
    tool_acceleration: Positive = 1.0
    tool_jerk: Positive = 10.0
    tool_rotation_speed: Positive = 1.0
    joint_speed: Positive = 2.0
    joint_acceleration: Positive = 15.0
    singularity_slowdown: Positive = 40.0
    camera_timeout: Positive = 1.5
    command_timeout: Positive = 0.5


@dataclass(frozen=True, config=_STRICT)
class RecordingDescription:
    """Recording of episodes.

    Attributes:
        folder: Where bags are written.
        auto_start: Start an episode as soon as the cell is up.
    """

    folder: str = "bags"
    auto_start: bool = False


@dataclass(frozen=True, config=_STRICT)
class ConsoleDescription:
    """The operator's web page.

    Attributes:
        enabled: Serve it.
        host: Name or address to listen at. Anything but this machine's loopback demands the token.
        port: Where it listens, or the next free port of the twenty above.
        token_file: File with the token; made with a random one when it is missing. By default
            ``~/.local/state/roboact/console_token``.
        certificate: File with a TLS certificate. With it the page is served by https, without which browsers lend their
            microphone to pages of the same machine only.
        key: File with the key of the certificate, unless the certificate's own file has it.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8600
    token_file: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, config=_STRICT)
class SpeechDescription:
    """Listening to people.

    Attributes:
        source: ``microphone`` of this computer, or ``topic``: 16-bit samples at 16 kHz on ``speech/audio``; ``none``
            does not listen.
        microphone: Number or part of the name of the microphone; empty for the system's default.
        push_to_talk: Listen, except for "stop", only while ``speech/talk`` is true.
        ear: ``auto`` takes Whisper where a model is named, and PocketSphinx where not.
        model: Folder of a faster-whisper model. With ``pocketsphinx`` its acoustic model: ``stock`` for the one that
            comes with it, made from people's voices, or the folder of one adapted to somebody's voice; empty for
            ``models/speech_english``, adapted to synthetic voices.
    """

    source: Literal["none", "microphone", "topic"] = "none"
    microphone: str = ""
    push_to_talk: bool = False
    ear: Literal["auto", "pocketsphinx", "whisper"] = "auto"
    model: str = ""


@dataclass(frozen=True, config=_STRICT)
class SimDescription:
    """The simulated cell, used when ``arm.robot_ip`` is ``sim``.

    Attributes:
        address: Loopback address of the simulated controller; a second cell needs another one, e.g. 127.0.0.2. The
            second arm of a cell has the address after it.
        task: Task of the suite whose episode is on the table (docs/tasks.md); empty for blocks to play with.
        split: Whether that is an episode that policies may learn from.
        seed: Number of that episode; without a task, seed of the placement of the objects.
    """

    address: str = "127.0.0.1"
    task: str = ""
    split: Literal["train", "unseen"] = "train"
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=_STRICT)
class Cell:
    """One robot cell: everything that its processes need to know.

    Attributes:
        name: Name of the cell.
        namespace: ROS namespace of all its topics; empty for the root.
        viewpoint: Whose left is "left": the robot base's, the tool's, or the operator's who faces the robot.
        instruction: The task at start; empty waits for one.
        language_model: Help with sentences that the grammar does not understand.
        arm: The arm of a cell with one.
        arms: The arms of a cell with two, ``left`` and ``right``, in the place of ``arm``.
    """

    name: str
    namespace: str = ""
    viewpoint: Literal["base", "tool", "operator"] = "base"
    instruction: str = ""
    language_model: LanguageModelDescription = LanguageModelDescription()
    arm: ArmDescription = ArmDescription()
    arms: dict[Literal["left", "right"], PlacedArmDescription] = Field(default_factory=dict)
    gripper: GripperDescription = GripperDescription()
    cameras: dict[str, CameraDescription] = Field(default_factory=dict)
    policy: PolicyDescription = PolicyDescription()
    safety: SafetyDescription = SafetyDescription()
    recording: RecordingDescription = RecordingDescription()
    console: ConsoleDescription = ConsoleDescription()
    speech: SpeechDescription = SpeechDescription()
    sim: SimDescription = SimDescription()

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms; a single one has none."""
        return ARMS if self.arms else ("",)

    @property
    def simulated(self) -> bool:
        """Whether the robots of this cell are simulated."""
        return all(arm.simulated for arm in (self.arms.values() if self.arms else (self.arm,)))

    @property
    def robot_words(self) -> str:
        """The robots in words, e.g. ``a simulated ur5e``."""
        if self.arms:
            arms = [self.of_arm(name) for name in ARMS]
            place = "simulated" if self.simulated else " and ".join(arm.robot_address for arm in arms)
            return f"two {arms[0].arm.model}, left and right: {place}"
        return f"a simulated {self.arm.model}" if self.simulated else f"the {self.arm.model} at {self.robot_address}"

    @property
    def robot_address(self) -> str:
        """Network address of the robot controller, or the topic it listens to; of two, that of the left one."""
        if self.arms:
            return self.of_arm(ARMS[0]).robot_address
        if self.arm.model == "urdf":
            return self.arm.command
        return self.sim.address if self.simulated else self.arm.robot_ip

    def of_arm(self, name: str) -> Cell:
        """Return the cell of one arm: its own address, the table in its own base. ``""`` is the arm of a cell with one.

        Raises:
            KeyError: There is no such arm.
        """
        if not name:
            return self
        arm = self.arms[name]  # type: ignore[index]
        table_z = self.safety.table_z
        return replace(
            self,
            arm=ArmDescription(**{field.name: getattr(arm, field.name) for field in fields(ArmDescription)}),
            arms={},
            safety=replace(self.safety, table_z=table_z if table_z is None else table_z - arm.pose_base_in_cell[2]),
            sim=replace(self.sim, address=str(IPv4Address(self.sim.address) + ARMS.index(name))),
        )
