"""A UR5e driven by CLIP-RT and corrected by a person; simulated unless robot_ip is given."""

from launch import LaunchDescription

from roboact_ros.cells.launching import cell_launch


def generate_launch_description() -> LaunchDescription:
    """Describe the cell's processes."""
    return cell_launch("clip_rt_ur5")
