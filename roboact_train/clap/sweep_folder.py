"""A sweep on disk: a folder with a training for each size, the table, the same as JSON, and the plot."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from roboact_ros.errors import ConfigurationError
from roboact_ros.recording.whole_file import write_whole
from roboact_train.clap.rate_plot import draw
from roboact_train.clap.sweep import TABLE_V, Point, as_json, sweep, table
from roboact_train.clap.tokenizer_settings import ActVaeSettings
from roboact_train.clap.train import TokenizerRequest, act_corpus
from roboact_train.data.picture_file import write_picture

JSON, TEXT, PLOT = "sweep.json", "sweep.txt", "sweep.png"


def sweep_into(request: TokenizerRequest, grid: str, as_line: bool, tell: Callable[[str], None]) -> str:
    """Train a sweep and return its table, or the same as a line of JSON.

    Raises:
        RoboactError: Something about the request, the data or the disk; the message says what.
        KeyboardInterrupt: Ctrl-C; the same again goes on.
    """
    if not isinstance(request.settings, ActVaeSettings):
        raise ConfigurationError("a sweep trains act_vae")
    sizes, output = grid_of(grid), request.output
    corpus = act_corpus(request.sources, request.settings, tell)
    robots = ", ".join(corpus.statistics)

    def done(points: Sequence[Point]) -> None:
        write_whole(output / JSON, [json.dumps(as_json(points), indent=2) + "\n"])
        write_whole(output / TEXT, [table(points) + "\n"])
        write_picture(output / PLOT, draw(points, f"Act-VAE on {robots}: {len(corpus.train)} chunks"))

    points = sweep(corpus, request, sizes, tell, done)
    return json.dumps(as_json(points)) if as_line else table(points)


def grid_of(text: str) -> Sequence[tuple[int, int]]:
    """Return the sizes in a text such as ``4:256,8:256``; those of Table V for an empty one.

    Raises:
        ConfigurationError: It is something else.
    """
    if not text:
        return TABLE_V
    try:
        sizes = [(int(tokens), int(codes)) for tokens, codes in (part.split(":") for part in text.split(","))]
    except ValueError as error:
        raise ConfigurationError(f'--grid "{text}" is not codes:size,…, such as 4:256,8:256,8:512') from error
    if any(tokens < 1 or codes < 2 for tokens, codes in sizes):
        raise ConfigurationError(f'--grid "{text}" has less than 1 code, or a codebook of less than 2')
    return list(dict.fromkeys(sizes))
