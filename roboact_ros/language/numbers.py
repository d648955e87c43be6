"""Numbers as people write and say them: 2.5, 1,5, 3/4, 1 1/2, twenty five, one and a half, a couple of, pi/2."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from roboact_ros.errors import LanguageRefusal

ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
TENS = {
    word: 10 * (value + 2) for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
} | {"fourty": 40}
PARTS = {
    "half": Decimal("0.5"),
    "halves": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "quarters": Decimal("0.25"),
    "fourth": Decimal("0.25"),
    "fourths": Decimal("0.25"),
    "third": Decimal(1) / 3,
    "thirds": Decimal(1) / 3,
    "tenth": Decimal("0.1"),
    "tenths": Decimal("0.1"),
    "eighth": Decimal("0.125"),
    "eighths": Decimal("0.125"),
}
COUNTS = {"couple": 2, "pair": 2, "dozen": 12}
PI = Decimal(repr(math.pi))
NUMBER_WORDS = frozenset({*ONES, *TENS, *PARTS, *COUNTS, "hundred", "thousand", "point", "pi"})

_DIGITS = re.compile(r"\d+(?:[.,]\d+)?|\.\d+")


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how it was said: ``part`` for half, quarter and the like, ``circular`` when pi is in it."""

    value: Decimal
    part: bool = False
    circular: bool = False


def is_number(token: str) -> bool:
    """Whether a number may begin with ``token``."""
    return token in NUMBER_WORDS and token != "thousand" or _DIGITS.fullmatch(token) is not None


def read_number(tokens: Sequence[str], start: int) -> tuple[Number, int] | None:
    """Read the longest number at ``start``.

    Returns:
        The number and the index after it, or None when none begins there.

    Raises:
        LanguageRefusal: The digits can be read in two ways.
    """
    at = start
    if _token(tokens, at) in ("a", "an") and _token(tokens, at + 1) in (*PARTS, *COUNTS, "hundred"):
        at += 1
    token = _token(tokens, at)
    if not is_number(token):
        return None
    if token in PARTS:
        return _of(Number(PARTS[token], part=True), tokens, at + 1)
    if token in COUNTS:
        return Number(Decimal(COUNTS[token])), at + 1 + (_token(tokens, at + 1) == "of")
    if token == "pi":
        return _divided(Number(PI, circular=True), tokens, at + 1)
    value, at = _digits(tokens, at) if _DIGITS.fullmatch(token) else _cardinal(tokens, at)
    if _token(tokens, at) == "pi":
        return _divided(Number(value * PI, circular=True), tokens, at + 1)
    if _token(tokens, at) in PARTS and _token(tokens, at + 1) not in ("turn", "turns"):
        return _of(Number(value * PARTS[tokens[at]], part=True), tokens, at + 1)
    half, after = read_half(tokens, at)
    return Number(value + half), after


def read_half(tokens: Sequence[str], at: int) -> tuple[Decimal, int]:
    """Read "and a half" and the like at ``at``: what it adds, and the index after it."""
    if _token(tokens, at) == "and":
        after = at + 1 + (_token(tokens, at + 1) in ("a", "one", "three"))
        if _token(tokens, after) in PARTS:
            return PARTS[tokens[after]] * (3 if tokens[after - 1] == "three" else 1), after + 1
    return Decimal(0), at


def _token(tokens: Sequence[str], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""


def _of(number: Number, tokens: Sequence[str], at: int) -> tuple[Number, int]:
    if _token(tokens, at) == "pi":
        return _divided(Number(number.value * PI, circular=True), tokens, at + 1)
    if _token(tokens, at) == "of" and _token(tokens, at + 1) in ("a", "an"):
        return number, at + 2
    return number, at + (_token(tokens, at) in ("a", "an", "of"))


def _divided(number: Number, tokens: Sequence[str], at: int) -> tuple[Number, int]:
    after = at + 1 if _token(tokens, at) in ("/", "over") else 0
    divisor = _token(tokens, after) if after else ""
    if not after or not (divisor in ONES or _DIGITS.fullmatch(divisor)):
        return number, at
    value = Decimal(ONES[divisor]) if divisor in ONES else _decimal(divisor)
    if not value:
        raise LanguageRefusal("A number divided by zero is none. How far should I move?")
    return Number(number.value / value, circular=number.circular, part=number.part), after + 1


def _digits(tokens: Sequence[str], at: int) -> tuple[Decimal, int]:
    """Read 5, 2.5, 3/4 or 1 1/2."""
    value, at = _decimal(tokens[at]), at + 1
    if _token(tokens, at) == "/" and _DIGITS.fullmatch(_token(tokens, at + 1)):
        return _divided(Number(value), tokens, at)[0].value, at + 2
    if _token(tokens, at + 1) == "/" and all(_token(tokens, i).isdecimal() for i in (at, at + 2)):
        fraction, after = _divided(Number(Decimal(tokens[at])), tokens, at + 1)
        if fraction.value < 1:
            return value + fraction.value, after
    if _token(tokens, at) == "hundred":
        return value * 100, at + 1
    return value, at


def _decimal(token: str) -> Decimal:
    if re.fullmatch(r"\d+,\d{3}", token):
        plain, decimal = token.replace(",", ""), token.replace(",", ".")
        raise LanguageRefusal(f"Does {token} mean {plain} or {decimal}?")
    return Decimal(token.replace(",", "."))


def _cardinal(tokens: Sequence[str], at: int) -> tuple[Decimal, int]:
    """Read spelt numbers below a thousand, with decimals after "point"."""
    total = 0
    if tokens[at] == "hundred":
        total, at = 100, at + 1
    elif tokens[at] in ONES and tokens[at] != "zero" and _token(tokens, at + 1) == "hundred":
        total, at = 100 * ONES[tokens[at]], at + 2
    if total and _token(tokens, at) == "and" and _token(tokens, at + 1) in (*ONES, *TENS):
        at += 1
    if _token(tokens, at) in TENS:
        total, at = total + TENS[tokens[at]], at + 1
        at += _token(tokens, at) == "-" and _token(tokens, at + 1) in ONES
        if 0 < ONES.get(_token(tokens, at), 0) < 10:
            total, at = total + ONES[tokens[at]], at + 1
    elif _token(tokens, at) in ONES:
        total, at = total + ONES[tokens[at]], at + 1
    if _token(tokens, at) != "point":
        return Decimal(total), at
    decimals = ""
    at += 1
    while ONES.get(_token(tokens, at), 10) < 10:
        decimals, at = decimals + str(ONES[tokens[at]]), at + 1
    if not decimals:
        raise LanguageRefusal('What comes after "point"?')
    return Decimal(f"{total}.{decimals}"), at
