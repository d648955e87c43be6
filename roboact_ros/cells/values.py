"""Kinds of values in a system file."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Number, Number]
Six = tuple[Number, Number, Number, Number, Number, Number]

STRICT = ConfigDict(extra="forbid")
"""A key that is not known is refused."""
