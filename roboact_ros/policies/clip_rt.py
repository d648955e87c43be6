"""CLIP-RT: chooses the motion whose words fit best to an image and an instruction (https://arxiv.org/abs/2411.00508)."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.policies.nets.cuda_graph import GraphedStep
from roboact_ros.policies.nets.prompted import PromptedTower
from roboact_ros.policies.nets.text import embed_texts
from roboact_ros.policies.nets.vision import ReducedVisionTransformer, can_reduce
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_ros.types import Decision, Frame, ImageArray, Motion

PROMPT = "what motion should the robot arm perform to complete the instruction '{instruction}'?"
"""The question the released models were trained with."""


class ClipRt:
    """Scores every motion as sigmoid(cosine(image + prompt, motion)), embeddings un-normalised before the sum.

    The words of the motions are embedded here, those of an instruction in :meth:`instruct`; a step embeds the image
    alone. On the CPU everything is float32; on CUDA the image tower runs in bfloat16, recorded as one graph.

    Args:
        network: The model with its weights.
        motions: What to choose from.
        device: Torch device to run on.

    Raises:
        PolicyError: CUDA was asked for and is not there, or there are no motions.
    """

    def __init__(self, network: ClipNetwork, motions: Sequence[Motion] = PRIMITIVES, device: str = "cpu") -> None:
        if not motions:
            raise PolicyError("a CLIP-RT policy needs at least one motion to choose from")
        self._device = torch_device(device)
        self._motions = tuple(motions)
        self._tokenize = network.tokenize
        self._model: Any = network.model.to(self._device)
        self._preprocess = Preprocessing(network.preprocess, self._device)
        with torch.no_grad():
            self._tower = _image_tower(self._model.visual, self._device)
            embeddings = self._embed([motion.phrase for motion in self._motions])
            self._motion_embeddings = functional.normalize(embeddings, dim=-1).T.contiguous()
            self._prompt_embedding = torch.zeros_like(embeddings[:1])
        self._instruction = ""
        self._step: Callable[[ImageArray], NDArray[np.float32]] = (
            GraphedStep(self._score, self._device) if self._device.type == "cuda" else self._eager_step
        )

    def instruct(self, instruction: str) -> None:
        """Set the task and embed its words.

        Raises:
            PolicyError: The instruction is empty or longer than the model can read.
        """
        instruction = instruction.strip()
        if not instruction:
            raise PolicyError('the instruction is empty; say what to do, e.g. "close the laptop"')
        with torch.no_grad():
            # In place: on CUDA, the recorded step reads this very memory.
            self._prompt_embedding.copy_(self._embed([PROMPT.format(instruction=instruction)]))
        self._instruction = instruction

    def act(self, frame: Frame) -> Decision:
        """Choose the motion with the highest score; see :class:`roboact_ros.policies.policy.Policy`."""
        if not self._instruction:
            raise PolicyError("no instruction was given yet; a CLIP-RT policy needs to know the task")
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise PolicyError(f"an image must be (height, width, 3) uint8, not {image.shape} {image.dtype}")
        start = time.perf_counter()
        scores = self._step(np.require(image, requirements=["C", "W"]))
        inference_ms = (time.perf_counter() - start) * 1e3
        if not np.isfinite(scores).all():
            raise PolicyError("the model returned scores that are not numbers; its checkpoint is damaged")
        by_phrase = {motion.phrase: float(score) for motion, score in zip(self._motions, scores, strict=True)}
        return Decision(self._motions[int(scores.argmax())], by_phrase, frame.stamp_ns, inference_ms)

    def _embed(self, texts: Sequence[str]) -> Tensor:
        """Return the (texts, embedding) un-normalised float32 embeddings."""
        return embed_texts(self._model, self._tokenize(texts).to(self._device)).float()

    def _eager_step(self, image: ImageArray) -> NDArray[np.float32]:
        with torch.no_grad():
            scores: NDArray[np.float32] = self._score(torch.from_numpy(image)).numpy()
        return scores

    def _score(self, image: Tensor) -> Tensor:
        """Return the (motions,) scores of a (height, width, 3) uint8 image."""
        context = self._tower(self._preprocess(image), self._prompt_embedding) + self._prompt_embedding
        return torch.sigmoid(functional.normalize(context, dim=-1) @ self._motion_embeddings)[0]


def torch_device(name: str) -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA when there is one, else the CPU.

    Raises:
        PolicyError: No such device, or none here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda"):
        raise PolicyError(f'no device "{name}". Valid: auto, cpu, cuda, cuda:N')
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device.type == "cuda" and (device.index or 0) >= count:
        raise PolicyError(f'device "{name}" is not here: PyTorch {torch.__version__} sees {count} CUDA devices')
    return device


def _image_tower(visual: Any, device: torch.device) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the tower: pixels (1, 3, height, width) and prompt (1, d) to a (1, d) float32 embedding."""
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    if can_reduce(visual):
        reduced = ReducedVisionTransformer(visual, device, dtype)
        return lambda pixels, prompt: reduced(pixels)
    visual = copy.deepcopy(visual).to(dtype)
    prompted = isinstance(visual, PromptedTower)

    def embed(pixels: Tensor, prompt: Tensor) -> Tensor:
        pixels = pixels.to(dtype)
        output = visual(pixels, prompt.to(dtype)) if prompted else visual(pixels)
        pooled: Tensor = output[0] if isinstance(output, tuple) else output  # some towers return their tokens as well
        return pooled.float()

    return embed
