"""Knowledge Matching: what a policy says about action tokens stays close to what a frozen reference says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

WEIGHT = 0.005
"""Of the divergence beside the flow loss, as released; the paper does not tell its own."""


@dataclass(frozen=True, slots=True)
class MatchingRule:
    """What is compared, and how.

    Attributes:
        from_reference: Whether the divergence is KL(reference || policy) and not KL(policy || reference).
        next_token: Whether the distributions that predict the tokens are compared, and not those behind each token.
        summed: Whether the tokens of an answer are summed and answers averaged, and not all tokens averaged.
    """

    from_reference: bool
    next_token: bool
    summed: bool


PAPER = MatchingRule(from_reference=False, next_token=True, summed=True)
RELEASED = MatchingRule(from_reference=True, next_token=False, summed=False)
"""The released code's default, which it calls ``reverse_kl``."""
RELEASED_KL = MatchingRule(from_reference=False, next_token=False, summed=False)
"""What the released code calls ``kl``."""


def divergence(policy: Tensor, reference: Tensor, tokens: Tensor, rule: MatchingRule) -> Tensor:
    """Return how far the policy is from the reference; gradients reach the policy only.

    Args:
        policy: (n, tokens, vocabulary) logits.
        reference: The same of the reference.
        tokens: (n, tokens) which of them are compared; in each row there is one, and the first of a row is none.
        rule: How.
    """
    if rule.next_token:  # what is said at a token predicts the one behind it
        policy, reference, tokens = policy[:, :-1], reference[:, :-1], tokens[:, 1:]
    own = policy[tokens].float().log_softmax(dim=-1)
    other = reference.detach()[tokens].float().log_softmax(dim=-1)
    one, two = (other, own) if rule.from_reference else (own, other)
    each = (one.exp() * (one - two)).sum(dim=-1)
    return each.sum() / len(tokens) if rule.summed else each.mean()
