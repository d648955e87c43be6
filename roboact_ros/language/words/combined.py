"""Writes out phrases that are put together from alternatives."""

from __future__ import annotations

import itertools


def alternatives(text: str) -> list[str]:
    """Split alternatives at semicolons, whatever the line breaks."""
    return [phrase for phrase in (" ".join(part.split()) for part in text.split(";")) if phrase]


def combined(*parts: str) -> str:
    """Return every combination of one alternative from each part, again as alternatives."""
    return "; ".join(" ".join(choice) for choice in itertools.product(*map(alternatives, parts)))
