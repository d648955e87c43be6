"""Which topics of a cell belong to an episode."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.cells.description import Cell
from roboact_ros.recording.qos import TopicQos

LATCHED = TopicQos("reliable", "transient_local", 10)
STREAM = TopicQos("reliable", "volatile", 1000)
IMAGES = TopicQos("reliable", "volatile", 60)
RAW_IMAGES = TopicQos("reliable", "volatile", 10)


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """One topic: its relative name, message class and wanted delivery.

    Attributes:
        name: Name relative to the cell's namespace.
        message_type: Message class.
        qos: Wanted delivery.
        state: Whether its newest message opens each episode.
        camera: Camera whose images these are, or empty.
    """

    name: str
    message_type: type
    qos: TopicQos = STREAM
    state: bool = False
    camera: str = ""


def _of_arm(arm: str) -> list[TopicChoice]:
    """Return what an arm tells of itself."""
    told = [
        TopicChoice(topic_of_arm(arm, "executor/action"), JointTrajectory),
        TopicChoice(topic_of_arm(arm, "joint_states"), JointState, state=True),
        TopicChoice(topic_of_arm(arm, "tcp_pose"), PoseStamped, state=True),
        TopicChoice(topic_of_arm(arm, "gripper"), JointState, state=True),
    ]
    if arm:
        told += [
            TopicChoice(topic_of_arm(arm, "correction"), String),
            TopicChoice(topic_of_arm(arm, "teleop/motion"), String),
            TopicChoice(topic_of_arm(arm, "teleop/status"), DiagnosticStatus, LATCHED, state=True),
            TopicChoice(topic_of_arm(arm, "executor/status"), DiagnosticStatus, LATCHED, state=True),
        ]
    return told


def recorded_topics(cell: Cell) -> list[TopicChoice]:
    """Return every topic that an episode of ``cell`` holds."""
    topics = [
        TopicChoice("instruction", String, LATCHED, state=True),
        TopicChoice("correction", String),
        TopicChoice("teleop/motion", String),
        TopicChoice("teleop/status", DiagnosticStatus, LATCHED, state=True),
        TopicChoice("policy/motion", String),
        TopicChoice("policy/status", DiagnosticStatus, LATCHED, state=True),
        TopicChoice("policy/scores", DiagnosticArray),
        TopicChoice("policy/action_chunk", JointTrajectory),
        TopicChoice("executor/status", DiagnosticStatus, LATCHED, state=True),
    ]
    for arm in cell.arm_names:
        topics += _of_arm(arm)
    for name, camera in cell.cameras.items():
        topics.append(TopicChoice(f"camera/{name}/image/compressed", CompressedImage, IMAGES, camera=name))
        topics.append(TopicChoice(f"camera/{name}/camera_info", CameraInfo, STREAM, state=True))
        if camera.raw:
            topics.append(TopicChoice(f"camera/{name}/image_raw", Image, RAW_IMAGES))
    return topics
