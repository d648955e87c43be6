"""Judges RoboAct-CLIP on clips that it does not learn from, beside the mean of CLIP's frame features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.policies.nets.roboact_clip.disentangle import Branches
from roboact_train.roboact_clip.corpus import Corpus
from roboact_train.roboact_clip.features import Features
from roboact_train.roboact_clip.metrics import branch_cosine, found_among, readout_accuracy, retrieval
from roboact_train.roboact_clip.objective import Objective

_MOST = 4096
"""Clips of a part that are looked at, at equal distances."""
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """CLIP's features of all texts of a corpus, (texts, embedding) each, on the CPU."""

    descriptions: Tensor
    recombined: Tensor
    rivals: Tensor


class Judge:
    """Returns metrics by name.

    Args:
        corpus: The data.
        frames: Features of its clips' frames.
        texts: Features of its texts.
    """

    def __init__(self, corpus: Corpus, frames: Features, texts: TextFeatures) -> None:
        self._corpus, self._frames, self._texts = corpus, frames, texts
        parts = corpus.parts
        self._train, self._validation, self._unseen = map(_some, (parts.train, parts.validation, parts.unseen))
        self._actions = torch.from_numpy(corpus.labels[:, 1])
        self._text_of, self._action_of = torch.from_numpy(corpus.text_of), torch.from_numpy(corpus.action_of)
        self._plain: dict[str, float] | None = None

    @torch.no_grad()
    def metrics(self, objective: Objective) -> dict[str, float]:
        """Return how good a model is; without clips to judge by, only what needs none."""
        device = objective.logit_scale.device
        branches: list[Branches] = []

        def video(rows: Sequence[int]) -> Tensor:
            encoded = objective.model.encode_video(self._of(rows).to(device))
            if encoded.branches is not None:
                branches.append(encoded.branches)
            return encoded.joined.float().cpu()

        def text(features: Tensor) -> Tensor:
            return objective.model.encode_text(features.to(device)).joined.float().cpu()

        found = self._compared(video, text(self._texts.descriptions))
        if branches:
            kinds = ("subject", "object", "action")
            every = Branches(*(torch.cat([getattr(b, kind).float() for b in branches]) for kind in kinds))
            found["branch cosine"] = branch_cosine(every)
            found |= self._recombined(objective, text(self._texts.rivals))
        if self._plain is None:
            self._plain = {
                f"mean frames: {name}": value
                for name, value in self._compared(self._pooled, self._texts.descriptions).items()
            }
        return found | self._plain

    def _compared(self, video: Callable[[Sequence[int]], Tensor], text: Tensor) -> dict[str, float]:
        found = {}
        if self._validation:
            seen = self._encoded(video, self._validation)
            good = retrieval(seen, text, self._text_of[list(self._validation)], self._action_of)
            found = {
                "action accuracy": good.action,
                "text R@1": good.text,
                "text R@5": good.text_5,
                "video R@1": good.video,
            }
            learned, actions = self._encoded(video, self._train), self._actions
            found["action readout"] = readout_accuracy(
                learned, actions[list(self._train)], seen, actions[list(self._validation)]
            )
        if self._unseen:
            unseen = self._encoded(video, self._unseen)
            good = retrieval(unseen, text, self._text_of[list(self._unseen)], self._action_of)
            found |= {"unseen pairs: action accuracy": good.action, "unseen pairs: text R@1": good.text}
        return found

    def _recombined(self, objective: Objective, rivals: Tensor) -> dict[str, float]:
        """Return how often recombined features of unseen pairs find their text, and how often by chance."""
        place = {tuple(row): number for number, row in enumerate(self._corpus.rivals.tolist())}
        asked = torch.from_numpy(self._corpus.unseen)
        device = objective.logit_scale.device
        asked = asked[objective.banks.filled(asked.to(device)).cpu()]
        if not len(asked):
            return {}
        own = torch.tensor([place[tuple(row)] for row in asked.tolist()])
        features = objective.banks.recombined(asked.to(device)).joined.float().cpu()
        return {"recombined: text R@1": found_among(features, rivals, own), "recombined: chance": 1.0 / len(rivals)}

    def _encoded(self, video: Callable[[Sequence[int]], Tensor], rows: Sequence[int]) -> Tensor:
        return torch.cat([video(rows[begin : begin + _AT_ONCE]) for begin in range(0, len(rows), _AT_ONCE)])

    def _pooled(self, rows: Sequence[int]) -> Tensor:
        return functional.normalize(self._of(rows), dim=-1).mean(1)

    def _of(self, rows: Sequence[int]) -> Tensor:
        return torch.from_numpy(np.asarray(self._frames[list(rows)]))


def _some(rows: Sequence[int]) -> tuple[int, ...]:
    if len(rows) <= _MOST:
        return tuple(rows)
    return tuple(rows[int(at)] for at in np.linspace(0, len(rows) - 1, _MOST))
