"""The description of one robot cell: what a file in ``config/systems`` may say, with its defaults."""

from __future__ import annotations

from dataclasses import fields, replace
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from roboact_ros.cells.arm_description import ARMS, ArmDescription, GripperDescription, PlacedArmDescription
from roboact_ros.cells.policy_description import LanguageModelDescription, PolicyDescription
from roboact_ros.cells.values import STRICT, Number, Positive, Range

TABLE_BELOW_HOME = 0.288
"""The table lies this far below the home tool unless told otherwise: going down 0.27 m ends 18 mm above it [m]."""


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
class RecordingDescription:
    """Recording of episodes.

    Attributes:
        folder: Where bags are written.
        auto_start: Start an episode as soon as the cell is up.
    """

    folder: str = "bags"
    auto_start: bool = False


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
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


@dataclass(frozen=True, config=STRICT)
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
