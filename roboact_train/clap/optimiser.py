"""AdamW as CLAP's tokenizers are trained with it."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW

from roboact_ros.errors import ConfigurationError
from roboact_train.clap.tokenizer_settings import TokenizerSettings
from roboact_train.training.optimiser import adamw_of
from roboact_train.training.settings import LoopSettings


def tokenizer_adamw(module: nn.Module, settings: LoopSettings) -> AdamW:
    """Return the optimiser: as released, all but what has ``codebook`` in its name decays, biases included.

    That group (tables, and the layers beside them) has a learning rate of its own.

    Raises:
        ConfigurationError: They are settings of something else.
    """
    if not isinstance(settings, TokenizerSettings):
        raise ConfigurationError(f"a tokenizer is trained with its own settings, not {type(settings).__name__}")
    named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    groups = [
        {"params": [w for n, w in named if "codebook" in n], "weight_decay": 0.0, "scale": settings.codebook_rate},
        {"params": [w for n, w in named if "codebook" not in n], "weight_decay": settings.weight_decay, "scale": 1.0},
    ]
    return adamw_of(groups, settings)
