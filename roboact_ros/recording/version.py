"""The version that is noted in every bag."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version of roboact_ros, or ``unknown`` when it runs without being installed."""
    try:
        return version("roboact_ros")
    except PackageNotFoundError:
        return "unknown"
