"""The one cleaning of every name that goes to Magento: of customers, of their addresses, of orders' addresses.

Magento takes letters, marks, digits, blanks and ``- _ . , ' ’ ` &`` in a person's name, at most 255 characters, and
refuses the whole customer for one other character (its `Customer\\Model\\Validator\\Name`; recorded: *First Name is not
valid!*). What it refuses becomes a blank, or the character that is meant by it; what cannot be seen is left out. A
company's name may hold any character that can be seen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

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
    """Return a person's name as Magento takes it; empty where nothing of it can go there."""
    return _cut("".join(_taken(one) for one in text.translate(_MEANT)))


def clean_company(text: str) -> str:
    """Return a company's name as Magento takes it: one line of what can be seen, not too long."""
    return _cut("".join(one if unicodedata.category(one)[0] != "C" else _blank_for(one) for one in text))


def split_name(name: str) -> tuple[str, str]:
    """Split a name into first and last name: its first word, and the rest; a single word is both."""
    words = clean_name(name).split() or [NOTHING_LEFT]
    return words[0], " ".join(words[1:]) or words[0]


@dataclass(frozen=True)
class Change:
    """A name that goes to Magento otherwise than Acumatica has it: what it is, as it was, as it is sent."""

    what: str
    was: str
    sent: str

    def in_full(self) -> str:
        """Return what was changed, with the name."""
        if not self.sent:
            return f"{self.what} {self.was!r} has nothing that Magento takes in a name, and is not sent."
        return f"{self.what} {self.was!r} is sent as {self.sent!r}: {self._why()}."

    def without_name(self) -> str:
        """Return the same without the name, because it is personal data and runs are shown to others."""
        if not self.sent:
            return f"{self.what}: it has nothing that Magento takes in a name, and is not sent."
        return f"{self.what}: {self._why()}; it is sent without."

    def _why(self) -> str:
        refused = dict.fromkeys(one for one in self.was if not one.isspace() and one not in self.sent)
        if not refused or len(self.was) > LONGEST_NAME:
            return f"Magento takes {LONGEST_NAME} characters at most"
        return f"Magento takes no {' and no '.join(map(repr, refused))} there"


def changes(names: Iterable[tuple[str, str, str]]) -> tuple[Change, ...]:
    """Return what was changed of names, each (what it is, as it was, as it is sent), and each only once."""
    return tuple(dict.fromkeys(Change(*one) for one in names if " ".join(one[1].split()) != one[2]))


def _taken(one: str) -> str:
    category = unicodedata.category(one)
    if category[0] in "LM" or category == "Nd" or one in _PUNCTUATION:
        return one
    return _blank_for(one)


def _blank_for(one: str) -> str:
    """Return a blank, but for what joins letters unseen, such as a soft hyphen."""
    return "" if unicodedata.category(one) == "Cf" else " "


def _cut(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME].rstrip()
