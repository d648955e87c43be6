"""A UR5e, a camera and a person who talks to it; simulated unless robot_ip is given."""

from launch import LaunchDescription

from roboact_ros.cells.launching import cell_launch


def generate_launch_description() -> LaunchDescription:
    """Describe the cell's processes."""
    return cell_launch("teleop_ur5")
