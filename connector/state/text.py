"""Text that both databases store alike.

PostgreSQL refuses the character NUL, neither database accepts a lone surrogate, and an index row of PostgreSQL is
limited to 2,704 bytes. So every text that enters the database has characters that cannot be stored replaced by U+FFFD.
A record whose name would be changed by this fails alone (`why_not_kept`) instead of failing its whole chunk. Texts are
compared by code point, independent of the database's language, so pages and requests have the same order everywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

LONGEST_NAME = 255  # two of them, with four bytes per character, still fit an index row
_REPLACEMENT = "\ufffd"
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class StorableText(TypeDecorator[str]):
    """A text column, compared by code point."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else kept_text(value)


def kept_text(text: str) -> str:
    """Return the text as both databases store it; nearly always the same object."""
    if text.isascii() and "\0" not in text:
        return text
    return text if _NOT_STORABLE.search(text) is None else _NOT_STORABLE.sub(_REPLACEMENT, text)


def why_not_kept(name: str) -> str | None:
    """Return why this name of a record cannot be stored unchanged, or `None` if it can."""
    if len(name) <= LONGEST_NAME and name.isascii() and "\0" not in name:
        return None  # nearly always
    if len(name) > LONGEST_NAME:
        return f"is {len(name):,} characters long; at most {LONGEST_NAME} can be kept"
    match = _NOT_STORABLE.search(name)
    return None if match is None else f"holds the character U+{ord(match[0]):04X}, which no database keeps"


def are_all_kept(names: Sequence[str]) -> bool:
    """Return whether all of these names can certainly be stored unchanged.

    They are checked as one text, which is quick; `False` may be wrong.
    """
    joined = "".join(names)
    return joined.isascii() and "\0" not in joined and max(map(len, names), default=0) <= LONGEST_NAME


def kept_name(name: str) -> str:
    """Return a name that can be stored: the name itself, or a recognizable, unique replacement for it."""
    if why_not_kept(name) is None:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_NOT_STORABLE.sub(_REPLACEMENT, name[:80])}… ({digest})"
