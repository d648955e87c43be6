"""The seven tasks of FrankaKitchen, with words for them."""

from __future__ import annotations

from collections.abc import Iterable

from roboact_ros.errors import ConfigurationError, did_you_mean

INSTRUCTIONS = {
    "microwave": "open the microwave door",
    "kettle": "move the kettle to the back burner",
    "light_switch": "turn on the light",
    "slide_cabinet": "open the slide cabinet",
    "hinge_cabinet": "open the hinge cabinet",
    "bottom_burner": "turn on the bottom burner",
    "top_burner": "turn on the top burner",
}
"""What a policy is told, by task. Names are those of the environment, with underscores for blanks."""
MOST_STEPS = 200
"""Steps of the longest episode, as in the evaluation of RoboAct-CLIP; the environment itself allows 280."""


def chosen_kitchen_tasks(names: Iterable[str]) -> list[str]:
    """Return the tasks that were asked for, each once; ``all`` stands for all.

    Raises:
        ConfigurationError: There is no such task.
    """
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in (*INSTRUCTIONS, "all"):
            raise ConfigurationError(f'no task "{name}" in the kitchen: {did_you_mean(name, (*INSTRUCTIONS, "all"))}')
    return list(INSTRUCTIONS) if "all" in chosen else chosen
