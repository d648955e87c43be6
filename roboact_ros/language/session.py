"""Resolves what only makes sense after something else: "again", "a bit more"."""

from __future__ import annotations

from dataclasses import replace

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.amounts import HOW_FAR_OPEN, magnitude
from roboact_ros.language.parse import Command
from roboact_ros.language.vocabulary import GRIPPER_AXIS, displacement
from roboact_ros.types import Motion


class Session:
    """What one person has said so far."""

    def __init__(self) -> None:
        self._last: tuple[Motion, ...] = ()

    def resolve(self, command: Command) -> Command:
        """Replace "again" by the motions it repeats, and remember motions for next time.

        An amount ("a bit more") goes with the direction of the last motion.

        Raises:
            LanguageRefusal: There is nothing to repeat.
        """
        if command.control == "again":
            if not self._last:
                raise LanguageRefusal("There is nothing to repeat yet. What should I do?")
            motions = self._last if command.amount is None else (_by(self._last[-1], command),)
            command = replace(command, motions=motions, control=None)
        if command.motions:
            self._last = command.motions
        return command


def _by(motion: Motion, command: Command) -> Motion:
    axis = next((axis for axis, value in enumerate(motion.action[:GRIPPER_AXIS]) if value), None)
    if axis is None:
        raise LanguageRefusal(HOW_FAR_OPEN)
    return displacement(axis, 1 if motion.action[axis] > 0 else -1, magnitude(command.amount, axis, command.text))
