"""Two UR5e side by side, driven by chunks for both arms; simulated unless left_ip and right_ip are given."""

from launch import LaunchDescription

from roboact_ros.cells.launching import DUAL_ARGUMENTS, cell_launch


def generate_launch_description() -> LaunchDescription:
    """Describe the cell's processes."""
    return cell_launch("clap_dual_ur5", DUAL_ARGUMENTS)
