"""List the cameras that are plugged in, with what a system file must say to use them.

  roboact cameras
  roboact cameras --kind realsense --json

RealSense and Orbbec cameras are found through the libraries of their makers; where one is missing, it is told how to
install it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable

from roboact_ros.cameras.found import FoundCamera
from roboact_ros.cameras.sdk import require_sdk
from roboact_ros.errors import CameraError, ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--kind", choices=sorted(_SEARCHES), help="look for this kind only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print what is found; without any camera the exit status is 1."""
    found: list[FoundCamera] = []
    problems: dict[str, str] = {}
    for kind in [args.kind] if args.kind else _SEARCHES:
        try:
            found += _SEARCHES[kind]()
        except (ConfigurationError, CameraError) as error:
            problems[kind] = str(error)
    if args.json:
        print(json.dumps({"cameras": [dataclasses.asdict(camera) for camera in found], "problems": problems}))
        return 0 if found else 1
    for camera in found:
        print(_described(camera))
    for problem in problems.values():
        print(f"not searched: {problem}")
    if not found:
        print(f"no camera found ({', '.join(kind for kind in _SEARCHES if args.kind in (kind, None))})")
    return 0 if found else 1


def _described(camera: FoundCamera) -> str:
    about = ", ".join(text for text in (camera.serial and f"serial {camera.serial}", camera.connection) if text)
    lines = [f"{camera.model}{f' ({about})' if about else ''}"]
    lines.append(f'  {{kind: {camera.kind}, source: "{camera.source}"}}')
    if camera.profiles:
        lines.append(f"  colour: {', '.join(camera.profiles)}")
    return "\n".join(lines)


def _realsense() -> list[FoundCamera]:
    require_sdk("realsense")
    from roboact_ros.cameras.realsense import search

    return search()


def _orbbec() -> list[FoundCamera]:
    require_sdk("orbbec")
    from roboact_ros.cameras.orbbec import search

    return search()


def _opencv() -> list[FoundCamera]:
    from roboact_ros.cameras.v4l2 import search

    return search()


_SEARCHES: dict[str, Callable[[], list[FoundCamera]]] = {
    "realsense": _realsense,
    "orbbec": _orbbec,
    "opencv": _opencv,
}
