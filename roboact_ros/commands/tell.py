"""Tells the person how something that takes long goes on, beside the result on standard output."""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Print a line at once."""
    print(line, file=sys.stderr, flush=True)
