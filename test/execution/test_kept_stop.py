"""A stop in a file: it is found again, ends with resume, and is never lost to a file that is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from roboact_ros.execution.kept_stop import KeptStop


@pytest.mark.parametrize("holds", [(True, False), (False, True), (True, True), (False, False)])
def test_what_holds_is_found_again(tmp_path: Path, holds: tuple[bool, bool]) -> None:
    file, lines = tmp_path / "deep" / "stopped", list[str]()
    KeptStop(file, lines.append).keep(True, True)
    KeptStop(file, lines.append).keep(*holds)
    assert KeptStop(file, lines.append).read() == holds
    assert file.exists() == any(holds) and not lines


def test_a_file_that_cannot_be_read_counts_as_a_stop(tmp_path: Path) -> None:
    lines: list[str] = []
    for damaged in (b"", b"st", b"\0\0\0"):
        (tmp_path / "stopped").write_bytes(damaged)
        assert KeptStop(tmp_path / "stopped", lines.append).read() == (True, False)
    (tmp_path / "stopped").write_bytes(b"\xff\xfe")
    assert KeptStop(tmp_path / "stopped", lines.append).read() == (True, False)
    assert KeptStop(tmp_path, lines.append).read() == (True, False)
    assert len(lines) == 2 and "begins stopped" in lines[0]


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_raised(tmp_path: Path) -> None:
    lines: list[str] = []
    (tmp_path / "file").write_text("")
    KeptStop(tmp_path / "file" / "stopped", lines.append).keep(True, False)
    assert len(lines) == 1 and "cannot be changed" in lines[0]
