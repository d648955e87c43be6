"""A UR5e driven by a policy on a frozen RoboAct-CLIP (checkpoint:=FOLDER); simulated unless robot_ip is given."""

from launch import LaunchDescription

from roboact_ros.cells.launching import cell_launch


def generate_launch_description() -> LaunchDescription:
    """Describe the cell's processes."""
    return cell_launch("roboact_clip_ur5")
