"""Notes: failed messages about a document that do not block it, stored under the document's key and a name."""

from __future__ import annotations


def note_key(key: str, what: str) -> str:
    """Return the key of a note on a document, such as "SO 000001 (edited)"."""
    return f"{key} ({what})"


def is_note_on(key: str, of: str) -> bool:
    """Return whether a message with this key is a note on that document."""
    return key.startswith(f"{of} (") and key.endswith(")")
