"""Text that both databases keep alike.

PostgreSQL refuses the character NUL, neither database takes half of a surrogate pair, and an index row of PostgreSQL
ends at 2,704 bytes. So a character that cannot be kept becomes U+FFFD wherever a text enters the database, and a
record whose name would not stay what it is fails by itself (`why_not_kept`) instead of taking its chunk along.
Texts are compared by code point, whatever the database's language is: pages and requests have one order everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

LONGEST_NAME = 255  # two of them, of four bytes a character, still fit an index row
_STANDS_FOR_IT = "\ufffd"
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


class StorableText(TypeDecorator[str]):
    """A text column, compared by code point."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else kept_text(value)


def kept_text(text: str) -> str:
    """Return the text as both databases keep it; nearly always the same object."""
    if text.isascii() and "\0" not in text:
        return text
    return text if _NOT_KEPT.search(text) is None else _NOT_KEPT.sub(_STANDS_FOR_IT, text)


def why_not_kept(name: str) -> str | None:
    """Return why this name of a record cannot be stored as it is; `None` if it can."""
    if len(name) <= LONGEST_NAME and name.isascii() and "\0" not in name:
        return None  # nearly always
    if len(name) > LONGEST_NAME:
        return f"is {len(name):,} characters long; at most {LONGEST_NAME} can be kept"
    found = _NOT_KEPT.search(name)
    return None if found is None else f"holds the character U+{ord(found[0]):04X}, which no database keeps"


def are_all_kept(names: Sequence[str]) -> bool:
    """Return whether all of these names can surely be kept as they are; asked of all at once, which is quick."""
    together = "".join(names)
    return together.isascii() and "\0" not in together and max(map(len, names), default=0) <= LONGEST_NAME


def kept_name(name: str) -> str:
    """Return the name as it can be kept: itself, or one that a person recognizes and that no other name becomes."""
    if why_not_kept(name) is None:
        return name
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_NOT_KEPT.sub(_STANDS_FOR_IT, name[:80])}… ({mark})"
