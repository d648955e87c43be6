"""Instructions of several steps: "open the drawer, then pick up the block"."""

from __future__ import annotations

import re

_THEN = re.compile(r"\s*(?:[,;.]\s*)?(?:\band\s+)?\bthen\b[\s,]*|\s*;\s*", re.IGNORECASE)


def steps_of(instruction: str) -> tuple[str, ...]:
    """Return the steps of an instruction in order, none of them empty; "then" and ";" divide them."""
    return tuple(step.strip(" ,;.") for step in _THEN.split(instruction) if step.strip(" ,;."))
