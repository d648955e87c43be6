"""What a check found."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """Whether the cell will run."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        verdict: ``FAIL`` when the cell cannot work like this, ``WARN`` when it works less well.
        part: What was looked at, e.g. ``camera front``.
        what: What was found, in one sentence.
        do_this: What the person should do; empty when all is well.
    """

    verdict: Verdict
    part: str
    what: str
    do_this: str = ""


def ok(part: str, what: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, part, what)


def warn(part: str, what: str, do_this: str) -> Finding:
    """The cell works less well."""
    return Finding(Verdict.WARN, part, what, do_this)


def fail(part: str, what: str, do_this: str) -> Finding:
    """The cell cannot work."""
    return Finding(Verdict.FAIL, part, what, do_this)
