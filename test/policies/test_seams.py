"""From one chunk to the next: what is left of a chunk, means of poses, and flows that go on from what is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from roboact_ros.cells.load import load_cell
from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.continuation import Continuation
from roboact_ros.policies.ensembled import averaged
from roboact_ros.policies.nets.clap.flow_head import FlowHead, FlowHeadShape
from roboact_ros.policies.nets.clap.flow_sampler import FlowSampler
from roboact_ros.policies.nets.clap.guidance import MOST, Guide, flow, nearest, pull
from roboact_ros.policies.seams import AFTER_THE_END, lookahead_of, seams_of
from roboact_ros.policies.underway import Underway, places, poses_of_steps, rest_of, soft_mask, steps_of_poses
from roboact_ros.types import CHUNK_AXES, ActionChunk

MS = 1_000_000
PERIOD = 100 * MS


def chunk(seed: int = 0, count: int = 8, stamp_ns: int = 1000 * MS) -> ActionChunk:
    random = np.random.default_rng(seed)
    steps = np.column_stack((random.normal(0.0, 0.02, (count, 3)), random.normal(0.0, 0.2, (count, 3)), np.ones(count)))
    return ActionChunk(CHUNK_AXES, steps, PERIOD, stamp_ns)


def underway(old: ActionChunk, place: float, arrives_ms: int = 0) -> Underway:
    """That the arm has made ``place`` steps exactly."""
    return Underway(old, places(old.steps, np.array([place])), place, old.stamp_ns + arrives_ms * MS)


def test_what_is_left_leads_where_the_chunk_led() -> None:
    old = chunk()
    poses = poses_of_steps(old.steps)
    np.testing.assert_allclose(steps_of_poses(poses[1:], old.steps[:, 6]), old.steps, atol=1e-12)
    rest = rest_of(underway(old, 2.5, 650), old.stamp_ns + 250 * MS, 8, PERIOD)
    assert (rest.covered, rest.frozen) == (5, 4)
    met = poses[2].copy()  # where the arm is, half a step after the second
    met[:3, 3] += 0.5 * old.steps[2, :3]
    met[:3, :3] = Rotation.from_rotvec(0.5 * old.steps[2, 3:6]).as_matrix() @ met[:3, :3]
    np.testing.assert_allclose(rest.poses[0, 5, :3, 3] + met[:3, 3], poses[8, :3, 3], atol=1e-12)
    np.testing.assert_allclose(rest.poses[0, 5, :3, :3] @ met[:3, :3], poses[8, :3, :3], atol=1e-12)
    np.testing.assert_array_equal(rest.poses[0, 5], rest.poses[0, 7])  # nothing is left there
    mask = soft_mask(rest, 8)
    assert mask[:4].tolist() == [1.0] * 4 and 0.0 < mask[4] < 0.5 and not mask[5:].any()


def test_grippers_change_where_they_did() -> None:
    steps = np.tile([0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (8, 1))
    steps[4:, 6] = 0.0  # closes after the fifth step
    old = ActionChunk(CHUNK_AXES, steps, PERIOD, 1000 * MS)
    assert rest_of(underway(old, 0.0), 1000 * MS, 8, PERIOD).openings[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert rest_of(underway(old, 3.0), 1300 * MS, 8, PERIOD).openings[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    halves = rest_of(underway(old, 3.0), 1300 * MS, 8, PERIOD // 2)
    assert halves.openings[0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]  # from 0.048 m on, half a short step too early
    for begun in (0.9, 2.3, 3.8):  # however often what is left is counted anew, it closes within half a step
        rest = rest_of(underway(old, begun), 1300 * MS, 8, PERIOD)
        closes = begun + 1 + int(rest.openings[0].tolist().index(0.0))
        assert abs(closes - 5.0) <= 0.5


def test_the_mean_of_a_chunk_with_itself_is_itself() -> None:
    old = chunk()
    rest = rest_of(underway(old, 3.0), old.stamp_ns + 300 * MS, 5, PERIOD)
    same = ActionChunk(CHUNK_AXES, steps_of_poses(rest.poses[0], rest.openings[0]), PERIOD, old.stamp_ns + 300 * MS)
    np.testing.assert_allclose(averaged(same, underway(old, 3.0, 500), 0.3).steps, same.steps, atol=1e-12)


def test_a_mean_is_one_of_poses_and_leaves_alone_what_cannot_be_changed() -> None:
    old, new = chunk(0), chunk(1, stamp_ns=1300 * MS)
    mixed = poses_of_steps(averaged(new, underway(old, 3.0, 500), 0.5).steps)[1:]
    rest, fresh = rest_of(underway(old, 3.0, 500), new.stamp_ns, 8, PERIOD), poses_of_steps(new.steps)[1:]
    assert (rest.frozen, rest.covered) == (2, 5)
    np.testing.assert_allclose(mixed[:2], rest.poses[0, :2], atol=1e-12)
    np.testing.assert_allclose(mixed[5:], fresh[5:], atol=1e-12)
    np.testing.assert_allclose(mixed[2:5, :3, 3], (rest.poses[0, 2:5, :3, 3] + fresh[2:5, :3, 3]) / 2, atol=1e-12)
    for got, one, other in zip(mixed[2:5], rest.poses[0, 2:5], fresh[2:5], strict=True):
        angles = [Rotation.from_matrix(got[:3, :3] @ pose[:3, :3].T).magnitude() for pose in (one, other)]
        assert angles[0] == pytest.approx(angles[1])


def test_arms_that_trail_their_chunk_are_found_on_it_and_lost_ones_are_not() -> None:
    steps = np.tile([0.01, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], (8, 1))
    old = ActionChunk(CHUNK_AXES, steps, PERIOD, 1000 * MS)
    start, now = np.eye(4)[None], np.eye(4)[None].copy()
    now[0, :3, 3] = 0.025, 0.001, 0.0
    continuation = Continuation(latency=0.1)
    assert continuation.underway(1400 * MS, 1450 * MS, lambda at: start) is None  # nothing was handed over
    continuation.gave(old)
    continuation.took(250 * MS)
    found = continuation.underway(1400 * MS, 1450 * MS, lambda at: start if at == old.stamp_ns else now)
    assert found is not None and found.place == pytest.approx(2.5, abs=0.2)  # it should have made four
    assert 1700 * MS <= found.arrives_ns <= 1750 * MS
    now[0, 2, 3] = 0.06
    for_nobody = [
        continuation.underway(1400 * MS, 1450 * MS, lambda at: start if at == old.stamp_ns else now),
        continuation.underway(1400 * MS, 1450 * MS, lambda at: None),
        continuation.underway(1800 * MS, 1850 * MS, lambda at: start),  # it has ended
    ]
    assert for_nobody == [None] * 3


class TwoPoints:
    """The flow to one of two points, all steps together."""

    def __init__(self, count: int) -> None:
        self.ends = torch.stack((torch.ones(count, 1), -torch.ones(count, 1))).double()[:, None]

    def __call__(self, actions: Tensor, number: int) -> Tensor:
        time = number / 4
        apart = ((actions - time * self.ends) ** 2).sum(dim=(2, 3)) / (0.1 * time**2 + (1.0 - time) ** 2)
        mean = (torch.softmax(-0.5 * apart, dim=0)[:, :, None, None] * self.ends).sum(dim=0)
        return (mean - actions) / (1.0 - time)


def known(value: float, count: int, frozen: int) -> Guide:
    weights = torch.zeros(1, count, 1).double()
    weights[:, :frozen] = 1.0
    return Guide(torch.full((1, count, 1), value).double(), weights)


def test_a_flow_in_two_minds_goes_on_as_it_began() -> None:
    random = torch.Generator().manual_seed(0)
    off = dict.fromkeys(("plain", "bent", "nearest"), 0)
    for _ in range(20):
        noise = torch.randn((8, 8, 1), generator=random, dtype=torch.float64)
        draws, guide = flow(TwoPoints(8), noise, 4), known(1.0, 8, 4)
        torch.testing.assert_close(flow(TwoPoints(8), noise, 4, known(1.0, 8, 0)), draws)
        chosen = {"plain": draws[:1], "bent": flow(TwoPoints(8), noise[:1], 4, guide), "nearest": nearest(draws, guide)}
        for name, actions in chosen.items():
            off[name] += float(actions[0, -1, 0]) < 0.0
    assert 4 <= off["plain"] <= 16  # by itself it is not decided
    assert off["bent"] < off["plain"] and off["nearest"] <= 1
    assert pull(0.0) == MOST and pull(0.5) == pytest.approx(2.0) and pull(0.99) == MOST


@pytest.mark.parametrize("self_attention", [False, True])
def test_the_head_is_pulled_to_what_is_known(self_attention: bool) -> None:
    torch.manual_seed(0)
    head = FlowHead(FlowHeadShape(width=64, layers=2, self_attention=self_attention)).eval().requires_grad_(False)
    sampler, noise = FlowSampler(head), torch.randn(1, 8, 7)
    memories = sampler.memories([torch.randn(1, 5, 64)] * 2)
    plain = sampler(noise, memories)
    wanted = plain + 1.0
    weights = torch.zeros(1, 8, 7)
    torch.testing.assert_close(sampler(noise, memories, guide=Guide(wanted, weights)), plain)
    weights[:, :3] = 1.0
    pulled = sampler(noise, memories, guide=Guide(wanted, weights))
    assert not pulled.requires_grad
    assert (pulled - wanted)[:, :3].abs().max() < 0.5 * (plain - wanted)[:, :3].abs().max()
    draws = torch.cat((noise + 0.5, noise, noise - 0.5))
    found = sampler(draws, memories)
    torch.testing.assert_close(found[1:2], plain)
    torch.testing.assert_close(nearest(found, Guide(plain, weights)), plain)


def test_a_cell_says_how_and_mistakes_are_told() -> None:
    def of(*overrides: str) -> tuple[str, float]:
        policy = load_cell("clap_dual_ur5", ["policy.remote.server:=ws://127.0.0.1:1", *overrides]).policy
        return seams_of(policy), lookahead_of(policy)

    assert of("policy.kind:=clap") == ("select", 0.5)
    assert of("policy.kind:=clap", "policy.seams:=wait") == ("wait", AFTER_THE_END)
    assert of("policy.kind:=clap_ntp", "policy.seams:=ensemble", "policy.lookahead:=0.2") == ("ensemble", 0.2)
    assert seams_of(load_cell("clip_rt_ur5").policy) == "wait"
    with pytest.raises(ConfigurationError, match="policy.seams = 'inpant': did you mean \"inpaint\""):
        of("policy.kind:=clap", "policy.seams:=inpant")
    with pytest.raises(ConfigurationError, match="inpaint does not go with clap_remote; valid: "):
        of("policy.kind:=clap_remote", "policy.seams:=inpaint")
