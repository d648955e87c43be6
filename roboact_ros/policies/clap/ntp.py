"""CLAP-NTP on this machine: images and an instruction to the subtask in words and the next steps of the arms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.images import resized
from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS, ArmLayout
from roboact_ros.policies.clap.ntp_folder import NtpModel
from roboact_ros.policies.clap.representation import action_chunk
from roboact_ros.policies.clap.statistics import Quantiles
from roboact_ros.policies.nets.clap.answer import AnswerState, begin_answer, codes_of_arms
from roboact_ros.policies.nets.clap.vlm import Prompt
from roboact_ros.types import ActionChunk, FloatArray, Frame, ImageArray


class ClapNtp:
    """See :class:`~roboact_ros.policies.policy.ChunkPolicy`; the note of a chunk is the subtask.

    Args:
        model: What was trained.
        quantiles: Statistics of the robot; the prompt names it.
        layout: Arms that are driven: those of the robot, or one of its two.
        period_ns: Time of a step [ns].
        executed: How many steps of a chunk are carried out; 0 for all.
    """

    def __init__(
        self, model: NtpModel, quantiles: Quantiles, layout: ArmLayout, period_ns: int, executed: int = 0
    ) -> None:
        self._model, self._quantiles, self._layout = model, quantiles, layout
        self._period_ns, self._executed = period_ns, executed
        self._instruction = ""
        self._prompt: Prompt | None = None

    def instruct(self, instruction: str) -> None:
        """Set the task; the words before the first image are read at once."""
        model = self._model
        self._instruction, self._prompt = instruction, None
        if instruction:
            width, height = model.image_size
            rows, columns = model.rule.grid(height, width)
            tokens = rows * columns // model.rule.merge**2
            ids = model.prompts(instruction, self._quantiles.robot.name, len(model.views), tokens)
            self._prompt = model.vlm.prompt(ids, rows, columns)

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps.

        Raises:
            PolicyError: No instruction was given, or there are more images than the model was trained with.
            MotionRefused: A number is not finite, or an arm would jump.
        """
        if self._prompt is None:
            raise PolicyError("no instruction was given")
        images = views_of([one.image for one in (frame, *frame.beside)], len(self._model.views), self._model.image_size)
        pixels = self._model.rule.patches(torch.from_numpy(images), self._prompt.embeddings.device)
        robot = self._quantiles.robot.layout
        beginning = begin_answer(self._model.answers, robot, self._model.actions.shape.tokens)
        answer = self._model.vlm.answer(pixels, self._prompt, beginning)
        relative = self._quantiles.actions(decoded(answer, self._model, robot))[: self._executed or None]
        subtask = self._model.answers.subtask(answer.said)
        note = f"subtask: {subtask}" if subtask else ""
        return action_chunk(relative, self._layout, self._period_ns, frame.stamp_ns, note)


def decoded(answer: AnswerState, model: NtpModel, robot: ArmLayout) -> FloatArray:
    """Return the (32, 14) normalised actions that the codes of a whole answer mean; those of no arm are zero.

    Raises:
        PolicyError: The answer is not whole.
    """
    if answer.codes is None or not answer.whole:
        raise PolicyError("an answer that is not whole means no actions")
    codes = codes_of_arms(torch.tensor(answer.codes, device=model.actions.vq_t.codebook.weight.device), robot)
    with torch.no_grad():
        arms: Tensor = model.actions.actions(codes)
    rows = np.zeros((arms.shape[1], len(ARMS) * ARM_WIDTH))
    rows[:, robot.columns] = arms.movedim(0, 1).flatten(1).double().cpu().numpy()
    return rows


def views_of(images: list[ImageArray], count: int, size: tuple[int, int]) -> ImageArray:
    """Return (count, height, width, 3) images of one size; those that are missing are copies of the first.

    Raises:
        PolicyError: There are more.
    """
    if len(images) > count:
        raise PolicyError(f"the model was trained with {count} images, and there are {len(images)} cameras")
    ready = [resized(image, size) for image in images]
    return np.stack(ready + ready[:1] * (count - len(ready)))
