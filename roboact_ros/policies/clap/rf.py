"""CLAP-RF on this machine: images and an instruction to the next steps of the arms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.images import resized
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.representation import (
    action_chunk,
    relative_from_steps,
    relative_of,
    steps_of_arm,
)
from roboact_ros.policies.clap.run_folder import ClapRun
from roboact_ros.policies.clap.statistics import FAR
from roboact_ros.policies.clap.step_statistics import StepStatistics
from roboact_ros.policies.nets.clap.chunk_network import GraphedChunks
from roboact_ros.policies.nets.clap.guidance import Guide
from roboact_ros.policies.nets.clap.vlm import Prompt
from roboact_ros.policies.nets.clap.vlm_input import PromptWords, read_image_rule
from roboact_ros.policies.underway import Underway, rest_of, soft_mask
from roboact_ros.types import ActionChunk, FloatArray, Frame, ToolState


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What the actions of a run mean.

    Attributes:
        relative: Normalised (T, columns) actions to (T, 14) ones relative to the state at the first frame.
        normalised: The inverse.
    """

    relative: Callable[[FloatArray], FloatArray]
    normalised: Callable[[FloatArray], FloatArray]


DRAWS = 8
"""From so many chunks the one is selected that goes on best from the one underway."""

StateRule = Callable[[Sequence[ToolState]], FloatArray]
"""Where the arms are to (14,) normalised numbers; refuses what is far from the data of the robot."""


def meaning_of_steps(statistics: StepStatistics, layout: ArmLayout, metres: float, radians: float) -> Meaning:
    """Return what steps of one arm mean that are counted in ``metres`` and ``radians``; the gripper is open at 1."""
    units = np.array([metres] * 3 + [radians] * 3 + [1.0])
    return Meaning(
        lambda normalised: layout.padded(relative_from_steps(statistics.actions(normalised) * units)),
        lambda relative: statistics.normalised(steps_of_arm(relative[:, layout.columns]) / units),
    )


