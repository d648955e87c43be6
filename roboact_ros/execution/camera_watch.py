"""Notices when a camera of the cell has stopped sending images."""

from __future__ import annotations

from collections.abc import Iterable


class CameraWatch:
    """Ages of the newest images on the monotonic clock.

    Args:
        cameras: Names of the cameras that must be alive.
        timeout: Largest age [s].
        now_ns: Monotonic time [ns].
    """

    def __init__(self, cameras: Iterable[str], timeout: float, now_ns: int) -> None:
        self._timeout_ns = int(timeout * 1e9)
        self._start_ns = now_ns
        self._seen_ns: dict[str, int | None] = dict.fromkeys(cameras)

    def seen(self, camera: str, now_ns: int) -> None:
        """Note an image of ``camera``."""
        self._seen_ns[camera] = now_ns

    def reason(self, now_ns: int) -> str:
        """Return why motions must be held, empty when every camera is alive."""
        silent = []
        for camera, seen_ns in self._seen_ns.items():
            if seen_ns is None:
                silent.append(f"camera {camera}: no image yet, for {(now_ns - self._start_ns) / 1e9:.1f} s")
            elif now_ns - seen_ns > self._timeout_ns:
                silent.append(f"camera {camera}: no image for {(now_ns - seen_ns) / 1e9:.1f} s")
        return "; ".join(silent)
