"""The card of a data set: a README.md that says what is in it, where it is from, and how to read it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from roboact_ros.recording.version import installed_version

_READING = {
    "lerobot": """
from lerobot.datasets.lerobot_dataset import LeRobotDataset

data = LeRobotDataset("local", root="{out}")
""",
    "webdataset": """
import webdataset

data = webdataset.WebDataset("{out}/shard-{{000000..{last}}}.tar").decode("rgb8")
""",
    "csv": """
import pandas

data = pandas.read_csv("{out}/samples.csv")
""",
    "clip_rt_raw": """
import json, pathlib

steps = [json.loads(file.read_text()) for file in pathlib.Path("{out}").glob("task_*/*/*.json")]
""",
    "bags": """
from roboact_ros.recording.reader import Episode

episode = Episode("{out}/NAME")
""",
}


@dataclass(slots=True)
class Card:
    """What is known of a data set that is being written.

    Attributes:
        layout: One of the targets of ``roboact convert``.
        sources: What it was made of.
        licence: As its makers state it.
        episodes: Number of episodes.
        samples: Number of samples, or of frames, by source.
        skipped: Steps that were left out, by reason.
        tasks: Number of samples by instruction.
    """

    layout: str
    sources: Sequence[str]
    licence: str = "not stated"
    episodes: int = 0
    samples: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)

    def write(self, folder: Path, name: str) -> None:
        """Write the card into ``folder``, which will be called ``name``."""
        shards = sum(1 for _ in folder.glob("shard-*.tar"))
        reading = _READING[self.layout].format(out=name, last=f"{max(0, shards - 1):06d}")
        unit = "frames" if self.layout in ("lerobot", "bags") else "samples"
        front: dict[str, object] = {"tags": ["robotics", *(["LeRobot"] if self.layout == "lerobot" else [])]}
        if self.licence != "not stated":
            front["license"] = self.licence
        if self.layout == "lerobot":
            front["configs"] = [{"config_name": "default", "data_files": "data/*/*.parquet"}]
        lines = [
            "---",
            yaml.safe_dump(front, sort_keys=False, allow_unicode=True).rstrip(),
            "---",
            f"# {name}",
            "",
            f"{self.episodes} episodes, {self.samples.total()} {unit}, layout `{self.layout}`. Made by roboact_ros "
            f"{installed_version()} on {datetime.date.today():%Y-%m-%d}. Licence: {self.licence}.",
            "",
            *_table(f"task | {unit}", self.tasks),
            *_table(f"who chose the motion | {unit}", self.samples),
            *_table("left out because | steps", self.skipped),
            "Made of:",
            "",
            *(f"- `{source}`" for source in self.sources),
            "",
            "```python",
            reading.strip(),
            "```",
            "",
        ]
        (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _table(head: str, counts: Counter[str]) -> list[str]:
    if not counts:
        return []
    rows = [f"| {name.replace('|', '/') or '(nobody: at rest)'} | {count} |" for name, count in counts.most_common()]
    return [f"| {head} |", "|---|---|", *rows, ""]
