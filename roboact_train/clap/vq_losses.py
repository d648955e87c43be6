"""The terms that both tokenizers minimise, and how reconstruction is measured."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional

_RANGE = 2.0
"""Of normalised actions, -1 … 1: what Table V counts the peak from (a mean square of 0.0010 are 36.02 dB)."""


def quantisation_loss(vectors: Tensor, codes: Tensor, commitment: float) -> Tensor:
    """Return what pulls codes to vectors and, times ``commitment``, vectors to codes; means over all numbers.

    Args:
        vectors: (…, width) before quantisation.
        codes: (…, width) rows of the table that they fell on, with its gradient.
        commitment: beta.
    """
    pulled: Tensor = functional.mse_loss(codes, vectors.detach())
    return pulled + commitment * functional.mse_loss(vectors, codes.detach())


def psnr(mean_square: float) -> float:
    """Return the peak signal-to-noise ratio of a mean square error of normalised actions [dB]."""
    return 10.0 * math.log10(_RANGE**2 / mean_square) if mean_square > 0.0 else math.inf


def psnr_bits(decibels: float) -> float:
    """Return the bits of one number as precise as a peak signal-to-noise ratio [dB] says: log2(R / RMSE)."""
    return decibels / (20.0 * math.log10(2.0))
