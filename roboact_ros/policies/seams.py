"""How one action chunk goes over into the next.

``wait``: the next one is chosen when the arms stand. The others choose it while they move, from an image of that:
``replace`` follows the new chunk in place of the rest of the old one, ``ensemble`` the mean of both. With the flow of
CLAP-RF there are two more: ``inpaint`` bends it towards the old chunk (real-time chunking), ``select`` draws several
chunks and takes the one that goes on best from the old one.
"""

from __future__ import annotations

from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.errors import PolicyError

_OF_KIND = {
    "clap": ("select", "inpaint", "replace", "ensemble", "wait"),
    "clap_ntp": ("wait", "replace", "ensemble"),
    "clap_remote": ("wait", "replace", "ensemble"),
    "clip_rt_plus": ("wait", "replace", "ensemble"),
}
"""What goes with which kind of policy, the best first, as ``roboact bench seams`` shows."""

GOING_ON = ("ensemble", "inpaint", "select")
"""Ways that have to know what the arms do."""

AFTER_THE_END = 2.0
"""Lookahead that waits until the arms stand: they are at the end of a chunk, to a twentieth, a little before."""

_ONE_BY_ONE = ("wait",)
_LOOKAHEAD = 0.5


def seams_of(policy: PolicyDescription) -> str:
    """Return how the chunks of a policy go over into each other.

    Raises:
        PolicyError: That kind of policy cannot do it.
    """
    valid = _OF_KIND.get(policy.kind, _ONE_BY_ONE)
    if policy.seams == "auto":
        return valid[0]
    if policy.seams not in valid:
        raise PolicyError(f"policy.seams {policy.seams} does not go with {policy.kind}; valid: {', '.join(valid)}")
    return policy.seams


def lookahead_of(policy: PolicyDescription) -> float:
    """Return the fraction of a motion or chunk after which the next one may be chosen."""
    if policy.lookahead is not None:
        return policy.lookahead
    if seams_of(policy) != "wait":
        return _LOOKAHEAD
    return AFTER_THE_END if policy.kind in ("clap", "clap_ntp", "clap_remote") else 1.0
