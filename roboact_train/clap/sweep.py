"""Act-VAEs of several sizes on the same data: what a code more is worth (Table V)."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.layout import ARM_WIDTH
from roboact_ros.recording.whole_file import write_whole
from roboact_train.clap.act_learner import ActLearner
from roboact_train.clap.act_objective import new_act_vae
from roboact_train.clap.chunks import STEPS
from roboact_train.clap.corpus import Corpus
from roboact_train.clap.tokenizer_settings import ActVaeSettings
from roboact_train.clap.train import TokenizerRequest, run, session_of
from roboact_train.clap.vq_losses import psnr_bits
from roboact_train.data.json_files import read_object
from roboact_train.training.loop import BEST, STATE
from roboact_train.training.settings import settings_to_mapping

TABLE_V = ((12, 128), (12, 256), (12, 512), (36, 256), (20, 256), (16, 256), (8, 256), (4, 256))
"""N_q and K of the rows of Table V. Its rates are those of N_q codes for the seven numbers of one arm (eq. 8)."""
RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class Point:
    """One size and how well it gives chunks back.

    Attributes:
        tokens: Codes of a chunk of one arm.
        codes: Size of the codebook (K).
        mse: Mean square error of the normalised actions that are kept aside, else of those learned from.
        psnr: The same as peak signal-to-noise ratio [dB].
        learned_psnr: That of the chunks that were learned from [dB].
        metrics: All that was measured.
    """

    tokens: int
    codes: int
    mse: float
    psnr: float
    learned_psnr: float
    metrics: dict[str, float]

    @property
    def bits(self) -> float:
        """Bits of a chunk of one arm."""
        return self.tokens * math.log2(self.codes)

    @property
    def rate(self) -> float:
        """Bits of the codes over those that say the chunk as precisely number by number (eq. 8)."""
        return self.bits / (STEPS * ARM_WIDTH * psnr_bits(self.psnr))


def sweep(
    corpus: Corpus,
    request: TokenizerRequest,
    grid: Sequence[tuple[int, int]],
    tell: Callable[[str], None],
    done: Callable[[Sequence[Point]], None],
) -> list[Point]:
    """Train an Act-VAE of each size; what is done already in the output folder is not done again.

    Args:
        corpus: The data.
        request: How, and where; the checkpoint of its settings is the folder of a sweep from which this one goes on.
        grid: Codes of one arm and size of the codebook, of each.
        tell: Gets lines of progress.
        done: Gets the points so far after each.

    Raises:
        ConfigurationError: A point in the folder is of other data or settings, or no size is asked for.
        KeyboardInterrupt: Ctrl-C; the same again goes on.
    """
    if not grid:
        raise ConfigurationError("a sweep needs at least one size")
    if not isinstance(request.settings, ActVaeSettings):
        raise ConfigurationError(f"a sweep trains act_vae, not what {type(request.settings).__name__} are settings of")
    points: list[Point] = []
    for tokens, codes in grid:
        begun = request.settings.checkpoint and str(Path(request.settings.checkpoint) / _folder(tokens, codes) / BEST)
        settings = dataclasses.replace(request.settings, tokens=tokens, codes=codes, checkpoint=begun)
        tell(f"{tokens} codes of {codes} for an arm ({len(points) + 1} of {len(grid)})")
        points.append(_point(corpus, dataclasses.replace(request, settings=settings), settings, tell))
        done(points)
    return points


def _folder(tokens: int, codes: int) -> str:
    return f"n{tokens}_k{codes}"


def _point(corpus: Corpus, request: TokenizerRequest, settings: ActVaeSettings, tell: Callable[[str], None]) -> Point:
    folder = request.output / _folder(settings.tokens, settings.codes)
    about = {"fingerprint": corpus.fingerprint, "settings": settings_to_mapping(settings)}
    file = folder / RESULT
    if file.is_file():
        found = read_object(file)
        if found.get("about") != json.loads(json.dumps(about)):
            raise ConfigurationError(f"{file} is of other data or settings; give another folder")
        return Point(**found["point"])
    request = dataclasses.replace(request, output=folder, resume=(folder / STATE).is_file())
    session = session_of(request, tell)
    learner = ActLearner(corpus, new_act_vae(settings), settings, session.place)
    metrics = dict(run(request, session, learner, corpus.counts).progress.judged)
    aside = "MSE" in metrics
    point = Point(
        settings.tokens,
        settings.codes,
        metrics["MSE" if aside else "train MSE"],
        metrics["PSNR" if aside else "train PSNR"],
        metrics["train PSNR"],
        metrics,
    )
    write_whole(file, [json.dumps({"about": about, "point": asdict(point)}, indent=2) + "\n"])
    return point


def elbow(points: Sequence[Point]) -> Point | None:
    """Return where more codes begin to be worth less: farthest above the line from the first to the last point.

    The points are those of the codebook that most have; None for fewer than three of them.
    """
    sizes = [point.codes for point in points]
    common = max(set(sizes), key=lambda size: (sizes.count(size), size), default=0)
    line = sorted((point for point in points if point.codes == common), key=lambda point: point.bits)
    if len(line) < 3:
        return None
    first, last = line[0], line[-1]
    slope = (last.psnr - first.psnr) / (last.bits - first.bits)
    best = max(line[1:-1], key=lambda point: point.psnr - first.psnr - slope * (point.bits - first.bits))
    return best if best.psnr > first.psnr + slope * (best.bits - first.bits) else None


def table(points: Sequence[Point]) -> str:
    """Return the points as Table V has them, N_q of one arm; the one at the elbow has a star.

    What was learned is also told for each robot, if there are several.
    """
    chosen, robots = elbow(points), _robots(points)
    heads = "".join(f"  {robot:>5}" for robot in robots)
    lines = [f"N_q     K     MSE  PSNR (dB)  Rate (r)  bits  learned (dB){heads}"]
    for point in points:
        of_each = (f"  {point.metrics[f'train {robot} PSNR']:{max(5, len(robot))}.2f}" for robot in robots)
        lines.append(
            f"{point.tokens:3d}  {point.codes:4d}  {point.mse:6.4f}  {point.psnr:9.2f}  {point.rate:8.3f}"
            f"  {point.bits:4.0f}  {point.learned_psnr:12.2f}{''.join(of_each)}{' *' if point is chosen else ''}"
        )
    return "\n".join(lines)


def _robots(points: Sequence[Point]) -> list[str]:
    """Return the robots, the same of all points, if there are several."""
    told = re.findall(r"^train (.+) PSNR$", "\n".join(points[0].metrics), re.MULTILINE) if points else []
    return told if len(told) > 1 else []


def as_json(points: Sequence[Point]) -> dict[str, Any]:
    """Return the points for a file."""
    chosen = elbow(points)
    return {
        "points": [{**asdict(point), "bits": point.bits, "rate": point.rate} for point in points],
        "elbow": chosen and {"tokens": chosen.tokens, "codes": chosen.codes},
    }
