"""Fully connected layers with what follows them fused in, as fast as the device allows."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

_PACKED_NAMES = {"none": ("none", ""), "silu": ("swish", ""), "gelu": ("gelu", "none")}


class Linear(Protocol):
    """``activation(x W^T + b)``."""

    def __call__(self, x: Tensor) -> Tensor:
        """Apply to (rows, inputs); returns (rows, outputs)."""
        ...

    def onto(self, residual: Tensor, x: Tensor) -> Tensor:
        """Return ``residual + x W^T + b``, without the activation."""
        ...


class PlainLinear:
    """One that PyTorch runs; used on CUDA, where the library chooses the kernel for each shape."""

    def __init__(self, weight: Tensor, bias: Tensor, activation: str) -> None:
        self._weight, self._bias, self._activation = weight, bias, activation

    def __call__(self, x: Tensor) -> Tensor:
        """See :class:`Linear`."""
        y = functional.linear(x, self._weight, self._bias)
        if self._activation == "none":
            return y
        return functional.silu(y) if self._activation == "silu" else functional.gelu(y)

    def onto(self, residual: Tensor, x: Tensor) -> Tensor:
        """See :class:`Linear`."""
        return residual + functional.linear(x, self._weight, self._bias)


class PackedLinear:
    """One whose weights are laid out once for oneDNN's kernels and a number of rows; used on the CPU.

    For few rows, laying out the weights again in every call costs as much as the product itself.
    """

    def __init__(self, weight: Tensor, bias: Tensor, activation: str, rows: int) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
        self._bias = bias
        self._activation, self._algorithm = _PACKED_NAMES[activation]

    def __call__(self, x: Tensor) -> Tensor:
        """See :class:`Linear`."""
        y: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self._weight, self._bias, self._activation, [], self._algorithm
        )
        return y

    def onto(self, residual: Tensor, x: Tensor) -> Tensor:
        """See :class:`Linear`."""
        y: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, residual, self._weight, self._bias, "add")
        return y


def linear(
    weight: Tensor, bias: Tensor, rows: int, device: torch.device, dtype: torch.dtype, activation: str = "none"
) -> Linear:
    """Return the fastest layer for a device.

    Args:
        weight: (outputs, inputs).
        bias: (outputs,).
        rows: Rows that it will be applied to.
        device: Where it will run.
        dtype: Precision in which it will run.
        activation: ``none``, ``silu`` or ``gelu``.
    """
    weight = weight.detach().to(device, dtype).contiguous()
    bias = bias.detach().to(device, dtype).contiguous()
    if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return PackedLinear(weight, bias, activation, rows)
    return PlainLinear(weight, bias, activation)
