"""Sets hold what belongs together, the newest first, or there is none and the reason is told."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from roboact_ros.cameras.synchronizer import Synchronizer

MS = 1_000_000


def test_two_cameras_with_jitter_give_a_set_for_every_image_of_the_slower() -> None:
    jitter = random.Random(3)
    sync = Synchronizer[int](("front", "wrist"), 20 * MS)
    shots = [("front", i * 33 * MS + jitter.randrange(5 * MS)) for i in range(300)]
    shots += [("wrist", 7 * MS + i * 99 * MS + jitter.randrange(5 * MS)) for i in range(100)]
    found = [sync.add(name, stamp, stamp) for name, stamp in sorted(shots, key=lambda shot: shot[1])]
    sets = [it for it in found if it]
    assert len(sets) >= 98 and sync.sets == len(sets) and not sync.apart and sync.problem == ""
    assert all(abs(it["front"] - it["wrist"]) <= 20 * MS and list(it) == ["front", "wrist"] for it in sets)


def test_late_images_still_find_the_one_they_belong_to() -> None:
    sync = Synchronizer[int](("front", "wrist"), 10 * MS)
    assert [sync.add("front", i * 33 * MS, i) for i in range(4)] == [None] * 4
    assert sync.add("wrist", 34 * MS, 1) == {"front": 1, "wrist": 1}
    assert sync.add("wrist", 67 * MS, 2) == {"front": 2, "wrist": 2}


def test_cameras_out_of_step_are_told() -> None:
    sync = Synchronizer[str](("front", "wrist"), 10 * MS)
    assert "no image yet from front, wrist" in sync.problem
    sync.add("front", 0, "a")
    assert "no image yet from wrist" in sync.problem
    assert sync.add("wrist", 40 * MS, "b") is None
    assert "front, wrist lie 40 ms apart; 10 ms are allowed" in sync.problem and sync.apart == 1
    assert sync.add("front", 45 * MS, "c") == {"front": "c", "wrist": "b"} and sync.problem == ""


def test_a_clock_that_steps_back_starts_anew() -> None:
    sync = Synchronizer[str](("front", "wrist"), 10 * MS)
    sync.add("front", 1000 * MS, "a")
    assert sync.add("wrist", 1000 * MS, "b")
    assert sync.add("front", 0, "c") is None
    assert sync.add("wrist", 1 * MS, "d") == {"front": "c", "wrist": "d"}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 60)), max_size=120), st.sampled_from([0, 5, 30, 200]))
def test_a_set_is_complete_within_tolerance_and_newer_than_the_last(
    steps: list[tuple[str, int]], tolerance: int
) -> None:
    sync = Synchronizer[int]("abc", tolerance)
    now, oldest = 0, -1
    for name, step in steps:
        now += step
        found = sync.add(name, now, now)
        if found:
            assert set(found) == set("abc") and max(found.values()) - min(found.values()) <= tolerance
            assert max(found.values()) > oldest
            oldest = min(found.values())
