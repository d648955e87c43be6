"""AdamW as open_clip sets it up, and its learning rate over time."""

from __future__ import annotations

import math
from typing import Any

from torch import nn
from torch.optim import AdamW

from roboact_train.training.settings import LoopSettings


def adamw(module: nn.Module, settings: LoopSettings) -> AdamW:
    """Return the optimiser; biases, norms and scales do not decay."""
    named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    still = [w for name, w in named if w.ndim < 2 or name.endswith(("bias", "logit_scale"))]
    decaying = [w for name, w in named if not (w.ndim < 2 or name.endswith(("bias", "logit_scale")))]
    groups = [{"params": still, "weight_decay": 0.0}, {"params": decaying, "weight_decay": settings.weight_decay}]
    return adamw_of(groups, settings)


def adamw_of(groups: list[dict[str, Any]], settings: LoopSettings) -> AdamW:
    """Return AdamW for groups of weights that are where they stay; a group may have a decay of its own."""
    # In each step the form that PyTorch chooses on CUDA makes a temporary of the size of all weights.
    fused = any(weight.is_cuda for group in groups for weight in group["params"])
    return AdamW(
        groups,
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
        fused=fused or None,
    )


def learning_rate(step: int, steps: int, settings: LoopSettings) -> float:
    """Return the rate of step 0 … ``steps`` - 1: a straight rise, then a cosine down."""
    if step < settings.warmup:
        return settings.learning_rate * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(steps - settings.warmup, 1)
    falling = 0.5 * (1.0 + math.cos(math.pi * done))
    return settings.learning_rate * (settings.lowest + (1.0 - settings.lowest) * falling)
