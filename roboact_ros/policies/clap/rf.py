"""CLAP-RF on this machine: images and an instruction to the next steps of the arms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.images import resized
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.representation import action_chunk, relative_from_steps
from roboact_ros.policies.clap.run_folder import ClapRun
from roboact_ros.policies.clap.step_statistics import StepStatistics
from roboact_ros.policies.nets.clap.chunk_network import GraphedChunks
from roboact_ros.policies.nets.clap.vlm import Prompt
from roboact_ros.policies.nets.clap.vlm_input import PromptWords, read_image_rule
from roboact_ros.types import ActionChunk, FloatArray, Frame, ToolState

Meaning = Callable[[FloatArray], FloatArray]
"""Normalised (T, columns) actions to (T, 14) ones relative to the state at the first frame."""

StateRule = Callable[[ToolState], FloatArray]
"""Where the arm is to (14,) normalised numbers; refuses what is far from the data of the robot."""


def meaning_of_steps(statistics: StepStatistics, layout: ArmLayout, metres: float, radians: float) -> Meaning:
    """Return what steps of one arm mean that are counted in ``metres`` and ``radians``; the gripper is open at 1."""
    units = np.array([metres] * 3 + [radians] * 3 + [1.0])
    return lambda normalised: layout.padded(relative_from_steps(statistics.actions(normalised) * units))


class ClapRf:
    """See :class:`~roboact_ros.policies.policy.ChunkPolicy`.

    Images are expected head first, then right wrist, then left wrist.

    Args:
        run: What was trained.
        meaning: What its actions mean, e.g. :meth:`Quantiles.actions <roboact_ros.policies.clap.statistics.Quantiles>`
            of the robot for a run on chunk-relative poses, or :func:`meaning_of_steps`.
        layout: Arms that exist.
        robot: ``robot_type`` that the prompt names.
        period_ns: Time of a step [ns].
        device: PyTorch device; on CUDA a chunk is one graph.
        seed: Of the noise.
        state: Checks where the arm is, if somebody knows, and tells a head that heeds it.
        executed: How many steps of a chunk are carried out; 0 for all.

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
    ) -> None:
        self._run, self._meaning, self._layout, self._robot = run, meaning, layout, robot
        self._period_ns, self._device = period_ns, device
        self._state, self._executed = state, executed or run.config.horizon
        self._words, self._rule = PromptWords(run.base), read_image_rule(run.base)
        self._network = run.network.to(device)
        self._generator = torch.Generator().manual_seed(seed)
        self._instruction = ""
        self._prepared: tuple[tuple[int, ...], Prompt, GraphedChunks | None] | None = None

    def instruct(self, instruction: str) -> None:
        """Set the task."""
        self._instruction, self._prepared = instruction, None

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps.

        Raises:
            PolicyError: No instruction was given, there are more or fewer images than the run was trained with, they
                differ in size, or the arm is where the robot of the statistics never was, or nobody knows where.
            MotionRefused: A number is not finite, or an arm would jump.
        """
        if not self._instruction:
            raise PolicyError("no instruction was given")
        config = self._run.config
        images = [resized(one.image, config.image_size) for one in (frame, *frame.beside)]
        if config.views and len(images) != len(config.views):
            raise PolicyError(f"the run was trained with {', '.join(config.views)}; there are {len(images)} images")
        sizes = {image.shape for image in images}
        if len(sizes) > 1:
            raise PolicyError(f"the images of CLAP are of one size, not {sorted(sizes)}; its run gives none")
        pixels = self._rule.patches(torch.from_numpy(np.stack(images)), self._device)
        noise = torch.randn((1, config.horizon, config.columns), generator=self._generator).to(self._device)
        actions = self._actions(pixels, noise, self._felt(frame), (len(images), *images[0].shape))
        relative = self._meaning(actions[0].float().cpu().numpy().astype(np.float64))
        return action_chunk(relative[: self._executed], self._layout, self._period_ns, frame.stamp_ns)

    def _felt(self, frame: Frame) -> Tensor | None:
        """Return the (1, 1, columns) state for a head that heeds it; whatever the head, a wrong one is refused."""
        needed = self._network.heeds_state and self._run.config.state
        if self._state is None or frame.tool is None:
            if needed:
                raise PolicyError("where the tool is is not known, and this run needs it beside the images")
            return None
        felt = self._state(frame.tool)
        if not needed:
            return None
        small = felt if self._run.config.columns == len(felt) else felt[self._layout.columns]
        return torch.from_numpy(small).to(self._device, self._network.dtype)[None, None]

    def _actions(self, pixels: Tensor, noise: Tensor, felt: Tensor | None, shape: tuple[int, ...]) -> Tensor:
        if self._prepared is None or self._prepared[0] != shape:
            rows, columns = self._rule.grid(*shape[1:3])
            ids = self._words(self._instruction, self._robot, shape[0], rows * columns // self._rule.merge**2)
            prompt = self._network.vlm.prompt(ids, rows, columns)
            cuda = self._device.type == "cuda"
            graphed = GraphedChunks(self._network, prompt, pixels, noise, felt) if cuda else None
            self._prepared = shape, prompt, graphed
        _, prompt, graphed = self._prepared
        if graphed is not None:
            return graphed(pixels, noise, felt)
        return self._network(pixels, noise, prompt, felt)
