"""The transport settings give way to what a user has set."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from roboact_ros.cells.transport import image_publisher_environment, transport_environment

CHOICES = (
    "FASTRTPS_DEFAULT_PROFILES_FILE",
    "FASTDDS_DEFAULT_PROFILES_FILE",
    "FASTDDS_BUILTIN_TRANSPORTS",
    "RMW_FASTRTPS_PUBLICATION_MODE",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CHOICES:
        monkeypatch.delenv(name, raising=False)


def test_profile_exists_and_holds_the_largest_usual_image() -> None:
    profile = Path(image_publisher_environment()["FASTRTPS_DEFAULT_PROFILES_FILE"])
    sizes = [int(e.text or 0) for e in ElementTree.parse(profile).iter() if e.tag.endswith("segment_size")]
    assert sizes and min(sizes) > 2 * 1920 * 1080 * 3


@pytest.mark.parametrize("name", CHOICES[:3])
def test_own_transport_of_the_user_wins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "mine")
    assert image_publisher_environment() == {}


def test_publication_mode_of_the_user_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICES[3], "SYNCHRONOUS")
    assert CHOICES[3] not in image_publisher_environment()


def test_memory_settings_of_the_user_win(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(transport_environment()) == set(CHOICES[4:])
    monkeypatch.setenv(CHOICES[4], "1")
    assert set(transport_environment()) == set(CHOICES[5:])
