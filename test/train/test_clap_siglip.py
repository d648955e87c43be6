"""The loss between what is seen and what is done, against numbers that follow from its definition."""

from __future__ import annotations

import pytest
import torch

from roboact_train.clap.siglip import siglip_loss


def test_numbers_of_the_authors_form() -> None:
    row, column = torch.meshgrid(torch.arange(3.0), torch.arange(16.0), indexing="ij")
    seen, done = torch.sin(16 * row + column), torch.cos(0.5 * (16 * row + column))
    temperature, bias = torch.tensor(10.0).log(), torch.tensor(-10.0)
    assert siglip_loss(seen, done, temperature, bias).item() == pytest.approx(9.490431, abs=1e-5)
    assert siglip_loss(seen, seen, temperature, bias).item() == pytest.approx(0.802614, abs=1e-5)
    assert siglip_loss(3 * seen, done, temperature, bias).item() == pytest.approx(9.490431, abs=1e-5)
    both = siglip_loss(done, seen, temperature, bias)
    assert both.item() == pytest.approx(9.490431, abs=1e-5)
