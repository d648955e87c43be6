"""Feature banks: a stored feature for each subject, action and object, to be recombined (eq. 13-17)."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.roboact_clip.disentangle import Branches

Labels = Annotated[Tensor, "n", "subject, action, object"]
KINDS = ("subject", "action", "object")


class FeatureBanks(nn.Module):
    """Empty entries are known as such; everything is saved with the state of a training.

    Args:
        classes: Numbers of subjects, actions and objects.
        width: Of a feature.
    """

    def __init__(self, classes: tuple[int, int, int], width: int) -> None:
        super().__init__()
        for kind, count in zip(KINDS, classes, strict=True):
            self.register_buffer(kind, torch.zeros(count, width))
            self.register_buffer(f"{kind}_filled", torch.zeros(count, dtype=torch.bool))

    @torch.no_grad()
    def update(self, branches: Branches, labels: Labels) -> None:
        """Replace the entry of each class in a batch by the feature of its last instance (eq. 16)."""
        order = torch.arange(len(labels), device=labels.device)
        for column, kind in enumerate(KINDS):
            bank = getattr(self, kind)
            nobody = torch.full((len(bank),), -1, device=labels.device)
            last = nobody.scatter_reduce(0, labels[:, column], order, "amax")
            found = last >= 0
            bank[found] = getattr(branches, kind)[last[found]].to(bank.dtype)
            getattr(self, f"{kind}_filled")[found] = True

    def filled(self, triplets: Labels) -> Tensor:
        """Return (n,) whether all three entries of a triplet are there."""
        filled = [getattr(self, f"{kind}_filled")[triplets[:, column]] for column, kind in enumerate(KINDS)]
        return filled[0] & filled[1] & filled[2]

    def recombined(self, triplets: Labels) -> Branches:
        """Return the stored features of triplets; joined, they are the recombined features (eq. 17)."""
        entries = {kind: getattr(self, kind)[triplets[:, column]] for column, kind in enumerate(KINDS)}
        return Branches(**entries)
