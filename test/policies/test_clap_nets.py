"""The networks of CLAP's first two stages: names and sizes of the released weights, and what may not depend on what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clap.act_vae import ActionTokenizer, ActVaeShape
from roboact_ros.policies.nets.clap.arms import active_arms, from_active_arms
from roboact_ros.policies.nets.clap.checkpoint import read_action_tokenizer, read_vd_vae
from roboact_ros.policies.nets.clap.codebook import Codebook
from roboact_ros.policies.nets.clap.vd_vae import VdVae, VdVaeShape

SMALL = ActVaeShape(width=16, heads=2, feedforward=24, layers=5, tokens=3, codes=12, code_width=6)
SMALL_VISUAL = VdVaeShape(action=SMALL, width=16, heads=1, layers=2, patches=300)


def names(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_the_names_of_the_released_weights() -> None:
    """The released depth, in sizes that tell all widths apart; the released ones follow."""
    slim = ActVaeShape(width=12, heads=4, feedforward=20, codes=14, code_width=10)
    first, second = ActionTokenizer(slim), VdVae(VdVaeShape(action=slim, width=24))
    one, two = names(first), names(second)
    assert (len(one), len(two)) == (410, 1085)
    assert one.items() <= two.items()
    expected = {
        "vq_t.codebook.weight": (14, 10),
        "action_vae.global_motion_token": (8, 12),
        "action_vae.query_pos_encoder.pe": (500, 1, 12),
        "action_vae.query_pos_decoder.pe": (500, 1, 12),
        "action_vae.skel_embedding.weight": (12, 7),
        "action_vae.dist_layer.weight": (12, 12),
        "action_vae.to_codebook.0.weight": (12, 12),
        "action_vae.to_codebook.2.weight": (10, 12),
        "action_vae.from_codebook.0.weight": (12, 10),
        "action_vae.from_codebook.2.bias": (12,),
        "action_vae.final_layer.weight": (7, 12),
        "action_vae.encoder.input_blocks.6.self_attn.in_proj_weight": (36, 12),
        "action_vae.decoder.middle_block.self_attn.out_proj.bias": (12,),
        "action_vae.decoder.output_blocks.0.linear1.weight": (20, 12),
        "action_vae.decoder.output_blocks.6.norm2.weight": (12,),
        "action_vae.encoder.linear_blocks.6.weight": (12, 24),
        "action_vae.encoder.norm.weight": (12,),
        "action_latent_i": (1, 1, 2, 24),
        "ema_action_latent_t": (1, 1, 16, 24),
        "temperature": (),
        "bias": (),
        "vq_i.codebook.weight": (14, 10),
        "to_codebook_t.weight": (10, 24),
        "ema_to_codebook_i.weight": (10, 24),
        "patch_up.weight": (24, 24),
        "action_up.weight": (24, 10),
        "ema_visual_encoder.ffn.1.weight": (24, 24),
        "visual_encoder.ffn.2.weight": (24,),
        "visual_encoder.transformer_blocks.11.temporal_attn.to_q.weight": (24, 24),
        "visual_encoder.transformer_blocks.0.spatial_attn.to_out.0.bias": (24,),
        "visual_encoder.transformer_blocks.3.ffn.3.weight": (24, 96),
        "visual_encoder.transformer_blocks.0.norm3.bias": (24,),
        "visual_decoder.out.bias": (24,),
    }
    assert expected.items() <= two.items()
    decoder = [name for name in two if name.startswith("visual_decoder.")]
    assert not [name for name in decoder if "temporal" in name or "norm3" in name]
    assert not [name for name in two if "to_q.bias" in name]
    trained = {name.partition(".")[0] for name, p in second.named_parameters() if p.requires_grad}
    assert not {name for name in trained if name.startswith(("ema_", "action_vae", "vq_t"))}
    released = VdVaeShape()
    sizes = (released.width, released.action.width, released.action.codes, released.action.code_width)
    assert sizes == (768, 512, 512, 128) and released.action.feedforward == 1024


def test_the_nearest_code_is_chosen_and_gradients_pass_it() -> None:
    book = Codebook(12, 6)
    vectors = torch.randn(2, 3, 6, requires_grad=True)
    codes, indices = book(vectors)
    distances = (vectors[..., None, :] - book.codebook.weight).norm(dim=-1)
    assert torch.equal(indices, distances.argmin(dim=-1))
    torch.testing.assert_close(codes, book.codebook(indices))
    codes.sum().backward()
    assert vectors.grad is not None and (vectors.grad == 1.0).all() and book.codebook.weight.grad is None


def test_of_a_batch_the_left_arms_come_first_and_find_their_way_back() -> None:
    actions, mask = torch.randn(3, 5, 14), torch.tensor([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    arms = active_arms(actions, mask)
    wanted = [actions[0, :, :7], actions[2, :, :7], actions[0, :, 7:], actions[1, :, 7:]]
    assert torch.equal(arms, torch.stack(wanted))
    again = from_active_arms(arms, mask)
    there = mask.bool().repeat_interleave(7, dim=1)[:, None].expand(-1, 5, -1)
    assert torch.equal(again[there], actions[there]) and (again[~there] == 0.0).all()


@torch.no_grad()
def test_chunks_become_codes_and_codes_chunks() -> None:
    torch.manual_seed(0)
    model = ActionTokenizer(SMALL).eval()
    actions = torch.randn(4, 32, 7)
    again, encoded, indices = model(actions)
    assert (again.shape, encoded.shape, indices.shape) == ((4, 32, 7), (4, 3, 6), (4, 3))
    assert torch.equal(model.indices(actions), indices) and 0 <= indices.min() and indices.max() < 12
    torch.testing.assert_close(model.actions(indices), again)
    torch.testing.assert_close(model.actions(indices[2:3]), again[2:3], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_what_changed_is_seen_in_both_images_and_predicted_from_the_first() -> None:
    torch.manual_seed(0)
    model = VdVae(SMALL_VISUAL).eval()
    features = torch.randn(2, 2, 300, 16)
    codes, indices = model.quantised_change(features)
    assert (codes.shape, indices.shape) == ((2, 8, 6), (2, 8))
    assert model.predicted(features[:, 0], codes).shape == (2, 300, 16)
    relevant = model.encode_change(features)[1]
    for image in range(2):
        other = features.clone()
        other[:, image] = torch.randn(2, 300, 16)
        assert not torch.allclose(model.encode_change(other)[1], relevant, atol=1e-4)
    tokens = torch.randn(1, 2, 308, 16)
    later = tokens.clone()
    later[:, 1] = torch.randn(308, 16)
    torch.testing.assert_close(model.visual_encoder(tokens)[:, 0], model.visual_encoder(later)[:, 0])  # causal


def saved(path: Path, weights: dict[str, Tensor], **beside: object) -> Path:
    torch.save({"state_dict": {f"clap.{key}": value for key, value in weights.items()}, **beside}, path)
    return path


def test_checkpoints_of_both_stages_are_read_by_their_names(tmp_path: Path) -> None:
    wide = ActVaeShape(width=128, heads=1, feedforward=24, layers=5, tokens=3, codes=12, code_width=6)
    model = VdVae(VdVaeShape(action=wide, width=64, heads=1, layers=2))
    weights = model.state_dict()
    beside = {"dino_encoder.cls_token": torch.zeros(1)}
    young = {key: value for key, value in weights.items() if not key.startswith("ema_")}
    for number, content in enumerate(({**weights, **beside}, young)):
        path = saved(tmp_path / f"{number}.ckpt", content, epoch=1)
        tokenizer, again = read_action_tokenizer(path), read_vd_vae(path)
        assert (tokenizer.shape, again.visual) == (wide, model.visual) and not parameters(again)
        for key, value in weights.items():
            torch.testing.assert_close(again.state_dict()[key], value)
        actions = torch.randn(1, 32, 7)
        assert torch.equal(tokenizer.indices(actions), again.indices(actions))
    first = {key: value for key, value in weights.items() if key.startswith(("action_vae.", "vq_t."))}
    path = saved(tmp_path / "stage_1.ckpt", first)
    assert read_action_tokenizer(path).shape == wide
    with pytest.raises(PolicyError, match="holds no VD-VAE: action_latent_i"):
        read_vd_vae(path)
    first.pop("action_vae.final_layer.bias")
    with pytest.raises(PolicyError, match=r"not one of model Act-VAE: missing action_vae\.final_layer\.bias"):
        read_action_tokenizer(saved(tmp_path / "cut.ckpt", first))
    with pytest.raises(PolicyError, match=r"holds no Act-VAE: 'action_vae\.global_motion_token'"):
        read_action_tokenizer(saved(tmp_path / "other.ckpt", {"weight": torch.zeros(2)}))
    with pytest.raises(PolicyError, match="holds no plain tensors"):
        read_action_tokenizer(saved(tmp_path / "code.ckpt", first, hyper_parameters=np.poly1d))
