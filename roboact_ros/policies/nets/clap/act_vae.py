"""Act-VAE: 32 steps of one arm as eight codes, and back."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from roboact_ros.policies.clap.layout import ARM_WIDTH
from roboact_ros.policies.nets.clap.codebook import Codebook

POSITIONS = 500
STEPS = 32
"""Steps that are encoded and decoded: fewer are not a beginning of more, since they attend to each other."""


@dataclass(frozen=True, slots=True)
class ActVaeShape:
    """Size of an Act-VAE; the default is the released one.

    Attributes:
        width: Of its tokens.
        heads: Of its attention.
        feedforward: Of its hidden layers.
        layers: Odd number of blocks of the encoder, and of the decoder.
        tokens: Codes of a chunk of one arm.
        codes: Size of the codebook.
        code_width: Of a code.
    """

    width: int = 512
    heads: int = 4
    feedforward: int = 1024
    layers: int = 15
    tokens: int = 8
    codes: int = 512
    code_width: int = 128


class SkipTransformer(nn.Module):
    """A transformer whose last blocks also see what came out of the first ones, as in a U-Net."""

    def __init__(self, shape: ActVaeShape) -> None:
        super().__init__()
        half = shape.layers // 2
        self.input_blocks = nn.ModuleList(_block(shape) for _ in range(half))
        self.middle_block = _block(shape)
        self.output_blocks = nn.ModuleList(_block(shape) for _ in range(half))
        self.linear_blocks = nn.ModuleList(nn.Linear(2 * shape.width, shape.width) for _ in range(half))
        self.norm = nn.LayerNorm(shape.width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (n, tokens, width) for (n, tokens, width)."""
        seen: list[Tensor] = []
        for block in self.input_blocks:
            tokens = block(tokens)
            seen.append(tokens)
        tokens = self.middle_block(tokens)
        for linear, block in zip(self.linear_blocks, self.output_blocks, strict=True):
            tokens = block(linear(torch.cat((tokens, seen.pop()), dim=-1)))
        normed: Tensor = self.norm(tokens)
        return normed


class ActVae(nn.Module):
    """Encodes the chunk of one arm to vectors near codes, and decodes codes."""

    def __init__(self, shape: ActVaeShape) -> None:
        super().__init__()
        self.tokens = shape.tokens
        self.global_motion_token = nn.Parameter(torch.randn(shape.tokens, shape.width))
        self.query_pos_encoder, self.query_pos_decoder = _Position(shape.width), _Position(shape.width)
        self.skel_embedding = nn.Linear(ARM_WIDTH, shape.width)
        self.dist_layer = nn.Linear(shape.width, shape.width)
        self.to_codebook = _two_layers(shape.width, shape.width, shape.code_width)
        self.from_codebook = _two_layers(shape.code_width, shape.width, shape.width)
        self.encoder, self.decoder = SkipTransformer(shape), SkipTransformer(shape)
        self.final_layer = nn.Linear(shape.width, ARM_WIDTH)

    def encode(self, actions: Tensor) -> Tensor:
        """Return (n, tokens, code width) for (n, steps, 7) normalised actions of one arm."""
        registers = self.global_motion_token.expand(len(actions), -1, -1)
        tokens = self.query_pos_encoder(torch.cat((registers, self.skel_embedding(actions)), dim=1))
        encoded: Tensor = self.to_codebook(self.dist_layer(self.encoder(tokens)[:, : self.tokens]))
        return encoded

    def decode(self, codes: Tensor, steps: int = STEPS) -> Tensor:
        """Return (n, steps, 7) normalised actions of one arm for (n, tokens, code width) codes."""
        tokens = self.from_codebook(codes)
        empty = tokens.new_zeros(len(tokens), steps, tokens.shape[-1])
        decoded: Tensor = self.final_layer(
            self.decoder(self.query_pos_decoder(torch.cat((tokens, empty), dim=1)))[:, -steps:]
        )
        return decoded


class ActionTokenizer(nn.Module):
    """What stage 1 of the training makes: an Act-VAE with its codebook, shared by both arms."""

    def __init__(self, shape: ActVaeShape | None = None) -> None:
        super().__init__()
        self.shape = shape or ActVaeShape()
        self.action_vae = ActVae(self.shape)
        self.vq_t = Codebook(self.shape.codes, self.shape.code_width)

    def indices(self, actions: Tensor) -> Tensor:
        """Return the (n, tokens) numbers of the codes of (n, 32, 7) normalised actions of one arm."""
        _, indices = self.vq_t(self.action_vae.encode(actions))
        return indices  # type: ignore[no-any-return]

    def actions(self, indices: Tensor) -> Tensor:
        """Return the (n, 32, 7) normalised actions that (n, tokens) numbers of codes mean."""
        return self.action_vae.decode(self.vq_t.codebook(indices))

    def forward(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the actions again, the vectors before quantisation and the numbers of the codes."""
        encoded = self.action_vae.encode(actions)
        codes, indices = self.vq_t(encoded)
        return self.action_vae.decode(codes, actions.shape[1]), encoded, indices


class _Position(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe = nn.Parameter(torch.rand(POSITIONS, 1, width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + self.pe[: tokens.shape[1], 0]


def _block(shape: ActVaeShape) -> nn.Module:
    return nn.TransformerEncoderLayer(
        shape.width, shape.heads, shape.feedforward, dropout=0.0, activation="gelu", batch_first=True
    )


def _two_layers(first: int, hidden: int, last: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(first, hidden), nn.GELU(), nn.Linear(hidden, last))
