"""The suites of LIBERO and their tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from roboact_ros.errors import ConfigurationError, did_you_mean


@dataclass(frozen=True, slots=True)
class Suite:
    """How many tasks a suite has, and after how many steps an episode has failed."""

    tasks: int
    steps: int


SUITES = {
    "libero_spatial": Suite(10, 220),
    "libero_object": Suite(10, 280),
    "libero_goal": Suite(10, 300),
    "libero_10": Suite(10, 520),
    "libero_90": Suite(90, 400),
}
"""Steps are those of CLAP's evaluation; the time in which things settle is not counted."""


def chosen_libero_tasks(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return the tasks that were asked for, each once: suite and number.

    Args:
        names: Suites, tasks such as ``libero_goal/3``, or ``all`` for all suites but the long ``libero_90``.

    Raises:
        ConfigurationError: There is no such suite or task.
    """
    chosen: dict[tuple[str, int], None] = {}
    for name in names:
        suites = [suite for suite in SUITES if suite != "libero_90"] if name == "all" else [name]
        for suite, _, number in (one.partition("/") for one in suites):
            if suite not in SUITES:
                raise ConfigurationError(f'no suite "{suite}" in LIBERO: {did_you_mean(suite, (*SUITES, "all"))}')
            tasks = SUITES[suite].tasks
            if number and not (number.isdecimal() and int(number) < tasks):
                raise ConfigurationError(f'no task "{name}": those of {suite} are {suite}/0 to {suite}/{tasks - 1}')
            chosen.update(dict.fromkeys((suite, one) for one in ([int(number)] if number else range(tasks))))
    return list(chosen)
