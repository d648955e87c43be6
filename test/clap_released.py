"""Statistics of two robots as the authors of CLAP measured them (32 steps), in the form of their file."""

from __future__ import annotations

import json
from pathlib import Path

_LEFT = {
    ("action", "q01"): "-0.212890059 -0.238871079 -0.0974355578 -0.234558776 -0.297093813 -0.765972262 -1",
    ("action", "q99"): "0.180940789 0.285620814 0.139971987 0.238197676 0.247533209 0.82107842 1",
    ("state", "q01"): "0.203903355 -0.209293383 0.800216691 -0.000315305615 -0.221403175 0.185728927 -1",
    ("state", "q99"): "0.736148665 0.377896361 1.02882617 0.876456385 0.254972492 1.84089091 0.858543754",
}
_RIGHT = {
    ("action", "q01"): "-0.224167031 -0.219011801 -0.0916472179 -0.191129658 -0.286945898 -0.657178198 -1",
    ("action", "q99"): "0.196254885 0.217977181 0.139808365 0.200999635 0.24184448 0.67834796 1",
    ("state", "q01"): "0.0846004304 -0.399257421 0.801753359 -0.011790262 -0.256357825 1.21771625 -1",
    ("state", "q99"): "0.729691877 0.155754021 1.03805755 0.863569276 0.264721961 2.65425687 0.86960125",
}
_DROID = {
    ("action", "q01"): "-0.145661017 -0.214437866 -0.224578604 -0.449446407 -0.48529806 -0.717317056 -1",
    ("action", "q99"): "0.185344009 0.211801886 0.204983695 0.456008938 0.41284036 0.717798739 0.98237884",
    ("state", "q01"): "0.263820689 -0.446387281 -0.0268528361 -3.13705522 -1.24180343 -2.00415255 -1",
    ("state", "q99"): "0.778470312 0.44205627 0.801219729 3.13806432 0.910704601 1.88262107 0.98237884",
}

Notes = dict[str, dict[str, dict[str, list[float]]]]


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def released() -> Notes:
    """Return two robots of the released file: one with two arms, one with its right arm only."""
    notes: Notes = {robot: {"action": {}, "state": {}} for robot in ("S1-stationary", "droid")}
    for what, quantile in _LEFT:
        left, right, single = (numbers(table[what, quantile]) for table in (_LEFT, _RIGHT, _DROID))
        notes["S1-stationary"][what][quantile] = left + right
        notes["droid"][what][quantile] = [0.0] * 7 + single
    return notes


def statistics_file(folder: Path, notes: Notes | None = None) -> Path:
    path = folder / "dataset_statistics_32.json"
    path.write_text(json.dumps(released() if notes is None else notes))
    return path
