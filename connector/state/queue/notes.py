"""Notes: failed messages that stand beside a document, under its key and a name, and hold nothing of it back."""

from __future__ import annotations


def note_key(key: str, what: str) -> str:
    """The key of a note on a document: "SO 000001 (edited)"."""
    return f"{key} ({what})"


def is_note_on(key: str, of: str) -> bool:
    """Whether a message with this key is a note on that document."""
    return key.startswith(f"{of} (") and key.endswith(")")