class ClapRf:
    """See :class:`~roboact_ros.policies.policy.ContinuingPolicy`.

    Images are expected head first, then right wrist, then left wrist.

    Args:
        run: What was trained.
        meaning: What its actions mean, e.g. by the :class:`~roboact_ros.policies.clap.statistics.Quantiles`
            of the robot for a run on chunk-relative poses, or :func:`meaning_of_steps`.
        layout: Arms that exist.
        robot: ``robot_type`` that the prompt names.
        period_ns: Time of a step [ns].
        device: PyTorch device; on CUDA a chunk is one graph.
        seed: Of the noise, which is the same after every instruction.
        state: Checks where the arms are, if somebody knows, and tells a head that heeds it.
        executed: How many steps of a chunk are carried out; 0 for all.
        seams: ``inpaint`` or ``select`` where :meth:`act_during` will be called; without, a graph does less.

    Raises:
        PolicyError: The folder of the language model lacks its tokenizer or image rule, or they are of another model.
    """

    def __init__(
        self,
        run: ClapRun,
        meaning: Meaning,
        layout: ArmLayout,
        robot: str,
        period_ns: int,
        device: torch.device,
        seed: int = 0,
        state: StateRule | None = None,
        executed: int = 0,
        seams: str = "",
    ) -> None:
        self._run, self._meaning, self._layout, self._robot = run, meaning, layout, robot
        self._period_ns, self._device = period_ns, device
        self._state, self._executed = state, executed or run.config.horizon
        self._guided, self._draws = seams in ("inpaint", "select"), DRAWS if seams == "select" else 1
        self._words, self._rule = PromptWords(run.base), read_image_rule(run.base)
        self._network = run.network.to(device)
        self._seed, self._generator = seed, torch.Generator()
        self._instruction = ""
        self._shape = self._expected_shape()
        self._prepared: tuple[tuple[int, ...], Prompt, GraphedChunks | None] | None = None

    def instruct(self, instruction: str) -> None:
        """Set the task; where the images to come are known, all is made ready for them."""
        if instruction != self._instruction:
            self._instruction, self._prepared = instruction, None
        self._generator.manual_seed(self._seed)
        if instruction and self._shape is not None:
            self._ready(self._shape)

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps.

        Raises:
            PolicyError: No instruction was given, there are more or fewer images than the run was trained with, they
                differ in size, or an arm is where the robot of the statistics never was, or nobody knows where.
            MotionRefused: A number is not finite, or an arm would jump.
        """
        return self._act(frame, None)

    def act_during(self, frame: Frame, underway: Underway) -> ActionChunk:
        """Return the next steps, drawn among those that begin as the chunk underway goes on.

        Raises:
            PolicyError: See :meth:`act`.
            MotionRefused: Likewise.
        """
        return self._act(frame, self._guide(frame.stamp_ns, underway))

    def _act(self, frame: Frame, guide: Guide | None) -> ActionChunk:
        if not self._instruction:
            raise PolicyError("no instruction was given")
        config = self._run.config
        images = [resized(one.image, config.image_size) for one in (frame, *frame.beside)]
        if config.views and len(images) != len(config.views):
            raise PolicyError(f"the run was trained with {', '.join(config.views)}; there are {len(images)} images")
        sizes = {image.shape for image in images}
        if len(sizes) > 1:
            raise PolicyError(f"the images of CLAP are of one size, not {sorted(sizes)}; its run gives none")
        felt = self._felt(frame)
        self._shape = len(images), *images[0].shape
        prompt, graphed = self._ready(self._shape)
        pixels = self._rule.patches(torch.from_numpy(np.stack(images)), self._device)
        noise = torch.randn((self._draws, config.horizon, config.columns), generator=self._generator).to(self._device)
        if graphed is not None:
            actions = graphed(pixels, noise, felt, guide)
        else:
            actions = self._network(pixels, noise, prompt, felt, guide)
        relative = self._meaning.relative(actions[0].float().cpu().numpy().astype(np.float64))
        return action_chunk(relative[: self._executed], self._layout, self._period_ns, frame.stamp_ns)

    def _guide(self, stamp_ns: int, underway: Underway) -> Guide:
        """Return what is known of the next chunk: columns of arms that the cell does not have stay free."""
        config = self._run.config
        rest = rest_of(underway, stamp_ns, config.horizon, self._period_ns)
        known = self._meaning.normalised(relative_of(rest, self._layout))
        # Where data never changes, the least movement lies far outside of it, and no model can follow.
        weights = soft_mask(rest, config.horizon)[:, None] * (np.abs(known) <= FAR)
        if known.shape[1] == len(self._layout.columns):
            weights *= self._layout.columns
        found = torch.from_numpy(np.stack((known, weights))).float().to(self._device)
        return Guide(found[:1], found[1:])

    def _felt(self, frame: Frame) -> Tensor | None:
        """Return the (1, 1, columns) state for a head that heeds it; whatever the head, a wrong one is refused."""
        if self._state is None or not frame.tools:
            if self._feels:
                raise PolicyError("where the tools are is not known, and this run needs it beside the images")
            return None
        felt = self._state(frame.tools)
        if not self._feels:
            return None
        small = felt if self._run.config.columns == len(felt) else felt[self._layout.columns]
        return torch.from_numpy(small).to(self._device, self._network.dtype)[None, None]

    @property
    def _feels(self) -> bool:
        """Whether the head has to know where the arms are."""
        return self._network.heeds_state and self._run.config.state

    def _expected_shape(self) -> tuple[int, ...] | None:
        """Return the shape of the images as far as the run tells it."""
        config = self._run.config
        if not config.views or config.image_size is None:
            return None
        return len(config.views), config.image_size[1], config.image_size[0], 3

    def _ready(self, shape: tuple[int, ...]) -> tuple[Prompt, GraphedChunks | None]:
        """Return what the present task needs for images of a shape (images, height, width, 3)."""
        if self._prepared is None or self._prepared[0] != shape:
            self._prepared = None  # the memory of the old graph is free before the new one takes its own
            config, rows, columns = self._run.config, *self._rule.grid(*shape[1:3])
            ids = self._words(self._instruction, self._robot, shape[0], rows * columns // self._rule.merge**2)
            prompt, graphed = self._network.vlm.prompt(ids, rows, columns), None
            if self._device.type == "cuda":
                pixels = self._rule.patches(torch.zeros(shape, dtype=torch.uint8), self._device)
                noise = torch.zeros(self._draws, config.horizon, config.columns, device=self._device)
                felt = torch.zeros(1, 1, config.columns, device=self._device, dtype=self._network.dtype)
                felt_or_none = felt if self._feels else None
                graphed = GraphedChunks(self._network, prompt, pixels, noise, felt_or_none, self._guided)
            self._prepared = shape, prompt, graphed
        return self._prepared[1:]
