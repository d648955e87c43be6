"""What an Act-VAE minimises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.checkpoint import load_weights
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_ros.policies.nets.clap.arms import active_arms
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer
from roboact_train.clap.code_usage import CodeUsage
from roboact_train.clap.tokenizer_settings import ACT_VAE, VD_VAE, ActVaeSettings
from roboact_train.clap.trained import weights_at
from roboact_train.clap.vq_losses import quantisation_loss


@dataclass(frozen=True, slots=True, eq=False)
class ActTerms:
    """Terms of the loss, unweighted, and the (arms, tokens) codes that were chosen."""

    reconstruction: Tensor
    quantisation: Tensor
    indices: Tensor


class ActObjective(nn.Module):
    """An Act-VAE, its loss and the use of its codes.

    Args:
        model: The tokenizer, with random or other weights.
        settings: How it is trained.
    """

    def __init__(self, model: ActionTokenizer, settings: ActVaeSettings) -> None:
        super().__init__()
        self.model, self._settings = model, settings
        self.usage = CodeUsage(model.shape.codes, settings.restart_every * settings.accumulate, settings.restart)

    def forward(self, actions: Tensor, arms: Tensor) -> Tensor:
        """Return the loss of (n, 32, 14) normalised actions, of the (n, 2) arms that exist."""
        terms = self.terms(active_arms(actions, arms))
        return self._settings.reconstruction * terms.reconstruction + terms.quantisation

    def terms(self, rows: Tensor) -> ActTerms:
        """Return the terms for (m, 32, 7) normalised actions of single arms; in training codes are counted."""
        model = self.model
        vectors = model.action_vae.encode(rows)
        if self.training:
            self.usage.restart(model.vq_t.codebook.weight, vectors)
        codes, indices = model.vq_t(vectors)
        if self.training:
            self.usage.count(indices)
        again = model.action_vae.decode(codes, rows.shape[1])
        table = model.vq_t.codebook(indices)
        quantisation = quantisation_loss(vectors, table, self._settings.commitment)
        return ActTerms(functional.mse_loss(again, rows), quantisation, indices)


def new_act_vae(settings: ActVaeSettings) -> ActionTokenizer:
    """Return an Act-VAE with the weights of the checkpoint, else with the random ones of the seed.

    Raises:
        PolicyError: The checkpoint cannot be read, or is of another size or kind.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = ActionTokenizer(settings.shape)
    if settings.checkpoint:
        path = weights_at(Path(settings.checkpoint), ACT_VAE, VD_VAE)
        load_weights(model, read_action_tokenizer(path).state_dict(), path, ACT_VAE)
    return model
