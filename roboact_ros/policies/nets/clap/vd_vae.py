"""VD-VAE: what changes from one image to a later one as codes, those of actions apart from the others.

It sees features of a frozen image encoder (DINOv3 ViT-B/16: 300 patches of 240 x 320 pixels), not images.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.codebook import Codebook
from roboact_ros.policies.nets.clap.space_time import SpaceTime

ARMS = 2


@dataclass(frozen=True, slots=True)
class VdVaeShape:
    """Size of a VD-VAE; the default is the released one.

    Attributes:
        action: Size of the Act-VAE in it.
        width: Of the features of patches.
        heads: Of its attention.
        layers: Blocks of the encoder, and of the decoder.
        patches: Of an image.
        irrelevant: Codes for what no action causes.
    """

    action: ActVaeShape = ActVaeShape()
    width: int = 768
    heads: int = 12
    layers: int = 12
    patches: int = 300
    irrelevant: int = 2

    @property
    def relevant(self) -> int:
        """Codes for what actions cause: those of the left arm, then those of the right one."""
        return ARMS * self.action.tokens


class VdVae(ActionTokenizer):
    """What stage 2 of the training makes; the Act-VAE and its codebook in it are those of stage 1, frozen."""

    def __init__(self, shape: VdVaeShape | None = None) -> None:
        self.visual = shape = shape or VdVaeShape()
        super().__init__(shape.action)
        width, code = shape.width, shape.action.code_width
        tokens = shape.irrelevant + shape.relevant + shape.patches
        self.action_latent_i = nn.Parameter(torch.empty(1, 1, shape.irrelevant, width).uniform_(-1.0, 1.0))
        self.action_latent_t = nn.Parameter(torch.empty(1, 1, shape.relevant, width).uniform_(-1.0, 1.0))
        self.visual_encoder = SpaceTime(width, shape.heads, shape.layers, tokens, temporal=True)
        self.to_codebook_i, self.to_codebook_t = nn.Linear(width, code), nn.Linear(width, code)
        self.vq_i = Codebook(shape.action.codes, code)
        self.patch_up, self.action_up = nn.Linear(width, width), nn.Linear(code, width)
        self.visual_decoder = SpaceTime(width, shape.heads, shape.layers, tokens, temporal=False)
        self.temperature, self.bias = nn.Parameter(torch.tensor(10.0).log()), nn.Parameter(torch.tensor(-10.0))
        self.action_vae.requires_grad_(False)
        self.vq_t.requires_grad_(False)
        self.ema_visual_encoder = copy.deepcopy(self.visual_encoder).requires_grad_(False)
        self.ema_to_codebook_i = copy.deepcopy(self.to_codebook_i).requires_grad_(False)
        self.ema_to_codebook_t = copy.deepcopy(self.to_codebook_t).requires_grad_(False)
        self.ema_action_latent_i = nn.Parameter(self.action_latent_i.detach().clone(), requires_grad=False)
        self.ema_action_latent_t = nn.Parameter(self.action_latent_t.detach().clone(), requires_grad=False)

    def encode_change(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return what changed, before quantisation.

        Args:
            features: (n, 2, patches, width) features of an image and of one 32 frames later.

        Returns:
            (n, irrelevant, code width) and (n, relevant, code width).
        """
        latents = torch.cat((self.action_latent_i, self.action_latent_t), dim=2).expand(*features.shape[:2], -1, -1)
        later = self.visual_encoder(torch.cat((latents, features), dim=2))[:, -1]
        first, last = self.visual.irrelevant, self.visual.irrelevant + self.visual.relevant
        return self.to_codebook_i(later[:, :first]), self.to_codebook_t(later[:, first:last])

    def quantised_change(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n, irrelevant + relevant, code width) codes of a change, and their numbers."""
        irrelevant, relevant = self.encode_change(features)
        (codes_i, indices_i), (codes_t, indices_t) = self.vq_i(irrelevant), self.vq_t(relevant)
        return torch.cat((codes_i, codes_t), dim=1), torch.cat((indices_i, indices_t), dim=1)

    def predicted(self, features: Tensor, codes: Tensor) -> Tensor:
        """Return the (n, patches, width) features of the later image.

        Args:
            features: (n, patches, width) features of the first image.
            codes: (n, irrelevant + relevant, code width) what changes.
        """
        tokens = torch.cat((self.action_up(codes), self.patch_up(features)), dim=1)[:, None]
        later: Tensor = self.visual_decoder(tokens)[:, 0, codes.shape[1] :]
        return later
