"""The subjects, actions and objects that a network knows, by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roboact_ros.errors import PolicyError, did_you_mean


@dataclass(frozen=True, slots=True)
class ActClasses:
    """Names of all classes; the place of a name is its number."""

    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    objects: tuple[str, ...]

    def numbers(self, subject: str, action: str, thing: str, where: str) -> tuple[int, int, int]:
        """Return the numbers of subject, action and object.

        Raises:
            PolicyError: One is not known; the message begins with ``where``.
        """
        return (
            _number("subject", subject, self.subjects, where),
            _number("action", action, self.actions, where),
            _number("object", thing, self.objects, where),
        )


def classes_from(mapping: Mapping[str, Any], origin: str) -> ActClasses:
    """Return the classes of a manifest.

    Raises:
        PolicyError: There are none; the message begins with ``origin``.
    """
    names = []
    for kind in ("subjects", "actions", "objects"):
        found = mapping.get(kind)
        if not isinstance(found, Sequence) or isinstance(found, str) or not found:
            raise PolicyError(f"{origin}: {kind} must be a list of names, not {found!r}")
        names.append(tuple(str(name) for name in found))
    return ActClasses(*names)


def _number(kind: str, name: str, known: tuple[str, ...], where: str) -> int:
    if name not in known:
        raise PolicyError(f'{where}: unknown {kind} "{name}": {did_you_mean(name, known)}')
    return known.index(name)
