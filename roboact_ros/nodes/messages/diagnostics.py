"""Statuses: a level, one sentence for the operator, and named values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

_COLON = ": "


class Level(enum.Enum):
    """How bad it is; what others call by a level that there is not counts as an error."""

    OK = DiagnosticStatus.OK
    WARN = DiagnosticStatus.WARN
    ERROR = DiagnosticStatus.ERROR
    STALE = DiagnosticStatus.STALE

    @classmethod
    def _missing_(cls, value: object) -> Level:
        return cls.ERROR


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


def statuses_to_array(statuses: list[Status], stamp: Time, namespace: str) -> DiagnosticArray:
    """Convert statuses of a cell for ``/diagnostics``, which all cells share.

    There a part is called ``/namespace: part``, and just ``part`` in the namespace ``/``.
    """
    prefix = _prefix(namespace)
    named = [replace(status, name=prefix + status.name) for status in statuses]
    array = DiagnosticArray(status=[status_to_message(status) for status in named])
    array.header.stamp = stamp
    return array


def statuses_from_array(array: DiagnosticArray, namespace: str) -> list[Status]:
    """Inverse of :func:`statuses_to_array`; what comes from other namespaces is left out."""
    prefix = _prefix(namespace)
    found = []
    for status in map(status_from_message, array.status):
        space, colon, _ = status.name.partition(_COLON)
        if (space + colon if space.startswith("/") else "") == prefix:
            found.append(replace(status, name=status.name[len(prefix) :]))
    return found


def _prefix(namespace: str) -> str:
    return "" if namespace == "/" else namespace + _COLON
