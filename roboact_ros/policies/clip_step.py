"""What all policies on top of a CLIP model have in common: eyes, a prompt, and one step from image to numbers."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.policies.nets.cuda_graph import GraphedStep
from roboact_ros.policies.nets.prompted import PromptedTower
from roboact_ros.policies.nets.text import embed_texts
from roboact_ros.policies.nets.vision import ReducedVisionTransformer, can_reduce
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_ros.types import Frame, ImageArray

PROMPT = "what motion should the robot arm perform to complete the instruction '{instruction}'?"
"""The question the released models were trained with."""

Head = Callable[[Tensor, Tensor], Tensor]
"""Maps the un-normalised embeddings (1, d) of image and prompt to a float32 tensor."""


class ClipStep:
    """Embeds the words of an instruction once and an image in every step.

    On the CPU everything is float32; on CUDA the image tower runs in bfloat16, recorded with the head as one graph.

    Args:
        network: The model with its weights.
        device: Torch device to run on.

    Raises:
        PolicyError: CUDA was asked for and is not there.
    """

    def __init__(self, network: ClipNetwork, device: str = "cpu") -> None:
        self.device = torch_device(device)
        self._tokenize = network.tokenize
        self._model: Any = network.model.to(self.device)
        self._preprocess = Preprocessing(network.preprocess, self.device)
        with torch.no_grad():
            self._tower = _image_tower(self._model.visual, self.device)
            self._prompt = torch.zeros_like(self.embed([PROMPT.format(instruction="")]))
        self._instructed = False
        self._step: Callable[[ImageArray], NDArray[np.float32]] | None = None

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Return the (texts, embedding) un-normalised float32 embeddings."""
        with torch.no_grad():
            return embed_texts(self._model, self._tokenize(texts).to(self.device)).float()

    def end_in(self, head: Head) -> None:
        """Set what makes numbers of the embeddings; on CUDA it must not wait for the device."""

        def compute(image: Tensor) -> Tensor:
            return head(self._tower(self._preprocess(image), self._prompt), self._prompt)

        def eager(image: ImageArray) -> NDArray[np.float32]:
            with torch.no_grad():
                result: NDArray[np.float32] = compute(torch.from_numpy(image)).numpy()
            return result

        self._step = GraphedStep(compute, self.device) if self.device.type == "cuda" else eager

    def instruct(self, instruction: str) -> None:
        """Set the task and embed its words.

        Raises:
            PolicyError: The instruction is empty or longer than the model can read.
        """
        instruction = instruction.strip()
        if not instruction:
            raise PolicyError('the instruction is empty; say what to do, e.g. "close the laptop"')
        # In place: on CUDA, the recorded step reads this very memory.
        self._prompt.copy_(self.embed([PROMPT.format(instruction=instruction)]))
        self._instructed = True

    def run(self, frame: Frame) -> tuple[NDArray[np.float32], float]:
        """Return what the head makes of an image, and how long it took [ms].

        Raises:
            PolicyError: No instruction was given, the image cannot be used, or the numbers are none.
        """
        if not self._instructed or self._step is None:
            raise PolicyError("no instruction was given yet; a CLIP-RT policy needs to know the task")
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise PolicyError(f"an image must be (height, width, 3) uint8, not {image.shape} {image.dtype}")
        start = time.perf_counter()
        result = self._step(np.require(image, requirements=["C", "W"]))
        took_ms = (time.perf_counter() - start) * 1e3
        if not np.isfinite(result).all():
            raise PolicyError("what the model returned are not numbers; its checkpoint is damaged")
        return result, took_ms


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
