import time

import pytest

from roboact_ros.cameras.pace import Pace


def test_cameras_of_one_rate_see_the_same_moment_whenever_they_began() -> None:
    seen = []
    for offset in (0.0, 0.013, 0.037):
        time.sleep(offset)
        pace = Pace(20.0)
        pace.wait()
        seen.append(time.monotonic() % 0.05)
    assert all(at < 0.01 or at > 0.049 for at in seen)


def test_a_late_caller_is_not_paid_back_with_a_burst() -> None:
    pace = Pace(20.0)
    pace.wait()
    time.sleep(0.23)
    begun = time.monotonic()
    pace.wait()
    assert time.monotonic() - begun < 0.02, "its image was due"
    for _ in range(4):
        pace.wait()
    assert time.monotonic() - begun == pytest.approx(0.185, abs=0.03)
