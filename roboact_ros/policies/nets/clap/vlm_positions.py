"""Where the words and patches of a Qwen3-VL prompt are, as angles by which queries and keys are turned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.errors import PolicyError

Turns = tuple[Tensor, Tensor]
"""Cosines and sines, (tokens, width of a head) each."""


def turned(rows: Tensor, turns: Turns) -> Tensor:
    """Return (…, tokens, width) queries or keys, turned by the places of their tokens."""
    first, second = rows.chunk(2, dim=-1)
    return (rows * turns[0] + torch.cat((-second, first), dim=-1) * turns[1]).to(rows.dtype)


def in_merged_order(grid: Tensor, merge: int) -> Tensor:
    """Return (rows * columns, …) entries of a (rows, columns, …) grid, those of a merged square one after another."""
    rows, columns = grid.shape[:2]
    squares = grid.reshape(rows // merge, merge, columns // merge, merge, *grid.shape[2:])
    return squares.transpose(1, 2).flatten(0, 3)


def patch_turns(rows: int, columns: int, merge: int, width: int, theta: float) -> Turns:
    """Return the turns of the patches of an image: the first quarter by their row, the second by their column."""
    half = width // 2
    rates = theta ** -(torch.arange(0, half, 2, dtype=torch.float32) / half)
    places = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), dim=-1)
    angles = (in_merged_order(places, merge)[..., None] * rates).flatten(1)
    return angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)


def patch_embeddings(table: Tensor, rows: int, columns: int, merge: int) -> Tensor:
    """Return the (rows * columns, width) embedded places of the patches of an image.

    Args:
        table: (side * side, width) those of a square image.
        rows: Of patches.
        columns: Of patches.
        merge: Side of the squares of patches that become one token.
    """
    side = round(len(table) ** 0.5)
    square = table.float().reshape(1, side, side, -1).movedim(-1, 1)
    grid = functional.interpolate(square, size=(rows, columns), mode="bilinear", align_corners=True)[0]
    return in_merged_order(grid.movedim(0, -1), merge)


def token_positions(is_image: Sequence[bool], rows: int, columns: int) -> Tensor:
    """Return the (3, tokens) places of the tokens: time, row and column, which are the same for words.

    Args:
        is_image: For each token whether it is one of an image.
        rows: Of tokens of an image.
        columns: Of tokens of an image.

    Raises:
        PolicyError: The tokens do not make up whole images.
    """
    grid = torch.stack(
        torch.meshgrid(torch.arange(1), torch.arange(rows), torch.arange(columns), indexing="ij")
    ).flatten(1)
    parts: list[Tensor] = []
    start = place = 0
    while start < len(is_image):
        if not is_image[start]:
            part, beyond = torch.zeros((3, 1), dtype=torch.long), 1
        elif all(is_image[start : start + rows * columns]) and start + rows * columns <= len(is_image):
            part, beyond = grid, max(rows, columns)
        else:
            raise PolicyError(f"an image has {rows} x {columns} tokens; those at {start} are fewer")
        parts.append(part + place)
        start, place = start + part.shape[1], place + beyond
    return torch.cat(parts, dim=1)


def token_turns(positions: Tensor, width: int, theta: float, sections: Sequence[int]) -> Turns:
    """Return the turns of tokens.

    Args:
        positions: (3, tokens) of :func:`token_positions`.
        width: Of a head.
        theta: Base of the slowest turn.
        sections: How many pairs turn by time, row and column; the latter two are every third one of the first.
    """
    rates = theta ** -(torch.arange(0, width, 2, dtype=torch.float32) / width)
    angles = positions[..., None] * rates
    mixed = angles[0].clone()
    for axis in (1, 2):
        third = slice(axis, 3 * sections[axis], 3)
        mixed[:, third] = angles[axis][:, third]
    return mixed.cos().repeat(1, 2), mixed.sin().repeat(1, 2)
