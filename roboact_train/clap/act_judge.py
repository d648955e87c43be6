"""How well an Act-VAE gives chunks back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer
from roboact_train.clap.code_usage import perplexity
from roboact_train.clap.corpus import Corpus, spread
from roboact_train.clap.vq_losses import psnr

_AT_ONCE, _MOST = 256, 4096


def by_arm(actions: Tensor) -> Tensor:
    """Return (n, 2, steps, 7) actions of the arms in (n, steps, 14)."""
    return actions.reshape(*actions.shape[:2], len(ARMS), ARM_WIDTH).movedim(2, 1)


@torch.no_grad()
def encoded(model: ActionTokenizer, corpus: Corpus, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Return (n, 2, tokens) codes and (n, 2, 32, 7) actions again of some chunks, missing arms included."""
    device = model.vq_t.codebook.weight.device
    indices, again = [], []
    for begin in range(0, len(rows), _AT_ONCE):
        actions = torch.from_numpy(corpus.actions[rows[begin : begin + _AT_ONCE]]).to(device)
        found = model.indices(by_arm(actions).flatten(0, 1))
        indices.append(found.reshape(-1, len(ARMS), found.shape[1]).cpu())
        again.append(model.actions(found).float().reshape(-1, len(ARMS), actions.shape[1], ARM_WIDTH).cpu())
    return torch.cat(indices), torch.cat(again)


def reconstruction(model: ActionTokenizer, corpus: Corpus, rows: NDArray[np.int64]) -> dict[str, float]:
    """Return PSNR [dB] of all and of each robot, use of codes, and mean errors of positions and angles."""
    rows = spread(rows, _MOST)
    indices, again = encoded(model, corpus, rows)
    exists = torch.from_numpy(corpus.arms[rows])
    wanted = by_arm(torch.from_numpy(corpus.actions[rows]))
    squares = ((again - wanted).double() ** 2).mean(dim=(2, 3))  # (n, arms)
    mean_square = float(squares[exists].mean())
    found = {"MSE": mean_square, "PSNR": psnr(mean_square)}
    robots = corpus.robots[rows]
    for robot in sorted(set(robots.tolist())):
        own = torch.from_numpy(robots == robot)
        found[f"{robot} PSNR"] = psnr(float(squares[own][exists[own]].mean()))
    counts = torch.bincount(indices[exists].flatten(), minlength=model.shape.codes)
    found["codes used"] = float((counts > 0).double().mean())
    found["perplexity"] = perplexity(counts)
    return found | _physical(corpus, rows, again.movedim(1, 2).flatten(2).double().numpy())


def _physical(corpus: Corpus, rows: NDArray[np.int64], again: NDArray[np.float64]) -> dict[str, float]:
    """Return mean distances between positions [mm] and mean differences of Euler angles [deg]."""
    far, turned = [], []
    for robot, quantiles in corpus.statistics.items():
        own = corpus.robots[rows] == robot
        error = quantiles.actions(again[own]) - quantiles.actions(corpus.actions[rows[own]].astype(np.float64))
        arms = error.reshape(*error.shape[:2], len(ARMS), ARM_WIDTH)[:, :, list(quantiles.robot.layout.mask)]
        far.append(np.linalg.norm(arms[..., :3], axis=-1).ravel())
        turned.append(np.abs(arms[..., 3:6]).ravel())
    return {
        "position error mm": float(np.concatenate(far).mean() * 1e3),
        "angle error deg": float(np.degrees(np.concatenate(turned).mean())),
    }
