"""Splits what a person typed or a recogniser heard into words, digits and punctuation.

Spelling that does not change the meaning is levelled here: case, Unicode forms, contractions, and units or signs that
stick to digits. Emoji are dropped; arrows are not, because they mean something that has to be asked about.
"""

from __future__ import annotations

import re
import unicodedata

CONTRACTIONS = {
    "cannot": "can not",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "lemme": "let me",
    "gimme": "give me",
    "lil": "little",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "wont": "will not",
    "cant": "can not",
    "shouldnt": "should not",
    "isnt": "is not",
    "alot": "a lot",
    "abit": "a bit",
    "alittle": "a little",
    "atad": "a tad",
    "im": "i am",
    "ive": "i have",
    "id": "i would",
    "thats": "that is",
    "youre": "you are",
    "lets": "let us",
    "i'm": "i am",
    "i'd": "i would",
    "i'll": "i will",
    "i've": "i have",
    "let's": "let us",
    "it's": "it is",
    "that's": "that is",
    "we're": "we are",
    "we'll": "we will",
    "you're": "you are",
    "what's": "what is",
    "won't": "will not",
    "can't": "can not",
    "shan't": "shall not",
    "y'all": "you",
    "c'mon": "come on",
}

RANGE = "to-"
"""Stands for the dash of 5-10."""

_REWRITES = (
    (re.compile(r"[\u2018\u2019\u02bc`\u00b4]"), "'"),
    (re.compile(r"[\u201c\u201d\u00ab\u00bb\u201e]"), '"'),
    (re.compile(r"[\u2010-\u2012\u2212]"), "-"),
    (re.compile(r"[\u2013\u2014]"), " , "),
    (re.compile(r"\u2026"), " . "),
    (re.compile(r"(\d)\s*(?:\u2033|\u2032\u2032|'')"), r"\1 inch "),
    (re.compile(r"(\d)\s*\u2032"), r"\1 foot "),
    (re.compile(r"\u00b0"), " degrees "),
    (re.compile(r"[\u03c0\u03a0]"), " pi "),
    (re.compile(r"\bno\s*-+\s"), "no , "),
    (re.compile(r"%"), " percent "),
    (re.compile(r"&"), " and "),
    (re.compile(r"\be-stop\b|\bestop\b"), " stop "),
    (re.compile(r"\bnon-?stop\b"), " nonstop "),
    (re.compile(r"\b(?:counter|anti)[- ]+(clock[- ]?wise)"), r"counter\1"),
    (re.compile(r"\bclock[- ]wise"), "clockwise"),
    (re.compile(r"\bc\.c\.w\b\.?"), "ccw"),
    (re.compile(r"\b(cm|mm|deg|in|ft|rad)\.(?=\s|$|,)"), r"\1"),
)

_TOKEN = re.compile(
    r"""(?P<number>\d+(?:[.,]\d+)?|\.\d+)
      | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)
      | (?P<mark>[,;:.!?()"/+\-'])
      | (?P<other>\S)""",
    re.VERBOSE,
)


def tokenize(text: str) -> list[str]:
    """Return words, numbers and punctuation marks in lower case; linear in the length of the text."""
    text = unicodedata.normalize("NFKC", _spread_signs(text)).casefold().replace("\u2044", "/")
    text = "".join(_drawn(char) for char in text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = _inches_or_quotes(text)
    tokens: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if match.lastgroup == "word":
            tokens.extend(_expand(token))
        elif token in "+-":
            tokens.extend(_sign(text, match.start()))
        elif token not in "'\"()":
            tokens.append(token)
    return tokens


def _spread_signs(text: str) -> str:
    """Keep apart what Unicode normalisation would glue: 1\u00bd is one and a half, not 11/2; 15\u00ba is an angle."""
    text = text.replace("\u00ba", "\u00b0").replace("\u02da", "\u00b0")
    return "".join(f" {char} " if unicodedata.category(char) == "No" else char for char in text)


def _drawn(char: str) -> str:
    """Return what a character shows: nothing for one without width, even inside a word; a gap for a decoration."""
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category in ("Cc", "Sk") or char in "\ufe0f\u20e3":
        return " "
    return " " if category == "So" and "ARROW" not in unicodedata.name(char, "") and char != "\u00b0" else char


def _inches_or_quotes(text: str) -> str:
    """Read a double quote after a digit as inches, unless the quotes come in pairs around words."""
    if text.count('"') % 2:
        text = re.sub(r'(\d)\s*"', r"\1 inch ", text, count=1)
    return text


def _sign(text: str, at: int) -> list[str]:
    """Tell the minus of -5 and -z from the dash of counter-clockwise, 5-cm and "left - 5 cm"."""
    before, after = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
    name = "plus" if text[at] == "+" else "minus"
    if after.isdigit() or after == ".":
        if before.isdigit():
            return [RANGE]
        return [name] if name == "minus" and not before.isalpha() else []
    if before in " ,(" and after in "xyz" and not text[at + 2 : at + 3].isalpha():
        return [name]
    return [name] if name == "plus" else []


def _expand(word: str) -> list[str]:
    if word in CONTRACTIONS:
        return CONTRACTIONS[word].split()
    if word.endswith("n't"):
        return [word[:-3], "not"]
    if word.endswith("'s"):
        return [word[:-2], "'s"]
    return [part for part in word.split("'") if part]
