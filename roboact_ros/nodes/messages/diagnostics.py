"""Statuses: a level, one sentence for the operator, and named values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue


class Level(enum.Enum):
    """How bad it is."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR
    STALE = DiagnosticStatus.STALE


@dataclass(frozen=True, slots=True)
class Status:
    """State of one part of the cell.

    Attributes:
        name: The part, e.g. ``executor``.
        level: How bad it is.
        message: One sentence for the operator.
        values: Details by name.
    """

    name: str
    level: Level = Level.OK
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def status_to_message(status: Status) -> DiagnosticStatus:
    """Convert a status for ``executor/status`` and the like."""
    values = [KeyValue(key=key, value=value) for key, value in status.values.items()]
    return DiagnosticStatus(name=status.name, level=status.level.value, message=status.message, values=values)


def status_from_message(message: DiagnosticStatus) -> Status:
    """Inverse of :func:`status_to_message`."""
    values = {value.key: value.value for value in message.values}
    return Status(message.name, Level(message.level), message.message, values)


def statuses_to_array(statuses: list[Status], stamp: Time) -> DiagnosticArray:
    """Convert statuses for ``/diagnostics``."""
    array = DiagnosticArray(status=[status_to_message(status) for status in statuses])
    array.header.stamp = stamp
    return array
