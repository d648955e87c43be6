"""Runs functions on CUDA as one recorded graph, so that no kernel waits for Python."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.types import ImageArray

_WARM_UPS = 3


class GraphedStep:
    """Copies an image to the device, replays the graph, and returns the result on the host.

    The graph is recorded at the first image of a size, and again when the size changes.

    Args:
        function: Maps a (height, width, 3) uint8 tensor on ``device`` to a float32 tensor; it must use the same
            tensors in every call and must not wait for the device.
        device: A CUDA device.
    """

    def __init__(self, function: Callable[[Tensor], Tensor], device: torch.device) -> None:
        self._function, self._device = function, device
        self._staging = torch.empty(0, dtype=torch.uint8)
        self._image = self._result = torch.empty(0, device=device)
        self._graph = torch.cuda.CUDAGraph()

    def __call__(self, image: ImageArray) -> NDArray[np.float32]:
        """Return the result for ``image`` (height, width, 3) uint8, C-contiguous and writable."""
        with torch.cuda.device(self._device), torch.no_grad():
            if image.shape != tuple(self._staging.shape):
                self._record(image.shape)
            self._staging.copy_(torch.from_numpy(image))
            self._image.copy_(self._staging, non_blocking=True)
            self._graph.replay()
            result: NDArray[np.float32] = self._result.cpu().numpy()  # waits, so the staging memory is free again
            return result

    def _record(self, shape: tuple[int, ...]) -> None:
        staging = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self._image = torch.zeros(shape, dtype=torch.uint8, device=self._device)
        self._graph = torch.cuda.CUDAGraph()  # the memory of the old one is free before the new one takes its own
        self._graph, self._result = recorded(lambda: self._function(self._image), self._device)
        self._staging = staging


def recorded(function: Callable[[], Tensor], device: torch.device) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    """Return a graph of what ``function`` does on ``device``, and the tensor that a replay fills.

    Args:
        function: It must use the same tensors in every call and must not wait for the device.
        device: The current CUDA device.
    """
    # Libraries allocate and choose kernels in the first calls, which must not happen while recording.
    side, capturing = _streams(device)
    side.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(side):
        for _ in range(_WARM_UPS):
            function()
    torch.cuda.current_stream(device).wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # Only this thread's calls may disturb the recording: cameras or other models run in others.
    with torch.cuda.graph(graph, stream=capturing, capture_error_mode="thread_local"):
        result = function()
    return graph, result


@functools.cache
def _streams(device: torch.device) -> tuple[torch.cuda.Stream, torch.cuda.Stream]:
    """Return a stream for first calls and one for recording: cuBLAS keeps memory for each stream it has ever met."""
    return torch.cuda.Stream(device), torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
