"""Isolation that every test gets: a ROS domain of its own, and a loopback address of its own for simulated robots."""

import os
import random

import pytest

# Before any test imports rclpy: nothing may reach, or be reached by, another machine or another test run.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"


@pytest.fixture
def robot_address() -> str:
    """A loopback address for one simulated controller, whose ports are fixed."""
    return f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"
