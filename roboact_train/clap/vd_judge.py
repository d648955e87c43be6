"""How well a VD-VAE predicts what will be seen, and says what is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from roboact_ros.policies.clap.layout import ARM_WIDTH
from roboact_ros.policies.nets.clap.vd_vae import ARMS
from roboact_train.clap.act_judge import by_arm
from roboact_train.clap.corpus import spread
from roboact_train.clap.pairs import Pairs
from roboact_train.clap.siglip import cosines
from roboact_train.clap.tokenizer_settings import VdVaeSettings
from roboact_train.clap.vd_objective import VdObjective
from roboact_train.clap.vq_losses import psnr
from roboact_train.training.learner import Judgement

_AT_ONCE, _MOST = 32, 512
_SAME = 1e-6
"""Cosines that differ by less are the same."""


@torch.no_grad()
def judged(
    objective: VdObjective,
    pairs: Pairs,
    batch: Callable[[NDArray[np.int64]], Any],
    rows: NDArray[np.int64],
    settings: VdVaeSettings,
) -> Judgement:
    """Return metrics of some pairs; the score is the negative loss.

    ``feature MSE`` is to be compared with ``unchanged MSE``, of whoever says that nothing will change. For arms whose
    actions are known: how many codes are those of the Act-VAE, how often the right action is the nearest of those that
    are judged, and how well the decoded codes give the actions.
    """
    rows = spread(rows, _MOST)
    model = objective.model
    device = model.bias.device
    sums: dict[str, float] = defaultdict(float)
    seen, done, same, squares = [], [], [], []
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        inputs = batch(some).to(device).arguments()
        terms = objective.terms(**inputs)
        clean = inputs["clean"]
        sums["loss unseen"] += len(some) * float(terms.weighted(settings))
        sums["feature MSE"] += len(some) * float(terms.reconstruction)
        sums["unchanged MSE"] += len(some) * float(functional.mse_loss(clean[:, 0], clean[:, 1]))
        sums["contrast"] += len(some) * float(terms.contrast)
        known = inputs["arms"] & ~inputs["unlabelled"][:, None]
        if not bool(known.any()):
            continue
        seen.append(terms.seen[known].float().cpu())
        done.append(inputs["done"][known].float().cpu())
        said = terms.indices[:, model.visual.irrelevant :].reshape(len(some), ARMS, -1)[known]
        actions = by_arm(torch.from_numpy(pairs.actions[some]).to(device))[known]
        same.append((said == model.indices(actions)).float().mean(dim=1).cpu())
        squares.append(((model.actions(said) - actions) ** 2).reshape(-1, actions.shape[1] * ARM_WIDTH).mean(1).cpu())
    metrics = {name: value / len(rows) for name, value in sums.items()}
    if seen:
        metrics["same codes"] = float(torch.cat(same).mean())
        metrics["action PSNR"] = psnr(float(torch.cat(squares).double().mean()))
        metrics |= _found(torch.cat(seen), torch.cat(done))
    return Judgement(-metrics["loss unseen"], metrics)


def _found(seen: Tensor, done: Tensor) -> dict[str, float]:
    """Return how often what belongs to a row is the nearest of all, and how often it would be by chance.

    Rows with equal codes count as each other's.
    """
    scores, alike = cosines(seen, done), cosines(done, done) >= 1.0 - _SAME
    right = scores.diagonal()[:, None] >= scores.max(dim=1, keepdim=True).values - _SAME
    return {"action R@1": float(right.float().mean()), "chance": float(alike.float().mean())}
