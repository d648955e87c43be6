"""What people really say, against what it means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from meaning import meaning

TABLE = yaml.safe_load((Path(__file__).parent / "utterances.yaml").read_text())
UTTERANCES = [(group, str(text), str(wanted)) for group, rows in TABLE.items() for text, wanted in rows.items()]


@pytest.mark.parametrize("group", TABLE)
def test_utterances(group: str) -> None:
    wrong = [
        f"{text!r}: {got}, not {wanted}"
        for name, text, wanted in UTTERANCES
        if name == group and (got := meaning(text)) != wanted
    ]
    assert not wrong, "\n".join(wrong)


def test_case_and_closing_punctuation_do_not_matter() -> None:
    for _, text, wanted in UTTERANCES:
        if text.strip() and text[-1].isalpha() and not text.startswith("hold it"):
            assert meaning(text.upper() + ".") == wanted, text


def test_please_does_not_matter() -> None:
    for group, text, wanted in UTTERANCES:
        if wanted != "?" and group != "controls" and not text.endswith(("?", "please")):
            assert meaning(f"please {text}") == wanted, text


def test_left_and_right_are_mirror_images() -> None:
    swap = {"left": "right", "right": "left"}
    for group, text, wanted in UTTERANCES:
        if group in ("directions without an amount", "amounts in words", "exact amounts") and " y" not in text:
            mirrored = re.sub("left|right", lambda side: swap[side.group()], text.lower())
            assert meaning(mirrored) == re.sub("left|right", lambda side: swap[side.group()], wanted), mirrored


def test_a_sentence_after_another_is_both() -> None:
    motions = [(text, wanted) for group, text, wanted in UTTERANCES if group == "exact amounts" and wanted != "?"]
    for (first, one), (second, two) in zip(motions, motions[1:], strict=False):
        if "." not in first:
            assert meaning(f"{first}, then {second}") == f"{one}, {two}"
