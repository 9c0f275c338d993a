"""Clean names for Magento: of customers, of their addresses and of the addresses of orders.

In a person's name Magento accepts letters, marks, digits, blanks and ``- _ . , ' ’ ` &``, at most 255 characters. For
any other character it refuses the whole customer (its `Customer\\Model\\Validator\\Name`; recorded: *First Name is not
valid!*). A character that it refuses is replaced by the accepted one that it stands for, or by a blank; invisible
characters are left out. A company's name may hold any visible character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_NAME = 255
NOTHING_LEFT = "-"
_PUNCTUATION = "-_.,'’`&"
_EQUIVALENTS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u201b\u00b4\u2032", "'"),  # other apostrophes
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),  # other dashes
        "\uff06": "&",
        "\uff0c": ",",
        "\uff0e": ".",
    }
)


def clean_name(text: str) -> str:
    """Return a person's name as Magento accepts it; empty if it accepts nothing of it."""
    return _cut("".join(_accepted(char) for char in text.translate(_EQUIVALENTS)))


def clean_company(text: str) -> str:
    """Return a company's name as Magento accepts it: one line of visible characters, cut to the longest allowed."""
    return _cut("".join(char if unicodedata.category(char)[0] != "C" else _replacement_for(char) for char in text))


def split_name(name: str) -> tuple[str, str]:
    """Split a name into a first name, which is its first word, and a last name, which is the rest. A single word is
    used for both.
    """
    words = clean_name(name).split() or [NOTHING_LEFT]
    return words[0], " ".join(words[1:]) or words[0]


@dataclass(frozen=True)
class Change:
    """A name that is sent to Magento in another form than Acumatica's: which name, its original, and what is sent."""

    what: str
    was: str
    sent: str

    def in_full(self) -> str:
        """Return a description of the change that includes the name."""
        if not self.sent:
            return f"{self.what} {self.was!r} has nothing that Magento takes in a name, and is not sent."
        return f"{self.what} {self.was!r} is sent as {self.sent!r}: {self._why()}."

    def without_name(self) -> str:
        """Return a description without the name, because names are personal data and runs are shown to others."""
        if not self.sent:
            return f"{self.what}: it has nothing that Magento takes in a name, and is not sent."
        return f"{self.what}: {self._why()}; it is sent without."

    def _why(self) -> str:
        refused = dict.fromkeys(char for char in self.was if not char.isspace() and char not in self.sent)
        if not refused or len(self.was) > LONGEST_NAME:
            return f"Magento takes {LONGEST_NAME} characters at most"
        return f"Magento takes no {' and no '.join(map(repr, refused))} there"


def changes(names: Iterable[tuple[str, str, str]]) -> tuple[Change, ...]:
    """Return the changed names out of these (which name, its original, what is sent), each only once."""
    return tuple(dict.fromkeys(Change(*name) for name in names if " ".join(name[1].split()) != name[2]))


def _accepted(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LM" or category == "Nd" or char in _PUNCTUATION:
        return char
    return _replacement_for(char)


def _replacement_for(char: str) -> str:
    """Return a blank, or nothing in place of an invisible character that joins letters, such as a soft hyphen."""
    return "" if unicodedata.category(char) == "Cf" else " "


def _cut(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME].rstrip()
