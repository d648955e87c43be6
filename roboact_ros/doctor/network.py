"""ROS and DDS: whether two processes find each other, who else is there, and which settings are in force."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roboact_ros.doctor.finding import Finding, fail, ok, warn

SHARED_MEMORY_BYTES = 64 * 1024 * 1024
RECEIVE_BYTES = 2 * 1024 * 1024
DISCOVERY_SECONDS = 2.0
"""Longer than this is slow on one machine."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard on the ROS network.

    Attributes:
        missing: Why there is no ROS; everything else is empty then.
        middleware: Name of the implementation.
        found_seconds: How long two participants on this machine took to find each other [s]; None when they did not.
        nodes: Full names of the nodes that are there.
        ages: Shortest time from stamp to arrival [s] by topic of the running cell.
    """

    missing: str = ""
    middleware: str = ""
    found_seconds: float | None = None
    nodes: tuple[str, ...] = ()
    ages: Mapping[str, float] = field(default_factory=dict)


def check_network(heard: Heard, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Judge what was heard under the settings in ``environment``."""
    if heard.missing:
        advice = "source /opt/ros/DISTRO/setup.bash, or: pip install 'roboact_ros[ros]' (Python 3.11 or 3.12)"
        yield fail("ROS", heard.missing, advice)
        return
    domain = environment.get("ROS_DOMAIN_ID", "0")
    where = f"domain {domain}, {heard.middleware}"
    if heard.found_seconds is None:
        advice = "allow UDP on the loopback interface (firewall, container), or set ROS_DOMAIN_ID to a number below 101"
        yield fail("DDS", f"two processes do not find each other ({where})", advice)
    elif heard.found_seconds > DISCOVERY_SECONDS:
        found = f"two processes took {heard.found_seconds:.1f} s to find each other ({where})"
        yield warn("DDS", found, "end what else runs; leftover processes of other cells slow discovery down")
    else:
        yield ok("DDS", f"two processes found each other in {heard.found_seconds:.2f} s ({where})")
    reach = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if reach in ("LOCALHOST", "OFF"):
        yield ok("DDS reach", "only this machine")
    else:
        advice = "unset it unless another machine takes part; else use a network of its own and a ROS_DOMAIN_ID"
        yield warn("DDS reach", f"{reach}: whoever is on the network can move the arm", advice)
        yield from _receive_buffer()
    free = shutil.disk_usage("/dev/shm").free if Path("/dev/shm").is_dir() else 0
    if free < SHARED_MEMORY_BYTES:
        advice = "delete what is left in /dev/shm (fastrtps_*), or give a container --shm-size=512m"
        yield warn("shared memory", f"{free // 2**20} MiB are free in /dev/shm", advice)
    else:
        yield ok("shared memory", f"{free // 2**20} MiB are free")
    shown = ", ".join(heard.nodes[:6]) + (" …" if len(heard.nodes) > 6 else "")
    yield ok("nodes", f"{len(heard.nodes)} are running: {shown}" if heard.nodes else "no cell is running")


def _receive_buffer() -> Iterator[Finding]:
    setting = Path("/proc/sys/net/core/rmem_max")
    size = int(setting.read_text()) if setting.is_file() else 0
    if size < RECEIVE_BYTES:
        advice = f"sudo sysctl -w net.core.rmem_max={4 * RECEIVE_BYTES}"
        yield warn("network buffer", f"at most {size // 1024} KiB, less than an image", advice)
