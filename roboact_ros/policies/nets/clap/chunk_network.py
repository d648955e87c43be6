"""CLAP-RF for control: images to a chunk of normalised actions, as one CUDA graph where there is CUDA."""

from __future__ import annotations

import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clap.flow_head import STEPS, FlowHead
from roboact_ros.policies.nets.clap.flow_sampler import FlowSampler
from roboact_ros.policies.nets.clap.guidance import Guide, nearest
from roboact_ros.policies.nets.clap.vlm import Prompt, TappedVlm
from roboact_ros.policies.nets.cuda_graph import recorded


class ChunkNetwork:
    """A language model and the head that listens to it.

    Args:
        vlm: With a tap for each block of the head.
        head: Of the width of the language model.
        steps: Of the flow.

    Raises:
        PolicyError: The two do not fit.
    """

    def __init__(self, vlm: TappedVlm, head: FlowHead, steps: int = STEPS) -> None:
        shape = head.shape
        if (len(vlm.taps), vlm.width) != (shape.layers, shape.width):
            raise PolicyError(
                f"the head has {shape.layers} blocks of width {shape.width}; "
                f"the language model is tapped {len(vlm.taps)} times and has width {vlm.width}"
            )
        self.vlm, self._head, self._steps = vlm.eval(), head, steps
        self._sampler = FlowSampler(head, steps)

    @property
    def heeds_state(self) -> bool:
        """Whether the state of the arms can change a chunk."""
        return self._head.shape.self_attention

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self._head.position_embedding.weight.dtype

    def to(self, device: torch.device) -> ChunkNetwork:
        """Return the network on a device; this one must not be used any more."""
        return ChunkNetwork(self.vlm.to(device), self._head.to(device), self._steps)

    @torch.no_grad()
    def __call__(
        self,
        pixels: Tensor,
        noise: Tensor,
        prompt: Prompt,
        state: Tensor | None = None,
        guide: Guide | None = None,
    ) -> Tensor:
        """Return (1, steps, columns) normalised actions.

        Args:
            pixels: See :meth:`TappedVlm.forward`.
            noise: (draws, steps, columns) normal, float32.
            prompt: Of :meth:`TappedVlm.prompt`.
            state: (1, 1, columns) normalised state; only a head with self-attention heeds it.
            guide: What is known of the actions: a single draw is bent towards it, of several the nearest is taken;
                without, the first.
        """
        memories = self._sampler.memories(self.vlm(pixels, prompt))
        if len(noise) == 1:
            return self._sampler(noise, memories, None, state, guide)
        if guide is None:
            return self._sampler(noise[:1], memories, None, state)
        return nearest(self._sampler(noise, memories, None, state), guide)


class GraphedChunks:
    """Replays the network with one prompt, so that no kernel waits for Python.

    Args:
        network: On a CUDA device.
        prompt: Likewise.
        pixels: Any of the right shape, on the device.
        noise: Likewise.
        state: Likewise, or None for a head that heeds none.
        guided: Whether chunks may have a guide; a single draw then always costs a pass backwards in each step.
    """

    def __init__(
        self,
        network: ChunkNetwork,
        prompt: Prompt,
        pixels: Tensor,
        noise: Tensor,
        state: Tensor | None = None,
        guided: bool = False,
    ) -> None:
        self._pixels, self._noise = pixels.clone(), noise.clone()
        self._state = None if state is None else state.clone()
        self._guide = Guide(torch.zeros_like(noise[:1]), torch.zeros_like(noise[:1])) if guided else None
        self._device = pixels.device
        with torch.cuda.device(self._device), torch.no_grad():
            self._graph, self._actions = recorded(
                lambda: network(self._pixels, self._noise, prompt, self._state, self._guide), self._device
            )

    def __call__(
        self, pixels: Tensor, noise: Tensor, state: Tensor | None = None, guide: Guide | None = None
    ) -> Tensor:
        """Return (1, steps, columns) normalised actions on the device; the next call overwrites them.

        Raises:
            PolicyError: There is a guide and the graph was recorded without.
        """
        if guide is not None and self._guide is None:
            raise PolicyError("this graph makes chunks without a guide")
        with torch.cuda.device(self._device):
            self._pixels.copy_(pixels, non_blocking=True)
            self._noise.copy_(noise, non_blocking=True)
            if self._state is not None and state is not None:
                self._state.copy_(state, non_blocking=True)
            if self._guide is not None:
                self._guide.weights.zero_()
                if guide is not None:
                    self._guide.actions.copy_(guide.actions, non_blocking=True)
                    self._guide.weights.copy_(guide.weights, non_blocking=True)
            self._graph.replay()
        return self._actions
