"""What a VD-VAE minimises: pictures of the future from codes, and codes of what is seen near those of what is done."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from roboact_ros.policies.nets.clap.codebook import Codebook
from roboact_ros.policies.nets.clap.vd_vae import ARMS, VdVae, VdVaeShape
from roboact_train.clap.code_usage import CodeUsage
from roboact_train.clap.siglip import paper_loss, siglip_loss
from roboact_train.clap.tokenizer_settings import VdVaeSettings
from roboact_train.clap.vq_losses import quantisation_loss

_TEACHER = "ema_"
_TAUGHT = ("visual_encoder", "to_codebook_i", "to_codebook_t", "action_latent_i", "action_latent_t")


@dataclass(frozen=True, slots=True, eq=False)
class VdTerms:
    """Terms of the loss, unweighted, and what they were computed from.

    Attributes:
        reconstruction: Mean square error of the predicted features.
        quantisation: Of both kinds of codes.
        contrast: Of what is seen with what is done.
        sparsity: Mean size of the irrelevant codes.
        naming: Cross-entropy of the codes of what is known to be done; 0 where it has no weight or nothing is known.
        seen: (n, 2, tokens * width) what is contrasted, of each arm.
        indices: (n, irrelevant + relevant) codes.
    """

    reconstruction: Tensor
    quantisation: Tensor
    contrast: Tensor
    sparsity: Tensor
    naming: Tensor
    seen: Tensor
    indices: Tensor

    def weighted(self, settings: VdVaeSettings) -> Tensor:
        """Return the loss."""
        terms = settings.reconstruction * self.reconstruction + self.quantisation
        terms = terms + settings.contrast * self.contrast + settings.sparsity * self.sparsity
        return terms + settings.naming * self.naming


class VdObjective(nn.Module):
    """A VD-VAE, its loss, and the use of its own codes.

    The teacher follows when the next batch begins, so that the last step of a training is not in it.

    Args:
        model: With the trained Act-VAE in it.
        settings: How it is trained.
    """

    def __init__(self, model: VdVae, settings: VdVaeSettings) -> None:
        super().__init__()
        self.model, self._settings = model, settings
        self.usage = CodeUsage(model.shape.codes, settings.restart_every * settings.accumulate, settings.restart)
        if settings.form == "paper":  # a constant; with b = 1 all begins where the released form does
            model.temperature.requires_grad_(False)
            with torch.no_grad():
                model.bias.fill_(1.0)

    def forward(self, looked: Tensor, clean: Tensor, done: Tensor, arms: Tensor, unlabelled: Tensor) -> Tensor:
        """Return the loss; see :meth:`terms`."""
        if int(self.usage.batches):
            follow(self.model, self._settings.teacher_decay)
        return self.terms(looked, clean, done, arms, unlabelled).weighted(self._settings)

    def terms(self, looked: Tensor, clean: Tensor, done: Tensor, arms: Tensor, unlabelled: Tensor) -> VdTerms:
        """Return the terms for n pairs.

        Args:
            looked: (n, 2, patches, width) features of the images in some light.
            clean: The same in the light that they were taken in.
            done: (n, 2, tokens * width) codes of what each arm did, as ``VdLearner`` makes them.
            arms: (n, 2) which arms exist.
            unlabelled: (n,) pairs of which nobody knows the actions; the teacher says them.
        """
        model, paper = self.model, self._settings.form == "paper"
        vectors_i, vectors_t = model.encode_change(looked)
        if self.training:
            self.usage.restart(model.vq_i.codebook.weight, vectors_i)
        (codes_i, indices_i), (codes_t, indices_t) = model.vq_i(vectors_i), model.vq_t(vectors_t)
        if self.training:
            self.usage.count(indices_i)
        shown = clean if paper else looked
        predicted = model.predicted(shown[:, 0], torch.cat((codes_i, codes_t), dim=1))
        rows = torch.cat((model.vq_i.codebook(indices_i), model.vq_t.codebook(indices_t)), dim=1)
        seen = by_arm(vectors_t if paper else codes_t)
        known = arms & ~unlabelled[:, None]
        naming = vectors_t.new_zeros(())
        if self._settings.naming and bool(known.any()):
            naming = naming_loss(by_arm(vectors_t)[known], done[known], model.vq_t)
        if bool(unlabelled.any()):
            done = torch.where(unlabelled[:, None, None], by_arm(taught(model, clean, quantised=not paper)), done)
        every, exists, before = _from_all(done.to(seen.dtype), arms) if self.training else (done, arms, 0)
        loss = paper_loss if paper else siglip_loss
        return VdTerms(
            functional.mse_loss(predicted, shown[:, 1]),
            quantisation_loss(torch.cat((vectors_i, vectors_t), dim=1), rows, self._settings.commitment),
            loss(seen[arms], every[exists], model.temperature, model.bias, before),
            (vectors_i if paper else codes_i).abs().mean(),
            naming,
            seen,
            torch.cat((indices_i, indices_t), dim=1),
        )


def by_arm(codes: Tensor) -> Tensor:
    """Return (n, 2, tokens * width) what is said of each arm in (n, 2 * tokens, width) codes."""
    return codes.reshape(len(codes), ARMS, -1)


def naming_loss(seen: Tensor, done: Tensor, codebook: Codebook) -> Tensor:
    """Return the cross-entropy of the codes of what was done, when near codes are the probable ones.

    Distances count in proportion to how far codes are spread.

    Args:
        seen: (n, tokens * width) what is seen of an arm, before quantisation.
        done: (n, tokens * width) what it did.
        codebook: The codes.
    """
    table = codebook.codebook.weight.detach()
    rows, right = (part.reshape(-1, table.shape[1]) for part in (seen, done))
    distances = torch.cdist(rows.float(), table.float()) ** 2 / table.float().var(dim=0).mean()
    return functional.cross_entropy(-distances, codebook(right)[1])


@torch.no_grad()
def follow(model: VdVae, decay: float) -> None:
    """Let the teacher follow the student."""
    weights = dict(model.named_parameters())
    for name, weight in weights.items():
        if name.startswith(_TAUGHT):
            weights[f"{_TEACHER}{name}"].lerp_(weight, 1.0 - decay)


@torch.no_grad()
def taught(model: VdVae, features: Tensor, quantised: bool) -> Tensor:
    """Return the (n, relevant, width) codes, or the vectors before them, of what the teacher sees."""
    latents = torch.cat((model.ema_action_latent_i, model.ema_action_latent_t), dim=2)
    tokens = torch.cat((latents.expand(*features.shape[:2], -1, -1), features), dim=2)
    later = model.ema_visual_encoder(tokens)[:, -1]
    first = model.visual.irrelevant
    vectors: Tensor = model.ema_to_codebook_t(later[:, first : first + model.visual.relevant])
    return model.vq_t(vectors)[0] if quantised else vectors


def new_vd_vae(shape: VdVaeShape, seed: int) -> VdVae:
    """Return a VD-VAE with the random weights of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return VdVae(shape)


def _from_all(done: Tensor, arms: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return what was done in all processes, which arms exist, and how many arms do in the processes before this."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return done, arms, 0
    both = []
    for part in (done.detach().contiguous(), arms.contiguous()):
        parts = [torch.empty_like(part) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, part)
        both.append(parts)
    before = sum(int(part.sum()) for part in both[1][: distributed.get_rank()])
    return torch.cat(both[0]), torch.cat(both[1]), before
