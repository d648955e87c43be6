"""Every term of the loss, the banks and the metrics, against small cases computed by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, tensor

from roboact_ros.policies.nets.roboact_clip.disentangle import ActLogits, Branches
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape
from roboact_train.roboact_clip import losses
from roboact_train.roboact_clip.banks import FeatureBanks
from roboact_train.roboact_clip.metrics import branch_cosine, found_among, readout_accuracy, retrieval
from roboact_train.roboact_clip.objective import Objective, Texts
from roboact_train.roboact_clip.settings import RoboActClipSettings

X, Y = [1.0, 0.0], [0.0, 1.0]
HALF = math.sqrt(0.5)


def branches(subject: list[list[float]], thing: list[list[float]], action: list[list[float]]) -> Branches:
    return Branches(tensor(subject), tensor(thing), tensor(action))


def test_contrastive_loss_by_hand() -> None:
    video, text = tensor([[2.0, 0.0], [0.0, 5.0], [1.0, 1.0]]), tensor([X, [0.0, 3.0]])
    target, scale = tensor([0, 1, 0]), tensor(2.0)
    one = math.log(1.0 + math.exp(-2.0))  # right text at cosine 1, wrong one at 0
    forward = (one + one + math.log(2.0)) / 3.0
    assert losses.contrastive(video, text, target, scale).item() == pytest.approx(forward, rel=1e-5)
    # Text 0 has videos 0 and 2, text 1 has video 1.
    e, h = math.exp(2.0), math.exp(2.0 * HALF)
    back = ((-math.log(e / (e + 1 + h)) - math.log(h / (e + 1 + h))) / 2.0 - math.log(e / (1 + e + h))) / 2.0
    assert losses.contrastive(video, text, target, scale, True).item() == pytest.approx((forward + back) / 2, rel=1e-5)


def test_similarity_and_length_by_hand() -> None:
    # Cosines of (subject, action), (subject, object), (action, object): -1, 0, 0 and HALF, HALF, 1.
    case = branches([[3.0, 0.0], X], [Y, [2.0, 2.0]], [[-1.0, 0.0], [1.0, 1.0]])
    assert losses.similarity(case, "squared").item() == pytest.approx((1 + 0.5 + 0.5 + 1) / 6)
    assert losses.similarity(case, "absolute").item() == pytest.approx((1 + 2 * HALF + 1) / 6)
    assert branch_cosine(case) == pytest.approx((2 + 2 * HALF) / 6)
    lengths = (3 + 1) / 2 + (1 + math.sqrt(8.0)) / 2 + (1 + math.sqrt(2.0)) / 2
    assert losses.l2(case, 0.01).item() == pytest.approx(0.01 * lengths)


def test_similarity_pushes_branches_apart() -> None:
    subject = tensor([[1.0, 0.2]], requires_grad=True)
    case = Branches(subject, tensor([X]), tensor([X]))
    losses.similarity(case, "squared").backward()
    assert subject.grad is not None
    moved = Branches((subject - subject.grad).detach(), case.object, case.action)
    assert branch_cosine(moved) < branch_cosine(case)


def test_auxiliary_losses_by_hand() -> None:
    logits = ActLogits(tensor([[0.0, 0.0]]), tensor([[0.0, math.log(3.0)]]), tensor([[math.log(2.0), 0.0, 0.0]]))
    found = losses.auxiliary(logits, tensor([[1, 0, 1]]))  # subject, action, object
    wanted = (math.log(2.0), math.log(2.0), math.log(4.0 / 3.0))
    assert [value.item() for value in found] == pytest.approx(wanted)


def test_total_by_hand() -> None:
    settings = RoboActClipSettings(
        lambda_disent=0.5, lambda_ortho=3.0, lambda_recomb=7.0, lambda_aux=11.0, alpha=(1.0, 10.0, 100.0)
    )
    terms = losses.Losses(*(tensor(float(k)) for k in (1, 2, 3, 4, 5, 6, 7)))
    assert terms.total(settings).item() == 1 + 0.5 * (3 * (2 + 3) + 7 * 4) + 11 * (5 + 60 + 700)
    assert terms.stacked().tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_gradients_are_those_of_the_values() -> None:
    torch.manual_seed(0)
    video, text = (torch.randn(n, 6, dtype=torch.float64, requires_grad=True) for n in (4, 3))
    scale, target = tensor(3.0, dtype=torch.float64, requires_grad=True), tensor([2, 0, 1, 2])
    for symmetric in (False, True):
        assert torch.autograd.gradcheck(
            lambda v, t, s, b=symmetric: losses.contrastive(v, t, target, s, b), (video, text, scale)
        )

    def regular(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        return losses.similarity(Branches(a, b, c), "squared") + losses.l2(Branches(a, b, c), 0.01)

    parts = tuple(torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradcheck(regular, parts)


def test_banks_keep_the_last_instance_of_each_class() -> None:
    banks = FeatureBanks((1, 3, 2), 2)
    triplets = tensor([[0, 0, 0], [0, 2, 1], [0, 1, 1]])
    assert not banks.filled(triplets).any()
    first = branches([X, Y, [5.0, 5.0]], [X, Y, X], [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    banks.update(first, tensor([[0, 0, 0], [0, 2, 0], [0, 0, 1]]))
    assert banks.subject.tolist() == [[5.0, 5.0]]
    assert banks.action.tolist() == [[3.0, 3.0], [0.0, 0.0], [2.0, 2.0]] and banks.object.tolist() == [Y, X]
    assert banks.filled(triplets).tolist() == [True, True, False]
    assert banks.recombined(triplets[1:2]).joined.tolist() == [
        [5.0, 5.0, 1.0, 0.0, 2.0, 2.0]
    ]  # subject, object, action
    banks.update(branches([Y], [Y], [Y]), tensor([[0, 1, 0]]))
    assert banks.action.tolist() == [[3.0, 3.0], Y, [2.0, 2.0]] and banks.filled(triplets).all()
    banks.update(Branches(*(torch.ones(1, 2, requires_grad=True) for _ in range(3))), tensor([[0, 1, 0]]))
    assert not banks.action.requires_grad


def objective(**settings: Any) -> Objective:
    torch.manual_seed(0)
    model = RoboActClip(EncoderShape(8, 1, 2, 2, heads=2).ablated(settings.get("ablation", "none")))
    pool = tensor([[0, a, o] for a in range(2) for o in range(2)])
    texts = Texts(torch.randn(4, 8), pool, torch.randn(4, 8))
    return Objective(model, texts, RoboActClipSettings(**{"bank_update_interval": 2, **settings})).train()


LABELS, TEXTS = tensor([[0, 0, 0], [0, 1, 1], [0, 1, 0], [0, 0, 0]]), tensor([0, 3, 2, 0])


def test_banks_are_updated_at_their_interval_and_recombination_begins_when_they_are_filled() -> None:
    learns = objective()
    kept = []
    for step in range(4):
        torch.manual_seed(step)
        learns(torch.randn(4, 16, 8), LABELS, TEXTS, torch.arange(4))
        kept.append(learns.banks.action.clone())
    assert torch.equal(kept[0], kept[1]) and torch.equal(kept[2], kept[3]) and not torch.equal(kept[1], kept[2])
    means = learns.means()
    assert list(means) == [f"loss {name}" for name in losses.TERMS] and all(value >= 0.0 for value in means.values())
    assert means["loss recombination"] > 0.0 and set(learns.means().values()) == {0.0}


def test_recombination_loss_is_that_of_the_stored_features() -> None:
    learns = objective()
    frames = torch.randn(4, 16, 8)
    torch.manual_seed(5)
    terms = learns.terms(frames, LABELS, TEXTS, torch.arange(4))
    torch.manual_seed(5)
    order = torch.randperm(4)
    stored = learns.banks.recombined(learns.triplets[order]).joined
    text = learns.model.encode_text(learns.recombined[order]).joined
    wanted = losses.contrastive(stored, text, torch.arange(4), learns.logit_scale.exp())
    assert terms.recombination.item() == pytest.approx(wanted.item(), rel=1e-5)
    terms.recombination.backward()
    video = [w.grad for name, w in learns.model.named_parameters() if "text" not in name]
    assert all(grad is None for grad in video) and learns.model.text.action[0].weight.grad.abs().sum() > 0


def test_shares_of_a_batch_have_the_mean_of_the_whole() -> None:
    frames = torch.randn(4, 16, 8)
    whole = objective().terms(frames, LABELS, TEXTS, torch.arange(4))
    halves = [objective().terms(frames, LABELS, TEXTS, own) for own in (tensor([0, 1]), tensor([2, 3]))]
    for name in ("clip", "similarity", "l2", "subject", "action", "object"):
        mean = (getattr(halves[0], name) + getattr(halves[1], name)) / 2
        torch.testing.assert_close(mean, getattr(whole, name), atol=1e-5, rtol=1e-5)
    banks = [objective() for _ in range(2)]
    for learns, own in zip(banks, (torch.arange(4), tensor([0, 1])), strict=True):
        learns(frames, LABELS, TEXTS, own)
    torch.testing.assert_close(banks[0].banks.action, banks[1].banks.action, atol=1e-5, rtol=1e-5)


def test_without_disentanglement_only_texts_are_contrasted() -> None:
    terms = objective(ablation="disentanglement").terms(torch.randn(4, 16, 8), LABELS, TEXTS, torch.arange(4))
    assert terms.clip > 0 and terms.stacked()[1:].tolist() == [0.0] * 6


def test_metrics_by_hand() -> None:
    text = tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    video = tensor([[1.0, 0.1], [0.9, 1.0], [0.1, -1.0]])
    # Nearest texts: 0, 1, 0; own texts: 0, 0, 2; actions of the texts: 7, 7, 8.
    found = retrieval(video, text, tensor([0, 0, 2]), tensor([7, 7, 8]))
    assert (found.text, found.action) == pytest.approx((1 / 3, 2 / 3)) and found.text_5 == 1.0
    assert found.video == 1.0  # nearest videos of texts 0 and 2 are 0 and 2
    assert found_among(video, text, tensor([0, 1, 2])) == pytest.approx(2 / 3)


def test_a_linear_readout_finds_what_is_linear_and_nothing_else() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(400, 5), torch.randn(200, 5)
    assert readout_accuracy(x, (x[:, 2] > 0).long(), y, (y[:, 2] > 0).long()) > 0.9
    assert readout_accuracy(x, (x[:, 1] * x[:, 2] > 0).long(), y, (y[:, 1] * y[:, 2] > 0).long()) < 0.65
