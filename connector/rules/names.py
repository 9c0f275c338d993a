"""The one cleaning of every name that goes to Magento: of customers, of their addresses, of orders' addresses.

Magento takes letters, marks, digits, blanks and ``- _ . , ' ’ ` &`` in a person's name, at most 255 characters, and
refuses the whole customer for one other character (its `Customer\\Model\\Validator\\Name`; recorded: *First Name is not
valid!*). What it refuses becomes a blank, or the character that is meant by it; what cannot be seen is left out. A
company's name may hold any character that can be seen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST_NAME = 255
NOTHING_LEFT = "-"
_PUNCTUATION = "-_.,'’`&"
_MEANT = str.maketrans(
    {
        **dict.fromkeys("\u2018\u201b\u00b4\u2032", "'"),  # other apostrophes
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),  # other dashes
        "\uff06": "&",
        "\uff0c": ",",
        "\uff0e": ".",
    }
)


def clean_name(text: str) -> str:
    """A person's name as Magento takes it; empty where nothing of it can go there."""
    return _cut("".join(_taken(one) for one in text.translate(_MEANT)))


def clean_company(text: str) -> str:
    """A company's name as Magento takes it: one line of what can be seen, not too long."""
    return _cut("".join(one if unicodedata.category(one)[0] != "C" else _blank_for(one) for one in text))


def split_name(name: str) -> tuple[str, str]:
    """One name as first and last name: its first word, and the rest; a single word is both."""
    words = clean_name(name).split() or [NOTHING_LEFT]
    return words[0], " ".join(words[1:]) or words[0]


def changes(names: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """What was changed of names, each (what it is, as it was, as it is sent), in words and each only once."""
    said = (_change(what, was, sent) for what, was, sent in names if " ".join(was.split()) != sent)
    return tuple(dict.fromkeys(said))


def _change(what: str, was: str, sent: str) -> str:
    if not sent:
        return f"{what} {was!r} has nothing that Magento takes in a name, and is not sent."
    if len(was) > LONGEST_NAME:
        return f"{what} {was[:40]!r}… is cut to the {LONGEST_NAME} characters that Magento takes."
    return f"{what} {was!r} is sent as {sent!r}: Magento takes no other characters in it."


def _taken(one: str) -> str:
    category = unicodedata.category(one)
    if category[0] in "LM" or category == "Nd" or one in _PUNCTUATION:
        return one
    return _blank_for(one)


def _blank_for(one: str) -> str:
    """A blank, but for what joins letters unseen, such as a soft hyphen."""
    return "" if unicodedata.category(one) == "Cf" else " "


def _cut(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME].rstrip()
